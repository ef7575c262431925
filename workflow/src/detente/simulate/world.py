"""A whole world: its history, its raw files, and the truth that the pipeline is to find."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.base.errors import ConfigError, choices
from detente.base.types import Flags
from detente.simulate import raw_tables as raw
from detente.simulate.raw_events import exercise_table, mission_table
from detente.simulate.risk import Disputes, draw_disposition, draw_disputes, draw_threat
from detente.simulate.settings import World
from detente.simulate.stage import Stage, build_stage
from detente.simulate.treatments import Exercises, draw_exercises, draw_spells

PLANTED = ("exercise", "defence_pact", "un_mission", "defence_agreement")
Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Truth:
    """What was planted.

    `effects`: change in onset risk by claim, in probability. `naive`: difference of raw onset risk between treated and
    untreated relevant dyad-years at risk, what a comparison without design would report. `clipped_share`: share of
    dyad-years at risk whose risk was kept within bounds, so that effects were not planted in full.
    """

    effects: Mapping[str, float]
    naive: Mapping[str, float]
    clipped_share: float


@dataclass(frozen=True)
class History:
    """What happened; `threat` and each of `treatments` (by claim) are dyad × year."""

    stage: Stage
    threat: Flags
    treatments: Mapping[str, Flags]
    exercises: Exercises
    disputes: Disputes


@dataclass(frozen=True)
class SimulatedWorld:
    """Raw `tables` by (slug, file), in it by ZIP member, sheet or R object ("" in a CSV); the `truth`."""

    tables: Mapping[tuple[str, str], Tables]
    truth: Truth


def simulate_world(world: World, seed: int) -> SimulatedWorld:
    """Draw a world and write down its record in the schema of each source.

    Raises ConfigError if an effect is planted for a claim that the simulated world knows no treatment of.
    """
    history = draw_history(world, seed)
    truth = Truth(
        effects={name: world.effects.get(name, 0.0) for name in PLANTED},
        naive={name: naive_difference(history, name) for name in PLANTED},
        clipped_share=history.disputes.clipped_share,
    )
    return SimulatedWorld({place: written(history, seed) for place, written in RAW.items()}, truth)


def draw_history(world: World, seed: int) -> History:
    """Draw states, threat, treatments and disputes."""
    for name in world.effects:
        if name not in PLANTED:
            raise ConfigError(f"simulation › effects: {name!r} cannot be planted; {choices(name, PLANTED)}")
    stage = build_stage(world, seed)
    disposition = draw_disposition(world, stage, seed)
    threat = draw_threat(stage, seed)
    exercises = draw_exercises(world, stage, disposition, threat, seed)
    spells = draw_spells(world, stage, disposition, threat, seed)
    treatments = {"exercise": exercises.treated, **spells}
    disputes = draw_disputes(world, stage, disposition, threat, treatments, seed)
    return History(stage, threat, treatments, exercises, disputes)


def naive_difference(history: History, name: str) -> float:
    """Onset risk with the treatment the year before, less that without, in relevant dyad-years at risk."""
    counted = history.disputes.at_risk & history.stage.relevant_years & history.stage.studied
    treated = np.zeros(counted.shape, dtype=bool)
    treated[:, 1:] = history.treatments[name][:, :-1]
    with_it, without = (history.disputes.onset[counted & t] for t in (treated, ~treated))
    return float(with_it.mean() - without.mean()) if with_it.size and without.size else 0.0


RAW: Mapping[tuple[str, str], Callable[[History, int], Tables]] = {
    ("cow-state-system", "states2016.csv"): lambda h, _: {"": raw.spell_table(h.stage, h.stage.spells, named=True)},
    ("cow-state-system", "majors2016.csv"): lambda h, _: {"": raw.spell_table(h.stage, h.stage.majors, named=False)},
    ("cow-contiguity-3.2", "DirectContiguity320.zip"): lambda h, _: {
        f"DirectContiguity320/contdird.{kind}": raw.contiguity_table(h.stage) for kind in ("csv", "dta")
    },
    ("distance", "cow_mindist.rda"): lambda h, _: {"cow_mindist": raw.distance_table(h.stage)},
    ("gml-mid", "gml_mid_ddydisps.rda"): lambda h, seed: {"gml_mid_ddydisps": raw.gml_table(h.stage, h.disputes, seed)},
    ("mid-5.0", "cow_mid_ddydisps.rda"): lambda h, seed: {"cow_mid_ddydisps": raw.cow_table(h.stage, h.disputes, seed)},
    ("mme", "mme_v7.csv"): lambda h, seed: {"": exercise_table(h.stage, h.exercises, seed)},
    ("atop", "atop_alliance.rda"): lambda h, seed: {
        "atop_alliance": raw.alliance_table(h.stage, h.treatments["defence_pact"], seed)
    },
    ("unpmm", "UNPMM_V2.0.xlsx"): lambda h, seed: {
        "Peace Missions": mission_table(h.stage, h.treatments["un_mission"], seed)
    },
    ("dcad", "DCAD-v1.0-main.csv"): lambda h, seed: {
        "": raw.agreement_table(h.stage, h.treatments["defence_agreement"], seed)
    },
    ("nmc", "cow_nmc.rda"): lambda h, seed: {"cow_nmc": raw.capability_table(h.stage, seed)},
    ("democracy-cow", "cw_democracy.rda"): lambda h, seed: {"cw_democracy": raw.democracy_table(h.stage, seed)},
    ("rivalry", "tss_rivalries.rda"): lambda h, seed: {"tss_rivalries": raw.rivalry_table(h.stage, h.threat, seed)},
}
"""Raw files by (slug, file), and how each is written."""
WRITTEN = tuple(RAW)
