"""What estimators by maximum likelihood share: Newton's method, and the check that scores sum to zero."""

from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from detente.base import numerics
from detente.base.errors import NotConverged
from detente.base.numerics import CLOSE
from detente.base.types import Array, Codes, Flags
from detente.stats.contract import Estimated, Report, Statistic
from detente.stats.covariance import Scores
from detente.stats.linear.regressors import Stalled, inverse

# Rows from which a search begins on a part of them: all of the rarer outcome, and every eighth row of the other.
LARGE = 100_000
FRACTION = 8


@dataclass(frozen=True)
class Point:
    """An objective at one place: its value, gradient (k,) and minus its Hessian (k, k)."""

    value: float
    gradient: Array
    information: Array


Answer = TypeVar("Answer")
Objective = Callable[[Array], Point]
# A search that yields the places at which it wants its objective, is sent the points, and returns what it finds.
Asking = Generator[Array, Point, Answer]


@dataclass(frozen=True)
class Search:
    """An objective of P parameters, where a search for its maximum starts, and the regressor of each, −1 for none."""

    objective: Objective
    start: Array
    columns: Codes = field(default_factory=lambda: np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class Optimum:
    """Where Newton's method ended: estimate (k,), steps taken, and the last step (k,)."""

    estimate: Array
    steps: int
    last: Array


class Runaway(Exception):
    """Newton's method gains next to nothing, but its steps are long: a coefficient may be infinite."""


@dataclass(frozen=True)
class Maximum:
    """Where a search settled: estimate (k,), the objective there, its inverse information (k, k), and steps."""

    estimate: Array
    point: Point
    bread: Array
    steps: int


def newton(
    objective: Objective, start: Array, *, concave: bool = True, close: float = CLOSE, reach: Array | None = None
) -> Optimum:
    """Maximise by Newton's method with step halving, until the squared distance left, in standard errors, is `close`.

    Where the objective is not concave, directions of negative curvature are turned uphill. `reach` (k,) largest
    absolute values of the regressors.

    Raises Runaway if `reach` is given and steps stay long where the objective is flat; Stalled if the information
    becomes singular, no step climbs, or 100 steps are not enough.
    """
    return alone(climb(start, concave=concave, close=close, reach=reach), objective)


def climb(start: Array, *, concave: bool = True, close: float = CLOSE, reach: Array | None = None) -> Asking[Optimum]:
    """`newton`, as a search that asks for its objective."""
    place, here = start, (yield start)
    for steps in range(1, numerics.MOST_STEPS + 1):
        step = direction(here, concave=concave)
        gain = float(step @ here.gradient)
        if gain < close:
            return Optimum(place + step, steps, step)
        if reach is not None and gain < numerics.FLAT and float(np.abs(step) @ reach) > numerics.LONG:
            raise Runaway
        for share in numerics.HALVINGS:
            there = yield place + share * step
            if climbs(here.value, there.value):
                break
        else:
            raise Stalled
        place, here = place + share * step, there
    raise Stalled


def alone(search: Asking[Answer], objective: Objective) -> Answer:
    """What a search finds."""
    place = next(search)
    while True:
        try:
            place = search.send(objective(place))
        except StopIteration as end:
            found: Answer = end.value
            return found


def together(
    searches: Mapping[int, Asking[Answer]], objective: Callable[[Mapping[int, Array]], Mapping[int, Point]]
) -> dict[int, Answer]:
    """What searches find that go on at the same time, by number; those that stall or run away find nothing.

    `objective` is asked for the points of all that go on at once, each at a place of its own.
    """
    found: dict[int, Answer] = {}
    asked = {i: next(search) for i, search in searches.items()}
    while asked:
        points, asked = objective(asked), {}
        for i, point in points.items():
            try:
                asked[i] = searches[i].send(point)
            except StopIteration as end:
                found[i] = end.value
            except (Stalled, Runaway):
                continue
    return found


def climbs(value: float, reached: float) -> bool:
    """Whether a step lowers the objective by no more than rounding."""
    return reached >= value - numerics.LOWERED * (1 + abs(value))


def direction(here: Point, *, concave: bool = True) -> Array:
    """Newton's step from a point, (k,); Stalled if there is none."""
    if not (np.isfinite(here.value) and np.isfinite(here.information).all()):
        raise Stalled
    diagonal = np.abs(np.diag(here.information))
    if diagonal.min() <= 0:
        raise Stalled
    scale = 1 / np.sqrt(diagonal)
    values, vectors = np.linalg.eigh(here.information * np.outer(scale, scale))
    if concave and values[0] <= numerics.NO_STEP * values[-1]:
        raise Stalled
    along = vectors.T @ (scale * here.gradient)
    return np.asarray(scale * (vectors @ (along / np.maximum(np.abs(values), numerics.LEAST_CURVATURE * values[-1]))))


def find_maximum(
    objective: Objective, search: Callable[[], Optimum], reach: Array, refuse: Callable[[], None], name: str
) -> Maximum:
    """The maximum, down to rounding, from where `search` ends.

    `refuse` raises Separation if the data are separated; it is called if the search does not settle, still moves a
    linear predictor, or leaves a coefficient all but undetermined, given the `reach` (k,) of the regressors.

    Raises NotConverged if no maximum is found though the data are not separated.
    """
    made: Maximum | None = None
    sound = False
    with suppress(Stalled):
        made, sound = alone(polish(search(), reach), objective)
    if not sound:
        refuse()
    if made is None:
        raise NotConverged(f"{name} found no maximum, though the data are not separated")
    return made


def polish(found: Optimum, reach: Array) -> Asking[tuple[Maximum, bool]]:
    """The maximum down to rounding, from where a search ended, and whether all coefficients are well determined there.

    Raises Stalled if it does not settle.
    """
    estimate = found.estimate
    for _ in range(numerics.MOST_POLISHES):
        here = yield estimate
        step = direction(here)
        # The sums of an outcome in billions are rounded by more than a distance that is nothing to others.
        if float(step @ here.gradient) < max(numerics.SETTLED, numerics.ROUNDING**2 * abs(here.value)):
            bread = inverse(here.information)
            undetermined = float(np.max(np.sqrt(np.diag(bread)) * reach)) > numerics.DIVERGED
            sound = float(np.abs(step) @ reach) <= numerics.STILL and not undetermined
            return Maximum(estimate, here, bread, found.steps + 1), sound
        estimate = np.add(estimate, step)
    raise Stalled


def settle(
    search: Search, reach: Array, name: str, refuse: Callable[[], None] = lambda: None, *, concave: bool = True
) -> Maximum:
    """Where Newton's method ends, without last steps; `refuse` is called if it does not, or still moves an index there.

    `reach` (P,) largest absolute value of each parameter's regressor. Raises NotConverged if it does not end.
    """
    made: Maximum | None = None
    with suppress(Stalled):
        found = newton(search.objective, search.start, concave=concave)
        here = search.objective(found.estimate)
        made = Maximum(found.estimate, here, inverse(here.information), found.steps)
    if made is None or float(np.abs(found.last) @ reach) > numerics.STILL:
        refuse()
    if made is None:
        raise no_maximum(name)
    return made


def no_maximum(name: str) -> NotConverged:
    """That a search ended nowhere."""
    return NotConverged(f"{name} found no maximum: its objective is flat or a coefficient runs to infinity")


def part_of(y: Array) -> tuple[Flags, Array]:
    """Every eighth row and all of the rarer outcome, if that is rare, (N,), and how many rows each stands for, (N,)."""
    rare = float(y.mean() < 0.5)
    keep = np.zeros(len(y), dtype=bool)
    keep[::FRACTION] = True
    weights = np.full(len(y), float(FRACTION))
    if min(y.mean(), 1 - y.mean()) < 1 / FRACTION:
        keep |= y == rare
        weights[y == rare] = 1.0
    return keep, weights


def reports(log_likelihood: Report) -> Mapping[Statistic, Report]:
    """The log-likelihood of a fit, and that of as many constants as the outcome has values, less one."""

    def alone(fit: Estimated) -> float:
        counts = np.unique(fit.design.y, return_counts=True)[1]
        return float((counts * np.log(counts / counts.sum())).sum())

    return {"log_likelihood": log_likelihood, "null_log_likelihood": alone}


def check_score(scores: Scores, name: str) -> Scores:
    """The scores; raises NotConverged unless they sum to zero."""
    total, square = scores.extent
    if np.max(np.abs(total) / np.maximum(np.sqrt(square), numerics.TINY)) > numerics.SCORE_TOLERANCE:
        raise NotConverged(f"{name} stopped where the score is {np.abs(total).max():.1e}, not zero")
    return scores
