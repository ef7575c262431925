"""Specification curves of one claim: a PDF with one page per estimand, and the headline's as SVG and PNG."""

import argparse
import io
from pathlib import Path

from detente.base.files import write_bytes
from detente.cli.command import Command
from detente.cli.evidence import configure_evidence, read_evidence

COMMAND = Command(
    summary="draw the specification curves of a claim",
    group="step",
    example="detente curves --study tiny --claim exercise --out reports/tiny/robustness",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    configure_evidence(parser)
    parser.add_argument("--claim", required=True, help="the claim to draw")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")


def run(arguments: argparse.Namespace) -> None:
    """Draw one page per estimand."""
    # Loaded here, so that asking for help does not load a plotting library.
    from matplotlib.backends.backend_pdf import PdfPages

    from detente.report.figures import curves_of, image

    evidence = read_evidence(arguments)
    buffer = io.BytesIO()
    figures = list(curves_of(evidence, evidence.project.claims.claims[arguments.claim]))
    with PdfPages(buffer, metadata={"CreationDate": None, "ModDate": None, "Producer": None, "Creator": None}) as pages:
        for figure in figures:
            pages.savefig(figure)
    for kind in ("svg", "png"):
        write_bytes(image(figures[0], kind), arguments.out / f"curve.{arguments.claim}.{kind}")
    write_bytes(buffer.getvalue(), arguments.out / f"curve.{arguments.claim}.pdf")
    print(f"{arguments.claim}: {len(figures)} curves")
