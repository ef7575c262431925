"""The page of published tables: every printed number beside ours, to search and to filter by status."""

from typing import Any

import pandas as pd

from detente.replicate import FAILING, STATUSES
from detente.report.explorer.origin import Published
from detente.report.formats import count
from detente.report.site import counted, said


def replication_words(published: Published) -> dict[str, Any]:
    """Return what the page says: tables with counts by status, and numbers one by one."""
    numbers = published.numbers
    there = [status for status in STATUSES if (numbers["status"] == status).any()]
    tables = [
        {"id": name, "title": title, "citation": citation, "data": list(files.items()),
         "numbers": count(int((numbers["id"] == name).sum())),
         "counts": [count(int(((numbers["id"] == name) & (numbers["status"] == s)).sum())) for s in there]}
        for name, (title, citation, files) in published.words.items()
    ]  # fmt: skip
    return {
        "tables": tables,
        "statuses": [(_slug(status), status) for status in there],
        "rows": [_row(row) for row in numbers.to_dict("records")],
        "total": count(len(numbers)),
        "compared": published.compared,
        "summary": [(s, count(int(counted(numbers)[s].iloc[-1]))) for s in there] if len(numbers) else [],
    }


def _row(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        "table": row["id"], "model": row["model"], "term": row["term"],
        "quantity": str(row["quantity"]).replace("_", " "), "printed": row["printed"],
        "ours": said(row["ours"]), "difference": said(row["difference"]),
        "size": "" if pd.isna(row["difference"]) else abs(float(row["difference"])), "status": row["status"],
        "slug": _slug(row["status"]), "reason": row["reason"], "failing": row["status"] in FAILING,
    }  # fmt: skip


def _slug(status: Any) -> str:
    """A status as one word, by which rows are filtered."""
    return str(status).replace(",", "").replace(" ", "-")
