"""The joint test of the curve keeps its size: demo worlds without an effect, their exercises drawn again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import TooFewDraws
from detente.simulate import simulate_world
from detente.study.design import Specification
from detente.study.multiverse.curve import STATISTICS, curve, drawn, joint_test
from detente.study.multiverse.panels import Held
from detente.study.robustness.randomising import schemes

from support.recovered import DEMO, SAMPLES, in_memory, panel_of, specification

CLAIM, DRAWS = "exercise", 99
WORLDS = int(os.environ.get("DETENTE_JOINT_WORLDS", "200"))


def specifications() -> Iterator[Specification]:
    """The headline and its like: with all controls, without duration, and with none, of two samples."""
    for sample in SAMPLES:
        whole = specification(CLAIM, "lpm", sample)
        for controls in (whole.controls, tuple(c for c in whole.controls if c.role != "duration"), ()):
            yield replace(whole, controls=controls)


def p_values(seed: int) -> pd.Series:
    """P-values by statistic of the joint test in a world in which exercises have no effect."""
    assert DEMO.simulation is not None
    effects = {**DEMO.simulation.effects, CLAIM: 0.0}
    world = DEMO.simulation.model_copy(update={"effects": effects})
    tidy = in_memory(simulate_world(world, seed))
    panel, specs = panel_of(tidy), list(specifications())
    years = (int(panel["year"].min()), int(panel["year"].max()))
    scheme = schemes(specs[0].claim, panel, tidy["mme"], tidy["cow-state-system"], years)[0]
    assert scheme.name.startswith("participants re-randomised")
    observed = curve(Held({"dyad-year": panel}), specs).statistic
    has = np.isfinite(observed)
    draws = drawn(
        Held({"dyad-year": panel}), [s for s, one in zip(specs, has, strict=True) if one], scheme, DRAWS, seed
    )
    return joint_test(observed[has], draws).set_index("statistic")["p_value"]


def rejections(worlds: int) -> tuple[pd.Series, int]:
    """Share of worlds in which each statistic rejects at 5 %, and how many worlds have a test."""
    made = []
    for seed in range(1, worlds + 1):
        try:
            made.append(p_values(seed))
        except TooFewDraws:
            continue
    return (pd.DataFrame(made) <= 0.05).mean(), len(made)


@pytest.mark.nightly
def test_in_demo_worlds_without_an_effect_the_joint_test_rejects_one_curve_in_twenty() -> None:
    """No statistic rejects more than 5 % by over three Monte Carlo errors, and the median t, which judges, rejects."""
    found, worlds = rejections(WORLDS)
    assert worlds > 0.9 * WORLDS
    assert (found[list(STATISTICS)] <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / worlds)).all(), found
    assert found["median_t"] > 0
