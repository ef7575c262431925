"""Planted beside estimated: what the pipeline finds in a world whose effects are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from detente.exhibits.evidence import Evidence, cell
from detente.exhibits.formats import MISSING, PER
from detente.exhibits.table import Column, Row, Table

COLUMNS = ("claim", "planted", "estimate", "std_error", "covered")


def recovery(evidence: Evidence, planted: Mapping[str, float]) -> pd.DataFrame:
    """Planted effects and their estimates on the headline sample (probabilities).

    Parameters
    ----------
    planted
        Claim id → planted difference in onset risk. A claim without one is left out.

    Returns
    -------
    DataFrame
        `claim`, `planted`, `estimate`, `std_error`, `covered` (whether the 95% interval holds the planted
        effect; missing if there is no estimate).
    """
    rows = []
    for claim in evidence.study.claims:
        if claim not in planted:
            continue
        found = cell(evidence, claim, evidence.study.headline, evidence.preferred)
        covered = bool(found.low <= planted[claim] <= found.high) if found.estimated else None
        rows.append((claim, float(planted[claim]), found.effect, found.std_error, covered))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"covered": "boolean"})


def recovery_table(entries: Iterable[Mapping[str, Any]]) -> Table:
    """Return the `recovery` entries of numbers.json for print."""
    words = {True: "yes", False: "no", None: MISSING}
    rows = tuple(
        Row(
            r["label"],
            (*(r[name]["text"] for name in ("planted", "estimate", "std_error")), words[r["covered"]]),
        )
        for r in entries
    )
    columns = (
        Column("Planted"),
        Column("Estimated"),
        Column("Standard error"),
        Column("95% interval holds it", align="center"),
    )
    notes = (
        f"Changes in onsets per {PER:,} dyad-years on the headline sample; dyadic-robust standard errors. "
        "One world is one draw: nineteen intervals in twenty should hold their effect in the long run.",
    )
    return Table("recovery", "Planted and estimated effects", "", columns, rows, notes, simulated=True)
