"""Record what a report is made from: commit, seed, versions, raw files."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from detente.base.files import read_json, write_json
from detente.cli.command import Command
from detente.cli.options import add_study, read_study
from detente.provenance import commit, versions

COMMAND = Command(
    summary="record what a report was made from",
    group="step",
    example="detente provenance --study tiny --sources mme --receipts data/processed/tiny/raw --out provenance.json",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    add_study(parser)
    parser.add_argument("--receipts", type=Path, required=True, help="folder of receipts of raw files")
    parser.add_argument("--sources", nargs="+", required=True, metavar="SLUG", help="sources that have receipts")
    parser.add_argument("--out", type=Path, required=True, help="JSON to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the record."""
    _, study = read_study(arguments)
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
