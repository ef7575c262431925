"""Effects on risk, by the delta method and by simulation, for every link; and whether predictions add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from detente import dyadic, fit
from detente.base.errors import EstimationError, NoRisk, UnknownVariable
from detente.stats.covariance import Covariance
from detente.stats.effects.calibrations import calibration
from detente.stats.effects.predictions import (
    Draws,
    draw_coefficients,
    first_differences,
    marginal_effects,
    risk_curve,
    risk_ratios,
)
from detente.stats.effects.risk import average_marginal_effect, log_risk_ratio
from detente.stats.fitting import Fit
from detente.stats.frame import ModelFrame
from detente.stats.links import SHAPES, Curve

from support.worlds import dyadic_design, solved, studied

BOTH = dyadic("ccode1", "ccode2")
MEANS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "logit": lambda eta: 1 / (1 + np.exp(-eta)),
    "probit": stats.norm.cdf,
    "cloglog": lambda eta: 1 - np.exp(-np.exp(eta)),
    "poisson": np.exp,
    "lpm": lambda eta: eta,
}


def frame(seed: int = 7) -> pd.DataFrame:
    design = dyadic_design(effect=0.1, seed=seed)
    columns = dict(zip(design.terms, design.x.T, strict=True))
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "onset": design.y,
            **columns,
            "region": rng.choice(["africa", "asia", "europe"], len(design.y)),
            "ccode1": design.side1,
            "ccode2": design.side2,
            "year": design.time,
        }
    )


def fitted(name: str, design: ModelFrame | None = None, **options: object) -> Fit:
    return fit(studied(name, design or dyadic_design(effect=0.1)), estimator=name, **options)


def by_hand(model: Fit, data: pd.DataFrame, matrix: Callable[[pd.DataFrame], np.ndarray], beta: np.ndarray) -> float:
    """Mean risk with the regressors made again from the data."""
    return float(MEANS[model.estimator](matrix(data) @ beta).mean())


def gradient(value: Callable[[np.ndarray], float], beta: np.ndarray, step: float = 1e-6) -> np.ndarray:
    shifts = np.eye(len(beta)) * step
    return np.array([(value(beta + s) - value(beta - s)) / (2 * step) for s in shifts])


# Links


@pytest.mark.parametrize("link", SHAPES)
def test_slopes_and_bends_are_the_derivatives_of_the_mean(link: str) -> None:
    eta, step = np.linspace(-4, 2, 13), 1e-5
    up, at, down = (Curve(link, eta + s) for s in (step, 0.0, -step))
    assert_allclose(at.slope, (up.mean - down.mean) / (2 * step), rtol=1e-6, atol=1e-9)
    assert_allclose(at.bend, (up.slope - down.slope) / (2 * step), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_risks_far_out_are_zero_and_one(link: str) -> None:
    assert_allclose(Curve(link, np.array([-800.0, 800.0])).mean, [0, 1], atol=1e-12)


# Marginal effects


@pytest.mark.parametrize(("name", "model"), [("logit", "Logit"), ("probit", "Probit"), ("poisson", "Poisson")])
def test_marginal_effects_and_their_errors_are_those_of_statsmodels(name: str, model: str) -> None:
    # statsmodels 0.15: get_margeff(at="overall", method="dydx", dummy=True), classical covariance.
    import statsmodels.discrete.discrete_model as discrete

    ours = fitted(name, vcov="classical")
    theirs = getattr(discrete, model)(ours.design.y, ours.solution.x).fit(disp=0, method="newton", tol=1e-12)
    margins = theirs.get_margeff(dummy=name != "poisson", count=False)
    table = marginal_effects(ours).table()
    if name == "poisson":
        expected = first_differences(ours, {"treatment": (0, 1)}).estimate[0]
        assert_allclose(table["estimate"][0], expected)
        table, rows = table[table["change"] == "derivative"], [1]
    else:
        rows = [0, 1, 2]
    assert_allclose(table["estimate"], np.asarray(margins.margeff)[rows], rtol=1e-6)
    assert_allclose(table["std_error"], np.asarray(margins.margeff_se)[rows], rtol=1e-5)


@pytest.mark.parametrize("name", MEANS)
def test_every_regressor_has_an_effect_with_the_gradient_that_a_brute_force_gives(name: str) -> None:
    data = frame()
    model = fit("onset ~ treatment + control + binary", data, estimator=name, vcov=BOTH)

    def matrix(rows: pd.DataFrame) -> np.ndarray:
        return np.column_stack([np.ones(len(rows)), rows["treatment"], rows["control"], rows["binary"]])

    def binary(term: str) -> Callable[[np.ndarray], float]:
        return lambda beta: (
            by_hand(model, data.assign(**{term: 1.0}), matrix, beta)
            - by_hand(model, data.assign(**{term: 0.0}), matrix, beta)
        )

    def slope(beta: np.ndarray) -> float:
        up, down = (by_hand(model, data.assign(control=data["control"] + s), matrix, beta) for s in (1e-5, -1e-5))
        return (up - down) / 2e-5

    effects = marginal_effects(model)
    assert list(effects.labels["change"]) == ["0 to 1", "derivative", "0 to 1"]
    for row, value in enumerate((binary("treatment"), slope, binary("binary"))):
        assert_allclose(effects.value[row], value(model.estimate), rtol=1e-6, atol=1e-10)
        assert_allclose(effects.gradient[row], gradient(value, model.estimate), rtol=2e-4, atol=1e-5)


def test_powers_interactions_and_levels_of_a_category_move_with_their_regressor() -> None:
    data = frame()
    model = fit(
        "onset ~ treatment + control + I(control ** 2) + treatment:control + C(region)",
        data,
        estimator="logit",
        vcov=BOTH,
    )

    def matrix(rows: pd.DataFrame) -> np.ndarray:
        x, t = rows["control"], rows["treatment"]
        made = {
            "intercept": np.ones(len(rows)),
            "treatment": t,
            "control": x,
            "I(control ** 2)": x**2,
            "treatment:control": t * x,
            "C(region)[T.asia]": rows["region"] == "asia",
            "C(region)[T.europe]": rows["region"] == "europe",
        }
        return np.column_stack([np.asarray(made[t], dtype=float) for t in model.terms])

    def at(**values: object) -> float:
        return by_hand(model, data.assign(**values), matrix, model.estimate)

    found = marginal_effects(model).table().set_index("term")["estimate"]
    assert set(found.index) == {"treatment", "control", "C(region)[T.asia]", "C(region)[T.europe]"}
    assert_allclose(found["treatment"], at(treatment=1.0) - at(treatment=0.0), rtol=1e-10)
    step = 1e-5
    slope = (at(control=data["control"] + step) - at(control=data["control"] - step)) / (2 * step)
    assert_allclose(found["control"], slope, rtol=1e-6)
    assert_allclose(found["C(region)[T.asia]"], at(region="asia") - at(region="africa"), rtol=1e-10)
    fixed = marginal_effects(model, ["treatment"], at={"control": 1.5}).estimate[0]
    assert_allclose(fixed, at(treatment=1.0, control=1.5) - at(treatment=0.0, control=1.5), rtol=1e-10)
    curve = risk_curve(model, "control", [-1.0, 2.0])
    assert_allclose(curve.estimate, [at(control=-1.0), at(control=2.0)], rtol=1e-10)


def test_a_name_that_looks_like_a_power_but_is_none_is_a_regressor_of_its_own() -> None:
    data = frame().rename(columns={"binary": "control_2"})
    model = fit("onset ~ treatment + control + control_2", data, estimator="logit", vcov=BOTH)
    assert list(marginal_effects(model).labels["term"]) == ["treatment", "control", "control_2"]


def test_gradients_of_structured_effects_are_their_derivatives() -> None:
    data = frame()
    model = fit("onset ~ treatment*control + I(control**2)", data, estimator="cloglog", vcov=BOTH)
    effects = marginal_effects(model)
    shifted = []
    for step in np.eye(len(model.terms)) * 1e-6:
        up, down = (_with_estimate(model, model.estimate + s) for s in (step, -step))
        shifted.append((marginal_effects(up).value - marginal_effects(down).value) / 2e-6)
    assert_allclose(effects.gradient, np.array(shifted).T, rtol=1e-4, atol=1e-8)


def _with_estimate(model: Fit, estimate: np.ndarray) -> Fit:
    solution = replace(model.solution, estimate=estimate, predictor=model.solution.x @ estimate)
    return replace(model, estimate=estimate, solution=solution)


@pytest.mark.parametrize("name", ["lpm", "iv_lpm"])
def test_marginal_effects_of_absorbing_linear_models_are_their_coefficients(name: str) -> None:
    design = dyadic_design(effect=0.1)
    if name == "iv_lpm":
        z = design.x[:, [0]] + np.random.default_rng(1).normal(size=(len(design.y), 1))
        design = replace(design, endogenous=("treatment",), instruments=z)
    model = fitted(name, design)
    effects = marginal_effects(model)
    assert_allclose(effects.estimate, model.estimate, rtol=1e-9)
    assert_allclose(effects.std_error, model.std_errors, rtol=1e-9)


def test_absorbed_poisson_effects_adapt_their_effects_to_the_coefficients() -> None:
    design = dyadic_design(effect=0.1)
    design = replace(design, fixed_effects={"dyad": design.factor("dyad")})
    model = fit(design, estimator="fepoisson")
    rows = model.solution.rows
    assert rows is not None
    group, y, x = np.unique(design.factor("dyad")[rows], return_inverse=True)[1], design.y[rows], design.x[rows]

    def change(beta: np.ndarray) -> float:
        """With effects at their maximum given the coefficients: log of outcomes over predictions in each dyad."""
        effect = np.log(np.bincount(group, y) / np.bincount(group, np.exp(x @ beta)))[group]
        treated, untreated = x.copy(), x.copy()
        treated[:, 0], untreated[:, 0] = 1, 0
        return float((np.exp(treated @ beta + effect) - np.exp(untreated @ beta + effect)).mean())

    effects = marginal_effects(model, ["treatment"])
    assert_allclose(effects.value[0], change(model.estimate), rtol=1e-8)
    assert_allclose(effects.gradient[0], gradient(change, model.estimate), rtol=1e-6)
    assert "averages are over" in effects.flags[-1]
    ratio = risk_ratios(model, {"treatment": (0, 1)}).table()
    assert_allclose(ratio["estimate"], np.exp(model.estimate[0]))
    assert_allclose(np.log(ratio["conf_high"]), model.conf_int()["conf_high"].iloc[0])
    effect = average_marginal_effect(model.solution, design.y, design.treatment)
    assert_allclose(effect.value, effects.value[0])
    assert_allclose(effect.gradient, effects.gradient[0])


@pytest.mark.parametrize("name", ["logit", "probit", "cloglog", "lpm", "cre_logit", "king_zeng"])
def test_the_treatments_effect_is_the_same_wherever_it_is_asked_for(name: str) -> None:
    design = studied(name, dyadic_design(effect=0.1))
    model = fit(design, estimator=name)
    effect = average_marginal_effect(model.solution, design.y, design.treatment)
    ratio = log_risk_ratio(model.solution, design.y, design.treatment)
    found = marginal_effects(model, ["treatment"])
    assert_allclose(found.value[0], effect.value)
    assert_allclose(found.gradient[0], effect.gradient, atol=1e-12)
    ratios = risk_ratios(model, {"treatment": (0, 1)})
    assert_allclose(ratios.value[0], ratio.value)
    assert_allclose(ratios.gradient[0], ratio.gradient, atol=1e-10)


def test_ordered_values_have_effects_on_the_chance_of_more_than_the_lowest() -> None:
    design = dyadic_design(effect=0.1)
    level = design.y * (1 + (np.random.default_rng(3).random(len(design.y)) < 0.4))
    model = fit(replace(design, y=level), estimator="ordered_logit")
    table = marginal_effects(model).table()
    assert list(table["term"]) == list(design.terms)
    solution = model.solution
    treated, untreated = solution.x.copy(), solution.x.copy()
    treated[:, 0], untreated[:, 0] = 1, 0
    expected = (MEANS["logit"](treated @ solution.estimate) - MEANS["logit"](untreated @ solution.estimate)).mean()
    assert_allclose(table["estimate"][0], expected)


def test_constants_and_dispersion_are_no_regressors() -> None:
    design = dyadic_design(effect=0.1)
    counts = np.random.default_rng(0).negative_binomial(1, 0.3, len(design.y)).astype(float)
    model = fit(replace(design, y=counts), estimator="negbin")
    assert list(marginal_effects(model).labels["term"]) == list(design.terms)


def test_what_conditions_its_effects_out_has_no_risk() -> None:
    model = fitted("clogit", vcov="dyad")
    for ask in (marginal_effects, risk_ratios, calibration):
        with pytest.raises(NoRisk, match="no absolute risk"):
            ask(model)
    with pytest.raises(NoRisk, match="never estimates them"):
        average_marginal_effect(model.solution, model.design.y, model.design.treatment)


@pytest.mark.fault("fits")
def test_an_unknown_regressor_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownVariable, match="'treatmnt'; legal values: binary, control, treatment; nearest: 'treat"):
        marginal_effects(fitted("logit"), ["treatmnt"])


def test_a_linear_model_that_predicts_no_risk_has_no_ratio() -> None:
    model = fitted("lpm")
    with pytest.raises(EstimationError, match="it has no ratio"):
        risk_ratios(model, {"control": (-100.0, 100.0)})


def test_an_effect_without_variance_has_no_error_and_others_keep_theirs() -> None:
    model = fitted("lpm")
    raw = model.vcov.unrepaired.copy()
    raw[0, 0] = -1.0
    broken = replace(model, vcov=replace(model.vcov, unrepaired=raw))
    for simulate in (None, Draws(50)):
        table = marginal_effects(broken, simulate=simulate).table()
        assert table[["std_error", "statistic", "p_value", "conf_low", "conf_high"]].iloc[0].isna().all()
        assert table["std_error"].iloc[1:].notna().all()
    assert "none" in str(marginal_effects(broken))


# Intervals


@pytest.mark.parametrize("name", ["logit", "lpm", "fepoisson"])
def test_simulated_intervals_come_near_those_of_the_delta_method(name: str) -> None:
    model = fitted(name, vcov="hc1")
    for make in (marginal_effects, lambda m, simulate=None: risk_ratios(m, {"treatment": (0, 1)}, simulate=simulate)):
        delta, drawn = make(model).table(), make(model, simulate=Draws(4000, seed=1)).table()
        assert_allclose(drawn["estimate"], delta["estimate"])
        assert_allclose(drawn["std_error"], delta["std_error"], rtol=0.06)
        width = delta["conf_high"] - delta["conf_low"]
        assert (np.abs(drawn["conf_low"] - delta["conf_low"]) < 0.1 * width).all()
        assert (np.abs(drawn["p_value"] - delta["p_value"]) < 0.05).all()


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    model = fitted("logit")
    first, again, other = (marginal_effects(model, simulate=Draws(50, seed)).table() for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first, again)
    assert (first["conf_low"] != other["conf_low"]).all()


def test_draws_have_the_covariance_they_are_drawn_from_even_if_it_is_singular() -> None:
    root = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 100.0]])
    made = Covariance(root @ root.T, root @ root.T, np.eye(3), "test", np.inf, "", "")
    drawn = draw_coefficients(np.array([1.0, 2.0, 3.0]), made, 20_000, seed=0)
    assert_allclose(np.cov(drawn, rowvar=False), made.matrix, rtol=0.05, atol=3.0)
    assert_allclose(drawn[:, 1] - 2, 2 * (drawn[:, 0] - 1), atol=1e-9)


def test_any_covariance_can_be_put_under_the_same_effects() -> None:
    model = fitted("logit")
    other = model.with_vcov("dyad")
    pd.testing.assert_frame_equal(marginal_effects(model).under(other.vcov).table(), marginal_effects(other).table())


def test_curves_stay_where_risks_can_be() -> None:
    model = fitted("logit")
    curve = risk_curve(model, "control").table()
    assert len(curve) == 21
    assert curve["value"].iloc[[0, -1]].tolist() == [model.design.x[:, 1].min(), model.design.x[:, 1].max()]
    assert ((curve["conf_low"] > 0) & (curve["conf_high"] < 1)).all()
    assert ((curve["conf_low"] < curve["estimate"]) & (curve["estimate"] < curve["conf_high"])).all()
    assert list(risk_curve(model, "treatment").labels["value"]) == [0.0, 1.0]
    assert "p_value" not in curve


def test_a_risk_ratio_of_a_continuous_regressor_is_of_a_standard_deviation_from_its_mean() -> None:
    model = fitted("logit")
    row = risk_ratios(model).table().set_index("term").loc["control"]
    control = model.design.x[:, 1]
    assert_allclose([row["from"], row["to"]], [control.mean(), control.mean() + control.std(ddof=1)])


def test_effects_print_how_errors_were_made_and_the_flags_of_the_fit() -> None:
    model = replace(fitted("logit"), flags=("a flag",))
    words = str(marginal_effects(model))
    assert "dyadic-robust over 20 states" in words
    assert words.endswith("a flag")
    assert "a flag" in marginal_effects(model)._repr_html_()
    assert "percentiles of 50 draws" in str(marginal_effects(model, simulate=Draws(50)))


# Calibration


def test_a_logit_predicts_as_many_onsets_as_there_are() -> None:
    found = calibration(fitted("logit"))
    assert found.ratio == pytest.approx(1, abs=1e-9)
    assert found.groups["rows"].sum() == len(dyadic_design().y)
    assert len(found.groups) == 10
    assert found.groups["predicted"].is_monotonic_increasing
    assert found.impossible == 0
    assert str(found).startswith("Mean predicted 0.2")


def test_groups_are_means_of_rows_in_order_of_their_risk() -> None:
    model = fitted("logit")
    assert model.solution.predictor is not None
    risk = MEANS["logit"](model.solution.predictor)
    decile = pd.qcut(risk, 5, labels=False)
    expected = pd.DataFrame({"risk": risk, "y": model.design.y}).groupby(decile).mean()
    found = calibration(model, groups=5)
    assert_allclose(found.groups["predicted"], expected["risk"], atol=2e-3)
    assert_allclose(found.groups["observed"], expected["y"], atol=0.01)
    assert found.largest_gap == (found.groups["predicted"] - found.groups["observed"]).abs().max()


def test_rows_of_one_risk_stay_together() -> None:
    design = dyadic_design(effect=0.1)
    model = fit(replace(design, x=design.x[:, [0]], terms=("treatment",)), estimator="logit")
    groups = calibration(model).groups
    assert len(groups) == 2
    assert_allclose(groups["predicted"], groups["observed"], atol=1e-9)


def test_impossible_predictions_are_counted() -> None:
    model = fitted("lpm")
    assert model.solution.predictor is not None
    outside = (model.solution.predictor < 0) | (model.solution.predictor > 1)
    found = calibration(model)
    assert found.impossible == outside.sum() > 0
    assert f"{outside.sum():,} of" in str(found)
    assert found.ratio == pytest.approx(1)


@pytest.mark.fault("fits")
def test_a_wrong_level_of_risk_is_seen() -> None:
    model = fitted("logit")
    assert model.solution.predictor is not None
    raised = replace(model, solution=replace(model.solution, predictor=model.solution.predictor + 0.5))
    assert calibration(raised).ratio > 1.3


def test_a_logit_effect_of_the_pipeline_is_left_as_it_was() -> None:
    design = dyadic_design(effect=0.1)
    solution = solved("logit", design)
    x1, x0 = solution.x.copy(), solution.x.copy()
    x1[:, 1], x0[:, 1] = 1, 0
    expected = (MEANS["logit"](x1 @ solution.estimate) - MEANS["logit"](x0 @ solution.estimate)).mean()
    assert_allclose(average_marginal_effect(solution, design.y, design.treatment).value, expected)
