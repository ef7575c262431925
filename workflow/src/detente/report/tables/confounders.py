"""How strong a confounder would have to be."""

import math
from typing import Any

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, MISSING, PER, between, decimal, percent
from detente.report.labels import term_label
from detente.report.models import entries
from detente.report.tables.keys import Key, key
from detente.report.tables.table import Column, Table, shown

_ROBUSTNESS, _BESIDE = "Robustness value", "Beside a confounder as strong"
_COLUMNS = (
    Column("Of the estimate", _ROBUSTNESS, show=lambda r: percent(r.robustness_value, 1)),
    Column("Of the interval", _ROBUSTNESS, show=lambda r: percent(r.robustness_value_alpha, 1)),
    Column("Strongest control", _BESIDE, "left", lambda r: r.control),
    Column(f"{INTERVAL}, per {PER:,}", _BESIDE, "center", lambda r: between(r.benchmark_low, r.benchmark_high)),
    Column("Oster's δ", show=lambda r: decimal(r.delta, 1)),
    Column("Estimate", "E-value", show=lambda r: decimal(r.e_value, 1)),
    Column("Limit", "E-value", show=lambda r: decimal(r.e_value_limit, 1)),
)
_NOTES = (
    "Robustness value: share of the residual variation of treatment and outcome that a confounder must explain to "
    "bring the estimate, or the nearer end of its interval, to zero; 0% where the interval contains zero "
    "already.",
    "Oster's δ: selection on what is not observed, as a multiple of that on controls, that would bring the "
    "estimate to zero, with an R² 1.3 times as large; negative where controls move it away from zero.",
    "E-value: risk ratio that a confounder must have with both to explain the risk ratio of the claim, or the "
    "limit of its interval, which is symmetric in logs.",
)


@exhibit(
    kind="table", name="confounders", page="robustness", place="confounders", order=1,
    needs=("ledger", "selection", "evalue"),
)  # fmt: skip
def confounders(evidence: Evidence) -> Table:
    """Sensitivity: how strong a confounder would have to be, claim by claim."""
    known, ledger = evidence.project.claims, evidence.estimated.drop(columns="e_value", errors="ignore")
    frame = ledger.assign(control=[term_label(b, known) if b else MISSING for b in ledger["strongest_benchmark"]])
    for name, columns in (("selection", ["delta", "r_max_rule"]), ("evalue", ["e_value", "e_value_limit"])):
        frame = frame.merge(evidence.frame(name).drop_duplicates("claim")[["claim", *columns]], "left", "claim")
    rows = [shown(str(r.label), _COLUMNS, r, *_keys(r)) for r in entries(frame)]
    title = "How strong a confounder would have to be"
    return Table("confounders", title, "", _COLUMNS, tuple(rows), _NOTES, evidence.simulated, dense=True)


def _keys(r: Any) -> tuple[Key, ...]:
    """Where a row is read from; a claim may have no row of its own in the other two frames."""
    selection = [key("selection", r, "claim", "r_max_rule")] if isinstance(r.r_max_rule, str) else []
    evalue = [key("evalue", r, "claim")] if math.isfinite(r.e_value) else []
    return (key("ledger", r, "claim"), *selection, *evalue)
