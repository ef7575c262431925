"""The manifest of a report: checksums of all it is made from and of, versions, time and memory of each step."""

from __future__ import annotations

import argparse
import csv
import os
import platform
from pathlib import Path
from typing import Any

from detente.cli.files import read_json, sha256, write_json
from detente.cli.options import add_study
from detente.config import load_project


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    add_study(parser)
    parser.add_argument("--provenance", type=Path, required=True, help="JSON of the provenance step")
    parser.add_argument("--processed", type=Path, required=True, help="folder of processed files")
    parser.add_argument("--report", type=Path, required=True, help="folder of the report")
    parser.add_argument("--benchmarks", type=Path, required=True, help="folder of the steps' benchmarks")
    parser.add_argument("--out", type=Path, required=True, help="JSON to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the manifest."""
    project = load_project(arguments.root, arguments.override)
    provenance = read_json(arguments.provenance)
    raw = provenance.pop("raw")
    write_json(
        {
            **provenance,
            "study": project.study(arguments.study).model_dump(mode="json"),
            "machine": {
                "python": platform.python_version(),
                "system": platform.system(),
                "cores": os.cpu_count(),
            },
            "raw": {f"{f['slug']}/{f['file']}": f["sha256"] for f in raw},
            "processed": checksums(arguments.processed, (".parquet", ".csv")),
            "exhibits": checksums(
                arguments.report, (".html", ".tex", ".csv", ".svg", ".pdf", ".png", ".json"), arguments.out
            ),
            "steps": steps(arguments.benchmarks),
        },
        arguments.out,
    )


def checksums(folder: Path, endings: tuple[str, ...], but: Path | None = None) -> dict[str, str]:
    """SHA-256 of every file below `folder` with one of the endings, by path relative to it."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in endings and p != but and not p.name.startswith("."))
    return {p.relative_to(folder).as_posix(): sha256(p) for p in files}


def steps(folder: Path) -> dict[str, Any]:
    """Wall seconds and peak memory of every step, from Snakemake's benchmark files."""
    found = {}
    for path in sorted(folder.glob("*.tsv")):
        with path.open(encoding="utf-8") as stream:
            row = next(csv.DictReader(stream, delimiter="\t"), None)
        if row:
            found[path.stem] = {"seconds": _number(row["s"]), "peak_mb": _number(row["max_rss"])}
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
