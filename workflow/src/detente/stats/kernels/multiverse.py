"""Many least-squares fits of the same rows: products of columns by group, and from them the meat of any one fit.

Of p regressors and then q outcomes, K = p + q columns, products are packed: `place` (p, K) says where that of a
regressor and a column is among P of them. One thread and a fixed order of sums: the same bytes on any machine of one
kind.
"""

import numpy as np
from numba import njit

from detente.base.types import Array, Codes, Places


@njit(cache=True, nogil=True)
def products(z: Array, inner: int, order: Places, start: Places) -> Array:
    """Sums over the rows of each group of the products of the first `inner` columns with all, (G, P).

    z (N, K); group g has the rows `order[start[g]:start[g + 1]]`, which rise.
    """
    width, most = z.shape[1], 0
    for g in range(len(start) - 1):
        most = max(most, start[g + 1] - start[g])
    copied, square = np.empty((most, width)), np.empty((width, width))
    out = np.empty((len(start) - 1, inner * (inner + 1) // 2 + inner * (width - inner)))
    for g in range(len(start) - 1):
        members = order[start[g] : start[g + 1]]
        if len(members) == 0:
            out[g] = 0.0
            continue
        if members[-1] - members[0] == len(members) - 1:
            here = z[members[0] : members[-1] + 1]
        else:
            here = copied[: len(members)]
            for i in range(len(members)):
                here[i] = z[members[i]]
        np.dot(here.T, here, square)
        at = 0
        for r in range(inner):
            for k in range(r, width):
                out[g, at] = square[r, k]
                at += 1
    return out


@njit(cache=True, nogil=True)
def places(inner: int, width: int) -> Codes:
    """Where `products` packs that of regressor and column, (p, K)."""
    out = np.empty((inner, width), np.int64)
    at = 0
    for r in range(inner):
        for k in range(r, width):
            out[r, k] = at
            if k < inner:
                out[k, r] = at
            at += 1
    return out


@njit(cache=True, nogil=True)
def meat(second: Array, place: Codes, columns: Codes, outcome: int, slopes: Array) -> Array:
    """Sum over groups of the outer products of score totals, (k, k), for the fit of one column on k others.

    `second` (P, P) the sum over groups of the outer products of packed products: the scores are linear in these.
    `columns` (k,) regressors, `outcome` the column fitted, `slopes` (k,) its coefficients.
    """
    size = len(columns)
    weight, at = np.empty(size + 1), np.empty((size, size + 1), np.int64)
    for j in range(size):
        weight[j] = -slopes[j]
    weight[size] = 1.0
    for r in range(size):
        for j in range(size):
            at[r, j] = place[columns[r], columns[j]]
        at[r, size] = place[columns[r], outcome]
    out = np.empty((size, size))
    for r in range(size):
        for s in range(r + 1):
            total = 0.0
            for j in range(size + 1):
                line, part = second[at[r, j]], 0.0
                for k in range(size + 1):
                    part += weight[k] * line[at[s, k]]
                total += weight[j] * part
            out[r, s], out[s, r] = total, total
    return out


def warm() -> None:
    """Compile for the types that a multiverse uses."""
    z, rows = np.array([[1.0, 3.0], [2.0, 1.0]]), np.array([0, 1], dtype=np.int32)
    made = products(z, 1, rows, np.array([0, 2], dtype=np.int32))
    meat(made.T @ made, places(1, 2), np.array([0]), 1, np.ones(1))
