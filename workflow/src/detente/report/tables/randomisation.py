"""Headlines under re-randomised treatments, scheme by scheme: on the pages of claims of a study's site."""

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import count, decimal, p_value
from detente.report.models import entries
from detente.report.tables.keys import key
from detente.report.tables.table import Column, Row, Table

_COLUMNS = (
    Column("Observed"), Column("Draws"), Column("Two-sided", "p"), Column("Lower", "p"), Column("Higher", "p"),
    Column("What to know of the draws", align="text"),
)  # fmt: skip
_NOTES = (
    "The headline model is fitted again with treatments drawn as if they had no effect, and its t statistic held "
    "against those of the draws; the observed one is counted among them. A product of treatment and moderator cannot "
    "be drawn again: its draws are of a bootstrap that imposes no effect.",
)


@exhibit(kind="table", name="randomisation", page="site", place="randomisation", needs=("tests",), stored=False)
def randomisation(evidence: Evidence) -> Table:
    """The headline under re-randomised treatments, by how these are drawn."""
    rows = []
    for claim, label in evidence.examined.items():
        mine = evidence.of_claim("tests", claim)
        rows += [Row(label)] if len(mine) else []
        for r in entries(mine):
            ends = (p_value(r.p_value), p_value(r.p_low), p_value(r.p_high))
            cells = (decimal(r.observed), count(r.draws), *ends, str(r.flags))
            rows.append(Row(str(r.scheme).capitalize(), cells, (key("tests", r, "claim", "scheme"),)))
    title = "Treatments re-randomised"
    return Table("randomisation", title, "Treatments drawn by", _COLUMNS, tuple(rows), _NOTES, evidence.simulated)
