"""Names and formats of the exhibits that rules write."""

from __future__ import annotations

EVERYWHERE = ("sample_flow", "descriptives", "main", "samples")
TABLES = {"observed": EVERYWHERE, "simulated": (*EVERYWHERE, "coverage")}
FIGURES = ("coefficients", "timeline", "partners", "raw_risk")
TABLE_FORMATS = ("html", "tex", "typ", "csv")
FIGURE_FORMATS = ("svg", "pdf", "png")
COUNTS = ("sample_flow", "descriptives", "timeline", "partners", "raw_risk")
MULTIVERSE_TABLES = ("multiverse_samples", "multiverse_shares")
LEDGER_FRAMES = ("ledger", "checks", "families", "score")
LEDGER_TABLES = ("ledger", "untested", "power", "confounders", "placebos", "influence", "prediction", "deviations")
LEDGER_FIGURES = ("claims", "power", "separation")
