"""What is tested otherwise than it was registered."""

from collections.abc import Mapping

import pandas as pd

from detente.report.evidence import Evidence, entries
from detente.report.exhibit import exhibit
from detente.report.tables.table import Column, Row, Table
from detente.study.verdicts import compare, registered


def deviation_table(changes: pd.DataFrame, claims: Mapping[str, str], *, simulated: bool) -> Table:
    """What is tested otherwise than it was registered: `claim`, `field`, `registered`, `now`."""
    rows = [Row(claims.get(r.claim, str(r.claim)), (r.field, r.registered, r.now)) for r in entries(changes)]
    columns = tuple(Column(name, align="left") for name in ("Field", "Registered", "Now"))
    return Table("deviations", "Deviations from the registration", "", columns, tuple(rows), (), simulated)


@exhibit(
    kind="table",
    name="deviations",
    caption="Deviations from the registration.",
    needs=(),
    page="robustness",
    place="registration",
)
def deviations_of(evidence: Evidence) -> Table:
    """What is tested otherwise than it was registered."""
    now, frozen = evidence.project.claims, registered(evidence.project.root)
    changes = compare(now, frozen.claims if frozen else now).changes
    return deviation_table(changes, evidence.examined, simulated=evidence.simulated)
