"""Planted beside estimated: what the pipeline finds in a world whose effects are known."""

from dataclasses import dataclass

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence, cell
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, PER, per_thousand, percent
from detente.report.labels import covariance_label
from detente.report.tables.table import Column, Row, Table
from detente.study.estimation import not_wrong


@dataclass(frozen=True)
class Coverage:
    """Share of intervals that hold the planted effect, by covariance and sample, over so many simulated worlds."""

    states: int
    worlds: int
    dyadic_relevant: float
    dyadic_all: float
    dyad_relevant: float
    dyad_all: float


# Measured, not built: docs/coverage.md, from tests/study/test_coverage.py over so many worlds of the demo's size.
COVERAGE = Coverage(60, 240, dyadic_relevant=0.906, dyadic_all=0.918, dyad_relevant=0.938, dyad_all=0.952)
COLUMNS = ("claim", "planted", "estimate", "std_error", "covered", "sign", "verdict", "right")


def recovery(evidence: Evidence) -> pd.DataFrame:
    """Planted effects and their estimates on the headline sample (probabilities); claims without one are left out.

    Returns
    -------
    DataFrame
        `claim`, `planted`, `estimate`, `std_error`, `covered` (whether the interval holds the planted effect), `sign`
        (whether the estimate has the planted one; missing if none was planted), `verdict`, and `right` (`not_wrong`);
        missing if there is no estimate.
    """
    rows = []
    planted = evidence.frame("truth").set_index("claim")["planted"]
    for claim in evidence.study.claims:
        if claim not in planted:
            continue
        found = cell(evidence, claim, evidence.study.headline, evidence.preferred)
        truth = float(planted[claim])
        covered = bool(found.low <= truth <= found.high) if found.estimated else None
        sign = bool(found.effect * truth > 0) if found.estimated and truth else None
        right = not_wrong(found.verdict, truth, found.smallest_effect) if found.estimated else None
        rows.append((claim, truth, found.effect, found.std_error, covered, sign, found.verdict, right))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(("covered", "sign", "right"), "boolean"))


@exhibit(
    kind="table",
    name="recovery",
    caption="Planted and estimated effects of the simulated world, claim by claim.",
    needs=("estimates", "failures", "truth"),
    applies=lambda study: study.simulated,
    place="recovery",
    order=1,
)
def recovery_table(evidence: Evidence) -> Table:
    """Planted effects beside their estimates, as `recovery` has them."""
    words = {True: "yes", False: "no"}
    rows = tuple(
        Row(
            evidence.project.claims.claims[str(r["claim"])].label,
            (
                *(per_thousand(r[name]) for name in ("planted", "estimate", "std_error")),
                *(MISSING if pd.isna(r[name]) else words[bool(r[name])] for name in ("sign", "covered")),
                str(r["verdict"]) or MISSING,
                MISSING if pd.isna(r["right"]) else words[bool(r["right"])],
            ),
        )
        for r in recovery(evidence).to_dict("records")
    )
    errors = covariance_label(evidence.vcov).long
    columns = (
        Column("Planted"),
        Column("Estimated"),
        Column("Standard error"),
        Column("Same sign", align="center"),
        Column(f"{percent(LEVEL)} interval contains it", align="center"),
        Column("Verdict", align="left"),
        Column("Not wrong", align="center"),
    )
    notes = (
        f"Changes in onsets per {PER:,} dyad-years on the headline sample; {errors} standard errors. "
        f"One world is one draw. With {COVERAGE.states} states dyadic-robust intervals are somewhat short: over "
        f"{COVERAGE.worlds} such worlds they contained the effect in {percent(COVERAGE.dyadic_relevant)} of cases "
        f"({percent(COVERAGE.dyadic_all)} among all dyads), intervals clustered by dyad in "
        f"{percent(COVERAGE.dyad_relevant)} ({percent(COVERAGE.dyad_all)}). A verdict is wrong if it names "
        "the other sign, calls negligible what is of interest, or finds an effect where none was planted.",
    )
    return Table("recovery", "Planted and estimated effects", "", columns, rows, notes, simulated=True)
