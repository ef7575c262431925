"""Who can fight whom, and when, and where the rows of a source stand among these: looked up once, without a sort.

A pair of states has a year if both are members of the system on a common day of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from detente.base.errors import PanelError
from detente.base.types import Array, Codes, Flags, Places
from detente.data.sources import KEYS, Key, Variable

# Codes of states have at most four digits, so that a table of all of them finds a state's place in one look.
CODES = 10_000
NOWHERE = -1
Way = Literal["either", "forth", "back", "directed"]
"""From the state with the lower code towards the other, or back; or whichever a directed record says."""


@dataclass(frozen=True)
class Spine:
    """States, years, and the pairs that exist in each: every key has its row in an array, so that no join sorts.

    `states` (n,) codes, sorted; `first` year; `together` (n, n, T) whether two states share a day of a year, the upper
    triangle alone; `present` (n, T) whether a state is a member on a day of a year.
    """

    states: Codes
    first: int
    together: Flags
    present: Flags

    @property
    def last(self) -> int:
        """Last year."""
        return self.first + int(self.present.shape[1]) - 1

    @property
    def years(self) -> Codes:
        """All years, (T,)."""
        return np.arange(self.first, self.last + 1)

    def from_year(self, year: int) -> Spine:
        """The same from a later year on."""
        cut = max(year - self.first, 0)
        return Spine(self.states, self.first + cut, self.together[:, :, cut:], self.present[:, cut:])

    def places(self, codes: Any, name: str = "a state's code") -> Codes:
        """Place of each code among `states`, or -1; raises PanelError, saying `name`, if one is not from 0 to 9,999."""
        wanted = np.asarray(codes, dtype=np.int64)
        if len(wanted) and not (wanted.min() >= 0 and wanted.max() < CODES):
            strange = wanted[(wanted < 0) | (wanted >= CODES)]
            raise PanelError(f"{name} must be a whole number from 0 to {CODES - 1:,}; found {strange[0]:,}")
        table = np.full(CODES, NOWHERE, dtype=np.int64)
        table[self.states] = np.arange(len(self.states))
        return table[wanted]

    @cached_property
    def pairs(self) -> Keys:
        """Undirected dyad-years, ccode1 < ccode2, sorted by ccode1, ccode2, year."""
        return Keys.of(self.together)

    @cached_property
    def directions(self) -> Keys:
        """Directed dyad-years, sorted by sender, target, year."""
        return Keys.of(self.together | self.together.transpose(1, 0, 2))

    @cached_property
    def members(self) -> Keys:
        """State-years, sorted."""
        return Keys.of(self.present)


@dataclass(frozen=True)
class Keys:
    """Keys of one unit: `parts` (N,) each, places of states and then of the year, below the sizes in `shape`."""

    parts: tuple[Codes, ...]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, exists: Flags) -> Keys:
        """All keys that exist, in order."""
        return cls(tuple(np.nonzero(exists)), exists.shape)

    @cached_property
    def row(self) -> Places:
        """Row of each key by its places; -1 where there is none."""
        row = np.full(self.shape, NOWHERE, dtype=np.int32)
        row[self.parts] = np.arange(len(self), dtype=np.int32)
        return row

    def __len__(self) -> int:
        return len(self.parts[0])

    def rows(self, *parts: Codes) -> Places:
        """Row of each key given by its places; -1 where there is none."""
        outside = np.zeros(len(parts[0]), dtype=bool)
        for part, size in zip(parts, self.shape, strict=True):
            outside |= (part < 0) | (part >= size)
        found: Places = self.row.ravel().take(np.ravel_multi_index(parts, self.shape, mode="clip"))
        found[outside] = NOWHERE
        return found


def build_spine(spells: pd.DataFrame, first: int, last: int) -> Spine:
    """All pairs of states that coexist on a day, year by year from `first` to `last`.

    `spells`: one row per spell of membership: `ccode`, `start`, `end` (yyyymmdd). Raises PanelError if no two coexist.
    """
    codes = spells["ccode"].to_numpy(dtype=np.int64)
    states, place = np.unique(codes, return_inverse=True)
    starts, ends = (spells[c].to_numpy(dtype=np.int64) for c in ("start", "end"))
    years = max(last - first + 1, 0)
    together = np.zeros((len(states), len(states), years), dtype=bool)
    present = np.zeros((len(states), years), dtype=bool)
    for t in range(years):
        start = np.maximum(starts, (first + t) * 10000 + 101)
        end = np.minimum(ends, (first + t) * 10000 + 1231)
        alive = np.flatnonzero(start <= end)
        who, start, end = place[alive], start[alive], end[alive]
        present[who, t] = True
        i, j = np.nonzero(np.maximum.outer(start, start) <= np.minimum.outer(end, end))
        one, two = who[i], who[j]
        together[one[one < two], two[one < two], t] = True
    if not together.any():
        raise PanelError(f"no two states of the system coexist between {first} and {last}")
    return Spine(states, first, together, present)


@dataclass(frozen=True)
class Given:
    """Tidy rows of one source or expansion, which codes `years`; `make` is called when they are first asked for."""

    slug: str
    key: Key
    variables: tuple[Variable, ...]
    years: tuple[int, int]
    make: Callable[[], pd.DataFrame]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows, with the parts of `key` and the `variables`."""
        return self.make()

    @property
    def year(self) -> Codes:
        """Year of each row."""
        return self.frame["year"].to_numpy(dtype=np.int64)

    def places(self, spine: Spine, part: str) -> Codes:
        """Place of each row's state among those of `spine`; raises PanelError, naming the source, if it can be none."""
        return spine.places(self.frame[part], f"{self.slug}: {part}")

    def lasting(self, spine: Spine, variable: Variable) -> Array:
        """What holds of each state (n,), or of each two (n, n), in all years that the source covers."""
        unique(self.frame, KEYS[self.key], self.slug)
        places = [self.places(spine, part) for part in KEYS[self.key]]
        known = np.all([place >= 0 for place in places], axis=0)
        whole = np.full((len(spine.states),) * len(places), 0.0 if variable.kind == "event" else np.nan)
        whole[tuple(place[known] for place in places)] = self.frame[variable.name].to_numpy(dtype=np.float64)[known]
        return whole


class Placed:
    """Places of a given frame, those that are `here`, and the `row` among the keys of a panel where each belongs."""

    def __init__(self, given: Given, keys: Keys, spine: Spine, row: Places) -> None:
        self.given, self.keys = given, keys
        self.here = (row >= 0) & inside(given.year, given.years)
        self.row = row[self.here]
        self.covered = inside(spine.years, given.years)
        seen = np.zeros(len(keys), dtype=bool)
        seen[self.row] = True
        if np.count_nonzero(seen) != len(self.row):
            unique(given.frame[self.here], KEYS[given.key], given.slug)

    def column(self, variable: Variable) -> Array:
        """Values of a variable: absence is 0 for an event where the source codes, and missing otherwise."""
        absent = np.where(self.covered, 0.0 if variable.kind == "event" else np.nan, np.nan)
        values = taken(absent, self.keys.parts[-1])
        values[self.row] = self.given.frame[variable.name].to_numpy(dtype=np.float64)[self.here]
        return values


class Records:
    """Records of a source or expansion, and where they stand in a spine: looked up once, when first asked for."""

    def __init__(self, given: Given, spine: Spine) -> None:
        self.given, self.spine = given, spine
        self.parts = [p for p in KEYS[given.key] if p != "year"]
        self.keys = spine.pairs if len(self.parts) == 2 else spine.members
        self._placed: dict[Way, Placed] = {}

    @cached_property
    def row(self) -> Places:
        """Row of each record among `keys`, whichever direction it has; -1 where there is none."""
        places = self._places()
        if self.given.key == "directed-dyad-year":
            places = [np.minimum(*places), np.maximum(*places)]
        return self.keys.rows(*places, self.given.year - self.spine.first)

    def placed(self, way: Way = "either") -> Placed:
        """Where they stand among pairs or members, all or those of one `way`; or, `directed`, among directions."""
        if way not in self._placed:
            keys, row = self.keys, self.row
            if way == "directed":
                keys = self.spine.directions
                row = keys.rows(*self._places(), self.given.year - self.spine.first)
            elif way != "either":
                sender, target = (self.given.frame[p].to_numpy(dtype=np.int64) for p in self.parts)
                row = np.where(sender < target if way == "forth" else sender > target, row, np.int32(NOWHERE))
            self._placed[way] = Placed(self.given, keys, self.spine, row)
        return self._placed[way]

    def folded(self, variable: Variable) -> Array:
        """The higher value of a pair's two directions (N,); of a measure, the one that is known."""
        forth, back = self._both(variable)
        return np.maximum(forth, back) if variable.kind == "event" else np.fmax(forth, back)

    def differing(self, variable: Variable) -> Flags:
        """Whether the two directions of a pair have values that are known and not the same (N,)."""
        forth, back = self._both(variable)
        return np.asarray((forth != back) & ~np.isnan(forth) & ~np.isnan(back))

    def _both(self, variable: Variable) -> tuple[Array, Array]:
        return self.placed("forth").column(variable), self.placed("back").column(variable)

    def _places(self) -> list[Codes]:
        return [self.given.places(self.spine, p) for p in self.parts]


def inside(year: Codes, years: tuple[int, int]) -> Flags:
    """Whether each year lies between the first and the last of `years`."""
    return np.asarray((year >= years[0]) & (year <= years[1]))


def taken(values: Array, at: Codes) -> Array:
    """Values at positions that are known to be inside."""
    return values.take(at, mode="clip")


def unique(frame: pd.DataFrame, key: tuple[str, ...], name: str) -> None:
    """Raise PanelError, with examples, if a key of `frame` occurs twice."""
    twice = frame.loc[frame.duplicated(list(key), keep=False), list(key)].drop_duplicates()
    if len(twice):
        examples = "; ".join(" ".join(map(str, row)) for row in twice.head(3).itertuples(index=False))
        raise PanelError(f"{name}: {len(twice)} keys ({', '.join(key)}) occur more than once, e.g. {examples}")
