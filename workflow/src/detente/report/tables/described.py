"""Claims that have a method of their own: what is estimated of each, and what that says to it."""

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, coefficient, count, p_value
from detente.report.models import entries
from detente.report.tables.table import Column, Row, Table, shown
from detente.study.verdicts import described_answer

_COLUMNS = (
    Column("Estimate", align="decimal", show=lambda r: coefficient(r.estimate)),
    Column("from", INTERVAL, "decimal", lambda r: coefficient(r.conf_low)),
    Column("to", INTERVAL, "decimal", lambda r: coefficient(r.conf_high)),
    Column("p", align="decimal", show=lambda r: p_value(r.p_value)),
    Column("Unit", align="text", show=lambda r: str(r.unit)),
    Column("Observations", align="left", show=lambda r: f"{count(r.nobs)} {r.of}"),
    Column("Judged", align="left", show=lambda r: "yes" if r.judged else ""),
)


@exhibit(
    kind="table", name="described", page="robustness", place="described", needs=("findings",),
    applies=lambda traits: traits.described,
)  # fmt: skip
def described(evidence: Evidence) -> Table:
    """Claims described by methods of their own. Estimates, and what the judged one says to the claim."""
    rows: list[Row] = []
    notes: list[str] = []
    for claim in evidence.described:
        findings = evidence.of_claim("findings", claim.id)
        if findings.empty:
            continue
        rows.append(Row(f"{claim.label}: {described_answer(claim.expected, findings)}"))
        rows += [shown(str(r.quantity), _COLUMNS, r) for r in entries(findings)]
        notes += [f"{claim.label}, {r.quantity}: {r.note}." for r in entries(findings) if r.note]
    head = (
        "Intervals at 95%. Supported: the interval of the judged estimate lies on the side of no effect that the claim "
        "is on; contradicted: on the other; open: it holds no effect, or p, which is of placebos where the method has "
        "them, is above 0.05. Each rests on one method alone.",
    )
    title = "Claims described by methods of their own"
    return Table("described", title, "", _COLUMNS, tuple(rows), (*head, *notes), evidence.simulated, dense=True)
