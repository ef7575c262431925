"""Every number that the paper's text mentions."""

import argparse
from pathlib import Path

from detente.base.files import write_json
from detente.cli.command import Command
from detente.cli.evidence import configure_evidence, read_evidence
from detente.report.paper import numbers

COMMAND = Command(
    summary="write every number that the text mentions",
    group="step",
    example="detente numbers --study tiny --out reports/tiny/numbers.json",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_evidence(parser)
    parser.add_argument("--out", type=Path, required=True, help="numbers.json")


def run(arguments: argparse.Namespace) -> None:
    """Write every number, with planted effects where the world is simulated."""
    write_json(numbers(read_evidence(arguments)), arguments.out)
