"""Predict onsets that models have not seen, with and without each instrument."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from detente.base.files import read_frame, write_frame
from detente.cli.options import add_study
from detente.stats.frame import Design
from detente.study.config.claims import Claim
from detente.study.config.project import Project
from detente.study.config.study import Study
from detente.study.design import specification
from detente.study.design.duration import duration_terms
from detente.study.design.matrix import build_design
from detente.study.project import load
from detente.study.robustness.prediction import forecast, separation, task

ESTIMATOR = "logit"
# Of the dyad-years of the first instrument: one that is coded in fewer would decide which rows all are judged on.
COMMON = 0.9


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_study(parser)
    parser.add_argument("--panel", type=Path, required=True, help="panel of dyad-years, parquet")
    parser.add_argument("--metrics", type=Path, required=True, help="parquet to write: how good each model is")
    parser.add_argument("--separation", type=Path, required=True, help="parquet to write: onsets by predicted risk")


def run(arguments: argparse.Namespace) -> None:
    """Predict on the study's headline sample; an instrument that is coded in too few years is left out, and named."""
    project = load(arguments.root, arguments.override)
    study = project.study(arguments.study)
    panel = read_frame(arguments.panel)
    designs = _designs(project, study, panel)
    rows = len(next(iter(designs.values())).y)
    for name in [n for n, d in designs.items() if len(d.y) < COMMON * rows]:
        print(f"{name}: coded in {len(designs.pop(name).y):,} of {rows:,} dyad-years, left out")
    made = forecast(task(designs, _base(project, study)), seed=study.seed_of("prediction"))
    write_frame(made.metrics, arguments.metrics)
    write_frame(separation(made.predictions), arguments.separation)


def _designs(project: Project, study: Study, panel: pd.DataFrame) -> dict[str, Design]:
    """By claim, of those about an instrument between two states and the study's own outcome; the study's come first."""
    outcome = project.claims_of(study)[0].outcome
    found: dict[str, Design] = {}
    for claim in _instruments([*project.claims_of(study), *project.examined(study)]):
        if claim.outcome == outcome:
            spec = specification(project, study, claim, ESTIMATOR, study.headline)
            found.setdefault(claim.id, build_design(panel, spec))
    return found


def _instruments(claims: Iterable[Claim]) -> Iterable[Claim]:
    return (c for c in claims if c.family == "instruments" and not c.directed and c.moderator is None)


def _base(project: Project, study: Study) -> list[str]:
    """Terms of geography and of years at peace, as the study's first claim has them."""
    controls = [project.claims.controls[name] for name in project.claims_of(study)[0].controls]
    empty = pd.Series(dtype="float64")
    terms = [c.variable for c in controls if c.role == "geography"]
    return terms + [t for c in controls if c.role == "duration" for t in duration_terms(c.variable, empty, "cubic")]
