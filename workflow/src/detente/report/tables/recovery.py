"""Planted beside estimated: what the pipeline finds in a world whose effects are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.formats import MISSING, PER, percent
from detente.report.paper.evidence import Evidence, cell
from detente.report.tables.table import Column, Row, Table
from detente.study.estimation.verdict import not_wrong


@dataclass(frozen=True)
class Coverage:
    """Share of intervals that hold the planted effect, by covariance and sample, over so many simulated worlds."""

    states: int
    worlds: int
    dyadic_relevant: float
    dyadic_all: float
    dyad_relevant: float
    dyad_all: float


# Measured, not built: docs/coverage.md, from tests/test_coverage.py over so many worlds of the demo's size.
COVERAGE = Coverage(60, 240, dyadic_relevant=0.906, dyadic_all=0.918, dyad_relevant=0.938, dyad_all=0.952)
COLUMNS = ("claim", "planted", "estimate", "std_error", "covered", "sign", "verdict", "right")


def recovery(evidence: Evidence, planted: Mapping[str, float]) -> pd.DataFrame:
    """Planted effects and their estimates on the headline sample (probabilities).

    Parameters
    ----------
    planted
        Claim id → planted difference in onset risk. A claim without one is left out.

    Returns
    -------
    DataFrame
        `claim`, `planted`, `estimate`, `std_error`, `covered` (whether the interval holds the planted effect), `sign`
        (whether the estimate has the planted one; missing if none was planted), `verdict`, and `right` (`not_wrong`);
        missing if there is no estimate.
    """
    rows = []
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


def recovery_table(entries: Iterable[Mapping[str, Any]], errors: str = "dyadic-robust") -> Table:
    """Return the `recovery` entries of numbers.json for print; `errors` says what their standard errors are."""
    words = {True: "yes", False: "no", None: MISSING}
    rows = tuple(
        Row(
            r["label"],
            (
                *(r[name]["text"] for name in ("planted", "estimate", "std_error")),
                *(words[r[name]] for name in ("sign", "covered")),
                r["verdict"] or MISSING,
                words[r["right"]],
            ),
        )
        for r in entries
    )
    columns = (
        Column("Planted"),
        Column("Estimated"),
        Column("Standard error"),
        Column("Same sign", align="center"),
        Column(f"{percent(LEVEL)} interval holds it", align="center"),
        Column("Verdict", align="left"),
        Column("Not wrong", align="center"),
    )
    notes = (
        f"Changes in onsets per {PER:,} dyad-years on the headline sample; {errors} standard errors. "
        f"One world is one draw. With {COVERAGE.states} states dyadic-robust intervals are somewhat short: over "
        f"{COVERAGE.worlds} such worlds they held the effect in {percent(COVERAGE.dyadic_relevant)} of cases "
        f"({percent(COVERAGE.dyadic_all)} among all dyads), intervals clustered by dyad in "
        f"{percent(COVERAGE.dyad_relevant)} ({percent(COVERAGE.dyad_all)}). A verdict is wrong if it names "
        "the other sign, calls negligible what is of interest, or finds an effect where none was planted.",
    )
    return Table("recovery", "Planted and estimated effects", "", columns, rows, notes, simulated=True)
