"""Sensitivity: sensemakr's Darfur to every printed digit, the dyadic t by construction, δ and E-values by design."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from detente.base.errors import EstimationError, UnsupportedEstimator
from detente.base.numerics import critical
from detente.stats.fitting import Fit, fit
from detente.study.robustness.frames import BOUNDS, CONTOURS, EVALUE, EXTREMES, SELECTION, SENSITIVITY
from detente.study.robustness.sensitivity import (
    POINTS,
    Moments,
    Treatment,
    benchmark_groups,
    bounds,
    contours,
    e_value,
    e_values,
    e_values_of,
    extreme,
    moments,
    oster,
    sensitivity,
    treatment_of,
)
from detente.study.verdicts.ledger import benchmark

from support.worlds import dyadic_design, studied

CONTROLS = "age + farmer_dar + herder_dar + pastvoted + hhsize_darfur + female"


@pytest.fixture(scope="module")
def darfur(replication: Path) -> Fit:
    data = pd.read_csv(replication / "oracle_sensemakr_darfur/darfur_pysensemakr.csv")
    return fit(f"peacefactor ~ directlyharmed + {CONTROLS} | village", data, vcov="classical")


def test_darfur_is_as_strong_as_sensemakr_prints(darfur: Fit) -> None:
    # Oracle: R sensemakr at 0744523, tests/testthat/test-02-darfur.R and README: sensemakr(lm(peacefactor ~
    # directlyharmed + … + village), treatment = "directlyharmed", benchmark_covariates = "female", kd = 1:3).
    row = sensitivity(treatment_of(darfur)).iloc[0]
    assert tuple(row.index) == tuple(SENSITIVITY.columns)
    assert round(row["estimate"], 5) == 0.09732
    assert round(row["std_error"], 5) == 0.02326
    assert round(row["t"], 5) == 4.18445
    assert row["df_residual"] == 783
    assert round(row["partial_r2"], 5) == 0.02187
    assert round(row["rv"], 5) == 0.13878
    assert round(row["rv_alpha"], 5) == 0.07626
    assert row["rv_alpha_classical"] == pytest.approx(row["rv_alpha"], rel=1e-12)
    assert row["rv_substituted"] == row["rv"]


def test_darfur_bounds_are_those_of_sensemakr(darfur: Fit, replication: Path) -> None:
    # Oracle: the same, ovb_bounds printed with 15 digits.
    targets = pd.read_csv(replication / "oracle_sensemakr_darfur/targets.tsv", sep="\t")
    found = bounds(treatment_of(darfur)).set_index(["benchmark", "times"])
    assert tuple(found.reset_index()) == tuple(BOUNDS.columns)
    for times in (1, 2, 3):
        told = targets[targets["model"] == f"{times}x female bound"].iloc[0]
        others = dict(part.split("=") for part in told["other_stat"].split(";"))
        row = found.loc[("female", float(times))]
        assert row["estimate"] == pytest.approx(told["estimate"], rel=1e-11)
        assert row["std_error"] == pytest.approx(told["std_error"], rel=1e-11)
        assert row["t"] == pytest.approx(float(others["adj_t"]), rel=1e-11)
        assert row["r2dz_x"] == pytest.approx(float(others["r2dz.x"]), rel=1e-10)
        assert row["r2yz_dx"] == pytest.approx(float(others["r2yz.dx"]), rel=1e-11)


def test_the_strongest_benchmark_of_darfur_is_female(darfur: Fit) -> None:
    given = treatment_of(darfur)
    assert benchmark(bounds(given), given.estimate, either_way=False)[0] == "female"


def dyadic() -> Fit:
    return fit(studied("lpm", dyadic_design(effect=-0.2)))


def test_adjusting_does_what_adding_the_confounder_does() -> None:
    """A control hidden and then described by its true partial R²: the formula gives the full model's numbers back."""
    made = studied("lpm", dyadic_design(effect=-0.2))
    hidden = made.x[:, 1] + 0.8 * made.treatment
    full = fit(replace(made, x=np.column_stack([made.x[:, [0, 2]], hidden]), terms=("d", "w", "z")), vcov="classical")
    short = fit(replace(made, x=made.x[:, [0, 2]], terms=("d", "w")), vcov="classical")
    described = treatment_of(full).benchmarks["z"]
    estimate, error = treatment_of(short).adjusted(*described)
    toward = abs(full.estimate[0]) < abs(short.estimate[0])
    if not toward:
        estimate = 2 * short.estimate[0] - estimate
    assert estimate == pytest.approx(full.estimate[0], rel=1e-10)
    assert error == pytest.approx(full.std_errors[0], rel=1e-10)


def test_the_covariance_moves_the_interval_and_not_the_bias() -> None:
    robust = dyadic()
    one, other = treatment_of(robust), treatment_of(robust.with_vcov("classical"))
    assert one.classical == other.error == other.classical
    assert one.adjusted(0.02, 0.05)[0] == other.adjusted(0.02, 0.05)[0]
    ratio = one.adjusted(0.02, 0.05)[1] / other.adjusted(0.02, 0.05)[1]
    assert ratio == pytest.approx(robust.std_errors[0] / other.classical)
    rows = [sensitivity(t).iloc[0] for t in (one, other)]
    assert rows[0]["rv"] == rows[1]["rv"]
    assert rows[0]["rv_alpha_classical"] == rows[1]["rv_alpha"]
    assert rows[0]["critical"] == pytest.approx(stats.t.ppf(0.975, robust.df[0]), rel=1e-12)
    assert rows[1]["critical"] == pytest.approx(stats.t.ppf(0.975, other.df - 1), rel=1e-12)


@pytest.mark.parametrize("error", [0.004, 0.012, 0.02])
def test_a_confounder_of_the_robustness_value_makes_the_dyadic_t_critical(error: float) -> None:
    """By definition, on the covariance's own standard error and degrees of freedom."""
    given = Treatment("d", -0.06, error, 60, 0.01, 800, "dyadic", {})
    row = sensitivity(given).iloc[0]
    estimate, adjusted = given.adjusted(row["rv_alpha"], row["rv_alpha"])
    assert abs(estimate / adjusted) == pytest.approx(critical(given.beside), rel=1e-9)
    assert given.adjusted(row["rv"], row["rv"])[0] == pytest.approx(0, abs=1e-12)
    assert row["rv_alpha"] < row["rv"]


def test_an_estimate_that_is_not_significant_has_no_robustness() -> None:
    row = sensitivity(Treatment("d", 0.01, 0.012, 60, 0.003, 800, "dyadic", {})).iloc[0]
    assert row["rv_alpha"] == 0
    assert row["rv_alpha_classical"] > 0


def test_contours_and_extremes_agree_with_the_formula() -> None:
    given = treatment_of(dyadic())
    grid = contours(given)
    assert tuple(grid) == tuple(CONTOURS.columns)
    assert len(grid) == POINTS**2
    assert grid["estimate"].iloc[0] == pytest.approx(given.estimate)
    row, most = grid.iloc[POINTS + 2], grid["r2dz_x"].max()
    assert (row["r2dz_x"], row["r2yz_dx"]) == (pytest.approx(most / 20), pytest.approx(most / 40))
    estimate, error = given.adjusted(row["r2dz_x"], row["r2yz_dx"])
    assert (row["estimate"], row["t"]) == (estimate, estimate / error)
    known = bounds(given)
    assert contours(given)["r2yz_dx"].max() >= known["r2yz_dx"].max()
    worst = extreme(given)
    assert tuple(worst) == tuple(EXTREMES.columns)
    assert worst.groupby("r2yz_dx")["estimate"].first().tolist() == pytest.approx([given.estimate] * 3)


def test_powers_are_one_benchmark_and_bounds_that_do_not_exist_say_so() -> None:
    terms = ("d", "rivalry", "peace", "peace_2", "peace_3", "alone_2")
    assert benchmark_groups(terms, 0) == {
        "rivalry": ["rivalry"],
        "peace": ["peace", "peace_2", "peace_3"],
        "alone_2": ["alone_2"],
    }
    strong = Treatment("d", -0.06, 0.01, 60, 0.01, 800, "dyadic", {"twin": (0.9, 0.5), "weak": (0.01, 0.01)})
    frame = bounds(strong).set_index(["benchmark", "times"])
    assert frame.loc[("twin", 1.0), "failure"]
    assert frame.loc["weak", "failure"].eq("").all()
    assert benchmark(frame.reset_index(), -0.06, either_way=False)[0] == "weak"
    for either_way in (True, False):
        none = benchmark(frame.loc[["twin"]].reset_index(), -0.06, either_way=either_way)
        assert none == ("", pytest.approx(np.nan, nan_ok=True), pytest.approx(np.nan, nan_ok=True))


def test_the_furthest_interval_counts_bias_in_either_direction() -> None:
    frame = pd.DataFrame(
        {"benchmark": ["weak", "strong", "strong"], "times": [1.0, 1.0, 2.0], "failure": "",
         "estimate": [0.9, 0.4, -0.2], "conf_low": [-0.1, -0.6, -1.2], "conf_high": [1.9, 1.4, 0.8]}
    )  # fmt: skip
    # Added instead of taken off, the bias of 0.6 makes an estimate of 1.6, and an interval from 0.6 to 2.6.
    assert benchmark(frame, 1.0, either_way=True) == ("strong", pytest.approx(0.6), pytest.approx(2.6))


def test_the_factors_of_a_product_are_no_benchmarks_of_it() -> None:
    terms = ["exercise_lag1_x_trade_lag2", "exercise_lag1", "trade_lag2", "rivalry_lag2", "intercept"]
    assert benchmark_groups(terms, 0) == {"rivalry_lag2": ["rivalry_lag2"]}
    assert set(benchmark_groups(terms, 3)) == set(terms[:3])


def test_partial_r2_of_a_group_is_that_of_two_regressions() -> None:
    whole = dyadic()
    found = treatment_of(whole, {"both": ["control", "binary"]}).benchmarks["both"]
    y = whole.design.y - whole.solution.predictor + whole.solution.x @ whole.estimate
    d, w = whole.solution.x[:, 0], whole.solution.x[:, 1:]

    def left(target: np.ndarray, *columns: np.ndarray) -> float:
        x = np.column_stack(columns)
        return float(np.square(target - x @ np.linalg.lstsq(x, target, rcond=None)[0]).sum())

    assert found[0] == pytest.approx(1 - left(d, w) / (d @ d), rel=1e-9)
    assert found[1] == pytest.approx(1 - left(y, d, w) / left(y, d), rel=1e-9)


def constructed(delta: float, effect: float) -> Moments:
    """Population moments of y = effect·d + w + z with z selected `delta` times as strongly as w, and no noise.

    Var w = 2, Var z = 3, independent; Cov(w, d)/Var w = 0.5, Cov(z, d)/Var z = 0.5 δ; Var d = 4.
    """
    of_w, of_z, of_d = 2.0, 3.0, 4.0
    with_w, with_z = 0.5 * of_w, 0.5 * delta * of_z
    of_y = effect**2 * of_d + of_w + of_z + 2 * effect * (with_w + with_z)
    with_y = effect * of_d + with_w + with_z
    left = of_d - with_w**2 / of_w
    y_given_w = of_y - (effect * with_w + of_w) ** 2 / of_w
    d_y_given_w = with_y - with_w * (effect * with_w + of_w) / of_w
    long = d_y_given_w / left
    r2 = 1 - (y_given_w - d_y_given_w**2 / left) / of_y
    short = with_y / of_d
    return Moments(short, short**2 * of_d / of_y, long, r2, of_y, of_d, left)


@pytest.mark.parametrize("delta", [0.3, 1.0, 1.5, -0.7])
@pytest.mark.parametrize("effect", [0.0, -1.0, 2.0])
def test_oster_recovers_the_selection_that_was_built_in(delta: float, effect: float) -> None:
    """No noise, so that R² is at most 1: δ at the true effect is the one built in, and the effect is among roots."""
    made = constructed(delta, effect)
    assert made.delta(1.0, target=effect) == pytest.approx(delta, rel=1e-9)
    assert min(abs(e - effect) for e in made.effects(1.0, delta)) == pytest.approx(0, abs=1e-7)


def test_effects_and_delta_are_inverse_of_one_another() -> None:
    made = moments(dyadic())
    for delta in (0.5, 1.0, 2.0):
        for effect in made.effects(0.5, delta):
            assert made.delta(0.5, target=effect) == pytest.approx(delta, rel=1e-6)


def test_moments_are_those_of_two_regressions() -> None:
    whole = dyadic()
    alone = fit(replace(whole.design, x=whole.design.x[:, :1], terms=whole.design.terms[:1]))
    found, frame = moments(whole), oster(whole)
    assert found.short == pytest.approx(alone.estimate[0], rel=1e-10)
    assert tuple(frame) == tuple(SELECTION.columns)
    assert frame["r_max"].tolist() == [pytest.approx(1.3 * found.r2), 1.0]
    assert abs(frame["delta"].iloc[0]) > abs(frame["delta"].iloc[1])


def test_the_e_value_is_that_of_the_paper() -> None:
    # Oracle: VanderWeele and Ding (2017), Annals of Internal Medicine 167: RR 3.9 (1.8 to 8.7) has 7.26 and 3.0.
    row = e_values(3.9, 1.8, 8.7).iloc[0]
    assert tuple(row.index) == tuple(EVALUE.columns)
    assert round(row["e_value"], 2) == 7.26
    assert round(row["e_value_limit"], 1) == 3.0
    # And a protective one, 0.80 (0.71 to 0.91): 1.81 and 1.43.
    low = e_values(0.80, 0.71, 0.91).iloc[0]
    assert (round(low["e_value"], 2), round(low["e_value_limit"], 2)) == (1.81, 1.43)
    assert e_values(0.8, 0.6, 1.1)["e_value_limit"].iloc[0] == 1
    assert e_value(0.5) == e_value(2.0)


def test_the_e_value_of_a_fit_is_of_its_risk_ratio() -> None:
    whole = dyadic()
    row = e_values_of(whole).iloc[0]
    share, coefficient = whole.design.treatment.mean(), whole.estimate[0]
    untreated = whole.design.y.mean() - coefficient * share
    assert row["ratio"] == pytest.approx((untreated + coefficient) / untreated)
    assert row["ratio_low"] < row["ratio"] < row["ratio_high"]
    assert row["e_value"] == e_value(row["ratio"])


def test_what_has_no_bias_formula_is_refused() -> None:
    logit = fit(dyadic_design(), estimator="logit")
    for asked in (treatment_of, moments):
        with pytest.raises(UnsupportedEstimator):
            asked(logit)
    with pytest.raises(EstimationError, match="these are none: nothing"):
        treatment_of(dyadic(), {"a": ["nothing"]})
    with pytest.raises(EstimationError, match="these are none: treatment"):
        treatment_of(dyadic(), {"a": ["treatment"]})
    bare = studied("lpm", dyadic_design())
    with pytest.raises(EstimationError, match="no control"):
        moments(fit(replace(bare, x=bare.x[:, :1], terms=bare.terms[:1])))
    with pytest.raises(EstimationError, match="positive"):
        e_value(0.0)
    assert math.isinf(Moments(0.1, 0.1, 0.1, 0.1, 1, 1, 1).delta(0.1))
