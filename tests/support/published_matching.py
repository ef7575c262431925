"""Scores as PanelMatch 3.1.1 gets them from R's glm and from CBPS, which stop before the maximum, or beside it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import fminbound

from detente.base.types import Array
from detente.stats.causal import TreatmentPanel
from detente.stats.causal.matching_sets import Sets
from detente.stats.causal.matching_weights import Refinement, cell_covariates

EPSILON = np.finfo(float).eps
Function = Callable[[Array], float]
Gradient = Callable[[Array], Array]


def published_score(panel: TreatmentPanel, sets: Sets, how: Refinement) -> Array:
    """Log-odds of being a focal cell, (U, T), by a model fitted to the cells of these sets as R would fit it."""
    focal, controls, _ = cell_covariates(panel, sets, how)
    x = np.concatenate([focal, controls])
    first = [np.flatnonzero((x == x[:, [j]]).all(axis=0))[0] for j in range(x.shape[1])]
    kept = [j for j in range(x.shape[1]) if np.ptp(x[:, j]) > 0 and first[j] == j]
    y = np.r_[np.ones(len(focal)), np.zeros(len(controls))]
    if how.method.startswith("cbps"):
        fitted = _balanced(y, x[:, kept])
    else:
        design = np.column_stack([np.ones(len(y)), x[:, kept]])
        fitted = design @ glm(y, design)
    score = np.full(panel.outcome.shape, np.nan)
    score[sets.unit, sets.period] = fitted[: len(focal)]
    score[sets.control, sets.year[sets.of_control]] = fitted[len(focal) :]
    return score


def glm(y: Array, x: Array) -> Array:
    """Logit by weighted least squares again and again, until the deviance changes by 1e-8 of itself (R's default)."""
    index = np.log((y + 0.5) / (1.5 - y))
    before = _deviance(y, index)
    while True:
        p = 1 / (1 + np.exp(-index))
        root = np.sqrt(p * (1 - p))
        q, r = np.linalg.qr(x * root[:, None])
        b = np.linalg.solve(r, q.T @ (root * index + (y - p) / root))
        index = x @ b
        now = _deviance(y, index)
        if abs(now - before) < 1e-8 * (abs(now) + 0.1):
            return np.asarray(b)
        before = now


def _deviance(y: Array, index: Array) -> float:
    return float(2 * np.logaddexp(0, np.where(y == 1, -index, index)).sum())


def variable_metric(start: Array, value: Function, slope: Gradient) -> tuple[Array, float]:
    """Nash's variable metric method (1990, algorithm 21), as R's optim has it: steps shrink to a fifth, 1,000 at most.

    It ends where a step down the slope lowers the value by less than 1.5e-8 of it, or nothing moves.
    """
    n, x, best, g = len(start), start.copy(), value(start), slope(start)
    inverse, slopes, restart = np.eye(n), 1, True
    since = 0
    while slopes < 1000:
        if restart:
            inverse, since = np.eye(n), slopes
        step = -inverse @ g
        fall = float(step @ g)
        moved = False
        if fall < 0:
            here, length, reached = x, 1.0, best
            while True:
                x = here + length * step
                if (10 + here == 10 + x).all():
                    break
                reached = value(x)
                if np.isfinite(reached) and reached <= best + fall * length * 1e-4:
                    moved = abs(reached - best) > np.sqrt(EPSILON) * (abs(best) + np.sqrt(EPSILON))
                    best = reached
                    break
                length *= 0.2
        if not moved:
            if restart:
                break
            restart = True
            continue
        before, g, slopes = g, slope(x), slopes + 1
        step, change = length * step, g - before
        curved = float(step @ change)
        restart = curved <= 0 or slopes - since > 2 * n
        if curved > 0:
            turned = inverse @ change
            inverse = (
                inverse
                + (
                    (1 + turned @ change / curved) * np.outer(step, step)
                    - np.outer(step, turned)
                    - np.outer(turned, step)
                )
                / curved
            )
    return x, best


def _balanced(y: Array, x: Array) -> Array:
    """Fitted log-odds of CBPS::CBPS(y ~ x) with its defaults: the effect on the treated, over-identified, two steps.

    Its gradient has the balance conditions' slopes times n / n_treated, so that it stops early.
    """
    design = np.column_stack([np.ones(len(y)), (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)])
    u = np.linalg.svd(design, full_matrices=False)[0]
    n, treated = len(y), y.sum()

    def chance(b: Array) -> Array:
        return np.asarray(np.clip(1 / (1 + np.exp(-u @ b)), 1e-6, 1 - 1e-6))

    def moments(b: Array) -> Array:
        p = chance(b)
        return np.r_[u.T @ (y - p) / n, u.T @ ((y - p) / (1 - p)) / treated]

    def inverse(b: Array) -> Array:
        p, share = chance(b), n / treated
        one, both, two = ((u.T * v) @ u / n for v in (p * (1 - p), share * p, share**2 * p / (1 - p)))
        return np.linalg.pinv(np.block([[one, both], [both, two]]), rcond=np.sqrt(EPSILON))

    def slopes(b: Array) -> tuple[Array, Array]:
        p = chance(b)
        return -(u.T * (p * (1 - p))) @ u / n, -(u.T * np.where(y == 1, 0.0, p / (1 - p))) @ u / treated

    def form(b: Array, weight: Array) -> float:
        return float(moments(b) @ weight @ moments(b))

    begin = glm(y, u)
    begin = begin * fminbound(lambda a: form(a * begin, inverse(a * begin)), 0.8, 1.1, xtol=EPSILON**0.25)
    weight, k = inverse(begin), u.shape[1]

    def gradient(b: Array) -> Array:
        score, balance = slopes(b)
        return np.asarray(2 * np.hstack([score, balance * n / treated]) @ weight @ moments(b))

    exact, _ = variable_metric(
        begin, lambda b: float(np.sum(moments(b)[k:] ** 2)), lambda b: 2 * slopes(b)[1] @ moments(b)[k:]
    )
    found = [variable_metric(b, lambda b: form(b, weight), gradient) for b in (begin, exact)]
    return np.asarray(u @ min(found, key=lambda each: each[1])[0])
