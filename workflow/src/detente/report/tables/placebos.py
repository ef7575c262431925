"""Negative controls of every claim."""

from detente.report.evidence import Evidence, entries
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, PER, between, count, p_value, per_thousand
from detente.report.tables.table import Column, Row, Table, columns

_COLUMNS = (Column(f"Per {PER:,}"), Column(INTERVAL, align="center"), *columns("p", "Dyad-years", "Treated"))
_NOTES = (
    "The headline model with a variable that cannot have an effect in place of the treatment: what it finds is "
    "bias, or the outcome's effect on the treatment, or, in the lead of a lasting treatment, the treatment itself.",
)


@exhibit(kind="table", name="placebos", page="robustness", place="placebos", needs=("placebos",))
def placebos(evidence: Evidence) -> Table:
    """Negative controls: what the headline model finds where there can be no effect."""
    rows: list[Row] = []
    for claim, label in evidence.examined.items():
        mine = evidence.of_claim("placebos", claim)
        rows += [Row(label)] if len(mine) else []
        for r in entries(mine):
            cells = (per_thousand(r.estimate), between(r.conf_low, r.conf_high), p_value(r.p_value))
            rows.append(Row(str(r.label), (*cells, count(r.nobs), count(r.treated))))
    return Table("placebos", "Negative controls", "", _COLUMNS, tuple(rows), _NOTES, evidence.simulated)
