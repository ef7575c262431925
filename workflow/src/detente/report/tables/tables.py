"""Registry of the tables that the workflow writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detente.report.paper.evidence import Evidence
from detente.report.tables.table import Table
from detente.report.tables.tables_results import main, samples
from detente.report.tables.tables_sample import descriptives, sample_flow

TABLES: Mapping[str, Callable[[Evidence], Table]] = {
    "sample_flow": sample_flow,
    "descriptives": descriptives,
    "main": main,
    "samples": samples,
}
FORMATS = ("html", "tex", "typ", "csv")
