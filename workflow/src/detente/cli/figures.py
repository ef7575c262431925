"""Figures of a study, each as SVG, PDF and PNG."""

from __future__ import annotations

import argparse
from pathlib import Path

from detente.base.files import write_bytes
from detente.cli.evidence import configure_evidence, read_evidence


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_evidence(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for <figure>.{svg,pdf,png}")


def run(arguments: argparse.Namespace) -> None:
    """Write every figure in every format."""
    # Loaded here, so that asking for help does not load a plotting library.
    from detente.report.figures.canvas import FORMATS, image
    from detente.report.figures.figures import FIGURES

    evidence = read_evidence(arguments)
    for name, draw in FIGURES.items():
        figure = draw(evidence)
        for kind in FORMATS:
            write_bytes(image(figure, kind), arguments.out / f"{name}.{kind}")
