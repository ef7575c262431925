"""The inverse information that Stata's early commands report: of one step of Newton's method before the last.

Newton's method starts from the model without regressors, halves a step that does not climb, and makes its last step
where the gain that it promises, gᵀI⁻¹g, is below 1e-5. Robust covariances then put scores of the last place between
inverse informations of the place before it. With regressors in dollars and few disputes that moves the fifth digit of
a standard error. The rule is inferred from the log of Mansfield and Pevehouse (2000), whose nine logits it meets.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from detente.base.errors import NotConverged
from detente.base.types import Array
from detente.stats import ModelFrame, Solution
from detente.stats.likelihood import LOGIT, PROBIT, Point, multinomial, ordered
from detente.stats.likelihood import likelihood as binary

Objective = Callable[[Array], Point]
GAIN = 1e-5
MOST_STEPS, MOST_HALVINGS = 200, 60


def earlier_bread(design: ModelFrame, solution: Solution, estimator: str) -> Array:
    """Inverse information (k, k), in the order of the solution's terms, one step before the search ends.

    Raises
    ------
    NotConverged
        If the search does not end, or cannot climb.
    """
    kept = [i for i, term in enumerate(design.terms) if term not in solution.dropped]
    x = design.x[:, kept]
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


def _binary(y: Array, x: Array, scale: Array, model: Any) -> tuple[Objective, Array, Array]:
    start = np.zeros(x.shape[1] + 1)
    start[0] = model.index(float(y.mean()))
    return binary(model, y, np.column_stack([np.ones(len(y)), x])), start, np.r_[1.0, scale]


def _ordered(y: Array, x: Array, scale: Array) -> tuple[Objective, Array, Array]:
    level = np.asarray(np.unique(y, return_inverse=True)[1], dtype=np.int64)
    shares = np.cumsum(np.bincount(level))[:-1] / len(level)
    cuts = np.log(shares / (1 - shares))
    return ordered.likelihood(level, x), np.r_[np.zeros(x.shape[1]), cuts], np.r_[scale, np.ones(len(cuts))]


def _multinomial(y: Array, x: Array, scale: Array) -> tuple[Objective, Array, Array]:
    level = np.asarray(np.unique(y, return_inverse=True)[1], dtype=np.int64)
    counts = np.bincount(level)
    start = np.zeros((len(counts) - 1, x.shape[1] + 1))
    start[:, 0] = np.log(counts[1:] / counts[0])
    unit = np.tile(np.r_[1.0, scale], len(counts) - 1)
    return multinomial.likelihood(level, np.column_stack([np.ones(len(y)), x])), start.ravel(), unit


_OBJECTIVES: Mapping[str, Callable[[Array, Array, Array], tuple[Objective, Array, Array]]] = {
    "logit": lambda y, x, scale: _binary(y, x, scale, LOGIT),
    "probit": lambda y, x, scale: _binary(y, x, scale, PROBIT),
    "king_zeng": lambda y, x, scale: _binary(y, x, scale, LOGIT),
    "ordered_logit": _ordered,
    "multinomial_logit": _multinomial,
}
EARLIER = tuple(_OBJECTIVES)
