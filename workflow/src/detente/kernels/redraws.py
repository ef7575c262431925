"""Least squares for many outcomes of the same rows: products and score totals, in one pass over rows each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.floating[Any]]
Codes = npt.NDArray[np.int64]


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
    x: Array, y: Array, estimate: Array, dyad: Codes, year: Codes, dyads: int, years: int
) -> tuple[Array, Array, Array, float]:
    """Totals of the scores x(y − xb) of least squares.

    Parameters
    ----------
    x, y
        (N, K) and (N,), within effects; `dyad`, `year` (N,) the groups of rows, `dyads`, `years` how many there are.

    Returns
    -------
    Totals by dyad (D, K) and by year (T, K), cross-products of the rows' scores (K, K), the sum of squared residuals.
    """
    columns = x.shape[1]
    by_dyad, by_year = np.zeros((dyads, columns)), np.zeros((years, columns))
    alone, score = np.zeros((columns, columns)), np.empty(columns)
    squares = 0.0
    for r in range(len(y)):
        row, left = x[r], y[r]
        for k in range(columns):
            left -= row[k] * estimate[k]
        squares += left * left
        of_dyad, of_year = by_dyad[dyad[r]], by_year[year[r]]
        for k in range(columns):
            score[k] = row[k] * left
            of_dyad[k] += score[k]
            of_year[k] += score[k]
            for j in range(k + 1):
                alone[k, j] += score[k] * score[j]
    for k in range(columns):
        for j in range(k):
            alone[j, k] = alone[k, j]
    return by_dyad, by_year, alone, squares


def warm() -> None:
    """Compile for the types that refits use."""
    x, codes = np.ones((2, 1)), np.zeros(2, dtype=np.int64)
    project(x, np.ones((2, 1)))
    project(x.astype(np.float32), np.ones((2, 1)))
    score_totals(x, np.ones(2), np.ones(1), codes, codes, 1, 1)
