"""Columns of a panel, made when asked for: each value goes to its row, 0 stands only where a source codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.errors import PanelError
from detente.panel.derived import Array, Derived, Directed, Spell
from detente.panel.spine import Codes, Keys, Spine
from detente.sources import KEYS, Key, Variable


@dataclass(frozen=True)
class Given:
    """Tidy rows of one source or expansion: `frame` has the parts of `key` and the `variables`; it codes `years`."""

    slug: str
    key: Key
    variables: tuple[Variable, ...]
    years: tuple[int, int]
    frame: pd.DataFrame

    def places(self, spine: Spine, part: str) -> Codes:
        """Place of each row's state among those of `spine`; raises PanelError, naming the source, if it can be none."""
        return spine.places(self.frame[part], f"{self.slug}: {part}")


class Lazy(Mapping[str, npt.NDArray[Any]]):
    """Columns (N,) by name, each made at most once."""

    def __init__(self) -> None:
        self._makers: dict[str, Callable[[], npt.NDArray[Any]]] = {}
        self._made: dict[str, npt.NDArray[Any]] = {}

    def offer(self, name: str, make: Callable[..., npt.NDArray[Any]], *arguments: object) -> None:
        """Have a column made by `make` with these arguments on demand; the first offer of a name stands."""
        self._makers.setdefault(name, partial(make, *arguments))

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def forget(self, name: str) -> None:
        """Let go of a column; it is made again if asked for again."""
        self._made.pop(name, None)


class Placed:
    """Where the rows of a given frame stand among the keys of a panel."""

    def __init__(self, given: Given, keys: Keys, spine: Spine, *, swapped: bool = False) -> None:
        parts = [p for p in KEYS[given.key] if p != "year"]
        self.given = given
        states = [given.places(spine, p) for p in (reversed(parts) if swapped else parts)]
        self.row = keys.rows(*states, given.frame["year"].to_numpy(dtype=np.int64) - spine.first)
        year = spine.first + keys.parts[-1]
        self.covered = (year >= given.years[0]) & (year <= given.years[1])
        self.here = np.flatnonzero((self.row >= 0) & given.frame["year"].between(*given.years).to_numpy())
        self._refuse_twice(len(year))

    def column(self, variable: Variable) -> Array:
        """Values of a variable: absence is 0 for an event where the source codes, and missing otherwise."""
        values = np.where(self.covered, 0.0 if variable.kind == "event" else np.nan, np.nan)
        values[self.row[self.here]] = self.given.frame[variable.name].to_numpy(dtype=np.float64)[self.here]
        return values

    def _refuse_twice(self, size: int) -> None:
        seen = np.zeros(size, dtype=bool)
        seen[self.row[self.here]] = True
        if np.count_nonzero(seen) != len(self.here):
            unique(self.given.frame.iloc[self.here], KEYS[self.given.key], self.given.slug)


class States(Lazy):
    """Tables (n, T) of states by years."""

    def __init__(self, spine: Spine, givens: list[Given], majors: pd.DataFrame) -> None:
        super().__init__()
        self.spine = spine
        for given in givens:
            placed = cache(partial(Placed, given, spine.members, spine))
            for v in given.variables:
                if given.key == "state-year":
                    self.offer(v.name, self._spread, placed, v)
                elif given.key == "state":
                    self.offer(v.name, self._lasting, given, v)
        self.offer("major", self._major, majors)

    def _spread(self, placed: Callable[[], Placed], variable: Variable) -> Array:
        table = np.full(self.spine.present.shape, np.nan)
        table[self.spine.members.parts] = placed().column(variable)
        return table

    def gathered(self, name: str, place: Codes, year: Codes) -> Array:
        """Values of the states at these places in these years, (N,)."""
        values: Array = self[name][place, year]
        return values

    def _lasting(self, given: Given, variable: Variable) -> Array:
        """What holds of a state in all years that the source covers."""
        unique(given.frame, KEYS[given.key], given.slug)
        place = given.places(self.spine, "state")
        whole = np.full(len(self.spine.states), 0.0 if variable.kind == "event" else np.nan)
        whole[place[place >= 0]] = given.frame[variable.name].to_numpy(dtype=np.float64)[place >= 0]
        return np.where(_inside(self.spine, given.years), whole[:, None], np.nan)

    def _major(self, majors: pd.DataFrame) -> Array:
        """Whether a state is a major power on any day of the year."""
        table = np.zeros(self.spine.present.shape)
        place = self.spine.places(majors["state"])
        first, last = (majors[day].to_numpy(dtype=np.int64) // 10000 - self.spine.first for day in ("start", "end"))
        for i in np.flatnonzero(place >= 0):
            table[place[i], max(first[i], 0) : max(last[i] + 1, 0)] = 1.0
        return table


class Pairs(Lazy):
    """Columns of undirected dyad-years, one row a key of `spine.pairs`."""

    def __init__(self, spine: Spine, givens: list[Given], states: States) -> None:
        super().__init__()
        self.spine = spine
        self.dyadic: set[str] = set()
        one, two, year = spine.pairs.parts
        self.offer("year", np.add, spine.first, year)
        for side, place in (("a", one), ("b", two)):
            self.offer(side, spine.states.take, place)
            for name in states:
                self.offer(f"{name}_{side}", states.gathered, name, place, year)
        for given in givens:
            self._offer(given)

    def _offer(self, given: Given) -> None:
        forth, back = (cache(partial(Placed, given, self.spine.pairs, self.spine, swapped=s)) for s in (False, True))
        for v in given.variables:
            if given.key == "dyad-year":
                self._share(v.name, _column, forth, v)
            elif given.key == "dyad":
                self._share(v.name, self._lasting, given, v)
            elif given.key == "directed-dyad-year":
                self.offer(f"{v.name}_ab", _column, forth, v)
                self.offer(f"{v.name}_ba", _column, back, v)

    def _share(self, name: str, make: Callable[..., Array], *arguments: object) -> None:
        """Offer a column that is the same in both directions."""
        self.offer(name, make, *arguments)
        self.dyadic.add(name)

    def _lasting(self, given: Given, variable: Variable) -> Array:
        """What holds of a dyad in all years that the source covers."""
        unique(given.frame, KEYS[given.key], given.slug)
        one, two = (given.places(self.spine, p) for p in KEYS["dyad"])
        known = (one >= 0) & (two >= 0)
        n = len(self.spine.states)
        whole = np.full((n, n), 0.0 if variable.kind == "event" else np.nan)
        whole[one[known], two[known]] = given.frame[variable.name].to_numpy(dtype=np.float64)[known]
        i, j, t = self.spine.pairs.parts
        return np.where(_inside(self.spine, given.years)[t], whole[i, j], np.nan)

    def derive(self, items: tuple[Derived, ...]) -> None:
        """Offer derived variables, each where all that it needs is offered before it."""
        for item in items:
            if all(need in self._makers for need in item.needs):
                self._share(item.variable.name, item.make, self)

    def remember(self, items: tuple[Spell, ...], history: Pairs) -> None:
        """Offer variables of the dyad's past, made on its history, which ends with these very rows."""
        for item in items:
            if all(need in history for need in item.needs):
                self._share(item.variable.name, self._recent, item, history)

    def _recent(self, item: Spell, history: Pairs) -> Array:
        return item.make(history)[history["year"] >= self.spine.first]


class Directions(Lazy):
    """Columns of directed dyad-years, one row a key of `spine.directions`; dyadic ones are those of the pair."""

    def __init__(self, spine: Spine, givens: list[Given], states: States, pairs: Pairs) -> None:
        super().__init__()
        self.spine, self.pairs = spine, pairs
        source, target, year = spine.directions.parts
        for part, place in (("source", source), ("target", target)):
            self.offer(part, spine.states.take, place)
            for name in states:
                self.offer(f"{name}_{part}", states.gathered, name, place, year)
        for given in (g for g in givens if g.key == "directed-dyad-year"):
            placed = cache(partial(Placed, given, spine.directions, spine))
            for v in given.variables:
                self.offer(v.name, _column, placed, v)
        self.offer("year", np.add, spine.first, year)
        for name in pairs.dyadic:
            self.offer(name, self._of_pair, name)

    def _of_pair(self, name: str) -> Array:
        values: Array = self.pairs[name][self._row]
        self.pairs.forget(name)
        return values

    @cached_property
    def _row(self) -> Codes:
        one, two, year = self.spine.directions.parts
        return self.spine.pairs.row[np.minimum(one, two), np.maximum(one, two), year].astype(np.int64)

    def derive(self, items: tuple[Directed, ...]) -> None:
        """Offer directed variables, each where all that it needs is offered."""
        for item in items:
            if all(need in self._makers for need in item.needs):
                self.offer(item.variable.name, item.make, self)


class Members(Lazy):
    """Columns of state-years; of what happens between two states, with how many partners it does."""

    def __init__(self, spine: Spine, states: States, pairs: Pairs) -> None:
        super().__init__()
        place, year = spine.members.parts
        self.offer("state", spine.states.take, place)
        self.offer("year", np.add, spine.first, year)
        for name in states:
            self.offer(name, states.gathered, name, place, year)
        for name in pairs.dyadic:
            self.offer(f"{name}_partners", _partners, spine, pairs, name)


def _column(placed: Callable[[], Placed], variable: Variable) -> Array:
    return placed().column(variable)


def _partners(spine: Spine, pairs: Pairs, name: str) -> Array:
    """With how many others a state has it in the year; missing where it is not coded for a single pair."""
    values = pairs[name]
    i, j, t = spine.pairs.parts
    shape = spine.present.shape
    count, known = (
        sum(np.bincount(side * shape[1] + t, weights=weights, minlength=spine.present.size) for side in (i, j))
        for weights in (values > 0, ~np.isnan(values))
    )
    counted = np.where(known > 0, count, np.nan).reshape(shape)
    return counted[spine.members.parts]


def _inside(spine: Spine, years: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Which years of the spine are among `years`, (T,)."""
    year = np.arange(spine.first, spine.last + 1)
    return (year >= years[0]) & (year <= years[1])


def unique(frame: pd.DataFrame, key: tuple[str, ...], name: str) -> None:
    """Raise PanelError, with examples, if a key of `frame` occurs twice."""
    twice = frame.loc[frame.duplicated(list(key), keep=False), list(key)].drop_duplicates()
    if len(twice):
        examples = "; ".join(" ".join(map(str, row)) for row in twice.head(3).itertuples(index=False))
        raise PanelError(f"{name}: {len(twice)} keys ({', '.join(key)}) occur more than once, e.g. {examples}")
