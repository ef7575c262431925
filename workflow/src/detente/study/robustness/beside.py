"""A claim by every design that it can have, beside its headline: the panel of its units, effects by year, averages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EmptySample, EstimationError, UnsuitableTreatment
from detente.base.lags import Lags
from detente.base.numbering import intersect
from detente.base.types import Array, Codes, Flags
from detente.data.sources import Assignment
from detente.stats import ModelFrame
from detente.stats.causal import (
    Contrast,
    EventStudy,
    Levels,
    Redrawn,
    TreatmentPanel,
    require_absorbing,
    treatment_panel,
)
from detente.stats.covariance import Covariance
from detente.study.config import Claim, DesignName
from detente.study.design import Specification, build_design, ends, lagged, sides_of
from detente.study.robustness.designs import DESIGNS, HISTORY, Design, permuted, with_needs
from detente.study.robustness.frames import DESIGN_EFFECTS, DESIGNS_COMPARED
from detente.study.robustness.randomising import assignment
from detente.study.robustness.suited import require_kept, unsuited

# Roles of controls that change in time; where a dyad lies does not, and differences take it off.
CHANGING = ("confounder", "duration")
NO_EVENTS = "no event that assigns the treatment is at hand"
_NUMBERS = ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high")
_BY_YEAR = ("horizon", *(n for n in _NUMBERS if n != "p_value"), "band_low", "band_high", "treated", "controls")


def designs_of(claim: Claim) -> tuple[DesignName, ...]:
    """The designs that a claim asks for, all if it does not say, in order of print."""
    return tuple(name for name in DESIGNS if claim.designs is None or name in claim.designs)


def beside(
    panel: pd.DataFrame, spec: Specification, design: ModelFrame, seed: int, events: Redrawn | str = NO_EVENTS
) -> dict[str, pd.DataFrame]:
    """The frames `designs`, one row each, and `design_effects`, by year since the start or the end.

    `panel`: all dyad-years, with the treatment; `design`: the headline's observations, the only ones whose outcome is
    used. A claim that names its designs has these as the record bears them; others have those that suit how their
    treatment is declared to be assigned. A design that it cannot have is a row with its reason. `seed`: of bands and
    permutations. `events` that assign the treatment, all dyads of one together, or why there are none: in matched sets
    it is drawn, event by event, who switches.
    Raises BrokenContract if a treatment that is declared to stay ends on record.
    """
    found, how, rows, effects = switching(panel, spec, design), assignment(spec.claim), [], []
    require_kept(how, spec.claim, found)
    for name in designs_of(spec.claim):
        row, by_year = _compared(found, spec.claim, name, how, seed, events)
        rows.append(row)
        effects += by_year
    return {"designs": DESIGNS_COMPARED.frame(rows), "design_effects": DESIGN_EFFECTS.frame(effects)}


def compared(
    panel: pd.DataFrame, spec: Specification, seed: int, events: Redrawn | str = NO_EVENTS
) -> dict[str, pd.DataFrame]:
    """The same of a panel alone; if the headline has no observations there, every design says so."""
    try:
        return beside(panel, spec, build_design(panel, spec), seed, events)
    except (EstimationError, EmptySample) as error:
        rows = [_named(name) | {"failure": str(error)} for name in designs_of(spec.claim)]
        return {"designs": DESIGNS_COMPARED.frame(rows), "design_effects": DESIGN_EFFECTS.empty()}


def switching(panel: pd.DataFrame, spec: Specification, design: ModelFrame) -> TreatmentPanel:
    """Units of the headline's observations by all years of the panel, of the claim's own unit.

    The treatment is that of each year, not lagged, so that years count from its own start and end, in units of the
    claim's contrast, and known wherever the panel has it: also in years outside the sample or not at risk. The outcome
    is known in the headline's observations alone. Covariates, those of the claim that change in time, are as long
    before the treatment as the claim has them; peace years are those of its own year, which count up to the one before.
    Years in which no treatment is known are left out, but for the history of the first that is.
    """
    one, other = sides_of(panel)
    parts = [one] if one == other else [one, other]
    claim, outcome, rows = spec.claim, np.full(len(panel), np.nan), design.rows
    if rows is None:
        raise EstimationError("designs need to know which rows of the panel the headline's observations are")
    outcome[rows] = design.y
    lags = Lags(panel)
    term, treatment = claim.treatment, _values(lags, claim.treatment)
    if claim.contrast is not None:
        counted = _values(lags, claim.treatment, claim.lag)[rows]
        low, high = ends(panel, claim.treatment, claim.contrast, counted)
        treatment = (treatment - low) / (high - low)
    known = ~np.isnan(treatment)
    used, changing = _used(panel, rows, known, claim.lag), _changing(lags, spec)
    columns = {claim.outcome: outcome, term: treatment, **changing}
    table = panel.loc[used, [*parts, "year"]].assign(**{name: values[used] for name, values in columns.items()})
    of = term if np.isin(treatment[known], (0.0, 1.0)).all() else Levels(term)
    unit = one if one == other else (one, other)
    return treatment_panel(table, claim.outcome, of, unit=unit, time="year", covariates=list(changing))


def _used(panel: pd.DataFrame, rows: Codes, known: Flags, lag: int) -> Flags:
    """Rows (N,) of the units of some `rows` in years that designs look at, by where the treatment is `known` (N,)."""
    unit = intersect(*(panel[part].to_numpy(dtype=np.int64) for part in sides_of(panel)))
    studied = np.zeros(int(unit.max(initial=-1)) + 1, dtype=bool)
    studied[unit[rows]] = True
    year = panel["year"].to_numpy(dtype=np.int64)
    first, last = year[known].min() - HISTORY - lag, max(year[known].max(), year[rows].max())
    return np.asarray(studied[unit] & (year >= first) & (year <= last))


def _changing(lags: Lags, spec: Specification) -> dict[str, Array]:
    """Controls (N,) that change in time by their term, as long before the treatment as the headline has them."""
    used = {c.variable: max(c.lag - spec.claim.lag, 0) for c in spec.controls if c.role in CHANGING}
    return {lagged(name, years): _values(lags, name, years) for name, years in used.items()}


def _values(lags: Lags, variable: str, years: int = 0) -> Array:
    """A variable (N,) of so many years before."""
    return np.asarray(lags.of(variable, years).to_numpy(dtype=np.float64, na_value=np.nan))


def _compared(
    panel: TreatmentPanel, claim: Claim, name: DesignName, how: Assignment, seed: int, events: Redrawn | str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row of a design, and those of its effects; none where it has no estimate."""
    design, row = DESIGNS[name], _named(name)
    try:
        require(claim, panel, name, how)
        study = design.make(with_needs(panel, design), claim.lag)
        said = averaged(study, claim.lag if design.path else 0) | _permuted(panel, claim, design, seed, events)
        by_year = study.table(seed=seed) if design.path else study.table(seed=seed).iloc[:0]
    except EstimationError as error:
        return row | {"failure": str(error)}, []
    effects = [{"design": name, **{c: r[c] for c in _BY_YEAR}} for r in by_year.to_dict("records")]
    return row | said, effects


def _permuted(panel: TreatmentPanel, claim: Claim, design: Design, seed: int, events: Redrawn | str) -> dict[str, Any]:
    """The permutation test of a design, or why there is none."""
    if isinstance(events, str):
        return {"permuted": events}
    if not design.drawn:
        return {"permuted": "no sets in which it could be drawn who switches: each draw would be a fit of its own"}
    try:
        test = permuted(panel, design, claim.lag, events, seed)
    except EstimationError as error:
        return {"permuted": str(error)}
    low, high = np.quantile(test.draws, (0.025, 0.975))
    said = f"{test.words}; t of the middle 95 % of them {low:.2f} to {high:.2f}, observed {test.observed:.2f}"
    return {"p_permutation": test.p_two_tails, "permuted": said}


def _named(name: DesignName) -> dict[str, Any]:
    """The row of a design that has no estimate."""
    design = DESIGNS[name]
    row: dict[str, Any] = {"design": name, "label": design.label, "since": design.since, "estimand": ""}
    return row | {"vcov": "", "switches": 0, "fewest": 0, "controls": 0, "permuted": "", "failure": "", "notes": ""}


def require(claim: Claim, panel: TreatmentPanel, name: DesignName, how: Assignment) -> None:
    """Raise UnsuitableTreatment if a claim or its treatment is not what a design is for."""
    design = DESIGNS[name]
    if claim.moderator is not None:
        raise UnsuitableTreatment(
            "the claim is about how an effect changes with a moderator, and the design estimates the effect itself"
        )
    if not design.levels and not panel.binary:
        raise UnsuitableTreatment(
            f"{panel.names[1]!r} has values other than 0 and 1, and the design compares treated years with untreated"
        )
    if claim.designs is None and (why := unsuited(how, name)):
        raise UnsuitableTreatment(why)
    if design.lasting:
        require_absorbing(panel, "the design")


def effect_from(study: EventStudy, first: int, vcov: str | Covariance) -> Contrast:
    """The average effect over the horizons from `first` on, each alike."""
    after = study.horizon >= first
    return study.contrast(after / after.sum(), vcov)


def averaged(study: EventStudy, first: int) -> dict[str, Any]:
    """The average effect from the `first` horizon that has one on, the test of placebos, what the design rests on."""
    made, after = study.covariance(), np.flatnonzero(study.horizon >= first)
    average, (statistic, p) = effect_from(study, first, made), study.pretest()
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
