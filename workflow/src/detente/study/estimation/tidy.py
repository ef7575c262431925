"""From a fit to tidy rows: everything estimated is a row, and what does not exist is a named failure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, IndefiniteCovariance, NoVariation, UnsupportedCovariance
from detente.base.numerics import interval, two_sided
from detente.stats import ModelFrame, Solution, get, made_covariance, read, subset, with_fixed_effects
from detente.stats.covariance import Covariance
from detente.stats.effects import (
    Effect,
    average_marginal_effect,
    difference_error,
    log_risk_ratio,
    risk_without_treatment,
)
from detente.study.design import Specification, build_design
from detente.study.estimation.schema import ESTIMATES, FAILURES, as_risk, judged

# Of a linear fit whose risk without treatment is at or below zero.
NO_BASE_RISK = "the model gives the treated observations no risk without treatment, and so no share of it"


@dataclass(frozen=True)
class Estimates:
    """`rows` one a term, quantity and covariance; `failures` one a number that does not exist, with its reason.

    `unused` counts rows of the design that the estimator has no use for.
    """

    rows: pd.DataFrame
    failures: pd.DataFrame
    unused: int = 0


@dataclass(frozen=True)
class _Quantity:
    """A number to estimate; on the log scale it is tested there and reported as its exponential."""

    name: str
    term: str
    is_treatment: bool
    effect: Effect
    scale: str = "identity"


def estimate(design: ModelFrame, spec: Specification) -> Estimates:
    """Fit `spec` and tidy it under each covariance; raises UnsupportedCovariance for one the estimator lacks."""
    estimator = get(spec.estimator)
    design = with_fixed_effects(design, estimator, spec.absorbed)
    estimators = [read(kind, design, estimator) for kind in spec.vcov]
    try:
        fit = estimator.fit(design)
        compared = estimator.compared(design, fit)
    except EstimationError as error:
        return Estimates(pd.DataFrame(), _failures(spec, [error]))
    lost: list[Exception] = []
    quantities = _quantities(design, fit, lost)
    used = design if fit.rows is None else subset(design, fit.rows)
    base = _base(design, fit)
    constant = _constant(used, spec, fit, base) | {"reference": compared.reference, "reference_gap": compared.gap}
    rows = []
    for name, vcov in zip(spec.vcov, estimators, strict=True):
        own = constant | {"spec_id": spec.id_under(name)}
        try:
            covariance = made_covariance(vcov, design, fit, estimator.name, "detente", {})
            rows += [own | row for row in _rows(quantities, covariance, spec, base, lost)]
        except (EstimationError, UnsupportedCovariance) as error:
            lost.append(error)
    frame = ESTIMATES.frame(rows) if rows else pd.DataFrame()
    return Estimates(frame, _failures(spec, lost), len(design.y) - len(used.y))


def designed(panel: pd.DataFrame, spec: Specification) -> tuple[ModelFrame, Estimates | None]:
    """The design of `spec`; where its contrast has no length, that without one, and what is lost for that reason.

    Raises what else `build_design` raises.
    """
    try:
        return build_design(panel, spec), None
    except NoVariation as error:
        claim = spec.claim.model_copy(update={"contrast": None})
        plain = build_design(panel, replace(spec, claim=claim))
        return plain, Estimates(pd.DataFrame(), _failures(spec, [error]))


def _failures(spec: Specification, lost: Sequence[Exception]) -> pd.DataFrame:
    """One row per number that does not exist."""
    rows = [(spec.claim.id, spec.sample.name, spec.estimator, type(e).__name__, spec.reason(e)) for e in lost]
    return pd.DataFrame(rows, columns=list(FAILURES.columns), dtype="str")


def _quantities(design: ModelFrame, fit: Solution, lost: list[Exception]) -> list[_Quantity]:
    """Effects of the treatment on risk, and coefficients; errors of effects that do not exist are added to `lost`."""
    treated, unit = fit.terms[fit.treatment], np.eye(len(fit.terms))
    found: list[_Quantity] = []
    try:
        marginal = average_marginal_effect(fit, design.y, design.treatment)
        found.append(_Quantity("average_marginal_effect", treated, True, marginal))
        found.append(_Quantity("risk_ratio", treated, True, log_risk_ratio(fit, design.y, design.treatment), "log"))
    except EstimationError as error:
        lost.append(error)
    for i, term in enumerate(fit.terms):
        effect = Effect(float(fit.estimate[i]), unit[i])
        found.append(_Quantity("coefficient", term, i == fit.treatment, effect))
    return found


def _base(design: ModelFrame, fit: Solution) -> Effect:
    """The risk of treated observations without treatment; missing where the model has none, or none is treated."""
    try:
        return risk_without_treatment(fit, design.y, design.treatment)
    except EstimationError:
        return Effect(math.nan, np.zeros(len(fit.estimate)))


def _rows(
    quantities: Sequence[_Quantity], vcov: Covariance, spec: Specification, base: Effect, lost: list[Exception]
) -> list[dict[str, Any]]:
    """Rows under one covariance; if the treatment has no variance there are none, a control without is left out."""
    rows = []
    for quantity in quantities:
        try:
            row = _row(quantity, vcov)
            of_base = difference_error(vcov, quantity.effect, base, spec.smallest_effect)
        except IndefiniteCovariance as error:
            if quantity.is_treatment:
                raise
            lost.append(IndefiniteCovariance(f"{quantity.term}: {error}"))
            continue
        if quantity.name == "average_marginal_effect":
            row |= judged(row["estimate"], row["std_error"], row["df"], base.value, spec.smallest_effect, of_base)
        rows.append(row)
    return rows


def _row(quantity: _Quantity, covariance: Covariance) -> dict[str, Any]:
    """One estimate with its interval, not judged."""
    value, gradient = quantity.effect.value, quantity.effect.gradient
    error, df = covariance.std_error(gradient), covariance.df(gradient)
    shown, stretch = (math.exp, math.exp(value)) if quantity.scale == "log" else (float, 1.0)
    low, high = interval(value, error, df)
    return {
        "vcov": covariance.kind,
        "quantity": quantity.name,
        "term": quantity.term,
        "is_treatment": quantity.is_treatment,
        "scale": quantity.scale,
        "estimate": shown(value),
        "std_error": stretch * error,
        "std_error_unrepaired": stretch * covariance.std_error_unrepaired(gradient),
        "statistic": value / error,
        "df": df,
        "p_value": float(two_sided(value / error, df)),
        "conf_low": shown(low),
        "conf_high": shown(high),
        "verdict": "",
        "ssc": covariance.ssc,
        "repair": covariance.repair,
    }


def _constant(design: ModelFrame, spec: Specification, fit: Solution, base: Effect) -> dict[str, Any]:
    """What identifies the specification and the data that its model uses, the same for all its rows."""
    base_risk = as_risk(base.value)
    none = math.isfinite(base.value) and math.isnan(base_risk)
    said = [f"{NO_BASE_RISK} (it would be {base.value:.4f})"] if none else []
    pairs = design.pairs
    count = len(pairs.low)
    treated = design.treatment > 0
    share = np.bincount(pairs.dyad, weights=treated, minlength=count) / np.bincount(pairs.dyad, minlength=count)
    switching = (share > 0) & (share < 1)
    return {
        "specification": spec.name,
        "claim": spec.claim.id,
        "outcome": spec.claim.outcome,
        "treatment": spec.claim.treatment,
        "sample": spec.sample.name,
        "estimator": spec.estimator,
        "nobs": len(design.y),
        "dyads": count,
        "states": pairs.states,
        "events": int(design.y.sum()),
        "mean_risk": float(design.y.mean()),
        "base_risk": base_risk,
        "treated": int(treated.sum()),
        "treated_dyads": int((share > 0).sum()),
        "switching_dyads": int(switching.sum()),
        "switching_states": len(np.unique([pairs.low[switching], pairs.high[switching]])),
        "treated_risk": float(design.y[treated].mean()),
        "dropped": ", ".join(fit.dropped),
        "notes": "; ".join([*fit.flags, *said]),
        "converged": fit.converged,
    }
