"""How often intervals of designs for treatments that switch hold an effect that is known, as worlds are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, get_args

import numpy as np
import pandas as pd

from detente.base.frames import Column, FrameSchema, count, number, share
from detente.base.types import Array
from detente.simulate import SwitchingPanel, SwitchingWorld, constant_path, differing_path, simulate_switching
from detente.stats.causal import EventStudy
from detente.study.config import DesignName
from detente.study.robustness.designs import DESIGNS, Design
from detente.study.robustness.intervals import judged

# Designs that a verdict is held against, and the headline's own comparison.
TRIED = tuple(name for name, design in DESIGNS.items() if design.rival or not design.path)
# Cohorts start after the history that is matched on, and before all years with effects that are averaged.
EARLY, LATE = 5, 8
SOUND = SwitchingWorld(states=40, periods=13, starts=(EARLY, LATE), never=0.5, path=constant_path, shock=0.3, noise=0.5)


@dataclass(frozen=True)
class Setting:
    """A world to try designs in: what it is called, and what it is like."""

    label: str
    world: SwitchingWorld


SETTINGS: Mapping[str, Setting] = {
    "constant": Setting("One effect, the same in all dyads and years", SOUND),
    "differing": Setting(
        "Effects that grow in dyads that start early, and are small in others",
        replace(SOUND, path=differing_path(LATE)),
    ),
    "anticipated": Setting(
        "One effect, and half of it in the year before the start already", replace(SOUND, ahead=0.5)
    ),
    "trending": Setting(
        "One effect, and outcomes of dyads that start rise beyond those of others in all years",
        replace(SOUND, trend=0.15),
    ),
}
"""Worlds by name, in order of print: two in which trends are parallel and nothing comes early, and two that fail."""
DESIGN_COVERAGE = FrameSchema(
    "design_coverage",
    {
        "world": Column("str", "what the worlds are like", allowed=tuple(SETTINGS)),
        "design": Column("str", "name of the design", allowed=get_args(DesignName)),
        "vcov": Column("str", "covariance estimator", allowed=("dyadic",)),
        "dyads": count("dyads of a world"),
        "draws": count("worlds drawn"),
        "truth": number("mean of the effect that the design is to find"),
        "bias": number("mean of estimates less that effect"),
        "bias_error": number("its Monte Carlo error", low=0),
        "covers": share("interval coverage"),
        "covers_error": number("its Monte Carlo error", low=0),
        "std_error": number("mean standard error", low=0),
        "spread": number("standard deviation of estimates less the effect", low=0),
        "undefined": count("draws without an interval"),
    },
    key=("world", "design", "vcov"),
)


@dataclass(frozen=True)
class Tried:
    """A design in one drawn world, and the true mean of the effects from the switch on."""

    study: EventStudy
    truth: float


def interval_coverage(draw: Callable[[int], Tried], draws: int, vcovs: Sequence[str]) -> pd.DataFrame:
    """Judge the mean effect from the switch on, of draws 0, 1, …, by its interval under each covariance estimator.

    One row per covariance: `vcov`, `draws`, `truth`, `bias` of the estimates with `bias_error`, and what `judged`
    finds. An interval that does not exist holds nothing.
    """
    found: dict[str, list[tuple[float, float, float]]] = {vcov: [] for vcov in vcovs}
    truths = np.zeros(draws)
    for k in range(draws):
        tried = draw(k)
        truths[k] = tried.truth
        for vcov in vcovs:
            mean = tried.study.average(vcov)
            found[vcov].append((mean.estimate - tried.truth, mean.std_error, mean.df))
    rows = (_row(np.array(each).T, draws) | {"vcov": vcov} for vcov, each in found.items())
    return pd.DataFrame(rows).assign(draws=draws, truth=truths.mean())


def _row(found: Array, draws: int) -> dict[str, Any]:
    """What deviations, standard errors and degrees of freedom of draws, (3, B), say together."""
    deviations, errors, df = found
    row = judged(deviations, errors, df)
    return row | {"bias": float(deviations.mean()), "bias_error": row["spread"] / draws**0.5}


def _worlds(world: SwitchingWorld, seed: int) -> Callable[[int], SwitchingPanel]:
    return cache(lambda k: simulate_switching(world, (seed, k)))


def _by(design: Design, worlds: Callable[[int], SwitchingPanel]) -> Callable[[int], Tried]:
    """The design in each world: it is to find the effect on what it averages over, which is drawn, too.

    A design without effects by year is to find the mean effect of all treated dyad-years.
    """

    def draw(k: int) -> Tried:
        made = worlds(k)
        study = design.make(made.panel, 0)
        truth = made.truth(study)[study.horizon >= 0].mean() if design.path else made.treated_mean
        return Tried(study, float(truth))

    return draw


def design_coverage(draws: int, seed: int, names: Sequence[str] = tuple(SETTINGS)) -> pd.DataFrame:
    """Draw worlds of each setting, try every design of `TRIED` in each of them, and judge them as `DESIGN_COVERAGE`.

    Draws have the same luck in every world, so that worlds differ by what is false in them alone.
    """
    parts = []
    for name in names:
        world = SETTINGS[name].world
        worlds, dyads = _worlds(world, seed), world.states * (world.states - 1) // 2
        for design in TRIED:
            judgement = interval_coverage(_by(DESIGNS[design], worlds), draws, ("dyadic",))
            parts.append(judgement.assign(world=name, design=design, dyads=dyads))
    return DESIGN_COVERAGE.validated(pd.concat(parts, ignore_index=True)[list(DESIGN_COVERAGE.columns)])
