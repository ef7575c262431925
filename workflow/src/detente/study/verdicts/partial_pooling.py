"""Partial pooling of estimates that are correlated: their mean, their spread, and each drawn towards the mean.

θ̂ ~ N(θ, V) and θ_k ~ N(μ, τ²), so that θ̂ ~ N(μ, Σ) with Σ = V + τ²I (Viechtbauer 2005, with V that is not diagonal).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

from detente.base.errors import EstimationError
from detente.base.numerics import DEFINITE, LEVEL, SPREAD, interval
from detente.base.types import Array

FEWEST_POOLED = 3
"""Estimates below which their spread is not estimated: two leave it a single degree of freedom."""
# Values of τ that are tried before the best of them is made exact.
TRIED = 200


@dataclass(frozen=True)
class Pooled:
    """Of K estimates, their `mean` μ with error and interval, their spread `tau` with its own, and the drawn ones.

    `df` K − 1; `q` the sum of squares about the mean under τ = 0, `q_p` its p-value; `i2` the share of τ² in the
    variance of an estimate of typical error; `weights` (K,) of estimates in the mean, which add up to one; `drawn` (K,)
    estimates drawn towards the mean, with `drawn_error`.
    """

    mean: float
    std_error: float
    df: int
    conf_low: float
    conf_high: float
    tau: float
    tau_low: float
    tau_high: float
    i2: float
    q: float
    q_p: float
    weights: Array
    drawn: Array
    drawn_error: Array

    def drawn_interval(self) -> tuple[Array, Array]:
        """Ends (K,) of intervals of the drawn estimates; τ is taken as known, its own error is left out."""
        return interval(self.drawn, self.drawn_error, np.full(len(self.drawn), float(self.df)))


@dataclass(frozen=True)
class _Mean:
    """Generalised least squares of the mean under one τ²: its value, variance, and the sum of squares about it."""

    value: float
    variance: float
    squares: float
    likelihood: float
    inverse: Array


def pooled(estimates: Array, covariance: Array, whole: Array | None = None) -> Pooled:
    """Pool estimates (K,) with a positive definite covariance (K, K), which is taken as known.

    `whole` (K, K): another covariance, which the variance of their mean is no smaller than by; that by which estimates
    are weighed is then a working one (Hedges, Tipton and Johnson 2010).

    τ² by restricted maximum likelihood, its interval by the Q profile (Viechtbauer 2007), the interval of μ by Hartung
    and Knapp (2001) with K − 1 degrees of freedom, never narrower than theirs would be without it (Röver, Knapp and
    Friede 2015); drawn estimates are best linear unbiased predictions.
    Raises EstimationError of fewer than `FEWEST_POOLED` estimates.
    """
    count = len(estimates)
    if count < FEWEST_POOLED:
        raise EstimationError(f"{count} estimates: a spread needs at least {FEWEST_POOLED}")

    def at(tau2: float) -> _Mean:
        return _mean(estimates, covariance, tau2)

    df = count - 1
    most = 10 * float(np.ptp(estimates) + np.sqrt(np.diag(covariance).max()))
    tau2 = _largest(lambda tau: at(tau**2).likelihood, most) ** 2
    ends = scipy.stats.chi2.ppf([(1 + LEVEL) / 2, (1 - LEVEL) / 2], df)
    low, high = (_squares_fall_to(lambda tau2: at(tau2).squares, float(end), most**2) for end in ends)
    none, found = at(0.0), at(tau2)
    if none.squares <= ends[1]:
        # Estimates differ by less than their errors alone would make them: no spread has a Q profile that holds them.
        low = high = float("nan")
    weights = found.inverse.sum(axis=0) * found.variance
    variance = max(
        found.variance, float(weights @ whole @ weights + tau2 * (weights @ weights)) if whole is not None else 0.0
    )
    error = np.sqrt(variance * max(1.0, found.squares / df))
    mean_low, mean_high = interval(found.value, float(error), float(df))
    typical = df / float(np.trace(none.inverse) - none.inverse.sum(axis=0) @ none.inverse.sum(axis=1) * none.variance)
    pull = np.eye(count) - tau2 * found.inverse
    drawn = found.value + tau2 * found.inverse @ (estimates - found.value)
    known = tau2 * np.diag(pull)
    return Pooled(
        mean=found.value, std_error=float(error), df=df, conf_low=mean_low, conf_high=mean_high,
        tau=float(np.sqrt(tau2)), tau_low=float(np.sqrt(low)), tau_high=float(np.sqrt(high)),
        i2=tau2 / (tau2 + typical), q=none.squares, q_p=float(scipy.stats.chi2.sf(none.squares, df)),
        weights=weights, drawn=drawn, drawn_error=np.sqrt(known + pull.sum(axis=1) ** 2 * variance),
    )  # fmt: skip


def working(covariance: Array, df: Array) -> tuple[Array, float]:
    """A covariance (K, K) that can be inverted: its correlations made smaller, all by one factor, which is returned.

    Correlations of a dyadic covariance are estimated with few degrees of freedom, `df` (K,) of the estimates, and need
    not be those of any covariance, as it is a difference; by its inverse, estimates of nearly the same thing would have
    weights far below zero and above one. The factor is 1 − Σ Var(r)/Σ r² with Var(r) = (1 − r²)²/df (Schäfer and
    Strimmer 2005), less where the smallest eigenvalue of the correlations would be below `DEFINITE`.
    """
    error = np.sqrt(np.diag(covariance))
    correlation = np.clip(covariance / np.outer(error, error), -1, 1)
    above = np.triu_indices(len(error), 1)
    r, degrees = correlation[above], np.minimum.outer(df, df)[above]
    squares = float(r @ r)
    kept = max(0.0, 1 - float(((1 - r**2) ** 2 / degrees).sum()) / squares) if squares else 1.0
    least = float(np.linalg.eigvalsh(correlation)[0])
    kept = min(kept, (1 - DEFINITE) / (1 - least)) if least < 1 else kept
    return (kept * correlation + (1 - kept) * np.eye(len(error))) * np.outer(error, error), kept


def _mean(estimates: Array, covariance: Array, tau2: float) -> _Mean:
    total = covariance + tau2 * np.eye(len(estimates))
    inverse = np.linalg.inv(total)
    weights = inverse.sum(axis=0)
    variance = 1 / float(weights.sum())
    value = float(weights @ estimates) * variance
    left = estimates - value
    squares = float(left @ inverse @ left)
    likelihood = -(np.linalg.slogdet(total)[1] - np.log(variance) + squares) / 2
    return _Mean(value, variance, squares, float(likelihood), inverse)


def _largest(likelihood: Callable[[float], float], most: float) -> float:
    """The τ from 0 to `most` at which a likelihood is largest."""
    tried = np.concatenate([[0.0], np.geomspace(most / 1e4, most, TRIED)])
    best = int(np.argmax([likelihood(float(tau)) for tau in tried]))
    between = tried[max(best - 1, 0)], tried[min(best + 1, TRIED)]
    found = scipy.optimize.minimize_scalar(
        lambda tau: -likelihood(tau), bounds=between, method="bounded", options={"xatol": SPREAD * most}
    )
    return float(found.x) if likelihood(float(found.x)) > likelihood(float(tried[best])) else float(tried[best])


def _squares_fall_to(squares: Callable[[float], float], level: float, most: float) -> float:
    """The τ² at which the sum of squares about the mean, which falls with it, is a level; 0 if it begins below."""
    if squares(0.0) <= level:
        return 0.0
    while squares(most) > level:
        most *= 4
    return float(scipy.optimize.brentq(lambda tau2: squares(tau2) - level, 0.0, most, xtol=SPREAD * most))
