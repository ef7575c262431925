"""Planted effects of a simulated world beside what the pipeline estimated."""

from __future__ import annotations

import argparse
from pathlib import Path

from detente.base.files import read_json, write_csv
from detente.cli.evidence import configure_evidence, read_evidence
from detente.report.tables.recovery import recovery


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_evidence(parser)
    parser.add_argument("--truth", type=Path, required=True, help="truth.json of a simulated world")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")


def run(arguments: argparse.Namespace) -> None:
    """Write one row a claim."""
    write_csv(recovery(read_evidence(arguments), read_json(arguments.truth)["effects"]), arguments.out)
