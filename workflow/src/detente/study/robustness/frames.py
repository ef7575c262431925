"""The frames of an examination: what each holds is declared here once, and all of them are one object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pandas as pd

from detente.base.frames import Column, FrameSchema, count, number, share, text
from detente.study.config import DesignName
from detente.study.estimation import ESTIMATES, VERDICTS
from detente.study.robustness.contributions import CONTRIBUTIONS
from detente.study.robustness.deciding import DECIDING
from detente.study.robustness.kad_frame import KADS

ESTIMATE = {"estimate": number("change in the risk of onset"), "std_error": number("its standard error", low=0)}
INTERVAL = {"conf_low": number("95 % interval, lower end"), "conf_high": number("95 % interval, upper end")}
POWER = FrameSchema(
    "power",
    {
        "base_risk": share("risk of the treated rows without treatment"),
        "vcov": text("covariance estimator"),
        "df": number("degrees of freedom"),
        "std_error": number("of the observed fit", low=0),
        "mde": number("minimum detectable effect, by the observed standard error and its degrees of freedom", low=0),
        "mde_share": number("the same over base risk", low=0),
        "mde_simulated": number("where the simulated power curve crosses 80 %", low=0),
        "mde_simulated_share": number("the same over base risk", low=0),
        "smallest_effect": number("smallest effect of interest", low=0),
        "power_at_smallest": share("share of planted draws in which it is found"),
        "power_by_error": share("power at it by the observed standard error"),
        "spread": number("standard deviation of estimates under no effect", low=0),
        "type_m_at_smallest": number("mean exaggeration of significant estimates at it", low=0),
        "type_s_at_smallest": share("share of significant estimates with the wrong sign"),
        "size": share("share of draws under no effect that reject"),
        "size_error": number("its Monte Carlo error", low=0),
        "shock": number("standard deviation of the shocks of states, in logs", low=0),
        "persistence": number("their correlation from year to year"),
        "draws": count("simulated outcomes"),
    },
)
POWER_CURVE = FrameSchema(
    "power_curve",
    {
        "effect": Column("float64", "planted, in onsets per dyad-year"),
        "effect_share": Column("float64", "the same over base risk"),
        "possible": Column("bool", "whether it leaves treated rows a risk between 0 and 1"),
        "draws": count("simulated outcomes"),
        "power": share("share of draws that reject no effect"),
        "power_error": number("its Monte Carlo error", low=0),
        "type_s": share("share of these with the wrong sign"),
        "type_m": number("their mean |estimate| over |effect|", low=0),
        "coverage": share("interval coverage"),
        "coverage_error": number("its Monte Carlo error", low=0),
        "mean_estimate": number("mean of the estimates"),
        "spread": number("their standard deviation", low=0),
        "std_error": number("their mean standard error", low=0),
        "undefined": count("draws without a standard error"),
    },
)
SENSITIVITY = FrameSchema(
    "sensitivity",
    {
        "term": text("the treatment"),
        **ESTIMATE,
        "t": number("its t statistic"),
        "df": number("degrees of freedom"),
        "critical": number("critical t at 5 % beside a confounder"),
        "vcov": text("covariance estimator"),
        "std_error_classical": number("classical standard error", low=0),
        "t_classical": number("t by it"),
        "df_residual": number("observations less coefficients and fixed effects"),
        "partial_r2": share("of treatment and outcome"),
        "rv": share("what a confounder must explain of both to bring the estimate to zero"),
        "rv_alpha": share("the same to make it insignificant at 5 %"),
        "rv_alpha_classical": share("the same under the classical covariance"),
        "rv_substituted": share("`rv` with this t in the place of the classical one"),
        "q": number("share of the estimate that is to be explained"),
    },
)
BOUNDS = FrameSchema(
    "bounds",
    {
        "benchmark": text("observed control that a confounder is compared with"),
        "times": Column("float64", "how many times as strong"),
        "r2dz_x": share("partial R² of the confounder with the treatment"),
        "r2yz_dx": share("partial R² of the confounder with the outcome"),
        **ESTIMATE,
        "t": number("t beside the confounder"),
        **INTERVAL,
        "failure": text("why there is no such confounder"),
    },
)
CONTOURS = FrameSchema(
    "contours",
    {
        "r2dz_x": share("partial R² of the confounder with the treatment"),
        "r2yz_dx": share("partial R² of the confounder with the outcome"),
        "estimate": number("the estimate beside it"),
        "t": number("its t statistic"),
    },
)
EXTREMES = FrameSchema(
    "extremes",
    {
        "r2yz_dx": share("share of what is left of the outcome that the confounder explains"),
        "r2dz_x": share("partial R² of the confounder with the treatment"),
        "estimate": number("the estimate beside it"),
    },
)
SELECTION = FrameSchema(
    "selection",
    {
        "r_max_rule": text("how the largest R² is set"),
        "r_max": share("the largest R²"),
        "estimate_short": number("without controls"),
        "r2_short": share("R² without controls"),
        "estimate": number("with controls"),
        "r2": share("R² with controls"),
        "delta": number("selection on unobservables over that on observables that would bring the effect to zero"),
        "beta_star": number("the effect if both are the same"),
        "roots": text("all effects that this allows"),
    },
)
EVALUE = FrameSchema(
    "evalue",
    {
        "ratio": number("risk ratio", low=0),
        "ratio_low": number("95 % interval, lower end", low=0),
        "ratio_high": number("95 % interval, upper end", low=0),
        "e_value": number("risk ratio with treatment and outcome that explains it away", low=1),
        "e_value_limit": number("the same of the end of the interval nearer to one", low=1),
    },
)
PLACEBOS = FrameSchema(
    "placebos",
    {
        "variable": text("what stands beside the treatment"),
        "lag": Column("int64", "years before the outcome; negative after it"),
        "label": text("what it is called"),
        **ESTIMATE,
        "df": number("degrees of freedom"),
        "p_value": share("two-sided"),
        **INTERVAL,
        "nobs": count("observations"),
        "events": count("onsets"),
        "treated": count("treated observations"),
        "failure": text("why there is no such control"),
    },
    checks={"an estimate, or a reason why not": lambda f: f["p_value"].notna() | (f["failure"] != "")},
)
INFLUENCE = FrameSchema(
    "influence",
    {
        "kind": Column("str", "what is left out", allowed=("state", "series", "region", "era")),
        "left_out": text("which"),
        "rows": count("observations that go, or whose treatment changes"),
        "events": number("onsets in them", low=0),
        **ESTIMATE,
        "df": number("degrees of freedom"),
        "change": number("from the estimate of all rows"),
        "change_se": number("the same in its standard errors"),
        "verdict": Column("str", "of the refit", allowed=VERDICTS),
        "flips": Column("bool", "whether it is another than the headline's"),
        "influential": Column("bool", "whether it flips, or moves the estimate by more than 2/√G standard errors"),
        "failure": text("why there is no estimate, or no standard error"),
    },
)
TESTS = FrameSchema(
    "tests",
    {
        "scheme": text("how the treatment is re-randomised"),
        "term": text("the treatment"),
        "statistic": text("what is compared"),
        "observed": number("in the data"),
        "draws": count("re-randomised treatments"),
        "seed": count("of the draws"),
        "p_value": share("two-sided"),
        "p_low": share("one-sided, lower"),
        "p_high": share("one-sided, higher"),
        "flags": text("what a reader must know of the draws"),
    },
)
DRAWS = FrameSchema("draws", {"draw": count("from 0"), "statistic": number("of a re-randomised treatment")})
CALIBRATION = FrameSchema(
    "calibration",
    {
        "scheme": text("how placebo networks are drawn"),
        "term": text("the treatment"),
        **ESTIMATE,
        "statistic": number("its dyadic t"),
        "df": number("effective degrees of freedom"),
        "p_value": share("placebo networks whose |t| is as large, the observed one among them"),
        "conf_low": number("effects that the placebo networks do not reject at 5 %, lower end"),
        "conf_high": number("effects that the placebo networks do not reject at 5 %, upper end"),
        "draws": count("placebo networks"),
        "undefined": count("those left out, whose treatment has no t"),
        "df_median": number("effective degrees of freedom of the median placebo network"),
        "seed": count("of the draws"),
        "flags": text("what a reader must know of the draws"),
    },
)
SIZES = FrameSchema(
    "sizes",
    {
        "vcov": text("covariance estimator, and its degrees of freedom where they are not the default"),
        "level": share("nominal level"),
        "size": share("share of placebo networks that it rejects"),
        "size_error": number("its Monte Carlo error", low=0),
        "draws": count("placebo networks that have a t"),
    },
    key=("vcov", "level"),
)
DESIGNS_COMPARED = FrameSchema(
    "designs",
    {
        "design": Column("str", "name of the design", allowed=get_args(DesignName)),
        "label": text("what it is called"),
        "since": Column("str", "what years are counted from", allowed=("start", "end")),
        "estimand": text("whose effect it is"),
        "estimate": number("average change in the risk of onset over the years in which the treatment counts"),
        "std_error": number("its standard error", low=0),
        "df": number("degrees of freedom"),
        "p_value": share("two-sided"),
        **INTERVAL,
        "vcov": text("covariance estimator"),
        "placebo_f": number("F statistic of no effect in the years before the switch", low=0),
        "placebo_p": share("its p-value"),
        "switches": count("treated observations in the first year that is averaged"),
        "fewest": count("treated observations in the year of the average that has fewest"),
        "controls": count("observations that these are compared with"),
        "share_negative": share("of treated observations whose effect has a negative weight"),
        "sum_negative": number("sum of negative weights; all weights add up to one", high=0),
        "p_permutation": share("p-value by switches drawn as they are assigned, in the matched sets, unrefined"),
        "permuted": text("what was drawn, or why nothing was"),
        "failure": text("why there is no estimate, or no standard error"),
        "notes": text("what a reader must know"),
    },
    key=("design",),
    checks={"an estimate with an error, or a reason why not": lambda f: f["p_value"].notna() | (f["failure"] != "")},
)
DESIGN_EFFECTS = FrameSchema(
    "design_effects",
    {
        "design": Column("str", "name of the design", allowed=get_args(DesignName)),
        "horizon": Column("int64", "years since that in which the treatment begins or ends; −1 is the base"),
        **ESTIMATE,
        "df": number("degrees of freedom"),
        **INTERVAL,
        "band_low": number("95 % band of all years at once, lower end"),
        "band_high": number("95 % band of all years at once, upper end"),
        "treated": count("treated observations that are averaged"),
        "controls": count("observations that these are compared with"),
    },
    key=("design", "horizon"),
)
OF_DESIGNS: Mapping[str, FrameSchema] = {schema.name: schema for schema in (DESIGNS_COMPARED, DESIGN_EFFECTS)}
"""Frames of a claim by other designs, which those of the study's own are examined with and shown in its paper."""
FAILURES = FrameSchema(
    "failures",
    {"part": text("what of the examination is missing"), "error": text("kind of failure"), "message": text("why")},
)
PREDICTION = FrameSchema(
    "prediction",
    {
        "scheme": text("how rows are kept from the model that predicts them"),
        "model": text("base, with one instrument, or with all"),
        "metric": text("of predicted risks"),
        "value": number("of the model"),
        "gain": number("over the base model, positive if better"),
        "gain_low": number("95 % interval over draws of states, lower end"),
        "gain_high": number("95 % interval over draws of states, upper end"),
        "rows": count("predicted"),
        "events": count("onsets in them"),
        "states": count("their states"),
        "draws": count("draws of states"),
    },
    key=("scheme", "model", "metric"),
)
SEPARATION = FrameSchema(
    "separation",
    {
        "scheme": text("how rows are kept from the model that predicts them"),
        "model": text("base, with one instrument, or with all"),
        "rank": share("place in the order of predicted risk"),
        "risk": share("predicted"),
        "outcome": Column("float64", "1 for an onset", allowed=(0.0, 1.0)),
    },
)
_OWN = (
    POWER, POWER_CURVE, DECIDING, CONTRIBUTIONS, SENSITIVITY, BOUNDS, CONTOURS, EXTREMES, SELECTION, EVALUE, PLACEBOS,
    INFLUENCE, TESTS, DRAWS, CALIBRATION, SIZES, DESIGNS_COMPARED, DESIGN_EFFECTS, KADS, FAILURES,
)  # fmt: skip
SCHEMAS: Mapping[str, FrameSchema] = {"headline": ESTIMATES, **{schema.name: schema for schema in _OWN}}
EXAMINED = tuple(SCHEMAS)
"""Names of the frames of an examination, which are those of its files."""


@dataclass(frozen=True)
class Examination:
    """All that is asked of one claim's headline; what does not exist for it is empty, with a reason in `failures`.

    headline: tidy estimates of the LPM under each covariance. power, power_curve: what the design can find. deciding:
    how much more of the record it would need. contributions: what each dyad adds to the estimate.
    sensitivity, bounds, contours, extremes, selection, evalue: how strong a confounder would have to be. placebos: the
    headline with a negative control beside the treatment. influence: without each state, region, era and series of
    exercises. tests, draws: randomisation. designs, design_effects: the claim by each design for treatments that
    switch, on average and by year. kads: the claim with each event of several states as one observation.
    """

    headline: pd.DataFrame
    power: pd.DataFrame
    power_curve: pd.DataFrame
    deciding: pd.DataFrame
    contributions: pd.DataFrame
    sensitivity: pd.DataFrame
    bounds: pd.DataFrame
    contours: pd.DataFrame
    extremes: pd.DataFrame
    selection: pd.DataFrame
    evalue: pd.DataFrame
    placebos: pd.DataFrame
    influence: pd.DataFrame
    tests: pd.DataFrame
    draws: pd.DataFrame
    calibration: pd.DataFrame
    sizes: pd.DataFrame
    designs: pd.DataFrame
    design_effects: pd.DataFrame
    kads: pd.DataFrame
    failures: pd.DataFrame

    @classmethod
    def of(cls, found: Mapping[str, pd.DataFrame]) -> Examination:
        """The frames that were made; the others are empty."""
        return cls(**{name: found[name] if name in found else schema.empty() for name, schema in SCHEMAS.items()})

    @classmethod
    def read(cls, folder: Path) -> Examination:
        """Read what `write` wrote."""
        return cls(**{name: schema.read(folder / f"{name}.parquet") for name, schema in SCHEMAS.items()})

    def write(self, folder: Path) -> None:
        """Write each frame, if it keeps its schema, as <name>.parquet."""
        for name, schema in SCHEMAS.items():
            schema.write(getattr(self, name), folder / f"{name}.parquet")
