"""Who can fight whom, and when: a pair of states has a year if both are members of the system on a common day of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.errors import PanelError
from detente.base.types import Codes, Places

# Codes of states have at most four digits, so that a table of all of them finds a state's place in one look.
CODES = 10_000
NOWHERE = -1


@dataclass(frozen=True)
class Spine:
    """States, years, and the pairs that exist in each: every key has its row in an array, so that no join sorts.

    `states` (n,) codes, sorted; `first` year; `together` (n, n, T) whether two states share a day of a year, the upper
    triangle alone; `present` (n, T) whether a state is a member on a day of a year.
    """

    states: Codes
    first: int
    together: npt.NDArray[np.bool_]
    present: npt.NDArray[np.bool_]

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
        """Place of each state code among `states`; -1 for one that is no state of the system.

        Raises PanelError if a code is no whole number from 0 to 9,999; `name` says what it is.
        """
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
    def of(cls, exists: npt.NDArray[np.bool_]) -> Keys:
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

    `spells`: one row per spell of membership: `ccode`, `start`, `end` (whole numbers yyyymmdd). Raises PanelError if no
    two states coexist in the years asked for.
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
