"""Tables of a study, each as HTML, LaTeX, typst and CSV."""

from __future__ import annotations

import argparse
from pathlib import Path

from detente.base.files import read_frame, write_text
from detente.cli.evidence import configure_evidence, configure_templates, read_evidence, read_templates
from detente.report.tables.table import render
from detente.report.tables.tables import FORMATS, TABLES
from detente.report.tables.tables_coverage import coverage_table


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_evidence(parser)
    configure_templates(parser)
    parser.add_argument("--coverage", type=Path, help="coverage.parquet of a simulated world")
    parser.add_argument("--out", type=Path, required=True, help="folder for <table>.{html,tex,typ,csv}")


def run(arguments: argparse.Namespace) -> None:
    """Write every table in every format; a simulated world has one more."""
    evidence = read_evidence(arguments)
    templates = read_templates(arguments.templates)
    tables = [build(evidence) for build in TABLES.values()]
    if arguments.coverage is not None:
        tables.append(coverage_table(read_frame(arguments.coverage), evidence.project.claims, evidence.samples))
    for table in tables:
        for kind in FORMATS:
            write_text(render(table, kind, templates), arguments.out / f"{table.name}.{kind}")
