"""Gather the estimates, failures and attrition of all claims and estimators."""

import argparse
from pathlib import Path

import pandas as pd

from detente.base.files import write_csv
from detente.cli.command import Command
from detente.cli.options import add_study
from detente.study.config import Project, load_project
from detente.study.estimation import ATTRITION, ESTIMATES, FAILURES
from detente.study.verdicts import standings

COMMAND = Command(
    summary="gather estimates into one table",
    group="step",
    example="detente collect --study tiny --estimates estimates/*.parquet --failures failures/*.parquet "
    "--attrition attrition/*.parquet --estimates-out estimates.parquet --failures-out failures.parquet "
    "--attrition-out attrition.parquet --csv estimates.csv",
)

GATHERED = {"estimates": ESTIMATES, "failures": FAILURES, "attrition": ATTRITION}


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    for name in GATHERED:
        parser.add_argument(f"--{name}", type=Path, nargs="+", required=True, help="parquet files to gather")
        parser.add_argument(f"--{name}-out", type=Path, required=True, help="parquet to write")
    add_study(parser)
    parser.add_argument("--csv", type=Path, required=True, help="CSV of the estimates to write")


def run(arguments: argparse.Namespace) -> None:
    """Concatenate in the order given; an empty part (a claim that cannot be estimated) adds nothing."""
    for name, schema in GATHERED.items():
        parts = [schema.read(path) for path in getattr(arguments, name)]
        filled = [p for p in parts if len(p)]
        frame = pd.concat(filled, ignore_index=True) if filled else parts[0]
        schema.write(frame, getattr(arguments, f"{name}_out"))
        if name == "estimates":
            write_csv(_told(frame, load_project(arguments.root, arguments.override), arguments.study), arguments.csv)


def _told(frame: pd.DataFrame, project: Project, study: str) -> pd.DataFrame:
    """The estimates with what they are of, and how their claims stand to what was registered."""
    world = project.study(study).world
    told = {"study": study, "world": "SIMULATED WORLD" if world == "simulated" else world}
    return frame.assign(**told, registration=frame["claim"].map(standings(project)))[[*told, *frame, "registration"]]
