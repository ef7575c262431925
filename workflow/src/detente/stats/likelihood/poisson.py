"""Poisson by maximum likelihood, pooled with a constant or with any number of effects absorbed."""

import math
from dataclasses import replace

import numpy as np

from detente.base.types import Array
from detente.stats.contract import ROBUST, Label, Solution, agreed, estimator
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.absorbed import Family, fit_within, one_step_on, solution
from detente.stats.likelihood.binary import LARGEST_INDEX, IndexModel, Slopes, newton_gap, solve
from detente.stats.likelihood.maximum import STILL
from detente.stats.likelihood.separation import blame_zeros, refuse_zeros
from detente.stats.linear.linear import without_dummies
from detente.stats.linear.regressors import regressors

# Squared distance, in standard errors, at which a row that a step still moves is separated: the standard error of its
# predictor is above 30.
NEAR = 1e-9
LEAST_INDEX = -300.0
# Of rows that link blocks by outcomes of zero alone: their means fade until, weighted, they link no more.
FADED = math.log(1e-6)


def _slopes(eta: Array, y: Array) -> Slopes:
    mean = np.exp(np.minimum(eta, LARGEST_INDEX))
    return Slopes(y * eta - mean, y - mean, mean)


POISSON = IndexModel("log", _slopes, lambda mean: float(np.log(mean)), refuse_zeros, "amount")
pooled_gap = newton_gap("poisson", "Poisson")


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
    covariances=ROBUST,
    reference="statsmodels Poisson",
    gap=pooled_gap,
    index_model=POISSON,
)
def poisson(design: ModelFrame) -> Solution:
    """Pooled Poisson with a constant; terms are the constant and the regressors; observed information.

    The outcome may be any number from zero on: with a robust covariance the estimate is that of the exponential mean
    (Gourieroux, Monfort and Trognon 1984).

    Raises Separation if some combination of regressors is constant wherever the outcome is positive and of one sign
    elsewhere; NoVariation, RankDeficient, NotConverged as `logit`.
    """
    return solve(POISSON, design, regressors(design))


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
    endless=lambda gain, _, longest: gain < NEAR and longest > STILL,
    refuse=lambda found, guilty, rows: blame_zeros(guilty, rows, len(found.data.y), "Poisson"),
    faded=lambda found: np.asarray((found.data.y == 0) & (found.predictor < FADED)),
)


def absorbed_gap(design: ModelFrame, fit: Solution) -> float:
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
    return agreed("fepoisson", "the maximum on explicit dummies", max(apart))


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
    covariances=ROBUST,
    reference="first-order conditions on dummies, SciPy LSMR",
    gap=absorbed_gap,
)
def fepoisson(design: ModelFrame) -> Solution:
    """Poisson with any number of effects absorbed: iteratively reweighted least squares with weighted absorption.

    Levels whose outcome is always zero are left out, as are rows that the effects alone predict to be zero (Correia,
    Guimarães and Zylkin 2020); `rows` are those used. `x` and the scores are regressors within effects, weighted by
    the mean: what a coefficient moves in the predictor once the effects have adapted. Refusals as in `fit_within`.
    """
    return solution(ABSORBED, one_step_on(fit_within(ABSORBED, design)))
