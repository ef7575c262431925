"""Least squares by weights that are not negative and sum to one: exactly, or as near as published software comes."""

from __future__ import annotations

import numpy as np

from detente.base.errors import NotConverged
from detente.base.numerics import CORNER, ROUNDING
from detente.base.types import Array, Flags

# Steps of accelerated projected gradients that find which weights are zero, before they are found exactly.
FIRST_STEPS = 300
# Exchanges of weights, for each weight, after which a search is given up.
MOST_EXCHANGES = 20
# Steps of Frank and Wolfe before and after small weights are set to zero.
STEPS_BEFORE, STEPS_AFTER = 100, 10_000


def simplex_weights(a: Array, b: Array, ridge: float) -> Array:
    """Weights w (n,) ≥ 0 with Σw = 1 that minimise |a w − b|² + ridge |w|², of a (m, n) and b (m,).

    Accelerated projected gradients find nearly the weights that are zero; an active set then meets the conditions of
    Karush, Kuhn and Tucker down to rounding. Where nothing tells weights apart they are equal. Raises NotConverged if
    it does not.
    """
    scale = float(np.abs(a).max(initial=0.0)) or 1.0
    a, b, ridge = a / scale, b / scale, ridge / scale**2
    w = _projected_gradients(a, b, ridge)
    free, least = w > 0, np.inf
    for _ in range(MOST_EXCHANGES * len(w)):
        wanted = np.zeros(len(w))
        wanted[free] = _on_face(a[:, free], b, ridge)
        if wanted.min() < 0:
            short = free & (wanted < 0)
            ratio = w[short] / (w[short] - wanted[short])
            w = w + float(ratio.min()) * (wanted - w)
            w[np.flatnonzero(short)[np.argmin(ratio)]] = 0.0
            w = np.where(w > 0, w, 0.0)
            free = w > 0
            continue
        error = a @ wanted - b
        value = float(error @ error) + ridge * float(wanted @ wanted)
        if value >= least:
            return np.asarray(w / w.sum())
        w, least = wanted, value
        gradient = a.T @ error + ridge * w
        gain = float(gradient @ w) - gradient
        gain[free] = 0.0
        enters = int(np.argmax(gain))
        if gain[enters] <= CORNER * (1.0 + float(np.abs(gradient).max())):
            return np.asarray(w / w.sum())
        free[enters] = True
    raise NotConverged(f"weights of {len(w):,} units did not settle; leave out units or periods that repeat others")


def _on_face(a: Array, b: Array, ridge: float) -> Array:
    """The minimum over weights that sum to one, of any sign, (n,): equal ones and departures that sum to zero."""
    middle = np.full(a.shape[1], 1 / a.shape[1])
    left, size, right = np.linalg.svd(a - a.mean(axis=1, keepdims=True), full_matrices=False)
    known = size > ROUNDING * size.max(initial=0.0)
    inverse = np.where(known, size / np.where(known, size**2 + ridge, 1.0), 0.0)
    return np.asarray(middle + right.T @ (inverse * (left.T @ (b - a @ middle))))


def _projected_gradients(a: Array, b: Array, ridge: float) -> Array:
    steep = float(np.linalg.norm(a, 2)) ** 2 + ridge
    w = moved = np.full(a.shape[1], 1 / a.shape[1])
    if not steep:  # Columns of zeros without a penalty: any weights do as well.
        return w
    momentum = 1.0
    for _ in range(FIRST_STEPS):
        following = _projected(moved - (a.T @ (a @ moved - b) + ridge * moved) / steep)
        after = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        moved = following + (momentum - 1) / after * (following - w)
        w, momentum = following, after
    return w


def _projected(v: Array) -> Array:
    """The nearest point with weights that are not negative and sum to one (Held, Wolfe and Crowder 1974)."""
    ordered = np.sort(v)[::-1]
    excess = np.cumsum(ordered) - 1
    kept: Flags = ordered - excess / np.arange(1, len(v) + 1) > 0
    last = int(np.flatnonzero(kept)[-1])
    return np.asarray(np.maximum(v - excess[last] / (last + 1), 0.0))


def frank_wolfe_weights(a: Array, b: Array, ridge: float, least: float) -> Array:
    """The same by steps of Frank and Wolfe, ended where published software ends them, short of the minimum.

    As synthdid 0.0.9: 100 steps from equal weights, weights of no more than a quarter of the largest set to zero, then
    10,000 steps at most; a search ends where a step lowers the mean square by no more than `least` squared.
    """
    w = _frank_wolfe(a, b, ridge, np.full(a.shape[1], 1 / a.shape[1]), least, STEPS_BEFORE)
    w = np.where(w > w.max() / 4, w, 0.0)
    return _frank_wolfe(a, b, ridge, w / w.sum(), least, STEPS_AFTER)


def _frank_wolfe(a: Array, b: Array, ridge: float, start: Array, least: float, most: int) -> Array:
    w, product, before = start, a @ start, np.inf
    for step in range(most):
        error = product - b
        gradient = a.T @ error + ridge * w
        towards = int(np.argmin(gradient))
        move = -w
        move[towards] += 1.0
        change = a[:, towards] - product
        length = float(change @ change) + ridge * float(move @ move)
        share = min(1.0, max(0.0, -float(gradient @ move) / length)) if length > 0 else 0.0
        w, product = w + share * move, product + share * change
        error = product - b
        value = (float(error @ error) + ridge * float(w @ w)) / len(b)
        if step > 0 and before - value <= least**2:
            break
        before = value
    return w
