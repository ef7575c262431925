"""Figures of a study, each as SVG, PDF and PNG."""

import argparse
from pathlib import Path

from detente.base.files import write_bytes
from detente.cli.command import Command
from detente.cli.evidence import configure_evidence, read_evidence
from detente.report import files_of, made_for

COMMAND = Command(
    summary="draw figures", group="step", example="detente figures --study tiny --out reports/tiny/figures"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_evidence(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for <figure>.{svg,pdf,png}")


def run(arguments: argparse.Namespace) -> None:
    """Write every figure that the study has, in every format."""
    for exhibit, figure in made_for(read_evidence(arguments), "figure"):
        for name, content in files_of(exhibit, figure, {}):
            write_bytes(content, arguments.out / name)
