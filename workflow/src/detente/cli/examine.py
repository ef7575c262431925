"""Examine the headline estimate of one claim: power, sensitivity, negative controls, influence, randomisation."""

import argparse
from pathlib import Path

from detente.base.files import read_frame
from detente.cli.command import Command
from detente.cli.options import add_record, add_study, read_record
from detente.study import load
from detente.study.design import specification
from detente.study.robustness import Record, examine

COMMAND = Command(
    summary="examine a claim's headline: power, confounders, negative controls, influence, randomisation",
    group="step",
    example="detente examine --study tiny --claim exercise --panel panel.parquet --states states.parquet --out "
    "examined/exercise",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_study(parser)
    parser.add_argument("--claim", required=True, help="id of the claim")
    parser.add_argument("--panel", type=Path, required=True, help="panel of its unit, parquet")
    add_record(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for one parquet a frame")


def run(arguments: argparse.Namespace) -> None:
    """Write every frame; what does not exist for this claim is empty, and `failures` says why."""
    project = load(arguments.root, arguments.override)
    study, claim = project.study(arguments.study), project.claims.claims[arguments.claim]
    spec = specification(project, study, claim)
    record = Record(read_frame(arguments.panel), *read_record(arguments))
    examination = examine(record, spec, study.seed_of(claim.id), study.seed_of(claim.family))
    examination.write(arguments.out)
    for row in examination.failures.itertuples():
        print(f"{claim.id}, {row.part}: {row.error}: {row.message}")
