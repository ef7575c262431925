"""Least-squares residuals and sums of squares, each in one pass over rows; the same bytes on any number of threads."""

import numpy as np
from numba import njit

from detente.base.types import Array


@njit(cache=True, nogil=True)
def least_squares_residual(x: Array, y: Array, estimate: Array, residual: Array) -> None:
    """Put residuals y − xb into `residual` (N,), which may be y; x (N, K)."""
    rows, columns = x.shape
    for r in range(rows):
        row = x[r]
        left = y[r]
        for k in range(columns):
            left -= row[k] * estimate[k]
        residual[r] = left


@njit(cache=True, nogil=True)
def spread(x: Array) -> Array:
    """Sums of squares about zero (first row) and about the mean (second row) of each column of x (N, K), (2, K)."""
    rows, columns = x.shape
    out, first = np.zeros((2, columns)), x[0].copy()
    total, about = np.zeros(columns), np.zeros(columns)
    for r in range(rows):
        row = x[r]
        for k in range(columns):
            out[0, k] += row[k] * row[k]
            total[k] += row[k] - first[k]
            about[k] += (row[k] - first[k]) * (row[k] - first[k])
    for k in range(columns):
        out[1, k] = max(about[k] - total[k] * total[k] / rows, 0.0)
    return out


def warm() -> None:
    """Compile for the types that fits use."""
    x, y = np.array([[1.0], [2.0], [3.0], [5.0], [8.0]]), np.ones(5)
    least_squares_residual(x, y, np.ones(1), np.empty(5))
    spread(x)
