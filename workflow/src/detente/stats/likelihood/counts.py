"""Counts by maximum likelihood: Poisson, pooled or with any number of effects absorbed, and negative binomial."""

import math
from contextlib import suppress
from dataclasses import replace
from functools import partial

import numpy as np
import scipy

from detente.base.errors import NotConverged, NoVariation
from detente.base.numerics import FADED, SEPARATED, STILL
from detente.base.types import Array
from detente.stats.contract import Compared, Label, Solution, agreed, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.absorbed import Family, fit_within, solution
from detente.stats.likelihood.binary import IndexModel, Slopes, from_regressors, likelihood, newton_gap, solve
from detente.stats.likelihood.maximum import Objective, Point, Search, check_score, newton, settle
from detente.stats.likelihood.separation import blame_zeros, refuse_zeros
from detente.stats.linear.reference import without_dummies
from detente.stats.linear.regressors import Regressors, Stalled, regressors

LEAST_INDEX, LARGEST_INDEX, LARGEST_COUNT = -300.0, 700.0, 300.0
# Overdispersion exp(−9) adds a thousandth to the standard deviation of a count of sixteen: as good as none. The search
# keeps inside the outer bounds.
NO_MORE = -9.0
LEAST_LOG, LARGEST_LOG = -15.0, 50.0


def _slopes(eta: Array, y: Array) -> Slopes:
    mean = np.exp(np.minimum(eta, LARGEST_INDEX))
    return Slopes(y * eta - mean, y - mean, mean)


POISSON = IndexModel("log", _slopes, lambda mean: float(np.log(mean)), refuse_zeros)


@estimator(
    "poisson",
    Label(
        "Poisson",
        "pooled Poisson regression",
        "A Poisson regression of all rows together, which needs the mean alone to be right (Gourieroux, Monfort and "
        "Trognon 1984); it compares different dyads.",
        "logs of the risk",
    ),
    link="log",
    outcome="amount",
    equivariant="span",
    reference="statsmodels Poisson",
    gap=newton_gap("poisson", "Poisson"),
    index_model=POISSON,
)
def poisson(design: ModelFrame) -> Solution:
    """Pooled Poisson with a constant; terms are the constant and the regressors; observed information.

    The outcome may be any number from zero on: with a robust covariance the estimate is that of the exponential mean
    (Gourieroux, Monfort and Trognon 1984).

    Raises Separation if some combination of regressors is constant wherever the outcome is positive and of one sign
    elsewhere; NoVariation, RankDeficient, NotConverged as `logit`.
    """
    return solve(POISSON, design.y, regressors(design))


def _mean(predictor: Array) -> Array:
    return np.asarray(np.exp(np.clip(predictor, LEAST_INDEX, LARGEST_INDEX)))


ABSORBED = Family(
    name="fepoisson",
    link="log",
    silent="is always zero",
    perfect="to be zero",
    still=STILL,
    index=lambda total, rows: np.asarray(np.log(total / rows)),
    mean=_mean,
    weight=_mean,
    value=lambda y, predictor: float(np.sum(y * predictor - _mean(predictor))),
    says_nothing=lambda total, _: np.asarray(total == 0),
    endless=lambda gain, _, longest: gain < SEPARATED and longest > STILL,
    refuse=lambda found, guilty, rows: blame_zeros(guilty, rows, len(found.data.y), "Poisson"),
    faded=lambda found: np.asarray((found.data.y == 0) & (found.predictor < math.log(FADED))),
)


def absorbed_gap(design: ModelFrame, fit: Solution) -> Compared:
    """How far a fit is from the conditions of its maximum, checked on the data as they came.

    The likelihood is concave in coefficients and effects together, so that a point is its maximum if the predictor is
    a sum of regressors and effects (what SciPy's LSMR leaves of it, less xb, on explicit dummies is zero), and if the
    residuals y − μ are orthogonal to every dummy (as a share of the outcomes of its level) and every regressor (as a
    step, relative to the coefficient and its standard error). The largest of the three; NotReproduced above 1e-6.
    """
    rows = np.arange(len(design.y)) if fit.rows is None else fit.rows
    used = replace(design, fixed_effects={name: codes[rows] for name, codes in design.fixed_effects.items()})
    x = design.x[rows][:, [design.terms.index(t) for t in fit.terms]]
    assert fit.predictor is not None
    y, left = design.y[rows], design.y[rows] - np.exp(fit.predictor)
    unexplained = without_dummies(used, fit.predictor - x @ fit.estimate)
    apart = [float(np.max(np.abs(unexplained) / (1 + np.abs(fit.predictor))))]
    for codes in used.fixed_effects.values():
        _, level = np.unique(codes, return_inverse=True)
        apart.append(float(np.max(np.abs(np.bincount(level, left)) / np.bincount(level, y))))
    step = fit.bread @ np.einsum("ij,i->j", x, left)
    apart.append(float(np.max(np.abs(step) / (np.abs(fit.estimate) + np.sqrt(np.diag(fit.bread))))))
    return agreed("fepoisson", "first-order conditions on dummies, SciPy LSMR", max(apart))


@estimator(
    "fepoisson",
    Label(
        "FE Poisson",
        "Poisson regression with dyad and year effects",
        "A Poisson regression with dyad and year effects (Correia, Guimarães and Zylkin 2020); it compares each dyad "
        "with itself and learns nothing from dyads without an onset.",
        "logs of the risk",
    ),
    link="log",
    outcome="amount",
    uses="absorbs",
    factors="some",
    fixed_effects=("dyad", "year"),
    elsewhere=("ppml", "ppmlhdfe", "fepois"),
    reference="first-order conditions on dummies, SciPy LSMR",
    gap=absorbed_gap,
)
def fepoisson(design: ModelFrame) -> Solution:
    """Poisson with any number of effects absorbed: iteratively reweighted least squares with weighted absorption.

    Levels whose outcome is always zero are left out, as are rows that the effects alone predict to be zero (Correia,
    Guimarães and Zylkin 2020); `rows` are those used. `x` and the scores are regressors within effects, weighted by
    the mean: what a coefficient moves in the predictor once the effects have adapted. Refusals as in `fit_within`.
    """
    found = fit_within(ABSORBED, design)
    estimate, predictor = found.estimate + found.change, found.predictor + found.move
    return solution(ABSORBED, replace(found, estimate=estimate, predictor=predictor, steps=found.steps + 1))


@estimator(
    "negbin",
    Label(
        "Neg. binomial",
        "negative binomial regression",
        "A regression of counts that vary more than a Poisson’s (Cameron and Trivedi 1986); it compares different "
        "dyads.",
        "logs of the count",
    ),
    link="log",
    outcome="count",
    statistics={"log_likelihood": lambda f: nb2(f.design.y, f.solution.x[:, :-1])(f.solution.estimate).value},
    elsewhere=("nbreg", "glm.nb"),
    equivariant="span",
    reference="statsmodels NegativeBinomial and Stata's nbreg, in tests",
)
def negbin(design: ModelFrame) -> Solution:
    """Counts with mean μ = exp(xβ) and variance μ + αμ² (Cameron and Trivedi 1986, NB2).

    Terms are the constant, the regressors and "ln(alpha)", whose column of `x` is zero. Scores and observed information
    are those of all of them, so that any sandwich counts α as estimated.

    Raises NoVariation if outcome or treatment do not vary, or the counts vary no more than Poisson's: α is then zero
    and has no log; RankDeficient as `logit` does; Separation if every count is zero in rows that some regressors set
    apart, naming them; NotConverged if no maximum is found.
    """
    y, data = design.y, regressors(design)
    start = _start(y, data)
    refuse = partial(refuse_zeros, y, data.x, data.terms, "negbin")
    try:
        found = settle(Search(nb2(y, data.x), start), np.r_[data.reach, 0.0], "negbin", refuse, concave=False)
    except NotConverged:
        _refuse_poisson(float(start[-1]))
        raise
    _refuse_poisson(float(found.estimate[-1]))
    predictor = data.x @ found.estimate[:-1]
    slope, shape = _slopes_in_both(y, predictor, found.estimate[-1])
    scores = check_score(Scores(np.column_stack([data.x * slope[:, None], shape])), "negbin")
    both = replace(data, x=np.column_stack([data.x, np.zeros(len(y))]), terms=(*data.terms, "ln(alpha)"))
    other = {"link": "log", "predictor": predictor, "iterations": found.steps}
    return from_regressors(both, found.estimate, scores, found.bread, **other)


def _refuse_poisson(log_alpha: float) -> None:
    if log_alpha <= NO_MORE:
        raise NoVariation("the counts vary no more than a Poisson's: alpha is zero and has no logarithm; use poisson")


def _start(y: Array, data: Regressors) -> Array:
    """Poisson's coefficients, and α from the squared residuals (Cameron and Trivedi 1990)."""
    beta: Array = np.zeros(len(data.terms))
    beta[0] = np.log(y.mean())
    with suppress(Stalled):
        beta = newton(likelihood(POISSON, y, data.x), beta).estimate
    mean = np.exp(np.minimum(data.x @ beta, LARGEST_COUNT))
    moment = float(np.sum((y - mean) ** 2 - y) / np.sum(mean**2))
    return np.asarray(np.r_[beta, np.log(moment) if moment > 0 else NO_MORE])


def _slopes_in_both(y: Array, eta: Array, log_alpha: float) -> tuple[Array, Array]:
    """Derivatives of each row's log-likelihood in η and in ln α."""
    m, mean = np.exp(-log_alpha), np.exp(np.minimum(eta, LARGEST_COUNT))
    slope: Array = (y - mean) / (1 + mean / m)
    in_m = scipy.special.digamma(y + m) - scipy.special.digamma(m) - np.log1p(mean / m) + (mean - y) / (m + mean)
    shape: Array = -m * in_m
    return slope, shape


def nb2(y: Array, x: Array) -> Objective:
    """Log-likelihood of (β, ln α), with m = 1/α: Γ(y + m)/Γ(m)/y! (m/(m + μ))ᵐ (μ/(m + μ))ʸ."""

    def at(theta: Array) -> Point:
        log_alpha = float(theta[-1])
        if not LEAST_LOG <= log_alpha <= LARGEST_LOG:
            return Point(-np.inf, np.zeros(len(theta)), np.eye(len(theta)))
        m, eta = np.exp(-log_alpha), np.minimum(x @ theta[:-1], LARGEST_COUNT)
        mean = np.exp(eta)
        tail = np.log1p(mean / m)
        value = (
            scipy.special.gammaln(y + m)
            - scipy.special.gammaln(m)
            - scipy.special.gammaln(y + 1)
            - (y + m) * tail
            + y * (eta + log_alpha)
        )
        slope, shape = _slopes_in_both(y, eta, log_alpha)
        spread = (1 + mean / m) ** 2
        curve = mean * (1 + y / m) / spread
        cross = mean * (y - mean) / m / spread
        in_m = -shape / m
        in_mm = (
            scipy.special.polygamma(1, y + m)
            - scipy.special.polygamma(1, m)
            + mean / (m * (m + mean))
            - (mean - y) / (m + mean) ** 2
        )
        corner = -(m * in_m + m**2 * in_mm).sum()
        side = cross @ x
        information = np.block([[(x * curve[:, None]).T @ x, side[:, None]], [side[None, :], np.array([[corner]])]])
        return Point(float(value.sum()), np.r_[slope @ x, shape.sum()], information)

    return at
