"""Designs for treatments that switch, each declared once: what it compares, when a claim can have it, and how.

Horizon 0 is the first year in which the lagged treatment counts. Effects run from that year to the fourth after it,
placebos over the four years before; so all designs can be read on one scale. Estimators are those of
`detente.stats.causal`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from detente.stats.causal import (
    EventStudy,
    Imputed,
    Refinement,
    Regressed,
    Staggered,
    TreatmentPanel,
    Window,
    first_switch_effects,
    imputation,
    matching,
    staggered,
    two_way,
)
from detente.study.config import DesignName

# Years of treatment history that matched dyads share, and the last year after the switch with an effect.
HISTORY, LEADS = 4, 4
# Placebo years: the year before the switch is the base that all differences are from.
PLACEBOS = HISTORY - 1
Since = Literal["start", "end"]


@dataclass(frozen=True)
class Design:
    """One way to tell an effect from what would have been.

    `label` in a table, `short` above a panel; `compares` in words; `since`: whether years are counted from the start or
    the end of the treatment; `sign` of the headline in what it estimates: −1 for ends, which undo the effect, 0 where
    it estimates something else. `levels`: whether it takes treatments of any values; `lasting`: whether it needs one
    that never ends; `covariates`: whether it uses the claim's controls that change in time; `path`: whether it has
    effects by year, or a single one.
    """

    label: str
    short: str
    compares: str
    make: Callable[[TreatmentPanel], EventStudy]
    since: Since = "start"
    sign: int = 1
    levels: bool = False
    lasting: bool = False
    covariates: bool = False
    path: bool = True


def twfe(panel: TreatmentPanel) -> EventStudy:
    """The treatment beside dyad and year effects, with the weights that this gives to effects."""
    return two_way(panel, Regressed(static=True))


def event_study(panel: TreatmentPanel) -> EventStudy:
    """Dummies of years since the start, four before and five from it on, beside dyad and year effects."""
    return two_way(panel, Regressed(before=HISTORY, after=LEADS))


def matched(panel: TreatmentPanel, estimand: str = "ATT") -> EventStudy:
    """Switches matched on four years of treatment, then on the covariates of the claim in the year of the switch.

    These are measured before the treatment, and peace years among them sum up the history of the outcome also where
    that is not known year by year, as in ongoing disputes; so they refine sets without losing any. Without covariates
    all dyads of the same history count alike. Those that are compared may start or end the treatment later on.
    """
    window = Window(history=HISTORY, leads=LEADS, placebo=True)
    near = [(name, (0,)) for name in panel.covariates]
    return matching(panel, estimand, window, Refinement("mahalanobis", near) if near else None)


def matched_ends(panel: TreatmentPanel) -> EventStudy:
    """The same of treatments that end, against those that go on."""
    return matched(panel, "ART")


def imputed(panel: TreatmentPanel) -> EventStudy:
    """What dyad and year effects of untreated years predict; the three years before a start are held out of the fit.

    Without covariates: after a start those of the claim may follow from it.
    """
    return imputation(panel, Imputed(before=PLACEBOS, after=LEADS))


def carried_over(panel: TreatmentPanel) -> EventStudy:
    """The same in the years after an end, which are held out of the fit: zero if nothing of the effect remains."""
    return imputation(panel, Imputed(switch="off", after=LEADS))


def first_switches(panel: TreatmentPanel) -> EventStudy:
    """Dyads since their first switch, in or out; of a treatment that has levels, per unit of its contrast."""
    return first_switch_effects(panel, effects=LEADS + 1, placebos=PLACEBOS, normalised=not panel.binary)


def cohorts(panel: TreatmentPanel) -> EventStudy:
    """Cohorts of one year of start against dyads not yet treated, all changes from the year before the start."""
    return staggered(panel, Staggered(controls="not yet", base="universal", before=HISTORY, after=LEADS))


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
        "dyads that start with dyads of the same four years of treatment that do not", matched, covariates=True,
    ),
    "imputation": Design(
        "Imputation, starts", "Imputation", "treated years with what untreated years of dyad and year predict", imputed
    ),
    "first_switches": Design(
        "First switches", "First switches", "dyads since their first switch with those that have not switched yet",
        first_switches, levels=True,
    ),
    "staggered": Design(
        "Cohorts not yet treated", "Cohorts", "cohorts of one year of start with dyads not yet treated", cohorts,
        lasting=True,
    ),
    "matching_ends": Design(
        "Matching on history, ends", "Matching",
        "dyads whose treatment ends with dyads of the same four years of treatment where it goes on", matched_ends,
        since="end", sign=-1, covariates=True,
    ),
    "carry_over": Design(
        "Imputation, after ends", "Imputation",
        "years after the end with what untreated years of dyad and year predict", carried_over, since="end", sign=0,
    ),
}  # fmt: skip
"""Designs by name, in order of print."""


def with_needs(panel: TreatmentPanel, design: Design) -> TreatmentPanel:
    """The panel with the covariates that a design uses."""
    return panel if design.covariates else replace(panel, covariates={})
