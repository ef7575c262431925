"""Scores of rows, kept as regressors and residuals; sums of their products over rows, clusters and dyads; leverages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import combinations

import numpy as np
import scipy

from detente.base.errors import EstimationError, UnsupportedCovariance
from detente.base.numbering import Pairs, intersect, number
from detente.base.numerics import EXACT, SERIES
from detente.base.types import Array, Codes, Flags
from detente.stats.kernels import absorption
from detente.stats.kernels import products as kernel
from detente.stats.kernels.leverages import by_series

# Rows multiplied out at a time: they stay in the processor's cache.
BLOCK = 8192


@dataclass(frozen=True)
class Scores:
    """Contributions of n rows to a score: x (n, k) times `residual` (n,); x as it is where that is None."""

    x: Array
    residual: Array | None = None

    def __len__(self) -> int:
        """Rows, n."""
        return len(self.x)

    def _blocks(self) -> Iterator[Array]:
        for start in range(0, len(self.x), BLOCK):
            s = slice(start, start + BLOCK)
            yield self.x[s] if self.residual is None else self.x[s] * self.residual[s, None]

    def of(self, kept: Flags) -> Scores:
        """Those of some rows, flags (n,)."""
        return Scores(self.x[kept], None if self.residual is None else self.residual[kept])

    @property
    def whole(self) -> Array:
        """The scores (n, k), multiplied out again each time."""
        return self.x if self.residual is None else self.x * self.residual[:, None]

    @property
    def extent(self) -> tuple[Array, Array]:
        """Sums (k,) over rows, and sums of squares."""
        total, square = np.zeros(self.x.shape[1]), np.zeros(self.x.shape[1])
        for block in self._blocks():
            total += block.sum(axis=0)
            square += np.einsum("ij,ij->j", block, block)
        return total, square

    @cached_property
    def gram(self) -> Array:
        """Sum of outer products (k, k); the same to the last bit on any number of threads."""
        out = np.zeros((self.x.shape[1], self.x.shape[1]))
        for block in self._blocks():
            out += block.T @ block
        return out

    def sandwiched(self, bread: Array) -> Array:
        """Covariance (k, k) of coefficients if rows are independent."""
        return np.asarray(bread @ self.gram @ bread)

    def along(self, direction: Array) -> Array:
        """Products (n,) with a direction (k,)."""
        made: Array = self.x @ direction
        return made if self.residual is None else made * self.residual

    def over(self, divisor: Array) -> Scores:
        """Each row divided by its own number (n,)."""
        if self.residual is None:
            return Scores(self.x / divisor[:, None])
        return replace(self, residual=self.residual / divisor)


def of_rows(scores: Scores | Array) -> Scores:
    """Scores, given as such or as an array (n, k)."""
    return scores if isinstance(scores, Scores) else Scores(scores)


def totals(scores: Scores | Array, groups: Codes, size: int) -> Array:
    """Sums of the scores of rows within each of `size` groups, (size, k), in one pass without sorting.

    Raises EstimationError if `groups` (n,) are not numbers from 0 to size − 1, one a row.
    """
    given = of_rows(scores)
    if len(groups) != len(given) or (len(groups) and not 0 <= groups.min() <= groups.max() < size):
        raise EstimationError(f"{len(given):,} rows need as many groups, numbered from 0 to {size - 1:,}")
    x, group = np.ascontiguousarray(given.x, dtype=np.float64), np.ascontiguousarray(groups, dtype=np.int64)
    weights = np.empty(0) if given.residual is None else np.ascontiguousarray(given.residual, dtype=np.float64)
    out = np.zeros((size, x.shape[1]))
    kernel.add_rows(x, weights, group, out)
    return out


def dyadic_meat(scores: Scores | Array, pairs: Pairs) -> tuple[Array, int]:
    """Σᵢ UᵢUᵢᵀ − Σ_d S_dS_dᵀ, and the number of states (Aronow, Samii and Assenova 2015, eq. 3, in O(Nk + (n + D)k²)).

    S_d totals the scores of dyad d over its years, U_i the S_d of all dyads of state i. Every pair of observations
    that shares a state counts once: pairs within one dyad share both states and would count twice. A dyad of one state
    with itself is in one U_i alone, once, and is not taken off.

    `scores`: (N, k); `pairs` the dyads of the rows.
    """
    by_dyad = totals(scores, pairs.dyad, len(pairs.low))
    by_state, twice = state_totals(by_dyad, pairs), pairs.between(by_dyad)
    return by_state.T @ by_state - twice.T @ twice, pairs.states


def adjusted_dyadic_meat(scores: Scores | Array, x: Array, bread: Array, pairs: Pairs) -> Array:
    """`dyadic_meat` (k, k) of totals adjusted for leverage: unbiased if errors are independent and of one variance.

    The totals of state i are Xᵢᵀ(I − Hᵢᵢ)^(−½)eᵢ, Hᵢᵢ its block of the projection on the regressors, and so are those
    of a dyad, which are taken off (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018). As
    Xᵢᵀ(I − XᵢMXᵢᵀ)^(−½) = (I − XᵢᵀXᵢM)^(−½)Xᵢᵀ, no matrix is larger than k × k. Absorbed effects of dyads lie within
    dyads and states and need no adjustment; that for others, such as years, is left out.

    x (N, k) within effects; bread M (k, k).
    """
    by_dyad = totals(scores, pairs.dyad, len(pairs.low))
    products = _products(x, pairs)
    of_state = _adjusted(state_totals(products, pairs), bread, state_totals(by_dyad, pairs))
    of_dyad = pairs.between(_adjusted(products, bread, by_dyad))
    return np.asarray(of_state.T @ of_state - of_dyad.T @ of_dyad)


def _products(x: Array, pairs: Pairs) -> Array:
    """Cross-products of the columns of x (N, k) within each dyad, (D, k²)."""
    k, (order, start) = x.shape[1], absorption.group(pairs.dyad.astype(np.int32), len(pairs.low))
    packed = kernel.products(np.ascontiguousarray(x, dtype=np.float64), k, order, start)
    return packed.take(kernel.places(k, k).ravel(), axis=1)


def _adjusted(products: Array, bread: Array, summed: Array) -> Array:
    """Score totals (G, k) times adjustments for leverage, by the binomial series in groups where that is small."""
    out = np.empty(summed.shape)
    large = ~by_series(products.reshape(len(summed), *bread.shape), bread, summed, SERIES, out)
    if large.any():
        out[large] = np.einsum("gij,gj->gi", _adjustments(products[large], bread), summed[large])
    return out


def leverage_adjustments(x: Array, bread: Array, pairs: Pairs) -> tuple[Array, Array]:
    """What score totals of states (n, k, k) and of dyads (D, k, k) are multiplied by: (I − SM)^(−½), S = XᵀX of each.

    With M = LLᵀ that is L^(−T)(I − LᵀSL)^(−½)Lᵀ, whose middle is symmetric; 0 along what a group fits exactly.
    x (N, k) within effects; bread M (k, k).
    """
    products = _products(x, pairs)
    return _adjustments(state_totals(products, pairs), bread), _adjustments(products, bread)


def _adjustments(products: Array, bread: Array) -> Array:
    """The same (G, k, k) from cross-products (G, k²)."""
    root = np.linalg.cholesky(bread)
    values, vectors = np.linalg.eigh(root.T @ products.reshape(-1, *bread.shape) @ root)
    free = 1 - values
    stretch = np.where(free > EXACT, np.maximum(free, EXACT) ** -0.5, 0.0)
    middle = (vectors * stretch[:, None]) @ vectors.transpose(0, 2, 1)
    return np.asarray(np.linalg.inv(root.T) @ middle @ root.T)


def state_totals(by_dyad: Array, pairs: Pairs, dyads: slice = slice(None)) -> Array:
    """Sums (n, k) over the dyads of each state, or some of its `dyads`, of columns (D, k); a dyad of one state once."""
    two = pairs.two[dyads]
    others, high = (by_dyad, pairs.high[dyads]) if two.all() else (by_dyad[two], pairs.high[dyads][two])
    return totals(by_dyad, pairs.low[dyads], pairs.states) + totals(others, high, pairs.states)


def cross_products(sums: Array) -> Array:
    """Cross-products (B, k, k) of sums (G, k, B)."""
    by_fit = np.ascontiguousarray(np.moveaxis(sums, 2, 0))
    return np.asarray(by_fit.transpose(0, 2, 1) @ by_fit)


def cluster_meat(scores: Scores | Array, groups: Codes) -> tuple[Array, int]:
    """Sum of outer products of within-group score totals (Liang and Zeger 1986), and the number of groups."""
    distinct, group = number(groups)
    if len(distinct) == len(scores):
        # Each row a group of its own, as where dyads cross years.
        return of_rows(scores).gram, len(distinct)
    summed = totals(scores, group, len(distinct))
    return summed.T @ summed, len(distinct)


def multiway_meat(
    scores: Scores | Array, factors: Sequence[Codes], weigh: Callable[[Sequence[int]], Sequence[float]]
) -> tuple[Array, list[int]]:
    """Sum over all sets of factors, odd ones added, even ones taken off (Cameron, Gelbach and Miller 2011, eq. 2.13).

    `scores`: (N, k); `factors` codes (N,) each; `weigh` returns a factor for each part from the parts' numbers of
    groups, single factors first. Returns the meat (k, k) and the number of groups of each single factor.
    """
    chosen = [group for size in range(1, len(factors) + 1) for group in combinations(factors, size)]
    parts = [cluster_meat(scores, reduce(intersect, group)) for group in chosen]
    counts = [count for _, count in parts]
    weights = [(-1) ** (len(group) + 1) * weight for group, weight in zip(chosen, weigh(counts), strict=True)]
    meat = sum(weight * part for weight, (part, _) in zip(weights, parts, strict=True))
    return np.asarray(meat), counts[: len(factors)]


def leverage(x: Array, bread: Array, effects: Array | float = 0.0) -> Array:
    """Diagonal (n,) of the projection on x (n, k), given (XᵀX)⁻¹, and on absorbed effects whose own is `effects`."""
    return np.asarray(np.einsum("ij,ij->i", x @ bread, x) + effects)


def corrected_scores(scores: Scores | Array, leverages: Array, power: float) -> Scores:
    """Scores over (1 − h)^power: ½ for HC2, 1 for HC3 (MacKinnon and White 1985).

    Raises UnsupportedCovariance if rows are fitted exactly, as those of single-row effects are.
    """
    left = 1 - leverages
    if exact := int((left < EXACT).sum()):
        raise UnsupportedCovariance(
            f"{exact:,} rows are fitted exactly (leverage 1): HC2 and HC3 do not exist; use hc1, cluster or dyadic"
        )
    return of_rows(scores).over(left**power)


def effects_leverage(effects: Sequence[Codes]) -> Array:
    """Diagonal (n,) of the projection on full sets of dummies of one or two factors (n,).

    The dummies of the first are orthogonal: 1/n_g. The second adds what is left of its dummies within the first, by
    the pseudo-inverse of a matrix of its own size: put the larger factor first.

    Raises UnsupportedCovariance if there are more than two factors.
    """
    if len(effects) > 2:
        raise UnsupportedCovariance("HC2 and HC3 take at most two absorbed effects; use hc1, cluster or dyadic")
    levels, first = number(effects[0])
    count = np.bincount(first, minlength=len(levels)).astype(np.float64)
    if len(effects) == 1:
        return np.asarray(1 / count[first])
    others, second = number(effects[1])
    shape = (len(levels), len(others))
    table = scipy.sparse.coo_array((np.ones(len(first)), (first, second)), shape=shape).tocsr()
    share = (table.multiply(1 / count[:, None])).toarray()
    inverse = np.linalg.pinv(np.diag(np.bincount(second, minlength=len(others)).astype(np.float64)) - table.T @ share)
    spread = share @ inverse
    within = np.diag(inverse)[second] - 2 * spread[first, second] + np.einsum("ij,ij->i", spread, share)[first]
    return np.asarray(1 / count[first] + within)
