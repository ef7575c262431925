"""Whole panels of the observed record: their sizes, and every record in its row or in the attrition log."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from detente.base.units import Unit
from detente.data.panel.offering import expansions, years_of
from detente.data.sources import KEYS, REGISTRY, Key, RawTable, Variable
from detente.data.sources.power.states import MICROSTATES

from support.known import DYAD_YEAR, STATES, Record, observed

pytestmark = pytest.mark.record

WINDOW = (1816, 2014)
UNDIRECTED, STATE_YEARS = 918_315, 15_561
UNITS: dict[Key, Unit] = {
    "dyad-year": "dyad-year",
    "dyad": "dyad-year",
    "directed-dyad-year": "directed-dyad-year",
    "state-year": "state-year",
    "state": "state-year",
}
KEYED = [slug for slug, source in REGISTRY.items() if source.key in KEYS]
GROWN = expansions(list(REGISTRY.values()))
# Records of the window for which the panel has no row; none of the other sources has any.
UNPLACED = {
    "atop": 5_768,
    "atop-4.01": 2_852,
    "atop-5.1": 5_760,
    "atop-5.1-conditions": 4_753,
    "cepii-geodist": 190,
    "climate-drought": 9_665,
    "cow-igo-3": 22,
    "cow-religion": 42,
    "cow-trade-4.0": 5,
    "cow-trade-4.0-directed": 10,
    "cow-trade-4.0-national": 735,
    "dcad": 81,
    "distance": 1_077,
    "dyadic-mid-4.02": 1,
    "icow-colonial-ties": 13,
    "icow-territory": 17,
    "icow-territory-directed": 17,
    "mid-5.0": 2,
    "mid-5.0-initiation": 0,
    "mid-5.0-participants": 2,
    "mid-directed": 2,
    "midloc-2.1": 1,
    "mie-1.0": 2,
    "peace-scale-3.1": 5,
    "polity5": 2_097,
    "quickuds": 8_591,
    "rivalry": 1_128,
    "rivalry-dreyer": 1_061,
    "rosters": 56,
    "rosters-hotlines": 3,
    "unga-idealpoints": 96,
    "unpmm": 23,
    "vdem": 8_737,
}


@pytest.fixture(scope="module")
def record() -> Record:
    return observed()


def test_state_years_are_those_of_the_system_file(record: Record) -> None:
    listed = record.read(STATES, RawTable("system2016.csv", {}))[["ccode", "year"]].astype("int64")
    panel = record.build((), (1816, 2016), "state-year").frame
    # COW's own list of states by year, 1816–2016: 15,951 rows.
    assert len(listed) == len(panel) == 15_951
    assert set(listed.itertuples(index=False, name=None)) == set(zip(panel["ccode"], panel["year"], strict=True))


def test_microstates_are_those_of_the_list_under_their_own_codes(record: Record) -> None:
    panel = record.build((), (1816, 2016), "state-year").frame
    listed = set(panel.loc[panel["microstate"] == 1, "ccode"])
    names = record.tidy[STATES].drop_duplicates("ccode", keep="last").set_index("ccode")["name"]
    assert {code: names[code] for code in listed} == MICROSTATES
    # Gleditsch and Ward have other codes for four of them.
    assert len(listed) == 21 and {names[code] for code in (946, 947, 955, 970)} == {
        "Kiribati",
        "Tuvalu",
        "Tonga",
        "Nauru",
    }
    assert panel["microstate"].notna().all()


def test_every_pair_that_shares_a_day_and_no_other(record: Record) -> None:
    panel = record.build((), WINDOW).frame
    spells = record.tidy[STATES].query("status == 'member'")
    by_year: dict[int, list[tuple[int, pd.Interval]]] = {}
    for spell in spells.itertuples():
        days = pd.Interval(spell.start, spell.end, closed="both")
        for year in range(max(spell.start // 10_000, WINDOW[0]), min(spell.end // 10_000, WINDOW[1]) + 1):
            by_year.setdefault(year, []).append((spell.ccode, days))
    together, apart = set(), set()
    for year, present in by_year.items():
        whole = pd.Interval(year * 10_000 + 101, year * 10_000 + 1_231, closed="both")
        for (a, one), (b, two) in combinations(present, 2):
            if a != b:
                first, last = max(one.left, two.left, whole.left), min(one.right, two.right, whole.right)
                (together if first <= last else apart).add((min(a, b), max(a, b), year))
    assert set(panel[DYAD_YEAR].itertuples(index=False, name=None)) == together
    # Two states of one year that never shared a day of it: 30 pairs, eight of them of the Germanies and Yemens in 1990.
    never = apart - together
    assert (len(together), len(never)) == (UNDIRECTED, 30)
    assert len({pair for pair in never if pair[2] == 1990}) == 8


@pytest.mark.slow
def test_a_directed_panel_has_every_pair_twice(record: Record) -> None:
    slugs = ("gml-mid", "gml-mid-initiation", "mie-1.0", "mie-1.0-initiation", "icb-13", "icb-13-triggered")
    pairs = record.build(slugs, WINDOW).frame
    ways = record.build(slugs, WINDOW, "directed-dyad-year").frame
    assert (len(pairs), len(ways)) == (UNDIRECTED, 2 * UNDIRECTED)
    # Known counts of the whole files: 3,124 onsets; 2,291, 1,832 and (of 754 by 2014) 734 directed beginnings.
    assert (pairs["new_gml"].sum(), ways["new_gml"].sum()) == (3_124, 2 * 3_124)
    begun = {name: int(ways[name].sum()) for name in ("initiated_gml", "initiated_mie", "triggered_icb")}
    assert begun == {"initiated_gml": 2_291, "initiated_mie": 1_832, "triggered_icb": 734}
    assert (pairs["initiated_gml_12"].sum() + pairs["initiated_gml_21"].sum()) == 2_291
    # A dispute that two originators began has exactly one beginner; any other has none.
    both = pairs["initiated_gml_12"] + pairs["initiated_gml_21"]
    pd.testing.assert_series_equal(both, pairs["originators_gml"], check_names=False)
    low, high = ways[["ccode1", "ccode2"]].min(axis=1), ways[["ccode1", "ccode2"]].max(axis=1)
    turned = ways.assign(ccode1=low, ccode2=high).groupby(DYAD_YEAR)
    for name in ("onset_gml", "peace_years", "ongoing_icb"):
        forth, back = turned[name].first(), turned[name].last()
        pd.testing.assert_series_equal(forth, back)
        np.testing.assert_array_equal(forth.to_numpy(), pairs[name].to_numpy())


@pytest.mark.parametrize("slug", KEYED)
def test_every_record_is_in_its_row_or_in_the_attrition_log(slug: str, record: Record) -> None:
    source = REGISTRY[slug]
    window = _around(source.years) if "year" in KEYS[source.key] else WINDOW
    panel = record.build([slug], window, UNITS[source.key], tuple(v.name for v in source.variables))
    rows = _accounted(record.tidy[slug], source.key, window, panel.frame)
    lost = panel.attrition.query("source == @slug and action == 'dropped'")
    assert int(rows["lost"].sum()) == int(lost["rows"].sum()) == UNPLACED.get(slug, 0)
    _same_cells(panel.frame, rows[~rows["lost"]], source.key, source.variables, source.years)


@pytest.mark.parametrize("number", range(len(GROWN)))
def test_every_row_of_an_expansion_is_in_the_panel(number: int, record: Record) -> None:
    grown = GROWN[number]
    frame = grown.make({slug: record.tidy[slug] for slug in grown.needs})
    years = years_of(grown, list(REGISTRY.values()))
    panel = _grown(UNITS[grown.key])
    rows = _accounted(frame, grown.key, _around(years), panel)
    assert not rows["lost"].any()
    _same_cells(panel, rows, grown.key, grown.variables, years)


@cache
def _grown(unit: Unit) -> pd.DataFrame:
    """Panel of every expansion of a unit, over the years that each codes and the two before and after."""
    slugs = [slug for grown in GROWN for slug in grown.needs]
    names = [v.name for grown in GROWN if UNITS[grown.key] == unit for v in grown.variables]
    spans = [years_of(grown, list(REGISTRY.values())) for grown in GROWN]
    window = _around((min(first for first, _ in spans), max(last for _, last in spans)))
    return observed().build(slugs, window, unit, tuple(names)).frame


def _codes(frame: pd.DataFrame, parts: tuple[str, ...]) -> np.ndarray:
    """One whole number a key."""
    code = np.zeros(len(frame), dtype="int64")
    for part in parts:
        code = code * 10_000 + frame[part].to_numpy(dtype="int64")
    return code


def _around(years: tuple[int, int]) -> tuple[int, int]:
    """Years that a source codes by 2014, or all if it begins later, and the two before and after, which it does not."""
    last = WINDOW[1] if years[0] <= WINDOW[1] else years[1] + 2
    return max(years[0] - 2, WINDOW[0]), min(years[1] + 2, last)


def _accounted(tidy: pd.DataFrame, key: Key, window: tuple[int, int], panel: pd.DataFrame) -> pd.DataFrame:
    """Records of the window, by code of the key, and whether the panel lacks a row for them."""
    rows = tidy[tidy["year"].between(*window)] if "year" in tidy else tidy
    code = _codes(rows, KEYS[key])
    return rows.assign(code=code, lost=_found(_sorted(_codes(panel, KEYS[key])), code) < 0).sort_values("code")


def _sorted(codes: np.ndarray) -> np.ndarray:
    """Sorted codes, which those of a panel are already unless its key leaves out the year."""
    return codes if (codes[1:] >= codes[:-1]).all() else np.sort(codes)


def _found(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Place of each wanted number among known ones, which are sorted; -1 where it is not among them."""
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, place, -1)


def _same_cells(
    panel: pd.DataFrame, rows: pd.DataFrame, key: Key, variables: tuple[Variable, ...], years: tuple[int, int]
) -> None:
    """Each cell is its record's value; without a record 0 in the years coded for an event, and missing otherwise."""
    at = _found(rows["code"].to_numpy(), _codes(panel, KEYS[key]))
    covered = panel["year"].between(*years).to_numpy()
    for variable in variables:
        absent = np.where(covered, 0.0 if variable.kind == "event" else np.nan, np.nan)
        value = rows[variable.name].to_numpy(dtype="float64")[at]
        expected = np.where((at >= 0) & covered, value, absent)
        np.testing.assert_array_equal(panel[variable.name].to_numpy(), expected, err_msg=variable.name)
