"""An instrument from the calendar of series: due years by hand, dense least squares, known truth, refusals."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from detente.base.errors import NoDyads, NoInstruments, NoSwitches, RankDeficient, UnknownOption, UnknownVariable
from detente.stats.causal import TreatmentPanel, calendar_instrument, treatment_panel

from support.switching_panels import double_sum, panel_of, switching

YEARS = range(1990, 2006)


def world(
    seed: int = 0, states: int = 8, effect: float = -0.5, *, directed: bool = False, reacts: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Dyad-years, and series held every two or three years, some years by chance not.

    Good relations u move outcomes and bring events beside the series; or the series itself `reacts` to them.
    """
    rng = np.random.default_rng(seed)
    series, rows = [], []
    for number, (i, j) in enumerate(combinations(range(2, states + 2), 2)):
        u = rng.standard_normal(len(YEARS))
        took, beside = np.zeros(len(YEARS), dtype=bool), u > 1.2
        if number % 3:
            interval = 2 + number % 2
            first = int(rng.integers(0, interval))
            rule = (np.arange(len(YEARS)) - first) % interval == 0
            took = (rule & (u > -1.2)) | beside if reacts else rule & (rng.random(len(YEARS)) < 0.9)
            series += [(f"series {number}", i, j, year) for year, held in zip(YEARS, took, strict=True) if held]
        d = (took | beside).astype(float)
        y = effect * d + u + 0.3 * rng.standard_normal(len(YEARS)) + number % 5
        rows += [(i, j, year, one, out) for year, one, out in zip(YEARS, d, y, strict=True)]
        if directed:
            rows += [(j, i, year, one, out + 0.1) for year, one, out in zip(YEARS, d, y, strict=True)]
    data = pd.DataFrame(rows, columns=["ccode1", "ccode2", "year", "d", "y"])
    return data, pd.DataFrame(series, columns=["series", "ccode1", "ccode2", "year"])


def panel_from(data: pd.DataFrame) -> TreatmentPanel:
    return treatment_panel(data, "y", "d", unit=("ccode1", "ccode2"), time="year")


def calendar(held: pd.DataFrame) -> list[dict[int, set[frozenset[int]]]]:
    """For each series the dyads of each of its years."""
    found: dict[str, dict[int, set[frozenset[int]]]] = {}
    for name, i, j, year in held[["series", "ccode1", "ccode2", "year"]].itertuples(index=False):
        found.setdefault(name, {}).setdefault(int(year), set()).add(frozenset((int(i), int(j))))
    return list(found.values())


def due_by_hand(
    series: list[dict[int, set[frozenset[int]]]], pair: tuple[int, int], year: int, ahead: int = 0, longest: int = 10
) -> bool:
    """Whether a series is due for a pair some years ahead, from what was held before the year alone."""
    for years in series:
        past = sorted(y for y in years if y < year)
        if len(past) < 2:
            continue
        interval = past[-1] - past[-2]
        if frozenset(pair) in years[past[-1]] and interval <= longest and past[-1] + interval == year + ahead:
            return True
    return False


@pytest.mark.parametrize("directed", [False, True])
def test_reduced_form_and_first_stage_are_dense_least_squares_on_due_years(*, directed: bool) -> None:
    data, held = world(3, states=6, directed=directed)
    data = data.sample(frac=0.9, random_state=1)
    data.loc[data.sample(frac=0.05, random_state=2).index, "y"] = np.nan
    panel = panel_from(data)
    found = calendar_instrument(panel, held, before=1, after=1, longest=4)
    rows = data.dropna().sort_values(["ccode1", "ccode2", "year"])
    unit = pd.factorize(pd.Series(list(zip(rows["ccode1"], rows["ccode2"], strict=True))))[0]
    known = calendar(held)
    due = np.array(
        [
            [
                due_by_hand(known, (int(i), int(j)), int(year) - back, ahead, 4)
                for back, ahead in ((0, 1), (0, 0), (1, 0))
            ]
            for i, j, year in zip(rows["ccode1"], rows["ccode2"], rows["year"], strict=True)
        ],
        dtype=float,
    )
    x = np.column_stack([due, pd.get_dummies(unit), pd.get_dummies(rows["year"])]).astype(float)
    pseudo = np.linalg.pinv(x)
    for study, name in ((found, "y"), (found.first_stage, "d")):
        assert study is not None
        y = rows[name].to_numpy()
        assert_allclose(study.estimate, (pseudo @ y)[:3], atol=1e-9)
        errors = pseudo[:3].T * (y - x @ (pseudo @ y))[:, None]
        by_unit = pd.DataFrame(errors).groupby(unit).sum().to_numpy()
        made = study.covariance("unit", ssc="none").matrix
        assert_allclose(made, by_unit.T @ by_unit, atol=1e-12)
    assert list(found.treated) == list(due.sum(axis=0).astype(int))
    assert_allclose(found.effect, found.estimate[1] / found.first_stage.estimate[1])  # type: ignore[union-attr]
    assert found.weights is not None
    assert_allclose(found.weights.left.T @ rows["y"].to_numpy(), found.estimate, atol=1e-9)


def test_anderson_and_rubin_reject_what_the_reduced_form_of_the_rest_rejects() -> None:
    data, held = world(5, states=9)
    panel = panel_from(data)
    found = calendar_instrument(panel, held)
    made = found.anderson_rubin("unit", level=0.95)
    ((low, high),) = made.confidence
    for value, rejected in ((low - 0.01, True), (low + 0.01, False), (high - 0.01, False), (high + 0.01, True)):
        left = panel_from(data.assign(y=data["y"] - value * data["d"]))
        test = calendar_instrument(left, held).contrast(np.array([0.0, 1.0]), "unit")
        assert (test.p_value < 0.05) == rejected


# Known truth


def test_the_calendar_recovers_the_effect_where_least_squares_do_not() -> None:
    data, held = world(1, states=30)
    found = calendar_instrument(panel_from(data), held)
    assert abs(found.effect + 0.5) < 0.1
    ((low, high),) = found.anderson_rubin().confidence
    assert low < -0.5 < high
    within = data[["y", "d"]] - data.groupby(["ccode1", "ccode2"])[["y", "d"]].transform("mean")
    assert (within["y"] @ within["d"]) / (within["d"] @ within["d"]) > 0


def test_the_calendar_is_no_instrument_where_series_react_to_relations() -> None:
    """An extra year brings the next ones forward, so that a unit's later due years say how relations were."""
    worlds = [world(seed, states=25, reacts=True) for seed in range(3)]
    effects = [calendar_instrument(panel_from(data), held).effect for data, held in worlds]
    assert np.mean(effects) < -0.65


def test_off_years_say_nothing_unless_the_year_before_is_special() -> None:
    data, held = world(2, states=20)
    panel = panel_from(data)
    assert calendar_instrument(panel, held).contrast(np.array([1.0, 0.0])).p_value > 0.01
    known = calendar(held)
    special = data.assign(
        y=data["y"]
        + [
            0.8 * due_by_hand(known, (i, j), year, 1)
            for i, j, year in zip(data["ccode1"], data["ccode2"], data["year"], strict=True)
        ]
    )
    assert calendar_instrument(panel_from(special), held).contrast(np.array([1.0, 0.0])).p_value < 0.001


def test_order_and_sides_do_not_matter() -> None:
    data, held = world(4)
    found = calendar_instrument(panel_from(data), held)
    turned = held.rename(columns={"ccode1": "ccode2", "ccode2": "ccode1"}).sample(frac=1, random_state=1)
    other = calendar_instrument(panel_from(data.sample(frac=1, random_state=2)), pd.concat([turned, turned]))
    assert_allclose(other.estimate, found.estimate, atol=1e-12)
    assert_allclose(other.effect, found.effect)


def test_dyadic_covariance_is_the_double_sum() -> None:
    data, held = world(6, states=7, directed=True)
    panel = panel_from(data)
    found = calendar_instrument(panel, held)
    assert panel.sides is not None
    assert_allclose(
        found.covariance("dyadic", ssc="none").unrepaired, double_sum(found.influence, panel.sides), atol=1e-12
    )
    assert len(list(permutations(range(7), 2))) == panel.units


# What is refused


@pytest.mark.fault("fits")
def test_series_without_columns_options_and_units_that_are_no_dyads_are_refused() -> None:
    data, held = world()
    panel = panel_from(data)
    with pytest.raises(UnknownVariable, match="nearest: 'serie'"):
        calendar_instrument(panel, held.rename(columns={"series": "serie"}))
    with pytest.raises(UnknownOption):
        calendar_instrument(panel, held, before=-1)
    with pytest.raises(NoDyads):
        calendar_instrument(panel_of(switching(1)), held)


@pytest.mark.fault("fits")
def test_series_that_are_never_due_are_refused() -> None:
    data, held = world()
    with pytest.raises(NoSwitches, match="no two years"):
        calendar_instrument(panel_from(data), held.groupby("series").head(1))


@pytest.mark.fault("fits")
def test_calendars_that_do_not_vary_within_units_are_refused() -> None:
    data, _ = world()
    pairs = data[["ccode1", "ccode2"]].drop_duplicates()
    annual = pairs.head(4).merge(pd.DataFrame({"year": range(1985, 2010)}), how="cross")
    annual["series"] = annual["ccode1"].astype(str) + "-" + annual["ccode2"].astype(str)
    with pytest.raises(NoInstruments, match="annual series"):
        calendar_instrument(panel_from(data), annual, before=0)


@pytest.mark.fault("fits")
def test_two_horizons_of_one_calendar_are_refused() -> None:
    data, _ = world()
    pairs = data[["ccode1", "ccode2"]].drop_duplicates().head(4)
    biennial = pairs.merge(pd.DataFrame({"year": range(1984, 2012, 2)}), how="cross").assign(
        series=lambda f: f["ccode2"].astype(str) + "-" + f["ccode1"].astype(str)
    )
    with pytest.raises(RankDeficient, match="horizon"):
        calendar_instrument(panel_from(data), biennial, before=1)
