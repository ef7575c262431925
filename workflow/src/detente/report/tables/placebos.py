"""Negative controls of every claim."""

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, PER, between, count, p_value, per_thousand
from detente.report.models import entries
from detente.report.tables.keys import key
from detente.report.tables.notes import NOT_ESTIMABLE
from detente.report.tables.table import Column, Row, Table, columns

_COLUMNS = (Column(f"Per {PER:,}"), Column(INTERVAL, align="center"), *columns("p", "Dyad-years", "Treated"))
_NOTES = (
    "Each stands in the headline's model beside the treatment. One that predicts the outcome there, though it cannot "
    "cause it, is a sign of what the model leaves out. A lead that does so may have two further reasons: states that "
    "expect the treatment act before it, or onsets bring it on or put it off, which models with dyad effects rule out.",
)


@exhibit(kind="table", name="placebos", page="robustness", place="placebos", needs=("placebos",))
def placebos(evidence: Evidence) -> Table:
    """Negative controls: what the headline model finds of them beside the treatment."""
    rows: list[Row] = []
    without: list[str] = []
    for claim, label in evidence.examined.items():
        mine = evidence.of_claim("placebos", claim)
        rows += [Row(label)] if len(mine) else []
        for r in entries(mine):
            own = (key("placebos", r, "claim", "variable", "lag"),)
            if r.failure:
                rows.append(Row(str(r.label), (NOT_ESTIMABLE, *[""] * 4), own))
                without.append(f"{label}, {r.label}: {r.failure}")
                continue
            cells = (per_thousand(r.estimate), between(r.conf_low, r.conf_high), p_value(r.p_value))
            rows.append(Row(str(r.label), (*cells, count(r.nobs), count(r.treated)), own))
    lost = [f"{NOT_ESTIMABLE}, no such control: {'; '.join(without)}."] if without else []
    return Table("placebos", "Negative controls", "", _COLUMNS, tuple(rows), (*_NOTES, *lost), evidence.simulated)
