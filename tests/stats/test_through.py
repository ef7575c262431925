"""Average marginal effects of variables that enter a formula through functions, against risks made by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit

from detente import fit
from detente.base.errors import EstimationError
from detente.stats.effects.predictions import Draws, first_differences, marginal_effects, risk_curve, risk_ratios

SIDES = ("one", "other")


def data() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    one, other = np.triu_indices(14, 1)
    made = pd.DataFrame({"one": np.tile(one, 5), "other": np.tile(other, 5), "year": np.repeat(np.arange(5), len(one))})
    made["x"], made["z"] = rng.normal(size=len(made)), rng.normal(size=len(made))
    made["treated"] = (rng.random(len(made)) < 0.4).astype(float)
    made["region"] = rng.choice(["africa", "asia", "europe"], len(made))
    index = 0.5 * made["x"] + 0.3 * made["treated"] - 1
    made["onset"] = (rng.random(len(made)) < expit(index)).astype(float)
    return made


# Regressors of each formula beside z, by hand, and their derivatives in x.
FORMULAS: dict[str, tuple[Callable[[pd.DataFrame], list], Callable[[pd.DataFrame], list]]] = {
    "x + np.exp(x)": (lambda d: [d.x, np.exp(d.x)], lambda d: [1, np.exp(d.x)]),
    "x + np.maximum(x, 0)": (lambda d: [d.x, np.maximum(d.x, 0)], lambda d: [1, d.x > 0]),
    "x + I(x*x)": (lambda d: [d.x, d.x**2], lambda d: [1, 2 * d.x]),
    "x + np.power(x, 2)": (lambda d: [d.x, d.x**2], lambda d: [1, 2 * d.x]),
    "x + {x**2}": (lambda d: [d.x, d.x**2], lambda d: [1, 2 * d.x]),
    "I(x**2)": (lambda d: [d.x**2], lambda d: [2 * d.x]),
    "np.log(x + 9)": (lambda d: [np.log(d.x + 9)], lambda d: [1 / (d.x + 9)]),
    "x:z + x": (lambda d: [d.x, d.x * d.z], lambda d: [1, d.z]),
    "treated:np.sin(x)": (lambda d: [d.treated * np.sin(d.x)], lambda d: [d.treated * np.cos(d.x)]),
}


@pytest.mark.parametrize("estimator", ["logit", "lpm"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_the_effect_of_a_variable_is_its_derivative_through_the_whole_formula(formula: str, estimator: str) -> None:
    d = data()
    regressors, slopes = (np.column_stack([np.broadcast_to(c, len(d)) for c in part(d)]) for part in FORMULAS[formula])
    found = fit(f"onset ~ z + {formula}", d, estimator=estimator, sides=SIDES)
    assert_allclose(found.design.x, np.column_stack([d.z, regressors]), atol=1e-12)
    at = [found.terms.index(t) for t in found.terms if t not in ("intercept", "z")]
    rate, bend = slopes @ found.estimate[at], np.ones(len(d))
    if estimator == "logit":
        p = expit(found.solution.predictor)
        bend = p * (1 - p)
    table = marginal_effects(found).table().set_index("term")
    assert table.loc["x", "change"] == "derivative"
    assert table.loc["x", "estimate"] == pytest.approx(float(np.mean(bend * rate)), rel=1e-7)
    assert not [t for t in table.index if "(" in t or "*" in t]
    one = marginal_effects(found, ["x"]).table()
    assert_allclose(one[["estimate", "std_error"]], table.loc[["x"], ["estimate", "std_error"]], rtol=1e-12)


def test_its_standard_error_is_that_of_the_delta_method_by_differences() -> None:
    d = data()
    found = fit("onset ~ x + np.exp(x) + z", d, estimator="logit", sides=SIDES)

    def effect(beta: np.ndarray) -> float:
        eta = beta[0] + beta[1] * d.x + beta[2] * np.exp(d.x) + beta[3] * d.z
        return float(np.mean(expit(eta) * (1 - expit(eta)) * (beta[1] + beta[2] * np.exp(d.x))))

    steps = 1e-6 * np.eye(4)
    gradient = np.array([(effect(found.estimate + s) - effect(found.estimate - s)) / 2e-6 for s in steps])
    expected = np.sqrt(gradient @ found.vcov.matrix @ gradient)
    made = marginal_effects(found, ["x"])
    assert made.table()["std_error"][0] == pytest.approx(expected, rel=1e-6)
    drawn = marginal_effects(found, ["x"], simulate=Draws(300, 1))
    assert drawn.simulated is not None
    assert drawn.simulated.std() == pytest.approx(expected, rel=0.2)


def test_a_variable_of_zeros_and_ones_changes_through_all_of_its_terms() -> None:
    d = data()
    found = fit("onset ~ treated:np.exp(x) + treated + x", d, estimator="logit", sides=SIDES)
    beta = dict(zip(found.terms, found.estimate, strict=True))
    rest = beta["intercept"] + beta["x"] * d.x
    inside = beta["treated"] + beta["treated:np.exp(x)"] * np.exp(d.x)
    table = marginal_effects(found).table().set_index("term")
    assert table.loc["treated", "change"] == "0 to 1"
    assert table.loc["treated", "estimate"] == pytest.approx(
        float(np.mean(expit(rest + inside) - expit(rest))), rel=1e-9
    )


def test_with_fixed_effects_rows_keep_theirs() -> None:
    d = data()
    found = fit("onset ~ np.exp(x) + z | dyad", d, sides=SIDES)
    expected = float(np.mean(np.exp(d.x)) * found.estimate[0])
    assert marginal_effects(found, ["x"]).table()["estimate"][0] == pytest.approx(expected, rel=1e-8)


def test_functions_of_one_variable_are_not_moved_apart() -> None:
    found = fit("onset ~ x + np.exp(x) + z", data(), estimator="logit", sides=SIDES)
    message = r"'x' enters by x, np.exp\(x\): '.*' does not move alone; marginal_effects move all"
    for ask in (
        lambda: first_differences(found, {"x": (0, 1)}),
        lambda: risk_curve(found, "x"),
        lambda: risk_ratios(found),
        lambda: marginal_effects(found, ["np.exp(x)"]),
        lambda: marginal_effects(found, ["z"], at={"x": 0}),
    ):
        with pytest.raises(EstimationError, match=message):
            ask()
    with pytest.raises(EstimationError, match="leave out `at`"):
        marginal_effects(found, ["x"], at={"z": 0})


def test_where_a_function_is_no_number_there_is_no_effect() -> None:
    d = data().assign(x=lambda d: np.abs(d["x"]), count=lambda d: (d["x"] > 0.5).astype(float))
    found = fit("onset ~ np.log(count + 0.0 * count + 1e-12) + z", d, estimator="logit", sides=SIDES)
    assert marginal_effects(found, ["count"]).table()["change"][0] == "0 to 1"
    wrong = fit("onset ~ np.log(x) + z", d.assign(x=lambda d: np.where(d["z"] > 0, d["x"], 1e-9)), sides=SIDES)
    with pytest.raises(EstimationError, match=r"'np.log\(x\)' is no number where 'x' is moved"):
        marginal_effects(wrong, ["x"])
