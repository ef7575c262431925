"""Zero stands only where a source codes: for every variable of every source, in every unit of panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.units import UNITS, Unit
from detente.data.panel import STATES, Panel, build_panel, catalogue
from detente.data.panel.offering import EXPANSIONS, expansions, years_of
from detente.data.panel.stateyears import OF_DYADS
from detente.data.sources import KEYS, REGISTRY, Source, Variable

from support.made_panels import PLACES, Item, by_hand, items, made_tidy, narrowed, observed

JOINED = [source for source in REGISTRY.values() if source.joins]

FIRST, LAST = 1941, 1980


@dataclass(frozen=True)
class World:
    """Every source of the record with made rows and made years, and the panel of them all."""

    sources: list[Source]
    tidy: Mapping[str, pd.DataFrame]
    items: list[Item]
    panel: Panel
    keys: dict[tuple[tuple[str, ...], tuple[str, ...]], list[tuple[int, ...]]] = field(default_factory=dict)

    @cached_property
    def joined(self) -> dict[str, tuple[Item, Variable, list[float]]]:
        """Every variable that is joined: the rows it comes from, its declaration, its values by hand."""
        years, unit = self.panel.frame["year"].tolist(), self.panel.unit
        found = {}
        for item in self.items:
            for v in item.variables:
                sides = [columns for _, columns in PLACES[unit].get(item.key, ())]
                either = [("ccode1", "ccode2"), ("ccode2", "ccode1")] if v.folded and unit != "state-year" else []
                one, two = ([self._by_hand(columns, item, v, years) for columns in each] for each in (sides, either))
                values = ([] if either and unit == "dyad-year" else one) + ([np.fmax(*two).tolist()] if two else [])
                found |= {name: (item, v, each) for name, each in zip(named(item, v, unit), values, strict=True)}
        return found

    def _by_hand(self, columns: tuple[str, ...], item: Item, v: Variable, years: list[int]) -> list[float]:
        if (columns, item.timed) not in self.keys:
            self.keys[columns, item.timed] = stood(self.panel.frame, [*columns, *item.timed])
        return by_hand(self.keys[columns, item.timed], years, item, v)

    def covered(self, item: Item) -> pd.Series:
        """Rows of the years that a source codes."""
        return self.panel.frame["year"].between(*item.years)


def named(item: Item, v: Variable, unit: Unit) -> list[str]:
    """Columns that a variable has in panels of a unit, that of either direction last where two are folded."""
    if v.folded and unit == "dyad-year":
        return [v.name]
    either = [f"{v.name}_either"] if v.folded and unit == "directed-dyad-year" else []
    return [f"{v.name}{ending}" for ending, _ in PLACES[unit].get(item.key, ())] + either


def stood(frame: pd.DataFrame, columns: list[str]) -> list[tuple[int, ...]]:
    """What stands in some columns of the key, row by row; `low` and `high` are the two states in order."""
    if "ccode1" in frame:
        sides = np.sort(frame[["ccode1", "ccode2"]], axis=1)
        frame = frame[["ccode1", "ccode2", "year"]].assign(low=sides[:, 0], high=sides[:, 1])
    return list(frame[columns].itertuples(index=False, name=None))


@cache
def rows() -> tuple[list[Source], dict[str, pd.DataFrame], list[Item]]:
    draw = np.random.default_rng(1)
    sources = narrowed(draw, FIRST, LAST)
    tidy = made_tidy(sources, draw, FIRST, LAST)
    return sources, tidy, list(items(sources, tidy))


@cache
def world(unit: Unit) -> World:
    sources, tidy, keyed = rows()
    return World(sources, tidy, keyed, build_panel(tidy, sources, (FIRST, LAST), unit=unit, lead_in=0))


@pytest.fixture(scope="module", params=UNITS)
def made(request: pytest.FixtureRequest) -> World:
    return world(request.param)


def test_every_variable_is_its_record_or_else_zero_inside_the_years_and_missing_outside(made: World):
    """Row by row, for all sources and all that is made of exercises: what lasts, too, and both directions."""
    wrong = [
        name
        for name, (_, _, expected) in made.joined.items()
        if not np.array_equal(made.panel.frame[name], np.array(expected), equal_nan=True)
    ]

    assert wrong == []
    # What is left is counted from pairs, or from the list of states, or derived.
    rest = {n: e for n, e in made.panel.entries.items() if n not in made.joined}
    assert {e.origin for n, e in rest.items() if not n.endswith("_partners")} <= {STATES, "derived"}


def test_the_made_rows_put_the_rule_to_the_test(made: World):
    """Every source has years inside and outside its coverage, and records in both."""
    for item in made.items:
        covered = made.covered(item)
        assert covered.any()
        assert not covered.all()
    for source in made.sources:
        if "year" in KEYS.get(source.key, ()):
            assert 0 < made.tidy[source.slug]["year"].between(*source.years).mean() < 1
    unknown = [made.tidy[s.slug][v.name] for s in made.sources for v in s.variables if v.unknown]
    assert len(unknown) > 10
    assert all(column.isna().any() for column in unknown)


def test_no_event_is_missing_inside_the_years_but_one_whose_record_is_unknown(made: World):
    for name, (item, v, _) in made.joined.items():
        if v.kind == "event":
            missing = made.panel.frame.loc[made.covered(item), name].isna()
            assert missing.any() <= v.unknown, name


def test_a_measure_is_known_only_where_there_is_a_record(made: World):
    known: dict[str, list[int]] = {}
    for name, (item, v, _) in made.joined.items():
        if v.kind == "measure":
            # The few states that have a fixed value may be all that are ever on one side: both sides count together.
            pooled = known.setdefault(v.name if item.key == "state" else name, [0, 0])
            pooled[0] += int(made.panel.frame[name].notna().sum())
            pooled[1] += int(made.covered(item).sum())
    assert {name for name, (there, covered) in known.items() if there >= covered} == set()


def test_nothing_is_known_outside_the_years(made: World):
    for name, (item, _, _) in made.joined.items():
        assert made.panel.frame.loc[~made.covered(item), name].isna().all(), name


def test_partners_are_counted_where_a_pair_is_coded_and_missing_elsewhere():
    made, pairs = world("state-year"), world("dyad-year").panel.frame
    sides = pd.concat([pairs.rename(columns={side: "ccode"}) for side in ("ccode1", "ccode2")])
    counted = [name for name in made.panel.entries if name.endswith("_partners") and name != "exercise_partners"]
    columns = [name.removesuffix("_partners") for name in counted]
    key = [sides["ccode"], sides["year"]]

    number = sides[columns].gt(0).groupby(key).sum()
    expected = number.where(sides[columns].notna().groupby(key).any())

    assert len(counted) > 40
    rows = pd.MultiIndex.from_frame(made.panel.frame[["ccode", "year"]])
    assert np.array_equal(made.panel.frame[counted], expected.reindex(rows), equal_nan=True)


def test_what_any_dyad_of_a_state_has_the_state_has_and_unknown_only_where_none_has_it_for_certain():
    made, pairs = world("state-year"), world("dyad-year").panel.frame
    rows = pd.MultiIndex.from_frame(made.panel.frame[["ccode", "year"]])
    varied = 0

    for item in OF_DYADS:
        columns = zip(("ccode1", "ccode2"), item.needs, strict=True)
        sides = pd.concat([pairs[[s, "year", n]].set_axis(["ccode", "year", "value"], axis=1) for s, n in columns])
        # The highest of 1, unknown (a half) and 0; a state without any dyad in the year has no row among these.
        expected = sides["value"].fillna(0.5).groupby([sides["ccode"], sides["year"]]).max().replace(0.5, np.nan)
        assert np.array_equal(made.panel.frame[item.variable.name], expected.reindex(rows), equal_nan=True), item.needs
        varied += expected.nunique() == 2
    # A source that the made world lets cover few years may have had nothing in them, or always something.
    assert varied >= 0.95 * len(OF_DYADS)


@pytest.mark.parametrize("unit", UNITS)
def test_a_variable_is_made_of_sources_that_its_entry_names(unit: Unit):
    sources = JOINED
    for name, entry in catalogue(sources, unit).items():
        assert set(entry.sources) <= REGISTRY.keys(), name
        assert entry.origin in (*REGISTRY, "derived"), name


def test_what_is_made_of_several_sources_is_known_in_the_years_that_all_of_them_code():
    sources = JOINED

    assert expansions(sources) == list(EXPANSIONS)
    for expansion in EXPANSIONS:
        spans = [(s.years[0], s.carried.until if s.carried else s.years[1]) for s in map(REGISTRY.get, expansion.needs)]
        first, last = years_of(expansion, sources)
        assert all(begin <= first <= last <= end for begin, end in spans)
        assert {first - expansion.blind, last} <= {year for span in spans for year in span}


# The observed record


@pytest.fixture(scope="module")
def record(mirror: Path) -> Callable[[tuple[str, ...], Unit], pd.DataFrame]:
    """Panels of all sources from 1816 to 2016, some variables at a time: all of them at once are 4 GB."""
    tidy, sources = observed(mirror), JOINED

    def panel(names: tuple[str, ...], unit: Unit) -> pd.DataFrame:
        return build_panel(tidy, sources, (1816, 2016), unit=unit, lead_in=0, variables=names).frame

    return panel


@pytest.mark.slow
@pytest.mark.record
@pytest.mark.parametrize("unit", ["dyad-year", "state-year"])
def test_of_the_observed_record_every_event_is_missing_exactly_outside_its_years(
    record: Callable[[tuple[str, ...], Unit], pd.DataFrame], mirror: Path, unit: Unit
):
    """And every measure at least there."""
    variables = {
        name: (item, v)
        for item in items(JOINED, observed(mirror))
        for v in item.variables
        for name in named(item, v, unit)
    }
    names, size = list(variables), 150
    for start in range(0, len(names), size):
        frame = record(tuple(names[start : start + size]), unit)
        for name in names[start : start + size]:
            item, v = variables[name]
            covered = frame["year"].between(*item.years)
            known = frame[name].notna()
            assert not known[~covered].any(), name
            if v.kind == "event":
                unknown = item.frame[v.name].isna().sum() if v.unknown else 0
                missing = (covered & ~known).sum()
                assert missing <= unknown or (unknown and item.key != unit), name
            assert known.any() == covered.any(), name


@pytest.mark.slow
@pytest.mark.record
def test_of_the_observed_record_every_event_keeps_its_total(mirror: Path):
    """What is in the panel, in both directions, is what is tidy, less what the attrition log has."""
    tidy, sources = observed(mirror), [s for s in REGISTRY.values() if s.key in ("dyad-year", "directed-dyad-year")]
    flags = {
        s.slug: next(v for v in s.variables if not v.unknown)
        for s in sources
        if any(v.kind == "event" and not v.unknown for v in s.variables[:1])
    }
    names = [v.name for v in flags.values()]
    chosen = [REGISTRY[STATES], *(REGISTRY[slug] for slug in flags)]

    built = build_panel(tidy, chosen, (1816, 2016), unit="directed-dyad-year", lead_in=0, variables=names)

    for slug, v in flags.items():
        frame = tidy[slug][tidy[slug]["year"].between(1816, 2016)]
        lost = built.attrition.loc[built.attrition["source"] == slug, "rows"].sum()
        total = built.frame[v.name].gt(0).sum() / (2 if REGISTRY[slug].key == "dyad-year" else 1)
        recorded = frame[v.name].gt(0).sum()
        assert recorded - lost <= total <= recorded, slug
        assert lost > 0 or total == recorded, slug
