"""Registry of the tables that the workflow writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detente.exhibits.evidence import Evidence
from detente.exhibits.table import Table
from detente.exhibits.tables_results import main, samples
from detente.exhibits.tables_sample import descriptives, sample_flow

TABLES: Mapping[str, Callable[[Evidence], Table]] = {
    "sample_flow": sample_flow,
    "descriptives": descriptives,
    "main": main,
    "samples": samples,
}
FORMATS = ("html", "tex", "typ", "csv")
