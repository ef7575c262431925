"""Specifications whose effect a design for treatments that switch identifies, on the scale of the linear model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EmptySample, EstimationError, IndefiniteCovariance
from detente.base.numerics import ROUNDING
from detente.base.types import Array
from detente.stats import ModelFrame
from detente.stats.causal import EventStudy, TreatmentPanel
from detente.study.design import REGRESSION, Specification, build_design
from detente.study.estimation import as_risk
from detente.study.robustness import DESIGNS, effect_from, switching, with_needs


@dataclass(frozen=True)
class Shared:
    """What designs of the same observations share: outcome and treatment (N,) of these, counts, and units by years."""

    y: Array
    treatment: Array
    counts: Mapping[str, Any]
    units: TreatmentPanel


def switched(panel: pd.DataFrame, specs: Sequence[Specification], places: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Numbers of specifications of one unit and sample by their place; `panel`: all years of dyads ever in the sample.

    Those alike in all but their design share observations and units, which are in memory no longer than theirs.
    """
    found: dict[tuple[Any, ...], list[int]] = {}
    for i in places:
        found.setdefault(replace(specs[i], design=REGRESSION).fit, []).append(i)
    made: dict[int, dict[str, Any]] = {}
    for alike in found.values():
        of = shared(panel, specs[alike[0]])
        made |= {i: numbers(specs[i], of) for i in alike}
        del of
    return made


def shared(panel: pd.DataFrame, spec: Specification) -> Shared | Exception:
    """Observations and units of a specification, or why there are none."""
    try:
        rows = build_design(panel, spec)
        # Of its columns nothing is needed beside these, and they need not be in memory while designs are fitted.
        return Shared(rows.y, rows.treatment.copy(), _counts(rows), switching(panel, spec, rows))
    except (EmptySample, EstimationError) as error:
        return error


def numbers(spec: Specification, of: Shared | Exception) -> dict[str, Any]:
    """Numbers of one specification by column, its error by its own covariance; or why there are none.

    The estimate is the average over the first year in which the treatment counts and the four after it. Counts are
    those of the headline's observations, in which the outcome is known. Base risk is the mean outcome of the treated
    ones less the effect, and errs with it; missing where that is zero but for rounding.
    """
    if isinstance(of, Exception):
        return {"error": type(of).__name__, "message": str(of)}
    design = DESIGNS[spec.design]
    try:
        study = design.make(with_needs(of.units, design), spec.claim.lag)
        effect = _effect(study, spec)
    except EstimationError as error:
        return {**of.counts, "error": type(error).__name__, "message": str(error)}
    treated = of.treatment > 0
    share = float(of.treatment[treated].mean())
    risk = float(of.y[treated].mean()) - share * effect["estimate"]
    base = as_risk(risk if risk > ROUNDING * effect["std_error"] else 0.0)
    stretched = (1 + spec.smallest_effect * share) * effect["std_error"]
    return {**of.counts, **effect, "base_risk": base, "difference_error": stretched, "error": "", "message": ""}


def _effect(study: EventStudy, spec: Specification) -> dict[str, float]:
    """The average effect, its error and degrees of freedom by the specification's covariance, and its error by dyad.

    Raises IndefiniteCovariance if that leaves it no variance.
    """
    first = spec.claim.lag if DESIGNS[spec.design].path else 0
    average = effect_from(study, first, spec.vcov[0])
    if not np.isfinite(average.p_value):
        raise IndefiniteCovariance(f"the {spec.vcov[0]} covariance leaves the average effect no variance")
    by_dyad = effect_from(study, first, "dyad").std_error
    return {"estimate": average.estimate, "std_error": average.std_error, "df": average.df, "dyad_std_error": by_dyad}


def _counts(rows: ModelFrame) -> dict[str, Any]:
    """Observations, dyads, states, onsets, their mean, and treated observations."""
    return {
        "nobs": len(rows.y),
        "dyads": len(rows.pairs.low),
        "states": rows.pairs.states,
        "events": int(rows.y.sum()),
        "mean_risk": float(rows.y.mean()),
        "treated": int((rows.treatment > 0).sum()),
    }
