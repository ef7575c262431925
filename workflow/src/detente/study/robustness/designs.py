"""Designs for treatments that switch, each declared once: what it compares, when a claim can have it, and how.

Years are counted from the switch of the treatment itself: 0 is the first year with it, or without it. Differences are
from the year before, −1, the last that is wholly before the switch. A claim's treatment counts `lag` years later, so
that its effects run from that year to the fourth after it; what comes before, for a lag of one the year of the switch,
is shown and not averaged. Were years counted from the lagged treatment, the base would be the year of the switch, and
what treatment and outcome share in one year would pass for an effect. Placebos run over the four years before the
switch, so that all designs can be read on one scale. Estimators are those of `detente.stats.causal`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from detente.base.types import Array
from detente.stats.causal import (
    Assignment,
    EventStudy,
    Imputed,
    Permuted,
    Refinement,
    Regressed,
    Staggered,
    TreatmentPanel,
    Window,
    first_switch_effects,
    imputation,
    lagged,
    matching,
    permuted_sets,
    staggered,
    two_way,
)
from detente.study.config import DesignName

# Years before the switch that are compared, and years with an effect after the first that has one.
HISTORY, LEADS = 4, 4
# Treatments drawn in a permutation test.
PERMUTATIONS = 499
# Placebo years: the year before the switch is the base that all differences are from.
PLACEBOS = HISTORY - 1
Since = Literal["start", "end"]


@dataclass(frozen=True)
class Design:
    """One way to tell an effect from what would have been.

    `label` in a table, `short` above a panel; `compares` in words; `make` takes the panel and the years by which
    effects follow the treatment; `since`: whether years are counted from the start or the end of the treatment; `sign`
    of the headline in what it estimates: −1 for ends, which undo the effect, 0 where it estimates something else.
    `levels`: whether it takes treatments of any values; `lasting`: whether it needs one that never ends; `covariates`:
    whether it uses the claim's controls that change in time; `path`: whether it has effects by year, or a single one.
    `rival`: whether it is another comparison than the headline's for the effect of a start, so that a verdict is held
    against it. `drawn`: of which matched sets it can be drawn who switches, if any.
    """

    label: str
    short: str
    compares: str
    make: Callable[[TreatmentPanel, int], EventStudy]
    since: Since = "start"
    sign: int = 1
    levels: bool = False
    lasting: bool = False
    covariates: bool = False
    path: bool = True
    rival: bool = False
    drawn: Literal["ATT", "ART", ""] = ""


def twfe(panel: TreatmentPanel, lag: int) -> EventStudy:
    """The lagged treatment beside dyad and year effects, as the headline has it, with the weights of its effects.

    It has no base year: all years that the lagged treatment does not reach are its controls, that of the switch too.
    """
    return two_way(replace(panel, treatment=lagged(panel.treatment, lag)), Regressed(static=True))


def event_study(panel: TreatmentPanel, lag: int) -> EventStudy:
    """Dummies of years since the start beside dyad and year effects."""
    return two_way(panel, Regressed(before=HISTORY, after=LEADS + lag))


def matched(panel: TreatmentPanel, lag: int, estimand: str = "ATT") -> EventStudy:
    """Switches matched on all treatment that counts from four years before on, then on covariates before the switch.

    Peace years among these sum up the history of the outcome also where that is not known year by year, as in ongoing
    disputes; so they refine sets without losing any. Without covariates all dyads of the same history count alike. Each
    year has the switches whose outcome is known then and in the base year. Those that are compared may start or end the
    treatment later on.
    """
    near = [(name, (0,)) for name in panel.covariates]
    return matching(panel, estimand, _window(lag), Refinement("mahalanobis", near) if near else None)


def _window(lag: int) -> Window:
    return Window(history=HISTORY + lag, leads=LEADS + lag, placebo=True, outcomes="each", delay=lag)


def matched_ends(panel: TreatmentPanel, lag: int) -> EventStudy:
    """The same of treatments that end, against those that go on."""
    return matched(panel, lag, "ART")


def imputed(panel: TreatmentPanel, lag: int) -> EventStudy:
    """What dyad and year effects and controls of untreated years predict; three years before a start are held out.

    So are years after an end in which the treatment still counts. The controls are those that the headline holds
    constant, so that both differ in how they compare alone: what moves treatment and outcome from year to year would
    stand in the imputed effect, and placebos of years before a start, which have less of it, need not find it.
    """
    return _imputed(panel, lag, before=PLACEBOS, washout=lag)


def carried_over(panel: TreatmentPanel, lag: int) -> EventStudy:
    """The same in the years after an end, which are held out of the fit: zero if nothing of the effect remains."""
    return _imputed(panel, lag, switch="off")


def _imputed(panel: TreatmentPanel, lag: int, **how: Any) -> EventStudy:
    """Imputed with covariates before the treatment that counts, where they vary among untreated cells."""
    before = replace(panel, covariates={name: lagged(x, lag) for name, x in panel.covariates.items()})
    used = tuple(name for name, values in before.covariates.items() if _varies(before, values))
    left = [name for name in before.covariates if name not in used]
    study = imputation(before, Imputed(after=LEADS + lag, covariates=used, **how))
    said = f"left out, as they do not vary within dyads and years that are untreated: {', '.join(left)}"
    return replace(study, notes=(*study.notes, said)) if left else study


def _varies(panel: TreatmentPanel, values: Array) -> bool:
    """Whether values (U, T) vary in some unit, and in some period, among untreated cells with an outcome."""
    known = np.where((panel.treatment == 0) & ~np.isnan(panel.outcome), values, np.nan)
    return all(bool((np.fmax.reduce(known, axis=axis) > np.fmin.reduce(known, axis=axis)).any()) for axis in (0, 1))


def first_switches(panel: TreatmentPanel, lag: int) -> EventStudy:
    """Dyads since their first switch, in or out; of a treatment that has levels, per unit of its contrast."""
    found = first_switch_effects(panel, effects=LEADS + lag + 1, placebos=PLACEBOS)
    return found if panel.binary else found.per_unit(lag)


def cohorts(panel: TreatmentPanel, lag: int) -> EventStudy:
    """Cohorts of one year of start against dyads not yet treated, all changes from the year before the start."""
    return staggered(panel, Staggered(controls="not yet", base="universal", before=HISTORY, after=LEADS + lag))


DESIGNS: Mapping[DesignName, Design] = {
    "twfe": Design(
        "Two-way fixed effects", "Two-way", "dyads with themselves, treated years with others, whatever came before",
        twfe, path=False,
    ),
    "event_study": Design(
        "Event study by two-way fixed effects", "Event study", "years since the start with the year before it",
        event_study, lasting=True,
    ),
    "matching": Design(
        "Matching on history, starts", "Matching",
        "dyads that start with dyads of the same last years of treatment that do not", matched, covariates=True,
        rival=True, drawn="ATT",
    ),
    "imputation": Design(
        "Imputation, starts", "Imputation", "treated years with what untreated years of dyad and year predict", imputed,
        covariates=True, rival=True,
    ),
    "first_switches": Design(
        "First switches", "First switches", "dyads since their first switch with those that have not switched yet",
        first_switches, levels=True, rival=True,
    ),
    "staggered": Design(
        "Cohorts not yet treated", "Cohorts", "cohorts of one year of start with dyads not yet treated", cohorts,
        lasting=True, rival=True,
    ),
    "matching_ends": Design(
        "Matching on history, ends", "Matching",
        "dyads whose treatment ends with dyads of the same last years of treatment where it goes on", matched_ends,
        since="end", sign=-1, covariates=True, drawn="ART",
    ),
    "carry_over": Design(
        "Imputation, after ends", "Imputation",
        "years after the end with what untreated years of dyad and year predict", carried_over, since="end", sign=0,
        covariates=True,
    ),
}  # fmt: skip
"""Designs by name, in order of print."""


def permuted(panel: TreatmentPanel, design: Design, lag: int, scheme: Assignment, seed: int) -> Permuted:
    """A test of no effect in the matched sets of a design, unrefined, by who switches, as `scheme` draws it."""
    return permuted_sets(panel, design.drawn, _window(lag), scheme, first=lag, draws=PERMUTATIONS, seed=seed)


def with_needs(panel: TreatmentPanel, design: Design) -> TreatmentPanel:
    """The panel with the covariates that a design uses."""
    return panel if design.covariates else replace(panel, covariates={})
