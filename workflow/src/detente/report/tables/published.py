"""What published studies found on claims, beside our verdict and beside their models on the panel."""

import math
from collections.abc import Iterator
from typing import Any

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, MISSING, count, decimal, p_value
from detente.report.labels import covariance_label, estimator_label
from detente.report.models import entries
from detente.report.tables.keys import key
from detente.report.tables.table import Column, Row, Table, columns

_PRINTED, _PANEL = "As published", "On the panel"
_COLUMNS = (
    *columns("Estimate", "Std. error", group=_PRINTED), Column("Estimate", _PANEL), Column("Std. error", _PANEL),
    Column("Dyadic-robust", _PANEL), Column(INTERVAL, _PANEL, "center"),
    *columns("p", "Observations", "Onsets", group=_PANEL),
)  # fmt: skip
_NOTES = (
    "As published: the coefficient and its standard error as they are printed. On the panel: the coefficient of the "
    "model's nearest equivalent on the panel of this study, with its standard error by the covariance that is nearest "
    "to the published one and by the dyadic-robust one, of which interval and p-value are. Our verdict, which stands "
    "with each claim, does not rest on them.",
)


@exhibit(kind="table", name="published", page="robustness", place="ledger", order=4, needs=("ledger", "published"))
def published(evidence: Evidence) -> Table:
    """What published studies found on the claims, and what their models give on the panel."""
    rows: list[Row] = []
    notes = list(_NOTES)
    verdicts = dict(evidence.frame("ledger")[["claim", "verdict"]].itertuples(index=False, name=None))
    labels, number = evidence.examined, 0
    for claim in dict.fromkeys(evidence.frame("published")["claim"]):
        if claim not in labels:
            continue
        rows.append(Row(f"{labels[claim]}; our verdict: {verdicts.get(claim) or 'none'}"))
        for r in entries(evidence.of_claim("published", claim)):
            number += 1
            rows.append(_row(r, number))
            notes.append(f"({number}) {' '.join(_said(r))}")
    title = "Published findings, and their models on the panel"
    return Table("published", title, "", _COLUMNS, tuple(rows), tuple(notes), evidence.simulated, dense=True)


def _row(r: Any, number: int) -> Row:
    printed = (str(r.printed_estimate), str(r.printed_std_error) or MISSING)
    label = f"({number}) {_short(str(r.citation))}: {r.term}"
    mine = (key("published", r, "claim", "id", "model", "term"),)
    if not math.isfinite(r.dyadic_p):
        return Row(label, (*printed, MISSING, *[""] * 6), mine)
    places = _places(str(r.printed_estimate))
    own = (decimal(r.estimate, places), decimal(r.std_error, places), decimal(r.dyadic_std_error, places))
    interval = f"{decimal(r.conf_low, places)} to {decimal(r.conf_high, places)}"
    return Row(label, (*printed, *own, interval, p_value(r.dyadic_p), count(r.nobs), count(r.events)), mine)


def _places(printed: str) -> int:
    """Decimals of a printed number, two or three."""
    return min(3, max(2, len(printed.partition(".")[2])))


def _short(citation: str) -> str:
    """Authors and year of a citation: what stands before the year in brackets, initials left out."""
    authors, _, rest = citation.partition(" (")
    names = [name for name in authors.replace(" and ", ", ").split(", ") if not name.endswith(".")]
    return f"{', '.join(names[:-1])}{' and ' if names[1:] else ''}{names[-1]} {rest[:4]}"


def _said(r: Any) -> Iterator[str]:
    """What a reader must know of one row."""
    yield f"{r.citation}; {r.model}, read in {r.read_in}."
    if r.panel_estimator:
        made = f"{estimator_label(str(r.panel_estimator)).long} of {r.panel_outcome} on {r.panel_term}"
        years = f", {r.first:.0f}–{r.last:.0f}" if math.isfinite(r.first) else ""
        errors = covariance_label(str(r.panel_vcov)).long
        yield f"On the panel: {made}{years}; the standard error beside it is {errors}."
        yield f"Unlike the published model: {r.departs}."
    if r.failure:
        yield f"{MISSING}: {r.failure}."
