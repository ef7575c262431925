"""Count and describe the panel for the exhibits."""

import argparse
from pathlib import Path

import pandas as pd

from detente.base.files import read_frame, write_csv
from detente.cli.command import Command
from detente.cli.options import add_record, add_study, read_record, read_study
from detente.study.design import describe as d

COMMAND = Command(
    summary="count and describe the panel",
    group="step",
    example="detente describe --study tiny --panel panel.parquet --codebook codebook.csv --states states.parquet "
    "--out describe --csv sample_flow.csv",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    add_study(parser)
    parser.add_argument("--panel", type=Path, required=True)
    parser.add_argument("--codebook", type=Path, required=True)
    add_record(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for parquet files")
    parser.add_argument("--csv", type=Path, required=True, help="CSV of the sample flow")


def run(arguments: argparse.Namespace) -> None:
    """Write sample flow, descriptive statistics, time line, partners and raw risks."""
    project, study = read_study(arguments)
    panel = read_frame(arguments.panel)
    codebook = pd.read_csv(arguments.codebook)
    exercises, states = read_record(arguments)
    claims, samples = project.claims_of(study), project.samples_of(study)
    flow = d.sample_flow(panel, samples)
    frames = {
        "sample_flow": flow,
        "descriptives": d.descriptives(panel, samples, claims, project.claims.controls, codebook),
        "timeline": d.timeline(panel, samples, exercises),
        "partners": d.partners(panel, states),
        "raw_risk": d.raw_risk(panel, samples, claims),
    }
    for name, frame in frames.items():
        d.SCHEMAS[name].write(frame, arguments.out / f"{name}.parquet")
    write_csv(flow, arguments.csv)
