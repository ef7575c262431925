"""What effects and regressors leave of columns, some rows at a time, and its products: it need not be in memory whole.

`explained` says what dummies explain of K columns: rows' groups (N,), means (G, K) by group, rows' levels (N,) and
effects (L, K) by level. One thread and a fixed order of sums. Loops over columns are few: those of a row are short, and
each costs about as much to begin as to go through.
"""

import numpy as np

from detente.base.types import Array, Codes, Flags, Places
from detente.stats.kernels import compiled

Explained = tuple[Places, Array, Places, Array]
# Rows worked on at a time: what is left of them stays in the processor's cache.
ROWS = 256
_EXPLAINED = "Tuple((i4[::1], f8[:, ::1], i4[::1], f8[:, ::1]))"
_OF_OUTCOMES = f"{_EXPLAINED}, f8[:, ::1], f8[:, ::1]"


_BY_DYAD = f"{_EXPLAINED}, f8[:, ::1], i8[::1], f8[:, ::1], f8[:, ::1], Tuple((i8[::1], f8[:, :, ::1]))"


@compiled(f"(f8[:, ::1], {_BY_DYAD})", f"(b1[:, ::1], {_BY_DYAD})")
def by_dyad(
    treatments: Array | Flags,
    explained: Explained,
    x: Array,
    controls: Codes,
    shares: Array,
    aims: Array,
    sums: tuple[Codes, Array],
) -> None:
    """Take effects and controls out of treatments, and add their squares, and products with `aims`, to `sums`.

    `treatments` (N, K), numbers or flags, of which effects have `explained` a part; x (N, p) within effects, of which
    `controls` (m,) are columns, with their `shares` (m, K) in treatments; `aims` (N, q). `sums`: dyads (N,), numbers
    from 0, and (G, 1 + q, K) by dyad, of squares first.
    """
    group, means, levels, effects = explained
    dyad, totals = sums
    some, held = np.empty((ROWS, treatments.shape[1])), np.empty((ROWS, len(controls)))
    for first in range(0, len(x), ROWS):
        last = min(first + ROWS, len(x))
        for r in range(first, last):
            row, to = x[r], held[r - first]
            for j in range(len(controls)):
                to[j] = row[controls[j]]
        np.dot(held[: last - first], shares, some[: last - first])
        for r in range(first, last):
            row, mean, effect = treatments[r], means[group[r]], effects[levels[r]]
            left, of = some[r - first], totals[dyad[r]]
            square = of[0]
            for k in range(len(left)):
                value = row[k] - mean[k] - effect[k] - left[k]
                left[k] = value
                square[k] += value * value
            for o in range(aims.shape[1]):
                aim, product = aims[r, o], of[1 + o]
                for k in range(len(left)):
                    product[k] += left[k] * aim


@compiled(f"(f8[:, ::1], {_OF_OUTCOMES}, f8[:, ::1])", f"(b1[:, ::1], {_OF_OUTCOMES}, f8[:, ::1])")
def residuals(outcomes: Array | Flags, explained: Explained, x: Array, slopes: Array, out: Array) -> None:
    """Put `outcomes` (N, B) within effects, less columns x (N, K) times `slopes` (K, B), into `out` (N, B)."""
    group, means, levels, effects = explained
    for first in range(0, len(x), ROWS):
        last = min(first + ROWS, len(x))
        np.dot(x[first:last], slopes, out[first:last])
        for r in range(first, last):
            row, mean, effect = outcomes[r], means[group[r]], effects[levels[r]]
            left = out[r]
            for b in range(len(left)):
                left[b] = row[b] - mean[b] - effect[b] - left[b]


@compiled(
    f"(f8[:, ::1], {_OF_OUTCOMES}, Tuple((i8[::1], f8[:, :, ::1], f8[::1], f8[::1])))",
    f"(b1[:, ::1], {_OF_OUTCOMES}, Tuple((i8[::1], f8[:, :, ::1], f8[::1], f8[::1])))",
)
def scores(
    outcomes: Array | Flags, explained: Explained, x: Array, slopes: Array, sums: tuple[Codes, Array, Array, Array]
) -> None:
    """Add the first k columns of x times `residuals` by group, and squares of these with weights, to `sums`.

    `sums`: groups (N,), totals (G, k, B) and weights (N,), sums of squares (B,).
    """
    group, means, levels, effects = explained
    cluster, totals, weights, squares = sums
    some = np.empty((ROWS, outcomes.shape[1]))
    for first in range(0, len(x), ROWS):
        last = min(first + ROWS, len(x))
        np.dot(x[first:last], slopes, some[: last - first])
        for r in range(first, last):
            row, mean, effect = outcomes[r], means[group[r]], effects[levels[r]]
            left, weight = some[r - first], weights[r]
            for b in range(len(left)):
                residual = row[b] - mean[b] - effect[b] - left[b]
                left[b] = residual
                squares[b] += weight * residual * residual
            of = totals[cluster[r]]
            for k in range(len(of)):
                total, value = of[k], x[r, k]
                for b in range(len(left)):
                    total[b] += value * left[b]


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

    Effects of the residual, of x along a direction, and of each column of x (L, k, B). `slopes`: coefficients
    (k, B), and the direction (k, B) along which a residual moves the estimate. `sums`: dyads (N,), scores (D, k, B),
    squares of x along the direction (D, B), and of that times the residual (D, B). Groups lie within dyads: residuals
    sum to zero in them, and what they have in common of the effects of x adds nothing to scores.
    """
    dyad, scores, squares, independent = sums
    (group, means, levels, effects), (_, common, _, others) = of_residual, of_along
    count = of_x.shape[2]
    some, more = np.empty((ROWS, count)), np.empty((ROWS, count))
    for first in range(0, len(x), ROWS):
        last = min(first + ROWS, len(x))
        np.dot(x[first:last], slopes[0], some[: last - first])
        np.dot(x[first:last], slopes[1], more[: last - first])
        for r in range(first, last):
            effect, other = effects[levels[r]], others[levels[r]]
            mean, shared, left, along = means[group[r]], common[group[r]], some[r - first], more[r - first]
            square, product, aim = squares[dyad[r]], independent[dyad[r]], y[r]
            for b in range(count):
                residual = aim - mean[b] - effect[b] - left[b]
                value = along[b] - shared[b] - other[b]
                left[b] = residual
                square[b] += value * value
                product[b] += value * residual * value * residual
            moves, of = of_x[levels[r]], scores[dyad[r]]
            for k in range(x.shape[1]):
                from_x, move, total = x[r, k], moves[k], of[k]
                for b in range(count):
                    total[b] += (from_x - move[b]) * left[b]
