"""Put the parts of a study's multiverse into one table."""

import argparse
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from detente.base.files import read_frame, write_csv
from detente.cli.command import Command
from detente.cli.options import add_study
from detente.study.config import Multiverse, load_project
from detente.study.multiverse import multiverse_of, multiverse_schema
from detente.study.verdicts import standings

COMMAND = Command(
    summary="put the shards of a multiverse into one table",
    group="step",
    example="detente gather --study tiny --parts data/processed/tiny/multiverse/exercise.0.parquet --out "
    "multiverse.parquet --csv multiverse.csv",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    add_study(parser)
    parser.add_argument("--parts", type=Path, nargs="+", required=True, metavar="PART", help="what `multiverse` wrote")
    parser.add_argument("--out", type=Path, required=True, help="parquet to write")
    parser.add_argument("--csv", type=Path, required=True, help="CSV to write")


def run(arguments: argparse.Namespace) -> None:
    """One table of all parts, in the order given, with the standing of each to what was registered."""
    frame = pd.concat([read_frame(path) for path in arguments.parts], ignore_index=True)
    project = load_project(arguments.root, arguments.override)
    multiverse = multiverse_of(project)
    nodes = list(multiverse.nodes)
    frame = frame.assign(registration=_standing(frame, multiverse, standings(project)))
    schema = multiverse_schema(nodes)
    frame = frame[list(schema.columns)]
    schema.write(frame, arguments.out)
    world = project.study(arguments.study).world
    write_csv(frame if world == "observed" else frame.assign(world=world), arguments.csv)
    lost = int((frame["error"] != "").sum())
    print(f"{len(frame):,} specifications of {frame['claim'].nunique()} claims, {lost:,} without an estimate")


def _standing(frame: pd.DataFrame, multiverse: Multiverse, claims: Mapping[str, str]) -> pd.Series:
    """The claim's standing where a specification is its headline; what departs from that was not registered."""
    headline = pd.Series({name: node.headline for name, node in multiverse.nodes.items()})
    plain = (frame[list(headline.index)] == headline).all(axis=1)
    said = frame["claim"].map(claims).fillna("")
    return said.where(plain | (said == ""), "not registered")
