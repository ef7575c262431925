"""Reading what exhibits are made of; shared by the verbs that make them."""

from __future__ import annotations

import argparse
from pathlib import Path

from detente.base.files import read_frame
from detente.cli.options import add_study
from detente.report.paper.evidence import DESCRIBED, Evidence
from detente.study.config.project import load_project

TEMPLATES = Path(__file__).resolve().parents[3] / "report"


def configure_evidence(parser: argparse.ArgumentParser) -> None:
    """Declare the options that name a study and its frames."""
    add_study(parser)
    parser.add_argument("--estimates", type=Path, required=True, help="estimates.parquet")
    parser.add_argument("--describe", type=Path, required=True, help="folder of the describing frames")
    parser.add_argument("--failures", type=Path, help="failures.parquet (default: in the folder of --describe)")


def configure_templates(parser: argparse.ArgumentParser) -> None:
    """Declare the option that names the folder of templates."""
    parser.add_argument(
        "--templates", type=Path, default=TEMPLATES, help="folder of templates (default: workflow/report)"
    )


def read_evidence(arguments: argparse.Namespace) -> Evidence:
    """Read the configuration and every frame that exhibits use."""
    project = load_project(arguments.root, arguments.override)
    return Evidence(
        project=project,
        study=project.study(arguments.study),
        estimates=read_frame(arguments.estimates),
        failures=read_frame(arguments.failures or arguments.describe / "failures.parquet"),
        describe={name: read_frame(arguments.describe / f"{name}.parquet") for name in DESCRIBED},
    )


def read_templates(folder: Path) -> dict[str, str]:
    """Read every Jinja template of a folder: name → text."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.j2"))}
