"""Each design is right in worlds where its assumptions hold, and wrong, and found out, where they do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from detente.base.types import Array
from detente.simulate import (
    SwitchingPanel,
    SwitchingWorld,
    constant_path,
    differing_path,
    growing_path,
    simulate_switching,
)
from detente.stats.causal import (
    EventStudy,
    Imputed,
    Regressed,
    Staggered,
    TreatmentModel,
    TreatmentPanel,
    Window,
    contamination,
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

from support.causal_worlds import BY_M, BY_Z, DIRECT, TO_Z, Confounded, confounded, mediated

Design = Callable[[TreatmentPanel], EventStudy]
QUIET = SwitchingWorld(shock=0.1)
COHORTS = replace(QUIET, path=differing_path(4), starts=(2, 6), never=0.1)
COMES_AND_GOES = SwitchingWorld(stays=False, path=constant_path, shock=0.1)
LASTS = replace(COMES_AND_GOES, carry=2)
STAYING: dict[str, Design] = {
    "event study": lambda panel: two_way(panel, Regressed(before=3, after=2)),
    "saturated": saturated,
    "staggered": lambda panel: staggered(panel, Staggered(before=3, after=2)),
    "imputation": lambda panel: imputation(panel, Imputed(before=2, after=2)),
    "first switches": lambda panel: first_switch_effects(panel, effects=3, placebos=2),
    "matching": lambda panel: matching(panel, window=Window(history=2, leads=2, forbid_reversal=True, placebo=True)),
    "synthdid": synthetic_did,
    "did": lambda panel: synthetic_did(panel, "did"),
}
HAVE_PLACEBOS = [name for name in STAYING if name not in ("synthdid", "did")]
# Standard errors that a right design may be off, and that a wrong one is beyond.
NEAR, FAR = 4, 6


def apart(study: EventStudy, truth: Array) -> float:
    """The error of the mean effect from the switch on, in standard errors, which are small beside an effect of one."""
    after = study.horizon >= 0
    mean = study.contrast(after / after.sum(), "dyadic")
    if np.isnan(mean.std_error):
        mean = study.average("unit")
    assert 0 < mean.std_error < 0.1
    return float((mean.estimate - truth[after].mean()) / mean.std_error)


def steady(study: EventStudy) -> Array:
    """An effect of one from the switch on."""
    return (study.horizon >= 0).astype(np.float64)


def test_effects_are_as_the_world_says() -> None:
    """By hand: the path since the switch, its last value for two periods after, and what comes before the switch."""
    world = SwitchingWorld(
        states=12, periods=9, stays=False, carry=2, ahead=0.25, path=growing_path, noise=0.0, shock=0.0
    )
    made = simulate_switching(world, 3)
    kinds = set()
    for row, effect in zip(made.panel.treatment, made.effect, strict=True):
        since, gone, last = 0, 99, 0.0
        for t, now in enumerate(row):
            since, gone = (since + 1, 0) if now else (0, gone + 1)
            last = 1 + 0.5 * (since - 1) if now else last
            right = last if gone <= 2 else 0.0
            right += 0.25 * (not now and t + 1 < len(row) and row[t + 1] == 1)
            assert effect[t] == pytest.approx(right)
            kinds.add((bool(now), right > 0))
    assert kinds == {(True, True), (False, True), (False, False)}


def test_shocks_are_shared_by_states_alone() -> None:
    made = simulate_switching(SwitchingWorld(shock=1.0, noise=0.3, states=20), 0)
    rest = made.panel.outcome - made.effect - 0.2 * made.panel.periods
    together = np.corrcoef(rest)
    assert made.panel.sides is not None
    low, high = made.panel.sides[:, :, None], made.panel.sides[:, None, :]
    common = (low == high).any(axis=0) | (low == high[::-1]).any(axis=0)
    alone = ~np.eye(len(rest), dtype=bool)
    assert together[common & alone].mean() > 0.3
    assert abs(together[~common].mean()) < 0.1


def test_two_way_fixed_effects_have_the_wrong_sign_where_cohorts_differ() -> None:
    made = simulate_switching(replace(COHORTS, starts=(1, 6), never=0.05), 1)
    assert made.effect[made.panel.treatment == 1].min() > 0
    static = two_way(made.panel, Regressed(static=True))
    mean = static.average()
    assert mean.estimate < 0
    assert mean.conf_high < 0 < made.treated_mean
    assert static.details["share_negative"] > 0.1


def test_event_studies_of_two_way_fixed_effects_are_wrong_where_cohorts_differ() -> None:
    made = simulate_switching(COHORTS, 1)
    study = STAYING["event study"](made.panel)
    assert abs(apart_unsigned(study, made)) > 0.5
    weights = contamination(made.panel, Regressed(before=3, after=2))
    others = weights[(weights["horizon"] == 0) & (weights["of_horizon"] > 2)]
    assert np.abs(others["weight"]).max() > 0.05


def apart_unsigned(study: EventStudy, made: SwitchingPanel) -> float:
    """The error of the mean effect from the switch on."""
    after = study.horizon >= 0
    return float((study.estimate - made.truth(study))[after].mean())


@pytest.mark.parametrize("name", STAYING)
def test_every_design_is_right_about_effects_that_grow_alike(name: str) -> None:
    made = simulate_switching(QUIET, 1)
    study = STAYING[name](made.panel)
    assert abs(apart(study, made.truth(study))) < NEAR


@pytest.mark.parametrize("name", [name for name in STAYING if name not in ("event study", "matching")])
def test_designs_that_compare_with_untreated_units_are_right_where_cohorts_differ(name: str) -> None:
    """Matching needs a history before the first switch, and so does not see the early cohort's."""
    made = simulate_switching(replace(COHORTS, uneven=0.1), 1)
    study = STAYING[name](made.panel)
    after = study.horizon >= 0
    error = (study.estimate - made.truth(study))[after].mean()
    assert abs(error) < 0.15 < made.truth(study)[after].mean() / 5


@pytest.mark.parametrize("name", STAYING)
def test_anticipation_makes_every_design_wrong(name: str) -> None:
    made = simulate_switching(replace(QUIET, ahead=0.8), 1)
    study = STAYING[name](made.panel)
    assert apart_unsigned(study, made) < -0.1
    assert apart(study, made.truth(study)) < -NEAR


@pytest.mark.parametrize("name", HAVE_PLACEBOS)
@pytest.mark.parametrize("fault", [{"ahead": 0.8}, {"trend": 0.3}], ids=["anticipation", "trend"])
def test_placebo_leads_find_anticipation_and_trends(name: str, fault: dict[str, float]) -> None:
    clean, faulty = (STAYING[name](simulate_switching(world, 1).panel) for world in (QUIET, replace(QUIET, **fault)))
    before = clean.horizon < 0
    assert np.abs(clean.estimate[before]).max() < 0.15
    assert np.abs(faulty.estimate[before]).max() > 0.15
    assert faulty.pretest()[1] < 0.05
    assert faulty.pretest()[0] > clean.pretest()[0]


@pytest.mark.parametrize("name", STAYING)
def test_trends_that_differ_make_every_design_wrong(name: str) -> None:
    made = simulate_switching(replace(QUIET, trend=0.2), 1)
    study = STAYING[name](made.panel)
    assert apart_unsigned(study, made) > 0.2
    assert apart(study, made.truth(study)) > NEAR


def test_an_earlier_base_period_is_right_under_anticipation() -> None:
    made = simulate_switching(replace(QUIET, ahead=0.8), 1)
    study = staggered(made.panel, Staggered(before=0, after=2, anticipation=1))
    assert abs(apart(study, made.truth(study))) < NEAR


def test_weighted_controls_are_right_where_treated_units_follow_a_path_of_their_own() -> None:
    world = replace(QUIET, states=16, periods=24, starts=(16,), path=constant_path, factor=0.6, never=0.6)
    errors = {
        method: np.mean([synthetic_did(simulate_switching(world, seed).panel, method).effect - 1 for seed in range(4)])
        for method in ("did", "synthdid")
    }
    spread = np.abs(
        [synthetic_did(simulate_switching(world, seed).panel, "did").effect - 1 for seed in range(4)]
    ).mean()
    assert spread > 0.5
    assert abs(errors["synthdid"]) < 0.25 * spread


SWITCHING: dict[str, Design] = {
    "two-way": lambda panel: two_way(panel, Regressed(static=True)),
    "imputation": lambda panel: imputation(panel, Imputed(before=1, after=1)),
    "matching": lambda panel: matching(panel, window=Window(history=2)),
    "first switch": lambda panel: first_switch_effects(panel, effects=1),
}


@pytest.mark.parametrize("name", SWITCHING)
def test_designs_are_right_where_effects_end_with_the_treatment(name: str) -> None:
    study = SWITCHING[name](simulate_switching(COMES_AND_GOES, 1).panel)
    assert abs(apart(study, steady(study))) < NEAR


def test_the_effect_of_switching_off_is_right_where_effects_end_with_the_treatment() -> None:
    study = matching(simulate_switching(COMES_AND_GOES, 1).panel, "ART", Window(history=2))
    assert abs(apart(study, -steady(study))) < NEAR


def test_the_total_effect_of_first_switches_is_right_where_treatments_end() -> None:
    study = first_switch_effects(simulate_switching(COMES_AND_GOES, 1).panel, effects=3)
    total = study.average_total_effect()
    assert abs(total.estimate - 1) < NEAR * total.std_error < 0.5
    assert study.average().estimate < 0.8, "the effect of having once switched is another one"


@pytest.mark.parametrize("name", ["two-way", "imputation"])
def test_effects_that_last_make_designs_wrong_that_take_ended_treatments_for_controls(name: str) -> None:
    study = SWITCHING[name](simulate_switching(LASTS, 1).panel)
    assert apart(study, steady(study)) < -FAR


def test_effects_that_last_make_matching_wrong_whose_history_is_short() -> None:
    panel = simulate_switching(replace(LASTS, on=0.6, states=40), 1).panel
    short, long = (matching(panel, window=Window(history=h, steady=h)) for h in (1, 3))
    assert abs(long.estimate[0] - 1) < NEAR * long.average().std_error < 0.4
    assert short.estimate[0] < 1 - 0.1
    assert abs(short.estimate[0] - 1) > 2 * abs(long.estimate[0] - 1)


def test_effects_that_last_leave_first_switches_right() -> None:
    study = first_switch_effects(simulate_switching(LASTS, 1).panel, effects=3)
    assert abs(apart(study, steady(study))) < NEAR


def test_carry_over_is_found_and_washed_out() -> None:
    panel = simulate_switching(LASTS, 1).panel
    washed = imputation(panel, Imputed(after=1, washout=2))
    assert abs(apart(washed, steady(washed))) < NEAR
    for world, lasts in ((COMES_AND_GOES, 0.0), (LASTS, 1.0)):
        off = imputation(simulate_switching(world, 1).panel, Imputed(switch="off", after=1, washout=2))
        np.testing.assert_allclose(off.estimate, lasts, atol=0.15)


def test_weights_for_confounders_over_time_are_right_and_regressions_are_not() -> None:
    world = Confounded(shock=0.1, states=40)
    panel = confounded(world, 1)
    none = TreatmentModel(start=0.0, weighting="none")
    weighted = TreatmentModel(confounders=("x",), start=0.0, truncated=None)
    right = marginal_structural_model(panel, weighted, history=1)
    assert (np.abs(right.estimate - world.truth) < NEAR * right.covariance().std_errors).all()
    assert right.covariance().std_errors.max() < 0.1
    left_out = marginal_structural_model(panel, none, history=1)
    held = marginal_structural_model(panel, none, history=1, adjust=("x",))
    assert left_out.estimate[0] > world.now + 0.3
    assert held.estimate[1] == pytest.approx(world.before, abs=0.1)
    assert world.truth[1] - held.estimate[1] > 0.3


def test_the_direct_effect_is_right_and_a_regression_on_the_mediator_is_not() -> None:
    panel, truth = mediated(1, states=40), DIRECT + BY_Z * TO_Z
    right = sequential_g(panel, "m", confounders=["z"])
    assert abs(apart(right, np.array([truth]))) < NEAR
    assert right.details["effect of m"] == pytest.approx(BY_M, abs=0.05)
    for other in (sequential_g(panel, "m"), sequential_g(panel, "m", baseline=["z"])):
        assert other.estimate[0] < truth - 0.2
