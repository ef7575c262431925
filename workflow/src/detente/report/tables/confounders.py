"""How strong a confounder would have to be."""

import math

from detente.report.evidence import Evidence, entries
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, MISSING, PER, between, decimal, percent
from detente.report.labels import term_label
from detente.report.tables.table import Column, Row, Table, columns

_COLUMNS = (
    *columns("Of the estimate", "Of the interval", group="Robustness value"),
    Column("Strongest control", "Beside a confounder as strong", "left"),
    Column(f"{INTERVAL}, per {PER:,}", "Beside a confounder as strong", "center"),
    Column("Oster's δ"),
    *columns("Estimate", "Limit", group="E-value"),
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
    caption="Sensitivity: how strong a confounder would have to be, claim by claim.",
)  # fmt: skip
def confounders(evidence: Evidence) -> Table:
    """How strong a confounder would have to be, for each claim that has an estimate."""
    delta = evidence.frame("selection").drop_duplicates("claim").set_index("claim")["delta"]
    ratio = evidence.frame("evalue").drop_duplicates("claim").set_index("claim")
    rows = []
    for r in entries(evidence.estimated):
        control = term_label(r.strongest_benchmark, evidence.project.claims) if r.strongest_benchmark else MISSING
        cells = (
            percent(r.robustness_value, 1),
            percent(r.robustness_value_alpha, 1),
            control,
            between(r.benchmark_low, r.benchmark_high),
            decimal(delta.get(r.claim, math.nan), 1),
            *(decimal(ratio[name].get(r.claim, math.nan), 1) for name in ("e_value", "e_value_limit")),
        )
        rows.append(Row(str(r.label), cells))
    title = "How strong a confounder would have to be"
    return Table("confounders", title, "", _COLUMNS, tuple(rows), _NOTES, evidence.simulated, dense=True)
