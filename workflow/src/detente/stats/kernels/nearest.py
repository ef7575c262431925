"""Nearest controls of each focal cell: distances to all of a group's, and those no farther than the wanted number."""

import numpy as np

from detente.base.types import Array, Codes
from detente.stats.kernels import compiled


@compiled("(f8[::1], f8[:, ::1], f8, f8[::1])")
def distances(own: Array, controls: Array, step: float, apart: Array) -> None:
    """Put distances of controls (p, n) from coordinates (p,) into `apart` (n,), in whole steps if step > 0."""
    apart[:] = 0.0
    for k in range(len(own)):
        column = controls[k]
        for j in range(len(apart)):
            d = column[j] - own[k]
            apart[j] += d * d
    for j in range(len(apart)):
        apart[j] = np.sqrt(apart[j])
    if step > 0:
        for j in range(len(apart)):
            apart[j] = np.floor(apart[j] / step + 0.5)


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


@compiled("(f8[:, ::1], f8[:, ::1], i8, f8, f8)")
def nearest(focal: Array, controls: Array, size: int, caliper: float, step: float) -> tuple[Codes, Codes]:
    """How many controls are chosen for each of m focal cells, (m,), and which, one cell after the other.

    focal (m, p); controls (p, n), one row per coordinate; `step` of distances that count as the same.
    """
    n = controls.shape[1]
    apart, least = np.empty(n), np.empty(size + 1)
    count, chosen, at = np.zeros(len(focal), np.int64), np.empty(max(len(focal) * size, 1), np.int64), 0
    for i in range(len(focal)):
        distances(focal[i], controls, step, apart)
        limit = farthest(apart, size, caliper, least)
        for j in range(n):
            if apart[j] <= limit:
                if at == len(chosen):
                    larger = np.empty(2 * len(chosen) + n, np.int64)
                    larger[:at] = chosen
                    chosen = larger
                chosen[at] = j
                at += 1
                count[i] += 1
    return count, chosen[:at]
