"""Jeffreys-penalised logit without groups: two passes a step over blocks of rows, laid out column by column.

Sums over a block run along its columns, so that a processor's lanes are full whatever the number of columns, and of
symmetric matrices one half is summed. One thread and a fixed order of sums.
"""

import numpy as np
from numba import njit

from detente.base.types import Array

# Rows at a time: their columns stay in the processor's nearest cache, and a product of so many numbers up to 2 is one.
BLOCK = 128
SMALLEST = 1e-300


@njit(cache=True)
def weigh(x: Array, y: Array, weights: Array, beta: Array, p: Array, information: Array) -> float:
    """Fill chances `p` (n,) at `beta` (k,), add XᵀWX to (k, k); the log-likelihood. `weights` (n,) or (0,)."""
    columns = x.shape[1]
    block, index, scaled, w = np.empty((columns, BLOCK)), np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    value = 0.0
    for first in range(0, len(x), BLOCK):
        count = min(BLOCK, len(x) - first)
        _turn(x, first, count, block)
        _combine(beta, block, 0, count, index)
        value += _risks(index, y, weights, first, count, p, w)
        for a in range(columns):
            line = block[a]
            for i in range(count):
                scaled[i] = w[i] * line[i]
            for b in range(a + 1):
                information[a, b] += _dot(scaled, block[b], count)
    for a in range(columns):
        for b in range(a):
            information[b, a] = information[a, b]
    return value


@njit(cache=True)
def adjust(x: Array, y: Array, weights: Array, p: Array, root: Array, rows: Array) -> Array:
    """Fill `rows` (2, n), leverages h and residuals y − p + h (½ − p), both times weights; the adjusted score (k,).

    `root` (k, k), lower triangular: its transpose times it is the inverse information.
    """
    columns = x.shape[1]
    block, turned, length = np.empty((columns, BLOCK)), np.empty(BLOCK), np.empty(BLOCK)
    score = np.zeros(columns)
    for first in range(0, len(x), BLOCK):
        count = min(BLOCK, len(x) - first)
        _turn(x, first, count, block)
        length[:] = 0.0
        for j in range(columns):
            _combine(root[j, : j + 1], block, 0, count, turned)
            for i in range(count):
                length[i] += turned[i] * turned[i]
        for i in range(count):
            r = first + i
            c = weights[r] if len(weights) > 0 else 1.0
            h = c * max(p[r] * (1.0 - p[r]), SMALLEST) * length[i]
            rows[0, r], rows[1, r] = h, c * (y[r] - p[r]) + h * (0.5 - p[r])
        for k in range(columns):
            score[k] += _dot(rows[1, first : first + count], block[k], count)
    return score


@njit(cache=True)
def _turn(x: Array, first: int, count: int, block: Array) -> None:
    """Copy rows of x (n, k) into the columns of a block (k, B)."""
    for i in range(count):
        row = x[first + i]
        for k in range(len(row)):
            block[k, i] = row[k]


@njit(cache=True)
def _combine(shares: Array, block: Array, start: int, count: int, out: Array) -> None:
    """Put the sum of lines of a block, times their shares, into `out`."""
    out[:] = 0.0
    for k in range(len(shares)):
        share, line = shares[k], block[start + k]
        for i in range(count):
            out[i] += share * line[i]


@njit(cache=True)
def _risks(index: Array, y: Array, weights: Array, first: int, count: int, p: Array, w: Array) -> float:
    """Fill chances and the weights of rows in the information; the log-likelihood of a block."""
    weighted = len(weights) > 0
    value, product = 0.0, 1.0
    for i in range(count):
        r, eta = first + i, index[i]
        odds = np.exp(-abs(eta))
        p[r] = (1.0 if eta > 0.0 else odds) / (1.0 + odds)
        c = weights[r] if weighted else 1.0
        w[i] = c * max(p[r] * (1.0 - p[r]), SMALLEST)
        value += c * (y[r] * eta if eta < 0.0 else (y[r] - 1.0) * eta)
        if weighted:
            value -= c * np.log1p(odds)
        else:
            product *= 1.0 + odds
    return float(value - np.log(product))


@njit(cache=True, fastmath={"reassoc"})
def _dot(one: Array, other: Array, count: int) -> float:
    total = 0.0
    for i in range(count):
        total += one[i] * other[i]
    return total


def warm() -> None:
    """Compile for the types that fits use."""
    x, y, p, one = np.array([[1.0], [2.0]]), np.array([0.0, 1.0]), np.empty(2), np.zeros((1, 1))
    weigh(x, y, np.empty(0), np.zeros(1), p, one)
    adjust(x, y, np.empty(0), p, np.ones((1, 1)), np.empty((2, 2)))
