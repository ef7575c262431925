"""Exact conditional logit, group by group: the events of a group as a chain of draws without replacement.

Rows are sorted by group, group g from `start[g]` to `start[g + 1]`. Given that T rows with odds w hold m events, row t
is one with chance p = w e(j − 1) / (e(j) + w e(j − 1)), where j events are still to come and e are the elementary
symmetric functions of the odds of the rows after it. The chances need ratios of these functions only, which are
positive sums: nothing overflows and nothing cancels. What a row adds to the variance of the sum of regressors over
events is then p (1 − p) d dᵀ, d the difference that an event in it makes to the expected sum: the information is a sum
of squares, in O(T m k²). One thread and a fixed order of sums.
"""

import numpy as np

from detente.base.types import Array, Places
from detente.stats.kernels import compiled, inner

# Spread of log odds in a group above which ratios of their symmetric functions are kept as logarithms.
WIDE = 300.0
# Numbers that a processor works on at once: rows are filled up with zeros to a multiple of it.
LANES = 4


@compiled("(f8[::1], f8[::1], i4[::1])")
def extremes(index: Array, y: Array, start: Places) -> tuple[Places, Places, Places, Places]:
    """Rows of each group, (G,) each: least and largest `index` (n,) of an event, least and largest of the others."""
    groups = len(start) - 1
    out = np.full((4, groups), -1, np.int32)
    for g in range(groups):
        for i in range(start[g], start[g + 1]):
            low, high = (0, 1) if y[i] == 1.0 else (2, 3)
            if out[low, g] < 0 or index[i] < index[out[low, g]]:
                out[low, g] = i
            if out[high, g] < 0 or index[i] > index[out[high, g]]:
                out[high, g] = i
    return out[0], out[1], out[2], out[3]


@compiled("(f8[:, ::1], f8[::1], i4[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1])")
def evaluate(
    x: Array, y: Array, start: Places, beta: Array, expected: Array, gradient: Array, information: Array
) -> float:
    """Conditional log-likelihood of x (n, k), y (n,) of 0 and 1 at `beta` (k,).

    Fills `expected` (n,), the chance of an event given the number of events in the group, adds to `gradient` (k,) and
    to `information` (k, k), minus the Hessian.
    """
    longest, table, most = _sizes(y, start)
    columns = x.shape[1]
    width = columns + -columns % LANES
    block, square = np.zeros((longest, width)), np.zeros((width, width))
    eta, ratio = np.empty(longest), np.empty(most + 1)
    chances, masses = np.empty(table), np.empty(table)
    value, sums, move = np.empty((most + 1, width)), np.empty(most + 1), np.empty(width)
    total = 0.0
    for g in range(len(start) - 1):
        low, rows = start[g], start[g + 1] - start[g]
        events = int(y[low : low + rows].sum())
        # The rarer outcome is drawn: odds of the other are inverse.
        flip = 2 * events > rows
        m = rows - events if flip else events
        least, largest = _read(x[low : low + rows], beta, -1.0 if flip else 1.0, block, eta)
        for t in range(rows):
            if (y[low + t] == 1.0) != flip:
                total += eta[t]
        chance = chances[: rows * (m + 1)].reshape(rows, m + 1)
        mass = masses[: rows * (m + 1)].reshape(rows, m + 1)
        if largest - least < WIDE:
            total -= m * largest + _draw(eta[:rows], largest, m, ratio, chance)
        else:
            total -= _draw_in_logs(eta[:rows], m, ratio, chance)
        _pass_on(chance, m, sums, mass, expected[low : low + rows])
        if flip:
            for t in range(rows):
                expected[low + t] = 1.0 - expected[low + t]
        _add(block[:rows], chance, mass, m, value, move, square)
        for t in range(rows):
            left = y[low + t] - expected[low + t]
            for k in range(columns):
                gradient[k] += left * block[t, k]
    information += square[:columns, :columns]
    return total


@inner()
def _read(x: Array, beta: Array, sign: float, block: Array, eta: Array) -> tuple[float, float]:
    """Copy the rows of a group (T, k) into `block`, their log odds into `eta`; the least and the largest of these."""
    rows, columns = x.shape
    least, largest = np.inf, -np.inf
    for t in range(rows):
        index = 0.0
        for k in range(columns):
            block[t, k] = x[t, k]
            index += block[t, k] * beta[k]
        eta[t] = sign * index
        least, largest = min(least, eta[t]), max(largest, eta[t])
    return least, largest


@inner()
def _sizes(y: Array, start: Places) -> tuple[int, int, int]:
    """Most rows of a group, most cells of its table of chances, most draws."""
    longest, table, most = 0, 0, 0
    for g in range(len(start) - 1):
        rows, events = start[g + 1] - start[g], 0
        for i in range(start[g], start[g + 1]):
            events += int(y[i])
        m = min(events, rows - events)
        longest, most, table = max(longest, rows), max(most, m), max(table, rows * (m + 1))
    return longest, table, most


@inner()
def _draw(eta: Array, largest: float, m: int, ratio: Array, chance: Array) -> float:
    """Fill `chance` (T, m + 1) of a draw in row t with j to come; log of e(m), odds relative to the largest."""
    rows = len(eta)
    ratio[: m + 1] = 0.0
    for t in range(rows - 1, -1, -1):
        odds = np.exp(eta[t] - largest)
        stay = 1.0
        for j in range(1, min(m, rows - t) + 1):
            both = ratio[j] + odds
            here = ratio[j] / both
            chance[t, j] = odds / both
            ratio[j] = both * stay
            stay = here
    return float(np.log(ratio[1 : m + 1]).sum())


@inner()
def _draw_in_logs(eta: Array, m: int, ratio: Array, chance: Array) -> float:
    """The same with logarithms of the ratios; log of e(m)."""
    rows = len(eta)
    ratio[: m + 1] = -np.inf
    for t in range(rows - 1, -1, -1):
        stay = 0.0
        for j in range(1, min(m, rows - t) + 1):
            high, low = max(ratio[j], eta[t]), min(ratio[j], eta[t])
            both = high + np.log1p(np.exp(low - high))
            here = ratio[j] - both
            chance[t, j] = np.exp(eta[t] - both)
            ratio[j] = both + stay
            stay = here
    return float(ratio[1 : m + 1].sum())


@inner()
def _pass_on(chance: Array, m: int, sums: Array, mass: Array, expected: Array) -> None:
    """Fill `expected` (T,) and the variances `mass` (T, m + 1) of a draw in row t with j to come, first row first."""
    rows = len(chance)
    sums[: m + 1] = 0.0
    sums[m] = 1.0
    for t in range(rows):
        drawn = 0.0
        for j in range(max(1, m - t), min(m, rows - t) + 1):
            p, reached = chance[t, j], sums[j]
            moved = reached * p
            drawn += moved
            mass[t, j] = moved * (1.0 - p)
            sums[j] = reached - moved
            sums[j - 1] += moved
        expected[t] = drawn


@inner()
def _add(x: Array, chance: Array, mass: Array, m: int, value: Array, move: Array, information: Array) -> None:
    """Add the variance of the sum of regressors over draws; `value` (m + 1, k) expected sums with j to come."""
    rows, columns = x.shape
    value[: m + 1] = 0.0
    for t in range(rows - 1, -1, -1):
        row = x[t]
        for j in range(min(m, rows - t), max(1, m - t) - 1, -1):
            p, variance = chance[t, j], mass[t, j]
            this, fewer = value[j], value[j - 1]
            for k in range(columns):
                move[k] = row[k] + fewer[k] - this[k]
                this[k] += p * move[k]
            if variance > 0.0:
                for k in range(columns):
                    share, line = variance * move[k], information[k]
                    for other in range(columns):
                        line[other] += share * move[other]
