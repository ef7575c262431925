"""The parts of the data that each estimate depends on most."""

from collections.abc import Mapping

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, count, decimal
from detente.report.tables.table import Column, Row, Table
from detente.report.tables.values import labels_with_interval

# Parts of the record that are left out one at a time, as the head of a column calls them.
_KINDS: Mapping[str, str] = {"state": "State", "region": "Region", "era": "Era", "series": "Series of exercises"}


def influence_table(frame: pd.DataFrame, claims: Mapping[str, str], *, simulated: bool) -> Table:
    """Of each kind of part, the one without which the estimate moves most, and how many give another verdict.

    Parameters
    ----------
    frame
        One row per part left out: `claim`, `kind`, `left_out`, `change_se` (shift in standard errors), `flips`.
    claims
        Claim id → label, in order of print.
    """
    kinds = [k for k in _KINDS if (frame["kind"] == k).any()]
    rows = []
    for claim, label in claims.items():
        mine = frame[frame["claim"] == claim]
        if len(mine):
            cells = [_most(mine[mine["kind"] == k]) for k in kinds]
            rows.append(Row(label, (*cells, f"{count(int(mine['flips'].sum()))} of {count(len(mine))}")))
    columns = (*(Column(_KINDS[k], "Moves the estimate most", "left") for k in kinds), Column("Another verdict"))
    notes = (
        "The headline, re-estimated without one state, region, era or series of exercises; in brackets the shift of "
        "the estimate in its standard errors. Another verdict: of all that were left out, how many change it.",
    )
    return Table("influence", "What estimates depend on", "", columns, tuple(rows), notes, simulated, dense=True)


def _most(frame: pd.DataFrame) -> str:
    known = frame.dropna(subset=["change_se"])
    if known.empty:
        return MISSING
    row = known.iloc[int(known["change_se"].abs().to_numpy().argmax())]
    return f"{row['left_out']} ({decimal(row['change_se'], 1)})"


@exhibit(
    kind="table",
    name="influence",
    caption="Influence: the state, region, era or series of exercises without which each estimate moves most.",
    needs=("ledger", "influence"),
    page="robustness",
    place="influence",
    order=1,
)
def influence_of(evidence: Evidence) -> Table:
    """Leave-one-out influence on the claims that have an estimate."""
    return influence_table(evidence.frame("influence"), labels_with_interval(evidence), simulated=evidence.simulated)
