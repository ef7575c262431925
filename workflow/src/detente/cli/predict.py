"""Predict onsets that models have not seen, with and without each instrument."""

import argparse
from pathlib import Path

import pandas as pd

from detente.base.files import read_frame
from detente.cli.command import Command
from detente.cli.options import add_study
from detente.study import load
from detente.study.config import Claim, Project, Study
from detente.study.design import Specification, build_design, duration_terms, specification
from detente.study.robustness import PREDICTION, SEPARATION, forecast, separation, task

COMMAND = Command(
    summary="predict onsets that models have not seen, with and without each instrument",
    group="step",
    example="detente predict --study tiny --panel panel.parquet --metrics prediction.parquet --separation "
    "separation.parquet",
)

ESTIMATOR = "logit"
# Of the dyad-years of the first instrument: one that is coded in fewer would decide which rows all are judged on.
COMMON = 0.9


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_study(parser)
    parser.add_argument(
        "--panel", type=Path, nargs="?", help="panel of dyad-years, parquet; none where no claim is about them"
    )
    parser.add_argument("--metrics", type=Path, required=True, help="parquet to write: how good each model is")
    parser.add_argument("--separation", type=Path, required=True, help="parquet to write: onsets by predicted risk")


def run(arguments: argparse.Namespace) -> None:
    """Predict on the study's headline sample; an instrument that is coded in too few years is left out, and named."""
    project = load(arguments.root, arguments.override)
    study = project.study(arguments.study)
    specs = predicted(project, study)
    if not specs:
        print("no claim that is examined is about an instrument between two states: nothing is predicted")
        PREDICTION.write(PREDICTION.empty(), arguments.metrics)
        SEPARATION.write(SEPARATION.empty(), arguments.separation)
        return
    panel = read_frame(arguments.panel)
    designs = {spec.claim.id: build_design(panel, spec) for spec in specs}
    rows = len(designs[specs[0].claim.id].y)
    for name in [n for n, d in designs.items() if len(d.y) < COMMON * rows]:
        print(f"{name}: coded in {len(designs.pop(name).y):,} of {rows:,} dyad-years, left out")
    made = forecast(task(designs, _base(specs[0])), seed=study.seed_of("prediction"))
    PREDICTION.write(made.metrics, arguments.metrics)
    SEPARATION.write(separation(made.predictions), arguments.separation)


def predicted(project: Project, study: Study) -> list[Specification]:
    """Of the examined claims about an instrument between two states, those of one outcome; the study's own first."""
    examined = {claim.id: claim for claim in project.examined(study)}
    ordered = dict.fromkeys([*(name for name in study.claims if name in examined), *examined])
    claims = [c for c in map(examined.__getitem__, ordered) if _is_instrument(c)]
    return [
        specification(project, study, claim, ESTIMATOR, study.headline)
        for claim in claims
        if claim.outcome == claims[0].outcome
    ]


def _is_instrument(claim: Claim) -> bool:
    return claim.family == "instruments" and not claim.directed and claim.moderator is None


def _base(spec: Specification) -> list[str]:
    """Terms of geography and of years at peace."""
    empty = pd.Series(dtype="float64")
    terms = [c.variable for c in spec.controls if c.role == "geography"]
    counted = (duration_terms(c.variable, empty, spec.duration) for c in spec.controls if c.role == "duration")
    return [*terms, *(term for terms in counted for term in terms)]
