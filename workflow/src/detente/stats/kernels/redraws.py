"""Least squares for many outcomes of the same rows: products and score totals, in one pass over rows each."""

import numpy as np
from numba import njit

from detente.base.types import Array, Codes


@njit(cache=True)
def project(x: Array, outcomes: Array) -> Array:
    """Products (B, K) of the columns of `outcomes` (N, B) with those of x (N, K), outcomes of zero passed over."""
    out = np.zeros((outcomes.shape[1], x.shape[1]))
    for r in range(len(x)):
        row = x[r]
        for b in range(outcomes.shape[1]):
            y = outcomes[r, b]
            if y != 0.0:
                sums = out[b]
                for k in range(len(row)):
                    sums[k] += y * row[k]
    return out


@njit(cache=True)
def score_totals(
    x: Array, y: Array, estimates: Array, dyad: Codes, year: Codes, dyads: int, years: int
) -> tuple[Array, Array, Array, Array]:
    """Totals of the scores x(y − xb) of least squares, for B outcomes at once.

    `x`, `y`: (N, K) and (N, B), within effects; `estimates` (K, B) of each outcome; `dyad`, `year` (N,) the groups of
    rows, `dyads`, `years` how many there are.
    Returns totals by dyad (D, K, B) and by year (T, K, B); cross-products of the rows' scores (K, K, B), the lower
    triangle; sums of squared residuals (B,).
    """
    columns, count = estimates.shape
    by_dyad, by_year = np.zeros((dyads, columns, count)), np.zeros((years, columns, count))
    alone, squares = np.zeros((columns, columns, count)), np.zeros(count)
    left, square = np.empty(count), np.empty(count)
    for r in range(len(y)):
        row, outcome = x[r], y[r]
        for b in range(count):
            left[b] = outcome[b]
        for k in range(columns):
            of, value = estimates[k], row[k]
            for b in range(count):
                left[b] -= value * of[b]
        for b in range(count):
            square[b] = left[b] * left[b]
            squares[b] += square[b]
        for k in range(columns):
            of_dyad, of_year, value = by_dyad[dyad[r], k], by_year[year[r], k], row[k]
            for b in range(count):
                of_dyad[b] += value * left[b]
                of_year[b] += value * left[b]
            for j in range(k + 1):
                both, product = alone[k, j], value * row[j]
                for b in range(count):
                    both[b] += product * square[b]
    return by_dyad, by_year, alone, squares


def warm() -> None:
    """Compile for the types that refits use."""
    x, codes = np.ones((2, 1)), np.zeros(2, dtype=np.int64)
    project(x, np.ones((2, 1)))
    project(x.astype(np.float32), np.ones((2, 1)))
    score_totals(x, np.ones((2, 1)), np.ones((1, 1)), codes, codes, 1, 1)
