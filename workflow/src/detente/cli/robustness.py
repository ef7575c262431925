"""The robustness report: ledger, curves, power, sensitivity, influence and prediction on one page."""

import argparse
from pathlib import Path

from detente.base.files import write_bytes, write_text
from detente.cli.command import Command
from detente.cli.evidence import configure_evidence, configure_templates, read_evidence
from detente.report import read_templates
from detente.report.paper import html, outdated, robustness_of, texts

COMMAND = Command(
    summary="typeset the robustness of a study",
    group="step",
    example="detente robustness --study tiny --shown reports/tiny/robustness --html reports/tiny/robustness.html",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_evidence(parser)
    configure_templates(parser)
    parser.add_argument("--shown", type=Path, required=True, help="folder of curves, tables and figures")
    parser.add_argument("--html", type=Path, required=True, help="page to write")


def run(arguments: argparse.Namespace) -> None:
    """Write tables and figures, each in every format, and the page that holds them."""
    templates, works = read_templates(arguments.templates), arguments.templates / "references.yaml"
    evidence = read_evidence(arguments)
    page = robustness_of(evidence, texts(arguments.shown, "svg"), templates, works)
    for name, content in page.files.items():
        write_bytes(content, arguments.shown / name)
    for path in outdated(arguments.shown, page, evidence):
        path.unlink()
    write_text(html(page.manuscript, templates), arguments.html)
