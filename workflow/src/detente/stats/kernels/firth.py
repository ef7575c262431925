"""Jeffreys-penalised logit, pooled or with an intercept for each group: two passes a step, O(n k²) each.

With groups, rows are sorted by them, group g from `start[g]` to `start[g + 1]`. The intercepts' part of the information
is diagonal, so that leverages need the information within groups only: h = w [1/W + (x − m)ᵀ S⁻¹ (x − m)],
w = p (1 − p), W and m the sum of w and the mean of x under w in the group. Without, blocks of rows are laid out column
by column, so that a processor's lanes are full whatever the number of columns, and of symmetric matrices one half is
summed. One thread and a fixed order of sums.
"""

import numpy as np

from detente.base.numerics import TINY
from detente.base.types import Array, Places
from detente.stats.kernels import compiled, inner

LANES = 4
# Rows at a time: their columns stay in the processor's nearest cache, and a product of so many numbers up to 2 is one.
BLOCK = 128
# Share of the intercept's information that its penalty must leave.
LEAST = 0.1


@compiled("(f8[:, ::1], f8[::1], i4[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1])")
def weigh(x: Array, y: Array, start: Places, beta: Array, intercepts: Array, p: Array, information: Array) -> float:
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
            _less(x[i], mean, row)
            _add_square(square, row, _weight(p[i]))
    information += square[:columns, :columns]
    return value


@compiled("(f8[:, ::1], f8[::1], i4[::1], f8[::1], f8[:, ::1], f8[:, ::1])")
def adjust(x: Array, y: Array, start: Places, p: Array, inverse: Array, rows: Array) -> Array:
    """Fill `rows` (2, n), leverages h and residuals y − p + h (½ − p); sums of residuals by group, (G,).

    `inverse` (k, k) of the information within groups.
    """
    columns = x.shape[1]
    width = columns + -columns % LANES
    mean, row, turned, padded = np.empty(width), np.zeros(width), np.empty(width), np.zeros((width, width))
    padded[:columns, :columns] = inverse
    out = np.zeros(len(start) - 1)
    for g in range(len(start) - 1):
        total = _mean(x, p, start[g], start[g + 1], mean)
        for i in range(start[g], start[g + 1]):
            _less(x[i], mean, row)
            h = _weight(p[i]) * (1.0 / total + _length(padded, row, turned))
            rows[0, i], rows[1, i] = h, y[i] - p[i] + h * (0.5 - p[i])
            out[g] += rows[1, i]
    return out


@compiled("(f8[:, ::1], i4[::1], f8[::1], f8[::1], b1, f8[:, ::1])")
def curvature(x: Array, start: Places, p: Array, leverage: Array, curved: bool, working: Array) -> Array:
    """Add to the `working` information within groups (k, k).

    It has weights w (1 + h): that of the likelihood in which each row stands beside h/2 events and h/2 others. If
    `curved`, the intercepts' part of the penalty, ½ log W, is differentiated twice instead, but in groups where that
    leaves the intercept no information.

    Returns (G, k + 1): by group the information of the intercept, and the x at which the intercept does not move with
    slopes.
    """
    columns = x.shape[1]
    width = columns + -columns % LANES
    square, mean, row = np.zeros((width, width)), np.empty(width), np.zeros(width)
    once, slope = np.zeros(width), np.zeros(width)
    out = np.zeros((len(start) - 1, columns + 1))
    for g in range(len(start) - 1):
        first, last, of = start[g], start[g + 1], out[g]
        total = _mean(x, p, first, last, mean)
        of[0] = _intercept(p, leverage, first, last, total, True) if curved else 0.0
        bends = of[0] > LEAST * total
        if not bends:
            of[0] = _intercept(p, leverage, first, last, total, False)
        once[:], slope[:] = 0.0, 0.0
        for i in range(first, last):
            _less(x[i], mean, row)
            weight = _row_weight(p[i], leverage[i], total, bends)
            bend = _weight(p[i]) * (1.0 - 2.0 * p[i]) / total if bends else 0.0
            for k in range(columns):
                once[k] += weight * row[k]
                slope[k] += bend * row[k]
            _add_square(square, row, weight)
        level = _level(p, first, last, total) if bends else 0.0
        for k in range(columns):
            once[k] += 0.5 * level * slope[k]
            of[k + 1] = mean[k] + once[k] / of[0]
        _add_square(square, slope, 0.5)
        _add_square(square, once, -1.0 / of[0])
    working += square[:columns, :columns]
    return out


@inner()
def _row_weight(p: float, h: float, total: float, bends: bool) -> float:
    """Weight of a row in the working information."""
    w = _weight(p)
    if not bends:
        return w * (1.0 + h)
    return w * (1.0 + h - w / total) - 0.5 * w * (1.0 - 6.0 * w) / total


@inner()
def _level(p: Array, first: int, last: int, total: float) -> float:
    """Derivative of log W in the intercept."""
    level = 0.0
    for i in range(first, last):
        level += _weight(p[i]) * (1.0 - 2.0 * p[i]) / total
    return level


@inner()
def _intercept(p: Array, h: Array, first: int, last: int, total: float, bends: bool) -> float:
    """Information of the intercept; if it `bends`, minus the second derivative of ½ log W in it."""
    information = 0.5 * _level(p, first, last, total) ** 2 if bends else 0.0
    for i in range(first, last):
        information += _row_weight(p[i], h[i], total, bends)
    return information


@inner()
def _less(x: Array, mean: Array, row: Array) -> None:
    for k in range(len(x)):
        row[k] = x[k] - mean[k]


@inner()
def _weight(p: float) -> float:
    return max(p * (1.0 - p), TINY)


@inner()
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


@inner()
def _add_square(square: Array, row: Array, weight: float) -> None:
    for k in range(len(row)):
        share, line = weight * row[k], square[k]
        for other in range(len(row)):
            line[other] += share * row[other]


@inner(fastmath={"reassoc"})
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


@compiled("(f8[:, ::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1])")
def weigh_rows(x: Array, y: Array, weights: Array, beta: Array, p: Array, information: Array) -> float:
    """Fill chances `p` (n,) at `beta` (k,), add XᵀWX to (k, k); the log-likelihood. `weights` (n,) or (0,)."""
    columns = x.shape[1]
    block, index, scaled, w = np.empty((columns, BLOCK)), np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    value = 0.0
    for first in range(0, len(x), BLOCK):
        count = min(BLOCK, len(x) - first)
        _turn(x, first, count, block)
        _combine(beta, block, count, index)
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


@compiled("(f8[:, ::1], f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1])")
def adjust_rows(x: Array, y: Array, weights: Array, p: Array, root: Array, rows: Array) -> Array:
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
            _combine(root[j, : j + 1], block, count, turned)
            for i in range(count):
                length[i] += turned[i] * turned[i]
        for i in range(count):
            r = first + i
            c = weights[r] if len(weights) > 0 else 1.0
            h = c * _weight(p[r]) * length[i]
            rows[0, r], rows[1, r] = h, c * (y[r] - p[r]) + h * (0.5 - p[r])
        for k in range(columns):
            score[k] += _dot(rows[1, first : first + count], block[k], count)
    return score


@inner()
def _turn(x: Array, first: int, count: int, block: Array) -> None:
    """Copy rows of x (n, k) into the columns of a block (k, B)."""
    for i in range(count):
        row = x[first + i]
        for k in range(len(row)):
            block[k, i] = row[k]


@inner()
def _combine(shares: Array, block: Array, count: int, out: Array) -> None:
    """Put the sum of lines of a block, times their shares, into `out`."""
    out[:] = 0.0
    for k in range(len(shares)):
        share, line = shares[k], block[k]
        for i in range(count):
            out[i] += share * line[i]


@inner()
def _risks(index: Array, y: Array, weights: Array, first: int, count: int, p: Array, w: Array) -> float:
    """Fill chances and the weights of rows in the information; the log-likelihood of a block."""
    weighted = len(weights) > 0
    value, product = 0.0, 1.0
    for i in range(count):
        r, eta = first + i, index[i]
        odds = np.exp(-abs(eta))
        p[r] = (1.0 if eta > 0.0 else odds) / (1.0 + odds)
        c = weights[r] if weighted else 1.0
        w[i] = c * _weight(p[r])
        value += c * (y[r] * eta if eta < 0.0 else (y[r] - 1.0) * eta)
        if weighted:
            value -= c * np.log1p(odds)
        else:
            product *= 1.0 + odds
    return float(value - np.log(product))


@inner(fastmath={"reassoc"})
def _dot(one: Array, other: Array, count: int) -> float:
    total = 0.0
    for i in range(count):
        total += one[i] * other[i]
    return total
