"""The parts of the data that each estimate depends on most."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from detente.base.wording import lower_first
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, count, decimal
from detente.report.labels import listed
from detente.report.models import entries
from detente.report.tables.keys import key
from detente.report.tables.table import Column, Row, Table, columns

# Parts of the data that are left out one at a time, as the head of a column calls them.
KINDS: Mapping[str, str] = {"state": "State", "region": "Region", "era": "Era", "series": "Series of exercises"}


@exhibit(kind="table", name="influence", page="robustness", place="influence", order=1, needs=("ledger", "influence"))
def influence(evidence: Evidence) -> Table:
    """Influence: the part of the data without which each estimate moves most."""
    frame = evidence.frame("influence")
    kinds = [k for k in KINDS if (frame["kind"] == k).any()]
    rows = []
    for claim in entries(evidence.estimated):
        mine = frame[frame["claim"] == claim.claim]
        if len(mine):
            most = [_most(mine[mine["kind"] == k]) for k in kinds]
            cells = [f"{r.left_out} ({decimal(r.change_se, 1)})" if r else MISSING for r in most]
            keys = tuple(key("influence", r, "claim", "kind", "left_out") for r in most if r)
            rows.append(Row(claim.label, (*cells, f"{count(int(mine['flips'].sum()))} of {count(len(mine))}"), keys))
    heads = columns(*(KINDS[k] for k in kinds), group="Moves the estimate most", align="left")
    notes = (
        f"The headline, re-estimated without one {left_out(frame)}; in parentheses the shift of "
        "the estimate in its standard errors. Another verdict: of all that were left out, how many change it.",
    )
    title, shown = "What estimates depend on", (*heads, Column("Another verdict"))
    return Table("influence", title, "", shown, tuple(rows), notes, evidence.simulated, dense=True)


def left_out(frame: pd.DataFrame) -> str:
    """Kinds of parts that are left out one at a time, as a sentence has them: "state, region or era"."""
    return listed((lower_first(KINDS[k]) for k in KINDS if (frame["kind"] == k).any()), last="or")


def _most(frame: pd.DataFrame) -> Any:
    """The row whose part of the data moves the estimate most; None where no row has a number."""
    known = frame.dropna(subset=["change_se"])
    return max(entries(known), key=lambda r: abs(r.change_se), default=None)
