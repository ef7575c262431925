"""Loops over rows, group by group: centring, sums by further factors, and what couples the factors.

Rows are visited in `order` (N,), group g from `start[g]` to `start[g + 1]`, groups being levels of the first factor;
`levels` (N, m) are the levels of m further factors, numbered through, of which there are `size`. `weights` (N,) are
positive, or (0,) for none. One thread and a fixed order of sums: the same bytes on any machine of one kind.
"""

import numpy as np

from detente.base.types import Array, Codes, Flags, Places
from detente.stats.kernels import compiled, inner

# A span of levels at most this many times as long as the levels in it that a group has is gone through without gaps.
SPARSE = 4


@compiled("(i4[::1], i8)")
def group(codes: Places, size: int) -> tuple[Places, Places]:
    """Rows by group, in their order within each, (N,), and where each group starts, (size + 1,)."""
    start = np.zeros(size + 1, np.int32)
    for i in range(len(codes)):
        start[codes[i] + 1] += 1
    for g in range(size):
        start[g + 1] += start[g]
    place = start[:-1].copy()
    order = np.empty(len(codes), np.int32)
    for i in range(len(codes)):
        order[place[codes[i]]] = i
        place[codes[i]] += 1
    return order, start


@inner()
def _mean(values: Array | Flags, weights: Array, members: Places, mean: Array) -> None:
    """Put the mean of the rows of a group into `mean` (K,)."""
    mean[:] = 0.0
    total = 0.0
    for i in members:
        row, w = values[i], weights[i] if len(weights) > 0 else 1.0
        total += w
        for k in range(len(mean)):
            mean[k] += w * row[k]
    for k in range(len(mean)):
        mean[k] /= total


@compiled("(f8[:, ::1], f8[::1], i4[::1], i4[::1], i4[:, ::1], f8[:, ::1], f8[:, ::1])")
def center(
    values: Array, weights: Array, order: Places, start: Places, levels: Places, out: Array, sums: Array
) -> None:
    """Put `values` (N, K) less their group means into `out`, and their weighted sums by further level into `sums`.

    `out` (N, K) is given, as memory that numpy hands out comes in larger pages than the compiler's own; so is `sums`
    (size, K), of zeros.
    """
    columns = values.shape[1]
    mean = np.empty(columns)
    weighted = len(weights) > 0
    for g in range(len(start) - 1):
        _mean(values, weights, order[start[g] : start[g + 1]], mean)
        for i in range(start[g], start[g + 1]):
            r = order[i]
            row, left = values[r], out[r]
            w = weights[r] if weighted else 1.0
            for k in range(columns):
                left[k] = row[k] - mean[k]
            for j in range(levels.shape[1]):
                sum_ = sums[levels[r, j]]
                for k in range(columns):
                    sum_[k] += w * left[k]


@compiled(
    "(f8[:, ::1], f8[::1], i4[::1], i4[::1], i4[:, ::1], f8[:, ::1], f8[:, ::1])",
    "(b1[:, ::1], f8[::1], i4[::1], i4[::1], i4[:, ::1], f8[:, ::1], f8[:, ::1])",
)
def average(
    values: Array | Flags, weights: Array, order: Places, start: Places, levels: Places, mean: Array, sums: Array
) -> None:
    """Put group means of `values` (N, K) into `mean` (G, K), weighted sums of the rest by further level into `sums`.

    `mean` and `sums` (size, K) are given, of zeros: these are the sums of `center`, without the rest itself.
    """
    columns = values.shape[1]
    weighted = len(weights) > 0
    for g in range(len(start) - 1):
        own = mean[g]
        _mean(values, weights, order[start[g] : start[g + 1]], own)
        for i in range(start[g], start[g + 1]):
            r = order[i]
            row = values[r]
            w = weights[r] if weighted else 1.0
            for j in range(levels.shape[1]):
                sum_ = sums[levels[r, j]]
                for k in range(columns):
                    sum_[k] += w * (row[k] - own[k])


@compiled("(f8[:, ::1], f8[:, ::1], f8[::1], i4[::1], i4[::1], i4[:, ::1])")
def recenter(mean: Array, effect: Array, weights: Array, order: Places, start: Places, levels: Places) -> None:
    """Take group means of effects (size, K) of further levels off `mean` (G, K), in place."""
    of_effects = np.empty(mean.shape[1])
    for g in range(len(start) - 1):
        _mean_effect(effect, weights, order[start[g] : start[g + 1]], levels, of_effects)
        mean[g] -= of_effects


@compiled("(f8[:, ::1], f8[:, ::1], f8[::1], i4[::1], i4[::1], i4[:, ::1])")
def take_off(values: Array, effect: Array, weights: Array, order: Places, start: Places, levels: Places) -> None:
    """Take effects (size, K) of further levels, less their group means, off `values` (N, K), in place."""
    columns = values.shape[1]
    mean = np.empty(columns)
    for g in range(len(start) - 1):
        members = order[start[g] : start[g + 1]]
        _mean_effect(effect, weights, members, levels, mean)
        for r in members:
            row = values[r]
            for k in range(columns):
                row[k] += mean[k]
            for j in range(levels.shape[1]):
                of = effect[levels[r, j]]
                for k in range(columns):
                    row[k] -= of[k]


@compiled("(f8[::1], f8[::1], i4[::1], i4[::1], i4[:, ::1], f8[::1], f8[:, ::1])")
def explain(
    products: Array, weights: Array, order: Places, start: Places, levels: Places, mean: Array, sums: Array
) -> None:
    """Means of v by group, (G,), and sums (size, 1) by further level of w × (v − mean), from `products` w × v (N,)."""
    for g in range(len(start) - 1):
        above, total = 0.0, 0.0
        for i in range(start[g], start[g + 1]):
            above += products[order[i]]
            total += weights[order[i]] if len(weights) > 0 else 1.0
        mean[g] = above / total
        for i in range(start[g], start[g + 1]):
            r = order[i]
            w = weights[r] if len(weights) > 0 else 1.0
            for j in range(levels.shape[1]):
                sums[levels[r, j], 0] += products[r] - w * mean[g]


@compiled("(f8[:, ::1], f8[::1], i4[::1], i4[::1], i4[:, ::1])")
def couple(effect: Array, weights: Array, order: Places, start: Places, levels: Places) -> Array:
    """Sums (size, K) by further level of effects (size, K) of these levels less their group means."""
    columns = effect.shape[1]
    out = np.zeros(effect.shape)
    mean, value = np.empty(columns), np.empty(columns)
    for g in range(len(start) - 1):
        members = order[start[g] : start[g + 1]]
        _mean_effect(effect, weights, members, levels, mean)
        for r in members:
            w = weights[r] if len(weights) > 0 else 1.0
            value[:] = -mean
            for j in range(levels.shape[1]):
                value += effect[levels[r, j]]
            for j in range(levels.shape[1]):
                out[levels[r, j]] += w * value
    return out


@inner()
def _mean_effect(effect: Array, weights: Array, members: Places, levels: Places, mean: Array) -> None:
    """Put the weighted mean of the effects of some rows into `mean` (K,)."""
    mean[:] = 0.0
    total = 0.0
    for r in members:
        w = weights[r] if len(weights) > 0 else 1.0
        total += w
        for j in range(levels.shape[1]):
            of = effect[levels[r, j]]
            for k in range(len(mean)):
                mean[k] += w * of[k]
    for k in range(len(mean)):
        mean[k] /= total


@compiled("(f8[::1], i4[::1], i4[::1], i4[:, ::1], i8)")
def schur(weights: Array, order: Places, start: Places, levels: Places, size: int) -> Array:
    """Cross-products (size, size) of the dummies of further levels within groups."""
    block = np.zeros((size, size))
    count = np.zeros(size)
    met, there = np.empty(size, np.int32), np.zeros(size, np.bool_)
    weighted = len(weights) > 0
    for g in _beside_runs(block, weights, order, start, levels):
        total, seen, low, high = 0.0, 0, size, -1
        for i in range(start[g], start[g + 1]):
            r = order[i]
            w = weights[r] if weighted else 1.0
            total += w
            for j in range(levels.shape[1]):
                level = levels[r, j]
                # A weight may be zero, so that a count does not say whether its level was met.
                if not there[level]:
                    there[level] = True
                    met[seen] = level
                    seen += 1
                    low, high = min(low, level), max(high, level)
                count[level] += w
                for other in range(j, levels.shape[1]):
                    block[level, levels[r, other]] += w
        _subtract_square(block, count, met[:seen], low, high, total)
        for t in range(seen):
            count[met[t]], there[met[t]] = 0.0, False
    for i in range(size):
        for j in range(i):
            block[i, j] = block[j, i]
    return block


@inner()
def _beside_runs(block: Array, weights: Array, order: Places, start: Places, levels: Places) -> Codes:
    """Add groups without weights that have each level of a run once to the upper triangle; returns the others.

    Most dyads have the same years as many others: those alike are added together.
    """
    groups, size = len(start) - 1, len(block)
    if len(weights) > 0 or levels.shape[1] != 1:
        return np.arange(groups)
    runs, others, count = np.zeros((size, size), np.int32), np.empty(groups, np.int64), 0
    for g in range(groups):
        members = order[start[g] : start[g + 1]]
        if _is_run(members, levels):
            runs[levels[members[0], 0], levels[members[-1], 0]] += 1
        else:
            others[count] = g
            count += 1
    for low in range(size):
        for high in range(low, size):
            if runs[low, high] > 0:
                _add_runs(block, low, high, float(runs[low, high]))
    return others[:count]


@inner()
def _is_run(members: Places, levels: Places) -> bool:
    """Whether rows have levels of one factor that go up by one from row to row."""
    for i in range(1, len(members)):
        if levels[members[i], 0] != levels[members[i - 1], 0] + 1:
            return False
    return len(members) > 0


@inner()
def _add_runs(block: Array, low: int, high: int, groups: float) -> None:
    """Add groups that have each level from `low` to `high` once, as the others, to the upper triangle."""
    share = groups / (high - low + 1)
    for i in range(low, high + 1):
        row = block[i]
        row[i] += groups
        for j in range(i, high + 1):
            row[j] -= share


@inner()
def _subtract_square(block: Array, count: Array, met: Places, low: int, high: int, total: float) -> None:
    """Take count × countᵀ / total off the upper triangle."""
    if high - low < SPARSE * len(met):
        for i in range(low, high + 1):
            share = count[i] / total
            if share != 0.0:
                row = block[i]
                for j in range(i, high + 1):
                    row[j] -= share * count[j]
        return
    for i in met:
        share = count[i] / total
        row = block[i]
        for j in met:
            if j >= i:
                row[j] -= share * count[j]


@compiled("(f8[:, ::1], f8)")
def factorize(block: Array, tolerance: float) -> tuple[Array, Array, Places, int]:
    """Cholesky factor with pivots of a positive semi-definite `block` (Q, Q).

    Returns R (Q, Q), upper triangular, with RᵀR the block scaled to a diagonal of one; the scale (Q,); the pivots (Q,);
    the rank: a pivot of at most `tolerance` depends on those before it.
    """
    size = len(block)
    scale, pivots = np.empty(size), np.arange(size).astype(np.int32)
    for i in range(size):
        scale[i] = 1 / np.sqrt(block[i, i]) if block[i, i] > 0 else 0.0
    a = block * scale.reshape(-1, 1) * scale
    for k in range(size):
        best = k
        for i in range(k + 1, size):
            if a[i, i] > a[best, best]:
                best = i
        if not a[best, best] > tolerance:
            return a, scale, pivots, k
        if best != k:
            _exchange(a, k, best)
            pivots[k], pivots[best] = pivots[best], pivots[k]
        root = np.sqrt(a[k, k])
        a[k, k:] /= root
        _subtract_from_below(a, k)
    return a, scale, pivots, size


@inner()
def _subtract_from_below(a: Array, k: int) -> None:
    """Take the outer product of row k with itself off the upper triangle below it."""
    above = a[k]
    for i in range(k + 1, len(a)):
        share, row = above[i], a[i]
        if share != 0.0:
            for j in range(i, len(a)):
                row[j] -= share * above[j]


@inner()
def _exchange(a: Array, k: int, best: int) -> None:
    """Exchange two rows and columns of a matrix of which the upper triangle counts, and the factor above it."""
    for i in range(k):
        a[i, k], a[i, best] = a[i, best], a[i, k]
    a[k, k], a[best, best] = a[best, best], a[k, k]
    for i in range(k + 1, best):
        a[k, i], a[i, best] = a[i, best], a[k, i]
    for j in range(best + 1, len(a)):
        a[k, j], a[best, j] = a[best, j], a[k, j]


@compiled("(f8[:, ::1], f8[::1], i4[::1], i8, f8[:, ::1])")
def solve(factor: Array, scale: Array, pivots: Places, rank: int, target: Array) -> Array:
    """One solution (Q, K) of block × solution = `target` (Q, K), zero where a level depends on others."""
    columns = target.shape[1]
    z = np.empty((rank, columns))
    for i in range(rank):
        z[i] = target[pivots[i]] * scale[pivots[i]]
    for i in range(rank):
        z[i] /= factor[i, i]
        for j in range(i + 1, rank):
            for k in range(columns):
                z[j, k] -= factor[i, j] * z[i, k]
    for i in range(rank - 1, -1, -1):
        for j in range(i + 1, rank):
            for k in range(columns):
                z[i, k] -= factor[i, j] * z[j, k]
        z[i] /= factor[i, i]
    out = np.zeros(target.shape)
    for i in range(rank):
        out[pivots[i]] = z[i] * scale[pivots[i]]
    return out
