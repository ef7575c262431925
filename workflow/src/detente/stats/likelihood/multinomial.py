"""Multinomial logit by maximum likelihood, one equation for each value of the outcome but the base."""

from collections.abc import Callable

import numpy as np

from detente.base.errors import NotConverged, NoVariation, UnsuitableOutcome
from detente.base.types import Array, Codes
from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.maximum import STILL, Optimum, Point, check_score, newton, refuse_effects
from detente.stats.likelihood.separation import refuse_separation
from detente.stats.linear.regressors import Regressors, Stalled, inverse, regressors


@estimator(
    "multinomial_logit",
    Label(
        "Multin. logit",
        "multinomial logit",
        "Log-odds of each value of the outcome (McFadden 1974), with an onset a logit; it compares different dyads.",
    ),
    link="logit",
    covariances=ROBUST,
    reference="statsmodels MNLogit and Stata's mlogit, in tests",
    relative=True,
)
def multinomial_logit(design: ModelFrame, *, base: float | None = None, equation: float | None = None) -> Solution:
    """Log odds of each value of the outcome against the base, linear in a constant and the regressors.

    Terms are "intercept[v]", then the regressors "term[v]", for each value v but the base. `x` and `predictor` are
    those of one equation; with the logit link they give the chance of its value rather than the base, given either.

    Parameters
    ----------
    base
        Value that others are compared with; the lowest if None.
    equation
        Value whose equation holds the coefficient of the treatment; the lowest but the base if None.

    Raises
    ------
    UnsuitableOutcome
        If `base` or `equation` is not a value of the outcome.
    Separation
        If regressors put rows of a value apart from those of the base, naming them.
    NoVariation
        If the outcome has one value, or the treatment does not vary.
    UnsupportedEffects, RankDeficient, NotConverged
        As `logit` does.
    """
    refuse_effects(design, "multinomial_logit")
    values, level = _levels(design.y, base)
    place = _place(values, equation)
    data = regressors(design)
    k = len(data.terms)
    found = _maximise(level, data, values)
    apart = _apart(level, data.x, found.estimate)
    scores = np.concatenate([data.x * apart[:, [j]] for j in range(len(values) - 1)], axis=1)
    check_score(Scores(scores), "multinomial_logit")
    x = np.zeros_like(scores)
    x[:, place * k : (place + 1) * k] = data.x
    return Solution(
        terms=tuple(f"{t}[{v:g}]" for v in values[1:] for t in data.terms),
        estimate=found.estimate,
        scores=Scores(scores),
        bread=inverse(likelihood(level, data.x)(found.estimate).information),
        x=x,
        link="logit",
        treatment=place * k + data.treatment,
        dropped=data.dropped,
        converged=True,
        predictor=x @ found.estimate,
        iterations=found.steps,
        flags=(f"risks are of {values[place + 1]:g} rather than {values[0]:g}, given one of the two",),
    )


def _levels(y: Array, base: float | None) -> tuple[Array, Codes]:
    """Values of the outcome, the base first, and each row's place among them."""
    values, level = np.unique(y, return_inverse=True)
    if len(values) < 2:
        raise NoVariation(f"the outcome is {values[0]:g} in all {len(y):,} rows")
    if base is None:
        return values, level
    if base not in values:
        raise UnsuitableOutcome(f"base {base:g} is no value of the outcome; its values: {_list(values)}")
    first = int(np.flatnonzero(values == base)[0])
    order = np.r_[first, np.delete(np.arange(len(values)), first)]
    return values[order], np.argsort(order)[level]


def _place(values: Array, equation: float | None) -> int:
    if equation is None:
        return 0
    if equation not in values[1:]:
        raise UnsuitableOutcome(f"equation {equation:g} is not one of {_list(values[1:])}")
    return int(np.flatnonzero(values == equation)[0]) - 1


def _list(values: Array) -> str:
    return ", ".join(f"{v:g}" for v in values)


def _chances(x: Array, theta: Array, equations: int) -> tuple[Array, Array]:
    """Log of the sum of odds (n,), and chances (n, equations) of the values but the base."""
    index = x @ theta.reshape(equations, -1).T
    top = np.maximum(index.max(axis=1), 0.0)
    odds = np.exp(index - top[:, None])
    total = odds.sum(axis=1) + np.exp(-top)
    return top + np.log(total), odds / total[:, None]


def _apart(level: Codes, x: Array, theta: Array) -> Array:
    """Outcome less its chance, (n, equations)."""
    equations = len(theta) // x.shape[1]
    result: Array = (level[:, None] == np.arange(1, equations + 1)) - _chances(x, theta, equations)[1]
    return result


def likelihood(level: Codes, x: Array) -> Callable[[Array], Point]:
    """Log-likelihood of the stacked equations; `level` (n,) 0 for the base."""
    equations, k = int(level.max()), x.shape[1]

    def at(theta: Array) -> Point:
        total, chance = _chances(x, theta, equations)
        chosen = np.einsum("ij,ij->i", x, np.vstack([np.zeros(k), theta.reshape(equations, k)])[level])
        apart = (level[:, None] == np.arange(1, equations + 1)) - chance
        information = np.empty((equations * k, equations * k))
        for i in range(equations):
            for j in range(equations):
                w = chance[:, i] * (float(i == j) - chance[:, j])
                information[i * k : (i + 1) * k, j * k : (j + 1) * k] = (x * w[:, None]).T @ x
        return Point(float((chosen - total).sum()), (apart.T @ x).ravel(), information)

    return at


def _maximise(level: Codes, data: Regressors, values: Array) -> Optimum:
    equations, k = len(values) - 1, len(data.terms)
    start = np.zeros((equations, k))
    count = np.bincount(level)
    start[:, 0] = np.log(count[1:] / count[0])
    try:
        found = newton(likelihood(level, data.x), start.ravel())
        if float(np.abs(found.last) @ np.tile(data.reach, equations)) <= STILL:
            return found
    except Stalled:
        pass
    for j in range(1, equations + 1):
        rows = (level == 0) | (level == j)
        refuse_separation((level[rows] == j).astype(np.float64), data.x[rows], data.terms, "multinomial logit")
    raise NotConverged("multinomial_logit found no maximum: the likelihood is flat or a coefficient runs to infinity")
