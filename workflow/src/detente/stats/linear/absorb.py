"""Absorbing any number of effects: residuals on their full sets of dummies, weighted or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy

from detente.base.errors import NotConverged
from detente.base.numbering import intersect, number
from detente.base.numerics import ABSORBED, DEPENDENT, MOST_ABSORBING, ROUNDING
from detente.base.types import Array, Codes, Flags, Places
from detente.stats.kernels import absorption as kernel
from detente.stats.kernels.partial import Explained

# Places beside the largest factor up to which their equations are solved at once; more are solved by iteration.
DIRECT = 1000
NONE = np.empty(0)


@dataclass(frozen=True)
class Absorber:
    """Effects of N rows, made ready. Rows by group, a level of the largest factor, and their levels of the m others.

    `order` (N,) rows by group; `start` (G + 1,) where each begins; `levels` (N, m) of the other factors, numbered
    through, `size` in all. `counts` levels of each factor, the largest first; `alone` (N,) whether a row is the only
    one of a level of some factor, once such rows are set apart. `weights` (N,) positive, or (0,) for none.
    """

    order: Places
    start: Places
    levels: Places
    size: int
    counts: tuple[int, ...]
    alone: Flags
    weights: Array
    limit: int = DIRECT

    @property
    def direct(self) -> bool:
        """Whether residuals are exact, without iteration."""
        return self.size <= self.limit

    @cached_property
    def _factor(self) -> tuple[Array, Array, Places, int]:
        block = kernel.schur(self.weights, self.order, self.start, self.levels, self.size)
        return kernel.factorize(block, DEPENDENT)

    @cached_property
    def parameters(self) -> int:
        """Absorbed parameters: the rank of all dummies together; beyond two factors, if not `direct`, an upper bound.

        With two factors, levels less connected components (Abowd, Creecy and Kramarz 2002). The bound takes each
        further factor to share one parameter with the rest.
        """
        if not self.counts:
            return 0
        if self.direct:
            return self.counts[0] + (self._factor[-1] if self.size else 0)
        return sum(self.counts) - self._components() - (len(self.counts) - 2)

    def _components(self) -> int:
        """Connected components of the two largest factors."""
        nodes = self.counts[0] + self.counts[1]
        edges = (np.ones(len(self.group), dtype=bool), (self.group, self.counts[0] + self.levels[:, 0]))
        return int(scipy.sparse.csgraph.connected_components(scipy.sparse.coo_array(edges, shape=(nodes, nodes)))[0])

    @property
    def silent(self) -> Flags | None:
        """Rows (N,) of which effects leave nothing, None if there is none."""
        return self.alone if self.alone.any() else None

    def weigh(self, weights: Array) -> Absorber:
        """The same effects under other weights (N,), all positive."""
        return replace(self, weights=weights)

    def residual(self, values: Array, out: Array | None = None) -> Array:
        """Residuals of each column of `values` (N, K), or of a vector (N,), on all dummies; in `out` (N, K) if given.

        Raises NotConverged if they are found by iteration, and 5,000 are not enough.
        """
        if values.ndim == 1:
            return self.residual(values[:, None])[:, 0]
        if not self.counts:
            return values.copy()
        given: Array = np.ascontiguousarray(values, dtype=np.float64)
        rows = (self.weights, self.order, self.start, self.levels)
        within: Array = np.empty(values.shape) if out is None else out
        sums = np.zeros((self.size, values.shape[1]))
        kernel.center(given, *rows, within, sums)
        if self.size:
            effect = self._effect(sums, lambda: self._small(given, within))
            kernel.take_off(within, effect, *rows)
        return within

    def explained(self, values: Array | Flags) -> Explained:
        """What dummies explain of columns (N, K), numbers or flags: the mean of a row's group and its levels' effects.

        What is left of a column is its residual, which need not be in memory. Raises as `residual`.
        """
        rows = (self.weights, self.order, self.start, self.levels)
        mean: Array = np.zeros((max(len(self.start) - 1, 1), values.shape[1]))
        effect: Array = np.zeros((self.size, values.shape[1]))
        if self.counts:
            kernel.average(values, *rows, mean, effect)
        if self.size:
            effect = self._effect(effect, lambda: self._small(np.asarray(values), values - mean[self.group]))
        return self._of_rows(mean, effect)

    def of_effects(self, effect: Array) -> Explained:
        """What effects (size, K) of further levels are in rows, less their group means."""
        return self._of_rows(np.zeros((len(self.start) - 1, effect.shape[1])), effect)

    def _of_rows(self, mean: Array, effect: Array) -> Explained:
        if self.size:
            kernel.recenter(mean, effect, self.weights, self.order, self.start, self.levels)
        return self.group, mean, self.cells[0], self.by_cell(effect)

    @cached_property
    def cells(self) -> tuple[Places, Places]:
        """Cells of further factors: number of each row's, (N,), and the levels (L, m) of each; one without any."""
        cell = np.zeros(len(self.levels), dtype=np.int64)
        for level in self.levels.T:
            cell = intersect(cell, level.astype(np.int64))
        first = np.empty(int(cell.max(initial=0)) + 1, dtype=np.int64)
        first[cell] = np.arange(len(cell))
        return cell.astype(np.int32), self.levels[first]

    def by_cell(self, effect: Array) -> Array:
        """Sums (L, …) of effects (size, …) of further levels."""
        return np.asarray(effect[self.cells[1]].sum(axis=1))

    @cached_property
    def group(self) -> Places:
        """Number of each row's group, (N,); without effects all are of one."""
        group = np.zeros(len(self.levels), dtype=np.int32)
        group[self.order] = np.repeat(np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start))
        return group

    def fitted(self, products: Array) -> Array:
        """The part (N,) of a vector that dummies explain, from its `products` (N,) with the weights.

        Where weights all but vanish, as those of separated rows do, the vector itself may be too large to take it off.
        """
        rows = (self.weights, self.order, self.start, self.levels)
        out, sums = np.empty(len(products)), np.zeros((self.size, 1))
        mean = np.empty(self.counts[0])
        kernel.explain(products, *rows, mean, sums)
        effect = self._effect(sums, lambda: self._small_sums(products, sums)) if self.size else sums
        out[self.order] = np.repeat(mean, np.diff(self.start))
        kernel.take_off(out[:, None], -effect, *rows)
        return out

    def _by_level(self, values: Array) -> Array:
        """Sums (size,) of values (N,) by further level."""
        return np.asarray(np.sum([np.bincount(column, values, self.size) for column in self.levels.T], axis=0))

    @cached_property
    def _scale(self) -> Array:
        """One over the weight of each further level, (size, 1)."""
        weights = self.weights if len(self.weights) else np.ones(len(self.order))
        return 1 / self._by_level(weights)[:, None]

    def _effect(self, sums: Array, enough: Callable[[], Array]) -> Array:
        """Effects (size, K) whose sums by level within groups are `sums`."""
        return kernel.solve(*self._factor, sums) if self.direct else self._iterate(sums, enough())

    def _small_sums(self, products: Array, sums: Array) -> Array:
        """Squared length (1,) of what is small beside `sums` (size, 1), or rounding of the `products` in them."""
        rounding = (ROUNDING * self._by_level(np.abs(products))[:, None]) ** 2
        return np.asarray(np.maximum(ABSORBED**2 * sums**2 * self._scale, rounding * self._scale).sum(axis=0))

    def _small(self, values: Array, within: Array) -> Array:
        """Squared lengths (K,) of what is small beside columns within groups, or rounding of columns as they came."""
        weights = self.weights if len(self.weights) else np.ones(len(values))
        about = [np.einsum("i,ij,ij->j", weights, v, v) for v in (within, values)]
        return np.asarray(np.maximum(ABSORBED**2 * about[0], ROUNDING**2 * about[1]))

    def _iterate(self, sums: Array, enough: Array) -> Array:
        """Effects (size, K) whose sums by level within groups are `sums`: conjugate gradients, all columns at once.

        They end where the part of the residuals that dummies still explain has a squared length of `enough` (K,).
        """
        effect, left = np.zeros(sums.shape), sums.copy()
        toward = self._scale * left
        along, size = toward.copy(), _dot(left, toward)
        for _ in range(MOST_ABSORBING):
            if (size <= enough).all():
                return effect
            product = kernel.couple(along, self.weights, self.order, self.start, self.levels)
            step = _ratio(size, _dot(along, product), size > enough)
            effect += step * along
            left -= step * product
            toward = self._scale * left
            size, before = _dot(left, toward), size
            along = toward + _ratio(size, before, size > enough) * along
        raise NotConverged(f"absorbing {len(self.counts)} effects took more than {MOST_ABSORBING:,} iterations")


def absorber(effects: Mapping[str, Codes] | Sequence[Codes], rows: int, weights: Array = NONE) -> Absorber:
    """Make effects, codes (N,) each, ready to be absorbed; without any, nothing is.

    Factors that hold the same levels, or that lie within one another, are legal: what they share counts once.
    """
    factors: Iterable[Codes] = effects.values() if isinstance(effects, Mapping) else effects
    numbered = [(place.astype(np.int32), len(distinct)) for distinct, place in map(number, factors)]
    numbered.sort(key=lambda f: -f[1])
    alone = _alone(numbered, rows)
    levels, counts = np.empty((rows, max(len(numbered) - 1, 0)), dtype=np.int32), tuple(count for _, count in numbered)
    if not numbered:
        empty = np.empty(0, dtype=np.int32)
        return Absorber(empty, empty, levels, 0, counts, alone, weights)
    offsets = np.cumsum([0, *counts[1:]])
    for j, (codes, _) in enumerate(numbered[1:]):
        levels[:, j] = codes + np.int32(offsets[j])
    return Absorber(*kernel.group(*numbered[0]), levels, int(offsets[-1]), counts, alone, weights)


def _alone(factors: Sequence[tuple[Places, int]], rows: int) -> Flags:
    """Rows (N,) that are the only one of a level, again and again until none is left (Correia 2015)."""
    alone, before = np.zeros(rows, dtype=bool), -1
    while before != (before := int(alone.sum())):
        for codes, count in factors:
            single = np.bincount(codes[~alone], minlength=count) == 1
            if single.any():
                alone |= single[codes] & ~alone
    return alone


def _dot(x: Array, y: Array) -> Array:
    return np.asarray(np.einsum("ij,ij->j", x, y))


def _ratio(above: Array, below: Array, wanted: Flags) -> Array:
    """Ratios where wanted, else zero: a column that has converged stays as it is."""
    return np.divide(above, below, out=np.zeros(len(above)), where=wanted & (below > 0))
