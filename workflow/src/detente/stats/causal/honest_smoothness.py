"""Fixed-length confidence intervals where the slope of the difference in trends changes by no more than a bound.

Rambachan and Roth (2023), Δ^SD; Armstrong and Kolesár (2018).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

from detente.base.numerics import CRITICAL, TINY
from detente.base.types import Array
from detente.stats.causal.honest_magnitudes import Moments

MOST_STEPS = 500


@dataclass(frozen=True)
class FixedLength:
    """An affine estimate `weights` (k,) of all estimates, its worst bias, its standard error, and its half-length."""

    weights: Array
    bias: float
    std_error: float
    half: float


def smoothness_set(given: Moments, bound: float, level: float) -> tuple[float, float]:
    """Ends of the shortest interval that is as long whatever the estimates: |δ(t+1) − 2δ(t) + δ(t−1)| ≤ `bound`."""
    best = shortest(given, bound, level)
    centre = float(best.weights @ given.estimate)
    return centre - best.half, centre + best.half


def shortest(given: Moments, bound: float, level: float) -> FixedLength:
    """The estimate, linear in all estimates, with the shortest interval at a bound on second differences.

    Weights after the switch are the target's; those before it extrapolate a linear trend exactly, or the bias would be
    infinite. The half-length is σ × the quantile of |N(bias/σ, 1)|, convex in the weights.
    """
    base, free, trend = _extrapolations(given)
    curve = trend @ base, trend @ free
    candidates = [_least_variance(given, base, free), _least_bias(curve, free)]
    made = [_interval(given, bound, level, base + free @ z, trend) for z in candidates]
    if bound > 0 and free.shape[1]:
        start = candidates[int(np.argmin([one.half for one in made]))]
        found = _descended(given, bound, level, (base, free), curve, start)
        made.append(_interval(given, bound, level, base + free @ found, trend))
    return min(made, key=lambda one: one.half)


def _extrapolations(given: Moments) -> tuple[Array, Array, Array]:
    """Weights base + free z that extrapolate a linear trend, (k,) and (k, K − 1), and second differences' bias (m, k).

    The bias of weights v is bound × Σ |trend v|.
    """
    before, k = given.before, len(given.estimate)
    times = np.concatenate([np.arange(-before, 0), np.arange(1, k - before + 1)]).astype(np.float64)
    slope = np.zeros((1, k + 1))
    slope[0, before : before + 2] = [-1.0, 1.0]
    second = np.zeros((k - 1, k + 1))
    for row in range(k - 1):
        second[row, row : row + 3] = [1.0, -2.0, 1.0]
    inverse = np.linalg.inv(np.delete(np.vstack([slope, second]), before, axis=1))
    base = np.concatenate([np.zeros(before), given.target])
    base[before - 1] = float(given.target @ times[before:])
    free = np.zeros((k, before - 1))
    for column in range(before - 1):
        # One more on an early estimate, and as much less on the last one as a linear trend asks for.
        free[column, column], free[before - 1, column] = 1.0, times[column]
    return base, free, inverse[:, 1:].T


def _least_variance(given: Moments, base: Array, free: Array) -> Array:
    if not free.shape[1]:
        return np.zeros(0)
    return np.asarray(
        np.linalg.lstsq(free.T @ given.covariance @ free, -free.T @ given.covariance @ base, rcond=None)[0]
    )


def _least_bias(curve: tuple[Array, Array], free: Array) -> Array:
    """By linear programming: least Σ u with −u ≤ trend of the weights ≤ u."""
    fixed, moved = curve
    if not free.shape[1]:
        return np.zeros(0)
    size = len(fixed)
    cost = np.concatenate([np.zeros(free.shape[1]), np.ones(size)])
    rows = np.block([[moved, -np.eye(size)], [-moved, -np.eye(size)]])
    limits = [(None, None)] * free.shape[1] + [(0, None)] * size
    found = scipy.optimize.linprog(cost, A_ub=rows, b_ub=np.concatenate([-fixed, fixed]), bounds=limits, method="highs")
    return np.asarray(found.x[: free.shape[1]])


def _interval(given: Moments, bound: float, level: float, weights: Array, trend: Array) -> FixedLength:
    error = float(np.sqrt(np.maximum(weights @ given.covariance @ weights, 0.0)))
    bias = bound * float(np.abs(trend @ weights).sum())
    return FixedLength(weights, bias, error, error * folded(bias / max(error, TINY), level))


def _descended(
    given: Moments, bound: float, level: float, space: tuple[Array, Array], curve: tuple[Array, Array], start: Array
) -> Array:
    """Weights of least half-length, by sequential quadratic programming in the weights and the sizes of their bias."""
    (base, free), (fixed, moved) = space, curve
    columns, size = free.shape[1], len(fixed)
    unit = given.std_error

    def half(x: Array) -> tuple[float, Array]:
        weights = base + free @ x[:columns]
        variance = given.covariance @ weights
        error = float(np.sqrt(weights @ variance))
        bias = bound * abs(float(x[columns:].sum()))
        quantile = folded(bias / error, level)
        slope = folded_slope(bias / error, quantile)
        by_error = quantile - bias / error * slope
        gradient = np.concatenate([by_error * (free.T @ variance) / error, np.full(size, bound * slope)])
        return error * quantile / unit, gradient / unit

    rows = np.block([[-moved, np.eye(size)], [moved, np.eye(size)]])
    least = np.concatenate([fixed, -fixed])
    within: dict[str, str | Callable[[Array], Array]] = {
        "type": "ineq", "fun": lambda x: rows @ x - least, "jac": lambda _: rows
    }  # fmt: skip
    begin = np.concatenate([start, np.abs(fixed + moved @ start)])
    found = scipy.optimize.minimize(
        half, begin, jac=True, constraints=[within], method="SLSQP", options={"maxiter": MOST_STEPS, "ftol": CRITICAL}
    )
    return np.asarray(found.x[:columns])


def folded(shift: float, level: float) -> float:
    """Quantile of |N(shift, 1)|: Φ(q − shift) − Φ(−q − shift) = level."""
    q = max(float(scipy.special.ndtri((1 + level) / 2)), shift + float(scipy.special.ndtri(level)))
    for _ in range(MOST_STEPS):
        miss = float(scipy.special.ndtr(q - shift) - scipy.special.ndtr(-q - shift)) - level
        density = float(np.exp(-((q - shift) ** 2) / 2) + np.exp(-((q + shift) ** 2) / 2)) / np.sqrt(2 * np.pi)
        step = miss / density
        q -= step
        if abs(step) <= CRITICAL * q:
            break
    return q


def folded_slope(shift: float, quantile: float) -> float:
    """Derivative of the quantile in the shift."""
    near, far = np.exp(-((quantile - shift) ** 2) / 2), np.exp(-((quantile + shift) ** 2) / 2)
    return float((near - far) / (near + far))
