"""What the headline of each claim could have found."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from detente.report.evidence import Evidence, entries
from detente.report.exhibit import exhibit
from detente.report.formats import PER, count, decimal, multiple, percent
from detente.report.tables.table import Column, Row, Table
from detente.report.tables.values import labels_with_interval, or_missing


def power_table(frame: pd.DataFrame, claims: Mapping[str, str], *, simulated: bool) -> Table:
    """What the headline of each claim could have found, from effects planted on its real rows.

    Parameters
    ----------
    frame
        One row per claim: `claim`, `base_risk`, `power_at_smallest`, `power_by_error`, `type_m_at_smallest`,
        `type_s_at_smallest`, `size`, `mde_share`, `mde_simulated_share`, `std_error`, `spread`, `draws`.
    claims
        Claim id → label, in order of print.
    """
    rows = [
        Row(
            claims[r.claim],
            (
                decimal(PER * r.base_risk, 1),
                percent(r.mde_share),
                or_missing(r.mde_simulated_share, percent),
                percent(r.power_by_error),
                percent(r.power_at_smallest),
                or_missing(r.type_m_at_smallest, multiple),
                or_missing(r.type_s_at_smallest, percent),
                percent(r.size, 1),
                decimal(r.std_error / r.spread, 1),
            ),
        )
        for r in _in_order(frame, claims)
    ]
    columns = (
        Column(f"Base risk per {PER:,}"),
        Column("2.8 SE", "Detectable effect, of base risk"),
        Column("Planted", "Detectable effect, of base risk"),
        Column("Power by SE", "At the smallest effect of interest"),
        Column("Planted", "At the smallest effect of interest"),
        Column("Exaggeration", "At the smallest effect of interest"),
        Column("Wrong sign", "At the smallest effect of interest"),
        Column("Rejections under no effect"),
        Column("Observed SE by planted spread"),
    )
    draws = int(frame["draws"].max()) if len(frame) else 0
    notes = (
        f"Outcomes are simulated under a planted effect and the headline model is tested at 5%, {count(draws)} draws "
        f"each. Exaggeration and wrong sign: of estimates that are significant (types M and S). Rejections under no "
        f"effect: the size of the test, 5% if its intervals are right.",
        "Where the last column is above one, the data have more dependence than was simulated. The verdict takes the "
        "smaller power of the two.",
    )
    return Table("power", "What the headline could have found", "", columns, tuple(rows), notes, simulated, dense=True)


def _in_order(frame: pd.DataFrame, claims: Mapping[str, str]) -> list[Any]:
    known = {r.claim: r for r in entries(frame)}
    return [known[c] for c in claims if c in known]


@exhibit(
    kind="table",
    name="power",
    caption="Power: what the headline of each claim could have found, from effects planted in its own data.",
    needs=("ledger", "power"),
    page="robustness",
    place="power",
    order=1,
)
def power_of(evidence: Evidence) -> Table:
    """Power of the claims that have an estimate."""
    return power_table(evidence.frame("power"), labels_with_interval(evidence), simulated=evidence.simulated)
