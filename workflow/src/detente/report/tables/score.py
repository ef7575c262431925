"""What the truth of a simulated world says of the pipeline."""

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, PER, per_thousand, percent
from detente.report.tables.table import Column, Row, Table


def score_table(score: pd.DataFrame) -> Table:
    """What a simulated world's truth says of the pipeline: one row per claim."""
    words = {True: "yes", False: "no"}
    rows = [
        Row(
            f"{r['code']} {r['label']}",
            (
                per_thousand(r["planted"]),
                per_thousand(r["estimate"]),
                MISSING if pd.isna(r["sign"]) else words[bool(r["sign"])],
                words[bool(r["covered"])],
                percent(r["share_covering"]),
                str(r["verdict"]),
                words[bool(r["right"])],
            ),
        )
        for r in score.to_dict("records")
    ]
    columns = (
        Column("Planted"),
        Column("Estimated"),
        Column("Sign right", align="center"),
        Column("Interval contains it", align="center"),
        Column("Equivalent specifications that contain it"),
        Column("Verdict", align="left"),
        Column("Not wrong", align="center"),
    )
    notes = (
        f"Changes in onsets per {PER:,} dyad-years. A verdict is wrong if it names the other sign, calls an effect "
        "negligible that is at least the smallest of interest, or finds one where none was planted.",
    )
    return Table("score", "The pipeline against the truth", "", columns, tuple(rows), notes, simulated=True)


@exhibit(
    kind="table",
    name="score",
    caption="The pipeline against the truth of the simulated world, claim by claim.",
    needs=("score",),
    applies=lambda study: study.simulated,
    page="robustness",
    place="score",
)
def score_of(evidence: Evidence) -> Table:
    """Verdicts beside planted effects."""
    return score_table(evidence.frame("score"))
