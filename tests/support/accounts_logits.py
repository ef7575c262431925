"""Independent accounts of the penalised logits and of the logit with estimated effects: on dense dummies, naively."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detente.stats.contract import Estimator, with_fixed_effects
from detente.stats.frame import ModelFrame
from detente.stats.parts import subset

from support.accounts import Reference, constant, dummies, objective, of_index
from support.worlds import dyadic_design

Array = np.ndarray


def hat(x: Array, w: Array) -> Array:
    """Leverages (n,) of the weighted projection on x (n, p)."""
    q = np.linalg.qr(x * np.sqrt(w)[:, None])[0]
    return np.asarray((q**2).sum(axis=1))


def adjusted(y: Array, x: Array, theta: Array) -> tuple[Array, Array]:
    """Adjusted scores (n, p) of Firth (1993) and Fisher's information (p, p) at theta."""
    p = 1 / (1 + np.exp(-x @ theta))
    w = p * (1 - p)
    return x * (y - p + hat(x, w) * (0.5 - p))[:, None], (x * w[:, None]).T @ x


def penalised_value(y: Array, x: Array, theta: Array) -> float:
    """Log-likelihood plus half the log determinant of the information."""
    eta = x @ theta
    information = adjusted(y, x, theta)[1]
    return float(y @ eta - np.logaddexp(0, eta).sum() + np.linalg.slogdet(information)[1] / 2)


def dense_firth(y: Array, x: Array) -> Reference:
    """Likelihood of the data that leverages add to, leverages held fixed in each of a thousand steps."""
    theta = np.zeros(x.shape[1])
    for _ in range(1000):
        p = 1 / (1 + np.exp(-x @ theta))
        h = hat(x, p * (1 - p))
        augmented = (x * (p * (1 - p) * (1 + h))[:, None]).T @ x
        move = np.linalg.solve(augmented, x.T @ (y - p + h * (0.5 - p)))
        theta = theta + move
        if np.abs(move).max() < 1e-12:
            break
    scores, information = adjusted(y, x, theta)
    return Reference(theta, scores, np.linalg.inv(information), np.arange(len(y)))


def few_dyads(estimator: Estimator) -> ModelFrame:
    """A panel small enough for dense dummies."""
    return with_fixed_effects(dyadic_design(states=9, years=8, effect=0.1, seed=5), estimator)


def informative(design: ModelFrame) -> Array:
    """Rows that are left once levels whose outcome never varies are gone."""
    rows = np.arange(len(design.y))
    while True:
        before = len(rows)
        for codes in design.fixed_effects.values():
            level = np.unique(codes[rows], return_inverse=True)[1]
            share = np.bincount(level, design.y[rows]) / np.bincount(level)
            rows = rows[(share[level] > 0) & (share[level] < 1)]
        if len(rows) == before:
            return rows


@objective("firth")
def firth(design: ModelFrame) -> Reference:
    """Adjusted scores of the pooled logit; the bread is Fisher's information by definition."""
    return dense_firth(design.y, constant(design))


@objective("firth_fe", world=few_dyads)
def firth_fe(design: ModelFrame) -> Reference:
    """The same with a dummy for every dyad."""
    found = dense_firth(design.y, dummies(design))
    return replace(found, absorbed=len(found.estimate) - design.x.shape[1])


@objective("felogit", world=few_dyads)
def felogit(design: ModelFrame) -> Reference:
    """Logit on dummies of dyads and years, of the rows that say something."""
    rows = informative(design)
    used = subset(design, rows)
    x = dummies(used)
    found = of_index(used, x, lambda y, eta: np.logaddexp(0, eta) - y * eta, k=design.x.shape[1])
    return replace(found, rows=rows, absorbed=int(np.linalg.matrix_rank(x)) - design.x.shape[1])
