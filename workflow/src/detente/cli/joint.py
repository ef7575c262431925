"""Judge a claim's equivalent specifications together, and say which decision moves the estimate."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from detente.base.errors import EstimationError
from detente.base.files import read_frame
from detente.cli.command import Command
from detente.cli.options import add_record, add_study, read_record, read_study
from detente.cli.readpanels import read_panels
from detente.stats.resampling import CircularShift, Scheme
from detente.study.config import Claim
from detente.study.design import HEADLINE, Specification
from detente.study.multiverse import DECISIONS, JOINT, OPTIONS, Grid, curve, decompose, grids_of, joint_test, options
from detente.study.robustness import schemes

COMMAND = Command(
    summary="judge a claim's equivalent specifications together",
    group="step",
    example="detente joint --study tiny --claim exercise --multiverse shard.parquet --panels robustness --states "
    "states.parquet --joint joint.parquet --decisions decisions.parquet --options options.parquet",
)

DRAWS = 499
WILD = "wild bootstrap by dyad, no effect imposed"


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    add_study(parser)
    parser.add_argument("--claim", required=True)
    parser.add_argument("--multiverse", type=Path, nargs="+", required=True, help="parts of the claim's multiverse")
    parser.add_argument("--panels", type=Path, required=True, help="folder of the panels")
    add_record(parser)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--joint", type=Path, required=True, help="parquet to write: the tests")
    parser.add_argument(
        "--decisions", type=Path, required=True, help="parquet to write: shares of variance by decision"
    )
    parser.add_argument("--options", type=Path, required=True, help="parquet to write: what each option shifts")


def run(arguments: argparse.Namespace) -> None:
    """Draw, test, decompose."""
    started = time.monotonic()
    project, study = read_study(arguments)
    (grid,) = grids_of(project, study, [arguments.claim])
    whole = pd.concat([read_frame(path) for path in arguments.multiverse]).set_index("spec_id", drop=False)
    variants = [v for v in grid.variants if v.equivalent and whole.loc[v.spec_id, "error"] == ""]
    frame = whole.loc[[v.spec_id for v in variants]].reset_index(drop=True)
    specs = [v.specification for v in variants]
    panels = read_panels(arguments.panels, specs)
    found = curve.curve(panels, specs) if specs else None
    seed = study.seed_of(arguments.claim)
    if found is None:
        tests = JOINT.empty()
    else:
        curve.agree(found.estimate, frame)
        tests = _tests(arguments, grid, specs, panels, found, seed)
    JOINT.write(tests, arguments.joint)
    decided, moved = _decisions(grid, frame, found)
    DECISIONS.write(decided, arguments.decisions)
    OPTIONS.write(moved, arguments.options)
    print(f"{grid.claim}: {len(specs)} equivalent specifications in {time.monotonic() - started:.0f} s")
    print(tests.to_string(index=False))


def _tests(
    arguments: argparse.Namespace,
    grid: Grid,
    specs: Sequence[Specification],
    panels: dict[bool, pd.DataFrame],
    found: curve.Curve,
    seed: int,
) -> pd.DataFrame:
    """Joint tests by each scheme; of drawn exercises, for specifications whose treatment is made of them."""
    claim = specs[0].claim
    if claim.moderator is not None:
        made = joint_test(found.estimate, found.under_null(arguments.draws, seed))
        return made.assign(claim=grid.claim, scheme=WILD)[list(JOINT.columns)]
    headline = next((s.claim for s in specs if s.name == HEADLINE), claim)
    exercises, states = read_record(arguments)
    years = next(iter(panels.values()))["year"]
    tests = []
    panel = panels[headline.directed]
    for scheme in schemes(headline, panel, exercises, states, (int(years.min()), int(years.max()))):
        mine = _suited(specs, scheme, headline)
        if not mine:
            continue
        draws = curve.drawn(panels, [specs[i] for i in mine], scheme, arguments.draws, seed)
        tests.append(joint_test(found.estimate[mine], draws).assign(claim=grid.claim, scheme=scheme.name))
    return pd.concat(tests, ignore_index=True)[list(JOINT.columns)] if tests else JOINT.empty()


def _suited(specs: Sequence[Specification], scheme: Scheme, headline: Claim) -> list[int]:
    """Places of specifications whose treatment a scheme can draw: a shift any, others the headline's."""
    mine = (headline.treatment, headline.lag, headline.directed)
    return [
        i
        for i, spec in enumerate(specs)
        if isinstance(scheme, CircularShift) or (spec.claim.treatment, spec.claim.lag, spec.claim.directed) == mine
    ]


def _decisions(grid: Grid, frame: pd.DataFrame, found: curve.Curve | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares of variance by decision with intervals over states, and what options shift; empty where nothing varies."""
    nodes = [n for n in grid.nodes if len(set(frame[n])) > 1]
    if found is not None and nodes:
        try:
            shares = decompose(frame, nodes, without_state=found.without_states())
            return shares.assign(claim=grid.claim), options(frame, nodes).assign(claim=grid.claim)
        except EstimationError as error:
            print(f"{grid.claim}: {error}")
    return DECISIONS.empty(), OPTIONS.empty()
