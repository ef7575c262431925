"""The panel of a study described, its claims estimated, and the estimates gathered."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd

from detente.base.files import read_frame, write_csv
from detente.base.frames import FrameSchema
from detente.cli.command import Csv, Output, Parquet, RecordOptions, StudyOptions, command
from detente.study.design import describe as d
from detente.study.design import from_json
from detente.study.estimation import ATTRITION, ESTIMATES, FAILURES, WINDOWS, Estimates, designed, in_windows
from detente.study.estimation import estimate as estimated
from detente.study.verdicts import standings

Parts = Annotated[Sequence[Path], "parquet files to gather"]


@command(
    "step",
    "--study tiny --panel panel.parquet --codebook codebook.csv --states states.parquet --out describe --csv "
    "sample_flow.csv",
)
def describe(
    of: StudyOptions,
    panel: Annotated[Path, "panel of the study, parquet"],
    codebook: Annotated[Path, "codebook of the panel, CSV"],
    record: RecordOptions,
    out: Annotated[Path, Output("folder for parquet files", folder=True)],
    csv: Csv,
) -> None:
    """Count and describe the panel."""
    project, study = of.declared()
    rows = read_frame(panel)
    exercises, states = record.read()
    claims, samples = project.claims_of(study), project.samples_of(study)
    # Claims may have years of their own; what is described is the window that all have in common.
    risks = [d.raw_risk(_within(rows, project.window_of(study, claim)), samples, [claim]) for claim in claims]
    rows = _within(rows, study.window)
    flow = d.sample_flow(rows, samples)
    frames = {
        "sample_flow": flow,
        "descriptives": d.descriptives(rows, samples, claims, project.claims.controls, pd.read_csv(codebook)),
        "timeline": d.timeline(rows, samples, exercises),
        "partners": d.partners(rows, states),
        "raw_risk": pd.concat(risks, ignore_index=True),
    }
    for name, frame in frames.items():
        d.SCHEMAS[name].write(frame, out / f"{name}.parquet")
    write_csv(flow, csv)


def _within(panel: pd.DataFrame, window: tuple[int, int]) -> pd.DataFrame:
    """A panel whose window is this one; years before it are there for lags."""
    return panel.assign(in_window=panel["in_window"] & panel["year"].between(*window))


@command("step", "--study paper --panel panel.parquet --specifications '[…]' --out windows.parquet")
def windows(
    of: StudyOptions,
    panel: Annotated[Path, "panel of the study, parquet"],
    specifications: Annotated[str, "list of headlines, each in the years that it is to be estimated in, as JSON"],
    out: Parquet,
) -> None:
    """Estimate the headline of every claim in its own years, and in those that all claims have in common."""
    _, study = of.declared()
    WINDOWS.write(in_windows(read_frame(panel), from_json(specifications), study.window), out)


@command(
    "step",
    "--panel panel.parquet --specifications '[…]' --estimates estimates.parquet --failures failures.parquet "
    "--attrition attrition.parquet",
)
def estimate(
    panel: Annotated[Path, "panel of the study, parquet"],
    specifications: Annotated[str, "list of specifications, as JSON"],
    estimates: Parquet,
    failures: Parquet,
    attrition: Parquet,
) -> None:
    """Estimate one claim by one estimator on every sample.

    A sample without onsets stops the step, a number that does not exist is recorded.
    """
    rows = read_frame(panel)
    results: list[Estimates] = []
    steps = []
    for spec in from_json(specifications):
        design, lost = designed(rows, spec)
        results.append(lost or estimated(design, spec))
        # Before the last step of the design, what is left: the rows that the estimator has no use for.
        unused, (*dropped, (last, used)) = results[-1].unused, design.attrition
        dropped += [(f"of no use to {spec.estimator}", unused)] if unused else []
        about = (spec.claim.id, spec.estimator, spec.sample.name)
        steps += [(*about, i, *step) for i, step in enumerate([*dropped, (last, used - unused)])]
        print(f"{spec}: {len(design.y):,} rows, {int(design.y.sum()):,} onsets", flush=True)
    found = pd.concat([r.rows for r in results], ignore_index=True)
    ESTIMATES.write(ESTIMATES.empty() if found.empty else found, estimates)
    FAILURES.write(pd.concat([r.failures for r in results], ignore_index=True), failures)
    ATTRITION.write(pd.DataFrame(steps, columns=list(ATTRITION.columns)), attrition)


@dataclass(frozen=True)
class Gathered:
    """Frames of one claim and estimator each, and where all of them together are written."""

    estimates: Parts
    failures: Parts
    attrition: Parts
    estimates_out: Parquet
    failures_out: Parquet
    attrition_out: Parquet


@command(
    "step",
    "--study tiny --estimates estimates/*.parquet --failures failures/*.parquet --attrition attrition/*.parquet "
    "--estimates-out estimates.parquet --failures-out failures.parquet --attrition-out attrition.parquet --csv "
    "estimates.csv",
)
def collect(of: StudyOptions, frames: Gathered, csv: Csv) -> None:
    """Gather estimates into one table.

    They are in the order given; an empty part (a claim that cannot be estimated) adds nothing. The CSV has what the
    estimates are of, too, and how their claims stand to what was registered.
    """
    _together(FAILURES, frames.failures, frames.failures_out)
    _together(ATTRITION, frames.attrition, frames.attrition_out)
    frame = _together(ESTIMATES, frames.estimates, frames.estimates_out)
    project, study = of.declared()
    world = "SIMULATED WORLD" if study.world == "simulated" else study.world
    frame = frame.assign(registration=frame["claim"].map(standings(project)))
    frame.insert(0, "study", study.name)
    frame.insert(1, "world", world)
    write_csv(frame, csv)


def _together(schema: FrameSchema, paths: Sequence[Path], out: Path) -> pd.DataFrame:
    parts = [schema.read(path) for path in paths]
    frame = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)
    schema.write(frame, out)
    return frame
