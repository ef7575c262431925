"""How often 95 % intervals of each design hold the truth, in worlds where its assumptions hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from detente.simulate import SwitchingWorld, constant_path, simulate_switching
from detente.stats.causal import (
    EventStudy,
    Imputed,
    Regressed,
    Staggered,
    TreatmentModel,
    TreatmentPanel,
    Window,
    first_switch_effects,
    imputation,
    marginal_structural_model,
    matching,
    saturated,
    sequential_g,
    staggered,
    synthetic_did,
    two_way,
)
from detente.study.robustness.tried_designs import Tried, interval_coverage

from support.causal_worlds import BY_Z, DIRECT, TO_Z, Confounded, confounded, mediated

PAGE = Path(__file__).resolve().parents[2] / "docs" / "designs.md"
DRAWS = 1000
STATES, PERIODS, SHOCK = 50, 6, 0.3
STAYS = SwitchingWorld(states=STATES, periods=PERIODS, starts=(2, 4), uneven=0.3, shock=SHOCK, noise=1.0)
ONCE = SwitchingWorld(states=STATES, periods=PERIODS, starts=(3,), uneven=0.3, shock=SHOCK, noise=1.0)
SWITCHES = SwitchingWorld(
    states=STATES, periods=PERIODS, stays=False, path=constant_path, uneven=0.3, shock=SHOCK, noise=1.0
)
CONFOUNDED = Confounded(states=STATES, periods=5, shock=SHOCK)
MODEL = TreatmentModel(confounders=("x",), start=0.0, truncated=None)


@dataclass(frozen=True)
class Case:
    """A design in a world: the study of a seed, and the true mean effect of its horizons from 0 on."""

    study: Callable[[int], EventStudy]
    truth: Callable[[EventStudy], float]
    # The share of intervals that hold the truth lies between these, in percent, whatever the page says.
    least: float = 92.0
    most: float = 97.0


def grown(study: EventStudy) -> float:
    after = study.horizon[study.horizon >= 0]
    return float((1 + 0.5 * after).mean())


def one(_: EventStudy) -> float:
    return 1.0


def in_world(world: SwitchingWorld, design: Callable[[TreatmentPanel], EventStudy]) -> Callable[[int], EventStudy]:
    return lambda seed: design(simulate_switching(world, seed).panel)


CASES = {
    "two_way, static": Case(in_world(SWITCHES, lambda p: two_way(p, Regressed(static=True))), one),
    "two_way, event study": Case(in_world(STAYS, lambda p: two_way(p, Regressed(before=2, after=1))), grown),
    "saturated": Case(in_world(STAYS, saturated), grown),
    "staggered": Case(in_world(STAYS, lambda p: staggered(p, Staggered(before=1, after=1))), grown),
    "imputation, stays": Case(in_world(STAYS, lambda p: imputation(p, Imputed(after=1))), grown),
    "imputation, switches": Case(in_world(SWITCHES, lambda p: imputation(p, Imputed(after=1))), one),
    "first_switch_effects": Case(in_world(STAYS, lambda p: first_switch_effects(p, effects=2)), grown),
    "matching, stays": Case(
        in_world(STAYS, lambda p: matching(p, window=Window(history=2, leads=1, forbid_reversal=True))), grown
    ),
    "matching, switches": Case(in_world(SWITCHES, lambda p: matching(p, window=Window(history=2))), one),
    "synthetic_did": Case(in_world(ONCE, synthetic_did), grown),
    "marginal_structural_model": Case(
        lambda seed: marginal_structural_model(confounded(CONFOUNDED, seed), MODEL, history=1),
        lambda _: float(CONFOUNDED.truth.mean()),
    ),
    "sequential_g": Case(
        lambda seed: sequential_g(mediated(seed, STATES), "m", confounders=["z"]), lambda _: DIRECT + BY_Z * TO_Z
    ),
    "staggered, 20 countries": Case(
        in_world(replace(STAYS, states=20), lambda p: staggered(p, Staggered(before=1, after=1))),
        grown,
        least=85.0,  # Of few states the covariance is noisy, and too small on average.
    ),
}


def covered(case: Case, draws: int = DRAWS) -> tuple[float, float]:
    """Percent of dyadic intervals, and of those by dyad, that hold the truth; one without a variance does not."""

    def draw(seed: int) -> Tried:
        study = case.study(seed)
        return Tried(study, case.truth(study))

    found = interval_coverage(draw, draws, ("dyadic", "unit"))
    dyadic, unit = 100 * found["covers"]
    return float(dyadic), float(unit)


def said(name: str) -> tuple[float, float]:
    """What the page says of a design: percent that the dyadic and the clustered interval hold the truth."""
    row = re.search(rf"^\| {re.escape(name)} \| ([\d.]+) \| ([\d.]+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert row is not None, name
    return float(row[1]), float(row[2])


def test_the_page_has_the_coverage_of_every_design() -> None:
    for name, case in CASES.items():
        assert case.least <= said(name)[0] <= case.most


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_intervals_hold_the_truth_as_often_as_the_page_says(name: str) -> None:
    case = CASES[name]
    dyadic, unit = covered(case)
    assert case.least <= dyadic <= case.most
    # Draws are the same everywhere; what rounding may turn is an interval or two in a thousand.
    assert said(name) == (pytest.approx(dyadic, abs=0.3), pytest.approx(unit, abs=0.3))


def rejections(states: int, draws: int = 300) -> float:
    """Percent of draws without placebo effects in which the joint test of three of them finds some."""
    world = replace(STAYS, states=states, periods=8, starts=(4, 6))
    found = [
        staggered(simulate_switching(world, seed).panel, Staggered(before=3, after=0)).pretest()[1]
        for seed in range(draws)
    ]
    return float(100 * np.mean(np.array(found) < 0.05))


@pytest.mark.slow
def test_the_joint_test_of_placebos_finds_none_where_there_are_none() -> None:
    """At 5 %, give or take three standard errors of 1.3 points; with 20 states it errs on the side of finding some."""
    assert rejections(50) <= 9
    assert rejections(20) <= 20
