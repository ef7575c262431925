"""Wild bootstrap of a linear model, score bootstrap of any: tests where clusters are few, or differ much in size."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from detente.base.errors import EstimationError, NotConverged, UnsupportedEffects, UnsupportedEstimator
from detente.base.numerics import SINGULAR
from detente.base.types import Array, Codes
from detente.stats.covariance import Vcov, nested, number, totals
from detente.stats.fitting import Fit
from detente.stats.kernels import absorption
from detente.stats.kernels.products import cluster_products
from detente.stats.likelihood.binary import likelihood
from detente.stats.likelihood.maximum import Point, newton
from detente.stats.linear.absorb import absorber
from detente.stats.linear.regressors import Stalled, chunks, inverse
from detente.stats.registry import get
from detente.stats.resampling import resampling

# Levels of effects that cut across clusters up to which they are kept as columns.
MOST_LEVELS = 1000
# Clusters up to which residuals are absorbed again for each, where there are more levels.
MOST_CLUSTERS = 1000
# Clusters above which effects that cut across them, a small part of each draw, are multiplied in single precision.
PRECISE = 1000
# Columns absorbed at a time.
COLUMNS = 16


def wild_bootstrap(
    fit: Fit,
    term: str | None = None,
    clusters: str | Vcov | None = None,
    *,
    null: float = 0.0,
    draws: int = 999,
    weights: resampling.Weights = "rademacher",
    seed: int = 0,
) -> resampling.ClusterBootstrap:
    """Test a coefficient of the LPM by the wild cluster bootstrap that imposes the null (WCR).

    Cameron, Gelbach and Miller (2008), in the fast form of Roodman, MacKinnon, Nielsen and Webb (2019): sums within
    clusters are made once, for the residuals and for the regressor, so that every draw and every null of the interval
    is a product of these. Absorbed effects are estimated again in every draw, exactly: those that lie within clusters
    are untouched by their weights, others are kept as columns.

    `term`: the coefficient; the treatment's if None. `clusters`: a factor; None for that of the fit's covariance, or
    the dyad. `weights`: "rademacher" (±1), or "webb" (six points), for fewer than a dozen clusters. If all vectors of
    ±1 are no more than `draws`, each is taken once.
    Raises UnsupportedEstimator if the fit is not least squares: `score_bootstrap` is for likelihoods; UnknownVariable
    if the term is not in the fit; TooFewClusters, UnsupportedCovariance if there are fewer than two clusters, or
    clusters of several factors; UnsupportedEffects if effects cut across clusters, with more than 1,000 levels and more
    than 1,000 clusters.
    """
    if not get(fit.estimator).least_squares:
        raise UnsupportedEstimator(
            f"the wild bootstrap is for least squares, not {fit.estimator!r}: use lpm, or score_bootstrap"
        )
    place, plan = resampling.place_of(fit, term), resampling.plan(fit, clusters, weights, draws, seed)
    sample = _sample(fit, place, plan.group, plan.clusters)
    first, slope, square, cross, steep = np.hstack([sample.moments(block) for block in plan.blocks()])
    estimate, (std_error, ssc) = float(fit.estimate[place]), plan.std_error(fit, place)
    # Small-sample factors divide out of every comparison.
    scale = float(np.sqrt(sample.by_residual @ sample.by_residual)) / (std_error * float(sample.by_self.sum()))

    def tested(value: float) -> tuple[float, Array]:
        distance = estimate - value
        below = square + 2 * distance * cross + distance**2 * steep
        with np.errstate(divide="ignore", invalid="ignore"):
            found = (first + distance * slope) / np.sqrt(np.maximum(below, 0.0))
        return distance / std_error, np.where(np.isnan(found), 0.0, found) * scale

    said = f"wild bootstrap, null imposed, {plan.said}; {ssc}"
    return resampling.bootstrapped(fit, place, plan, std_error, tested, null, imposed=True, refits=False, ssc=said)


@dataclass(frozen=True)
class _Sums:
    """Sums within G clusters: totals of x̃û and x̃² (G,).

    Residuals that obey the null are û + δx̃, where δ is the estimate less the null and x̃ the regressor less the others.
    A statistic, Σ x̃ᵀû* over the root of the sum of its squared cluster totals, is linear in δ above the line, and
    quadratic under the root: `moments` (5, b) of b draws of the clusters' weights (b, G) are constant and slope of the
    numerator, and constant, half the slope and bend of the squared denominator.
    """

    by_residual: Array
    by_self: Array


@dataclass(frozen=True)
class _Columns(_Sums):
    """The same with all effects that cut across clusters as columns, Q of them beside the k regressors.

    Of columns times û and of columns times x̃, both times the inverse of the columns' cross-products, and of the latter
    times either total: `regressors` (G, 4k) and `crossing` (G, 4Q). `cross` (k + Q, k + Q) are products of columns
    times x̃.
    """

    regressors: Array
    crossing: Array
    cross: Array

    def moments(self, weights: Array) -> Array:
        u, x = self.by_residual, self.by_self
        near = np.split(weights @ self.regressors, 4, axis=1)
        far = np.split(weights.astype(self.crossing.dtype) @ self.crossing, 4, axis=1)
        shift_u, shift_x, with_u, with_x = (np.hstack(parts) for parts in zip(near, far, strict=True))
        squared = (weights * weights) @ np.stack([u * u, u * x, x * x], axis=1)
        crossed_u, crossed_x = shift_u @ self.cross, shift_x @ self.cross
        square = squared[:, 0] - 2 * _dot(shift_u, with_u) + _dot(shift_u, crossed_u)
        cross = squared[:, 1] - _dot(shift_u, with_x) - _dot(shift_x, with_u) + _dot(shift_u, crossed_x)
        steep = squared[:, 2] - 2 * _dot(shift_x, with_x) + _dot(shift_x, crossed_x)
        return np.stack([weights @ u, weights @ x, square, cross, steep])


@dataclass(frozen=True)
class _Squares(_Sums):
    """The same for few clusters: how a weight of each moves the totals of all, for û and for x̃, (G, G) each."""

    moves_u: Array
    moves_x: Array

    def moments(self, weights: Array) -> Array:
        u, x = weights @ self.moves_u.T, weights @ self.moves_x.T
        return np.stack([weights @ self.by_residual, weights @ self.by_self, _dot(u, u), _dot(u, x), _dot(x, x)])


def _dot(x: Array, y: Array) -> Array:
    return np.asarray(np.einsum("ij,ij->i", x, y))


def _sample(fit: Fit, place: int, group: Codes, count: int) -> _Columns | _Squares:
    solution, design = fit.solution, fit.design
    assert solution.predictor is not None
    residual = design.y - solution.predictor
    along = np.empty(len(residual))
    by_residual, by_along = np.zeros((2, count, len(fit.terms)))
    direction = np.ascontiguousarray(solution.bread[:, place] / solution.bread[place, place])
    cluster_products(solution.x, direction, residual, group, along, by_residual, by_along)
    a_u, a_x = by_residual @ direction, by_along @ direction
    crossing = {name: codes for name, codes in design.fixed_effects.items() if not nested(codes, group)}
    levels = {name: number(codes) for name, codes in crossing.items()}
    size = sum(len(distinct) for distinct, _ in levels.values())
    if size > MOST_LEVELS:
        if count > MOST_CLUSTERS:
            raise UnsupportedEffects(
                f"effects of {', '.join(crossing)} cut across the {count:,} clusters and have {size:,} levels: the "
                f"wild bootstrap takes {MOST_LEVELS:,} such levels, or {MOST_CLUSTERS:,} clusters"
            )
        both = ((residual, by_residual), (along, by_along))
        moved = ((_moved(design.fixed_effects, part, along, group, count), sums) for part, sums in both)
        return _Squares(a_u, a_x, *(moves - by_along @ (solution.bread @ sums.T) for moves, sums in moved))
    near = _stacked(by_residual, by_along, solution.bread, (a_u, a_x))
    if not levels:
        return _Columns(a_u, a_x, near, np.empty((count, 0)), by_along.T @ by_along)
    inside = [codes for name, codes in design.fixed_effects.items() if name not in crossing]
    inverted = np.linalg.pinv(_coupled(inside, levels, size), SINGULAR, hermitian=True)
    # Regressors are within effects: their products with dummies are zero, and the two sets of columns apart.
    level_u, level_x = (
        np.hstack([_table(part, group, count, level) for _, level in levels.values()]) for part in (residual, along)
    )
    far = _stacked(level_u, level_x, inverted, (a_u, a_x), precise=count <= PRECISE)
    between = by_along.T @ level_x
    cross = np.block([[by_along.T @ by_along, between], [between.T, level_x.T @ level_x]])
    return _Columns(a_u, a_x, near, far, cross)


def _stacked(u: Array, x: Array, inverted: Array, totals: tuple[Array, Array], precise: bool = True) -> Array:
    """Columns times û and x̃ (G, K), both times `inverted` (K, K), and the latter times either total, (G, 4K)."""
    k = u.shape[1]
    made = np.empty((len(u), 4 * k), dtype=np.float64 if precise else np.float32)
    np.matmul(u, inverted, out=made[:, :k], casting="same_kind")
    np.matmul(x, inverted, out=made[:, k : 2 * k], casting="same_kind")
    for i, total in enumerate(totals, start=2):
        np.multiply(x, total[:, None], out=made[:, i * k : (i + 1) * k], casting="same_kind")
    return made


def _table(values: Array, group: Codes, count: int, level: Codes) -> Array:
    """Sums of values (N,) by cluster and level, (G, levels)."""
    width = int(level.max()) + 1
    return np.asarray(np.bincount(group * width + level, values, minlength=count * width).reshape(count, width), float)


def _coupled(inside: list[Codes], levels: Mapping[str, tuple[Codes, Codes]], size: int) -> Array:
    """Cross-products (Q, Q) of the dummies of effects across clusters, effects within clusters taken off them."""
    places = np.cumsum([0, *(len(distinct) for distinct, _ in levels.values())])
    stacked = np.stack([level + p for (_, level), p in zip(levels.values(), places[:-1], strict=True)], axis=1)
    if len(inside) == 1:
        distinct, first = number(inside[0])
        order, start = absorption.group(first.astype(np.int32), len(distinct))
        return np.asarray(absorption.schur(np.empty(0), order, start, stacked.astype(np.int32), size))
    products, made = np.empty((size, size)), absorber(inside, len(stacked))
    for s in range(0, size, COLUMNS):
        wide = np.arange(s, min(s + COLUMNS, size))
        dummies = (stacked[:, :, None] == wide).any(axis=1).astype(np.float64)
        left = made.residual(dummies)
        products[:, wide] = sum(totals(left, column, size) for column in stacked.T)
    return products


def _moved(effects: Mapping[str, Codes], values: Array, along: Array, group: Codes, count: int) -> Array:
    """Totals by cluster of `along` times the values (N,) of one cluster at a time within effects, (G, G)."""
    made = absorber(effects, len(values))
    moved = np.empty((count, count))
    for s in range(0, count, COLUMNS):
        wide = np.arange(s, min(s + COLUMNS, count))
        left = made.residual(np.where(group[:, None] == wide, values[:, None], 0.0))
        moved[:, wide] = totals(left * along[:, None], group, count)
    return moved


def score_bootstrap(
    fit: Fit,
    term: str | None = None,
    clusters: str | Vcov | None = None,
    *,
    null: float = 0.0,
    draws: int = 999,
    weights: resampling.Weights = "rademacher",
    seed: int = 0,
) -> resampling.ClusterBootstrap:
    """Test a coefficient by perturbing the scores of clusters (Kline and Santos 2012); nothing is refitted in a draw.

    Of pooled logit, probit, cloglog and Poisson the null is imposed: the scores are those at the estimate that obeys
    it, as in a Lagrange multiplier test. Of all other estimators they are those of the fit.

    `term`, `clusters`, `weights`: as in `wild_bootstrap`.
    Raises UnknownVariable if the term is not in the fit; TooFewClusters, UnsupportedCovariance if there are fewer than
    two clusters, clusters of several factors, or clusters that split the groups of an estimator of whole groups;
    NotConverged if the model has no estimate under the null.
    """
    place, plan = resampling.place_of(fit, term), resampling.plan(fit, clusters, weights, draws, seed)
    imposed = get(fit.estimator).index_model is not None
    std_error, _ = plan.std_error(fit, place)
    tested = _imposed(fit, place, plan) if imposed else _not_imposed(fit, place, plan, std_error)
    how = "null imposed" if imposed else "null not imposed"
    said = f"score bootstrap, {how}, {plan.said}, {plan.clusters:,} clusters of {plan.name}"
    return resampling.bootstrapped(fit, place, plan, std_error, tested, null, imposed=imposed, refits=imposed, ssc=said)


def _imposed(fit: Fit, place: int, plan: resampling.Plan) -> resampling.Tested:
    def tested(value: float) -> tuple[float, Array]:
        parts = _by_cluster(plan, _effective_scores(fit, place, value))
        return float(_studentised(np.ones((1, plan.clusters)), parts)[0]), _drawn(parts, plan)

    return tested


def _not_imposed(fit: Fit, place: int, plan: resampling.Plan, std_error: float) -> resampling.Tested:
    parts = _by_cluster(plan, fit.solution.scores.along(fit.solution.bread[:, place]))
    # Small-sample factors of the standard error are those of the draws' too.
    drawn = _drawn(parts, plan) * float(np.sqrt(parts @ parts)) / std_error
    return lambda value: ((float(fit.estimate[place]) - value) / std_error, drawn)


def _by_cluster(plan: resampling.Plan, rows: Array) -> Array:
    return np.asarray(np.bincount(plan.group, rows, minlength=plan.clusters), dtype=np.float64)


def _drawn(parts: Array, plan: resampling.Plan) -> Array:
    """Statistics (B,) of clusters' parts (G,) under drawn weights."""
    return np.concatenate([_studentised(block, parts) for block in plan.blocks()])


def _studentised(weights: Array, parts: Array) -> Array:
    """Sums of weighted parts over the root of their squares about the mean, (b,); `weights` (b, G)."""
    total, square = weights @ parts, (weights * weights) @ (parts * parts)
    spread = square - total**2 / len(parts)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(spread > 0, total / np.sqrt(spread), np.sign(total) * np.inf))


def _effective_scores(fit: Fit, place: int, value: float) -> Array:
    """Each row's part (n,) of one Newton step of a coefficient from the estimate that holds it at a value."""
    model, x, y = get(fit.estimator).index_model, fit.solution.x, fit.design.y
    others, whole = np.delete(np.arange(x.shape[1]), place), likelihood(model, y, x)

    def held(beta: Array) -> Point:
        point = whole(np.insert(beta, place, value))
        return Point(point.value, point.gradient[others], point.information[np.ix_(others, others)])

    try:
        beta = np.insert(newton(held, fit.solution.estimate[others]).estimate, place, value)
    except (Stalled, EstimationError):
        raise NotConverged(f"the model has no estimate with the coefficient held at {value:g}") from None
    first = np.concatenate([model.slopes(x[s] @ beta, y[s]).first for s in chunks(len(y))])
    try:
        return np.asarray(first * (x @ inverse(whole(beta).information)[:, place]))
    except Stalled:
        raise NotConverged(f"the model has no information with the coefficient held at {value:g}") from None
