"""Nearest controls of each focal cell: those no farther than the wanted number, of all of its group.

Products of coordinates tell roughly how far all controls are. Distances are taken of those alone that may be chosen.
"""

import numpy as np

from detente.base.numerics import SCREENED
from detente.base.types import Array, Codes
from detente.stats.kernels import compiled

# Numbers in a block of rough distances, which caches hold.
BLOCK = 500_000


@compiled("(f8[::1], f8[:, ::1], i8[::1], f8, f8[::1])")
def distances(own: Array, controls: Array, some: Codes, step: float, apart: Array) -> None:
    """Put distances of `some` (s,) controls (n, p) from a cell (p,) into `apart` (s,), in whole steps if step > 0."""
    for i in range(len(some)):
        total = 0.0
        for k in range(len(own)):
            d = controls[some[i], k] - own[k]
            total += d * d
        apart[i] = np.floor(np.sqrt(total) / step + 0.5) if step > 0 else np.sqrt(total)


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
def smallest(rough: Array, size: int, least: Array) -> float:
    """The last of so many smallest numbers of `rough` (n,), for which `least` (size,) is room."""
    least[:] = np.inf
    for d in rough:
        if d < least[size - 1]:
            place = size - 1
            while place > 0 and least[place - 1] > d:
                least[place] = least[place - 1]
                place -= 1
            least[place] = d
    return float(least[size - 1])


@compiled("(f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[::1], i8, f8, f8)")
def among(
    focal: Array, controls: Array, rough: Array, slack: Array, size: int, caliper: float, step: float
) -> tuple[Codes, Codes]:
    """As `nearest`, with squares of distances (m, n) that are known but for a `slack` (m,)."""
    n = len(controls)
    apart, least, some = np.empty(n), np.empty(size + 1), np.empty(n, np.int64)
    count, chosen, at = np.zeros(len(focal), np.int64), np.empty(max(len(focal) * size, 1), np.int64), 0
    for i in range(len(focal)):
        last = smallest(rough[i], size + 1, least)
        reach = (np.sqrt(max(last, 0.0) + slack[i]) + step) ** 2 + slack[i]
        held = 0
        for j in range(n):
            if rough[i, j] <= reach:
                some[held] = j
                held += 1
        distances(focal[i], controls, some[:held], step, apart[:held])
        limit = farthest(apart[:held], size, caliper, least)
        for j in range(held):
            if apart[j] <= limit:
                if at == len(chosen):
                    larger = np.empty(2 * len(chosen) + n, np.int64)
                    larger[:at] = chosen
                    chosen = larger
                chosen[at] = some[j]
                at += 1
                count[i] += 1
    return count, chosen[:at]


def nearest(focal: Array, controls: Array, size: int, caliper: float, step: float) -> tuple[Codes, Codes]:
    """How many controls are chosen for each of m focal cells, (m,), and which, one cell after the other.

    focal (m, p); controls (n, p); `step` of distances that count as the same; `caliper` in these where they are.
    """
    if len(controls) <= size and np.isinf(caliper):
        return np.full(len(focal), len(controls)), np.tile(np.arange(len(controls)), len(focal))
    x, c = np.ascontiguousarray(focal), np.ascontiguousarray(controls)
    own, lengths = (np.einsum("ij,ij->i", of, of) for of in (x, c))
    # One product is the square of a distance: |x|² − 2 x·c + |c|².
    left = np.column_stack([x, own, np.ones(len(x))])
    right = np.vstack([-2 * c.T, np.ones(len(c)), lengths])
    slack = SCREENED * (own + lengths.max())
    parts = []
    for first in range(0, len(x), rows := max(BLOCK // len(c), 1)):
        some = slice(first, first + rows)
        parts.append(among(x[some], c, left[some] @ right, slack[some], size, caliper, step))
    counts, chosen = (np.concatenate(part) for part in zip(*parts, strict=True))
    return counts, chosen
