"""Counts with more zeros than their distribution has: a logit of always zero beside a Poisson or negative binomial.

Terms of the logit are called `x[inflate]`, which tables print as `[inflate]x`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from detente.base.errors import ConfigError, NotConverged, UnsuitableOutcome, choices
from detente.base.types import Array
from detente.replicate.estimators import CONSTANT
from detente.stats import ModelFrame, Solution, check_rank
from detente.stats.covariance import Scores
from detente.stats.likelihood import Point, Stalled, newton

INFLATE, LOG_ALPHA = "inflate", "ln(alpha)"
ZERO_INFLATED = ("zip", "zinb")


def zip_(design: ModelFrame, *, inflate: Sequence[str] = (), count: Sequence[str] = ()) -> Solution:
    """Zero-inflated Poisson with a logit of always zero (Lambert 1992; Stata `zip`, R `pscl::zeroinfl`).

    `inflate` and `count`: which of the terms each equation has, beside a constant; all if none is named. Raises
    ConfigError for a name that is no term; UnsuitableOutcome for what is no count; NotConverged without a maximum.
    """
    return _solved(design, _Equations.of(design, inflate, count, dispersed=False))


def zinb(design: ModelFrame, *, inflate: Sequence[str] = (), count: Sequence[str] = ()) -> Solution:
    """Zero-inflated negative binomial, variance μ + αμ², of which "ln(alpha)" is the last term (Stata `zinb`).

    `inflate`, `count` and errors as `zip_` has them.
    """
    return _solved(design, _Equations.of(design, inflate, count, dispersed=True))


def log_likelihood(design: ModelFrame, estimate: Array, name: str, options: Mapping[str, Any]) -> float:
    """Log-likelihood at `estimate` (k,), in the order of the terms of the estimator."""
    return _of(design, name, options).at(estimate)[0].value


def null_log_likelihood(design: ModelFrame, name: str, options: Mapping[str, Any]) -> float:
    """The maximum without regressors of counts, those of the logit as they are, as Stata's χ² compares."""
    whole = _of(design, name, options)
    alone = _Equations(whole.y, whole.x[:, :1], whole.z, ((CONSTANT,), whole.names[1]), whole.dispersed)
    return alone.at(_maximum(alone))[0].value


def _of(design: ModelFrame, name: str, options: Mapping[str, Any]) -> "_Equations":
    chosen = (options.get(key, ()) for key in (INFLATE, "count"))
    return _Equations.of(design, *chosen, dispersed=name == "zinb")


@dataclass(frozen=True)
class _Equations:
    """Counts y (n,), regressors x (n, k) of counts and z (n, m) of the logit, constants first, and their names."""

    y: Array
    x: Array
    z: Array
    names: tuple[tuple[str, ...], tuple[str, ...]]
    dispersed: bool

    @classmethod
    def of(cls, design: ModelFrame, inflate: Sequence[str], count: Sequence[str], *, dispersed: bool) -> "_Equations":
        if (design.y < 0).any() or (design.y != np.floor(design.y)).any() or not (design.y == 0).any():
            raise UnsuitableOutcome("zero-inflated counts are whole numbers from 0 on, some of which are 0")
        if not design.y.any():
            raise UnsuitableOutcome("every count is 0")
        parts = [_columns(design, chosen) for chosen in (count, inflate)]
        for names, x in parts:
            check_rank(x.T @ x, names)
        return cls(design.y, parts[0][1], parts[1][1], (parts[0][0], parts[1][0]), dispersed)

    def at(self, theta: Array) -> tuple[Point, Array]:
        """Log-likelihood, gradient and minus the Hessian (Louis 1982) at (β, γ, ln α); and the scores (n, p)."""
        k, m = self.x.shape[1], self.z.shape[1]
        eta, log_alpha = self.z @ theta[k : k + m], float(theta[-1]) if self.dispersed else -np.inf
        value, first, second = _count(self.y, self.x @ theta[:k], log_alpha)
        zero, chance = self.y == 0, scipy.special.expit(eta)
        either = np.logaddexp(scipy.special.log_expit(eta), scipy.special.log_expit(-eta) + value)
        whole = np.where(zero, either, scipy.special.log_expit(-eta) + value)
        always = np.where(zero, np.exp(scipy.special.log_expit(eta) - either), 0.0)
        # Scores of the count alone, by (β, ln α), and how those of the two cases differ.
        own = np.column_stack([self.x * first[0][:, None], first[1]])
        scores = np.column_stack([own[:, :k] * (1 - always)[:, None], self.z * (always - chance)[:, None]])
        apart = np.column_stack([-own[:, :k], self.z])
        kept = (1 - always)[:, None]
        blocks = np.zeros((k + m + 1, k + m + 1))
        blocks[:k, :k] = (self.x * kept * second[0][:, None]).T @ self.x
        blocks[k : k + m, k : k + m] = -(self.z * (chance * (1 - chance))[:, None]).T @ self.z
        blocks[:k, -1] = blocks[-1, :k] = ((1 - always) * second[1]) @ self.x
        blocks[-1, -1] = float(((1 - always) * second[2]).sum())
        if self.dispersed:
            scores = np.column_stack([scores, (1 - always) * first[1]])
            apart = np.column_stack([apart, -first[1]])
        hessian = blocks if self.dispersed else blocks[:-1, :-1]
        hessian = hessian + (apart * (always * (1 - always))[:, None]).T @ apart
        return Point(float(whole.sum()), scores.sum(axis=0), -hessian), scores


def _count(y: Array, eta: Array, log_alpha: float) -> tuple[Array, tuple[Array, Array], tuple[Array, Array, Array]]:
    """Log-probability (n,) of counts, its slopes in η and ln α, its second derivatives in ηη, η ln α and ln α ln α.

    Of Poisson's distribution where ln α is minus infinity.
    """
    mean, none = np.exp(np.minimum(eta, 500.0)), np.zeros(len(y))
    if np.isinf(log_alpha):
        return y * eta - mean - scipy.special.gammaln(y + 1), (y - mean, none), (-mean, none, none)
    m = np.exp(-log_alpha)
    spread = 1 + mean / m
    value = (
        scipy.special.gammaln(y + m)
        - scipy.special.gammaln(m)
        - scipy.special.gammaln(y + 1)
        - (y + m) * np.log1p(mean / m)
        + y * (eta + log_alpha)
    )
    in_m = scipy.special.digamma(y + m) - scipy.special.digamma(m) - np.log1p(mean / m) + 1 - (y + m) / (m + mean)
    in_mm = (
        scipy.special.polygamma(1, y + m)
        - scipy.special.polygamma(1, m)
        + mean / (m * (m + mean))
        + (y - mean) / (m + mean) ** 2
    )
    curves = -mean * (1 + y / m) / spread**2, -mean * (y - mean) / m / spread**2, m * in_m + m**2 * in_mm
    return value, ((y - mean) / spread, -m * in_m), curves


def _maximum(made: _Equations) -> Array:
    """Where the likelihood is largest (p,), by Newton's method on columns of size one."""
    scales = [np.sqrt((part**2).mean(axis=0)) for part in (made.x, made.z)]
    scaled = _Equations(made.y, made.x / scales[0], made.z / scales[1], made.names, made.dispersed)
    unit = np.concatenate([*scales, np.ones(int(made.dispersed))])
    start = np.zeros(len(unit))
    positive, zeros = made.y[made.y > 0], float((made.y == 0).mean())
    start[0] = np.log(positive.mean())
    beyond = max(zeros - np.exp(-positive.mean()), zeros / 2)
    start[made.x.shape[1]] = np.log(beyond / (1 - beyond))
    try:
        return np.asarray(newton(lambda theta: scaled.at(theta)[0], start, concave=False).estimate / unit)
    except (Stalled, FloatingPointError) as error:
        raise NotConverged("zero-inflated counts: no maximum is found; try fewer terms under `inflate`") from error


def _solved(design: ModelFrame, made: _Equations) -> Solution:
    theta = _maximum(made)
    point, scores = made.at(theta)
    names = (*made.names[0], *(f"{term}[{INFLATE}]" for term in made.names[1]))
    zeros = np.zeros((len(design.y), int(made.dispersed)))
    return Solution(
        terms=(*names, LOG_ALPHA) if made.dispersed else names,
        estimate=theta,
        scores=Scores(scores),
        bread=np.linalg.inv(point.information),
        x=np.column_stack([made.x, made.z, zeros]),
        link="log",
        treatment=1,
    )


def _columns(design: ModelFrame, chosen: Sequence[str]) -> tuple[tuple[str, ...], Array]:
    """Names and columns (n, k) of an equation, its constant first."""
    terms = tuple(chosen) or design.terms
    for name in terms:
        if name not in design.terms:
            raise ConfigError(f"{name!r} is none of the terms; {choices(name, design.terms)}")
    x = design.x[:, [design.terms.index(name) for name in terms]]
    return (CONSTANT, *terms), np.column_stack([np.ones(len(x)), x])
