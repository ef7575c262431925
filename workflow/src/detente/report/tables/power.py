"""What the headline of each claim could have found."""

import math

from detente.report.evidence import Evidence, entries
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, PER, count, decimal, multiple, percent
from detente.report.tables.table import Row, Table, columns

_COLUMNS = (
    *columns(f"Base risk per {PER:,}"),
    *columns("2.8 SE", "Planted", group="Detectable effect, of base risk"),
    *columns("Power by SE", "Planted", "Exaggeration", "Wrong sign", group="At the smallest effect of interest"),
    *columns("Rejections under no effect", "Observed SE by planted spread"),
)


@exhibit(
    kind="table", name="power", page="robustness", place="power", order=1, needs=("ledger", "power"),
    caption="Power: what the headline of each claim could have found, from effects planted in its own data.",
)  # fmt: skip
def power(evidence: Evidence) -> Table:
    """What the headline of each claim could have found, from effects planted on its real rows."""
    frame = evidence.frame("power")
    found = {r.claim: r for r in entries(frame)}
    rows = []
    for claim in entries(evidence.estimated):
        if (r := found.get(claim.claim)) is None:
            continue
        cells = (
            decimal(PER * r.base_risk, 1),
            percent(r.mde_share),
            percent(r.mde_simulated_share),
            percent(r.power_by_error),
            percent(r.power_at_smallest),
            multiple(r.type_m_at_smallest) if math.isfinite(r.type_m_at_smallest) else MISSING,
            percent(r.type_s_at_smallest),
            percent(r.size, 1),
            decimal(r.std_error / r.spread, 1),
        )
        rows.append(Row(claim.label, cells))
    draws = int(frame["draws"].max()) if len(frame) else 0
    notes = (
        f"Outcomes are simulated under a planted effect and the headline model is tested at 5%, {count(draws)} draws "
        f"each. Exaggeration and wrong sign: of estimates that are significant (types M and S). Rejections under no "
        f"effect: the size of the test, 5% if its intervals are right.",
        "Where the last column is above one, the data have more dependence than was simulated. The verdict takes the "
        "smaller power of the two.",
    )
    title = "What the headline could have found"
    return Table("power", title, "", _COLUMNS, tuple(rows), notes, evidence.simulated, dense=True)
