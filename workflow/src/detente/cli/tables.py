"""Tables of a study, each as HTML, LaTeX, typst and CSV."""

from __future__ import annotations

import argparse
from pathlib import Path

from detente.cli.evidence import configure_evidence, configure_templates, read_evidence, read_templates
from detente.exhibits.table import render
from detente.exhibits.tables import FORMATS, TABLES
from detente.files import write_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_evidence(parser)
    configure_templates(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for <table>.{html,tex,typ,csv}")


def run(arguments: argparse.Namespace) -> None:
    """Write every table in every format."""
    evidence = read_evidence(arguments)
    templates = read_templates(arguments.templates)
    for name, build in TABLES.items():
        table = build(evidence)
        for kind in FORMATS:
            write_text(render(table, kind, templates), arguments.out / f"{name}.{kind}")
