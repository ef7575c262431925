"""Likelihoods of fitted models, as tables print them, and of the step of Newton's method before the last.

Stata's early commands report the inverse information of the step before the last. Newton's method starts from the model
without regressors, halves a step that does not climb, and makes its last step where the gain that it promises, gᵀI⁻¹g,
is below 1e-5. Robust covariances then put scores of the last place between inverse informations of the place before
it. With regressors in dollars and few disputes that moves the fifth digit of a standard error. The rule is inferred
from the log of Mansfield and Pevehouse (2000), whose nine logits it meets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detente.base.errors import NotConverged, UnsupportedEstimator, choices
from detente.base.types import Array
from detente.replicate.estimators import probit_re_likelihood
from detente.stats import REGISTRY, Estimated, ModelFrame, Solution, Statistic, get
from detente.stats.likelihood import Search

if TYPE_CHECKING:
    from detente.replicate.models import Fitted

# Of estimators that published tables alone use; the others declare their statistics.
OWN = {"probit_re": probit_re_likelihood}
EARLIER = tuple(sorted(name for name, estimator in REGISTRY.items() if estimator.objective))
GAIN = 1e-5
MOST_STEPS, MOST_HALVINGS = 200, 60


def log_likelihood(fitted: Fitted) -> float:
    """Maximised log-likelihood of a model; raises UnsupportedEstimator if the estimator maximises none."""
    if fitted.model.estimator in OWN:
        return OWN[fitted.model.estimator](fitted.design, fitted.estimate, **fitted.model.options)
    return _reported(fitted, "log_likelihood")


def null_log_likelihood(fitted: Fitted) -> float:
    """The same with a constant (or cuts) alone; of conditional logit, with nothing."""
    return _reported(fitted, "null_log_likelihood")


def able(statistic: Statistic) -> list[str]:
    """Estimators that declare a statistic."""
    return [name for name, estimator in REGISTRY.items() if statistic in estimator.statistics]


def _reported(fitted: Fitted, statistic: Statistic) -> float:
    name = fitted.model.estimator
    if name not in able(statistic):
        raise UnsupportedEstimator(f"estimator {name!r} has no log-likelihood here; {choices(name, able(statistic))}")
    return get(name).statistics[statistic](Estimated(fitted.design, fitted.solution, fitted.model.options))


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
    for _ in range(MOST_STEPS):
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
