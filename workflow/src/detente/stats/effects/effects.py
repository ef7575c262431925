"""The treatment's effect on risk: average marginal effect and risk ratio, by the delta method under any covariance.

For all regressors, curves and simulated intervals see `predictions`.
"""

from dataclasses import dataclass

import numpy as np

from detente.base.errors import EstimationError, NoRisk
from detente.base.types import Array
from detente.stats.contract import Solution
from detente.stats.effects.risk import chunks
from detente.stats.links import Curve


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


def _risks(fit: Solution, y: Array, treatment: Array) -> tuple[Effect, Effect]:
    """Mean risk with all rows treated and with none."""
    if fit.predictor is None:
        raise NoRisk("this model has no absolute risk: it conditions its effects out and never estimates them")
    if fit.rows is not None:
        y, treatment = y[fit.rows], treatment[fit.rows]
    unit = np.eye(len(fit.estimate))[fit.treatment]
    if fit.link == "identity":
        # Every row's risk moves by the coefficient: mean outcome holds effects and controls at what they are.
        coefficient, share = float(fit.estimate[fit.treatment]), float(treatment.mean())
        untreated = float(y.mean()) - coefficient * share
        return Effect(untreated + coefficient, (1 - share) * unit), Effect(untreated, -share * unit)
    if not fit.absorbed:
        treatment = fit.x[:, fit.treatment]
    return _mean_risk(fit, treatment, 1.0, unit), _mean_risk(fit, treatment, 0.0, unit)


def _mean_risk(fit: Solution, treatment: Array, level: float, unit: Array) -> Effect:
    """Mean risk with the treatment at a level in every row; absorbed effects adapt."""
    assert fit.predictor is not None
    total, gradient = 0.0, np.zeros(len(fit.estimate))
    for s in chunks(len(treatment)):
        moved = level - treatment[s]
        eta = fit.predictor[s] if fit.absorbed else fit.x[s] @ fit.estimate
        curve = Curve(fit.link, eta + moved * fit.estimate[fit.treatment])
        total += float(curve.mean.sum())
        gradient += curve.slope @ fit.x[s] + (curve.slope @ moved) * unit
    return Effect(total / len(treatment), gradient / len(treatment))
