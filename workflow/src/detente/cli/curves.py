"""Specification curves of one claim, or the tables of a whole multiverse."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import pandas as pd

from detente.base.files import read_frame, write_bytes, write_text
from detente.cli.evidence import read_templates
from detente.cli.options import add_study
from detente.report.tables.multiverse_tables import samples_table, shares_table
from detente.report.tables.table import render
from detente.report.tables.tables import FORMATS
from detente.study.config.multiverse import Multiverse, load_multiverse
from detente.study.config.project import Project, load_project
from detente.study.config.study import Study
from detente.study.multiverse.grid import HEADLINE

# An estimand needs so many specifications for a curve.
FEWEST = 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    add_study(parser)
    parser.add_argument("--multiverse", type=Path, required=True, help="multiverse.parquet")
    parser.add_argument(
        "--claim", help="the claim to draw: a PDF with a page an estimand, and the headline's as SVG and PNG"
    )
    parser.add_argument("--templates", type=Path, help="folder of table templates: writes the tables instead")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")


def run(arguments: argparse.Namespace) -> None:
    """Draw, or render."""
    project = load_project(arguments.root, arguments.override)
    study, multiverse = project.study(arguments.study), load_multiverse(arguments.root, project)
    frame = read_frame(arguments.multiverse)
    if arguments.claim:
        _draw(frame[frame["claim"] == arguments.claim], multiverse, project, study, arguments)
    if arguments.templates:
        headline = {name: node.headline for name, node in multiverse.nodes.items()}
        claims, simulated = project.examined(study), study.world == "simulated"
        for table in (
            samples_table(frame, claims, headline, study.headline, project.sample_labels, simulated=simulated),
            shares_table(frame, claims, headline["covariance"], simulated=simulated),
        ):
            for kind in FORMATS:
                text = render(table, kind, read_templates(arguments.templates))
                write_text(text, arguments.out / f"{table.name}.{kind}")


def estimands(frame: pd.DataFrame, covariance: str) -> dict[str, pd.DataFrame]:
    """Specifications with an estimate by title of their curve: equivalent, with uncertain options, then others."""
    there = frame[(frame["error"] == "") & (frame["covariance"] == covariance)]
    plain = there[there["estimand"] == HEADLINE]
    found = {"Equivalent to the headline": plain[plain["equivalent"]], "With uncertain options": plain}
    others = there[there["estimand"] != HEADLINE]
    found |= {str(name).replace("=", ": "): part for name, part in others.groupby("estimand", sort=False)}
    return {title: part for title, part in found.items() if len(part) >= FEWEST}


def _draw(
    frame: pd.DataFrame, multiverse: Multiverse, project: Project, study: Study, arguments: argparse.Namespace
) -> None:
    """One page an estimand."""
    # Loaded here, so that asking for help does not load a plotting library.
    from matplotlib.backends.backend_pdf import PdfPages

    from detente.report.figures.canvas import image
    from detente.report.figures.specification_curve import specification_curve

    label = project.claims.claims[arguments.claim].label
    nodes = {name: list(node.options) for name, node in multiverse.nodes.items()}
    headline = {name: node.headline for name, node in multiverse.nodes.items()}
    own = frame[(frame[list(headline)] == pd.Series(headline)).all(axis=1)]["spec_id"]
    buffer = io.BytesIO()
    parts = estimands(frame, headline["covariance"]) or {"Nothing to draw": frame.head(0)}
    with PdfPages(buffer, metadata={"CreationDate": None, "ModDate": None, "Producer": None, "Creator": None}) as pages:
        for i, (title, part) in enumerate(parts.items()):
            figure = specification_curve(
                part,
                nodes,
                title=f"{label}. {title}",
                headline=None if own.empty else str(own.iloc[0]),
                smallest_effect=project.claims.smallest_effect,
                simulated=study.world == "simulated",
            )
            pages.savefig(figure)
            for kind in () if i else ("svg", "png"):
                write_bytes(image(figure, kind), arguments.out / f"curve.{arguments.claim}.{kind}")
    write_bytes(buffer.getvalue(), arguments.out / f"curve.{arguments.claim}.pdf")
    print(f"{arguments.claim}: {len(parts)} curves")
