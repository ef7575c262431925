"""Models of an index, with a link from it to the mean: their likelihood, its maximum, and what they report."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.special import log_ndtr, logit, ndtri

from detente.base.types import Array
from detente.stats.contract import Estimated, Link, Outcome, Solution, agreed, check_outcome
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.maximum import (
    LARGE,
    NEAR,
    NEARER,
    Maximum,
    Objective,
    Optimum,
    Point,
    Runaway,
    Search,
    find_maximum,
    newton,
    part_of,
)
from detente.stats.likelihood.separation import refuse_separation
from detente.stats.linear.regressors import Regressors, Stalled, chunks

LARGEST_INDEX = 700.0


@dataclass(frozen=True)
class Slopes:
    """Of each row's log-likelihood l in its index η: value (n,), `first` dl/dη and `curvature` −d²l/dη²."""

    value: Array
    first: Array
    curvature: Array


@dataclass(frozen=True)
class IndexModel:
    """A link, the log-likelihood in (index, outcome), from mean to index, what refuses separation, and its outcomes."""

    link: Link
    slopes: Callable[[Array, Array], Slopes]
    index: Callable[[float], float]
    refuse: Callable[[Array, Array, tuple[str, ...], str], None] = refuse_separation
    outcome: Outcome = "binary"

    @property
    def name(self) -> str:
        """What the estimator is called."""
        return "poisson" if self.link == "log" else self.link


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


LOGIT = IndexModel("logit", _logit_slopes, lambda p: float(logit(p)))
PROBIT = IndexModel("probit", _probit_slopes, lambda p: float(ndtri(p)))
CLOGLOG = IndexModel("cloglog", _cloglog_slopes, lambda p: float(np.log(-np.log1p(-p))))


def likelihood(model: IndexModel, y: Array, x: Array, weights: Array | None = None) -> Objective:
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


def objective(model: IndexModel, y: Array, x: Array) -> Search:
    """The search with a constant beside regressors `x` (n, k), from the base rate."""
    start = np.r_[model.index(float(y.mean())), np.zeros(x.shape[1])]
    return Search(likelihood(model, y, np.column_stack([np.ones(len(y)), x])), start, np.arange(-1, x.shape[1]))


def maximise(model: IndexModel, y: Array, data: Regressors, weights: Array | None = None) -> Maximum:
    """Newton's method from the base rate, down to rounding.

    Raises Separation if the maximum does not exist, naming the terms to blame; NotConverged if it is not found.
    """
    rows = likelihood(model, y, data.x, weights)
    start: Array = np.zeros(len(data.terms))
    start[0] = model.index(float(np.average(y, weights=weights)))
    refuse = partial(model.refuse, y, data.x, data.terms, model.link)

    def search() -> Optimum:
        begin = start
        if len(y) > LARGE and weights is None and model.link != "log":
            keep, standing = part_of(y)
            with suppress(Stalled, Runaway):
                part = likelihood(model, y[keep], data.x[keep], standing[keep])
                begin = newton(part, start, close=NEAR, reach=data.reach).estimate
        try:
            return newton(rows, begin, close=NEARER, reach=data.reach)
        except Runaway:
            refuse()
            return newton(rows, begin, close=NEARER)

    return find_maximum(rows, search, data.reach, refuse, model.name)


def solve(model: IndexModel, design: ModelFrame, data: Regressors) -> Solution:
    """Maximum-likelihood fit on regressors, with observed information; refuses as `check_outcome` and `maximise`."""
    check_outcome(design.y, model.outcome)
    found = maximise(model, design.y, data)
    return from_regressors(
        data,
        found.estimate,
        Scores(data.x, model.slopes(data.x @ found.estimate, design.y).first),
        found.bread,
        link=model.link,
        iterations=found.steps,
    )


def from_regressors(data: Regressors, estimate: Array, scores: Scores, bread: Array, **other: Any) -> Solution:
    """The solution of a model whose predictor is that of the regressors, with what `other` says of it."""
    given = {"link": "logit", "predictor": data.x @ estimate} | other
    return Solution(
        data.terms, estimate, scores, bread, data.x, treatment=data.treatment, dropped=data.dropped, **given
    )


def log_likelihood(model: IndexModel, fit: Estimated) -> float:
    """Maximised log-likelihood of a fit."""
    return likelihood(model, fit.design.y, fit.solution.x)(fit.solution.estimate).value


def newton_gap(name: str, reference: str) -> Callable[[ModelFrame, Solution], float]:
    """The function that finds how far a fit is from the maximum of a discrete model of statsmodels.

    One Newton step with statsmodels' own score and Hessian from the estimate: the likelihood is concave, so that the
    step leads to its only maximum, up to the square of its length. The function returns the largest distance of a
    coefficient, relative to its size and its precision, and raises NotReproduced if that exceeds 1e-6.
    """

    def gap(design: ModelFrame, fit: Solution) -> float:
        from statsmodels.discrete import discrete_model

        model = getattr(discrete_model, reference)(design.y, fit.x, check_rank=False)
        scale = np.sqrt(np.diag(fit.bread))
        hessian = np.asarray(model.hessian(fit.estimate)) * np.outer(scale, scale)
        step = scale * np.linalg.solve(-hessian, scale * np.asarray(model.score(fit.estimate)))
        return agreed(name, f"statsmodels' {reference}", float(np.max(np.abs(step) / (np.abs(fit.estimate) + scale))))

    return gap
