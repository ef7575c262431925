"""Gather the estimates, failures and attrition of all claims and estimators."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from detente.files import read_frame, write_csv, write_frame


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    for name in ("estimates", "failures", "attrition"):
        parser.add_argument(f"--{name}", type=Path, nargs="+", required=True, help="parquet files to gather")
        parser.add_argument(f"--{name}-out", type=Path, required=True, help="parquet to write")
    parser.add_argument("--study", required=True, help="name of the study, for the CSV")
    parser.add_argument("--world", required=True, help="observed or simulated, for the CSV")
    parser.add_argument("--csv", type=Path, required=True, help="CSV of the estimates to write")


def run(arguments: argparse.Namespace) -> None:
    """Concatenate in the order given; an empty part (a claim that cannot be estimated) adds nothing."""
    for name in ("estimates", "failures", "attrition"):
        parts = [read_frame(path) for path in getattr(arguments, name)]
        filled = [p for p in parts if len(p)]
        frame = pd.concat(filled, ignore_index=True) if filled else parts[0]
        write_frame(frame, getattr(arguments, f"{name}_out"))
        if name == "estimates":
            frame.insert(0, "study", arguments.study)
            frame.insert(1, "world", "SIMULATED WORLD" if arguments.world == "simulated" else arguments.world)
            write_csv(frame, arguments.csv)
