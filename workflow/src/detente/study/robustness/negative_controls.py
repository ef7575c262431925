"""Negative controls of a claim: what cannot have its effect, in the headline's model beside the treatment."""

import math
from dataclasses import replace
from typing import Any

import pandas as pd

from detente.base.errors import EmptySample, EstimationError, NoVariation, RankDeficient, UnknownVariable
from detente.stats import Fit, ModelFrame, fit, get, with_fixed_effects
from detente.study.config import Control
from detente.study.config.claims import Placebo
from detente.study.design import ESTIMATOR, Specification, build_design, lagged
from detente.study.robustness.frames import PLACEBOS


def examined_models(spec: Specification) -> list[Specification]:
    """All that an examination fits: the headline, and it with each negative control."""
    return [spec, *(beside_treatment(spec, placebo) for placebo in spec.claim.placebos)]


def fit_as_headline(design: ModelFrame, spec: Specification) -> Fit:
    """The LPM of a design with the effects of the headline, under its first covariance."""
    whole = with_fixed_effects(design, get(ESTIMATOR), spec.absorbed)
    return fit(whole, estimator=ESTIMATOR, vcov=spec.vcov[0])


def placebos(panel: pd.DataFrame, spec: Specification) -> pd.DataFrame:
    """One row per negative control of the claim, in the headline's model beside the treatment; as `PLACEBOS`."""
    return PLACEBOS.frame(_placebo(panel, spec, placebo) for placebo in spec.claim.placebos)


def _placebo(panel: pd.DataFrame, spec: Specification, placebo: Placebo) -> dict[str, Any]:
    """A negative control, or why there is none: of a treatment that never ends, the lead is the treatment."""
    row: dict[str, Any] = {"variable": placebo.variable, "lag": placebo.lag, "label": placebo.label}
    row |= {"nobs": 0, "events": 0, "treated": 0, "failure": ""}
    both = beside_treatment(spec, placebo)
    try:
        made = fit_as_headline(build_design(panel, both), spec)
        found = made.table().set_index("term").to_dict("index")[lagged(placebo.variable, placebo.lag)]
    except (RankDeficient, NoVariation) as error:
        return row | {"failure": f"it does not vary apart from the treatment and the controls ({both.reason(error)})"}
    except (EstimationError, EmptySample, UnknownVariable) as error:
        return row | {"failure": both.reason(error)}
    counts = {"nobs": made.nobs, "events": made.events, "treated": int((made.design.treatment > 0).sum())}
    numbers = ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high")
    if not math.isfinite(found["p_value"]):
        row["failure"] = f"the {made.vcov.kind} covariance leaves it no variance"
    return row | {name: float(found[name]) for name in numbers} | counts


def beside_treatment(spec: Specification, placebo: Placebo) -> Specification:
    """The claim's model with a negative control first, and the treatment among the controls.

    Given the treatment, a negative control goes with the outcome only if something else does (Shi, Miao and Tchetgen
    Tchetgen 2020). In place of it, the lead of a lasting treatment would show the treatment's own effect.
    """
    claim = spec.claim
    treatment = Control(variable=claim.treatment, role="confounder", lag=claim.lag, label=claim.label, why=claim.label)
    control = claim.model_copy(update={"treatment": placebo.variable, "lag": placebo.lag, "moderator": None})
    return replace(spec, claim=control, controls=(treatment, *spec.controls))
