"""Many linear models of the same rows and fixed effects, from one demeaning and one pass over the rows.

Within effects, least squares and its cluster-robust covariances need nothing of the rows but products of columns. With
M_d = Σ_t z_t z_tᵀ of dyad d, z = (x, y), a fit on columns J has the score totals S_d = M_d[J, y] − M_d[J, J] b, linear
in M_d. So Σ_d S_d S_dᵀ, and the same over states, are quadratic forms in (−b, 1) of Σ_d m_d m_dᵀ, m_d being M_d packed:
made once, each fit then is a small solve whatever the number of rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np

from detente.base.errors import EstimationError, NoVariation
from detente.base.numbering import Pairs
from detente.base.numerics import CANCELLED, INFLATED, NO_VARIANCE
from detente.base.types import Array, Codes, Flags
from detente.stats.conditioning import far
from detente.stats.covariance import Covariance, Scores, cluster_meat, dyadic_meat, semidefinite, state_totals
from detente.stats.effects.risk import Effect, less_effect
from detente.stats.kernels import absorption
from detente.stats.kernels import products as kernel
from detente.stats.linear.absorb import Absorber, absorber
from detente.stats.linear.group import (
    BY_ROWS,
    Choice,
    Fits,
    Found,
    Group,
    Shared,
    check,
    covariance_of_rows,
    one_row_each,
    picked,
    stack,
)
from detente.stats.linear.regressors import Stalled, inverse
from detente.stats.linear.within import degrees_left, gram, named, notes, refined

# Numbers in a block of packed products of dyads.
BLOCK = 8_000_000
# Sums of products of scores (k, k), from totals (D, k) of dyads.
MEATS: Mapping[str, Callable[[Array, Pairs], Array]] = {
    "dyad": lambda totals, pairs: cluster_meat(totals, pairs.dyad)[0],
    "dyadic": lambda totals, pairs: dyadic_meat(totals, pairs)[0],
}
# Columns beyond which a table of the products of products outgrows its use: scores are then made row by row.
WIDEST = 64


@dataclass(frozen=True)
class _Moments:
    """Products of columns of a group, K = p + q of them.

    `totals` (p, K) of regressors with all columns; `second` (P, P) sums of outer products of packed products by kind of
    covariance, and `roots` (p, K) of what was added up and taken off on their diagonals; `place` (p, K) where products
    are packed; `reach` (K,) bounds on absolute values of columns.
    """

    totals: Array
    second: Mapping[str, Array]
    roots: Mapping[str, Array]
    place: Codes
    reach: Array


@dataclass(frozen=True)
class _Sample:
    """Columns within effects, or as they came behind a constant without any, and their products.

    `single` covariances of a single score by kind: their small-sample factor, degrees of freedom and how they are made.
    """

    group: Group
    columns: Shared
    absorber: Absorber
    moments: _Moments
    single: Mapping[str, Covariance | Exception]


@dataclass(frozen=True)
class _Fit:
    """Least squares of column `outcome` on `columns` (k,): `slopes` (k,) and `bread` (k, k).

    `rows` are the columns themselves, x (n, k), and what is left of the outcome (n,), where products lose digits.
    """

    columns: Codes
    outcome: int
    slopes: Array
    bread: Array
    rows: tuple[Array, Array] | None = None


def linear_models(group: Group, models: Sequence[Choice], covariances: Sequence[str] = ("dyad", "dyadic")) -> Fits:
    """Linear probability models of one group: each equals `fit(design, estimator="lpm")` alone.

    `covariances`: "dyad", "dyadic", and "hc1" and "dyadic_cr2", which need a pass over the rows for each choice.

    Raises UnknownVariable, UnsupportedCovariance, EstimationError as `check`; or if a value is missing, or effects are
    not absorbed in 5,000 iterations. What one choice lacks (variation, rank, a variance) is its reason in the result.
    """
    check(group, models, covariances)
    if not models:
        return Fits(())
    sample = _prepared(group, models, [kind for kind in covariances if kind not in BY_ROWS])
    return Fits([_attempted(sample, choice, covariances) for choice in models], notes(sample.absorber))


def _prepared(group: Group, models: Sequence[Choice], kinds: Sequence[str]) -> _Sample:
    """Take effects off the columns that any choice uses, and make their products."""
    shared, lowest = stack(group, models, lead=0 if group.effects else 1)
    if shared.lead and (away := far(shared.z[:, shared.lead : shared.inner])).any():
        columns = shared.lead + np.flatnonzero(away)
        shared.z[:, columns] -= shared.z[:, columns].mean(axis=0)
    made, inner = absorber(group.effects, group.rows), shared.inner
    single = {kind: _of_single_score(group.pairs, made.silent, kind) for kind in kinds}
    if not group.effects:
        return _Sample(group, shared, made, _moments(shared.z, inner, group.pairs), single)
    z = made.residual(shared.z, out=shared.z if made.direct else None)
    moments = _moments(z, inner, group.pairs)
    ranked, outcomes = moments.totals[:, :inner], z[:, inner:]
    varies = np.concatenate([np.diag(ranked), np.einsum("ij,ij->j", outcomes, outcomes)]) > lowest
    return _Sample(group, replace(shared, z=z, varies=varies, ranked=ranked), made, moments, single)


def _moments(z: Array, inner: int, pairs: Pairs) -> _Moments:
    """Products by dyad, in blocks of dyads; where columns are many, no more than their totals."""
    if z.shape[1] > WIDEST:
        return _Moments(gram(z)[:inner], {}, {}, np.empty((0, 0), dtype=np.int64), np.empty(0))
    place = kernel.places(inner, z.shape[1])
    packed = int(place.max()) + 1
    order, start = absorption.group(pairs.dyad.astype(np.int32), len(pairs.low))
    total, most, by_dyad = np.zeros(packed), np.zeros(inner), np.zeros((packed, packed))
    by_state, alone = np.zeros((pairs.states, packed)), np.zeros((packed, packed))
    step = max(BLOCK // packed, 1)
    for first in range(0, len(pairs.low), step):
        here = slice(first, first + step)
        products = kernel.products(z, inner, order, start[first : first + step + 1])
        total += products.sum(axis=0)
        most = np.maximum(most, products[:, np.diag(place)].max(axis=0))
        by_dyad += products.T @ products
        by_state += state_totals(products, pairs, here)
        if not pairs.two[here].all():
            alone += (own := products[~pairs.two[here]]).T @ own
    of_states = by_state.T @ by_state
    second = {"dyad": by_dyad, "dyadic": of_states - (by_dyad - alone)}
    sizes = {"dyad": np.diag(by_dyad), "dyadic": np.diag(of_states) + np.diag(by_dyad)}
    roots = {kind: np.sqrt(size)[place] for kind, size in sizes.items()}
    reach = np.concatenate([np.sqrt(most), np.abs(z[:, inner:]).max(axis=0)])
    return _Moments(total[place], second, roots, place, reach)


def _of_single_score(pairs: Pairs, silent: Flags | None, kind: str) -> Covariance | Exception:
    """What a covariance is like in a group, asked of it with a row for each dyad, one of them with a score."""
    dyads = len(pairs.low)
    mute = None if silent is None else np.bincount(pairs.dyad, ~silent, dyads) == 0
    scores = np.zeros((dyads, 1))
    scores[0 if mute is None else int(mute.argmin())] = 1.0
    return covariance_of_rows(kind, Scores(scores), np.ones((1, 1)), one_row_each(pairs), linear=True, silent=mute)


def _attempted(sample: _Sample, choice: Choice, kinds: Sequence[str]) -> Found | Exception:
    """A fit and its covariances, or why there is none."""
    columns, effects, rows = sample.columns, sample.group.effects, sample.group.rows
    outcome, lead, varies = columns.index[choice.outcome], columns.lead, columns.varies
    try:
        # As `lpm` does, if outcome or treatment does not vary within effects.
        if effects and not (varies[outcome] and varies[columns.index[choice.treatment]]):
            what = f"treatment {choice.treatment!r}" if varies[outcome] else "outcome"
            raise NoVariation(f"the {what} does not vary within {named(effects)} in {rows:,} rows")
        kept, dropped = columns.kept(choice)
        if not varies[outcome]:
            raise NoVariation(f"the outcome is {columns.z[0, outcome]:g} in all {rows:,} rows")
        fit = _solved(sample, kept, outcome)
    except EstimationError as error:
        return error
    over_rows, by_dyad = cache(partial(_over_rows, sample, fit)), cache(partial(_totals, sample, fit))
    covariances = {kind: _covariance(sample, fit, kind, over_rows, by_dyad) for kind in kinds}
    effect = Effect(float(fit.slopes[lead]), np.eye(len(kept))[lead])
    return Found(effect, _base(sample.group, choice, effect), dropped, covariances)


def _base(group: Group, choice: Choice, effect: Effect) -> Effect | None:
    """As `risk_without_treatment`."""
    rows, dose, means = group.treated(choice.treatment)
    return less_effect(float(means[group.outcomes.index(choice.outcome)]), dose, effect) if rows else None


def _solved(sample: _Sample, columns: Codes, outcome: int) -> _Fit:
    """Coefficients of a choice; where regressors all but depend on one another, from the rows, as `lpm` has them.

    Raises EstimationError if no degree of freedom is left, or regressors are too large beside the constant.
    """
    degrees_left(sample.group.rows, len(columns), sample.absorber.parameters)
    cross, with_y = sample.moments.totals[np.ix_(columns, columns)], sample.moments.totals[columns, outcome]
    try:
        bread, rows = inverse(cross), None
        if (np.diag(bread) * np.diag(cross)).max() > INFLATED:
            rows = _rows(sample, columns, outcome)
            products = gram(*rows)
            bread, with_y = inverse(products[:-1, :-1]), products[:-1, -1]
    except Stalled:
        raise EstimationError("the regressors are so large that they cannot be told from the constant") from None
    slopes = bread @ with_y
    if rows is None:
        return _Fit(columns, outcome, slopes, bread)
    residual = np.empty(len(rows[1]))
    kernel.least_squares_residual(*rows, slopes, residual)
    return _Fit(columns, outcome, refined(rows[0], residual, bread, slopes), bread, (rows[0], residual))


def _rows(sample: _Sample, columns: Codes, outcome: int) -> tuple[Array, Array]:
    z = sample.columns.z
    return picked(z, columns), np.ascontiguousarray(z[:, outcome])


def _over_rows(sample: _Sample, fit: _Fit) -> tuple[Array, Array]:
    """The columns of a fit, x (n, k), and what is left of its outcome (n,)."""
    if fit.rows:
        return fit.rows
    x, y = _rows(sample, fit.columns, fit.outcome)
    residual = np.empty(len(y))
    kernel.least_squares_residual(x, y, fit.slopes, residual)
    return x, residual


def _totals(sample: _Sample, fit: _Fit) -> Array:
    """Score totals of dyads, (D, k)."""
    pairs, totals = sample.group.pairs, np.zeros((len(sample.group.pairs.low), len(fit.columns)))
    kernel.fit_totals(sample.columns.z, fit.columns, fit.outcome, fit.slopes, pairs.dyad, totals)
    return totals


def _covariance(
    sample: _Sample, fit: _Fit, kind: str, over_rows: Callable[[], tuple[Array, Array]], by_dyad: Callable[[], Array]
) -> Covariance | Exception:
    """From products or score totals of dyads where these say whether there is a variance, else from scores of rows."""
    alone = sample.single.get(kind)
    if isinstance(alone, Exception):
        return alone
    if alone and sample.moments.second and fit.rows is None and (quick := _by_dyad(sample, fit, kind, alone, by_dyad)):
        return quick
    x, residual = over_rows()
    absorbed = sample.absorber.parameters
    own = {"x": x, "absorbed": absorbed, "linear": True, "silent": sample.absorber.silent}
    return covariance_of_rows(kind, Scores(x, residual), fit.bread, sample.group.pairs, **own)


def _by_dyad(
    sample: _Sample, fit: _Fit, kind: str, alone: Covariance, by_dyad: Callable[[], Array]
) -> Covariance | None:
    """The same from products, or, where rounding could be felt, from totals; None if there is hardly a variance."""
    moments, lead, factor = sample.moments, sample.columns.lead, float(alone.unrepaired[0, 0])
    both, weight = np.append(fit.columns, fit.outcome), np.append(np.abs(fit.slopes), 1.0)
    unrepaired = _from_products(moments, fit, kind, factor)
    if unrepaired is None:
        meat = MEATS[kind](by_dyad(), one_row_each(sample.group.pairs))
        unrepaired = fit.bread @ (factor * meat) @ fit.bread
    residual = float(moments.reach[both] @ weight)
    if 0 < unrepaired[lead, lead] <= NO_VARIANCE * residual**2 * fit.bread[lead, lead]:
        return None
    matrix, repair = semidefinite(unrepaired)
    # What is not in doubt exists, or does not, beside a heteroskedastic variance of zero too.
    degrees = alone.degrees if not callable(alone.degrees) else partial(_effective, moments, fit)
    return Covariance(matrix, unrepaired, np.zeros(matrix.shape), kind, degrees, alone.ssc, repair)


def _from_products(moments: _Moments, fit: _Fit, kind: str, factor: float) -> Array | None:
    """A covariance (k, k) from products, or None if rounding could be felt."""
    meat = kernel.meat(moments.second[kind], moments.place, fit.columns, fit.outcome, fit.slopes)
    unrepaired: Array = fit.bread @ (factor * meat) @ fit.bread
    both, weight = np.append(fit.columns, fit.outcome), np.append(np.abs(fit.slopes), 1.0)
    largest = np.abs(fit.bread) @ (moments.roots[kind][fit.columns[:, None], both] @ weight)
    exact = factor * largest**2 <= CANCELLED * np.abs(np.diag(unrepaired))
    return unrepaired if exact.all() else None


def _effective(moments: _Moments, fit: _Fit, gradient: Array) -> float:
    """Effective degrees of freedom (`Satterthwaite`) from products: with d = bread × gradient, sums of z² are dᵀM d."""
    d = fit.bread @ gradient
    places, at = np.unique(moments.place[np.ix_(fit.columns, fit.columns)], return_inverse=True)
    weights = np.bincount(at.ravel(), np.outer(d, d).ravel())
    return float(gradient @ d) ** 2 / float(weights @ moments.second["dyadic"][np.ix_(places, places)] @ weights)
