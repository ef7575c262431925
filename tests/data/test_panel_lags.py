"""A lag is the value of exactly so many years earlier of the same key, and never crosses a gap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import ConfigError, PanelError, UnknownVariable
from detente.base.lags import lag
from detente.base.units import UNITS
from detente.data.panel import Entry, Panel, with_spells
from detente.data.sources import KEYS, event

from support.builders import dyad_years
from support.made_panels import NA, made_panel

GERMANY = [*range(1943, 1946), *range(1990, 1993)]


def same(found: pd.Series, expected: list[float]) -> bool:
    return np.array_equal(found.to_numpy(dtype="float64"), np.array(expected, dtype="float64"), equal_nan=True)


def test_a_lag_does_not_cross_a_gap_in_membership():
    panel = dyad_years(2, 255, GERMANY, x=[1, 2, 3, 4, 5, 6])

    assert same(lag(panel, "x", 1), [NA, 1, 2, NA, 4, 5])
    assert same(lag(panel, "x", 2), [NA, NA, 1, NA, NA, 4])
    assert lag(panel, "x", 3).isna().all()
    assert lag(panel, "x", 47).isna().all()


def test_a_lead_is_a_lag_of_later_years():
    panel = dyad_years(2, 255, GERMANY, x=[1, 2, 3, 4, 5, 6])

    assert same(lag(panel, "x", -1), [2, 3, NA, 5, 6, NA])
    assert same(lag(panel, "x", -2), [3, NA, NA, 6, NA, NA])


def test_years_since_an_event_are_counted_as_years_of_peace_are():
    """The year after the event counts 0; a gap of membership starts again; what is counted from no event is marked."""
    frame = dyad_years(2, 255, [*range(1940, 1946), *range(1990, 1993)], x=[0, 0, 1, 0, 0, 0, 0, 0, NA])
    frame["in_window"] = True
    entry = Entry(event("x", "Visit"), "made", ("made",), (1940, 1992), 1992)
    panel = Panel(frame, pd.DataFrame(), {"x": entry}, "dyad-year")

    made = with_spells(panel, ["x"])

    assert same(made.frame["x_spell"], [0, 1, 2, 0, 1, 2, 0, 1, NA])
    assert same(made.frame["x_spell_censored"], [1, 1, 1, 0, 0, 0, 1, 1, NA])
    assert made.entries["x_spell"].variable.label == "Visit: years since the last"
    assert made.entries["x_spell"].years == (1940, 1992)
    with pytest.raises(ConfigError, match="'x_spell' is no event that is there or not"):
        with_spells(made, ["x_spell"])
    with pytest.raises(ConfigError, match="'x': the panel already has a column 'x_spell'; rename the variable"):
        with_spells(made, ["x"])
    with pytest.raises(UnknownVariable, match="the panel has no variable 'y'"):
        with_spells(made, ["y"])


def test_no_lag_is_the_value_itself():
    panel = dyad_years(2, 255, [1990, 1991], x=[1, NA])

    assert lag(panel, "x", 0).equals(panel["x"])


def test_a_missing_year_within_the_lag_makes_it_unknown():
    """1991 is no row: of 1992, the year before is unknown, and so is, two years back, what was before the gap."""
    panel = dyad_years(2, 255, [1989, 1990, 1992, 1993], x=[1, 2, 3, 4])

    assert same(lag(panel, "x", 1), [NA, 1, NA, 3])
    assert same(lag(panel, "x", 2), [NA, NA, NA, NA])


def test_a_lag_stays_within_its_key():
    panel = pd.concat(
        [dyad_years(2, b, [year, year + 1], x=[b, b + 1]) for year, b in ((1990, 20), (1992, 200))], ignore_index=True
    )

    assert same(lag(panel, "x", 1), [NA, 20, NA, 200])


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("years", [1, 2, 5, -1, -3])
def test_a_lag_is_what_looking_up_the_earlier_year_finds(unit: str, years: int):
    """In every unit of the made system; unknown if the key lacks any year between."""
    panel = made_panel({}, (1940, 1995), unit=unit).frame
    panel = panel.assign(x=np.arange(len(panel), dtype="float64"))
    key = list(KEYS[unit])
    value = dict(zip(panel[key].itertuples(index=False, name=None), panel["x"], strict=True))
    step = 1 if years > 0 else -1

    def earlier(row: tuple[int, ...]) -> float:
        path = [(*row[:-1], row[-1] - n * step) for n in range(1, abs(years) + 1)]
        return value[path[-1]] if all(key in value for key in path) else NA

    found = lag(panel, "x", years)

    assert same(found, [earlier(row) for row in value])
    assert found.index.equals(panel.index)
    assert 0 < found.isna().sum() < len(found)


@pytest.mark.parametrize(
    ("disorder", "order"),
    [
        (lambda p: p.iloc[::-1], "ccode1, ccode2, year"),
        (lambda p: pd.concat([p, p.iloc[-1:]]), "ccode1, ccode2, year"),
        (lambda p: p.drop(columns="ccode1").rename(columns={"ccode2": "ccode"}).iloc[[1, 0]], "ccode, year"),
    ],
)
def test_rows_that_are_not_sorted_or_occur_twice_are_refused(
    disorder: Callable[[pd.DataFrame], pd.DataFrame], order: str
):
    with pytest.raises(PanelError) as caught:
        lag(disorder(dyad_years(2, 20, [1990, 1991, 1992], x=[1, 2, 3])), "x", 1)

    assert str(caught.value) == f"a lag needs rows sorted by {order}, each key once"


def test_keys_that_are_mixed_up_are_refused():
    """Each dyad's years ascend, but its rows are torn apart."""
    rows = [dyad_years(2, 20, [1990], x=[1]), dyad_years(2, 200, [1990], x=[2]), dyad_years(2, 20, [1991], x=[3])]

    with pytest.raises(PanelError) as caught:
        lag(pd.concat(rows, ignore_index=True), "x", 1)

    assert str(caught.value) == "a lag needs rows sorted by ccode1, ccode2, year, each key once"
