"""Tables of what was asked of headlines: negative controls, and what deviates from the registration."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from detente.config import LEVEL
from detente.exhibits.evidence import entries
from detente.exhibits.formats import PER, count, p_value, per_thousand, percent
from detente.exhibits.table import Column, Row, Table


def placebo_table(frame: pd.DataFrame, claims: Mapping[str, str], *, simulated: bool) -> Table:
    """Negative controls of each claim: what the headline finds where there can be no effect.

    Parameters
    ----------
    frame
        `claim`, `label`, `lag`, `estimate`, `ci_low`, `ci_high`, `p`, `n`, `treated`.
    claims
        Claim id → label, in order of print.
    """
    rows: list[Row] = []
    for claim, label in claims.items():
        mine = frame[frame["claim"] == claim]
        rows += [Row(label)] if len(mine) else []
        rows += [
            Row(
                str(r.label),
                (
                    per_thousand(r.estimate),
                    f"{per_thousand(r.ci_low)} to {per_thousand(r.ci_high)}",
                    p_value(r.p),
                    count(r.n),
                    count(r.treated),
                ),
            )
            for r in entries(mine)
        ]
    columns = (
        Column(f"Per {PER:,}"),
        Column(f"{percent(LEVEL)} interval", align="center"),
        Column("p"),
        Column("Dyad-years"),
        Column("Treated"),
    )
    notes = ("The headline model with a variable that cannot work in place of the treatment: what it finds is bias.",)
    return Table("placebos", "Negative controls", "", columns, tuple(rows), notes, simulated)


def deviation_table(changes: pd.DataFrame, claims: Mapping[str, str], *, simulated: bool) -> Table:
    """What is tested otherwise than it was registered: `claim`, `field`, `registered`, `now`."""
    rows = [Row(claims.get(r.claim, str(r.claim)), (r.field, r.registered, r.now)) for r in entries(changes)]
    columns = tuple(Column(name, align="left") for name in ("Field", "Registered", "Now"))
    return Table("deviations", "Deviations from the registration", "", columns, tuple(rows), (), simulated)
