"""Likelihoods of fitted models, as tables print them, and of the step of Newton's method before the last.

Stata's early commands report the inverse information of the step before the last. Newton's method starts from the model
without regressors, halves a step that does not climb, and makes its last step where the gain that it promises, gᵀI⁻¹g,
is below 1e-5. Robust covariances then put scores of the last place between inverse informations of the place before
it. With regressors in dollars and few disputes that moves the fifth digit of a standard error. The rule is inferred
from the log of Mansfield and Pevehouse (2000), whose nine logits it meets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_expit, log_ndtr

from detente.base.errors import NotConverged, UnsupportedEstimator, choices
from detente.base.types import Array
from detente.replicate.estimators import probit_re_likelihood
from detente.stats import ModelFrame, Solution, get
from detente.stats.likelihood import (
    LOGIT,
    PROBIT,
    Point,
    conditional,
    multinomial,
    negative_binomial,
    ordered,
    outcome_weights,
)
from detente.stats.likelihood import likelihood as binary

if TYPE_CHECKING:
    from detente.replicate.models import Fitted

Objective = Callable[[Array], Point]
Likelihood = Callable[["Fitted"], float]
GAIN = 1e-5
MOST_STEPS, MOST_HALVINGS = 200, 60


def log_likelihood(fitted: Fitted) -> float:
    """Maximised log-likelihood of a model; raises UnsupportedEstimator if the estimator maximises none."""
    return _of(fitted, _MAXIMISED)


def null_log_likelihood(fitted: Fitted) -> float:
    """The same with a constant (or cuts) alone; of conditional logit, with nothing."""
    return _of(fitted, _NULL)


def _of(fitted: Fitted, table: Mapping[str, Likelihood]) -> float:
    name = fitted.model.estimator
    if name not in table:
        raise UnsupportedEstimator(f"estimator {name!r} has no log-likelihood here; {choices(name, table)}")
    return table[name](fitted)


def _signed(y: Array, index: Array | None) -> Array:
    """Linear predictors (n,), negative where the outcome is 0."""
    assert index is not None
    return np.where(y == 1, index, -index)


def _cloglog(fitted: Fitted) -> float:
    assert fitted.solution.predictor is not None
    rate = np.exp(fitted.solution.predictor)
    return float(np.where(fitted.design.y == 1, np.log(-np.expm1(-rate)), -rate).sum())


def _rare(fitted: Fitted) -> float:
    """Of the logit before bias is taken off, rows weighted if the model weights them (as R's glm counts it)."""
    options = {**fitted.model.options, "unbias": False}
    tau, weighted = options.get("tau"), options.get("correction") == "weighting"
    if not weighted:
        options.pop("tau", None)
    found, y = get("king_zeng").fit(fitted.design, **options), fitted.design.y
    rows = log_expit(_signed(y, found.predictor))
    return float((outcome_weights(y, tau if weighted else None) * rows).sum())


def _constants_alone(fitted: Fitted) -> float:
    """Of as many constants as the outcome has values, less one: n_v log(n_v / n)."""
    counts = np.unique(fitted.design.y, return_counts=True)[1]
    return float((counts * np.log(counts / counts.sum())).sum())


def _level(y: Array) -> npt.NDArray[np.int64]:
    return np.asarray(np.unique(y, return_inverse=True)[1], dtype=np.int64)


def _varying(design: ModelFrame, solution: Solution) -> Array:
    """Regressors that the solution kept."""
    return np.asarray(design.x[:, [i for i, term in enumerate(design.terms) if term not in solution.dropped]])


def _with_constant(x: Array) -> Array:
    return np.column_stack([np.ones(len(x)), x])


def _at_estimate(objective: Callable[[Array, Array], Objective]) -> Likelihood:
    """Log-likelihood of an objective of outcome and regressors, at the estimate."""
    return lambda f: objective(f.design.y, _varying(f.design, f.solution))(f.estimate).value


_MAXIMISED: Mapping[str, Likelihood] = {
    "logit": lambda f: float(log_expit(_signed(f.design.y, f.solution.predictor)).sum()),
    "probit": lambda f: float(log_ndtr(_signed(f.design.y, f.solution.predictor)).sum()),
    "cloglog": _cloglog,
    "king_zeng": _rare,
    "negbin": _at_estimate(lambda y, x: negative_binomial.likelihood(y, _with_constant(x))),
    "ordered_logit": _at_estimate(lambda y, x: ordered.likelihood(_level(y), x)),
    "multinomial_logit": _at_estimate(lambda y, x: multinomial.likelihood(_level(y), _with_constant(x))),
    "clogit": lambda f: conditional.log_likelihood(f.design, f.estimate),
    "probit_re": lambda f: probit_re_likelihood(f.design, f.estimate, **f.model.options),
}
_NULL: Mapping[str, Likelihood] = {
    **dict.fromkeys(
        ("logit", "probit", "cloglog", "king_zeng", "ordered_logit", "multinomial_logit"), _constants_alone
    ),
    "clogit": lambda f: conditional.log_likelihood(f.design, np.zeros(len(f.estimate))),
}


def earlier_bread(design: ModelFrame, solution: Solution, estimator: str) -> Array:
    """Inverse information (k, k), in the order of the solution's terms, one step before the search ends.

    Raises NotConverged if the search does not end, or cannot climb.
    """
    x = _varying(design, solution)
    # Columns of size one: those in dollars would leave no digits.
    scale = np.sqrt((x**2).mean(axis=0))
    objective, start, unit = _OBJECTIVES[estimator](design.y, x / scale, scale)
    return np.asarray(np.linalg.inv(_before_last(objective, start)) / np.outer(unit, unit))


def _before_last(objective: Objective, start: Array) -> Array:
    place, here = start, objective(start)
    for _ in range(MOST_STEPS):
        step = np.linalg.solve(here.information, here.gradient)
        gain = float(step @ here.gradient)
        for _ in range(MOST_HALVINGS):
            there = objective(place + step)
            if there.value >= here.value:
                break
            step = step / 2
        else:
            break
        if gain < GAIN:
            return here.information
        place, here = place + step, there
    raise NotConverged("the search as Stata makes it did not end")


Search = tuple[Objective, Array, Array]
"""What is maximised, where the search starts, and the unit of each parameter."""


def _binary(y: Array, x: Array, scale: Array, model: Any = LOGIT) -> Search:
    start = np.zeros(x.shape[1] + 1)
    start[0] = model.index(float(y.mean()))
    return binary(model, y, _with_constant(x)), start, np.r_[1.0, scale]


def _ordered(y: Array, x: Array, scale: Array) -> Search:
    level = _level(y)
    shares = np.cumsum(np.bincount(level))[:-1] / len(level)
    cuts = np.log(shares / (1 - shares))
    return ordered.likelihood(level, x), np.r_[np.zeros(x.shape[1]), cuts], np.r_[scale, np.ones(len(cuts))]


def _multinomial(y: Array, x: Array, scale: Array) -> Search:
    level = _level(y)
    counts = np.bincount(level)
    start = np.zeros((len(counts) - 1, x.shape[1] + 1))
    start[:, 0] = np.log(counts[1:] / counts[0])
    unit = np.tile(np.r_[1.0, scale], len(counts) - 1)
    return multinomial.likelihood(level, _with_constant(x)), start.ravel(), unit


_OBJECTIVES: Mapping[str, Callable[[Array, Array, Array], Search]] = {
    "logit": _binary,
    "probit": lambda y, x, scale: _binary(y, x, scale, PROBIT),
    "king_zeng": _binary,
    "ordered_logit": _ordered,
    "multinomial_logit": _multinomial,
}
EARLIER = tuple(_OBJECTIVES)
