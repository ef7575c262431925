"""Probit with a normal random effect of each group, by Gauss–Hermite quadrature (Butler and Moffitt 1982)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.special import log_ndtr, logsumexp

from detente.base.errors import UnsupportedEffects
from detente.base.types import Array
from detente.stats import ModelFrame, Solution, get
from detente.stats.covariance import Scores, number
from detente.stats.likelihood import Point, newton

TERM = "lnsig2u"


@dataclass(frozen=True)
class _Rows:
    """Signs (n,) of the outcome, regressors (n, k) with a constant, groups (n,) 0 … G−1, nodes and log weights (M,)."""

    sign: Array
    x: Array
    group: npt.NDArray[np.int64]
    groups: int
    nodes: Array
    weights: Array


def probit_re(design: ModelFrame, *, points: int = 12) -> Solution:
    """Random-effects probit: Pr(y = 1) = Φ(xβ + u), u normal with variance exp(lnsig2u) and the same in a group.

    Non-adaptive quadrature with `points` nodes (Stata `xtprobit, re`, up to version 8). Terms are the constant, the
    regressors and "lnsig2u". A row's score is its part of its group's, which alone has a meaning.

    Raises
    ------
    UnsupportedEffects
        Unless there is one factor.
    """
    if len(design.fixed_effects) != 1:
        raise UnsupportedEffects("probit_re needs one factor in `effects`: the group that shares a random effect")
    levels, group = number(next(iter(design.fixed_effects.values())))
    start = get("probit").fit(ModelFrame(design.y, design.x, design.terms))
    nodes, weights = np.polynomial.hermite.hermgauss(points)
    rows = _Rows(2 * design.y - 1, start.x, group, len(levels), np.sqrt(2) * nodes, np.log(weights / np.sqrt(np.pi)))
    # Columns from 1e-2 to 1e9: Newton's method on columns of size one.
    scale = np.sqrt((rows.x**2).mean(axis=0))
    scaled = _Rows(rows.sign, rows.x / scale, group, rows.groups, rows.nodes, rows.weights)
    found = newton(lambda theta: _point(scaled, theta)[0], np.r_[start.estimate * scale, -1.0], concave=False)
    unit = np.r_[1 / scale, 1.0]
    point, scores = _point(scaled, found.estimate)
    return Solution(
        terms=(*start.terms, TERM),
        estimate=found.estimate * unit,
        scores=Scores(scores / unit),
        bread=np.linalg.inv(point.information) * np.outer(unit, unit),
        x=np.column_stack([start.x, np.zeros(len(group))]),
        link="probit",
        treatment=start.treatment,
        dropped=start.dropped,
        converged=True,
        iterations=found.steps,
        flags=(f"{points} points of Gauss–Hermite quadrature in {len(levels):,} groups",),
    )


def log_likelihood(design: ModelFrame, estimate: Array, *, points: int = 12) -> float:
    """Log-likelihood of the design at `estimate` (k,), in the order of the terms of `probit_re`."""
    levels, group = number(next(iter(design.fixed_effects.values())))
    nodes, weights = np.polynomial.hermite.hermgauss(points)
    x = np.column_stack([np.ones(len(design.y)), design.x])
    rows = _Rows(2 * design.y - 1, x, group, len(levels), np.sqrt(2) * nodes, np.log(weights / np.sqrt(np.pi)))
    return _point(rows, estimate)[0].value


def _point(rows: _Rows, theta: Array) -> tuple[Point, Array]:
    """Log-likelihood, gradient, minus the Hessian at one place; and the part (n, k + 1) of each row in the gradient."""
    spread = float(np.exp(theta[-1] / 2))
    index = (rows.x @ theta[:-1])[:, None] + spread * rows.nodes
    z = rows.sign[:, None] * index
    value = log_ndtr(z)
    member = sparse.csr_array(
        (np.ones(len(rows.sign)), (rows.group, np.arange(len(rows.sign)))), shape=(rows.groups, len(rows.sign))
    )
    by_group = member @ value
    joint = by_group + rows.weights
    each = logsumexp(joint, axis=1)
    chance = np.exp(joint - each[:, None])
    ratio = np.exp(-(z**2) / 2 - value) / np.sqrt(2 * np.pi)
    slope, bend = rows.sign[:, None] * ratio, ratio * (ratio + z)
    k = len(theta)
    gradients = np.zeros((rows.groups, k))
    hessian, scores = np.zeros((k, k)), np.zeros((len(rows.sign), k))
    for m, node in enumerate(rows.nodes):
        p, lean = chance[:, m], spread * node / 2
        z_m = np.column_stack([rows.x, np.full(len(rows.sign), lean)])
        weight = p[rows.group]
        part = z_m * (slope[:, m] * weight)[:, None]
        scores += part
        summed = member @ (z_m * slope[:, [m]])
        hessian += (summed * p[:, None]).T @ summed - (z_m * (bend[:, m] * weight)[:, None]).T @ z_m
        hessian[-1, -1] += float((slope[:, m] * weight).sum()) * lean / 2
        gradients += summed * p[:, None]
    hessian -= gradients.T @ gradients
    return Point(float(each.sum()), gradients.sum(axis=0), -hessian), scores
