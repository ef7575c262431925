"""Options that several commands share, and what they name."""

import argparse
from pathlib import Path

import pandas as pd

from detente.base.files import read_frame
from detente.study.config import Project, Study, load_project


def add_study(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a study."""
    parser.add_argument("--root", type=Path, default=Path(), help="folder of the project (has config/)")
    parser.add_argument("--study", required=True, help="name of the study")
    parser.add_argument("--override", type=Path, help="a study file outside config/study")


def read_study(arguments: argparse.Namespace) -> tuple[Project, Study]:
    """The project and the study that these options name."""
    project = load_project(arguments.root, arguments.override)
    return project, project.study(arguments.study)


def add_record(parser: argparse.ArgumentParser) -> None:
    """Add the options that name tidy tables which are used beside the panel."""
    parser.add_argument(
        "--exercises", type=Path, nargs="*", default=[], help="tidy exercises, parquet, if there are any"
    )
    parser.add_argument("--states", type=Path, required=True, help="tidy states, parquet")


def read_record(arguments: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Exercises, none where the study joins no source of them, and states."""
    columns = ("exercise", "ccode", "year", "parties")
    none = pd.DataFrame({name: pd.Series(dtype="int64") for name in columns})
    exercises = pd.concat([read_frame(path) for path in arguments.exercises]) if arguments.exercises else none
    return exercises, read_frame(arguments.states)
