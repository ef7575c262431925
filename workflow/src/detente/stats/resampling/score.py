"""Score bootstrap: what the wild cluster bootstrap is to least squares, for any estimator with scores."""

import numpy as np

from detente.base.errors import EstimationError, NotConverged
from detente.base.types import Array
from detente.stats.covariance import Vcov
from detente.stats.likelihood.binary import likelihood
from detente.stats.likelihood.maximum import Point, newton
from detente.stats.linear.regressors import Stalled, chunks, inverse
from detente.stats.registry import get
from detente.stats.resampling import resampling
from detente.stats.result import Fit


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
