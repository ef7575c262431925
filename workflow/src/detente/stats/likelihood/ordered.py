"""Ordered logit by maximum likelihood, with scores of coefficients and cut points alike."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from detente.base.errors import NotConverged, NoVariation
from detente.base.types import Array, Codes
from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.maximum import STILL, Optimum, Point, check_score, newton, refuse_effects
from detente.stats.likelihood.separation import refuse_separation
from detente.stats.linear.regressors import Regressors, Stalled, inverse, regressors


@estimator(
    "ordered_logit",
    Label(
        "Ordered logit",
        "ordered logit",
        "Proportional odds of the ordered values of the outcome (McCullagh 1980), with an onset a logit; it compares "
        "different dyads.",
    ),
    link="logit",
    covariances=ROBUST,
    reference="statsmodels OrderedModel and Stata's ologit, in tests",
)
def ordered_logit(design: ModelFrame) -> Solution:
    """Proportional odds of the sorted values of the outcome: Pr(y ≤ j) = Λ(cut_j − xβ) (McCullagh 1980).

    Terms are the regressors, then "cut1" …; observed information. The column of "cut1" in `x` is −1 and those of the
    other cuts are 0, so that `predictor` with the logit link is the probability of more than the lowest value, and
    effects on risk are effects on that.

    Raises
    ------
    Separation
        If regressors put rows above some cut apart from those below it, naming them.
    NoVariation
        If the outcome has one value, or the treatment does not vary.
    UnsupportedEffects, RankDeficient, NotConverged
        As `logit` does.
    """
    refuse_effects(design, "ordered_logit")
    values, level = np.unique(design.y, return_inverse=True)
    if len(values) < 2:
        raise NoVariation(f"the outcome is {values[0]:g} in all {len(level):,} rows")
    data = regressors(design, intercept=False)
    found, fitted = _maximise(level, data)
    k, cuts = len(data.terms), len(values) - 1
    scores = np.column_stack([data.x * -(fitted.upper + fitted.lower)[:, None], _by_cut(fitted, level, cuts)])
    check_score(Scores(scores), "ordered_logit")
    x = np.zeros((len(level), k + cuts))
    x[:, :k], x[:, k] = data.x, -1.0
    return Solution(
        terms=(*data.terms, *(f"cut{j}" for j in range(1, cuts + 1))),
        estimate=found.estimate,
        scores=Scores(scores),
        bread=inverse(likelihood(level, data.x)(found.estimate).information),
        x=x,
        link="logit",
        treatment=data.treatment,
        dropped=data.dropped,
        converged=True,
        predictor=x @ found.estimate,
        iterations=found.steps,
        flags=(f"{len(values)} ordered values; risks are of more than {values[0]:g}",),
    )


@dataclass(frozen=True)
class _Rows:
    """Of each row's l = log(Λ(u) − Λ(v)), u its upper and v its lower cut less the index: value, derivatives (n,)."""

    value: Array
    upper: Array
    lower: Array
    upper_upper: Array
    lower_lower: Array
    upper_lower: Array


def _rows(theta: Array, level: Codes, x: Array) -> _Rows:
    k = x.shape[1]
    eta, bounds = x @ theta[:k], np.r_[-np.inf, theta[k:], np.inf]
    u, v = bounds[level + 1] - eta, bounds[level] - eta
    cdf_u, cdf_v = expit(u), expit(v)
    # Differences of upper tails where both are near one.
    chance = np.where(v > 0, expit(-v) - expit(-u), cdf_u - cdf_v)
    with np.errstate(divide="ignore", invalid="ignore"):
        up, low = cdf_u * expit(-u) / chance, -cdf_v * expit(-v) / chance
        return _Rows(np.log(chance), up, low, up * (1 - 2 * cdf_u) - up**2, low * (1 - 2 * cdf_v) - low**2, -up * low)


def _by_cut(rows: _Rows, level: Codes, cuts: int) -> Array:
    """Scores (n, cuts): a cut is the upper bound of the value below it and the lower bound of the one above."""
    at = np.arange(cuts)
    result: Array = rows.upper[:, None] * (level[:, None] == at) + rows.lower[:, None] * (level[:, None] == at + 1)
    return result


def likelihood(level: Codes, x: Array) -> Callable[[Array], Point]:
    """Log-likelihood of (β, cuts); `level` (n,) place of the outcome among its sorted values."""
    k, cuts = x.shape[1], int(level.max())
    members = [(level == j) for j in range(cuts + 1)]

    def at(theta: Array) -> Point:
        if (np.diff(theta[k:]) <= 0).any():
            return Point(-np.inf, np.zeros(len(theta)), np.eye(len(theta)))
        r = _rows(theta, level, x)
        information = np.zeros((len(theta), len(theta)))
        bend = r.upper_upper + 2 * r.upper_lower + r.lower_lower
        information[:k, :k] = -(x * bend[:, None]).T @ x
        for j in range(cuts):
            below, above = members[j], members[j + 1]
            side = (
                -(r.upper_upper + r.upper_lower)[below] @ x[below] - (r.lower_lower + r.upper_lower)[above] @ x[above]
            )
            information[k + j, :k] = information[:k, k + j] = -side
            information[k + j, k + j] = -r.upper_upper[below].sum() - r.lower_lower[above].sum()
            if j:
                information[k + j, k + j - 1] = information[k + j - 1, k + j] = -r.upper_lower[below].sum()
        gradient = np.r_[-(r.upper + r.lower) @ x, _by_cut(r, level, cuts).sum(axis=0)]
        return Point(float(r.value.sum()), gradient, information)

    return at


def _maximise(level: Codes, data: Regressors) -> tuple[Optimum, _Rows]:
    cuts = int(level.max())
    shares = np.cumsum(np.bincount(level))[:-1] / len(level)
    start = np.r_[np.zeros(len(data.terms)), logit(shares)]
    reach = np.r_[data.reach, np.ones(cuts)]
    found: Optimum | None = None
    with suppress(Stalled):
        found = newton(likelihood(level, data.x), start)
    if found is None or float(np.abs(found.last) @ reach) > STILL:
        x, terms = np.column_stack([np.ones(len(level)), data.x]), ("intercept", *data.terms)
        for cut in range(cuts):
            refuse_separation((level > cut).astype(np.float64), x, terms, "ordered logit")
    if found is None:
        raise NotConverged("ordered_logit found no maximum")
    return found, _rows(found.estimate, level, data.x)
