"""Sums and products over rows: least squares, totals within groups, and what many models of the same rows share.

With p regressors and then q outcomes in K = p + q columns, products of columns are packed: `place` (p, K) says where
that of a regressor and a column is among P of them. One thread and a fixed order of sums: the same bytes on
any machine of one kind.
"""

import numpy as np

from detente.base.types import Array, Codes, Places
from detente.stats.kernels import compiled


@compiled("(f8[:, ::1], f8[::1], f8[::1], f8[::1])")
def least_squares_residual(x: Array, y: Array, estimate: Array, residual: Array) -> None:
    """Put residuals y − xb into `residual` (N,), which may be y; x (N, K)."""
    rows, columns = x.shape
    for r in range(rows):
        row = x[r]
        left = y[r]
        for k in range(columns):
            left -= row[k] * estimate[k]
        residual[r] = left


@compiled("(f8[:, ::1], i8[::1], f8[:, ::1])")
def pick(values: Array, columns: Codes, out: Array) -> None:
    """Put `columns` (k,) of `values` (N, K) into `out` (N, k): several times as fast as by their index."""
    for r in range(len(values)):
        row, to = values[r], out[r]
        for k in range(len(columns)):
            to[k] = row[columns[k]]


@compiled("(f8[:, ::1],)")
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


@compiled("(f8[:, ::1], f8[::1], f8[::1], i8[::1], f8[::1], f8[:, ::1], f8[:, ::1])")
def cluster_products(
    x: Array, direction: Array, residual: Array, group: Codes, along: Array, by_residual: Array, by_along: Array
) -> None:
    """Put x @ direction into `along` (N,); add x times residual, and x times that, by group to the others (G, K).

    x (N, K), direction (K,), residual (N,), group (N,) numbers from 0.
    """
    rows, columns = x.shape
    for r in range(rows):
        row, left, g = x[r], residual[r], group[r]
        value = 0.0
        for k in range(columns):
            value += row[k] * direction[k]
        along[r] = value
        first, second = by_residual[g], by_along[g]
        for k in range(columns):
            first[k] += row[k] * left
            second[k] += row[k] * value


@compiled("(f8[:, ::1], f8[::1], i8[::1], f8[:, ::1])")
def add_rows(x: Array, weights: Array, group: Codes, out: Array) -> None:
    """Add rows x (N, K), times `weights` (N,) unless that is (0,), to `out` (G, K) by group (N,), numbers from 0."""
    weighted = len(weights) > 0
    for r in range(len(x)):
        row, of, w = x[r], out[group[r]], weights[r] if weighted else 1.0
        for k in range(len(row)):
            of[k] += row[k] * w


@compiled("(f8[:, ::1], f8[:, ::1])", "(f4[:, ::1], f8[:, ::1])")
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


@compiled("(f8[:, ::1], i8[::1], i8)", "(f4[:, ::1], i8[::1], i8)")
def project_flags(x: Array, places: Codes, count: int) -> Array:
    """The same (B, K) of `count` columns of flags (N, B), which hold at these `places` among all, row by row."""
    out = np.zeros((count, x.shape[1]))
    for at in places:
        row, sums = x[at // count], out[at % count]
        for k in range(len(row)):
            sums[k] += row[k]
    return out


@compiled("(f8[:, ::1], i8[::1], i8, f8[::1], i8[::1], f8[:, ::1])")
def fit_totals(z: Array, columns: Codes, outcome: int, slopes: Array, group: Codes, totals: Array) -> None:
    """Add the scores of a fit of one column of z (N, K) on k others to `totals` (G, k), by group (N,)."""
    for r in range(len(z)):
        row, of = z[r], totals[group[r]]
        left = row[outcome]
        for j in range(len(columns)):
            left -= slopes[j] * row[columns[j]]
        for j in range(len(columns)):
            of[j] += left * row[columns[j]]


@compiled("(f8[:, ::1], f8[:, ::1])")
def score_products(x: Array, squares: Array) -> Array:
    """Cross-products (K, K, B) of the scores of rows, the lower triangle: x (N, K), squared residuals (N, B)."""
    columns, count = x.shape[1], squares.shape[1]
    products = np.zeros((columns, columns, count))
    for r in range(len(x)):
        row, square = x[r], squares[r]
        for k in range(columns):
            for j in range(k + 1):
                of, product = products[k, j], row[k] * row[j]
                for b in range(count):
                    of[b] += product * square[b]
    return products


@compiled("(f8[:, ::1], i8, i4[::1], i4[::1])")
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


@compiled("(i8, i8)")
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


@compiled("(f8[:, ::1], i8[:, ::1], i8[::1], i8, f8[::1])")
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
