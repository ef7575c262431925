"""How strong a confounder would have to be."""

from collections.abc import Callable

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence, entries
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, PER, decimal, percent
from detente.report.labels import term_label
from detente.report.tables.table import Column, Row, Table
from detente.report.tables.values import between, or_missing, with_interval

_CONFOUNDER_COLUMNS = (
    Column("Of the estimate", "Robustness value"),
    Column("Of the interval", "Robustness value"),
    Column("Strongest control", "Beside a confounder as strong", "left"),
    Column(f"{percent(LEVEL)} interval, per {PER:,}", "Beside a confounder as strong", "center"),
    Column("Oster's δ"),
    Column("Estimate", "E-value"),
    Column("Limit", "E-value"),
)


_CONFOUNDER_NOTES = (
    "Robustness value: share of the residual variation of treatment and outcome that a confounder must explain to "
    "bring the estimate, or the nearer end of its dyadic interval, to zero; 0% where the interval contains zero "
    "already.",
    "Oster's δ: selection on what is not observed, as a multiple of that on controls, that would bring the "
    "estimate to zero, with an R² 1.3 times as large; negative where controls move it away from zero.",
    "E-value: risk ratio that a confounder must have with both to explain the risk ratio of the claim, or the "
    "limit of its interval, which is symmetric in logs.",
)


def confounder_table(
    ledger: pd.DataFrame,
    selection: pd.DataFrame,
    evalues: pd.DataFrame,
    label: Callable[[str], str],
    *,
    simulated: bool,
) -> Table:
    """How strong a confounder would have to be, claim by claim.

    Parameters
    ----------
    ledger
        Rows with an estimate: `claim`, `label`, `robustness_value`, `robustness_value_alpha`, `strongest_benchmark`,
        `benchmark_low`, `benchmark_high`.
    selection
        Oster's δ by `claim` and `r_max_rule`; the first row of a claim is printed.
    evalues
        `claim`, `e_value`, `e_value_limit`.
    label
        What a control is called.
    """
    delta = selection.drop_duplicates("claim").set_index("claim")["delta"]
    ratio = evalues.drop_duplicates("claim").set_index("claim")
    rows = [
        Row(
            str(r.label),
            (
                or_missing(r.robustness_value, _in_percent),
                or_missing(r.robustness_value_alpha, _in_percent),
                label(r.strongest_benchmark) if r.strongest_benchmark else MISSING,
                between(r.benchmark_low, r.benchmark_high),
                or_missing(delta.get(r.claim), lambda v: decimal(v, 1)),
                or_missing(ratio["e_value"].get(r.claim), lambda v: decimal(v, 1)),
                or_missing(ratio["e_value_limit"].get(r.claim), lambda v: decimal(v, 1)),
            ),
        )
        for r in entries(ledger)
    ]
    title = "How strong a confounder would have to be"
    return Table("confounders", title, "", _CONFOUNDER_COLUMNS, tuple(rows), _CONFOUNDER_NOTES, simulated, dense=True)


def _in_percent(value: float) -> str:
    return percent(value, 1)


@exhibit(
    kind="table",
    name="confounders",
    caption="Sensitivity: how strong a confounder would have to be, claim by claim.",
    needs=("ledger", "selection", "evalue"),
    page="robustness",
    place="confounders",
    order=1,
)
def confounders_of(evidence: Evidence) -> Table:
    """Sensitivity of the claims that have an estimate."""

    def label(term: str) -> str:
        return term_label(term, evidence.project.claims)

    found, selection, evalues = with_interval(evidence), evidence.frame("selection"), evidence.frame("evalue")
    return confounder_table(found, selection, evalues, label, simulated=evidence.simulated)
