"""Pooled models of an index, their likelihood and its maximum: logit, probit, complementary log-log, Mundlak's."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import scipy

from detente.base.numerics import FIXED, NEAR, NEARER, SMALL_HAZARD, TINY
from detente.base.types import Array, Codes
from detente.stats.contract import Compared, Estimated, Gap, Label, Link, Solution, agreed, estimator
from detente.stats.covariance import Scores, number, totals
from detente.stats.frame import ModelFrame
from detente.stats.likelihood import maximum
from detente.stats.likelihood.maximum import LARGE, Maximum, Objective, Optimum, Point, Runaway, Search, newton, part_of
from detente.stats.likelihood.separation import refuse_separation
from detente.stats.linear.regressors import Regressors, Stalled, chunks, regressors

LARGEST_INDEX = 700.0


@dataclass(frozen=True)
class Slopes:
    """Of each row's log-likelihood l in its index η: value (n,), `first` dl/dη and `curvature` −d²l/dη²."""

    value: Array
    first: Array
    curvature: Array


@dataclass(frozen=True)
class IndexModel:
    """A link, the log-likelihood in (index, outcome), from mean to index, and what refuses separation."""

    link: Link
    slopes: Callable[[Array, Array], Slopes]
    index: Callable[[float], float]
    refuse: Callable[[Array, Array, tuple[str, ...], str], None] = refuse_separation

    @property
    def name(self) -> str:
        """What the estimator is called."""
        return "poisson" if self.link == "log" else self.link


def _logit_slopes(eta: Array, y: Array) -> Slopes:
    odds = np.exp(np.clip(eta, -LARGEST_INDEX, LARGEST_INDEX))
    more = 1 + odds
    p = np.divide(odds, more, out=odds)
    return Slopes(y * eta - np.log(more, out=more), y - p, p * (1 - p))


def _probit_slopes(eta: Array, y: Array) -> Slopes:
    sign = 2 * y - 1
    value = scipy.special.log_ndtr(sign * eta)
    first = sign * np.exp(-(eta**2) / 2 - 0.5 * np.log(2 * np.pi) - value)
    return Slopes(value, first, first * (first + eta))


def _cloglog_slopes(eta: Array, y: Array) -> Slopes:
    """The hazard u = exp(η); an onset has l = log(1 − exp(−u)), a peaceful year −u."""
    hazard = np.exp(np.clip(eta, -LARGEST_INDEX, 100.0))
    with np.errstate(over="ignore", divide="ignore"):
        onset = hazard / np.expm1(hazard)
        bend = onset * np.where(hazard < SMALL_HAZARD, hazard / 2 + hazard**2 / 12, hazard / -np.expm1(-hazard) - 1)
        log_risk = np.log(-np.expm1(-hazard))
    event = y == 1
    return Slopes(np.where(event, log_risk, -hazard), np.where(event, onset, -hazard), np.where(event, bend, hazard))


LOGIT = IndexModel("logit", _logit_slopes, lambda p: float(scipy.special.logit(p)))
PROBIT = IndexModel("probit", _probit_slopes, lambda p: float(scipy.special.ndtri(p)))
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
    refuse = partial(model.refuse, y, data.x, data.terms, model.link)

    def search() -> Optimum:
        start: Array = np.zeros(len(data.terms))
        start[0] = model.index(float(np.average(y, weights=weights)))
        if len(y) > LARGE and weights is None and model.link != "log":
            keep, standing = part_of(y)
            with suppress(Stalled, Runaway):
                part = likelihood(model, y[keep], data.x[keep], standing[keep])
                start = newton(part, start, close=NEAR, reach=data.reach).estimate
        try:
            return newton(rows, start, close=NEARER, reach=data.reach)
        except Runaway:
            refuse()
            return newton(rows, start, close=NEARER)

    return maximum.find_maximum(rows, search, data.reach, refuse, model.name)


def solve(model: IndexModel, y: Array, data: Regressors) -> Solution:
    """Maximum-likelihood fit of an outcome (n,) on regressors, with observed information."""
    found = maximise(model, y, data)
    scores = Scores(data.x, model.slopes(data.x @ found.estimate, y).first)
    return from_regressors(data, found.estimate, scores, found.bread, link=model.link, iterations=found.steps)


def from_regressors(data: Regressors, estimate: Array, scores: Scores, bread: Array, **other: Any) -> Solution:
    """The solution of a model whose predictor is that of the regressors, with what `other` says of it."""
    given = {"link": "logit", "predictor": data.x @ estimate} | other
    return Solution(
        data.terms, estimate, scores, bread, data.x, treatment=data.treatment, dropped=data.dropped, **given
    )


def log_likelihood(model: IndexModel, fit: Estimated) -> float:
    """Maximised log-likelihood of a fit."""
    return likelihood(model, fit.design.y, fit.solution.x)(fit.solution.estimate).value


def newton_gap(name: str, reference: str) -> Gap:
    """The function that finds how far a fit is from the maximum of a discrete model of statsmodels.

    One Newton step with statsmodels' own score and Hessian from the estimate: the likelihood is concave, so that the
    step leads to its only maximum, up to the square of its length. The gap is the largest distance of a coefficient,
    relative to its size and its precision; NotReproduced if it exceeds 1e-6.
    """

    def gap(design: ModelFrame, fit: Solution) -> Compared:
        from statsmodels.discrete import discrete_model

        model = getattr(discrete_model, reference)(design.y, fit.x, check_rank=False)
        scale = np.sqrt(np.diag(fit.bread))
        hessian = np.asarray(model.hessian(fit.estimate)) * np.outer(scale, scale)
        step = scale * np.linalg.solve(-hessian, scale * np.asarray(model.score(fit.estimate)))
        return agreed(name, f"statsmodels {reference}", float(np.max(np.abs(step) / (np.abs(fit.estimate) + scale))))

    return gap


@estimator(
    "logit",
    Label("Logit", "pooled logit", "A logit of all rows together; it compares different dyads."),
    link="logit",
    elsewhere=("logistic",),
    outcome="binary",
    statistics=maximum.reports(partial(log_likelihood, LOGIT)),
    equivariant="span",
    reference="statsmodels Logit",
    gap=newton_gap("logit", "Logit"),
    engine="logit",
    index_model=LOGIT,
    objective=partial(objective, LOGIT),
)
def logit(design: ModelFrame) -> Solution:
    """Pooled logit with a constant; terms are the constant and the regressors; observed information.

    Raises Separation if some combination of regressors predicts the outcome perfectly, naming them: coefficients are
    infinite; RankDeficient if regressors are linearly dependent; NoVariation if outcome or treatment do not vary;
    NotConverged if the score is not zero where the optimiser stopped.
    """
    return solve(LOGIT, design.y, regressors(design))


@estimator(
    "probit",
    Label("Probit", "pooled probit", "A probit of all rows together; it compares different dyads.", "probits"),
    link="probit",
    elsewhere=("dprobit",),
    outcome="binary",
    statistics=maximum.reports(partial(log_likelihood, PROBIT)),
    equivariant="span",
    reference="statsmodels Probit",
    gap=newton_gap("probit", "Probit"),
    index_model=PROBIT,
    objective=partial(objective, PROBIT),
)
def probit(design: ModelFrame) -> Solution:
    """Pooled probit with a constant; terms are the constant and the regressors; refusals as in `logit`."""
    return solve(PROBIT, design.y, regressors(design))


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
    outcome="binary",
    statistics=maximum.reports(partial(log_likelihood, CLOGLOG)),
    equivariant="span",
    reference="statsmodels GLM with a complementary log-log link, in tests",
    index_model=CLOGLOG,
)
def cloglog(design: ModelFrame) -> Solution:
    """Pooled complementary log-log: a proportional hazard observed by the year; refusals as in `logit`."""
    return solve(CLOGLOG, design.y, regressors(design))


@estimator(
    "cre_logit",
    Label(
        "CRE logit",
        "correlated-random-effects logit",
        "A logit of the regressors beside their means in each dyad (Mundlak 1978), so that coefficients are of "
        "change within dyads and all rows have a risk.",
    ),
    link="logit",
    outcome="binary",
    uses="averages",
    fixed_effects=("dyad",),
    statistics=maximum.reports(partial(log_likelihood, LOGIT)),
    reference="statsmodels Logit",
    gap=newton_gap("cre_logit", "Logit"),
)
def cre_logit(design: ModelFrame) -> Solution:
    """Pooled logit of the regressors and of their means `mean(x)` within the one factor (Mundlak 1978).

    The coefficient of x is then of change within a dyad, as in conditional logit but on all rows, and risks are
    defined. Means are over the rows used; a regressor that is fixed within dyads has none. Refusals are those of
    `logit`.
    """
    group = number(next(iter(design.fixed_effects.values())))[1]
    augmented, fixed = add_means(design, group)
    fit = logit(augmented)
    if not fixed:
        return fit
    flag = f"fixed within groups, so without a mean and compared between them: {', '.join(fixed)}"
    return replace(fit, flags=(*fit.flags, flag))


def add_means(design: ModelFrame, group: Codes) -> tuple[ModelFrame, tuple[str, ...]]:
    """The design with group means of what varies within groups, and the names of varying columns that do not."""
    size = int(group.max()) + 1
    count = np.bincount(group, minlength=size).astype(np.float64)
    mean = (totals(design.x, group, size) / count[:, None])[group]
    largest = np.maximum(np.abs(design.x).max(axis=0), TINY)
    within = np.array([np.max(np.abs(c - m)) for c, m in zip(design.x.T, mean.T, strict=True)]) > FIXED * largest
    varies = np.ptp(design.x, axis=0) > 0
    names = tuple(f"mean({t})" for t, w in zip(design.terms, within, strict=True) if w)
    fixed = tuple(t for t, w, v in zip(design.terms, within, varies, strict=True) if v and not w)
    x = np.column_stack([design.x, mean[:, within]])
    return replace(design, x=x, terms=(*design.terms, *names), fixed_effects={}), fixed
