"""What effects and regressors leave of columns, row by row, and its products: it need not be in memory as a whole.

`explained` says what dummies explain of K columns: rows' groups (N,), means (G, K) by group, rows' levels (N, m) of
further factors, and their effects (size, K). One thread and a fixed order of sums.
"""

import numpy as np

from detente.base.types import Array, Codes, Flags, Places
from detente.stats.kernels import compiled, inner

Explained = tuple[Places, Array, Places, Array]


@inner()
def _take_off_effects(explained: Explained, r: int, left: Array) -> None:
    """Take what dummies explain of row r off `left` (K,)."""
    group, means, levels, effects = explained
    mean = means[group[r]]
    for k in range(len(left)):
        left[k] -= mean[k]
    for j in range(levels.shape[1]):
        effect = effects[levels[r, j]]
        for k in range(len(left)):
            left[k] -= effect[k]


@inner()
def _take_off(row: Array, columns: Codes, slopes: Array, left: Array) -> None:
    """Take some `columns` (m,) of a row of regressors, times `slopes` (m, K), off `left` (K,)."""
    for j in range(len(columns)):
        value, slope = row[columns[j]], slopes[j]
        for k in range(len(left)):
            left[k] -= value * slope[k]


@compiled("(f8[:, ::1], f8[:, ::1], i8[::1], f8[:, ::1], i8[::1], f8[:, :, ::1])")
def by_dyad(columns: Array, x: Array, controls: Codes, shares: Array, dyad: Codes, sums: Array) -> None:
    """Take controls out of treatments and outcomes, and add squares of the former, and products of both, to `sums`.

    Within fixed effects: `columns` (N, K + q), K treatments and then q outcomes; x (N, p), of which `controls` (m,) are
    columns; `shares` (m, K + q) of these in `columns`; dyad (N,) numbers from 0. `sums` (G, 1 + q, K) by dyad, of
    squares first, are zeros.
    """
    rows, width = columns.shape
    draws = sums.shape[2]
    left = np.empty(width)
    for r in range(rows):
        row, of = x[r], sums[dyad[r]]
        left[:] = columns[r]
        for j in range(len(controls)):
            value, share = row[controls[j]], shares[j]
            for k in range(width):
                left[k] -= value * share[k]
        for k in range(draws):
            of[0, k] += left[k] * left[k]
        for o in range(1, sums.shape[1]):
            aim, product = left[draws + o - 1], of[o]
            for k in range(draws):
                product[k] += left[k] * aim


_EXPLAINED = "Tuple((i4[::1], f8[:, ::1], i4[:, ::1], f8[:, ::1]))"
_OF_OUTCOMES = f"{_EXPLAINED}, f8[::1], f8[:, ::1], f8[:, ::1]"


@compiled(f"(f8[:, ::1], {_OF_OUTCOMES}, f8[:, ::1])", f"(b1[:, ::1], {_OF_OUTCOMES}, f8[:, ::1])")
def residuals(
    outcomes: Array | Flags, explained: Explained, less: Array, x: Array, estimates: Array, out: Array
) -> None:
    """Put `outcomes` (N, B) within effects, less `less` (N,) and x (N, k) times `estimates` (k, B), into `out`."""
    every = np.arange(x.shape[1])
    for r in range(len(x)):
        left = out[r]
        left[:] = outcomes[r]
        left -= less[r]
        _take_off_effects(explained, r, left)
        _take_off(x[r], every, estimates, left)


@compiled(
    f"(f8[:, ::1], {_OF_OUTCOMES}, Tuple((i8[::1], f8[:, :, ::1], f8[::1], f8[::1])))",
    f"(b1[:, ::1], {_OF_OUTCOMES}, Tuple((i8[::1], f8[:, :, ::1], f8[::1], f8[::1])))",
)
def scores(
    outcomes: Array | Flags,
    explained: Explained,
    less: Array,
    x: Array,
    estimates: Array,
    sums: tuple[Codes, Array, Array, Array],
) -> None:
    """Add x times `residuals` by group, and squares of these with weights, to `sums`.

    `sums`: groups (N,), totals (G, k, B) and weights (N,), sums of squares (B,).
    """
    group, totals, weights, squares = sums
    every, left = np.arange(x.shape[1]), np.empty(outcomes.shape[1])
    for r in range(len(x)):
        row, of = x[r], totals[group[r]]
        left[:] = outcomes[r]
        left -= less[r]
        _take_off_effects(explained, r, left)
        _take_off(row, every, estimates, left)
        for k in range(len(row)):
            total, value = of[k], row[k]
            for b in range(len(left)):
                total[b] += value * left[b]
        weight = weights[r]
        for b in range(len(left)):
            squares[b] += weight * left[b] * left[b]


@compiled(
    f"(f8[:, ::1], f8[::1], {_EXPLAINED}, {_EXPLAINED}, f8[:, :, ::1], Tuple((f8[:, ::1], f8[:, ::1])), "
    "Tuple((i8[::1], f8[:, :, ::1], f8[:, ::1], f8[:, ::1])))"
)
def scores_moved(
    x: Array,
    y: Array,
    of_residual: Explained,
    of_along: Explained,
    of_x: Array,
    slopes: tuple[Array, Array],
    sums: tuple[Codes, Array, Array, Array],
) -> None:
    """Add what each row says of B fits of y (N,) on x (N, k), from which effects are taken off, to `sums` by dyad.

    Effects of the residual, of x along a direction, and of each column of x (size, k, B). `slopes`: coefficients
    (k, B), and the direction (k, B) along which a residual moves the estimate. `sums`: dyads (N,), scores (D, k, B),
    squares of x along the direction (D, B), and of that times the residual (D, B). Groups lie within dyads: residuals
    sum to zero in them, and what they have in common of the effects of x adds nothing to scores.
    """
    estimates, direction = slopes
    dyad, scores, squares, independent = sums
    count, levels = estimates.shape[1], of_residual[2]
    every, left, along = np.arange(x.shape[1]), np.empty(count), np.empty(count)
    for r in range(len(x)):
        row, d = x[r], dyad[r]
        left[:], along[:] = y[r], 0.0
        _take_off_effects(of_residual, r, left)
        _take_off_effects(of_along, r, along)
        _take_off(row, every, estimates, left)
        _take_off(row, every, direction, along)
        for k in range(len(row)):
            value, total = row[k], scores[d, k]
            for b in range(count):
                total[b] += value * left[b]
            for j in range(levels.shape[1]):
                move = of_x[levels[r, j], k]
                for b in range(count):
                    total[b] -= move[b] * left[b]
        square, product = squares[d], independent[d]
        for b in range(count):
            square[b] += along[b] * along[b]
            product[b] += along[b] * left[b] * along[b] * left[b]
