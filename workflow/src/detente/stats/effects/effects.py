"""The treatment's effect on risk: average marginal effect and risk ratio, by the delta method under any covariance.

For all regressors, curves and simulated intervals see `predictions`.
"""

from dataclasses import dataclass

import numpy as np

from detente.base.errors import EstimationError, NoRisk
from detente.base.types import Array
from detente.stats.contract import Solution
from detente.stats.effects.links import CURVES
from detente.stats.effects.risk import chunks


@dataclass(frozen=True)
class Effect:
    """A function of the coefficients: its value and its gradient (k,). A ratio is carried on the log scale."""

    value: float
    gradient: Array


@dataclass(frozen=True)
class _Risks:
    treated: float
    untreated: float
    treated_gradient: Array
    untreated_gradient: Array


def average_marginal_effect(fit: Solution, y: Array, treatment: Array) -> Effect:
    """Mean difference of onset risk between all rows treated and none (Hanmer and Kalkan 2013: observed values).

    Parameters
    ----------
    fit
        A solution; y, treatment (N,) outcome and treatment of the design that it is of.

    Raises
    ------
    NoRisk
        If the model has no absolute risk.
    """
    risks = _risks(fit, y, treatment)
    return Effect(risks.treated - risks.untreated, risks.treated_gradient - risks.untreated_gradient)


def log_risk_ratio(fit: Solution, y: Array, treatment: Array) -> Effect:
    """Log of mean risk with all rows treated over mean risk with none.

    Raises
    ------
    EstimationError
        If the linear model puts one of the two mean risks at or below zero: the ratio does not exist.
    """
    risks = _risks(fit, y, treatment)
    if risks.treated <= 0 or risks.untreated <= 0:
        raise EstimationError(
            f"mean risk is {risks.treated:.4f} with treatment and {risks.untreated:.4f} without: there is no ratio"
        )
    gradient = risks.treated_gradient / risks.treated - risks.untreated_gradient / risks.untreated
    return Effect(float(np.log(risks.treated / risks.untreated)), gradient)


def _risks(fit: Solution, y: Array, treatment: Array) -> _Risks:
    """Mean risk with all rows treated and with none, and their gradients in the coefficients."""
    if fit.predictor is None:
        raise NoRisk("this model has no absolute risk: it conditions its effects out and never estimates them")
    if fit.rows is not None:
        y, treatment = y[fit.rows], treatment[fit.rows]
    if fit.link == "identity":
        return _linear_risks(fit, y, treatment)
    if not fit.absorbed:
        treatment = fit.x[:, fit.treatment]
    (treated, treated_gradient), (untreated, untreated_gradient) = (
        _mean_risk(fit, treatment, level) for level in (1.0, 0.0)
    )
    return _Risks(treated, untreated, treated_gradient, untreated_gradient)


def _mean_risk(fit: Solution, treatment: Array, level: float) -> tuple[float, Array]:
    """Mean risk with the treatment at a level in every row, and its gradient; absorbed effects adapt."""
    assert fit.predictor is not None
    total, gradient, unit = 0.0, np.zeros(len(fit.estimate)), np.eye(len(fit.estimate))[fit.treatment]
    for s in chunks(len(treatment)):
        moved = level - treatment[s]
        eta = fit.predictor[s] if fit.absorbed else fit.x[s] @ fit.estimate
        curve = CURVES[fit.link](eta + moved * fit.estimate[fit.treatment])
        total += float(curve.mean.sum())
        gradient += curve.slope @ fit.x[s] + (curve.slope @ moved) * unit
    return total / len(treatment), gradient / len(treatment)


def _linear_risks(fit: Solution, y: Array, treatment: Array) -> _Risks:
    """Move every row's risk by the coefficient: mean outcome holds effects and controls at what they are."""
    unit = np.zeros(len(fit.estimate))
    unit[fit.treatment] = 1.0
    coefficient, share = float(fit.estimate[fit.treatment]), float(treatment.mean())
    untreated = float(y.mean()) - coefficient * share
    return _Risks(untreated + coefficient, untreated, (1 - share) * unit, -share * unit)
