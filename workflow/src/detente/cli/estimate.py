"""Estimate one claim by one estimator on every sample."""

import argparse
from pathlib import Path

import pandas as pd

from detente.base.files import read_frame
from detente.cli.command import Command
from detente.stats import ModelFrame
from detente.study.design import Specification, build_design, from_json
from detente.study.estimation import ATTRITION, ESTIMATES, FAILURES, Estimates, estimate

COMMAND = Command(
    summary="estimate one claim by one estimator on every sample",
    group="step",
    example="detente estimate --panel panel.parquet --specifications '[…]' --estimates estimates.parquet "
    "--failures failures.parquet --attrition attrition.parquet",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--panel", type=Path, required=True)
    parser.add_argument("--specifications", required=True, help="list of specifications, as JSON")
    parser.add_argument("--estimates", type=Path, required=True, help="parquet to write")
    parser.add_argument("--failures", type=Path, required=True, help="parquet to write")
    parser.add_argument("--attrition", type=Path, required=True, help="parquet to write")


def run(arguments: argparse.Namespace) -> None:
    """Fit every sample; a sample without onsets stops the step, a number that does not exist is recorded."""
    panel = read_frame(arguments.panel)
    results: list[Estimates] = []
    steps = []
    for spec in from_json(arguments.specifications):
        design = build_design(panel, spec)
        results.append(estimate(design, spec))
        steps += [
            (spec.claim.id, spec.estimator, spec.sample.name, i, reason, rows)
            for i, (reason, rows) in enumerate(_attrition(design, spec, results[-1].unused))
        ]
        print(f"{spec}: {len(design.y):,} rows, {int(design.y.sum()):,} onsets", flush=True)
    rows = pd.concat([r.rows for r in results], ignore_index=True)
    ESTIMATES.write(ESTIMATES.empty() if rows.empty else rows, arguments.estimates)
    FAILURES.write(pd.concat([r.failures for r in results], ignore_index=True), arguments.failures)
    ATTRITION.write(pd.DataFrame(steps, columns=list(ATTRITION.columns)), arguments.attrition)


def _attrition(design: ModelFrame, spec: Specification, unused: int) -> list[tuple[str, int]]:
    """The steps of the design, and before the last, what is left, the rows that the estimator has no use for."""
    *left_out, (last, used) = design.attrition
    return [*left_out, *([(f"of no use to {spec.estimator}", unused)] if unused else []), (last, used - unused)]
