"""Numbering from 0: groups of any codes, dyads and their states, and which factor lies within another."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from detente.base.types import Array, Codes, Flags

Columns = TypeVar("Columns", Array, Codes)
# Codes that span at most this many values a row are looked up in a table; wider ones are sorted.
SPAN = 4
LEAST_SPAN = 1_000_000


@dataclass(frozen=True)
class Pairs:
    """Dyads numbered from 0: `dyad` (N,) number of each row; `low`, `high` (D,) numbers of a dyad's two states.

    A state paired with itself, as in data with internal flows, is a dyad of one state: `low` and `high` are the same.
    """

    dyad: Codes
    low: Codes
    high: Codes
    states: int

    @cached_property
    def two(self) -> Flags:
        """Whether a dyad is of two states, (D,), and not of one with itself."""
        return np.asarray(self.low != self.high)

    def between(self, by_dyad: Columns) -> Columns:
        """Those of columns (D, …) that belong to dyads of two states."""
        return by_dyad if self.two.all() else by_dyad[self.two]


def number(codes: Codes) -> tuple[Codes, Codes]:
    """Distinct codes in order, (G,), and the number of each row's code among them, (N,)."""
    least, most = (int(codes.min()), int(codes.max())) if len(codes) else (0, -1)
    if most - least >= max(SPAN * len(codes), LEAST_SPAN):
        distinct, rows = np.unique(codes, return_inverse=True)
        return distinct.astype(np.int64), rows.astype(np.int64)
    shifted = codes.astype(np.int64) - least
    present = np.zeros(most - least + 1, dtype=bool)
    present[shifted] = True
    distinct = np.flatnonzero(present)
    table = np.empty(len(present), dtype=np.int64)
    table[distinct] = np.arange(len(distinct))
    return distinct + least, table[shifted]


def number_dyads(a: Codes, b: Codes) -> Pairs:
    """Number dyads and states, whatever their codes, their order in a row, or the width of their integers."""
    states, ends = number(np.concatenate([a, b]))
    n = len(states)
    low, high = np.minimum(ends[: len(a)], ends[len(a) :]), np.maximum(ends[: len(a)], ends[len(a) :])
    dyads, dyad = number(low * n + high)
    return Pairs(dyad, dyads // max(n, 1), dyads % max(n, 1), n)


def intersect(first: Codes, second: Codes) -> Codes:
    """Numbers (N,) of the combinations of two factors that occur."""
    ours, (others, theirs) = number(first)[1], number(second)
    return number(ours * max(len(others), 1) + theirs)[1]


def nested(levels: Codes, groups: Codes) -> bool:
    """Whether each level of a factor (N,) lies in one group (N,)."""
    distinct, _ = number(levels)
    return int(intersect(levels, groups).max(initial=-1)) + 1 == len(distinct)
