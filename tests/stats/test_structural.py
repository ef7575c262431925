"""Marginal structural models and sequential g-estimation: by hand, known truth, invariances, reference numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from detente.base.errors import NoSwitches, NoVariation, RankDeficient, Separation, UnknownOption, UnknownVariable
from detente.stats.causal import (
    Structural,
    TreatmentModel,
    TreatmentPanel,
    marginal_structural_model,
    sequential_g,
    treatment_panel,
)

from support.reference_rows import references
from support.switching_panels import double_sum


def confounded(seed: int = 0, units: int = 300, periods: int = 4, effect: float = 0.5) -> pd.DataFrame:
    """Treatment follows a confounder that follows from treatment; u moves confounder and outcome, not treatment."""
    rng = np.random.default_rng(seed)
    u = rng.standard_normal(units)
    rows, before = [], np.zeros(units)
    for t in range(periods):
        x = 0.8 * u - 0.9 * before + rng.standard_normal(units)
        d = (rng.random(units) < 1 / (1 + np.exp(0.4 - 0.8 * x - 0.7 * before))).astype(float)
        y = 1.0 + effect * d + 0.8 * u + rng.standard_normal(units)
        rows.append(pd.DataFrame({"unit": np.arange(units), "year": 2000 + t, "x": x, "d": d, "y": y}))
        before = d
    return pd.concat(rows, ignore_index=True)


def panel_of(frame: pd.DataFrame, unit: str | tuple[str, str] = "unit") -> TreatmentPanel:
    return treatment_panel(frame, "y", "d", unit=unit, time="year", covariates=["x", "m"] if "m" in frame else ["x"])


X = TreatmentModel(confounders=("x",), start=0)


def logit_by_hand(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Probabilities by Newton's method on dense matrices."""
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ beta))
        beta += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x, x.T @ (y - p))
    return 1 / (1 + np.exp(-x @ beta))


def weights_by_hand(frame: pd.DataFrame, quantiles: tuple[float, float]) -> pd.DataFrame:
    """Rows with their history and weight, unit by unit."""
    data = frame.sort_values(["unit", "year"]).reset_index(drop=True)
    data["before"] = data.groupby("unit")["d"].shift(fill_value=0.0)
    years = pd.get_dummies(data["year"]).to_numpy(dtype=float)
    above = logit_by_hand(data["d"].to_numpy(), np.column_stack([data["before"], years]))
    below = logit_by_hand(data["d"].to_numpy(), np.column_stack([data[["before", "x"]], years]))
    had = data["d"].to_numpy()
    data["ratio"] = np.where(had == 1, above / below, (1 - above) / (1 - below))
    data["weight"] = data.groupby("unit")["ratio"].cumprod()
    data["so_far"] = data.groupby("unit")["d"].cumsum()
    low, high = np.quantile(data["weight"], quantiles)
    data["weight"] = data["weight"].clip(low, high)
    return data


def test_weights_and_effects_are_those_by_hand() -> None:
    frame = confounded()
    found = marginal_structural_model(panel_of(frame), X)
    data = weights_by_hand(frame, (0.01, 0.99))
    years = pd.get_dummies(data["year"]).to_numpy(dtype=float)
    x = np.column_stack([data["so_far"], years])
    w = data["weight"].to_numpy()
    bread = np.linalg.inv((x * w[:, None]).T @ x)
    estimate = bread @ (x * w[:, None]).T @ data["y"]
    scores = (x * (w * (data["y"].to_numpy() - x @ estimate))[:, None]) @ bread
    assert_allclose(found.estimate, estimate[:1], rtol=1e-9)
    by_unit = pd.DataFrame(scores).groupby(data["unit"]).sum().to_numpy()
    assert_allclose(found.influence[:, 0], by_unit[:, 0], atol=1e-12)
    assert_allclose(found.row_covariance("hc0").matrix[1, 1], (scores[:, 0] ** 2).sum(), rtol=1e-9)
    assert_allclose(found.covariance("unit", ssc="none").matrix[0, 0], (by_unit[:, 0] ** 2).sum(), rtol=1e-9)
    assert_allclose(found.details["effective sample size"], w.sum() ** 2 / (w**2).sum(), rtol=1e-9)
    assert_allclose(found.share.sum(axis=0), 1)
    assert f"effective sample size {w.sum() ** 2 / (w**2).sum():,.0f} of {len(w):,} rows" in str(found)


def test_lags_of_treatment_are_effects_by_horizon() -> None:
    frame = confounded()
    found = marginal_structural_model(panel_of(frame), replace(X, weighting="none"), history=2, periods=False)
    data = frame.sort_values(["unit", "year"])
    lags = [data.groupby("unit")["d"].shift(back, fill_value=0.0) for back in range(3)]
    x = np.column_stack([np.ones(len(data)), *lags])
    assert_allclose(found.estimate, np.linalg.lstsq(x, data["y"], rcond=None)[0][1:], rtol=1e-9)
    assert list(found.horizon) == [0, 1, 2]
    assert found.treated[1] == int((lags[1] == 1).sum())
    assert found.controls[1] == int((lags[1] == 0).sum())


def test_a_past_that_is_not_known_has_no_weight() -> None:
    frame = confounded(units=60)
    gone = frame.assign(x=frame["x"].where((frame["unit"] != 5) | (frame["year"] != 2002)))
    found = marginal_structural_model(panel_of(gone), X)
    assert found.details["rows"] == len(frame) - 2
    assert "2 of 240 outcomes have no weight" in str(found)
    later = marginal_structural_model(panel_of(frame), replace(X, start=None))
    assert later.details["rows"] == len(frame) - 60


def test_weights_of_outcomes_give_the_effects() -> None:
    panel = panel_of(confounded(units=80))
    for found in (marginal_structural_model(panel, X, history=1), sequential_g(panel, "x")):
        assert found.weights is not None
        moved = replace(panel, outcome=panel.outcome + np.arange(4) * np.arange(80)[:, None])
        again = (
            marginal_structural_model(moved, X, history=1)
            if isinstance(found, Structural)
            else sequential_g(moved, "x")
        )
        change = np.arange(4) * np.arange(80)[:, None]
        assert_allclose(again.estimate - found.estimate, found.weights.left.T @ change.reshape(-1), atol=1e-9)


# Known truth


def test_weights_recover_the_effect_where_regressions_on_the_confounder_do_not() -> None:
    frame = confounded(seed=1, units=20_000, effect=0.5)
    panel = panel_of(frame)
    model = replace(X, truncated=None)
    weighted = marginal_structural_model(panel, model, history=1)
    assert_allclose(weighted.estimate, [0.5, 0.0], atol=0.03)
    naive = marginal_structural_model(panel, replace(model, weighting="none"), history=1)
    assert naive.estimate[0] > 0.6
    adjusted = marginal_structural_model(panel, replace(model, weighting="none"), history=1, adjust=["x"])
    # Earlier treatment lowers x; given x it goes with a higher u, which raises the outcome.
    assert adjusted.estimate[1] > 0.1


def test_the_direct_effect_is_right_where_the_regression_on_the_mediator_is_not() -> None:
    rng = np.random.default_rng(2)
    units = 30_000
    d = (rng.random(units) < 0.5).astype(float)
    u = rng.standard_normal(units)
    x = 0.8 * d + u + rng.standard_normal(units)
    m = 0.7 * d + 0.9 * x + rng.standard_normal(units)
    y = 0.3 * d + 0.5 * m + 0.4 * d * m + 0.6 * x + u + rng.standard_normal(units)
    frame = pd.DataFrame({"unit": np.arange(units), "year": 2000, "d": d, "x": x, "m": m, "y": y})
    panel = panel_of(frame)
    found = sequential_g(panel, "m", confounders=["x"], interaction=True, at=1.0)
    # Direct: 0.3 + 0.4 × 1, and 0.6 × 0.8 through x.
    assert_allclose(found.estimate, [0.3 + 0.4 + 0.48], atol=0.05)
    first = found.first
    assert first is not None
    assert abs(first.estimate[first.places(["d"])[0]] - 1.18) > 0.2


def two_steps(frame: pd.DataFrame, weight: np.ndarray) -> float:
    """The direct effect by two weighted regressions on dense matrices."""
    one = np.ones(len(frame))
    root = np.sqrt(weight)[:, None]
    before = np.column_stack([one, frame["d"], frame["x0"]])
    full = np.column_stack([before, frame["m"], frame["x"]])
    y = frame["y"].to_numpy()
    gamma = np.linalg.lstsq(root * full, root[:, 0] * y, rcond=None)[0][3]
    left = y - gamma * frame["m"].to_numpy()
    return float(np.linalg.lstsq(root * before, root[:, 0] * left, rcond=None)[0][1])


def test_influence_on_the_direct_effect_is_its_derivative_in_the_weight_of_a_unit() -> None:
    rng = np.random.default_rng(4)
    frame = confounded(units=40, periods=3)
    frame["m"] = frame["x"] + frame["d"] + rng.standard_normal(len(frame))
    frame["x0"] = rng.standard_normal(len(frame))
    panel = treatment_panel(frame, "y", "d", unit="unit", time="year", covariates=["x", "m", "x0"])
    found = sequential_g(panel, "m", confounders=["x"], baseline=["x0"], periods=False)
    assert_allclose(found.estimate[0], two_steps(frame, np.ones(len(frame))), rtol=1e-10)
    for unit in (0, 7, 39):
        small = 1e-5 * (frame["unit"] == unit).to_numpy()
        slope = (two_steps(frame, 1 + small) - two_steps(frame, 1 - small)) / 2e-5
        assert_allclose(found.influence[unit, 0], slope, rtol=1e-5)


# Invariances and dyads


def test_order_labels_and_calendar_do_not_matter() -> None:
    frame = confounded(units=100)
    found = marginal_structural_model(panel_of(frame), X, history=1)
    other = frame.sample(frac=1, random_state=3).assign(unit=lambda f: 900 - f["unit"], year=lambda f: f["year"] - 50)
    moved = marginal_structural_model(panel_of(other.assign(x=7 - 3 * other["x"])), X, history=1)
    assert_allclose(moved.estimate, found.estimate, atol=1e-9)
    assert_allclose(np.sort(moved.influence, axis=0), np.sort(found.influence, axis=0), atol=1e-10)


def test_dyadic_covariance_is_the_double_sum() -> None:
    pairs = np.array([(i, j) for i in range(9) for j in range(9) if i != j])
    frame = confounded(units=len(pairs))
    ends = pairs[frame["unit"]]
    panel = panel_of(frame.assign(ccode1=ends[:, 0], ccode2=ends[:, 1]), ("ccode1", "ccode2"))
    found = marginal_structural_model(panel, X, history=1)
    assert panel.sides is not None
    made = found.covariance("dyadic", ssc="none")
    assert_allclose(made.unrepaired, double_sum(found.influence, panel.sides), atol=1e-14)
    rows = found.row_covariance("dyadic", ssc="none").unrepaired
    assert_allclose(rows[1:3, 1:3], made.unrepaired, atol=1e-14)


# Reference numbers

MODELS = {
    "none": TreatmentModel(("L",), start=0, weighting="none"),
    "sw": TreatmentModel(("L",), start=0, truncated=None),
    "w": TreatmentModel(("L",), start=0, weighting="unstabilised", truncated=None),
    "sw_trunc_1_99": TreatmentModel(("L",), start=0),
}


@pytest.fixture(scope="module")
def lcg(oracles: Path) -> TreatmentPanel:
    data = pd.read_csv(oracles / "data/msm_lcg.csv")
    return treatment_panel(data, "Y", "A", unit="id", time="t", covariates=["L"])


@pytest.mark.record
@pytest.mark.parametrize("name", MODELS)
def test_reference_numbers_of_weighted_regressions(name: str, lcg: TreatmentPanel, oracles: Path) -> None:
    """R's lm with weights, sandwich 3.0-2: HC0 and clustered by unit with HC1."""
    rows = references(oracles, "msm")
    found = marginal_structural_model(lcg, MODELS[name])
    hc0 = found.row_covariance("hc0").std_errors
    clustered = found.row_covariance("unit", ssc="r-sandwich").std_errors
    estimate = found.coefficients
    expected = {
        "intercept": (estimate["intercept"], hc0[0]),
        "cumA_HC0": (estimate["A so far"], hc0[1]),
        "cumA_CL_HC1": (estimate["A so far"], clustered[1]),
    }
    for quantity, (value, error) in expected.items():
        row = rows[f"{name}_{quantity}"]
        assert_allclose(value, row.number, atol=1e-8)
        assert_allclose(error, row.std_error, atol=1e-8)


@pytest.mark.record
def test_reference_numbers_of_the_weights(lcg: TreatmentPanel, oracles: Path) -> None:
    """R's glm with a binomial family, lm."""
    rows = references(oracles, "msm")
    assert len(rows) == 20
    found = marginal_structural_model(lcg, MODELS["sw"])
    details = found.details
    for name, value, spread in (
        ("sw_mean", details["mean weight"], details["standard deviation of weights"]),
        ("sw_min_max", details["least weight"], details["largest weight"]),
    ):
        assert_allclose(value, rows[name].number, atol=1e-8)
        assert_allclose(spread, rows[name].std_error, atol=1e-8)
    naive = marginal_structural_model(lcg, MODELS["none"], adjust=["L"]).coefficients["A so far"]
    for name, value in {
        "num_coef_Alag": found.numerator["A lagged 1"],
        "den_coef_L": found.denominator["L"],
        "den_coef_Alag": found.denominator["A lagged 1"],
        "rows_treated": np.nansum(lcg.treatment),
        "sumY": np.nansum(lcg.outcome),
        "naive_adjusted_for_L": naive,
    }.items():
        assert_allclose(value, rows[name].number, atol=1e-8)


# What is refused


@pytest.mark.fault("fits")
@pytest.mark.parametrize(
    "options",
    [{"weighting": "stabilized"}, {"lags": -1}, {"start": 2}, {"truncated": (0.99, 0.01)}, {"truncated": (1, 99)}],
)
def test_options_of_the_treatment_model_that_are_not_legal_are_refused(options: dict) -> None:
    with pytest.raises(UnknownOption):
        TreatmentModel(**options)


@pytest.mark.fault("fits")
@pytest.mark.parametrize("history", ["cumulated", -1])
def test_an_unknown_history_is_refused(history: object) -> None:
    with pytest.raises(UnknownOption, match="cumulative"):
        marginal_structural_model(panel_of(confounded(units=30)), X, history=history)  # type: ignore[arg-type]


@pytest.mark.fault("fits")
def test_a_confounder_that_decides_the_treatment_is_refused() -> None:
    frame = confounded(units=60)
    with pytest.raises(Separation, match="x"):
        marginal_structural_model(panel_of(frame.assign(d=(frame["x"] > 0) * 1.0)), X)


@pytest.mark.fault("fits")
def test_a_confounder_that_is_never_known_is_refused() -> None:
    with pytest.raises(NoSwitches, match="start=0"):
        marginal_structural_model(panel_of(confounded(units=30).assign(x=np.nan)), X)


@pytest.mark.fault("fits")
def test_outcomes_before_any_known_past_are_refused() -> None:
    frame = confounded(units=30)
    early = frame.assign(y=frame["y"].where(frame["year"] == 2000))
    with pytest.raises(NoSwitches, match="none of 30 cells with an outcome"):
        marginal_structural_model(panel_of(early), replace(X, start=None))


@pytest.mark.fault("fits")
def test_treatments_that_do_not_vary_where_outcomes_are_known_are_refused() -> None:
    frame = confounded(units=60)
    with pytest.raises(NoVariation, match="lagged 3"):
        marginal_structural_model(panel_of(frame.assign(y=frame["y"].where(frame["year"] < 2003))), X, history=3)


@pytest.mark.fault("fits")
def test_a_mediator_that_is_the_treatment_and_unknown_columns_are_refused() -> None:
    panel = panel_of(confounded(units=60))
    with pytest.raises(RankDeficient, match="d"):
        sequential_g(replace(panel, covariates={"m": panel.treatment * 2 + 1}), "m")
    with pytest.raises(UnknownVariable):
        sequential_g(panel, "z")
    with pytest.raises(UnknownVariable):
        marginal_structural_model(panel, TreatmentModel(confounders=("z",)))
    with pytest.raises(NoSwitches, match="no row has outcome"):
        sequential_g(replace(panel, covariates={"m": panel.treatment * np.nan}), "m")
