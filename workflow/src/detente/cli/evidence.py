"""Reading what exhibits are made of; shared by the commands that make them."""

import argparse
from pathlib import Path

from detente.cli.options import add_study, read_study
from detente.report import TEMPLATES, Evidence, Frames


def configure_evidence(parser: argparse.ArgumentParser) -> None:
    """Declare the options that name a study and the folders of its frames."""
    add_study(parser)
    parser.add_argument("--processed", type=Path, help="folder of frames (default: data/processed/<study>)")
    parser.add_argument("--reports", type=Path, help="folder of the report (default: reports/<study>)")


def configure_templates(parser: argparse.ArgumentParser) -> None:
    """Declare the option that names the folder of templates."""
    parser.add_argument(
        "--templates", type=Path, default=TEMPLATES, help="folder of templates (default: workflow/report)"
    )


def read_evidence(arguments: argparse.Namespace) -> Evidence:
    """Read the configuration; frames are read when an exhibit asks for them."""
    project, study = read_study(arguments)
    processed = arguments.processed or arguments.root / "data" / "processed" / study.name
    reports = arguments.reports or arguments.root / "reports" / study.name
    return Evidence(project, study, Frames(processed, reports, [claim.id for claim in project.examined(study)]))
