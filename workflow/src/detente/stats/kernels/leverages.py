"""Adjustment of score totals for leverage, by the binomial series."""

import numpy as np

from detente.base.numerics import LEAST_TERM
from detente.base.types import Array, Flags
from detente.stats.kernels import compiled, inner


@inner()
def _times(matrix: Array, vector: Array, out: Array) -> None:
    for i in range(len(out)):
        out[i] = 0.0
        for j in range(len(vector)):
            out[i] += matrix[i, j] * vector[j]


@compiled("(f8[:, :, ::1], f8[:, ::1], f8[:, ::1], f8, f8[:, ::1])")
def by_series(products: Array, bread: Array, totals: Array, most: float, out: Array) -> Flags:
    """Put (I − SM)^(−½)u of each group into `out` (G, k) where the trace of SM is at most `most`; whether it is, (G,).

    S `products` (G, k, k) of groups, M `bread` (k, k), u `totals` (G, k). (1 − a)^(−½) = 1 + a/2 + 3a²/8 + …, whose
    terms fall as fast as the powers of the trace, since no eigenvalue of SM is larger.
    """
    k = len(bread)
    term, moved, small = np.empty(k), np.empty(k), np.zeros(len(totals), dtype=np.bool_)
    for g in range(len(totals)):
        own, trace = products[g], 0.0
        for i in range(k):
            for j in range(k):
                trace += own[i, j] * bread[i, j]
        if trace > most:
            continue
        small[g] = True
        term[:], out[g] = totals[g], totals[g]
        n, share, left = 1, 1.0, trace
        while left > LEAST_TERM:
            _times(bread, term, moved)
            _times(own, moved, term)
            share *= (2 * n - 1) / (2 * n)
            for i in range(k):
                out[g, i] += share * term[i]
            n, left = n + 1, left * trace
    return small
