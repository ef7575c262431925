"""What a claim gains by years of its own: its headline in them, and in those that all claims have in common."""

from itertools import groupby

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, PER, count, decimal, per_thousand, percent
from detente.report.labels import covariance_label
from detente.report.models import entries
from detente.report.tables.notes import MDE, NOT_ESTIMABLE
from detente.report.tables.table import Column, Row, Table, shown

_COLUMNS = (
    Column("Dyad-years", show=lambda r: count(int(r.nobs))),
    Column("Onsets", show=lambda r: count(int(r.events))),
    Column("Dyads that switch", show=lambda r: count(int(r.switching_dyads))),
    Column("Effect", "", "decimal", lambda r: per_thousand(r.estimate)),
    Column("from", INTERVAL, "decimal", lambda r: per_thousand(r.conf_low)),
    Column("to", INTERVAL, "decimal", lambda r: per_thousand(r.conf_high)),
    Column("df", "", "decimal", lambda r: decimal(r.df, 1)),
    Column("MDE", "Detectable effect", "decimal", lambda r: per_thousand(r.mde)),
    Column("of base", "Detectable effect", "decimal", lambda r: percent(r.mde_share)),
    Column("Verdict", "", "left", lambda r: r.verdict),
)

_ABSENT = (NOT_ESTIMABLE, *("" for _ in _COLUMNS[1:]))


@exhibit(
    kind="table", name="windows", place="windows", order=1, needs=("windows",), applies=lambda traits: traits.windows
)
def windows(evidence: Evidence) -> Table:
    """What years of their own add. The headline of each claim in its own years and in those that all have in common."""
    labels, rows, lost = {c.id: c.label for c in evidence.claims}, list[Row](), list[str]()
    for claim, found in groupby(entries(evidence.frame("windows")), key=lambda r: r.claim):
        rows.append(Row(labels[claim]))
        for r in found:
            name = f"{r.first_year}\u2013{r.last_year}{'' if r.own else ', common'}"
            rows.append(Row(name, _ABSENT) if r.failure else shown(name, _COLUMNS, r))
            lost += [f"{NOT_ESTIMABLE}: {labels[claim]}, {name}: {r.failure}."] if r.failure else []
    notes = (
        f"Average marginal effects of the linear model in onsets per {PER:,} dyad-years, with "
        f"{covariance_label(evidence.vcov).long} standard errors; years of the outcome. The verdict of a claim is that "
        f"of its own years. {MDE}",
        *lost,
    )
    return Table(
        "windows", "What years of their own add", "", _COLUMNS, tuple(rows), notes, evidence.simulated, dense=True
    )
