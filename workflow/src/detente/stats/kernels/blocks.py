"""Sums over a block of rows for many models at once, each of some of the same columns.

A block (K + 1, n) is column by column and ends with a column of zeros: the columns (M, W) of M models are padded with
its place, W a multiple of four. Four columns are gone through at a time, so that what is summed stays in the registers.
One thread and a fixed order of sums, whichever other models there are.
"""

import numpy as np

from detente.base.types import Array, Codes
from detente.stats.kernels import compiled, inner

FOUR = 4
# Rows of some columns that stay in the processor's nearest cache.
NEAREST = 512


@compiled("(f8[:, ::1], i8[:, ::1], f8[:, ::1], f8[:, ::1])")
def combine(block: Array, columns: Codes, slopes: Array, out: Array) -> None:
    """Put the sums of columns times their `slopes` (M, W) into `out` (M, n)."""
    for m in range(len(columns)):
        of, slope, to = columns[m], slopes[m], out[m]
        to[:] = 0.0
        for j in range(0, len(of), FOUR):
            if of[j] == len(block) - 1:
                break
            first, second, third, fourth = block[of[j]], block[of[j + 1]], block[of[j + 2]], block[of[j + 3]]
            a, b, c, d = slope[j], slope[j + 1], slope[j + 2], slope[j + 3]
            for r in range(len(to)):
                to[r] += (a * first[r] + b * second[r]) + (c * third[r] + d * fourth[r])


@compiled("(f8[:, ::1], i8[:, ::1], f8[:, ::1], f8[:, ::1])")
def add_sums(block: Array, columns: Codes, weights: Array, out: Array) -> None:
    """Add the sums of columns, rows weighted by `weights` (M, n), to `out` (M, W)."""
    for m in range(len(columns)):
        _add_sums(block, columns[m], weights[m], out[m])


@inner(fastmath={"reassoc", "contract"})
def _add_sums(block: Array, of: Codes, weights: Array, out: Array) -> None:
    for j in range(0, len(of), FOUR):
        if of[j] == len(block) - 1:
            break
        first, second, third, fourth = block[of[j]], block[of[j + 1]], block[of[j + 2]], block[of[j + 3]]
        a = b = c = d = 0.0
        for r in range(len(weights)):
            a += weights[r] * first[r]
            b += weights[r] * second[r]
            c += weights[r] * third[r]
            d += weights[r] * fourth[r]
        out[j] += a
        out[j + 1] += b
        out[j + 2] += c
        out[j + 3] += d


@compiled("(f8[:, ::1], i8[:, ::1], f8[:, ::1], f8[:, :, ::1])")
def add_products(block: Array, columns: Codes, weights: Array, out: Array) -> None:
    """Add the products of columns, rows weighted by `weights` (M, n), to the lower triangles of `out` (M, W, W)."""
    one, other = np.empty(NEAREST), np.empty(NEAREST)
    for m in range(len(columns)):
        of = columns[m]
        for low in range(0, block.shape[1], NEAREST):
            weight = weights[m][low : low + NEAREST]
            for i in range(0, len(of), 2):
                if of[i] == len(block) - 1:
                    break
                _weigh(block[of[i]][low:], weight, one)
                _weigh(block[of[i + 1]][low:], weight, other)
                _add_products(block, of, (low, i), one[: len(weight)], other, out[m])


@inner()
def _weigh(line: Array, weight: Array, out: Array) -> None:
    for r in range(len(weight)):
        out[r] = weight[r] * line[r]


@inner(fastmath={"reassoc", "contract"})
def _add_products(block: Array, of: Codes, at: tuple[int, int], one: Array, other: Array, out: Array) -> None:
    """Add the products of the i-th column and the next, weighed from row `low` on, with these and those before them."""
    low, i = at
    for j in range(0, i + 1, FOUR):
        first, second = block[of[j]][low:], block[of[j + 1]][low:]
        third, fourth = block[of[j + 2]][low:], block[of[j + 3]][low:]
        a = b = c = d = e = f = g = h = 0.0
        for r in range(len(one)):
            p, q = one[r], other[r]
            a += p * first[r]
            b += p * second[r]
            c += p * third[r]
            d += p * fourth[r]
            e += q * first[r]
            f += q * second[r]
            g += q * third[r]
            h += q * fourth[r]
        above, below = out[i], out[i + 1]
        above[j] += a
        above[j + 1] += b
        above[j + 2] += c
        above[j + 3] += d
        below[j] += e
        below[j + 1] += f
        below[j + 2] += g
        below[j + 3] += h


@compiled("(f8[:, ::1], f8[:, ::1], i8[::1], f8[:, :, ::1])")
def add_totals(rows: Array, weights: Array, group: Codes, out: Array) -> None:
    """Add rows (n, K), weighted by `weights` (M, n), to `out` (M, G, K) by group (n,), numbers from 0."""
    for m in range(len(out)):
        for r in range(len(rows)):
            row, to, weight = rows[r], out[m, group[r]], weights[m, r]
            for k in range(len(row)):
                to[k] += weight * row[k]


@compiled("(f8[:, ::1], i8[::1], f8[:, ::1])")
def add_by_group(values: Array, group: Codes, out: Array) -> None:
    """Add values (M, n) to `out` (M, G) by group (n,), numbers from 0."""
    for m in range(len(out)):
        for r in range(len(group)):
            out[m, group[r]] += values[m, r]
