"""Made-up claims by other designs, for the tests of what is shown of them."""

from __future__ import annotations

import math

import pandas as pd

from detente.study.robustness import DESIGNS
from detente.study.robustness.frames import DESIGN_EFFECTS, DESIGNS_COMPARED


def designs(claim: str = "exercise") -> pd.DataFrame:
    """A claim by every design: starts lower the risk, ends leave nothing, two do not exist, one has no error."""
    frame = DESIGNS_COMPARED.frame(
        {"design": name, "label": design.label, "since": design.since, "estimand": "ATT", "vcov": "dyadic",
         "estimate": -0.002 * design.sign, "std_error": 0.001, "df": 9.0, "p_value": 0.08, "conf_low": -0.0045,
         "conf_high": 0.0004, "placebo_f": 1.2, "placebo_p": 0.34, "switches": 1200, "fewest": 90, "controls": 5000,
         "permuted": "no events", "failure": "", "notes": ""}
        for name, design in DESIGNS.items()
    )  # fmt: skip
    at = frame["design"]
    numbers = [name for name, column in DESIGNS_COMPARED.columns.items() if column.dtype == "float64"]
    lost = at.isin(["event_study", "staggered"])
    frame.loc[lost, numbers] = math.nan
    frame.loc[lost, "failure"] = "the treatment ends 4 times in 3 units; this design is for treatments that stay"
    frame.loc[at == "first_switches", ["std_error", "p_value", "conf_low", "conf_high"]] = math.nan
    frame.loc[at == "first_switches", "failure"] = "the dyadic covariance leaves the average effect no variance"
    frame.loc[at == "twfe", ["share_negative", "sum_negative"]] = (0.07, -0.011)
    frame.loc[at.isin(["twfe", "carry_over"]), ["placebo_f", "placebo_p"]] = math.nan
    frame.loc[at == "matching", "p_permutation"] = 0.25
    frame.loc[at == "imputation", ["conf_high", "placebo_p"]] = (-0.0001, 0.01)
    return DESIGNS_COMPARED.validated(frame).assign(claim=claim)


def design_effects(claim: str = "exercise") -> pd.DataFrame:
    """Effects by year of three designs, one of them of ends, as `designs` has them."""
    rows = [
        {"design": name, "horizon": year, "estimate": 0.001 * year, "std_error": 0.002, "df": 9.0, "conf_low": -0.006,
         "conf_high": 0.006, "band_low": -0.009, "band_high": 0.009, "treated": 100 - year, "controls": 5000}
        for name in ("matching", "imputation", "matching_ends") for year in (-3, -2, *range(5))
    ]  # fmt: skip
    return DESIGN_EFFECTS.validated(DESIGN_EFFECTS.frame(rows)).assign(claim=claim)
