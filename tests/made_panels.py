"""A made system of states, and for every source made tidy rows from nothing but its declaration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detente.config import load_sources
from detente.panel import STATES, Panel, build_panel
from detente.panel.kadic import EXPANSIONS
from detente.record import clean_source
from detente.sources import KEYS, REGISTRY, Source, Variable

from builders import REPOSITORY, spells

NA = float("nan")
# One state comes late, two make way for one another within a year, one leaves and comes back, one is there throughout.
SYSTEM = pd.concat(
    [
        spells(
            (2, 18160101, 20161231),
            (200, 18160101, 20161231),
            (255, 18160101, 19450508),
            (255, 19901003, 20161231),
            (260, 19550505, 19901002),
            (679, 19670701, 20161231),
        ),
        spells((2, 18980813, 20161231), (200, 18160101, 19560706), status="major"),
    ],
    ignore_index=True,
)
MEMBERS = (2, 200, 255, 260, 679)
STRANGER = 999


@dataclass(frozen=True)
class Item:
    """Rows of a key, of a source or of one of its expansions."""

    key: str
    variables: tuple[Variable, ...]
    years: tuple[int, int]
    frame: pd.DataFrame

    @property
    def timed(self) -> tuple[str, ...]:
        """The year, if it is a part of the key."""
        return ("year",) if "year" in KEYS[self.key] else ()

    @cached_property
    def keys(self) -> list[tuple[int, ...]]:
        """Key of each row."""
        return list(self.frame[list(KEYS[self.key])].itertuples(index=False, name=None))


def narrowed(draw: np.random.Generator, first: int, last: int) -> list[Source]:
    """Every source of the record, each as though it coded other years: some, and those in the middle in any case."""
    middle = (first + last) // 2
    sources = []
    for source in REGISTRY.values():
        begin, end = int(draw.integers(first + 2, middle)), int(draw.integers(middle, last - 1))
        sources.append(source if source.slug == STATES else replace(source, years=(begin, end)))
    return sources


def made_tidy(sources: Sequence[Source], draw: np.random.Generator, first: int, last: int) -> dict[str, pd.DataFrame]:
    """Tidy rows of every source, of years from `first` to `last` whatever it covers, and of a state that is none."""
    tidy = {s.slug: made_rows(s, draw, range(first, last + 1)) for s in sources if s.key in KEYS}
    return {STATES: SYSTEM, "mme": made_exercises(draw, range(first, last + 1)), **tidy}


def made_rows(source: Source, draw: np.random.Generator, years: range) -> pd.DataFrame:
    """A third of all keys, and values as the declaration of each variable allows."""
    everyone = [*MEMBERS, STRANGER]
    states: list[tuple[int, ...]] = {
        "a": list(combinations(everyone, 2)),
        "source": list(permutations(everyone, 2)),
        "state": [(state,) for state in everyone],
    }[KEYS[source.key][0]]
    timed = "year" in KEYS[source.key]
    keys = [(*s, year) for s in states for year in years] if timed else states
    kept = [key for key in keys if draw.random() < 1 / 3]
    values = {v.name: made_values(v, draw, len(kept)) for v in source.variables}
    return pd.DataFrame(kept, columns=list(KEYS[source.key]), dtype="int64").assign(**values)


def made_values(v: Variable, draw: np.random.Generator, size: int) -> Any:
    """Numbers from 0 on, whole ones for events; missing where a record may leave its value unknown."""
    most = 2 if v.unit == "0/1" else 9
    values = draw.integers(0, most, size).astype("float64")
    if v.kind == "measure" and v.unit != "0/1":
        values += draw.random(size)
    return np.where((draw.random(size) < 1 / 4) & (v.unknown or v.kind == "measure"), NA, values)


def made_exercises(draw: np.random.Generator, years: range) -> pd.DataFrame:
    """Exercises of two to four states."""
    frames = []
    for number in range(4 * len(years)):
        states = draw.choice(MEMBERS, size=int(draw.integers(2, 5)), replace=False)
        traits = {kind: int(draw.integers(2)) for kind in ("warfighting", "peacekeeping", "humanitarian")}
        site = {"latitude": draw.uniform(-60, 60), "longitude": draw.uniform(-180, 180)}
        held = {"exercise": number, "year": int(draw.choice(years)), "parties": len(states), "month": 6}
        frames.append(pd.DataFrame({**held, "state": states, "series": int(draw.integers(-1, 6)), **traits, **site}))
    return pd.concat(frames, ignore_index=True)


def items(sources: Sequence[Source], tidy: Mapping[str, pd.DataFrame]) -> Iterator[Item]:
    """All that has a key: of sources, and of what is made from exercises in the years that all it needs code."""
    coded = {s.slug: s.years for s in sources}
    for s in sources:
        if s.key in KEYS:
            yield Item(s.key, s.variables, s.years, tidy[s.slug])
    for e in EXPANSIONS:
        years = (max(coded[slug][0] for slug in e.needs), min(coded[slug][1] for slug in e.needs))
        yield Item(e.key, e.variables, years, e.make({slug: tidy[slug] for slug in e.needs}))


BOTH = {"dyad-year": [("", ("a", "b"))], "dyad": [("", ("a", "b"))]}


def sided(one: str, two: str) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    sides: list[tuple[str, tuple[str, ...]]] = [(f"_{one}", (one,)), (f"_{two}", (two,))]
    return {"state-year": sides, "state": sides}


# Unit → key of a source → ending of its variables' names, and the columns of the panel that its key stands in.
PLACES: Mapping[str, Mapping[str, list[tuple[str, tuple[str, ...]]]]] = {
    "dyad-year": {
        **BOTH,
        **sided("a", "b"),
        "directed-dyad-year": [("_ab", ("a", "b")), ("_ba", ("b", "a"))],
    },
    "directed-dyad-year": {
        **BOTH,
        **sided("source", "target"),
        "directed-dyad-year": [("", ("source", "target"))],
    },
    "state-year": {"state-year": [("", ("state",))], "state": [("", ("state",))]},
}


def by_hand(keys: Sequence[tuple[int, ...]], years: Sequence[int], item: Item, v: Variable) -> list[float]:
    """The rule, row by row: missing outside the years; inside, what the record says, else 0 for an event."""
    record = dict(zip(item.keys, item.frame[v.name].tolist(), strict=True))
    absent = 0.0 if v.kind == "event" else NA
    first, last = item.years
    return [record.get(key, absent) if first <= year <= last else NA for key, year in zip(keys, years, strict=True)]


@cache
def observed(mirror: Path) -> dict[str, pd.DataFrame]:
    """Every source of the record, cleaned."""
    records = load_sources(REPOSITORY)
    return {
        s.slug: clean_source(
            s, lambda slug, file: mirror / (records[slug].folder or slug) / file, records[s.slug].whittle
        ).frame
        for s in REGISTRY.values()
    }


def made_source(slug: str, key: Any, *variables: Variable, years: tuple[int, int] = (1900, 2010)) -> Source:
    """A source of nothing but a declaration."""
    return Source(slug, key, (), variables, lambda _: None, years)


def event(name: str, unit: str = "0/1", *, unknown: bool = False) -> Variable:
    return Variable(name, f"Label of {name}", unit, "event", "treatment", unknown=unknown)


def measure(name: str, unit: str = "points") -> Variable:
    return Variable(name, f"Label of {name}", unit, "measure", "control")


def made_panel(frames: Mapping[Source, pd.DataFrame], window: tuple[int, int] = (1990, 1993), **options: Any) -> Panel:
    """A panel of the made system, without years before the window unless asked for."""
    tidy = {STATES: SYSTEM, **{source.slug: frame for source, frame in frames.items()}}
    return build_panel(tidy, [REGISTRY[STATES], *frames], window, **{"lead_in": 0, **options})
