"""The paper as PDF and as one self-contained page."""

import argparse
from functools import partial
from pathlib import Path

from detente.base.files import read_json, write_bytes, write_text
from detente.cli.command import Command
from detente.cli.evidence import configure_evidence, configure_templates, read_evidence
from detente.provenance import ancestry
from detente.report import read_templates
from detente.report.paper import html, paper_of, pdf, typst_source

COMMAND = Command(
    summary="typeset the paper and the page",
    group="step",
    example="detente publish --study tiny --shown reports/tiny --provenance provenance.json --lineage "
    "lineage.json --pdf paper.pdf --html index.html",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_evidence(parser)
    configure_templates(parser)
    parser.add_argument("--shown", type=Path, required=True, help="folder with numbers.json, tables/ and figures/")
    parser.add_argument("--provenance", type=Path, required=True, help="commit, seed, versions, raw files (JSON)")
    parser.add_argument("--lineage", type=Path, help="what made each exhibit (JSON; default: the page does not say)")
    parser.add_argument("--pdf", type=Path, required=True, help="paper to write")
    parser.add_argument("--html", type=Path, required=True, help="page to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the paper twice from one text."""
    templates = read_templates(arguments.templates)
    manuscript = paper_of(
        read_evidence(arguments),
        read_json(arguments.shown / "numbers.json"),
        read_json(arguments.provenance),
        partial(ancestry, read_json(arguments.lineage)) if arguments.lineage else None,
        arguments.shown,
        templates,
        arguments.templates / "references.yaml",
    )
    write_bytes(pdf(typst_source(manuscript, templates)), arguments.pdf)
    write_text(html(manuscript, templates), arguments.html)
