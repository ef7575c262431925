"""What would decide the claims whose verdict is inconclusive."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, count, decimal, multiple, plural, spelled
from detente.report.labels import listed
from detente.report.models import entries
from detente.report.tables.keys import key
from detente.report.tables.table import Column, Row, Table, columns

RECORDS = 5.0
"""As many records of the observed kind are the most that a number is extrapolated to."""
MORE, NO_NUMBER = f"more than {spelled(RECORDS)} records", "no number"
NAMES: Mapping[str, str] = {
    "years": "year", "dyads": "switching dyad", "states": "state", "onsets": "onset",
}  # fmt: skip
_COLUMNS = (
    Column("Detectable over smallest"), *columns("Have", "Need", group="Years"), Column("Shrinking as 1/m", "Years"),
    *columns("Have", "Need", group="Dyads of these states"), *columns("Have", "Need", group="More states"),
    *columns("Have", "Need", group="Onsets"),
)  # fmt: skip
_NOTES = (
    "How much of each, all else as it is, would bring the minimum detectable effect (the power that is sought, by the "
    "observed standard error) down to the smallest effect of interest: in all, what the record has included. Dyads are "
    "those whose treatment switches, and states theirs.",
    "Years: of the same dyads; the variance shrinks as 1/m where there are m times as many, unless the whole record, "
    "its halves and its thirds contradict that at 5% (marked *): then the share of the variance in the table shrinks "
    "as 1/m, the rest as 1/m². Dyads of these states: of the variance, what is of single dyads shrinks as 1/m, what "
    "dyads of one state share does not. More states: each with as many dyads; the variance shrinks as 1/m, and "
    "degrees of freedom grow as m. Onsets: all risks, and with them the smallest effect, are m times as high.",
    f"{MORE.capitalize()} of this kind: no number is given, as nothing in the record speaks for it. "
    f"{NO_NUMBER.capitalize()}: none is enough, as the shared part of the variance, which does not shrink, is too "
    "large, or risks would have to pass one.",
)


@exhibit(kind="table", name="deciding", page="robustness", place="power", order=3, needs=("ledger", "deciding"))
def deciding(evidence: Evidence) -> Table:
    """What would decide: how much more of the record each inconclusive claim would need."""
    found = of_claims(evidence)
    mine = ((c, found[c.claim]) for c in inconclusive(evidence) if c.claim in found)
    rows = [Row(str(c.label), _cells(of), (key("deciding", c, "claim"),)) for c, of in mine]
    title = "What would decide the inconclusive claims"
    return Table("deciding", title, "", _COLUMNS, tuple(rows), _NOTES, evidence.simulated, dense=True)


def of_claims(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """Rows of `deciding` by claim and what grows, of the claims whose verdict is inconclusive."""
    frame = evidence.frame("deciding")
    wanted = {c.claim for c in inconclusive(evidence)}
    rows: dict[str, dict[str, Any]] = {}
    for row in entries(frame[frame["claim"].isin(wanted)] if len(frame) else frame):
        rows.setdefault(row.claim, {})[row.resource] = row
    return rows


def needed(row: Any) -> str:
    """How many there would have to be in all, or that no number is given."""
    if not math.isfinite(row.multiple):
        return NO_NUMBER
    return MORE if row.multiple > RECORDS else count(math.ceil(row.have * row.multiple))


def enough(rows: Mapping[str, Any]) -> str:
    """What would be enough, each alone: "61 years instead of 31 or 1,449 onsets instead of 920"; "" if nothing is."""
    few = ((noun, rows[name]) for name, noun in NAMES.items() if rows[name].multiple <= RECORDS)
    said = (f"{plural(math.ceil(r.have * r.multiple), noun)} instead of {count(r.have)}" for noun, r in few)
    return listed(said, last="or")


def inconclusive(evidence: Evidence) -> Iterator[Any]:
    """Rows of the ledger with that verdict."""
    estimated = evidence.estimated
    return entries(estimated[estimated["verdict"] == "inconclusive"])


def _cells(rows: Mapping[str, Any]) -> tuple[str, ...]:
    years = rows["years"]
    measured = math.isfinite(years.shrinking_error)
    share = f"{decimal(years.shrinking)} ({decimal(years.shrinking_error)})" if measured else MISSING
    cells = [multiple(years.mde / years.smallest_effect)]
    for name, row in ((name, rows[name]) for name in NAMES):
        cells += [count(row.have), needed(row), *([share + "*" * (row.basis == "measured")] if name == "years" else [])]
    return tuple(cells)
