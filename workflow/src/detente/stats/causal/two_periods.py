"""The effect of a treatment between two periods, given covariates: regression, weighting, or both.

Sant'Anna and Zhao (2020, "Doubly robust difference-in-differences estimators", Journal of Econometrics 219).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from detente.base.numerics import CLOSE, FLAT, SETTLED, SINGULAR, SLOW
from detente.base.types import Array, Flags

METHODS = ("dr", "reg", "ipw")
# Propensity from which a control is trimmed, as in Sant'Anna and Zhao's software; most steps of a logit, beyond which
# a treatment is taken to be predicted perfectly.
TRIMMED, MOST_LOGIT = 0.995, 40


@dataclass(frozen=True)
class TwoPeriods:
    """An effect, what each unit (n,) adds to its error, and the weight (n,) of the unit's change in it."""

    estimate: float
    influence: Array
    weights: Array


def two_periods(change: Array, treated: Flags, covariates: Array, method: str) -> TwoPeriods | None:
    """Mean change (n,) of treated units less that of controls alike in `covariates` (n, p), constant left out.

    None where there is no common support: a logit that does not converge, or covariates that depend on one another.
    """
    if not covariates.shape[1]:
        return _means(change, treated)
    x = _standardised(covariates)
    on, off = treated.astype(np.float64), (~treated).astype(np.float64)
    balance: Array = np.zeros(len(change))
    propensity = None
    if method != "reg":
        propensity = _propensity(x, on)
        if propensity is None:
            return None
        odds = np.where(propensity < TRIMMED, propensity / np.maximum(1 - propensity, 1 - TRIMMED), 0.0) * off
        if not odds.any():
            return None
        balance = odds / odds.sum()
    fitted, weights, inverse = np.zeros(len(change)), on / on.sum() - balance, None
    if method != "ipw":
        inverse = _inverse(x[~treated])
        if inverse is None:
            return None
        slopes = inverse @ (x[~treated].T @ change[~treated])
        fitted = x @ slopes
        weights = weights - off * (x @ (inverse @ (x.T @ weights)))
    left = change - fitted
    return TwoPeriods(float(weights @ change), _influence(left, on, balance, x, propensity, inverse), weights)


def _influence(
    left: Array, on: Array, balance: Array, x: Array, propensity: Array | None, inverse: Array | None
) -> Array:
    """What units add (n,): their own comparison, and what they add to slopes and propensities (their section 3.2)."""
    share = on / on.sum()
    of_treated, of_controls = float(share @ left), float(balance @ left)
    added: Array = share * (left - of_treated) - balance * (left - of_controls)
    if propensity is not None:
        bread = np.linalg.inv((x.T * (propensity * (1 - propensity))) @ x)
        moved = bread @ (x.T @ (balance * (left - of_controls)))
        added = added - (on - propensity) * (x @ moved)
    if inverse is not None:
        moved = inverse @ (x.T @ (share - balance))
        added = added - (1 - on) * left * (x @ moved)
    return added


def _means(change: Array, treated: Flags) -> TwoPeriods:
    n, m = int(treated.sum()), int((~treated).sum())
    one, other = change[treated].mean(), change[~treated].mean()
    weights = np.where(treated, 1 / n, -1 / m)
    return TwoPeriods(float(one - other), weights * np.where(treated, change - one, change - other), weights)


def _standardised(covariates: Array) -> Array:
    """Covariates at mean zero and deviation one, behind a constant, (n, 1 + p)."""
    spread = covariates.std(axis=0)
    scaled = (covariates - covariates.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.column_stack([np.ones(len(covariates)), scaled])


def _inverse(x: Array) -> Array | None:
    """The inverse cross-products of controls, None if columns depend on one another."""
    if len(x) <= x.shape[1]:
        return None
    product = x.T @ x / len(x)
    values: Array = np.linalg.eigvalsh(product)
    return None if values[0] <= SINGULAR * values[-1] else np.linalg.inv(product) / len(x)


def _propensity(x: Array, on: Array) -> Array | None:
    """Fitted probabilities (n,) of a logit, None if it does not converge or columns depend on one another."""
    slopes = np.zeros(x.shape[1])
    slopes[0] = scipy.special.logit(on.mean())
    before = np.inf
    for _ in range(MOST_LOGIT):
        fitted: Array = scipy.special.expit(x @ slopes)
        score = x.T @ (on - fitted)
        information = (x.T * (fitted * (1 - fitted))) @ x
        values = np.linalg.eigvalsh(information)
        if values[0] <= SINGULAR * values[-1]:
            return None
        step = np.linalg.solve(information, score)
        slopes, gain = slopes + step, float(score @ step)
        # Near a maximum each gain is the square of the one before; under separation it is a third of it, for ever.
        if before < FLAT and gain > max(before / SLOW, SETTLED):
            return None
        if before < CLOSE:
            return np.asarray(scipy.special.expit(x @ slopes))
        before = gain
    return None
