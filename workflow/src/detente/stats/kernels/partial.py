"""Treatments put in the place of a model's own: their products with outcomes, dyad by dyad, controls taken out."""

import numpy as np

from detente.base.types import Array, Codes
from detente.stats.kernels import compiled


@compiled("(f8[:, ::1], f8[:, ::1], i8[::1], f8[:, ::1], i8[::1], f8[:, :, ::1])")
def by_dyad(columns: Array, x: Array, controls: Codes, shares: Array, dyad: Codes, sums: Array) -> None:
    """Take controls out of treatments and outcomes, and add squares of the former, and products of both, to `sums`.

    Within fixed effects: `columns` (N, K + q), K treatments and then q outcomes; x (N, p), of which `controls` (m,) are
    columns; `shares` (m, K + q) of these in `columns`; dyad (N,) numbers from 0. `sums` (G, 1 + q, K) by dyad, of
    squares first, are zeros.
    """
    rows, width = columns.shape
    draws = sums.shape[2]
    left = np.empty(width)
    for r in range(rows):
        row, of = x[r], sums[dyad[r]]
        left[:] = columns[r]
        for j in range(len(controls)):
            value, share = row[controls[j]], shares[j]
            for k in range(width):
                left[k] -= value * share[k]
        for k in range(draws):
            of[0, k] += left[k] * left[k]
        for o in range(1, sums.shape[1]):
            aim, product = left[draws + o - 1], of[o]
            for k in range(draws):
                product[k] += left[k] * aim
