"""Tables of a study, each as HTML, LaTeX, typst and CSV."""

import argparse
from pathlib import Path

from detente.base.files import write_bytes
from detente.cli.command import Command
from detente.cli.evidence import configure_evidence, configure_templates, read_evidence
from detente.report import files_of, made_for, read_templates

COMMAND = Command(
    summary="render tables", group="step", example="detente tables --study tiny --out reports/tiny/tables"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_evidence(parser)
    configure_templates(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for <table>.{html,tex,typ,csv}")


def run(arguments: argparse.Namespace) -> None:
    """Write every table that the study has, in every format."""
    templates = read_templates(arguments.templates)
    for exhibit, table in made_for(read_evidence(arguments), "table"):
        for name, content in files_of(exhibit, table, templates):
            write_bytes(content, arguments.out / name)
