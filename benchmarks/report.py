"""From measurements to rows, a table and a JSON file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.tasks import AGREEMENT, BY_NAME, Task

SIMULATED = "SIMULATED DYADS"
HEADS = ("task", "rows", "ours s", "ours MB", "peer", "peer s", "peer MB", "ratio", "largest difference")
NOTES = (
    "ratio: peer's seconds over ours. MB: peak of the whole process, interpreter and libraries included.",
    "LPM: ours estimates the dyadic-robust covariance and the one clustered by dyad; peers have no dyadic",
    "covariance and estimate the clustered one alone, which is compared.",
    "Ratio scaled: per row, where a peer takes a part of the rows; numbers are compared with ours on the same part.",
    "Specifications: rows are fits; a peer makes some, drawn at random, and the ratio is that of seconds a fit.",
    "Panel: ours checks every key and logs the records that have no row; the merge chain does neither.",
)


def row(
    task: Task, world: str, ours: Mapping[str, Any], peer: str | None, theirs: Mapping[str, Any] | None
) -> dict[str, Any]:
    """One line of the benchmark; a ratio only where both give the same numbers."""
    base = {
        "task": task.name,
        "world": SIMULATED if task.simulated else world,
        "rows": ours["rows"],
        "ours_s": ours["seconds"],
        "ours_mb": ours["mb"],
        "ours_mb_loaded": ours["mb_loaded"],
        "ours_load_s": ours["load_s"],
        "ours_repeats": ours["repeats"],
        "peer": peer,
        "peer_rows": None,
        "peer_s": None,
        "peer_mb": None,
        "peer_mb_loaded": None,
        "peer_repeats": None,
        "peer_version": None,
        "gap": None,
        "ratio": None,
    }
    if theirs is None or "missing" in theirs or "failed" in theirs:
        status = "no peer" if theirs is None else theirs.get("failed", "not installed")
        return {**base, "status": status}
    agrees = theirs["gap"] is not None and theirs["gap"] <= AGREEMENT
    scale = ours["rows"] / theirs["rows"] if task.simulated else 1.0
    return {
        **base,
        "peer_rows": theirs["rows"],
        "peer_s": theirs["seconds"],
        "peer_mb": theirs["mb"],
        "peer_mb_loaded": theirs["mb_loaded"],
        "peer_repeats": theirs["repeats"],
        "peer_version": theirs["version"],
        "gap": theirs["gap"],
        "ratio": scale * theirs["seconds"] / ours["seconds"] if agrees else None,
        "status": "same numbers" if agrees else "FAILED: different numbers",
    }


def failed(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether any row is worthless."""
    return any(str(r["status"]).startswith("FAILED") for r in rows)


def table(rows: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> str:
    """Rows as aligned text, under the name of the world they come from."""
    lines = [HEADS, *(_cells(r, labels) for r in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADS))]
    left = {0, 4, 8}
    text = [
        "  ".join(c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    ]
    failures = [f"{r['task']}, {r['peer']}: {r['status']}" for r in rows if str(r["status"]).startswith("FAILED")]
    world = "; ".join(dict.fromkeys(r["world"] for r in rows))
    return "\n".join([f"Data: {world}", "", text[0], "-" * len(text[0]), *text[1:], "", *failures, *NOTES])


def write(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """JSON, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(rows, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    temporary.replace(path)


def _cells(row: Mapping[str, Any], labels: Mapping[str, str]) -> tuple[str, ...]:
    task = BY_NAME[row["task"]]
    peer = task.label_of(row["peer"]) if row["peer"] else "none does it"
    if row["peer_rows"] not in (None, row["rows"]):
        peer += f", {row['peer_rows']:,} {task.unit}, ratio scaled"
    verdict = row["status"] if row["ratio"] is None else f"{row['gap']:.0e}"
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
    return (
        labels[row["task"]],
        f"{row['rows']:,}",
        _number(row["ours_s"], 3),
        _number(row["ours_mb"], 0),
        peer,
        _number(row["peer_s"], 3),
        _number(row["peer_mb"], 0),
        ratio,
        "" if row["peer"] is None else verdict.split(":")[0],
    )


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"
