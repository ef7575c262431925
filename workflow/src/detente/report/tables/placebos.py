"""Negative controls of every claim."""

from collections.abc import Mapping

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence, entries
from detente.report.exhibit import exhibit
from detente.report.formats import PER, count, p_value, per_thousand, percent
from detente.report.tables.table import Column, Row, Table


def placebo_table(frame: pd.DataFrame, claims: Mapping[str, str], *, simulated: bool) -> Table:
    """Negative controls of each claim: what the headline finds where there can be no effect.

    Parameters
    ----------
    frame
        `claim`, `label`, `lag`, `estimate`, `conf_low`, `conf_high`, `p`, `n`, `treated`.
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
                    f"{per_thousand(r.conf_low)} to {per_thousand(r.conf_high)}",
                    p_value(r.p_value),
                    count(r.nobs),
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
    notes = (
        "The headline model with a variable that cannot have an effect in place of the treatment: what it finds is "
        "bias, or the outcome's effect on the treatment, or, in the lead of a lasting treatment, the treatment itself.",
    )
    return Table("placebos", "Negative controls", "", columns, tuple(rows), notes, simulated)


@exhibit(
    kind="table",
    name="placebos",
    caption="Negative controls: what the headline model finds where there can be no effect.",
    needs=("placebos",),
    page="robustness",
    place="placebos",
)
def placebos_of(evidence: Evidence) -> Table:
    """Negative controls of every claim that has them."""
    return placebo_table(evidence.frame("placebos"), evidence.examined, simulated=evidence.simulated)
