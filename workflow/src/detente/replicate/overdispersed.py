"""Negative binomial models as R has them: overdispersion that is given, and errors by the expected information.

MASS's `glm.nb` takes the variance of coefficients from the expected information at the estimated θ = 1/α, as if θ were
known, and that of θ from the observed one (Venables and Ripley 2002, 7.4); Stata's `nbreg` takes the observed
information of all together, as `negbin` does.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from detente.base.errors import ConfigError, NotConverged
from detente.base.types import Array
from detente.replicate.estimators import CONSTANT
from detente.stats import ModelFrame, Solution, check_rank
from detente.stats.covariance import Scores
from detente.stats.likelihood import Point, Stalled, nb2, newton

EXPECTED = ("negbin", "negbin_given")


def given_alpha(options: Mapping[str, Any]) -> float:
    """Overdispersion α that options give, as `alpha` or as `theta`, its inverse.

    Raises ConfigError unless one of the two is a positive number.
    """
    given = {name: options[name] for name in ("alpha", "theta") if options.get(name) is not None}
    value = next(iter(given.values()), None)
    if len(given) != 1 or isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ConfigError("negbin_given needs one positive number in `options`: `alpha`, or `theta`, its inverse")
    return float(value) if "alpha" in given else 1 / float(value)


def negbin_given(
    design: ModelFrame,
    *,
    alpha: float | None = None,
    theta: float | None = None,
    dispersion: Literal["one", "pearson"] = "one",
) -> Solution:
    """Counts with mean μ = exp(xβ) and variance μ + αμ², α given (R `glm(family = negative.binomial(theta))`).

    Terms are the constant and the regressors. `dispersion` "pearson" scales the classical covariance by Pearson's χ²
    over n − k, as R's summary of such a glm does, "one" does not, as Stata's.

    Raises ConfigError if α is not given; RankDeficient if columns depend on one another; NotConverged.
    """
    log_alpha = math.log(given_alpha({"alpha": alpha, "theta": theta}))
    y, x = design.y, np.column_stack([np.ones(len(design.y)), design.x])
    check_rank(x.T @ x, (CONSTANT, *design.terms))
    scale = np.sqrt((x**2).mean(axis=0))
    whole = nb2(y, x / scale)

    def at(beta: Array) -> Point:
        point = whole(np.r_[beta, log_alpha])
        return Point(point.value, point.gradient[:-1], point.information[:-1, :-1])

    start = np.zeros(x.shape[1])
    start[0] = math.log(y.mean())
    try:
        found = newton(at, start, concave=False)
    except Stalled as error:
        raise NotConverged("negbin_given found no maximum") from error
    estimate, mean = found.estimate / scale, np.exp((x / scale) @ found.estimate)
    spread = 1 + math.exp(log_alpha) * mean
    squares = float(((y - mean) ** 2 / (mean * spread)).sum()) / (len(y) - x.shape[1])
    return Solution(
        terms=(CONSTANT, *design.terms),
        estimate=estimate,
        scores=Scores(x, (y - mean) / spread),
        bread=np.linalg.inv(at(found.estimate).information) / np.outer(scale, scale),
        x=x,
        link="log",
        treatment=1,
        predictor=x @ estimate,
        iterations=found.steps,
        dispersion=squares if dispersion == "pearson" else 1.0,
    )


def expected_bread(design: ModelFrame, solution: Solution, options: Mapping[str, Any]) -> Array:
    """Inverse of the expected information (k, k), in which ln α, where it is a term, is apart from all others."""
    estimated = "ln(alpha)" in solution.terms
    log_alpha = float(solution.estimate[-1]) if estimated else math.log(given_alpha(options))
    assert solution.predictor is not None
    mean = np.exp(solution.predictor)
    x = solution.x[:, :-1] if estimated else solution.x
    scale = np.sqrt((x**2).mean(axis=0))
    weighted = (x / scale) * (mean / (1 + math.exp(log_alpha) * mean))[:, None]
    slopes = np.linalg.inv((x / scale).T @ weighted) / np.outer(scale, scale)
    if not estimated:
        return np.asarray(slopes)
    shape = 1 / nb2(design.y, x)(solution.estimate).information[-1, -1]
    return np.block([[slopes, np.zeros((len(slopes), 1))], [np.zeros((1, len(slopes))), np.array([[shape]])]])
