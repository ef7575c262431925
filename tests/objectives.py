"""An independent account of every estimator: what it minimises or sets to zero, row by row, written naively.

To add an estimator, say what one row loses and on what it is regressed; two lines are enough:

    @objective("probit")
    def probit(design):
        return of_index(design, constant(design), lambda y, eta: -stats.norm.logcdf((2 * y - 1) * eta))

`of_index` is for losses of a linear predictor, `of_loss` for any loss of parameters (m units), `of_equations` for
estimating equations that are no gradient. Coefficients in the order of `Solution.terms` come first among the
parameters, nuisances (dummies, dispersions) after them. Derivatives are numerical. A unit that is a group, not a row
(conditional logit), names one of the design's rows in `rows`, so that its dyad and year are known; give `skip` the
kinds of covariance that a group cannot have. `world=` makes the design where the common one does not do. An estimator
whose classical covariance or bread is a matter of definition states it by `replace(…, bread=, dispersion=)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import special, stats

from detente.design import Design
from detente.estimators import Estimator, with_effects

from worlds import dyadic_design

Array = np.ndarray
Loss = Callable[[Array, Array], Array]
STATES, YEARS = 14, 8


@dataclass(frozen=True)
class Reference:
    """Parameters (p,) at the optimum, scores (m, p) of the units, bread (p, p); `k` coefficients come first.

    `dispersion` factor of the classical covariance, `absorbed` parameters that are no coefficients of the model;
    `regressors` (m, p) where least squares has leverages; `rows` (m,) a row of the design for each unit.
    """

    estimate: Array
    scores: Array
    bread: Array
    rows: Array
    dispersion: float = 1.0
    absorbed: int = 0
    regressors: Array | None = None


@dataclass(frozen=True)
class Objective:
    """How to make the reference of an estimator, on which world, and the kinds of covariance that it leaves out."""

    make: Callable[[Design], Reference]
    world: Callable[[Estimator], Design]
    skip: frozenset[str] = frozenset()
    options: dict[str, object] = field(default_factory=dict)


OBJECTIVES: dict[str, Objective] = {}


def common_world(estimator: Estimator) -> Design:
    """The panel that all share, with the effects that a study gives the estimator."""
    return with_effects(dyadic_design(states=STATES, years=YEARS, effect=0.1, seed=3), estimator)


def objective(
    name: str,
    *,
    world: Callable[[Estimator], Design] = common_world,
    skip: frozenset[str] = frozenset(),
    **options: object,
) -> Callable[[Callable[[Design], Reference]], Callable[[Design], Reference]]:
    """Register the decorated function as the reference of an estimator, fitted with `options`."""

    def register(make: Callable[[Design], Reference]) -> Callable[[Design], Reference]:
        OBJECTIVES[name] = Objective(make, world, skip, options)
        return make

    return register


# Regressors -----------------------------------------------------------------------------------------------------------


def constant(design: Design) -> Array:
    """A constant and the regressors."""
    return np.column_stack([np.ones(len(design.y)), design.x])


def dummies(design: Design) -> Array:
    """The regressors, then dummies of every effect: all levels of the first, all but one of the others."""
    blocks = [design.x]
    for i, codes in enumerate(design.effects.values()):
        levels = np.unique(codes)[(1 if i else 0) :]
        blocks.append((codes[:, None] == levels).astype(float))
    if not design.effects:
        blocks.append(np.ones((len(design.y), 1)))
    return np.column_stack(blocks)


def means(design: Design) -> Array:
    """A constant, the regressors, and their means within the first effect."""
    codes = next(iter(design.effects.values()))
    within = np.array([design.x[codes == c].mean(axis=0) for c in codes])
    return np.column_stack([constant(design), within])


# From losses to references --------------------------------------------------------------------------------------------


def of_index(design: Design, x: Array, loss: Loss, *, k: int | None = None, absorbed: int | None = None) -> Reference:
    """Loss (m,) of outcome and linear predictor: derivatives in the predictor are numerical, the rest is the chain rule.

    k coefficients come first; the rest of the columns of `x` (m, p) is absorbed.
    """
    y, theta, step = design.y, np.zeros(x.shape[1]), 1e-4

    def slopes(eta: Array) -> tuple[Array, Array]:
        """First and second derivatives by five points, error of order h⁴."""
        far, near = (loss(y, eta + 2 * step), loss(y, eta - 2 * step)), (loss(y, eta + step), loss(y, eta - step))
        first = (8 * (near[0] - near[1]) - (far[0] - far[1])) / (12 * step)
        second = (16 * (near[0] + near[1]) - (far[0] + far[1]) - 30 * loss(y, eta)) / (12 * step**2)
        return first, second

    for _ in range(100):
        first, second = slopes(x @ theta)
        move = np.linalg.lstsq((x * second[:, None]).T @ x, x.T @ first, rcond=None)[0]
        theta = theta - move
        if np.abs(move).max() < 1e-11:
            break
    first, second = slopes(x @ theta)
    bread = np.linalg.pinv((x * second[:, None]).T @ x, hermitian=True)
    free = (x.shape[1] - k if k is not None else 0) if absorbed is None else absorbed
    return Reference(theta, -x * first[:, None], bread, np.arange(len(y)), absorbed=free)


def of_loss(loss: Callable[[Array], Array], start: Array, rows: Array) -> Reference:
    """Losses (m,) of parameters (p,), minimised from `start` by Newton's method."""
    return of_equations(lambda theta: -derivative(loss, theta, 1e-4), start, rows, step=1e-3)


def of_equations(
    equations: Callable[[Array], Array], start: Array, rows: Array, *, step: float = 1e-5
) -> Reference:
    """Contributions (m, p) to equations that sum to zero at the estimate; bread is minus the inverse of their slope."""
    theta = np.asarray(start, dtype=float)

    def total(values: Array) -> Array:
        return equations(values).sum(axis=0)

    for _ in range(100):
        move = np.linalg.solve(derivative(total, theta, step), total(theta))
        theta = theta - move
        if np.abs(move).max() < 1e-10:
            break
    slope = derivative(total, theta, step)
    return Reference(theta, equations(theta), -np.linalg.inv(slope), rows)


def derivative(function: Callable[[Array], Array], at: Array, step: float) -> Array:
    """Derivatives (…, p) of a function of p parameters by five points."""
    columns = []
    for j in range(len(at)):
        h = np.eye(len(at))[j] * step
        near, far = function(at + h) - function(at - h), function(at + 2 * h) - function(at - 2 * h)
        columns.append((8 * near - far) / (12 * step))
    return np.stack(columns, axis=-1)


# The estimators -------------------------------------------------------------------------------------------------------


@objective("lpm")
def lpm(design: Design) -> Reference:
    """Squared error on regressors and dummies."""
    x, k = dummies(design), design.x.shape[1]
    found = of_index(design, x, lambda y, eta: (y - eta) ** 2 / 2, k=k)
    residual = design.y - x @ found.estimate
    rank = np.linalg.matrix_rank(x)
    dispersion = residual @ residual / (len(design.y) - rank)
    return replace(found, dispersion=dispersion, regressors=x, absorbed=rank - k)


@objective("logit")
def logit(design: Design) -> Reference:
    """Pooled logit."""
    return of_index(design, constant(design), lambda y, eta: np.logaddexp(0, eta) - y * eta)


@objective("probit")
def probit(design: Design) -> Reference:
    """Pooled probit."""
    return of_index(design, constant(design), lambda y, eta: -stats.norm.logcdf((2 * y - 1) * eta))


@objective("cloglog")
def cloglog(design: Design) -> Reference:
    """Pooled complementary log-log."""
    return of_index(
        design, constant(design), lambda y, eta: np.where(y == 1, -np.log(-np.expm1(-np.exp(eta))), np.exp(eta))
    )


@objective("poisson")
def poisson(design: Design) -> Reference:
    """Pooled Poisson."""
    return of_index(design, constant(design), lambda y, eta: np.exp(eta) - y * eta + special.gammaln(y + 1))
