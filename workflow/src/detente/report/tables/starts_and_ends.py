"""The study's claims by every design for treatments that switch, beside its headline model, as the paper shows them."""

import math
from typing import Any

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, MISSING, PER, between, count, decimal, p_value, per_thousand, percent
from detente.report.labels import estimator_label
from detente.report.models import Cell, cell, entries
from detente.report.tables.designs import NO_VARIANCE, PERMUTED, reasons
from detente.report.tables.table import Column, Row, Table, columns

_COLUMNS = (
    Column(f"Per {PER:,}"), Column("SE"), Column(INTERVAL, align="center"), *columns("p", "Permuted p", "Placebo p"),
    Column("Switches"), Column("Negative weights"),
)  # fmt: skip
_NOTES = (
    f"Change in onsets per {PER:,} dyad-years from the year before the switch, on average over the five years from the "
    "first in which the treatment counts; by two-way fixed effects over all treated years. Errors are {errors}. "
    "Ends undo an effect: an estimate of matched ends agrees with one of starts of the other sign; after ends, "
    "imputation finds what remains of the effect. Placebo p: of no effect in the years before the switch. Switches: in "
    "the first of the years averaged and, after a stroke, in that which has fewest. Negative weights: share of treated "
    "observations whose effect two-way fixed effects count with the wrong sign.",
    PERMUTED,
)


def _notes(evidence: Evidence) -> tuple[str, ...]:
    errors = "dyadic-robust" if evidence.pairs else "clustered by state"
    said, *others = _NOTES
    return (evidence.said(said.format(errors=errors)), *(others if evidence.pairs else ()))


@exhibit(
    kind="table", name="starts_and_ends", place="switches", order=2, needs=("estimates", "failures", "own_designs")
)
def starts_and_ends(evidence: Evidence) -> Table:
    """Starts and ends of each treatment. Average effects by every design for treatments that switch."""
    rows: list[Row] = []
    for claim in evidence.claims:
        mine = evidence.of_claim("own_designs", claim.id)
        headline = cell(evidence, claim.id, evidence.study.headline, evidence.preferred)
        rows += [Row(claim.label), _headline(headline), *(_row(r) for r in entries(mine) if r.estimate == r.estimate)]
    labels = {claim.id: claim.label for claim in evidence.claims}
    title, notes = (
        "Starts and ends of each treatment",
        (*_notes(evidence), *reasons(evidence.frame("own_designs"), labels)),
    )
    return Table("starts_and_ends", title, "", _COLUMNS, tuple(rows), notes, evidence.simulated, dense=True)


def _headline(model: Cell) -> Row:
    label = f"Headline ({estimator_label(model.estimator).short})"
    if not model.estimated:
        return Row(label, (MISSING, *[""] * 7))
    effect, interval = per_thousand(model.effect), between(model.low, model.high)
    return Row(label, (effect, per_thousand(model.std_error), interval, p_value(model.p_value), "", "", "", ""))


def _row(r: Any) -> Row:
    known = math.isfinite(r.p_value)
    interval = between(r.conf_low, r.conf_high) if known else NO_VARIANCE
    placebo, drawn = (p_value(p) if math.isfinite(p) else "" for p in (r.placebo_p, r.p_permutation))
    weighted = math.isfinite(r.share_negative)
    tested = (interval, p_value(r.p_value) if known else MISSING, drawn, placebo)
    switches = "" if weighted else f"{count(r.switches)} / {count(r.fewest)}"
    error = decimal(PER * r.std_error) if known else MISSING
    return Row(
        str(r.label),
        (per_thousand(r.estimate), error, *tested, switches, percent(r.share_negative) if weighted else ""),
    )
