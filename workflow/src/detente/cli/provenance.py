"""Record what a report is made from: commit, seed, versions, raw files."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from detente.base.files import read_json, write_json
from detente.cli.options import add_study
from detente.provenance import commit, versions
from detente.study.config.project import load_project


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    add_study(parser)
    parser.add_argument("--receipts", type=Path, required=True, help="folder of receipts of raw files")
    parser.add_argument("--sources", nargs="+", required=True, metavar="SLUG", help="sources that have receipts")
    parser.add_argument("--out", type=Path, required=True, help="JSON to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the record."""
    project = load_project(arguments.root, arguments.override)
    study = project.study(arguments.study)
    write_json(
        {
            **asdict(commit(arguments.root)),
            "seed": study.seed,
            "versions": versions(),
            "raw": raw_files(arguments.receipts, arguments.sources),
        },
        arguments.out,
    )


def raw_files(receipts: Path, slugs: list[str]) -> list[dict[str, Any]]:
    """Every raw file of a study with its checksum."""
    return [
        {"slug": slug, "file": f["file"], "sha256": f["sha256"], "bytes": f["bytes"]}
        for slug in slugs
        for f in read_json(receipts / f"{slug}.json")["files"]
    ]
