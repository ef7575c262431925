"""Sums of products of scores over rows, clusters and dyads that share a state; leverages, which HC2 and HC3 need."""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from scipy import sparse

from detente.base.errors import UnsupportedCovariance
from detente.base.numbering import Pairs, intersect, number
from detente.base.types import Array, Codes
from detente.stats.covariance.scores import Scores, of_rows, totals

# A row whose leverage is this close to one is fitted exactly: its residual says nothing.
EXACT = 1e-9


def dyadic_meat(scores: Scores | Array, pairs: Pairs) -> tuple[Array, int]:
    """Σᵢ UᵢUᵢᵀ − Σ_d S_dS_dᵀ, and the number of states (Aronow, Samii and Assenova 2015, eq. 3, in O(Nk + (n + D)k²)).

    S_d totals the scores of dyad d over its years, U_i the S_d of all dyads of state i. Every pair of observations
    that shares a state counts once: pairs within one dyad share both states and would count twice.

    `scores`: (N, k); `pairs` the dyads of the rows.
    """
    by_dyad = totals(scores, pairs.dyad, len(pairs.low))
    n = pairs.states
    by_state = totals(by_dyad, pairs.low, n) + totals(by_dyad, pairs.high, n)
    return by_state.T @ by_state - by_dyad.T @ by_dyad, n


def cluster_meat(scores: Scores | Array, groups: Codes) -> tuple[Array, int]:
    """Sum of outer products of within-group score totals (Liang and Zeger 1986), and the number of groups."""
    distinct, group = number(groups)
    if len(distinct) == len(scores):
        # Each row a group of its own, as where dyads cross years.
        return of_rows(scores).gram(), len(distinct)
    summed = totals(scores, group, len(distinct))
    return summed.T @ summed, len(distinct)


def multiway_meat(
    scores: Scores | Array, factors: Sequence[Codes], weigh: Callable[[Sequence[int]], Sequence[float]]
) -> tuple[Array, list[int]]:
    """Sum over all sets of factors, odd ones added, even ones taken off (Cameron, Gelbach and Miller 2011, eq. 2.13).

    `scores`: (N, k); `factors` codes (N,) each; `weigh` returns a factor for each part from the parts' numbers of
    groups, single factors first. Returns the meat (k, k) and the number of groups of each single factor.
    """
    parts: list[tuple[int, Array, int]] = []
    for size in range(1, len(factors) + 1):
        for chosen in combinations(factors, size):
            groups = chosen[0]
            for other in chosen[1:]:
                groups = intersect(groups, other)
            parts.append(((-1) ** (size + 1), *cluster_meat(scores, groups)))
    counts = [count for _, _, count in parts]
    weights = weigh(counts)
    meat = sum(sign * weight * part for (sign, part, _), weight in zip(parts, weights, strict=True))
    return np.asarray(meat), counts[: len(factors)]


def leverage(x: Array, bread: Array, effects: Array | float = 0.0) -> Array:
    """Diagonal (n,) of the projection on x (n, k), given (XᵀX)⁻¹, and on absorbed effects whose own is `effects`."""
    return np.asarray(np.einsum("ij,ij->i", x @ bread, x) + effects)


def corrected_scores(scores: Scores | Array, leverages: Array, power: float) -> Scores:
    """Scores over (1 − h)^power: ½ for HC2, 1 for HC3 (MacKinnon and White 1985).

    Raises UnsupportedCovariance if rows are fitted exactly, as those of single-row effects are.
    """
    left = 1 - leverages
    exact = int((left < EXACT).sum())
    if exact:
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
    table = sparse.coo_array((np.ones(len(first)), (first, second)), shape=shape).tocsr()
    share = (table.multiply(1 / count[:, None])).toarray()
    inverse = np.linalg.pinv(np.diag(np.bincount(second, minlength=len(others)).astype(np.float64)) - table.T @ share)
    spread = share @ inverse
    within = np.diag(inverse)[second] - 2 * spread[first, second] + np.einsum("ij,ij->i", spread, share)[first]
    return np.asarray(1 / count[first] + within)
