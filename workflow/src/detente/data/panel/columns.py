"""Columns of a panel, made when asked for: each value goes to its row, 0 stands only where a source codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property, partial
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.types import Array, Codes, Flags
from detente.data.panel.derived import Computed, Spell
from detente.data.panel.spine import Given, Keys, Records, Spine, Way, flat, inside, taken
from detente.data.panel.stateyears import OF_DYADS
from detente.data.sources import Variable
from detente.data.sources.power.states import MICROSTATES

# Columns that outlive their use, in case the next ones are made of them.
HELD = 8
Maker = Callable[..., npt.NDArray[Any]]


class Lazy(Mapping[str, npt.NDArray[Any]]):
    """Columns (N,) by name, made when asked for; one that nobody holds is let go, but for the last few."""

    def __init__(self, spine: Spine) -> None:
        self.spine = spine
        self._makers: dict[str, tuple[Maker, tuple[object, ...]]] = {}
        self._made: WeakValueDictionary[str, npt.NDArray[Any]] = WeakValueDictionary()
        self._held: dict[str, npt.NDArray[Any]] = {}
        self.dyadic: set[str] = set()

    def offer(self, name: str, make: Maker, *arguments: object) -> None:
        """Have a column made by `make` of these columns and the arguments; the first offer of a name stands."""
        self._makers.setdefault(name, (make, arguments))

    def derive(self, items: Iterable[Computed]) -> None:
        """Offer derived variables, each where all that it needs is offered before it."""
        for item in items:
            if all(need in self for need in item.needs):
                self.share(item.variable.name, item.make)

    def share(self, name: str, make: Maker, *arguments: object) -> None:
        """Offer a column that is `dyadic`: the same in both directions, if there are any."""
        self.offer(name, make, *arguments)
        self.dyadic.add(name)

    def remember(self, items: tuple[Spell, ...], history: Lazy | None) -> None:
        """Offer variables of the past, made on the history, which ends with these very rows, or is them all."""
        for item in items:
            if all(need in (history or self) for need in item.needs):
                self.share(item.variable.name, *((Lazy._recent, item, history) if history else (item.make,)))

    def _recent(self, item: Spell, history: Lazy) -> Array:
        return item.make(history)[history["year"] >= self.spine.first]

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        column = self._made.get(name)
        if column is None:
            make, arguments = self._makers[name]
            column = self._made[name] = make(self, *arguments)
        self._held.pop(name, None)
        self._held[name] = column
        if len(self._held) > HELD:
            del self._held[next(iter(self._held))]
        return column

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


class States(Lazy):
    """Tables (n, T) of states by years."""

    def __init__(self, spine: Spine, records: list[Records], majors: pd.DataFrame) -> None:
        super().__init__(spine)
        for each in records:
            for v in each.given.variables:
                if each.given.key == "state-year":
                    self.offer(v.name, States._spread, each, v)
                elif each.given.key == "state":
                    self.offer(v.name, States._lasting, each.given, v)
        self.offer("major", States._major, majors)
        self.offer("microstate", States._microstate)

    def _spread(self, records: Records, variable: Variable) -> Array:
        table = np.full(self.spine.present.shape, np.nan)
        table[self.spine.members.parts] = records.placed().column(variable)
        return table

    def _lasting(self, given: Given, variable: Variable) -> Array:
        whole = given.lasting(self.spine, variable)
        return np.where(inside(self.spine.years, given.years), whole[:, None], np.nan)

    def _major(self, majors: pd.DataFrame) -> Array:
        table = np.zeros(self.spine.present.shape)
        place = self.spine.places(majors["ccode"])
        first, last = (majors[day].to_numpy(dtype=np.int64) // 10000 - self.spine.first for day in ("start", "end"))
        for i in np.flatnonzero(place >= 0):
            table[place[i], max(first[i], 0) : max(last[i] + 1, 0)] = 1.0
        return table

    def _microstate(self) -> Array:
        listed = np.isin(self.spine.states, list(MICROSTATES)).astype(np.float64)
        return np.repeat(listed[:, None], self.spine.present.shape[1], axis=1)


class Pairs(Lazy):
    """Columns of undirected dyad-years, one row per key of `spine.pairs`."""

    def __init__(self, spine: Spine, records: list[Records], states: States) -> None:
        super().__init__(spine)
        _offer_keys(self, spine, spine.pairs, {"ccode1": "_1", "ccode2": "_2"}, states)
        for each in records:
            for v in each.given.variables:
                if each.given.key == "dyad-year":
                    self.share(v.name, _column, each, "either", v)
                elif each.given.key == "dyad":
                    self.share(v.name, Pairs._lasting, each.given, v)
                elif v.folded:
                    self.share(v.name, _folded, each, v)
                elif each.given.key == "directed-dyad-year":
                    self.offer(f"{v.name}_12", _column, each, "forth", v)
                    self.offer(f"{v.name}_21", _column, each, "back", v)

    def _lasting(self, given: Given, variable: Variable) -> Array:
        *both, year = self.spine.pairs.parts
        lasting = given.lasting(self.spine, variable)
        values = taken(lasting.ravel(), flat(both, lasting.shape))
        return np.where(taken(inside(self.spine.years, given.years), year), values, np.nan)


class Directions(Lazy):
    """Columns of directed dyad-years, one row per key of `spine.directions`; dyadic ones are those of the pair."""

    def __init__(self, spine: Spine, records: list[Records], states: States, pairs: Pairs) -> None:
        super().__init__(spine)
        self.pairs = pairs
        _offer_keys(self, spine, spine.directions, {"ccode1": "_sender", "ccode2": "_target"}, states)
        for each in (r for r in records if r.given.key == "directed-dyad-year"):
            for v in each.given.variables:
                self.offer(v.name, _column, each, "directed", v)
                if v.folded:
                    self.offer(f"{v.name}_either", Directions._of_pair, v.name)
        for name in pairs.dyadic:
            self.offer(name, Directions._of_pair, name)

    def _of_pair(self, name: str) -> Array:
        return taken(self.pairs[name], self._row)

    @cached_property
    def _row(self) -> Codes:
        one, two, year = self.spine.directions.parts
        pairs = self.spine.pairs
        at = flat((np.minimum(one, two), np.maximum(one, two), year), pairs.shape)
        return taken(pairs.row, at).astype(np.int64)


class Members(Lazy):
    """Columns of state-years; of what happens between two states, with how many partners, or whether with any."""

    def __init__(self, spine: Spine, states: States, pairs: Pairs) -> None:
        super().__init__(spine)
        self.pairs = pairs
        _offer_keys(self, spine, spine.members, {"ccode": ""}, states)
        for name in pairs.dyadic:
            self.offer(f"{name}_partners", Members._partners, name)
        for item in OF_DYADS:
            if all(need in pairs for need in item.needs):
                self.offer(item.variable.name, Members._any, *item.needs)

    def _partners(self, name: str) -> Array:
        """With how many others a state has it in the year; missing where it is not coded for a single pair."""
        values = self.pairs[name]
        coded, there = ~np.isnan(values), values > 0
        count = np.where(self._counted(coded, coded) > 0, self._counted(there, there), np.nan)
        return count[_flat(self.spine, self.spine.members, 0)]

    def _any(self, first: str, second: str) -> Array:
        """Whether any pair of a state has it in the year, `first` where it is state 1 and `second` where it is state 2.

        Missing where no pair has it and one is not coded, or there is no pair.
        """
        sides = self.pairs[first], self.pairs[second]
        there, absent, unknown = (
            self._counted(*(which(values) for values in sides)) > 0
            for which in (lambda v: v > 0, lambda v: v == 0, np.isnan)
        )
        value = np.where(there, 1.0, np.where(absent & ~unknown, 0.0, np.nan))
        return value[_flat(self.spine, self.spine.members, 0)]

    def _counted(self, first: Flags, second: Flags) -> Codes:
        """How many pairs each state of each year is in, (n · T,), of those (N,) that count for state 1 and state 2."""
        counts = (
            np.bincount(side[np.flatnonzero(which)], minlength=self.spine.present.size)
            for side, which in zip(self._sides, (first, second), strict=True)
        )
        return np.add(*counts)

    @cached_property
    def _sides(self) -> tuple[Codes, Codes]:
        return _flat(self.spine, self.spine.pairs, 0), _flat(self.spine, self.spine.pairs, 1)


def _offer_keys(columns: Lazy, spine: Spine, keys: Keys, sides: Mapping[str, str], states: States) -> None:
    """Offer the parts of the key, and the tables of states under names with the suffix of each of the `sides`."""
    columns.offer("year", lambda _: spine.first + keys.parts[-1])
    for number, (side, suffix) in enumerate(sides.items()):
        columns.offer(side, lambda _, place: spine.states[place], keys.parts[number])
        at = cache(partial(_flat, spine, keys, number))
        for name in states:
            columns.offer(f"{name}{suffix}", lambda _, name, at: taken(states[name], at()), name, at)


def _column(_: Lazy, records: Records, way: Way, variable: Variable) -> Array:
    return records.placed(way).column(variable)


def _folded(_: Lazy, records: Records, variable: Variable) -> Array:
    return records.folded(variable)


def _flat(spine: Spine, keys: Keys, side: int) -> Codes:
    """Position of a key's state and year in a table of states by years, (N,)."""
    return flat((keys.parts[side], keys.parts[-1]), spine.present.shape)
