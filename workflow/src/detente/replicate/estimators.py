"""Estimators of published tables that no study here uses: weights, group means, random effects.

Linear ones are least squares of transformed rows, constant included, so that every sandwich covariance applies. They
take one factor, the group, as `ModelFrame.fixed_effects`, and analytic weights (n,) (Stata's aweights: variance inverse
to the weight).

Stata's early commands report the inverse information of the step before the last. Newton's method starts from the model
without regressors, halves a step that does not climb, and makes its last step where the gain that it promises, gᵀI⁻¹g,
is below 1e-5. Robust covariances then put scores of the last place between inverse informations of the place before
it (`earlier_bread`). With regressors in dollars and few disputes that moves the fifth digit of a standard error. The
rule is inferred from the log of Mansfield and Pevehouse (2000), whose nine logits it meets.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy

from detente.base.errors import ConfigError, EstimationError, NotConverged, UnsupportedEffects, UnsupportedEstimator
from detente.base.numerics import GAIN, MOST_GAINS, MOST_HALVINGS
from detente.base.types import Array, Codes
from detente.stats import REGISTRY, ModelFrame, Solution, check_rank, get
from detente.stats.covariance import Scores, number
from detente.stats.likelihood import Point, Search, Stalled, newton

CONSTANT = "intercept"
LOG_VARIANCE = "lnsig2u"
# Estimators whose bread one step earlier can be had.
EARLIER = tuple(sorted(name for name, estimator in REGISTRY.items() if estimator.objective))


def wls(design: ModelFrame, weights: Array | None) -> Solution:
    """Weighted least squares with a constant (Stata `regress [aweight]`, R `lm(weights=)`)."""
    root = np.sqrt(_positive(weights, len(design.y)))
    x = _with_constant(design.x)
    return least_squares(design.y * root, x * root[:, None], design.terms)


def within(design: ModelFrame, weights: Array | None) -> Solution:
    """Fixed effects with Stata's constant: deviations from group means, the overall mean added (`xtreg, fe`)."""
    group, count = _group(design)
    w = _positive(weights, len(design.y))
    values = np.column_stack([design.y, design.x])
    total = np.bincount(group, w, count)
    means = np.column_stack([np.bincount(group, w * v, count) / total for v in values.T])
    moved = values - means[group] + (w @ values) / w.sum()
    root = np.sqrt(w)
    x = _with_constant(moved[:, 1:]) * root[:, None]
    return least_squares(moved[:, 0] * root, x, design.terms, absorbed=count - 1)


def describe(design: ModelFrame) -> Solution:
    """The mean of the outcome: of tables that describe their rows and estimate nothing."""
    return least_squares(design.y, np.ones((len(design.y), 1)), ())


def between(design: ModelFrame, weights: Array | None, *, by_size: bool = False) -> Solution:
    """Least squares of group means (`xtreg, be`); `by_size` weights groups by their rows (`wls`)."""
    group, count = _group(design)
    w = _positive(weights, len(design.y))
    total = np.bincount(group, w, count)
    means = np.column_stack([np.bincount(group, w * v, count) / total for v in (design.y, *design.x.T)])
    root = np.sqrt(np.bincount(group, minlength=count) if by_size else np.ones(count))
    x = _with_constant(means[:, 1:]) * root[:, None]
    rows = np.unique(group, return_index=True)[1].astype(np.int64)
    return least_squares(means[:, 0] * root, x, design.terms, rows=rows)


def random_effects(design: ModelFrame, weights: Array | None) -> Solution:
    """Random effects by Swamy and Arora's variances, with the harmonic mean of group sizes (Stata `xtreg, re`)."""
    if weights is not None:
        raise EstimationError("random effects take no weights")
    group, count = _group(design)
    inside = within(design, None)
    means = between(design, None)
    size = np.bincount(group, minlength=count)
    own = inside.dispersion
    common = max(0.0, means.dispersion - own * float((1 / size).mean()))
    kept = 1 - np.sqrt(own / (size * common + own))
    values = np.column_stack([design.y, np.ones(len(group)), design.x])
    averages = np.column_stack([np.bincount(group, v, count) / size for v in values.T])
    moved = values - kept[group, None] * averages[group]
    return least_squares(moved[:, 0], moved[:, 1:], design.terms)


def least_squares(
    y: Array, x: Array, terms: tuple[str, ...], *, absorbed: int = 0, rows: Codes | None = None
) -> Solution:
    """Least squares of rows (n,) on columns (n, k), the first the constant, by QR.

    Raises RankDeficient if columns depend on one another, naming them; EstimationError if no degree of freedom is left.
    """
    named, df = (CONSTANT, *terms), len(y) - x.shape[1] - absorbed
    if df <= 0:
        raise EstimationError(f"{len(y):,} rows for {x.shape[1] + absorbed:,} parameters: no degree of freedom is left")
    check_rank(x.T @ x, named)
    q, r = np.linalg.qr(x)
    estimate = np.linalg.solve(r, q.T @ y)
    residual = y - x @ estimate
    inverse = np.linalg.inv(r)
    return Solution(
        terms=named,
        estimate=estimate,
        scores=Scores(x, residual),
        bread=inverse @ inverse.T,
        x=x,
        link="identity",
        treatment=1,
        dropped=(),
        converged=True,
        predictor=x @ estimate,
        rows=rows,
        absorbed=absorbed,
        dispersion=float(residual @ residual) / df,
    )


def _positive(weights: Array | None, rows: int) -> Array:
    if weights is None:
        return np.ones(rows)
    if not (weights > 0).all():
        raise EstimationError(f"weights must be positive; {int((~(weights > 0)).sum()):,} are not")
    return weights


def _group(design: ModelFrame) -> tuple[Codes, int]:
    if len(design.fixed_effects) != 1:
        raise UnsupportedEffects("this model needs one factor in `fixed_effects`: the group whose rows belong together")
    levels, group = number(next(iter(design.fixed_effects.values())))
    return group, len(levels)


def _with_constant(x: Array) -> Array:
    return np.column_stack([np.ones(len(x)), x])


@dataclass(frozen=True)
class _Rows:
    """Signs (n,) of the outcome, regressors (n, k) with a constant, groups (n,) 0 … G−1, nodes and log weights (M,)."""

    sign: Array
    x: Array
    group: Codes
    groups: int
    nodes: Array
    weights: Array


def probit_re(design: ModelFrame, *, points: int = 12) -> Solution:
    """Random-effects probit: Pr(y = 1) = Φ(xβ + u), u normal with variance exp(lnsig2u) and the same in a group.

    Non-adaptive quadrature with `points` nodes (Stata `xtprobit, re`, up to version 8). Terms are the constant, the
    regressors and "lnsig2u". A row's score is its part of its group's, which alone has a meaning.

    Raises UnsupportedEffects unless there is one factor; ConfigError for no points; NotConverged.
    """
    if points < 1:
        raise ConfigError(f"quadrature has at least one point, not {points}")
    start = get("probit").fit(ModelFrame(design.y, design.x, design.terms))
    rows = _rows(design, start.x, points)
    # Columns from 1e-2 to 1e9: Newton's method on columns of size one.
    scale = np.sqrt((rows.x**2).mean(axis=0))
    scaled = replace(rows, x=rows.x / scale)
    try:
        found = newton(lambda theta: _point(scaled, theta)[0], np.r_[start.estimate * scale, -1.0], concave=False)
    except Stalled as error:
        raise NotConverged(f"probit_re found no maximum with {points} points") from error
    unit = np.r_[1 / scale, 1.0]
    point, scores = _point(scaled, found.estimate)
    return Solution(
        terms=(*start.terms, LOG_VARIANCE),
        estimate=found.estimate * unit,
        scores=Scores(scores / unit),
        bread=np.linalg.inv(point.information) * np.outer(unit, unit),
        x=np.column_stack([start.x, np.zeros(len(rows.sign))]),
        link="probit",
        treatment=start.treatment,
        dropped=start.dropped,
        converged=True,
        iterations=found.steps,
        flags=(f"{points} points of Gauss–Hermite quadrature in {rows.groups:,} groups",),
    )


def probit_re_likelihood(design: ModelFrame, estimate: Array, *, points: int = 12) -> float:
    """Log-likelihood of the design at `estimate` (k,), in the order of the terms of `probit_re`."""
    return _point(_rows(design, _with_constant(design.x), points), estimate)[0].value


def _rows(design: ModelFrame, x: Array, points: int) -> _Rows:
    group, groups = _group(design)
    nodes, weights = np.polynomial.hermite.hermgauss(points)
    return _Rows(2 * design.y - 1, x, group, groups, np.sqrt(2) * nodes, np.log(weights / np.sqrt(np.pi)))


def _point(rows: _Rows, theta: Array) -> tuple[Point, Array]:
    """Log-likelihood, gradient, minus the Hessian at one place; and the part (n, k + 1) of each row in the gradient."""
    spread = float(np.exp(theta[-1] / 2))
    index = (rows.x @ theta[:-1])[:, None] + spread * rows.nodes
    z = rows.sign[:, None] * index
    value = scipy.special.log_ndtr(z)
    member = scipy.sparse.csr_array(
        (np.ones(len(rows.sign)), (rows.group, np.arange(len(rows.sign)))), shape=(rows.groups, len(rows.sign))
    )
    by_group = member @ value
    joint = by_group + rows.weights
    each = scipy.special.logsumexp(joint, axis=1)
    chance = np.exp(joint - each[:, None])
    ratio = np.exp(-(z**2) / 2 - value) / np.sqrt(2 * np.pi)
    slope, bend = rows.sign[:, None] * ratio, ratio * (ratio + z)
    k = len(theta)
    gradients = np.zeros((rows.groups, k))
    hessian, scores = np.zeros((k, k)), np.zeros((len(rows.sign), k))
    for m, node in enumerate(rows.nodes):
        p, lean = chance[:, m], spread * node / 2
        z_m = np.column_stack([rows.x, np.full(len(rows.sign), lean)])
        weight = p[rows.group]
        part = z_m * (slope[:, m] * weight)[:, None]
        scores += part
        summed = member @ (z_m * slope[:, [m]])
        hessian += (summed * p[:, None]).T @ summed - (z_m * (bend[:, m] * weight)[:, None]).T @ z_m
        hessian[-1, -1] += float((slope[:, m] * weight).sum()) * lean / 2
        gradients += summed * p[:, None]
    hessian -= gradients.T @ gradients
    return Point(float(each.sum()), gradients.sum(axis=0), -hessian), scores


def earlier_bread(design: ModelFrame, solution: Solution, estimator: str) -> Array:
    """Inverse information (k, k), in the order of the solution's terms, one step before the search ends.

    Raises UnsupportedEstimator if the estimator declares no objective; NotConverged if the search does not end.
    """
    objective = get(estimator).objective
    if objective is None:
        raise UnsupportedEstimator(f"estimator {estimator!r} has but the final bread; others: {', '.join(EARLIER)}")
    x = design.x[:, [i for i, term in enumerate(design.terms) if term not in solution.dropped]]
    # Columns of size one: those in dollars would leave no digits.
    scale = np.sqrt((x**2).mean(axis=0))
    search = objective(design.y, x / scale)
    unit = np.where(search.columns < 0, 1.0, scale[search.columns])
    return np.asarray(np.linalg.inv(_before_last(search)) / np.outer(unit, unit))


def _before_last(search: Search) -> Array:
    place, here = search.start, search.objective(search.start)
    for _ in range(MOST_GAINS):
        step = np.linalg.solve(here.information, here.gradient)
        gain = float(step @ here.gradient)
        for _ in range(MOST_HALVINGS):
            there = search.objective(place + step)
            if there.value >= here.value:
                break
            step = step / 2
        else:
            break
        if gain < GAIN:
            return here.information
        place, here = place + step, there
    raise NotConverged("the search as Stata makes it did not end")
