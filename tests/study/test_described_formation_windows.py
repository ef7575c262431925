"""Pacts as they stand and as they are formed: years around a formation counted by hand, what each design compares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detente.study.described.formation_windows import Options, _fit, compared

OPTIONS = Options.model_validate(
    {
        "outcome": "began", "treatment": "pact_now", "sample": "relevant", "peace_years": "peace", "controls": ["near"],
        "periods": {"all": [1900, 1950]}, "years": 2,
    }
)  # fmt: skip


def panel(pacts: list[float], first: int = 1900, **columns: object) -> pd.DataFrame:
    """One directed dyad by year, with the pact of its target."""
    years = range(first, first + len(pacts))
    frame = pd.DataFrame({"ccode1": 1, "ccode2": 2, "year": years, "pact_now": pacts})
    return frame.assign(**{"began": 0.0, "relevant": 1.0, "peace": 5.0, "near": 1.0} | columns)


def test_years_around_a_formation_are_those_before_the_pact_counts_and_after() -> None:
    """Formed in 1904 and in 1909: it counts from the year after on, so that 1904 itself is the last year before."""
    rows = compared(panel([0, 0, 0, 0, 1, 1, 1, 1, 0, 1]), OPTIONS)

    by_year = rows.set_index("year")
    assert by_year.index.tolist() == list(range(1901, 1910))
    assert by_year.index[by_year["pact"] == 1].tolist() == [1905, 1906, 1907, 1908]
    assert by_year.index[by_year["after"] == 1].tolist() == [1905, 1906]
    assert by_year.index[by_year["before"] == 1].tolist() == [1903, 1904, 1909]


def test_a_pact_whose_beginning_is_not_seen_was_not_formed() -> None:
    rows = compared(panel([1, 1, np.nan, 1, 1]), OPTIONS)

    assert rows["after"].sum() == rows["before"].sum() == 0
    assert rows["year"].tolist() == [1901, 1902, 1904]


def test_dyad_years_outside_the_sample_or_at_no_risk_are_left_out() -> None:
    rows = compared(panel([0, 0, 0, 0], began=[0.0, np.nan, 1.0, 0.0], relevant=[1.0, 1.0, 1.0, 0.0]), OPTIONS)

    assert rows["year"].tolist() == [1902]


def world(effect: float, seed: int) -> pd.DataFrame:
    """Targets that are attacked often have pacts, in years drawn for each; a pact changes the risk by `effect`."""
    rng = np.random.default_rng(seed)
    one, other = (side.ravel() for side in np.meshgrid(range(1, 41), range(1, 41)))
    pairs = pd.DataFrame({"ccode1": one, "ccode2": other})[one != other].sort_values(["ccode1", "ccode2"])
    pairs = pairs.assign(start=rng.integers(1905, 1930, len(pairs)), weak=pairs["ccode2"] % 2)
    frame = pairs.merge(pd.DataFrame({"year": range(1900, 1931)}), "cross")
    pact = (frame["weak"] == 1) & (frame["year"] >= frame["start"])
    risk = (
        0.05
        + 0.10 * frame["weak"]
        + effect * pact.groupby([frame["ccode1"], frame["ccode2"]]).shift(1, fill_value=False)
    )
    drawn = (rng.random(len(frame)) < risk).astype("float64")
    other = rng.random((2, len(frame)))
    return frame.assign(pact_now=pact.astype("float64"), began=drawn, relevant=1.0, peace=5 * other[0], near=other[1])


@pytest.mark.parametrize("effect", [0.0, -0.05])
def test_within_dyads_and_around_formations_the_planted_effect_is_found_where_targets_differ(effect: float) -> None:
    rows = compared(world(effect, seed=5), OPTIONS)
    around = rows[(rows["after"] == 1) | (rows["before"] == 1)]

    itself = _fit(rows, "pact", OPTIONS, ("dyad", "year"))
    formed = _fit(around, "after", OPTIONS, ("dyad", "year"))
    others = _fit(rows, "pact", OPTIONS, ("year",))

    for found in (itself, formed):
        assert abs(found.estimate[0] - 1000 * effect) < 3 * found.std_errors[0]
    assert itself.std_errors[0] < 15
    # Against other targets a pact stands for being one that is attacked.
    assert others.estimate[0] - 1000 * effect > 4 * others.std_errors[0]
