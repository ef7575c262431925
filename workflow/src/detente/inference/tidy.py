"""From a fit to tidy rows: everything estimated is a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from detente.covariance import Covariance, number_dyads, sandwich
from detente.design import Design, Specification
from detente.errors import EstimationError, UnsupportedCovariance, choices
from detente.estimators import Fit, get, reference_gap
from detente.inference.effects import Effect, average_marginal_effect, log_risk_ratio
from detente.inference.verdict import minimum_detectable_effect, verdict

FAILURE_COLUMNS = ("claim", "sample", "estimator", "error", "message")


@dataclass(frozen=True)
class Estimates:
    """`rows` one a term, quantity and covariance; `failures` one a number that does not exist, with its reason."""

    rows: pd.DataFrame
    failures: pd.DataFrame


def estimate(design: Design, spec: Specification) -> Estimates:
    """Fit `spec` and tidy it under each of its covariances.

    Raises
    ------
    UnsupportedCovariance
        If the estimator does not support a covariance of the specification.
    """
    estimator = get(spec.estimator)
    for kind in spec.covariances:
        if kind not in estimator.covariances:
            legal = choices(kind, estimator.covariances)
            raise UnsupportedCovariance(f"estimator {spec.estimator!r} does not support covariance {kind!r}; {legal}")
    try:
        fit = estimator.fit(design)
        gap = reference_gap(design, fit) if spec.estimator == "lpm" else float("nan")
    except EstimationError as error:
        return Estimates(pd.DataFrame(), failures([(spec, error)]))
    effects: dict[str, Effect] = {"average_marginal_effect": average_marginal_effect(fit, design.y, design.treatment)}
    lost = []
    try:
        effects["risk_ratio"] = log_risk_ratio(fit, design.y, design.treatment)
    except EstimationError as error:
        lost.append((spec, error))
    frames = []
    for kind in spec.covariances:
        try:
            covariance = sandwich(kind, fit.scores, fit.bread, design.a, design.b)
        except EstimationError as error:
            lost.append((spec, error))
            continue
        frames.append(_coefficients(fit, covariance))
        frames += [_effect(name, effect, fit, covariance, design, spec) for name, effect in effects.items()]
    if not frames:
        return Estimates(pd.DataFrame(), failures(lost))
    rows = pd.concat(frames, ignore_index=True)
    return Estimates(_described(rows, design, spec, fit, gap), failures(lost))


def failures(lost: Sequence[tuple[Specification, Exception]]) -> pd.DataFrame:
    """One row a number that does not exist."""
    rows = [(s.claim.id, s.sample, s.estimator, type(e).__name__, str(e)) for s, e in lost]
    return pd.DataFrame(rows, columns=list(FAILURE_COLUMNS), dtype="str")


def _coefficients(fit: Fit, covariance: Covariance) -> pd.DataFrame:
    frame = _intervals(fit.estimate, covariance.std_errors, covariance)
    treated = [i == fit.treatment for i in range(len(fit.terms))]
    return frame.assign(quantity="coefficient", term=list(fit.terms), is_treatment=treated)


def _effect(
    name: str, effect: Effect, fit: Fit, covariance: Covariance, design: Design, spec: Specification
) -> pd.DataFrame:
    """Row of one effect; a risk ratio is tested on the log scale and reported as a ratio."""
    error = effect.std_error(covariance.matrix)
    frame = _intervals(np.array([effect.value]), np.array([error]), covariance).assign(
        quantity=name, term=fit.terms[fit.treatment], is_treatment=True
    )
    if name == "risk_ratio":
        ratio = frame[["estimate", "ci_low", "ci_high"]].apply(np.exp)
        frame[["estimate", "ci_low", "ci_high"]] = ratio
        return frame.assign(std_error=ratio["estimate"] * error)
    base = float(design.y.mean())
    mde, smallest = minimum_detectable_effect(error), spec.smallest_effect * base
    judged = verdict(effect.value, error, covariance.df, smallest)
    return frame.assign(mde=mde, mde_share=mde / base, smallest_effect=smallest, verdict=judged)


def _intervals(value: np.ndarray, error: np.ndarray, covariance: Covariance) -> pd.DataFrame:
    margin = stats.t.ppf(0.975, covariance.df) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = value / error
    return pd.DataFrame(
        {
            "covariance": covariance.kind,
            "estimate": value,
            "std_error": error,
            "statistic": statistic,
            "df": covariance.df,
            "p": 2 * stats.t.sf(np.abs(statistic), covariance.df),
            "ci_low": value - margin,
            "ci_high": value + margin,
            "correction": covariance.correction,
            "repair": covariance.repair,
        }
    )


def _described(rows: pd.DataFrame, design: Design, spec: Specification, fit: Fit, gap: float) -> pd.DataFrame:
    """Add what identifies the specification and its data, in the order of columns that all estimates share."""
    pairs = number_dyads(design.a, design.b)
    constant: dict[str, Any] = {
        "spec_id": spec.spec_id,
        "claim": spec.claim.id,
        "outcome": spec.claim.outcome,
        "treatment": spec.claim.treatment,
        "sample": spec.sample,
        "estimator": spec.estimator,
        "n": len(design.y),
        "dyads": len(pairs.low),
        "states": pairs.states,
        "events": int(design.y.sum()),
        "treated": int((design.treatment > 0).sum()),
        "base_risk": float(design.y.mean()),
        "dropped": ", ".join(fit.dropped),
        "converged": fit.converged,
        "reference": "linearmodels PanelOLS" if spec.estimator == "lpm" else "statsmodels Logit is the fit itself",
        "reference_gap": gap,
    }
    full = rows.assign(**constant)
    for name, default in (
        ("mde", np.nan),
        ("mde_share", np.nan),
        ("smallest_effect", np.nan),
        ("verdict", ""),
    ):
        full[name] = full[name].fillna(default) if name in full else default
    return full[list(COLUMNS)]


COLUMNS = (
    "spec_id", "claim", "outcome", "treatment", "sample", "estimator", "covariance", "quantity", "term", "is_treatment",
    "estimate", "std_error", "statistic", "df", "p", "ci_low", "ci_high", "n", "dyads", "states", "events", "treated",
    "base_risk", "mde", "mde_share", "smallest_effect", "verdict", "correction", "repair", "dropped", "converged",
    "reference", "reference_gap",
)  # fmt: skip
