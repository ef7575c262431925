"""The manifest of a report: checksums of all it is made from and of, versions, time and memory of each step."""

import argparse
import csv
import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from detente.base.files import read_json, sha256, write_json
from detente.base.strict import shown
from detente.cli.command import Command
from detente.cli.lineage import configure_records, of_products
from detente.cli.options import add_study, read_study
from detente.provenance import columns

COMMAND = Command(
    summary="record checksums, versions, time and memory",
    group="step",
    example="detente manifest --study tiny --provenance provenance.json --processed data/processed/tiny --report "
    "reports/tiny --products reports/tiny/numbers.json --benchmarks "
    "data/processed/tiny/benchmarks/panel.tsv --out manifest.json",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    add_study(parser)
    configure_records(parser)
    parser.add_argument("--provenance", type=Path, required=True, help="JSON of the provenance step")
    parser.add_argument("--processed", type=Path, required=True, help="folder of processed files")
    parser.add_argument("--report", type=Path, required=True, help="folder of the report")
    parser.add_argument("--products", type=Path, nargs="+", required=True, help="files that the study is made of")
    parser.add_argument("--benchmarks", type=Path, nargs="+", required=True, help="benchmarks of the study's steps")
    parser.add_argument("--out", type=Path, required=True, help="JSON to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the manifest: what belongs to the study as it is now; whatever else lies in its folders is not listed."""
    project, study = read_study(arguments)
    provenance = read_json(arguments.provenance)
    raw = provenance.pop("raw")
    lock = arguments.root / "requirements.lock"
    write_json(
        {
            **provenance,
            "study": study.model_dump(mode="json"),
            "machine": {"python": platform.python_version(), "system": platform.system(), "cores": os.cpu_count()},
            "config": {shown(path): sha256(path) for path in project.files_of(study)},
            "lock": {lock.name: sha256(lock)} if lock.is_file() else {},
            "raw": {f"{f['slug']}/{f['file']}": f["sha256"] for f in raw},
            "processed": checksums(arguments.processed, arguments.products),
            "exhibits": checksums(arguments.report, arguments.products),
            "columns": {p.as_posix(): columns(p) for p in arguments.products if p.suffix == ".parquet"},
            "lineage": of_products(project, study, [*arguments.products, arguments.provenance], arguments.records),
            "steps": steps(arguments.benchmarks),
        },
        arguments.out,
    )


def checksums(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of those `files` that lie below `folder`, by path relative to it."""
    return {f.relative_to(folder).as_posix(): sha256(f) for f in files if f.is_relative_to(folder)}


def steps(benchmarks: Iterable[Path]) -> dict[str, Any]:
    """Wall seconds and peak memory of every step, from Snakemake's benchmark files that are at hand."""
    found = {}
    for path in benchmarks:
        if not path.is_file():
            continue
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
