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
whose classical covariance or bread is a matter of definition states it by `replace(…, bread=, dispersion=)`. A family
may have a file of its own, accounts_<family>.py, which imports `objective` from here and is found by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from scipy import special, stats

from detente.stats.contract import Estimator, with_fixed_effects
from detente.stats.frame import ModelFrame
from detente.stats.parts import subset

from support.worlds import dyadic_design

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

    make: Callable[[ModelFrame], Reference]
    world: Callable[[Estimator], ModelFrame]
    skip: frozenset[str] = frozenset()
    options: dict[str, object] = field(default_factory=dict)


OBJECTIVES: dict[str, Objective] = {}


def common_world(estimator: Estimator) -> ModelFrame:
    """The panel that all share, with the effects that a study gives the estimator."""
    return with_fixed_effects(dyadic_design(states=STATES, years=YEARS, effect=0.1, seed=3), estimator)


def objective(
    name: str,
    *,
    world: Callable[[Estimator], ModelFrame] = common_world,
    skip: frozenset[str] = frozenset(),
    **options: object,
) -> Callable[[Callable[[ModelFrame], Reference]], Callable[[ModelFrame], Reference]]:
    """Register the decorated function as the reference of an estimator, fitted with `options`."""

    def register(make: Callable[[ModelFrame], Reference]) -> Callable[[ModelFrame], Reference]:
        OBJECTIVES[name] = Objective(make, world, skip, options)
        return make

    return register


# Regressors -----------------------------------------------------------------------------------------------------------


def constant(design: ModelFrame) -> Array:
    """A constant and the regressors."""
    return np.column_stack([np.ones(len(design.y)), design.x])


def dummies(design: ModelFrame) -> Array:
    """The regressors, then dummies of every effect: all levels of the first, all but one of the others."""
    blocks = [design.x]
    for i, codes in enumerate(design.fixed_effects.values()):
        levels = np.unique(codes)[(1 if i else 0) :]
        blocks.append((codes[:, None] == levels).astype(float))
    if not design.fixed_effects:
        blocks.append(np.ones((len(design.y), 1)))
    return np.column_stack(blocks)


def means(design: ModelFrame) -> Array:
    """A constant, the regressors, and their means within the first effect."""
    codes = next(iter(design.fixed_effects.values()))
    within = np.array([design.x[codes == c].mean(axis=0) for c in codes])
    return np.column_stack([constant(design), within])


# From losses to references --------------------------------------------------------------------------------------------


def of_index(
    design: ModelFrame, x: Array, loss: Loss, *, k: int | None = None, absorbed: int | None = None
) -> Reference:
    """Loss (m,) of outcome and linear predictor, differentiated numerically in the latter; the rest is the chain rule.

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


def of_equations(equations: Callable[[Array], Array], start: Array, rows: Array, *, step: float = 1e-5) -> Reference:
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
def lpm(design: ModelFrame) -> Reference:
    """Squared error on regressors and dummies."""
    x, k = dummies(design), design.x.shape[1]
    found = of_index(design, x, lambda y, eta: (y - eta) ** 2 / 2, k=k)
    residual = design.y - x @ found.estimate
    rank = np.linalg.matrix_rank(x)
    dispersion = residual @ residual / (len(design.y) - rank)
    return replace(found, dispersion=dispersion, regressors=x, absorbed=rank - k)


@objective("logit")
def logit(design: ModelFrame) -> Reference:
    """Pooled logit."""
    return of_index(design, constant(design), lambda y, eta: np.logaddexp(0, eta) - y * eta)


@objective("probit")
def probit(design: ModelFrame) -> Reference:
    """Pooled probit."""
    return of_index(design, constant(design), lambda y, eta: -stats.norm.logcdf((2 * y - 1) * eta))


@objective("cloglog")
def cloglog(design: ModelFrame) -> Reference:
    """Pooled complementary log-log."""
    x = constant(design)
    return of_index(design, x, lambda y, eta: np.where(y == 1, -np.log(-np.expm1(-np.exp(eta))), np.exp(eta)))


@objective("cre_logit")
def cre_logit(design: ModelFrame) -> Reference:
    """Logit of the regressors and their means within dyads."""
    return of_index(design, means(design), lambda y, eta: np.logaddexp(0, eta) - y * eta)


@objective("poisson")
def poisson(design: ModelFrame) -> Reference:
    """Pooled Poisson."""
    return of_index(design, constant(design), lambda y, eta: np.exp(eta) - y * eta + special.gammaln(y + 1))


@objective("fepoisson")
def fepoisson(design: ModelFrame) -> Reference:
    """Poisson with dummies, in the dyads and years that have any event."""
    rows = with_events(design)
    used = subset(design, rows)
    x, k = dummies(used), design.x.shape[1]
    found = of_index(used, x, lambda y, eta: np.exp(eta) - y * eta)
    return replace(found, rows=rows, absorbed=int(np.linalg.matrix_rank(x)) - k)


def with_events(design: ModelFrame) -> Array:
    """Rows whose level of every effect has an event."""
    rows = np.arange(len(design.y))
    for _ in range(len(rows)):
        kept = rows
        for codes in design.fixed_effects.values():
            kept = np.array([i for i in kept if design.y[kept][codes[kept] == codes[i]].any()])
        if len(kept) == len(rows):
            break
        rows = kept
    return rows


@objective("cauchy_logit")
def cauchy_logit(design: ModelFrame) -> Reference:
    """Logit less an N-th of the log prior in every row (Gelman, Jakulin, Pittau and Su 2008)."""
    x, n = constant(design), len(design.y)

    def loss(theta: Array) -> Array:
        prior = stats.cauchy.logpdf(x.mean(axis=0) @ theta, scale=10.0)
        for b, column in zip(theta[1:], design.x.T, strict=True):
            unit = np.ptp(column) if len(np.unique(column)) == 2 else 2 * column.std()
            prior += stats.cauchy.logpdf(b * unit, scale=2.5)
        return np.asarray(np.logaddexp(0, x @ theta) - design.y * (x @ theta) - prior / n)

    return of_loss(loss, np.zeros(x.shape[1]), np.arange(n))


@objective("king_zeng")
def king_zeng(design: ModelFrame) -> Reference:
    """Logit, less its bias by Cox and Snell (1968): ½ Σ I⁻¹ I⁻¹ κ over third derivatives κ of the log-likelihood."""
    found = logit(design)
    x = constant(design)
    p = special.expit(x @ found.estimate)
    third = -np.einsum("i,ij,ik,il->jkl", p * (1 - p) * (1 - 2 * p), x, x, x)
    bias = found.bread @ np.einsum("kl,jkl->j", found.bread, third) / 2
    return replace(found, estimate=found.estimate - bias)


def counts(estimator: Estimator) -> ModelFrame:
    """The common world with counts that vary more than Poisson's."""
    design = common_world(estimator)
    rng = np.random.default_rng(4)
    mean = np.exp(0.3 * design.x[:, 0] + 0.2 * design.x[:, 1]) * rng.gamma(1.5, 1 / 1.5, len(design.y))
    return replace(design, y=rng.poisson(mean).astype(float))


def grades(estimator: Estimator) -> ModelFrame:
    """The common world with an outcome of three grades."""
    design = common_world(estimator)
    latent = 0.5 * design.x[:, 0] + 0.4 * design.x[:, 1] + np.random.default_rng(5).logistic(size=len(design.y))
    return replace(design, y=np.digitize(latent, [0.0, 1.5]).astype(float))


@objective("negbin", world=counts)
def negbin(design: ModelFrame) -> Reference:
    """NB2 with the log of its dispersion as last parameter; Newton from Poisson's slopes, as it is flat far away."""
    x = constant(design)

    def loss(theta: Array) -> Array:
        size, mean = np.exp(-theta[-1]), np.exp(x @ theta[:-1])
        return np.asarray(-stats.nbinom.logpmf(design.y, size, size / (size + mean)))

    def poisson(slopes: Array) -> Array:
        return np.asarray(np.exp(x @ slopes) - design.y * (x @ slopes))

    rows = np.arange(len(design.y))
    slopes = of_loss(poisson, np.r_[np.log(design.y.mean()), np.zeros(x.shape[1] - 1)], rows).estimate
    dispersion = min(np.linspace(-4, 2, 25), key=lambda log: float(loss(np.r_[slopes, log]).sum()))
    return of_loss(loss, np.r_[slopes, dispersion], rows)


@objective("ordered_logit", world=grades)
def ordered_logit(design: ModelFrame) -> Reference:
    """Proportional odds; the cuts are the last parameters."""
    k, level = design.x.shape[1], design.y.astype(int)

    def loss(theta: Array) -> Array:
        bounds, index = np.r_[-np.inf, theta[k:], np.inf], design.x @ theta[:k]
        return np.asarray(-np.log(special.expit(bounds[level + 1] - index) - special.expit(bounds[level] - index)))

    shares = np.cumsum(np.bincount(level))[:-1] / len(level)
    return of_loss(loss, np.r_[np.zeros(k), special.logit(shares)], np.arange(len(level)))


@objective("multinomial_logit", world=grades)
def multinomial_logit(design: ModelFrame) -> Reference:
    """An equation for each grade but the lowest."""
    x, level = constant(design), design.y.astype(int)

    def loss(theta: Array) -> Array:
        index = np.column_stack([np.zeros(len(x)), x @ theta.reshape(2, -1).T])
        return np.asarray(np.log(np.exp(index).sum(axis=1)) - index[np.arange(len(x)), level])

    return of_loss(loss, np.zeros(2 * x.shape[1]), np.arange(len(level)))


@objective("gee")
def gee(design: ModelFrame) -> Reference:
    """Σ DᵀV⁻¹(y − μ) over dyads with dense V, one correlation ρ within dyads; bread of expected information."""
    x, y = constant(design), design.y
    groups = [np.flatnonzero(design.fixed_effects["dyad"] == g) for g in np.unique(design.fixed_effects["dyad"])]

    def at(theta: Array) -> tuple[Array, Array]:
        mean = special.expit(x @ theta)
        spread = np.sqrt(mean * (1 - mean))
        r, k = (y - mean) / spread, x.shape[1]
        products = sum((r[g].sum() ** 2 - r[g] @ r[g]) / 2 for g in groups)
        rho = products / (sum(len(g) * (len(g) - 1) / 2 for g in groups) - k) / (r @ r / (len(y) - k))
        scores, information = np.zeros_like(x), np.zeros((k, k))
        for g in groups:
            d = x[g] * (spread[g] ** 2)[:, None]
            v = np.outer(spread[g], spread[g]) * np.where(np.eye(len(g)), 1.0, rho)
            scores[g] = d * np.linalg.solve(v, y[g] - mean[g])[:, None]
            information += d.T @ np.linalg.solve(v, d)
        return scores, information

    found = of_equations(lambda theta: at(theta)[0], logit(design).estimate, np.arange(len(y)))
    return replace(found, bread=np.linalg.inv(at(found.estimate)[1]))


@objective("clogit")
def clogit(design: ModelFrame) -> Reference:
    """Regressors less their expectation over all ways in which a dyad's events could have fallen, one by one."""
    codes = next(iter(design.fixed_effects.values()))
    groups = [np.flatnonzero(codes == g) for g in np.unique(codes)]
    groups = [g for g in groups if 0 < design.y[g].sum() < len(g)]
    rows = np.sort(np.concatenate(groups))

    def equations(theta: Array) -> Array:
        scores = np.zeros_like(design.x)
        for g in groups:
            ways = np.array([w for w in product((0, 1), repeat=len(g)) if sum(w) == design.y[g].sum()])
            chance = special.softmax(ways @ (design.x[g] @ theta))
            scores[g] = design.x[g] * (design.y[g] - chance @ ways)[:, None]
        return scores[rows]

    return of_equations(equations, np.zeros(design.x.shape[1]), rows)


def instrumented(estimator: Estimator) -> ModelFrame:
    """The common world with a treatment that shares the outcome's errors, and two instruments."""
    design = common_world(estimator)
    rng = np.random.default_rng(6)
    z, error = rng.normal(size=(len(design.y), 2)), rng.normal(size=len(design.y))
    x = np.column_stack([z @ [0.6, -0.4] + 0.5 * error + rng.normal(size=len(z)), design.x[:, 1:]])
    return replace(design, y=0.3 * x[:, 0] + error, x=x, endogenous=("treatment",), instruments=z)


@objective("iv_lpm", world=instrumented)
def iv_lpm(design: ModelFrame) -> Reference:
    """Two-stage least squares with dummies."""
    full = dummies(design)
    first = np.column_stack([design.instruments, full[:, 1:]])
    fitted = first @ np.linalg.lstsq(first, full, rcond=None)[0]
    bread = np.linalg.pinv(fitted.T @ fitted, hermitian=True)
    estimate = bread @ fitted.T @ design.y
    residual, rank = design.y - full @ estimate, int(np.linalg.matrix_rank(full))
    return Reference(
        estimate,
        fitted * residual[:, None],
        bread,
        np.arange(len(design.y)),
        dispersion=float(residual @ residual) / (len(design.y) - rank),
        absorbed=rank - design.x.shape[1],
    )
