"""How often intervals hold a planted effect in a simulated world, its outcomes drawn again and again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd

from detente.base.errors import ConfigError, EstimationError
from detente.base.files import read_frame
from detente.cli.command import Parquet, StudyOptions, command
from detente.simulate import Hazard, World, hazard, policy, stream
from detente.stats import ModelFrame
from detente.stats.resampling import prepared
from detente.study.config import Project, Study
from detente.study.design import ESTIMATOR, build_design, lagged, specifications
from detente.study.robustness import COVERAGE, DESIGN_COVERAGE, JUDGED, ORDER, SCENARIOS
from detente.study.robustness import coverage as covered
from detente.study.robustness import design_coverage as tried_designs

# A world of fewer states is a test's: it gets few draws.
SMALL, DRAWS, FEW_DRAWS = 30, 1000, 50
# The same for worlds that designs are tried in.
TRIES, FEW_TRIES = 50, 5
# Rivalry enters the hazard two years later.
THREAT = lagged("rivalry", 2)
KEY = ("side1", "side2", "year")


@dataclass(frozen=True)
class Cell:
    """A model, the hazard of its rows, and the state shocks to draw under, by scenario."""

    sample: str
    design: ModelFrame
    hazard: Hazard
    shocks: Mapping[str, float]


@command("step", "--study demo --panel data/processed/demo/panel.parquet --out coverage.parquet")
def coverage(
    of: StudyOptions,
    panel: Annotated[Path, "panel of the study"],
    out: Parquet,
    draws: Annotated[int | None, f"outcomes to draw (default: {DRAWS:,}, of small worlds {FEW_DRAWS})"] = None,
) -> None:
    """Count how often intervals hold a planted effect, in a simulated world.

    One row per scenario, sample and covariance, for the first claim of the study.
    """
    project, study = of.read()
    world = simulation_of(study)
    claim = study.claims[0]
    truth = world.effects.get(claim, 0.0)
    wanted = draws or (DRAWS if world.states >= SMALL else FEW_DRAWS)
    found = cells(project, study, world, read_frame(panel))
    made = [part for cell in found for part in judged(cell, truth, wanted, study.seed)]
    frame = pd.concat(made, ignore_index=True).assign(claim=claim)
    ordered = frame.sort_values("scenario", key=lambda names: names.map(SCENARIOS.index), kind="stable")
    COVERAGE.write(ordered, out)


@command("step", "--study demo --out design_coverage.parquet")
def design_coverage(
    of: StudyOptions,
    out: Parquet,
    draws: Annotated[int | None, f"worlds to draw (default: {TRIES}, beside small worlds {FEW_TRIES})"] = None,
) -> None:
    """Try designs for treatments that switch in worlds with known effects, beside a simulated study.

    One row per kind of world and design, which differ in what is assumed and false; the study's seed is theirs.
    """
    _, study = of.declared()
    world = simulation_of(study)
    wanted = draws or (TRIES if world.states >= SMALL else FEW_TRIES)
    DESIGN_COVERAGE.write(tried_designs(wanted, study.seed), out)


def simulation_of(study: Study) -> World:
    """The simulated world of a study; raises ConfigError if it is set in the observed one."""
    if study.simulation is None:
        raise ConfigError(f"study {study.name!r} is set in the observed world, whose effects are not known")
    return study.simulation


def cells(project: Project, study: Study, world: World, panel: pd.DataFrame) -> list[Cell]:
    """The model of the first claim, among all dyads and on the headline sample, with the hazard of its rows.

    Scenario "own" has the treatment and the state shocks of the world, "strong" shocks as large as leave every risk a
    probability, in any sample, and "shared" these and a treatment that states give all of their dyads.
    """
    claim = project.claims_of(study)[0]
    effect = world.effects.get(claim.id, 0.0)
    found: list[Cell] = []
    for spec in specifications(project, study, claim, ESTIMATOR):
        if spec.sample.name not in ("all", study.headline):
            continue
        own = build_design(panel, spec)
        a, b, year = map(own.factor, KEY)
        common = policy(a, b, year, stream(study.seed, "policy"))
        shared = replace(own, x=np.column_stack([common, own.x[:, 1:]]))
        threat = own.x[:, own.terms.index(THREAT)] if THREAT in own.terms else np.zeros(len(year))
        for design, shocks in ((own, {"own": world.state_shock}), (shared, {})):
            planted = effect * design.treatment + world.threat_on_onset * threat
            found.append(Cell(spec.sample.name, design, hazard(world, study.seed, a, b, year, planted), shocks))
    strongest = min(cell.hazard.strongest for cell in found)
    return [replace(c, shocks={**c.shocks, "strong" if c.shocks else "shared": strongest}) for c in found]


def judged(cell: Cell, truth: float, draws: int, seed: int) -> Iterator[pd.DataFrame]:
    """Coverage in each scenario of a cell, from the same luck; where there is none, rows that say why."""
    pairs = cell.design.pairs
    counts = {"rows": len(cell.design.y), "dyads": len(pairs.low), "states": pairs.states}
    made: Exception | None = None
    try:
        model = prepared(cell.design)
    except EstimationError as error:
        made = error
    for scenario, shock in cell.shocks.items():
        failure = made
        found = pd.DataFrame({"vcov": ORDER}).reindex(columns=list(JUDGED))
        if failure is None:
            try:
                draw = replace(cell.hazard, state_shock=shock).draw
                found = covered(model, draw, truth, draws, stream(seed, f"coverage {cell.sample}"))
            except ConfigError as error:
                failure = error
        said = f"{type(failure).__name__}: {failure}" if failure else ""
        yield found.assign(
            scenario=scenario, sample=cell.sample, state_shock=max(shock, 0.0), planted=truth, failure=said, **counts
        )
