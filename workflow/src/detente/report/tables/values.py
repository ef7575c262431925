"""Cells and labels that tables of robustness share."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.formats import MISSING, per_thousand


def or_missing(value: Any, printed: Callable[[float], str]) -> str:
    """Print a value, or a dash if there is none."""
    return MISSING if value is None or pd.isna(value) else printed(float(value))


def between(low: float, high: float) -> str:
    """Print the ends of an interval of risks, or a dash if there is none."""
    return MISSING if pd.isna(low) or pd.isna(high) else f"{per_thousand(low)} to {per_thousand(high)}"


def with_interval(evidence: Evidence) -> pd.DataFrame:
    """Return the rows of the claims ledger that have an estimate."""
    ledger = evidence.frame("ledger")
    return ledger[ledger["estimate"].notna()]


def labels_with_interval(evidence: Evidence) -> dict[str, str]:
    """Claims with an estimate: id → label."""
    found = with_interval(evidence)
    return dict(zip(found["claim"], found["label"], strict=True))
