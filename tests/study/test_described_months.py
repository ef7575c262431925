"""Months after exercises near by: exposures counted by hand, months at risk, planted effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detente.study.described.months import _fit, at_risk, faced, within

NAN = float("nan")
# Latitudes of capitals on one meridian: a degree is 111 km.
CAPITALS = pd.DataFrame(
    [(c, y, float(latitude), 0.0) for c, latitude in ((1, 0), (2, 5), (3, 8), (4, 80)) for y in (2000, 2001)],
    columns=["ccode", "year", "capital_latitude", "capital_longitude"],
)


def exercises() -> pd.DataFrame:
    """One of states 1 and 2 at state 1's capital over New Year, one of states 2 and 4 without a known site."""
    rows = [(0, 2000, 1, 12, 0.0), (0, 2000, 2, 12, 0.0), (0, 2001, 1, 12, 0.0), (0, 2001, 2, 12, 0.0),
            (1, 2001, 2, 3, NAN), (1, 2001, 4, 3, NAN)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["exercise", "year", "ccode", "month", "latitude"])
    return frame.assign(longitude=frame["latitude"])


def test_states_near_the_site_and_far_from_it_face_each_participant_from_the_month_in_which_it_began() -> None:
    found = faced(exercises(), CAPITALS)

    # State 3 lies 890 km from the site, state 4 8,900; states that take part face nobody.
    at = 12 * 2000 + 11
    assert found[["ccode1", "ccode2", "at"]].sort_values(["ccode1", "ccode2"]).to_numpy().tolist() == [
        [3, 1, at], [3, 2, at], [4, 1, at], [4, 2, at],
    ]  # fmt: skip
    assert found.loc[found["ccode1"] == 3, "km"].to_numpy() == pytest.approx(8 * 111.195, rel=1e-4)


def panel() -> pd.DataFrame:
    """State 3 begins a dispute with state 1 in May 2001, with state 2 in an unknown month; 2000 is no risk with 2."""
    rows = [(3, 1, 2000, 0.0, NAN, 1), (3, 1, 2001, 1.0, 5.0, 1), (3, 2, 2000, NAN, NAN, 1), (3, 2, 2001, 1.0, NAN, 1),
            (4, 1, 2000, 0.0, NAN, 0), (1, 3, 2000, 0.0, NAN, 1)]  # fmt: skip
    names = ["ccode1", "ccode2", "year", "initiation_mid5", "initiated_month_mid5", "politically_relevant"]
    return pd.DataFrame(rows, columns=names)


def test_months_after_a_dispute_began_and_those_without_a_known_month_are_no_risk() -> None:
    near = faced(exercises(), CAPITALS).query("km <= 1000")

    rows = at_risk(panel(), near, (2000, 2001))

    assert rows[["ccode1", "ccode2"]].drop_duplicates().to_numpy().tolist() == [[3, 1]]
    assert rows.groupby("year").size().to_dict() == {2000: 12, 2001: 5}
    assert rows.loc[rows["begun"] == 1, ["year", "month"]].to_numpy().tolist() == [[2001, 5]]


@pytest.mark.parametrize(
    ("offsets", "months"),
    [([0], [(2000, 12)]), ([0, 1, 2], [(2000, 12), (2001, 1), (2001, 2)]), ([-2, -1], [(2000, 10), (2000, 11)])],
)
def test_months_since_an_exercise_run_over_new_year(offsets: list[int], months: list[tuple[int, int]]) -> None:
    near = faced(exercises(), CAPITALS).query("km <= 1000")
    rows = at_risk(panel(), near, (2000, 2001))

    marked = rows[within(rows, near, offsets)]

    assert list(marked[["year", "month"]].itertuples(index=False, name=None)) == months


def drawn(effect: float, seed: int) -> pd.DataFrame:
    """Months of 30 states' dyads in 12 years: more exercises and disputes in summer, and in some years of a dyad."""
    rng = np.random.default_rng(seed)
    one, other = np.triu_indices(30, 1)
    frame = pd.DataFrame({"ccode1": one + 1, "ccode2": other + 1}).merge(
        pd.DataFrame({"year": range(2000, 2012)}), "cross"
    )
    frame = frame.assign(tense=rng.random(len(frame)) < 0.3).merge(pd.DataFrame({"month": range(1, 13)}), "cross")
    likely = 0.05 + 0.25 * frame["tense"] + 0.2 * frame["month"].isin([6, 7, 8])
    near = rng.random(len(frame)) < likely
    risk = 0.01 + 0.05 * frame["tense"] + 0.05 * frame["month"].isin([6, 7, 8]) + effect * near
    return frame.assign(near=near, begun=(rng.random(len(frame)) < risk).astype("float64"))


@pytest.mark.parametrize("effect", [0.0, 0.02])
def test_seasons_and_tense_years_of_a_dyad_are_not_taken_for_an_effect(effect: float) -> None:
    rows = drawn(effect, seed=3)
    near = rows["near"].to_numpy()

    found = _fit(rows, {"near": near})

    estimate, error = float(found.estimate[0]), float(found.std_errors[0])
    assert abs(estimate - 1000 * effect) < 3 * error
    # Fine enough that an effect of 20 would be told from none.
    assert error < 20 / 4
    plain = 1000 * (rows.loc[near, "begun"].mean() - rows.loc[~near, "begun"].mean())
    assert plain - 1000 * effect > 10
