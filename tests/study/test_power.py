"""Power by planted effects: the world that is drawn is the one it says, and tests in it have their size and power."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from detente.base.errors import EstimationError, NoDyads, UnsuitableOutcome, UnsupportedCovariance
from detente.base.numerics import detectable
from detente.stats.fitting import fit
from detente.stats.resampling.refits import prepared, refit
from detente.study.robustness.frames import POWER, POWER_CURVE
from detente.study.robustness.power import HIGHEST, OnsetProcess, Power, _moved, _possible, onset_process, power

from support.worlds import dyadic_design, studied

DESIGN = dyadic_design(states=30, years=8, seed=11)


@pytest.fixture(scope="module")
def found() -> Power:
    return power(DESIGN, 0.2, draws=300, seed=3)


def base_risk() -> float:
    """Risk of treated rows without treatment: their onsets less the effect; their treatment is one."""
    treated = DESIGN.treatment > 0
    assert (DESIGN.treatment[treated] == 1).all()
    return float(DESIGN.y[treated].mean() - fit(studied("lpm", DESIGN)).estimate[0])


def test_without_a_risk_to_take_a_share_of_there_is_no_power() -> None:
    """Treated rows have no onset, and the effect is above zero: without treatment their risk would be below it."""
    treated = DESIGN.treatment > 0
    y = np.where(treated, 0.0, np.random.default_rng(0).random(len(treated)) < 0.05)
    y[np.flatnonzero(treated)[0]] = 1.0
    y[~treated & np.isin(DESIGN.pairs.dyad, DESIGN.pairs.dyad[treated])] = 0.0
    with pytest.raises(EstimationError, match="no risk without treatment"):
        power(replace(DESIGN, y=y), 0.2, draws=5)


def made_world(variance: float, persistence: float = 0.6, risk: float = 0.05) -> OnsetProcess:
    first, second = np.triu_indices(40, 1)
    years = 12
    a, b = np.repeat(first, years), np.repeat(second, years)
    year = np.tile(np.arange(years), len(first))
    return OnsetProcess(np.full(len(a), risk), variance, persistence, a, b, year, 40, years)


def test_shocks_have_mean_one_and_the_mean_risk_is_exact_though_none_exceeds_one() -> None:
    source = made_world(0.5)
    rng = np.random.default_rng(1)
    factors = np.concatenate([source.shocks(rng, 50).ravel()[::97] for _ in range(20)])
    assert factors.mean() == pytest.approx(1.0, abs=0.05)
    assert np.log(factors).var() == pytest.approx(1.0, abs=0.05)
    for risk in (0.01, 0.3, 0.9):
        normal = stats.norm.rvs(size=400_000, random_state=2)
        drawn = np.minimum(risk * np.exp(normal - 0.5), 1.0).mean()
        assert source.mean(np.array([risk]))[0] == pytest.approx(drawn, abs=0.002)
    assert source.mean(np.zeros(1))[0] == 0
    assert made_world(0.0).mean(np.array([0.4]))[0] == 0.4


def test_shocks_are_shared_by_dyads_of_a_state_and_last() -> None:
    source = made_world(0.5, persistence=0.7)
    log = np.log(source.shocks(np.random.default_rng(4), 400))
    row = {(i, j, t): r for r, (i, j, t) in enumerate(zip(source.a, source.b, source.year, strict=True))}

    def covariance(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
        return float(np.cov(log[row[one]], log[row[other]])[0, 1])

    assert covariance((0, 1, 5), (0, 2, 5)) == pytest.approx(0.5, abs=0.12)
    assert covariance((0, 1, 5), (2, 3, 5)) == pytest.approx(0.0, abs=0.12)
    assert covariance((0, 1, 5), (0, 2, 6)) == pytest.approx(0.35, abs=0.12)


def test_what_a_world_was_made_with_is_found_again() -> None:
    """Outcomes drawn from a known world, and the world that they speak for."""
    source = made_world(0.35, persistence=0.6, risk=0.08)
    rng, spreads, lasting = np.random.default_rng(5), [], []
    for _ in range(6):
        y = (rng.random(len(source.risk)) < (source.risk[:, None] * source.shocks(rng, 1))[:, 0]).astype(float)
        x = rng.standard_normal((len(y), 2))
        drawn = replace(
            DESIGN, y=y, x=x, terms=("d", "w"), side1=source.a, side2=source.b, time=source.year + 1990, rows=None
        )
        again = onset_process(drawn)
        spreads.append(again.variance)
        lasting.append(again.persistence)
        assert again.risk.sum() == pytest.approx(y.sum(), rel=1e-9)
    assert np.mean(spreads) == pytest.approx(0.35, abs=0.08)
    assert np.mean(lasting) == pytest.approx(0.6, abs=0.2)


def test_without_dependence_no_shock_is_made_up() -> None:
    source, rng = made_world(0.0, risk=0.1), np.random.default_rng(6)
    y = (rng.random(len(source.risk)) < source.risk).astype(float)
    x = rng.standard_normal((len(y), 1))
    drawn = replace(DESIGN, y=y, x=x, terms=("d",), side1=source.a, side2=source.b, time=source.year, rows=None)
    assert onset_process(drawn).variance < 0.03


def test_risks_follow_controls_years_and_dyads() -> None:
    """Onsets from prone dyads, in bad years and under a control: their risks are found, those of dyads shrunken."""
    rng, dyad = np.random.default_rng(7), DESIGN.pairs.dyad
    prone = rng.gamma(1.0, 1.0, len(DESIGN.pairs.low))[dyad]
    risk = np.clip(0.06 * prone * (1 + (DESIGN.time > 1993)) * np.exp(0.5 * DESIGN.x[:, 1]), 0, 0.9)
    drawn = replace(DESIGN, y=(rng.random(len(risk)) < risk).astype(float))
    source = onset_process(drawn)
    assert (source.risk > 0).all()
    assert source.risk.max() <= HIGHEST
    assert source.risk.sum() == pytest.approx(drawn.y.sum(), rel=1e-3)
    pooled = fit(replace(drawn, x=drawn.x[:, 1:], terms=drawn.terms[1:]), estimator="logit").solution.predictor
    assert np.corrcoef(source.risk, risk)[0, 1] > np.corrcoef(1 / (1 + np.exp(-pooled)), risk)[0, 1] + 0.1
    onsets, found = np.bincount(dyad, drawn.y), np.bincount(dyad, source.risk)
    assert found[onsets == 0].min() > 0
    assert found.var() < onsets.var()


def test_with_no_effect_the_test_has_its_size(found: Power) -> None:
    row = found.curve[found.curve["effect"] == 0].iloc[0]
    # 300 draws: a Monte Carlo error of 1.3 %; dyadic errors from 30 states reject somewhat too often.
    assert 0.02 <= row["power"] <= 0.12
    assert row["coverage"] == pytest.approx(1 - row["power"] - row["undefined"] / row["draws"])
    assert np.isnan(row["type_m"])
    assert row["mean_estimate"] == pytest.approx(0, abs=4 * row["spread"] / 300**0.5)


def test_planted_effects_are_estimated_and_found_as_often_as_theory_says(found: Power) -> None:
    assert tuple(found.curve) == tuple(POWER_CURVE.columns)
    for row in found.curve[found.curve["effect"] != 0].itertuples():
        assert row.mean_estimate == pytest.approx(row.effect, abs=4 * row.spread / 300**0.5)
        z = abs(row.effect) / row.spread
        expected = stats.norm.sf(1.96 - z) + stats.norm.sf(1.96 + z)
        assert row.power == pytest.approx(expected, abs=0.12)
    assert (found.curve.sort_values("effect", ascending=False)["power"].diff().dropna() > -0.03).all()


def test_the_noise_is_that_of_the_observed_fit(found: Power) -> None:
    """The spread of estimates in the drawn worlds, beside the error of the design's own outcomes were rows independent:

    the dyadic one of thirty states is too noisy to compare with.
    """
    none = found.curve[found.curve["effect"] == 0].iloc[0]
    own = fit(studied("lpm", DESIGN))
    assert found.summary["std_error"] == pytest.approx(own.std_errors[0], rel=1e-9)
    assert found.summary["df"] == pytest.approx(own.df[0], rel=1e-10)
    assert none["spread"] == pytest.approx(own.with_vcov("hc1").std_errors[0], rel=0.2)


def test_detectable_effects_by_formula_and_from_the_curve_agree(found: Power) -> None:
    row = found.summary
    assert set(row) == set(POWER.columns)
    assert row["mde"] == detectable(row["df"]) * row["std_error"]
    none = found.curve[found.curve["effect"] == 0].iloc[0]
    assert row["mde_simulated"] == pytest.approx(detectable(row["df"]) * none["spread"], rel=0.2)
    assert row["smallest_effect"] == pytest.approx(0.2 * base_risk(), rel=1e-12)
    at = found.curve[np.isclose(found.curve["effect_share"], -0.2)].iloc[0]
    assert row["power_at_smallest"] == at["power"]


def test_errors_of_size_and_sign_are_those_of_the_definition() -> None:
    """A design that finds little: what it finds exaggerates, and sometimes has the wrong sign."""
    made = power(DESIGN, 0.02, shares=[0.02], draws=400, seed=1)
    row = made.curve[made.curve["effect"] != 0].iloc[0]
    assert row["type_m"] > 2
    assert 0 < row["type_s"] < 0.5
    assert row["effect"] == pytest.approx(-0.02 * base_risk(), rel=1e-12)


def test_an_effect_per_unit_that_leaves_many_rows_no_risk_is_impossible_and_has_the_noise_of_none() -> None:
    risk, treatment = np.full(1000, 0.02), np.repeat([0.0, 1.0, 8.0], [500, 300, 200])
    assert _possible(risk, treatment, -0.2 * 0.02 / 2)
    assert not _possible(risk, treatment, -0.2 * 0.02)
    np.testing.assert_array_equal(_moved(risk, treatment, -0.2 * 0.02), risk)
    np.testing.assert_allclose(_moved(risk, treatment, -0.1 * 0.02)[-1], 0.02 * (1 - 0.1 * 8))


def test_the_sign_of_the_claim_is_planted_and_impossible_effects_are_marked() -> None:
    up = power(DESIGN, 0.2, sign=1, shares=[0.5], draws=20)
    assert sorted(up.curve["effect_share"]) == [0.0, 0.2, 0.5]
    down = power(DESIGN, 0.2, shares=[0.5, 3.0], draws=20).curve.set_index("effect_share")
    assert down["possible"].to_dict() == {0.0: True, -0.2: True, -0.5: True, -3.0: False}


def test_an_effect_never_found_has_no_detectable_one() -> None:
    assert np.isnan(power(DESIGN, 0.001, shares=[0.001], draws=40).summary["mde_simulated"])


def test_the_same_seed_draws_the_same(found: Power) -> None:
    again = power(DESIGN, 0.2, draws=300, seed=3)
    assert again.curve.equals(found.curve)
    other = power(DESIGN, 0.2, draws=40, seed=4)
    assert not np.array_equal(other.curve["mean_estimate"], found.curve["mean_estimate"])


def test_standard_errors_are_those_of_fits_to_the_drawn_outcomes() -> None:
    """What is refitted is noise alone: with the rest of the mean put back, a fit has the same error and moves by it."""
    model, source = prepared(DESIGN, jackknife=False), onset_process(DESIGN)
    rng = np.random.default_rng(9)
    noise = (rng.random((len(DESIGN.y), 3)) < source.risk[:, None]) - source.risk[:, None]
    refitted = refit(model, noise)
    for i in range(3):
        y = 0.3 + 0.02 * DESIGN.x[:, 1] + 0.01 * (DESIGN.time - 1990) - 0.1 * DESIGN.treatment + noise[:, i]
        whole = fit(studied("lpm", replace(DESIGN, y=y)))
        assert whole.estimate[0] == pytest.approx(refitted.estimate[i] - 0.1, rel=1e-9)
        assert whole.std_errors[0] == pytest.approx(refitted.errors["dyadic"][i], rel=1e-9, nan_ok=True)


def test_what_cannot_be_planted_is_refused() -> None:
    with pytest.raises(UnsupportedCovariance, match="nearest: 'dyadic'"):
        power(DESIGN, 0.2, vcov="dyadc")
    with pytest.raises(UnsuitableOutcome):
        power(replace(DESIGN, y=DESIGN.y * 2), 0.2, draws=5)
    with pytest.raises(NoDyads):
        onset_process(replace(DESIGN, side1=None, side2=None))
    constant = DESIGN.x.copy()
    constant[:, 0] = 1.0
    with pytest.raises(EstimationError):
        power(replace(DESIGN, x=constant), 0.2, draws=5)
