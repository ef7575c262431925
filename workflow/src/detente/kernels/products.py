"""Sums of products over rows in one pass, and least-squares scores in another; the same bytes on any number of threads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.float64]


@njit(cache=True)
def cross(x: Array, y: Array, weights: Array) -> tuple[Array, Array]:
    """XᵀWX (K, K) and XᵀWy (K,) of x (N, K), y (N,), and weights (N,), or (0,) for none."""
    rows, columns = x.shape
    out, with_y = np.zeros((columns, columns)), np.zeros(columns)
    weighted = len(weights) > 0
    whole = rows - rows % 4
    for r in range(0, whole, 4):
        p, q, s, t = x[r], x[r + 1], x[r + 2], x[r + 3]
        wp, wq, ws, wt = 1.0, 1.0, 1.0, 1.0
        if weighted:
            wp, wq, ws, wt = weights[r], weights[r + 1], weights[r + 2], weights[r + 3]
        for i in range(columns):
            a, b, c, d = wp * p[i], wq * q[i], ws * s[i], wt * t[i]
            row = out[i]
            for j in range(columns):
                row[j] += a * p[j] + b * q[j] + c * s[j] + d * t[j]
            with_y[i] += a * y[r] + b * y[r + 1] + c * y[r + 2] + d * y[r + 3]
    for r in range(whole, rows):
        w = weights[r] if weighted else 1.0
        for i in range(columns):
            for j in range(columns):
                out[i, j] += w * x[r, i] * x[r, j]
            with_y[i] += w * x[r, i] * y[r]
    return out, with_y


@njit(cache=True)
def least_squares_scores(x: Array, y: Array, estimate: Array) -> tuple[Array, Array]:
    """Residuals y − xb (N,), and x times them (N, K)."""
    rows, columns = x.shape
    scores, residual = np.empty((rows, columns)), np.empty(rows)
    for r in range(rows):
        row, score = x[r], scores[r]
        left = y[r]
        for k in range(columns):
            left -= row[k] * estimate[k]
        residual[r] = left
        for k in range(columns):
            score[k] = row[k] * left
    return residual, scores


@njit(cache=True)
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
    cross(x, y, np.empty(0))
    least_squares_scores(x, y, np.ones(1))
    spread(x)
