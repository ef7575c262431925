"""Nearest controls of each focal cell: those no farther than the wanted number, of all of its group."""

import numpy as np

from detente.base.types import Array, Codes
from detente.stats.kernels import compiled, inner

# Controls that caches hold while coordinates are added up, and those of which the nearest is found at once.
TOGETHER, RUN = 2048, 16


@compiled("(f8[::1], i8, f8, f8[::1])")
def farthest(apart: Array, size: int, caliper: float, least: Array) -> float:
    """Distance up to which controls at distances `apart` (n,) are chosen; `least` (size + 1,) is room for the nearest.

    The caliper if no more than `size` lie within it; else that of the last of `size`, or, where it ties with the next,
    of both.
    """
    held, inside = 0, 0
    for d in apart:
        if d > caliper:
            continue
        inside += 1
        if held > size and d >= least[size]:
            continue
        place = min(held, size)
        while place > 0 and least[place - 1] > d:
            least[place] = least[place - 1]
            place -= 1
        least[place] = d
        held = min(held + 1, size + 1)
    return least[size - 1] if inside > size else caliper


@compiled("(f8[::1], i8, f8[::1])")
def smallest(far: Array, size: int, least: Array) -> float:
    """The last of so many smallest numbers of `far` (n,), for which `least` (size,) is room."""
    least[:] = np.inf
    for d in far:
        if d < least[size - 1]:
            place = size - 1
            while place > 0 and least[place - 1] > d:
                least[place] = least[place - 1]
                place -= 1
            least[place] = d
    return float(least[size - 1])


@inner()
def _add_squares(own: Array, columns: Array, first: int, squares: Array) -> None:
    """Add squares of distances (s,) of controls (p, n) from a cell (p,), from the `first` of these on."""
    for k in range(len(own)):
        at, column = own[k], columns[k, first : first + len(squares)]
        for j in range(len(squares)):
            d = column[j] - at
            squares[j] += d * d


@inner(fastmath={"nnan", "nsz"})
def _lowest(squares: Array, lowest: Array) -> None:
    """The lowest of each run of numbers."""
    for r in range(len(lowest)):
        run, least = squares[RUN * r : RUN * (r + 1)], np.inf
        for j in range(len(run)):
            least = min(least, run[j])
        lowest[r] = least


@inner()
def _distance(square: float, step: float) -> float:
    root = np.sqrt(square)
    return float(np.floor(root / step + 0.5) if step > 0 else root)


@compiled("(f8[:, ::1], f8[:, ::1], i8, f8, f8)")
def nearest(focal: Array, columns: Array, size: int, caliper: float, step: float) -> tuple[Codes, Codes]:
    """How many controls are chosen for each of m focal cells, (m,), and which, one cell after the other.

    focal (m, p); `columns` (p, n) of the controls; `step` of distances that count as the same, in which they are taken;
    `caliper` in these where there is one. Distances are compared of runs of controls of which one may be chosen.
    """
    n = columns.shape[1]
    squares, lowest = np.empty(n), np.empty((n + RUN - 1) // RUN)
    apart, least, some = np.empty(n), np.empty(size + 1), np.empty(n, np.int64)
    count, chosen, at = np.zeros(len(focal), np.int64), np.empty(max(len(focal) * size, 1), np.int64), 0
    for i in range(len(focal)):
        squares[:] = 0.0
        for first in range(0, n, TOGETHER):
            _add_squares(focal[i], columns, first, squares[first : first + TOGETHER])
        _lowest(squares, lowest)
        reach, held = _distance(smallest(lowest, size + 1, least), step), 0
        for r in range(len(lowest)):
            if _distance(lowest[r], step) > reach:
                continue
            for j in range(RUN * r, min(RUN * (r + 1), n)):
                some[held], apart[held] = j, _distance(squares[j], step)
                held += 1
        limit = farthest(apart[:held], size, caliper, least)
        if at + held > len(chosen):
            larger = np.empty(2 * len(chosen) + n, np.int64)
            larger[:at] = chosen[:at]
            chosen = larger
        for j in range(held):
            if apart[j] <= limit:
                chosen[at] = some[j]
                at += 1
                count[i] += 1
    return count, chosen[:at]
