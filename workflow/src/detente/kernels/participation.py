"""Who takes part: participants drawn anew without replacement, and how often two states took part together."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.floating[Any]]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@njit(cache=True)
def shift(values: Array, order: Codes, start: Codes, offset: Codes, out: Array) -> None:
    """Put `values` (N,) into `out` (N,), moved on by `offset` (G,) rows within groups, the last ones to the front.

    Group g has the rows `order[start[g]:start[g + 1]]`, in this order.
    """
    for g in range(len(start) - 1):
        first, size = start[g], start[g + 1] - start[g]
        at = offset[g]
        for i in range(size):
            out[order[first + at]] = values[order[first + i]]
            at += 1
            if at == size:
                at = 0


@njit(cache=True)
def redraw(holder: Codes, pool: Codes, new: Flags, start: Codes, members: Codes, uniform: Array, drawn: Codes) -> None:
    """Put new participants into `drawn` (S,): each slot's from its pool, no one twice in a run of slots.

    holder (S,) keep slots of no pool (−1); pool (S,), slots of one run side by side, `new` (S,) where one begins. Pool
    p has the `members` from `start[p]` to `start[p + 1]`, which change places; uniform (S,) numbers from 0 to 1.
    """
    taken = 0
    for s in range(len(pool)):
        if new[s]:
            taken = 0
        p = pool[s]
        if p < 0:
            drawn[s] = holder[s]
            continue
        first = start[p] + taken
        at = first + int(uniform[s] * (start[p + 1] - first))
        members[first], members[at] = members[at], members[first]
        drawn[s] = members[first]
        taken += 1


@njit(cache=True)
def meet(who: Codes, first: Codes, last: Codes, year: Codes, value: Array, table: Array) -> None:
    """Add each event's value to `table` (T, n, n) at every two of its participants i < j, in its year.

    who (S,) participants, those of event e from `first[e]` to `last[e]`; year, value (E,) of events.
    """
    for e in range(len(year)):
        cells = table[year[e]]
        for i in range(first[e], last[e]):
            for j in range(i + 1, last[e]):
                cells[min(who[i], who[j]), max(who[i], who[j])] += value[e]


@njit(cache=True)
def part(who: Codes, first: Codes, last: Codes, year: Codes, table: Array) -> None:
    """Undo `meet`: set to zero where it added."""
    for e in range(len(year)):
        cells = table[year[e]]
        for i in range(first[e], last[e]):
            for j in range(i + 1, last[e]):
                cells[min(who[i], who[j]), max(who[i], who[j])] = 0.0


def warm() -> None:
    """Compile for the types that randomisation uses."""
    ones, codes, start = np.ones(2), np.array([0, 1]), np.array([0, 2])
    shift(ones, codes, start, np.array([1]), np.empty(2))
    new = np.array([True, False])
    redraw(codes, np.array([0, 0]), new, start, codes.copy(), np.array([0.1, 0.2]), codes.copy())
    table, one, two = np.zeros((1, 2, 2)), np.array([0]), np.array([2])
    meet(codes, one, two, one, np.ones(1), table)
    part(codes, one, two, one, table)
