"""Planted effects of a simulated world beside what the pipeline estimated."""

import argparse
from pathlib import Path

from detente.base.files import write_csv
from detente.cli.command import Command
from detente.cli.evidence import configure_evidence, read_evidence
from detente.report.paper import recovery

COMMAND = Command(
    summary="compare planted with estimated effects",
    group="step",
    example="detente recovery --study tiny --out reports/tiny/recovery.csv",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_evidence(parser)
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")


def run(arguments: argparse.Namespace) -> None:
    """Write one row per claim."""
    write_csv(recovery(read_evidence(arguments)), arguments.out)
