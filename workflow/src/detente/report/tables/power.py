"""What the headline of each claim could have found."""

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import PER, count, decimal, multiple, percent
from detente.report.models import entries
from detente.report.tables.keys import key
from detente.report.tables.table import Column, Table, shown

_DETECTABLE, _AT = "Detectable effect, of base risk", "At the smallest effect of interest"
_COLUMNS = (
    Column(f"Base risk per {PER:,}", show=lambda r: decimal(PER * r.base_risk, 1)),
    Column("By SE", _DETECTABLE, show=lambda r: percent(r.mde_share)),
    Column("Planted", _DETECTABLE, show=lambda r: percent(r.mde_simulated_share)),
    Column("Power by SE", _AT, show=lambda r: percent(r.power_by_error)),
    Column("Planted", _AT, show=lambda r: percent(r.power_at_smallest)),
    Column("Exaggeration", _AT, show=lambda r: multiple(r.type_m_at_smallest)),
    Column("Wrong sign", _AT, show=lambda r: percent(r.type_s_at_smallest)),
    Column("Rejections under no effect", show=lambda r: percent(r.size, 1)),
    Column("Observed SE over planted spread", show=lambda r: decimal(r.std_error / r.spread, 1)),
)


@exhibit(kind="table", name="power", page="robustness", place="power", order=1, needs=("ledger", "power"))
def power(evidence: Evidence) -> Table:
    """Power: what the headline of each claim could have found, from effects planted in its own data."""
    frame = evidence.frame("power")
    found = {r.claim: r for r in entries(frame)}
    mine = ((c.label, found[c.claim]) for c in entries(evidence.estimated) if c.claim in found)
    rows = [shown(label, _COLUMNS, r, key("power", r, "claim")) for label, r in mine]
    draws = int(frame["draws"].max()) if len(frame) else 0
    notes = (
        f"Outcomes are simulated under a planted effect and the headline model is tested at 5%, {count(draws)} draws "
        f"each. Exaggeration and wrong sign: of estimates that are significant (types M and S). Rejections under no "
        f"effect: the size of the test, 5% if its intervals are right.",
        "Where the last column is above one, the data have more dependence than was simulated. The verdict takes the "
        "smaller power of the two.",
    )
    title = "What the headline model could have found"
    return Table("power", title, "", _COLUMNS, tuple(rows), notes, evidence.simulated, dense=True)
