"""The claims ledger: from examinations, multiverse and joint tests to one row per claim, its verdict and its checks."""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from detente.base.files import read_frame, read_json, write_csv, write_frame
from detente.cli.command import Command
from detente.cli.options import add_study
from detente.stats.resampling import Randomisation
from detente.study import load
from detente.study.config import Project, load_multiverse
from detente.study.robustness import Examination, score
from detente.study.verdicts import FAMILIES, LEDGER, RESULTS, Findings, checks, families, ledger, standings

COMMAND = Command(
    summary="write the claims ledger: one row per claim, from its headline to its verdict",
    group="step",
    example="detente ledger --study tiny --examined robustness/examined --joint robustness --multiverse "
    "multiverse.parquet --out robustness --csv claims_ledger.csv",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_study(parser)
    parser.add_argument("--examined", type=Path, required=True, help="folder with one folder a claim")
    parser.add_argument("--joint", type=Path, required=True, help="folder of joint tests, joint.<claim>.parquet")
    parser.add_argument("--multiverse", type=Path, required=True, help="multiverse.parquet")
    parser.add_argument("--truth", type=Path, help="truth.json of a simulated world")
    parser.add_argument("--out", type=Path, required=True, help="folder for ledger, checks, families and score")
    parser.add_argument("--csv", type=Path, required=True, help="CSV to write: one row per claim")


def run(arguments: argparse.Namespace) -> None:
    """Write the ledger and what it is made of."""
    project = load(arguments.root, arguments.override)
    study = project.study(arguments.study)
    multiverse = judged(project, read_frame(arguments.multiverse))
    names = [claim.id for claim in project.examined(study)]
    examined = {name: Examination.read(arguments.examined / name) for name in names}
    grouped = _families(project, examined)
    joint = {name: read_frame(arguments.joint / f"joint.{name}.parquet") for name in names}
    findings = {
        name: Findings(
            study.vcov[0],
            examined[name],
            multiverse[multiverse["claim"] == name],
            joint[name],
            grouped[grouped["member"] == name],
        )
        for name in names
    }
    made = ledger(project.claims, study.headline, findings, standings(project))
    LEDGER.write(made, arguments.out / "ledger.parquet")
    RESULTS.write(checks(project.claims, findings), arguments.out / "checks.parquet")
    FAMILIES.write(grouped, arguments.out / "families.parquet")
    planted = read_json(arguments.truth)["effects"] if arguments.truth is not None else {}
    write_frame(score(made, multiverse, planted), arguments.out / "score.parquet")
    write_csv(made, arguments.csv)


def judged(project: Project, multiverse: pd.DataFrame) -> pd.DataFrame:
    """The multiverse; a fit that stands in it under several covariances is counted once, under the headline's."""
    headline = load_multiverse(project.root, project).nodes["vcov"].headline
    return multiverse.assign(equivalent=multiverse["equivalent"] & (multiverse["vcov"] == headline))


def _families(project: Project, examined: Mapping[str, Examination]) -> pd.DataFrame:
    """P-values within each declared family, from the draws of its claims' randomisation tests."""
    members: dict[str, dict[str, Randomisation]] = {}
    for name, frames in examined.items():
        if len(frames.tests):
            members.setdefault(project.claims.claims[name].family, {})[name] = _test(frames)
    found = [families.family(name, tests) for name, tests in members.items()]
    return pd.concat(found, ignore_index=True) if found else FAMILIES.empty()


def _test(frames: Examination) -> Randomisation:
    """The randomisation test that a claim's family is judged by: its first, with its draws."""
    row = frames.tests.iloc[0]
    return Randomisation(
        term=str(row["term"]),
        statistic="t",
        observed=float(row["observed"]),
        scheme=str(row["scheme"]),
        seed=int(row["seed"]),
        flags=(),
        draws=frames.draws["statistic"].to_numpy(dtype=np.float64),
    )
