"""What the treatment does to mean risk, from a solution alone, with gradients (delta method).

For all regressors, curves and simulated intervals see `predictions`.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from detente.base.errors import EstimationError, IndefiniteCovariance, NoRisk
from detente.base.types import Array
from detente.stats.contract import Solution
from detente.stats.covariance import Covariance
from detente.stats.linear.regressors import chunks
from detente.stats.links import Curve

# Rows worked on at a time, so that they stay in the processor's cache.
CHUNK = 4096


@dataclass(frozen=True)
class Effect:
    """A function of the coefficients: its value and its gradient (k,). A ratio is carried on the log scale."""

    value: float
    gradient: Array


def average_marginal_effect(fit: Solution, y: Array, treatment: Array) -> Effect:
    """Mean difference of onset risk between all rows treated and none (Hanmer and Kalkan 2013: observed values).

    y, treatment (N,) are outcome and treatment of the design that the solution is of. Raises NoRisk if the model has no
    absolute risk.
    """
    treated, untreated = _risks(fit, y, treatment)
    return Effect(treated.value - untreated.value, treated.gradient - untreated.gradient)


def log_risk_ratio(fit: Solution, y: Array, treatment: Array) -> Effect:
    """Log of mean risk with all rows treated over mean risk with none; NoRisk as above.

    Raises EstimationError if the linear model puts one of the two mean risks at or below zero: the ratio does not
    exist.
    """
    treated, untreated = _risks(fit, y, treatment)
    if min(treated.value, untreated.value) <= 0:
        raise EstimationError(
            f"mean risk is {treated.value:.4f} with treatment and {untreated.value:.4f} without: there is no ratio"
        )
    gradient = treated.gradient / treated.value - untreated.gradient / untreated.value
    return Effect(float(np.log(treated.value / untreated.value)), gradient)


def risk_without_treatment(fit: Solution, y: Array, treatment: Array) -> Effect:
    """Mean risk of the treated observations had they not been treated: what an effect on them is an effect on.

    In the linear model their mean outcome less the effect at their mean treatment, else the mean prediction with no
    treatment. As an estimate it may lie at or below zero: then there is no such risk. Effects are set against it in
    proportional treatment effects on the treated (Chen and Roth 2024). Raises NoRisk as above; EstimationError if no
    observation is treated.
    """
    y, treatment = _used(fit, y, treatment)
    treated = treatment > 0
    if not treated.any():
        raise EstimationError("no observation is treated: there is no risk that they would have without treatment")
    unit = np.eye(len(fit.estimate))[fit.treatment]
    if fit.link == "identity":
        effect = Effect(float(fit.estimate[fit.treatment]), unit)
        return less_effect(float(y[treated].mean()), float(treatment[treated].mean()), effect)
    predictor = None if fit.predictor is None else fit.predictor[treated]
    own = treatment if fit.absorbed else fit.x[:, fit.treatment]
    return _mean_risk(replace(fit, predictor=predictor, x=fit.x[treated]), own[treated], 0.0, unit)


def less_effect(risk: float, treatment: float, effect: Effect) -> Effect:
    """A mean risk less the effect, in a linear model, at a mean treatment."""
    return Effect(risk - treatment * effect.value, -treatment * effect.gradient)


def difference_error(covariance: Covariance, effect: Effect, base: Effect, share: float) -> float:
    """Standard error of an effect less a share of a base risk that is estimated with it, of either sign: the larger.

    Missing where the covariance leaves one of the two no variance.
    """
    try:
        return max(covariance.std_error(effect.gradient + sign * share * base.gradient) for sign in (-1, 1))
    except IndefiniteCovariance:
        return math.nan


def _used(fit: Solution, y: Array, treatment: Array) -> tuple[Array, Array]:
    """Outcome and treatment of the rows that the model uses."""
    if fit.predictor is None:
        raise NoRisk("this model has no absolute risk: it conditions its effects out and never estimates them")
    return (y, treatment) if fit.rows is None else (y[fit.rows], treatment[fit.rows])


def _risks(fit: Solution, y: Array, treatment: Array) -> tuple[Effect, Effect]:
    """Mean risk with all rows treated and with none."""
    y, treatment = _used(fit, y, treatment)
    unit = np.eye(len(fit.estimate))[fit.treatment]
    if fit.link == "identity":
        # Every row's risk moves by the coefficient: mean outcome holds effects and controls at what they are.
        effect = Effect(float(fit.estimate[fit.treatment]), unit)
        untreated = less_effect(float(y.mean()), float(treatment.mean()), effect)
        return Effect(untreated.value + effect.value, untreated.gradient + unit), untreated
    if not fit.absorbed:
        treatment = fit.x[:, fit.treatment]
    return _mean_risk(fit, treatment, 1.0, unit), _mean_risk(fit, treatment, 0.0, unit)


def _mean_risk(fit: Solution, treatment: Array, level: float, unit: Array) -> Effect:
    """Mean risk with the treatment at a level in every row; absorbed effects adapt."""
    assert fit.predictor is not None
    total, gradient = 0.0, np.zeros(len(fit.estimate))
    for s in chunks(len(treatment), CHUNK):
        moved = level - treatment[s]
        eta = fit.predictor[s] if fit.absorbed else fit.x[s] @ fit.estimate
        curve = Curve(fit.link, eta + moved * fit.estimate[fit.treatment])
        total += float(curve.mean.sum())
        gradient += curve.slope @ fit.x[s] + (curve.slope @ moved) * unit
    return Effect(total / len(treatment), gradient / len(treatment))
