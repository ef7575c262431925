"""A claim by every design that it can have, beside its headline: the panel of its units, effects by year, averages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, UnsuitableTreatment
from detente.base.lags import lag
from detente.base.types import Array
from detente.stats import ModelFrame
from detente.stats.causal import EventStudy, Levels, TreatmentPanel, require_absorbing, treatment_panel
from detente.study.config import Claim, DesignName
from detente.study.design import Specification, ends, lagged
from detente.study.robustness.designs import DESIGNS, Design, with_needs
from detente.study.robustness.frames import DESIGN_EFFECTS, DESIGNS_COMPARED

# Roles of controls that change in time; where a dyad lies does not, and differences take it off.
CHANGING = ("confounder", "duration")
_NUMBERS = ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high")
_BY_YEAR = ("horizon", *(n for n in _NUMBERS if n != "p_value"), "band_low", "band_high", "treated", "controls")


def designs_of(claim: Claim) -> tuple[DesignName, ...]:
    """The designs that a claim asks for, all if it does not say, in order of print."""
    return tuple(name for name in DESIGNS if claim.designs is None or name in claim.designs)


def beside(panel: pd.DataFrame, spec: Specification, design: ModelFrame, seed: int) -> dict[str, pd.DataFrame]:
    """The frames `designs`, one row each, and `design_effects`, by year since the start or the end.

    `panel`: all dyad-years, with the treatment; `design`: the headline's observations, the only ones whose outcome is
    used. A design that the claim or the record does not bear is a row with its reason. `seed`: of the bands.
    """
    found, rows, effects = switching(panel, spec, design), [], []
    for name in designs_of(spec.claim):
        row, by_year = _compared(found, spec.claim, name, seed)
        rows.append(row)
        effects += by_year
    return {"designs": DESIGNS_COMPARED.frame(rows), "design_effects": DESIGN_EFFECTS.frame(effects)}


def switching(panel: pd.DataFrame, spec: Specification, design: ModelFrame) -> TreatmentPanel:
    """Units of the headline's observations by all years of the panel, directed dyads if the claim is about them.

    The treatment is lagged as in the headline, in units of the claim's contrast, and known wherever the panel has it:
    also in years outside the sample or not at risk. The outcome is known in the headline's observations alone.
    Covariates, those of the claim that change in time, are as long before the outcome as the claim has them.
    """
    parts = [*panel.columns[: panel.columns.get_loc("year")]]
    claim, outcome, rows = spec.claim, np.full(len(panel), np.nan), design.rows
    if rows is None:
        raise EstimationError("designs need to know which rows of the panel the headline's observations are")
    outcome[rows] = design.y
    term = lagged(claim.treatment, claim.lag)
    treatment = lag(panel, claim.treatment, claim.lag).to_numpy(dtype=np.float64, na_value=np.nan)
    if claim.contrast is not None:
        low, high = ends(panel, claim.treatment, claim.contrast, treatment[rows])
        treatment = (treatment - low) / (high - low)
    table = panel[[*parts, "year"]].assign(**{claim.outcome: outcome, term: treatment, **_changing(panel, spec)})
    used = table.groupby(parts, sort=False)[claim.outcome].transform("count").to_numpy() > 0
    names = [name for name in table.columns if name not in (*parts, "year", claim.outcome, term)]
    one, other = map(str, parts)
    binary = np.isin(treatment[~np.isnan(treatment)], (0.0, 1.0)).all()
    of = term if binary else Levels(term)
    return treatment_panel(table[used], claim.outcome, of, unit=(one, other), time="year", covariates=names)


def _changing(panel: pd.DataFrame, spec: Specification) -> dict[str, Array]:
    """Controls (N,) that change in time by their term, as they are in the headline."""
    used = [c for c in spec.controls if c.role in CHANGING]
    return {
        lagged(c.variable, c.lag): lag(panel, c.variable, c.lag).to_numpy(dtype=np.float64, na_value=np.nan)
        for c in used
    }


def _compared(
    panel: TreatmentPanel, claim: Claim, name: DesignName, seed: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row of a design, and those of its effects; none where it has no estimate."""
    design = DESIGNS[name]
    row: dict[str, Any] = {"design": name, "label": design.label, "since": design.since, "estimand": ""}
    row |= {"vcov": "", "switches": 0, "fewest": 0, "controls": 0, "failure": "", "notes": ""}
    try:
        require(claim, panel, design)
        study = design.make(with_needs(panel, design))
        said, by_year = averaged(study), study.table(seed=seed)
    except EstimationError as error:
        return row | {"failure": str(error)}, []
    effects = [{"design": name, **{c: r[c] for c in _BY_YEAR}} for r in by_year.to_dict("records")]
    return row | said, effects


def require(claim: Claim, panel: TreatmentPanel, design: Design) -> None:
    """Raise UnsuitableTreatment if a claim or its treatment is not what a design is for."""
    if claim.moderator is not None:
        raise UnsuitableTreatment(
            "the claim is about how an effect changes with a moderator, and the design estimates the effect itself"
        )
    if not design.levels and not panel.binary:
        raise UnsuitableTreatment(
            f"{panel.names[1]!r} has values other than 0 and 1, and the design compares treated years with untreated"
        )
    if design.lasting:
        require_absorbing(panel, "the design")


def averaged(study: EventStudy) -> dict[str, Any]:
    """The average effect from the switch on, the test of placebos, and what the design rests on."""
    made = study.covariance()
    average, (statistic, p) = study.average(made), study.pretest()
    after = np.flatnonzero(study.horizon >= 0)
    row = {name: getattr(average, name) for name in _NUMBERS}
    row |= {"estimand": study.estimand, "vcov": made.kind}
    # Of estimates that are zero, a statistic may be below it by rounding.
    row |= {"placebo_f": float(np.maximum(statistic, 0.0)), "placebo_p": p}
    row |= {"switches": int(study.treated[after[0]]), "controls": int(study.controls[after[0]])}
    row |= {"fewest": int(study.treated[after].min())}
    row |= {f"{part}_negative": study.details.get(f"{part}_negative", np.nan) for part in ("share", "sum")}
    if not np.isfinite(average.p_value):
        row["failure"] = f"the {made.kind} covariance leaves the average effect no variance"
    return row | {"notes": "; ".join(study.notes)}
