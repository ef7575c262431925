"""What estimators by maximum likelihood share: regressors with a constant, Newton's method, and what they refuse."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from detente.base.errors import (
    EstimationError,
    NotConverged,
    NoVariation,
    UnsuitableOutcome,
    UnsupportedEffects,
    choices,
)
from detente.base.types import Array, Codes
from detente.stats.contract import REGISTRY
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.linear.regressors import Stalled

# Squared distance to the maximum, in standard errors, from which one more step is exact to rounding.
CLOSE = 1e-12
# Largest move of a linear predictor that a last step may make: under separation it never falls below it.
STILL = 1e-3
# Where the squared distance left is this small, a step that may move a linear predictor this far looks like separation.
FLAT, LONG = 1e-4, 0.5
SCORE_TOLERANCE = 1e-6
MOST_STEPS = 100
MOST_HALVINGS = 40


@dataclass(frozen=True)
class Point:
    """An objective at one place: its value, gradient (k,) and minus its Hessian (k, k)."""

    value: float
    gradient: Array
    information: Array


@dataclass(frozen=True)
class Optimum:
    """Where Newton's method ended: estimate (k,), steps taken, and the last step (k,)."""

    estimate: Array
    steps: int
    last: Array


class Runaway(Exception):
    """Newton's method gains next to nothing, but its steps are long: a coefficient may be infinite."""


def refuse_effects(design: ModelFrame, name: str) -> None:
    """Raise UnsupportedEffects if the design has effects, naming estimators that take them."""
    if design.fixed_effects:
        able = sorted(e.name for e in REGISTRY.values() if e.uses in ("absorbs", "conditions"))
        given = ", ".join(design.fixed_effects)
        raise UnsupportedEffects(
            f"{name} takes no fixed effects, but got {given}; estimators that do: {', '.join(able)}"
        )


def only_effect(design: ModelFrame, name: str, purpose: str) -> Codes:
    """Codes (N,) of the one effect of the design, numbered from 0; UnsupportedEffects if there is none, or more."""
    if len(design.fixed_effects) != 1:
        given = " × ".join(design.fixed_effects) or "none"
        raise UnsupportedEffects(f"{name} {purpose} one factor, such as the dyad; given: {given}")
    codes: Codes = np.unique(next(iter(design.fixed_effects.values())), return_inverse=True)[1]
    return codes


def known(value: str, legal: Sequence[str], option: str) -> None:
    """Raise EstimationError, naming the nearest, unless the value of an option is legal."""
    if value not in legal:
        raise EstimationError(f"{option} {value!r} is not known; {choices(value, legal)}")


def binary_outcome(y: Array) -> None:
    """Raise UnsuitableOutcome unless the outcome is 0 or 1, NoVariation unless it is both."""
    if not ((y == 0) | (y == 1)).all():
        raise UnsuitableOutcome("the outcome must be 0 or 1 in every row")
    if y.min() == y.max():
        raise NoVariation(f"the outcome is {y[0]:.0f} in all {len(y):,} rows")


def newton(
    objective: Callable[[Array], Point],
    start: Array,
    *,
    concave: bool = True,
    close: float = CLOSE,
    reach: Array | None = None,
) -> Optimum:
    """Maximise by Newton's method with step halving, until the squared distance left, in standard errors, is `close`.

    Where the objective is not concave, directions of negative curvature are turned uphill. `reach` (k,) largest
    absolute values of the regressors.

    Raises
    ------
    Runaway
        If `reach` is given and steps stay long where the objective is flat.
    Stalled
        If the information becomes singular, no step climbs, or 100 steps are not enough.
    """
    place, here = start, objective(start)
    for steps in range(1, MOST_STEPS + 1):
        step = direction(here, concave=concave)
        gain = float(step @ here.gradient)
        if gain < close:
            return Optimum(place + step, steps, step)
        if reach is not None and gain < FLAT and float(np.abs(step) @ reach) > LONG:
            raise Runaway
        slack = 1e-12 * (1 + abs(here.value))
        for _ in range(MOST_HALVINGS):
            there = objective(place + step)
            if there.value >= here.value - slack:
                break
            step = step / 2
        else:
            raise Stalled
        place, here = place + step, there
    raise Stalled


def direction(here: Point, *, concave: bool = True) -> Array:
    """Newton's step from a point, (k,); Stalled if there is none."""
    if not (np.isfinite(here.value) and np.isfinite(here.information).all()):
        raise Stalled
    diagonal = np.abs(np.diag(here.information))
    if diagonal.min() <= 0:
        raise Stalled
    scale = 1 / np.sqrt(diagonal)
    scaled = here.information * np.outer(scale, scale)
    values, vectors = np.linalg.eigh(scaled)
    if concave and values[0] <= 1e-14 * values[-1]:
        raise Stalled
    along = vectors.T @ (scale * here.gradient)
    step: Array = scale * (vectors @ (along / np.maximum(np.abs(values), 1e-10 * values[-1])))
    return step


def check_score(scores: Scores, name: str) -> None:
    """Raise NotConverged unless the scores of rows sum to zero."""
    total, square = scores.extent
    if np.max(np.abs(total) / np.maximum(np.sqrt(square), 1e-300)) > SCORE_TOLERANCE:
        raise NotConverged(f"{name} stopped where the score is {np.abs(total).max():.1e}, not zero")


def listing(names: Sequence[str]) -> str:
    """Names in quotes: 'a', 'b' and 'c'."""
    quoted = [repr(n) for n in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
