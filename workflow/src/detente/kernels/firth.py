"""Jeffreys-penalised logit with an intercept for each group: what a step needs, in two passes of O(N k²).

Rows are sorted by group, group g from `start[g]` to `start[g + 1]`. The intercepts' part of the information is
diagonal, so that leverages need the information within groups only: h = w [1/W + (x − m)ᵀ S⁻¹ (x − m)], w = p (1 − p),
W and m the sum of w and the mean of x under w in the group. One thread and a fixed order of sums.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.floating[Any]]
Codes = npt.NDArray[np.int32]
LANES = 4
SMALLEST = 1e-300


@njit(cache=True)
def weigh(x: Array, y: Array, start: Codes, beta: Array, intercepts: Array, p: Array, information: Array) -> float:
    """Fill chances `p` (n,) at `beta` (k,) and `intercepts` (G,), add the information within groups to (k, k).

    Returns the log-likelihood and half the logarithm of the intercepts' part of the determinant.
    """
    columns = x.shape[1]
    width = columns + -columns % LANES
    square, mean, row = np.zeros((width, width)), np.empty(width), np.zeros(width)
    value = 0.0
    for g in range(len(start) - 1):
        for i in range(start[g], start[g + 1]):
            eta = intercepts[g]
            for k in range(columns):
                eta += x[i, k] * beta[k]
            odds = np.exp(-abs(eta))
            p[i] = (1.0 if eta > 0.0 else odds) / (1.0 + odds)
            value += (y[i] * eta if eta < 0.0 else (y[i] - 1.0) * eta) - np.log1p(odds)
        value += 0.5 * np.log(_mean(x, p, start[g], start[g + 1], mean))
        for i in range(start[g], start[g + 1]):
            for k in range(columns):
                row[k] = x[i, k] - mean[k]
            _add_square(square, row, _weight(p[i]))
    information += square[:columns, :columns]
    return value


@njit(cache=True)
def adjust(x: Array, y: Array, start: Codes, p: Array, inverse: Array, rows: Array, working: Array) -> Array:
    """Fill `rows` (2, n), leverages h and residuals y − p + h (½ − p), and add to the `working` information (k, k).

    The working information has weights w (1 + h): that of the likelihood in which each row stands beside h/2 events
    and h/2 others. `inverse` (k, k) of the information within groups.

    Returns
    -------
    (G, k + 2): sums by group of residuals and of the working weights, and means of x under these.
    """
    columns, groups = x.shape[1], len(start) - 1
    width = columns + -columns % LANES
    square, mean, row, turned = np.zeros((width, width)), np.empty(width), np.zeros(width), np.empty(width)
    padded = np.zeros((width, width))
    padded[:columns, :columns] = inverse
    out = np.zeros((groups, columns + 2))
    for g in range(groups):
        total, of = _mean(x, p, start[g], start[g + 1], mean), out[g]
        for i in range(start[g], start[g + 1]):
            for k in range(columns):
                row[k] = x[i, k] - mean[k]
            h = _weight(p[i]) * (1.0 / total + _length(padded, row, turned))
            rows[0, i], rows[1, i] = h, y[i] - p[i] + h * (0.5 - p[i])
            of[0] += rows[1, i]
            of[1] += _weight(p[i]) * (1.0 + h)
            for k in range(columns):
                of[k + 2] += _weight(p[i]) * (1.0 + h) * x[i, k]
        for k in range(columns):
            of[k + 2] /= of[1]
        for i in range(start[g], start[g + 1]):
            for k in range(columns):
                row[k] = x[i, k] - of[k + 2]
            _add_square(square, row, _weight(p[i]) * (1.0 + rows[0, i]))
    working += square[:columns, :columns]
    return out


@njit(cache=True)
def _weight(p: float) -> float:
    return max(p * (1.0 - p), SMALLEST)


@njit(cache=True)
def _mean(x: Array, p: Array, first: int, last: int, mean: Array) -> float:
    """Fill the mean (k,) of rows under the weights p (1 − p); the sum of the weights."""
    mean[:] = 0.0
    total = 0.0
    for i in range(first, last):
        total += _weight(p[i])
        for k in range(x.shape[1]):
            mean[k] += _weight(p[i]) * x[i, k]
    for k in range(x.shape[1]):
        mean[k] /= total
    return total


@njit(cache=True)
def _add_square(square: Array, row: Array, weight: float) -> None:
    for k in range(len(row)):
        share, line = weight * row[k], square[k]
        for other in range(len(row)):
            line[other] += share * row[other]


@njit(cache=True)
def _length(square: Array, row: Array, turned: Array) -> float:
    """The quadratic form of a row."""
    turned[:] = 0.0
    for k in range(len(row)):
        share, line = row[k], square[k]
        for other in range(len(row)):
            turned[other] += share * line[other]
    total = 0.0
    for k in range(len(row)):
        total += turned[k] * row[k]
    return total


def warm() -> None:
    """Compile for the types that fits use."""
    x, y = np.array([[1.0], [2.0], [4.0], [0.0], [9.0]]), np.array([0.0, 1.0, 0.0, 1.0, 0.0])
    start, p, one = np.array([0, 3, 5], dtype=np.int32), np.empty(5), np.zeros((1, 1))
    weigh(x, y, start, np.zeros(1), np.zeros(2), p, one)
    adjust(x, y, start, p, np.ones((1, 1)), np.empty((2, 5)), one)
