"""Confidence sets where differences in trends after a switch are bounded by the largest before it.

Rambachan and Roth (2023), "A more credible approach to parallel trends", Review of Economic Studies 90: 2555–2591,
Δ^RM; the tests are those of Andrews, Roth and Pakes (2023).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy

from detente.base.numerics import PARALLEL, TINY
from detente.base.types import Array, Flags
from detente.stats.normal import normal_draws

Test = Literal["hybrid", "conditional"]
TESTS = ("hybrid", "conditional")
# Values tried on each side of the estimate; those and times that an end is looked at closer; doublings of the range;
# draws for the first stage of the hybrid test, and its share of the size.
TRIED, CLOSER, ZOOMS, DOUBLINGS, DRAWS, FIRST_STAGE = 400, 50, 4, 12, 20_000, 0.1


@dataclass(frozen=True)
class Moments:
    """Estimates (k,) before and after, in order and without the reference, their covariance (k, k), and the target.

    `before` number of estimates before the reference; `target` (k − before,) weights of those after it.
    """

    estimate: Array
    covariance: Array
    before: int
    target: Array

    @property
    def centre(self) -> float:
        """Estimate of the target."""
        return float(self.target @ self.estimate[self.before :])

    @property
    def std_error(self) -> float:
        """Its standard error."""
        after = self.covariance[self.before :, self.before :]
        return float(np.sqrt(self.target @ after @ self.target))


@dataclass(frozen=True)
class _Face:
    """Statistics of one largest difference before: `value` (m,) less `slope` (m,) times the target, covariance (m, m).

    They are the vertices of the dual of the linear program min η: moments − nuisance ≤ η × their standard errors
    (Andrews, Roth and Pakes 2023): the target above, the target below, and the sign of the difference.
    """

    value: Array
    slope: Array
    covariance: Array
    first_stage: float


def magnitudes_set(given: Moments, bound: float, level: float, test: Test) -> tuple[float, float]:
    """Ends of the set of targets not rejected, where |δ(t+1) − δ(t)| after ≤ `bound` × the largest before.

    A union over which difference before is the largest, and its sign; of each, moments of periods after the switch
    alone are tested, as in HonestDiD. The test is "conditional" on which moment binds, or "hybrid" with a
    least-favourable first stage. Infinite if no value far out is rejected, NaN if every one is.
    """
    alpha = 1 - level
    faces = list(_faces(given, bound, alpha if test == "hybrid" else 0.0))
    reach = bound * _reach(given.target) * _largest(given) + 10 * _spread(given, bound)

    def accepted(values: Array) -> Flags:
        return np.asarray(np.logical_or.reduce([_kept(face, values, alpha, test) for face in faces]))

    for _ in range(DOUBLINGS):
        values = given.centre + reach * np.linspace(-1, 1, 2 * TRIED + 1)
        kept = accepted(values)
        if not kept.any():
            return float("nan"), float("nan")
        if not kept[0] and not kept[-1]:
            break
        reach *= 2
    first, last = int(kept.argmax()), len(kept) - 1 - int(kept[::-1].argmax())
    low = -np.inf if kept[0] else _crossing(values[first - 1], values[first], accepted)
    high = np.inf if kept[-1] else _crossing(values[last + 1], values[last], accepted)
    return low, high


def _crossing(outside: float, inside: float, accepted: Callable[[Array], Flags]) -> float:
    """Where values begin to be accepted, from one that is not to one that is."""
    for _ in range(ZOOMS):
        values = np.linspace(outside, inside, CLOSER)
        first = int(accepted(values).argmax())
        outside, inside = values[max(first - 1, 0)], values[first]
    return float(inside)


def _reach(target: Array) -> float:
    """How much of a difference of one in each period after adds to the target."""
    return float(np.abs(np.cumsum(target[::-1])).sum())


def _differences(given: Moments) -> Array:
    """First differences (k, k) of the estimates, the reference being zero: those before, then those after."""
    k = len(given.estimate)
    made = np.zeros((k, k + 1))
    made[np.arange(k), np.arange(k)] = -1.0
    made[np.arange(k), np.arange(1, k + 1)] = 1.0
    return np.delete(made, given.before, axis=1)


def _largest(given: Moments) -> float:
    return float(np.abs(_differences(given)[: given.before] @ given.estimate).max())


def _spread(given: Moments, bound: float) -> float:
    rows = _differences(given)[: given.before]
    errors = np.sqrt(np.einsum("ij,jk,ik->i", rows, given.covariance, rows))
    return given.std_error + bound * _reach(given.target) * float(errors.max())


def _faces(given: Moments, bound: float, alpha: float) -> Iterator[_Face]:
    rows = _differences(given)
    after = rows[given.before :]
    # Of differences in the target: the sum of the weights from each period on.
    weights = np.cumsum(given.target[::-1])[::-1]
    up, down = np.maximum(weights, 0), np.maximum(-weights, 0)
    for first in rows[: given.before]:
        for sign in (1.0, -1.0):
            largest = bound * sign * first
            above, below = (_errors(after * side - largest, given.covariance) for side in (1.0, -1.0))
            whole = weights @ after
            drift = np.abs(weights).sum() * largest
            size = np.concatenate([[up @ above + down @ below, up @ below + down @ above], above + below])
            vertex = np.vstack([whole - drift, -whole - drift, np.repeat(-2 * largest[None], len(after), axis=0)])
            vertex = vertex / np.maximum(size, TINY)[:, None]
            slope = np.zeros(len(size))
            slope[:2] = np.array([1.0, -1.0]) / np.maximum(size[:2], TINY)
            covariance = vertex @ given.covariance @ vertex.T
            yield _Face(vertex @ given.estimate, slope, covariance, _least_favourable(covariance, alpha))


def _errors(rows: Array, covariance: Array) -> Array:
    return np.asarray(np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", rows, covariance, rows), 0.0)))


def _least_favourable(covariance: Array, alpha: float) -> float:
    """Critical value of the first stage: every moment at its bound; infinite if there is no first stage."""
    if not alpha:
        return np.inf
    draws = normal_draws(covariance, DRAWS, np.random.default_rng(0))
    return float(np.quantile(draws.max(axis=1), 1 - FIRST_STAGE * alpha))


def _kept(face: _Face, values: Array, alpha: float, test: Test) -> Flags:
    """Which values (n,) of the target are not rejected."""
    statistics = face.value[None] - face.slope[None] * values[:, None]
    binding = statistics.argmax(axis=1)
    rows = np.arange(len(values))
    largest = statistics[rows, binding]
    variance = np.maximum(np.diag(face.covariance)[binding], TINY)
    shared = face.covariance[binding] / variance[:, None]
    free = 1 - shared
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = (statistics - shared * largest[:, None]) / free
    low = np.where(free > PARALLEL, ends, -np.inf).max(axis=1)
    high = np.where(free < -PARALLEL, ends, np.inf).min(axis=1)
    size = alpha if test == "conditional" else (1 - FIRST_STAGE) * alpha / (1 - FIRST_STAGE * alpha)
    high = np.minimum(high, face.first_stage)
    beyond = _beyond(largest, np.minimum(low, largest), np.maximum(high, largest), np.sqrt(variance))
    rejected = (largest > 0) & ((beyond < size) | (largest > face.first_stage))
    return np.asarray(~rejected)


def _beyond(value: Array, low: Array, high: Array, scale: Array) -> Array:
    """Chance that a normal variable between two ends lies above a value."""

    def between(a: Array, b: Array) -> Array:
        near, far = scipy.special.log_ndtr(-a / scale), scipy.special.log_ndtr(-b / scale)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(near + np.log1p(-np.exp(np.minimum(far - near, 0.0))))

    with np.errstate(invalid="ignore"):
        chance = np.exp(between(value, high) - between(low, high))
    return np.nan_to_num(chance, nan=0.0)
