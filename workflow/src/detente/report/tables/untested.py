"""Claims that the public record cannot test."""

from collections.abc import Mapping

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.tables.table import Column, Row, Table

CLASSES: Mapping[str, str] = {
    "powered": "powered",
    "weak": "weak",
    "case-only": "cases only",
    "untestable": "untestable",
    "descriptive": "descriptive",
}


def untested_table(ledger: pd.DataFrame, *, simulated: bool) -> Table:
    """Claims that the available data cannot test, why, and what would be needed."""
    rows = [
        Row(f"{r['code']} {r['label']}", (CLASSES[r["class"]], str(r["why"]), str(r["needs"])))
        for r in ledger[ledger["needs"].fillna("") != ""].to_dict("records")
    ]
    columns = (Column("Class", align="left"), Column("Why", align="text"), Column("What would be needed", align="text"))
    return Table("untested", "Claims without a test", "", columns, tuple(rows), (), simulated)


@exhibit(
    kind="table",
    name="untested",
    caption="Claims without a test, why, and which data one would need.",
    needs=("ledger",),
    page="robustness",
    place="ledger",
    order=3,
)
def untested_of(evidence: Evidence) -> Table:
    """Claims that the public record cannot test."""
    return untested_table(evidence.frame("ledger"), simulated=evidence.simulated)
