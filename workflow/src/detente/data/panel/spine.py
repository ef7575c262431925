"""Who can fight whom, and when, and where the rows of a source stand among these: looked up once, without a sort.

A pair of states has a year if both are members of the system on a common day of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.errors import PanelError
from detente.base.types import Array, Codes, Flags, Places
from detente.data.sources import KEYS, Key, Variable

# Codes of states have at most four digits, so that a table of all of them finds a state's place in one look.
CODES = 10_000
# Rows that are looked up at a time, so that what is made of them on the way stays in a processor's cache.
BLOCK = 100_000
NOWHERE = -1
Kind = TypeVar("Kind", bound=np.generic)
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
        return taken(table, wanted)

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
        # np.nonzero gives views with gaps, which every `take` would copy.
        places, parts = np.flatnonzero(exists), []
        for size in reversed(exists.shape[1:]):
            above = places // size
            places -= above * size
            parts.append(places)
            places = above
        return cls((places, *reversed(parts)), exists.shape)

    @cached_property
    def row(self) -> Places:
        """Row of each key by its position in a table of the `shape`; -1 where there is none."""
        row = np.full(math.prod(self.shape), NOWHERE, dtype=np.int32)
        row[flat(self.parts, self.shape)] = np.arange(len(self), dtype=np.int32)
        return row

    def __len__(self) -> int:
        return len(self.parts[0])

    def rows(self, *parts: Codes) -> Places:
        """Row of each key given by its places; -1 where there is none."""
        found = taken(self.row, flat(parts, self.shape))
        for part, size in zip(parts, self.shape, strict=True):
            found[(part < 0) | (part >= size)] = NOWHERE
        return found


def build_spine(spells: pd.DataFrame, first: int, last: int) -> Spine:
    """All pairs of states that coexist on a day, year by year from `first` to `last`.

    `spells`: one row per spell of membership: `ccode`, `start`, `end` (yyyymmdd). Raises PanelError if no two coexist.
    """
    codes = spells["ccode"].to_numpy(dtype=np.int64)
    states, place = np.unique(codes, return_inverse=True)
    starts, ends = (spells[c].to_numpy(dtype=np.int64) for c in ("start", "end"))
    years = np.arange(first, last + 1)
    present = np.zeros((len(states), len(years)), dtype=bool)
    _mark(present, place, starts, ends, first)
    start, end = np.maximum.outer(starts, starts), np.minimum.outer(ends, ends)
    one, two = np.nonzero((start <= end) & np.less.outer(place, place))
    together = np.zeros((len(states), *present.shape), dtype=bool)
    _mark(together, flat((place[one], place[two]), together.shape[:2]), start[one, two], end[one, two], first)
    if not together.any():
        raise PanelError(f"no two states of the system coexist between {first} and {last}")
    return Spine(states, first, together, present)


def _mark(table: Flags, at: Codes, start: Codes, end: Codes, first: int) -> None:
    """Mark, in the rows `at` of a table (…, T) of years from `first` on, those from a start to an end (yyyymmdd)."""
    since = np.maximum(start // 10000 - first, 0)
    lengths = np.maximum(np.minimum(end // 10000 - first + 1, table.shape[-1]) - since, 0)
    steps = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    table.ravel()[np.repeat(at * table.shape[-1] + since, lengths) + steps] = True


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

    def places(self, spine: Spine, part: str, rows: slice = slice(None)) -> Codes:
        """Place of each row's state among those of `spine`; raises PanelError, naming the source, if it can be none."""
        return spine.places(self.frame[part].to_numpy()[rows], f"{self.slug}: {part}")

    def lasting(self, spine: Spine, variable: Variable) -> Array:
        """What holds of each state (n,), or of each two (n, n), in all years that the source covers."""
        unique(self.frame, KEYS[self.key], self.slug)
        places = [self.places(spine, part) for part in KEYS[self.key]]
        known = np.all([place >= 0 for place in places], axis=0)
        whole = np.full((len(spine.states),) * len(places), 0.0 if variable.kind == "event" else np.nan)
        whole[tuple(place[known] for place in places)] = self.frame[variable.name].to_numpy(dtype=np.float64)[known]
        return whole


class Placed:
    """The `row` (M,) among the keys of a panel where each record of a given frame belongs; -1 where there is none."""

    def __init__(self, given: Given, keys: Keys, spine: Spine, row: Codes) -> None:
        self.given, self.keys, self.row = given, keys, row
        self.covered = inside(spine.years, given.years)
        seen = np.zeros(len(keys) + 1, dtype=bool)
        seen[row], seen[NOWHERE] = True, False
        if np.count_nonzero(seen) != np.count_nonzero(row != NOWHERE):
            unique(given.frame[row != NOWHERE], KEYS[given.key], given.slug)

    def column(self, variable: Variable) -> Array:
        """Values of a variable, or what its absence says."""
        # Of records that are nowhere, -1, the value goes behind the last.
        values = np.empty(len(self.keys) + 1)
        self.absent(variable).take(self.keys.parts[-1], mode="clip", out=values[:NOWHERE])
        values[self.row] = self.given.frame[variable.name].to_numpy(dtype=np.float64)
        return values[:NOWHERE]

    def absent(self, variable: Variable) -> Array:
        """What absence says in each year, (T,): 0 for an event where the source codes, and missing otherwise."""
        return np.where(self.covered, 0.0 if variable.kind == "event" else np.nan, np.nan)


class Records:
    """Records of a source or expansion, and where they stand in a spine: looked up once, when first asked for."""

    def __init__(self, given: Given, spine: Spine) -> None:
        self.given, self.spine = given, spine
        self.parts = [p for p in KEYS[given.key] if p != "year"]
        self.keys = spine.pairs if len(self.parts) == 2 else spine.members
        self._placed: dict[Way, Placed] = {}

    @cached_property
    def row(self) -> Codes:
        """Row of each record among `keys`, whichever direction it has; -1 where there is none, or nothing is coded."""
        return self._rows(self.keys, turned=self.given.key == "directed-dyad-year")

    def placed(self, way: Way = "either") -> Placed:
        """Where they stand among pairs or members, all or those of one `way`; or, `directed`, among directions."""
        if way not in self._placed:
            keys, row = self.keys, self.row
            if way == "directed":
                keys = self.spine.directions
                row = self._rows(keys)
            elif way != "either":
                row = self._going(way)
            self._placed[way] = Placed(self.given, keys, self.spine, row)
        return self._placed[way]

    def folded(self, variable: Variable) -> Array:
        """The higher value of a pair's two directions (N,); of a measure, the one that is known."""
        at, forth, back = self._both
        higher = np.maximum if variable.kind == "event" else np.fmax
        values = taken(forth.absent(variable), self.keys.parts[-1])
        values[at] = higher(forth.column(variable), back.column(variable))
        return values

    def differing(self, variable: Variable) -> Codes:
        """Year of each dyad-year whose two directions have values that are known and not the same."""
        at, *ways = self._both
        forth, back = (way.column(variable) for way in ways)
        apart = (forth != back) & ~np.isnan(forth) & ~np.isnan(back)
        return np.asarray(self.spine.first + self.keys.parts[-1][at[apart]])

    @cached_property
    def _both(self) -> tuple[Codes, Placed, Placed]:
        """Rows of pairs of which there is a record (M,), and where those of either way stand among these alone."""
        number = np.full(len(self.keys) + 1, NOWHERE)
        number[self.row], number[NOWHERE] = 0, NOWHERE
        at = np.flatnonzero(number != NOWHERE)
        number[at] = np.arange(len(at))
        few = Keys(tuple(part[at] for part in self.keys.parts), self.keys.shape)
        forth, back = (Placed(self.given, few, self.spine, number[self._going(way)]) for way in ("forth", "back"))
        return at, forth, back

    def _going(self, way: Literal["forth", "back"]) -> Codes:
        """Row of each record of one way; -1 of the other."""
        sender, target = (self.given.frame[p].to_numpy(dtype=np.int64) for p in self.parts)
        return np.where(sender < target if way == "forth" else sender > target, self.row, NOWHERE)

    def _rows(self, keys: Keys, *, turned: bool = False) -> Codes:
        """Row of each record among the keys; if `turned`, from the state with the lower code towards the other."""
        found = np.empty(len(self.given.year), dtype=np.int64)
        for start in range(0, len(found), BLOCK):
            block = slice(start, start + BLOCK)
            year, places = self.given.year[block], [self.given.places(self.spine, p, block) for p in self.parts]
            if turned:
                places = [np.minimum(*places), np.maximum(*places)]
            row = keys.rows(*places, year - self.spine.first)
            found[block] = np.where(inside(year, self.given.years), row, NOWHERE)
        return found


def inside(year: Codes, years: tuple[int, int]) -> Flags:
    """Whether each year lies between the first and the last of `years`."""
    return np.asarray((year >= years[0]) & (year <= years[1]))


def flat(places: Sequence[Codes], shape: tuple[int, ...]) -> Codes:
    """Position in a table of a shape of each key given by its places (N,) each, all inside."""
    position = places[0].copy()
    for place, size in zip(places[1:], shape[1:], strict=True):
        position *= size
        position += place
    return position


def taken(values: npt.NDArray[Kind], at: Codes) -> npt.NDArray[Kind]:
    """Values at positions that are known to be inside, or of no matter where they are not."""
    return values.take(at, mode="clip")


def unique(frame: pd.DataFrame, key: tuple[str, ...], name: str) -> None:
    """Raise PanelError, with examples, if a key of `frame` occurs twice."""
    if (again := frame.duplicated(list(key), keep=False)).any():
        twice = frame.loc[again, list(key)].drop_duplicates()
        examples = "; ".join(" ".join(map(str, row)) for row in twice.head(3).itertuples(index=False))
        raise PanelError(f"{name}: {len(twice)} keys ({', '.join(key)}) occur more than once, e.g. {examples}")
