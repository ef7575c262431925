"""Probit and complementary log-log by maximum likelihood, and what all binary models with a link share."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_ndtr, logit, ndtr, ndtri

from detente.base.errors import NotConverged
from detente.base.types import Array
from detente.stats.contract import ROBUST, Label, Link, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.maximum import (
    CLOSE,
    STILL,
    Optimum,
    Point,
    Runaway,
    binary_outcome,
    direction,
    newton,
    refuse_effects,
)
from detente.stats.likelihood.separation import refuse_separation
from detente.stats.linear.regressors import Regressors, Stalled, chunks, inverse, regressors

# Standard error of a coefficient times the largest value of its regressor: what lies above is looked into.
DIVERGED = 100.0
# Rows from which the search begins on a part of them: all of the rarer outcome, and every eighth row of the other.
LARGE = 100_000
FRACTION = 8
# Squared distance, in standard errors, at which the search on a part may end, and at which the last pass begins.
NEAR, NEARER = 1e-2, 1e-9
SETTLED = 1e-18
MOST_POLISHES = 5
LARGEST_INDEX = 700.0


@dataclass(frozen=True)
class Slopes:
    """Of each row's log-likelihood l in its index η: value (n,), `first` dl/dη and `curvature` −d²l/dη²."""

    value: Array
    first: Array
    curvature: Array


@dataclass(frozen=True)
class Binary:
    """A binary model: the name of its link, the log-likelihood in (index, outcome), and from mean to index."""

    link: Link
    slopes: Callable[[Array, Array], Slopes]
    index: Callable[[float], float]


def _logit_slopes(eta: Array, y: Array) -> Slopes:
    odds = np.exp(np.minimum(eta, LARGEST_INDEX))
    p = odds / (1 + odds)
    return Slopes(y * eta - np.log(1 + odds), y - p, p * (1 - p))


def _probit_slopes(eta: Array, y: Array) -> Slopes:
    sign = 2 * y - 1
    value = log_ndtr(sign * eta)
    first = sign * np.exp(-(eta**2) / 2 - 0.5 * np.log(2 * np.pi) - value)
    return Slopes(value, first, first * (first + eta))


def _cloglog_slopes(eta: Array, y: Array) -> Slopes:
    """The hazard u = exp(η); an onset has l = log(1 − exp(−u)), a peaceful year −u."""
    hazard = np.exp(np.clip(eta, -LARGEST_INDEX, 100.0))
    with np.errstate(over="ignore", divide="ignore"):
        onset = hazard / np.expm1(hazard)
        bend = onset * np.where(hazard < 1e-4, hazard / 2 + hazard**2 / 12, hazard / -np.expm1(-hazard) - 1)
        log_risk = np.log(-np.expm1(-hazard))
    event = y == 1
    return Slopes(np.where(event, log_risk, -hazard), np.where(event, onset, -hazard), np.where(event, bend, hazard))


LOGIT = Binary("logit", _logit_slopes, lambda p: float(logit(p)))
PROBIT = Binary("probit", _probit_slopes, lambda p: float(ndtri(p)))
CLOGLOG = Binary("cloglog", _cloglog_slopes, lambda p: float(np.log(-np.log1p(-p))))
MEANS: dict[str, Callable[[Array], Array]] = {
    "logit": expit,
    "probit": ndtr,
    "cloglog": lambda eta: -np.expm1(-np.exp(np.minimum(eta, LARGEST_INDEX))),
}


def likelihood(model: Binary, y: Array, x: Array, weights: Array | None = None) -> Callable[[Array], Point]:
    """The log-likelihood of rows (weighted by `weights` (N,) if given) as a function of the coefficients."""

    def at(beta: Array) -> Point:
        value, gradient, information = 0.0, np.zeros(x.shape[1]), np.zeros((x.shape[1], x.shape[1]))
        for s in chunks(len(y)):
            part = x[s]
            rows = model.slopes(part @ beta, y[s])
            w = 1.0 if weights is None else weights[s]
            value += float(np.sum(w * rows.value))
            gradient += (w * rows.first) @ part
            information += (part * (w * rows.curvature)[:, None]).T @ part
        return Point(value, gradient, information)

    return at


def maximise(model: Binary, y: Array, data: Regressors, weights: Array | None = None) -> Optimum:
    """Newton's method from the base rate, down to rounding; refusals as in `solve`."""
    found = _search(model, y, data, weights, CLOSE)
    if _moves(found.last, data):
        refuse_separation(y, data.x, data.terms, model.link)
    return found


def _moves(step: Array, data: Regressors) -> bool:
    """Whether a last step still moves a linear predictor, as it always does under separation."""
    return float(np.abs(step) @ data.reach) > STILL


def _search(model: Binary, y: Array, data: Regressors, weights: Array | None, close: float) -> Optimum:
    start: Array = np.zeros(len(data.terms))
    start[0] = model.index(float(np.average(y, weights=weights)))
    if len(y) > LARGE and weights is None:
        start = _from_a_part(model, y, data, start)
    objective = likelihood(model, y, data.x, weights)
    try:
        try:
            return newton(objective, start, close=close, reach=data.reach)
        except Runaway:
            refuse_separation(y, data.x, data.terms, model.link)
            return newton(objective, start, close=close)
    except Stalled:
        refuse_separation(y, data.x, data.terms, model.link)
        raise NotConverged(f"{model.link} found no maximum, though the data are not separated") from None


def _from_a_part(model: Binary, y: Array, data: Regressors, start: Array) -> Array:
    """Where the search ends on a part of the rows, weighted to stand for all, or `start` if they have no maximum."""
    rare = float(y.mean() < 0.5)
    keep = np.zeros(len(y), dtype=bool)
    keep[::FRACTION] = True
    weights = np.full(len(y), float(FRACTION))
    if min(y.mean(), 1 - y.mean()) < 1 / FRACTION:
        keep |= y == rare
        weights[y == rare] = 1.0
    try:
        part = likelihood(model, y[keep], data.x[keep], weights[keep])
        return newton(part, start, close=NEAR, reach=data.reach).estimate
    except (Stalled, Runaway):
        return start


@dataclass(frozen=True)
class _Fitted:
    point: Point
    residual: Array
    predictor: Array


def _last_pass(model: Binary, y: Array, x: Array, beta: Array) -> _Fitted:
    residual, predictor = np.empty(len(y)), np.empty(len(y))
    value, gradient, information = 0.0, np.zeros(x.shape[1]), np.zeros((x.shape[1], x.shape[1]))
    for s in chunks(len(y)):
        part = x[s]
        predictor[s] = part @ beta
        rows = model.slopes(predictor[s], y[s])
        residual[s] = rows.first
        value += float(rows.value.sum())
        gradient += rows.first @ part
        information += (part * rows.curvature[:, None]).T @ part
    return _Fitted(Point(value, gradient, information), residual, predictor)


def solve(model: Binary, design: ModelFrame, data: Regressors) -> Solution:
    """Maximum-likelihood fit of a binary model on regressors, with observed information.

    Raises
    ------
    NoVariation, UnsuitableOutcome
        As `binary_outcome` says.
    Separation
        If the maximum does not exist, naming the terms to blame.
    NotConverged
        If it is not found.
    """
    binary_outcome(design.y)
    found = _search(model, design.y, data, None, NEARER)
    estimate, settled = found.estimate, False
    try:
        for _ in range(MOST_POLISHES):
            fitted = _last_pass(model, design.y, data.x, estimate)
            step = direction(fitted.point)
            settled = float(step @ fitted.point.gradient) < SETTLED
            if settled:
                break
            estimate = np.add(estimate, step)
        bread = inverse(fitted.point.information)
    except Stalled:
        settled = False
    if not settled or _moves(step, data) or np.max(np.sqrt(np.diag(bread)) * data.reach) > DIVERGED:
        refuse_separation(design.y, data.x, data.terms, model.link)
    if not settled:
        raise NotConverged(f"{model.link}: the score is not zero where the search ended")
    return Solution(
        terms=data.terms,
        estimate=estimate,
        scores=Scores(data.x, fitted.residual),
        bread=bread,
        x=data.x,
        link=model.link,
        treatment=data.treatment,
        dropped=data.dropped,
        converged=True,
        predictor=fitted.predictor,
        iterations=found.steps + 1,
    )


@estimator(
    "probit",
    Label("Probit", "pooled probit", "A probit of all rows together; it compares different dyads.", "probits"),
    link="probit",
    covariances=ROBUST,
    reference="statsmodels Probit and GLM, in tests",
    index_model=PROBIT,
)
def probit(design: ModelFrame) -> Solution:
    """Pooled probit with a constant; terms are the constant and the regressors; refusals as in `logit`."""
    refuse_effects(design, "probit")
    return solve(PROBIT, design, regressors(design))


@estimator(
    "cloglog",
    Label(
        "Cloglog",
        "complementary log-log model",
        "A complementary log-log model of all rows together, the grouped-time form of proportional hazards (Beck, "
        "Katz and Tucker 1998); it compares different dyads.",
        "logs of the hazard",
    ),
    link="cloglog",
    covariances=ROBUST,
    reference="statsmodels GLM with a complementary log-log link, in tests",
    index_model=CLOGLOG,
)
def cloglog(design: ModelFrame) -> Solution:
    """Pooled complementary log-log: a proportional hazard observed by the year; refusals as in `logit`."""
    refuse_effects(design, "cloglog")
    return solve(CLOGLOG, design, regressors(design))
