"""Synthetic difference-in-differences: weights by brute force, known truth, invariances, reference numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from detente.base.errors import (
    NoControls,
    NoSwitches,
    ShortPanel,
    TooFewClusters,
    TooFewDraws,
    UnknownOption,
    UnsuitableTreatment,
)
from detente.stats.causal import TreatmentPanel, placebo_inference, synthetic_did, treatment_panel
from detente.stats.causal.simplex import frank_wolfe_weights, simplex_weights

from support.reference_rows import references
from support.switching_panels import double_sum


def objective(a: np.ndarray, b: np.ndarray, ridge: float, w: np.ndarray) -> float:
    return float(((a @ w - b) ** 2).sum() + ridge * (w**2).sum())


def on_every_face(a: np.ndarray, b: np.ndarray, ridge: float) -> tuple[float, np.ndarray]:
    """The least objective over all sets of weights that are not zero."""
    best, found = np.inf, np.zeros(a.shape[1])
    for size in range(1, a.shape[1] + 1):
        for kept in combinations(range(a.shape[1]), size):
            part = a[:, kept]
            system = np.block(
                [[part.T @ part + ridge * np.eye(size), np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]]
            )
            w = np.linalg.lstsq(system, np.append(part.T @ b, 1.0), rcond=None)[0][:size]
            if w.min() >= 0 and (value := objective(part, b, ridge, w)) < best:
                best, found = value, np.zeros(a.shape[1])
                found[list(kept)] = w
    return best, found


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("ridge", [0.0, 1e-9, 3.0])
def test_weights_are_the_best_of_all_faces(seed: int, ridge: float) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((9, 6)), rng.standard_normal(9)
    best, expected = on_every_face(a, b, ridge)
    found = simplex_weights(a, b, ridge)
    assert_allclose(objective(a, b, ridge, found), best, rtol=1e-12)
    assert_allclose(found, expected, atol=1e-9)


def test_units_without_any_outcome_before_are_weighted_alike() -> None:
    """As are controls that nothing ever happened to, which a draw of placebos may take together."""
    assert_allclose(simplex_weights(np.zeros((6, 4)), np.arange(6.0), 0.0), [0.25] * 4)
    data = pd.DataFrame([(u, t) for u in range(5) for t in range(6)], columns=["unit", "time"])
    data["treated"] = ((data["unit"] == 0) & (data["time"] >= 4)).astype(float)
    data["outcome"] = np.where(data["unit"] == 0, data["time"] * 1.0, 0.0)
    found = synthetic_did(treatment_panel(data, "outcome", "treated", unit="unit", time="time"))
    # Weights of the years before are equal, too: mean of 4 and 5 less that of 0 to 3.
    assert found.effect == pytest.approx(4.5 - 1.5)


@pytest.mark.parametrize(("rows", "columns", "ridge"), [(20, 300, 5.0), (15, 60, 1e-8), (40, 12, 0.0)])
def test_weights_of_many_units_meet_the_conditions_of_a_minimum(rows: int, columns: int, ridge: float) -> None:
    rng = np.random.default_rng(3)
    a = rng.standard_normal((rows, 1)) @ rng.standard_normal((1, columns)) + 0.5 * rng.standard_normal((rows, columns))
    b = a[:, :3].mean(axis=1) + 0.1 * rng.standard_normal(rows)
    w = simplex_weights(a, b, ridge)
    gradient = a.T @ (a @ w - b) + ridge * w
    assert_allclose(w.sum(), 1, rtol=1e-12)
    assert w.min() >= 0
    assert (gradient >= gradient @ w - 1e-9).all()
    near = frank_wolfe_weights(a, b, ridge, 1e-5)
    assert objective(a, b, ridge, w) <= objective(a, b, ridge, near) + 1e-12


def block(
    seed: int = 0, treated: int = 3, controls: int = 12, before: int = 8, after: int = 4, noise: float = 0.3
) -> pd.DataFrame:
    """Units that follow two factors, the first of them treated after some periods, with effects 1, 2, 3 …"""
    rng = np.random.default_rng(seed)
    periods = before + after
    loads = rng.random((treated + controls, 2))
    y = loads @ rng.standard_normal((2, periods)) + rng.standard_normal((treated + controls, 1))
    y = y + noise * rng.standard_normal(y.shape)
    d = np.zeros_like(y)
    d[:treated, before:] = 1
    y[:treated, before:] += 1 + np.arange(after)
    frame = pd.DataFrame({"y": y.reshape(-1), "d": d.reshape(-1)})
    frame["unit"] = np.repeat(np.arange(len(y)), periods)
    frame["year"] = np.tile(np.arange(1970, 1970 + periods), len(y))
    return frame


def panel_of(frame: pd.DataFrame) -> TreatmentPanel:
    return treatment_panel(frame, "y", "d", unit="unit", time="year")


def test_difference_in_differences_is_that_of_four_means() -> None:
    frame = block()
    found = synthetic_did(panel_of(frame), "did")
    after, treated = frame["year"] >= 1978, frame["unit"] < 3
    mean = [frame.loc[(treated == a) & (after == b), "y"].mean() for a in (True, False) for b in (True, False)]
    assert_allclose(found.effect, mean[0] - mean[1] - mean[2] + mean[3], rtol=1e-12)
    assert_allclose(found.average("unit").estimate, found.effect, rtol=1e-12)


def test_the_variance_of_difference_in_differences_is_that_of_two_samples() -> None:
    frame = block()
    found = synthetic_did(panel_of(frame), "did")
    table = frame.pivot_table(index="unit", columns="year", values="y").to_numpy()
    change = table[:, 8:].mean(axis=1) - table[:, :8].mean(axis=1)
    expected = change[:3].var() / 3 + change[3:].var() / 12
    gradient = np.full(4, 0.25)
    made = found.covariance("unit", ssc="none")
    assert_allclose(gradient @ made.matrix @ gradient, expected, rtol=1e-10)


@pytest.mark.parametrize("method", ["synthdid", "synthetic_control", "did"])
def test_weights_of_outcomes_give_the_effects(method: str) -> None:
    panel = panel_of(block())
    found = synthetic_did(panel, method)  # type: ignore[arg-type]
    assert found.weights is not None
    one = found.blocks[0]
    periods = np.r_[np.flatnonzero(one.period_weights), np.arange(8, 12)]
    total = np.zeros(4)
    for unit in np.unique(found.weights.unit):
        total += found.weights.left[found.weights.unit == unit].T @ panel.outcome[unit, periods]
    assert_allclose(total, found.estimate, atol=1e-10)


def test_units_that_start_later_are_another_block() -> None:
    frame = block(treated=4)
    late = (frame["unit"] < 2) & (frame["year"] < 1980)
    frame = frame.assign(d=frame["d"].where(~late, 0.0))
    found = synthetic_did(panel_of(frame))
    first = synthetic_did(panel_of(frame[frame["unit"] >= 2]))
    second = synthetic_did(panel_of(frame[(frame["unit"] < 2) | (frame["unit"] >= 4)]))
    assert_allclose(found.effect, (8 * first.effect + 4 * second.effect) / 12, rtol=1e-10)
    assert_allclose(found.estimate[:2], (first.estimate[:2] + second.estimate) / 2, rtol=1e-10)
    assert_allclose(found.estimate[2:], first.estimate[2:], rtol=1e-10)
    assert list(found.treated) == [4, 4, 2, 2]
    assert_allclose(found.share.sum(axis=0), 1)
    assert_allclose(found.influence.sum(axis=0), 0, atol=1e-10)


# Known truth


def test_synthetic_control_is_right_for_a_mix_of_controls_where_differences_are_not() -> None:
    frame = block(treated=1, noise=0.0)
    table = frame.pivot_table(index="unit", columns="year", values="y").to_numpy()
    mixed = 0.3 * table[3] + 0.7 * table[5]
    mixed[8:] += 1 + np.arange(4)
    frame.loc[frame["unit"] == 0, "y"] = mixed
    panel = panel_of(frame)
    assert_allclose(synthetic_did(panel, "synthetic_control").estimate, [1, 2, 3, 4], atol=1e-6)
    assert abs(synthetic_did(panel, "did").effect - 2.5) > 0.05


def test_synthetic_did_is_right_for_a_mix_at_another_level_where_synthetic_control_is_not() -> None:
    frame = block(treated=1, noise=0.0)
    table = frame.pivot_table(index="unit", columns="year", values="y").to_numpy()
    mixed = 0.3 * table[3] + 0.7 * table[5] + 9.0
    mixed[8:] += 1 + np.arange(4)
    frame.loc[frame["unit"] == 0, "y"] = mixed
    panel = panel_of(frame)
    assert_allclose(synthetic_did(panel, unit_penalty=1e-6).estimate, [1, 2, 3, 4], atol=1e-6)
    assert abs(synthetic_did(panel, "synthetic_control").effect - 2.5) > 5


# Invariances


@pytest.mark.parametrize("method", ["synthdid", "synthetic_control", "did"])
def test_order_labels_and_units_of_measurement_do_not_matter(method: str) -> None:
    frame = block()
    found = synthetic_did(panel_of(frame), method)  # type: ignore[arg-type]
    other = frame.sample(frac=1, random_state=1).assign(
        unit=lambda f: 70 - f["unit"], year=lambda f: f["year"] + 30, y=lambda f: 1000 * f["y"]
    )
    moved = synthetic_did(panel_of(other), method)  # type: ignore[arg-type]
    assert_allclose(moved.estimate, 1000 * found.estimate, rtol=1e-6)


def test_constants_of_units_and_years_do_not_matter_to_synthetic_did() -> None:
    frame = block()
    found = synthetic_did(panel_of(frame), "did")
    shifted = frame.assign(y=frame["y"] + 5 * frame["unit"] + (frame["year"] - 1970) ** 2)
    assert_allclose(synthetic_did(panel_of(shifted), "did").estimate, found.estimate, rtol=1e-8)
    levels = frame.assign(y=frame["y"] + 5 * frame["unit"])
    assert_allclose(
        synthetic_did(panel_of(levels)).estimate, synthetic_did(panel_of(frame)).estimate, rtol=1e-7, atol=1e-7
    )


def test_units_with_missing_outcomes_are_left_out_and_counted() -> None:
    frame = block()
    gone = frame.assign(y=frame["y"].where((frame["unit"] != 7) | (frame["year"] != 1975)))
    found = synthetic_did(panel_of(gone))
    assert found.details["units left out"] == 1
    assert_allclose(found.estimate, synthetic_did(panel_of(frame[frame["unit"] != 7])).estimate, rtol=1e-10)


# Inference


def test_dyadic_covariance_is_the_double_sum() -> None:
    pairs = np.array([(i, j) for i in range(7) for j in range(i + 1, 7)])
    frame = block(treated=6, controls=len(pairs) - 6)
    ends = np.random.default_rng(0).permutation(pairs)[frame["unit"]]
    panel = treatment_panel(
        frame.assign(ccode1=ends[:, 0], ccode2=ends[:, 1]), "y", "d", unit=("ccode1", "ccode2"), time="year"
    )
    found = synthetic_did(panel)
    assert panel.sides is not None
    made = found.covariance("dyadic", ssc="none")
    assert_allclose(made.unrepaired, double_sum(found.influence, panel.sides), atol=1e-12)
    assert found.table().shape[0] == 4


@pytest.mark.parametrize("method", ["synthdid", "synthetic_control"])
def test_each_control_takes_the_place_of_the_one_treated_unit(method: str) -> None:
    frame = block(treated=1, controls=9)
    found = synthetic_did(panel_of(frame), method)  # type: ignore[arg-type]
    made = placebo_inference(found)
    controls = frame[frame["unit"] > 0]
    effects = [
        synthetic_did(
            panel_of(controls.assign(d=((controls["unit"] == unit) & (controls["year"] >= 1978)) * 1.0)),
            method,  # type: ignore[arg-type]
        ).effect
        for unit in range(1, 10)
    ]
    assert_allclose(np.sort(made.draws), np.sort(effects), atol=1e-8)
    assert_allclose(made.std_error, np.std(effects), rtol=1e-6)
    assert made.p_value == (1 + sum(abs(e) >= abs(found.effect) for e in effects)) / 10
    assert "each of 9 controls" in str(made)
    assert "no standard error without placebo_inference" in str(found)


def test_draws_of_controls_are_those_of_a_seed() -> None:
    found = synthetic_did(panel_of(block(treated=3)))
    first, again = placebo_inference(found, draws=20, seed=4), placebo_inference(found, draws=20, seed=4)
    assert_allclose(first.draws, again.draws)
    assert len(np.unique(first.draws)) > 15
    low, high = first.conf_int()
    assert_allclose(high - low, 2 * 1.959963984540054 * first.std_error)


# Reference numbers


@pytest.fixture(scope="module")
def smoking(oracles: Path) -> TreatmentPanel:
    data = pd.read_csv(oracles / "data/synthdid_california_prop99.csv")
    return treatment_panel(data, "PacksPerCapita", "treated", unit="State", time="Year")


def named(panel: TreatmentPanel, oracles: Path) -> list[str]:
    """Names of the units of the panel."""
    return sorted(pd.read_csv(oracles / "data/synthdid_california_prop99.csv")["State"].unique())


@pytest.mark.record
def test_reference_numbers_of_synthdid(smoking: TreatmentPanel, oracles: Path) -> None:
    """synthdid 0.0.9, whose weights are short of the minimum: its search, and then the minimum beside it."""
    rows = references(oracles, "synthdid")
    assert len(rows) == 7
    found = synthetic_did(smoking, solver="frank_wolfe")
    one = found.blocks[0]
    assert_allclose(found.effect, rows["synthdid"].number, atol=1e-4)
    assert_allclose(one.unit_weights @ one.unit_weights, rows["sum"].number, atol=1e-4)
    assert_allclose(found.details["effective controls"], float(rows["sum"].note.split()[-1]), atol=1e-3)
    assert_allclose(one.unit_penalty, rows["zeta.omega"].number, atol=1e-4)
    assert_allclose(one.period_penalty, float(rows["zeta.omega"].note.split()[-1]), rtol=1e-4)
    weights = dict(zip([named(smoking, oracles)[at] for at in one.controls], one.unit_weights, strict=True))
    assert_allclose(weights["Nevada"], rows["omega"].number, atol=1e-4)
    for part in rows["omega"].note.split(", "):
        state, weight = part.rsplit(" ", 1)
        assert_allclose(weights[state], float(weight), atol=1e-4)
    last = one.period_weights[-3:]
    assert_allclose(last, [float(value) for value in rows["lambda"].value.split()], atol=1e-4)
    assert_allclose(one.period_weights[:-3], 0, atol=1e-4)
    assert_allclose(found.details["effective periods before"], float(rows["lambda"].note.split()[-1]), atol=1e-3)
    control = synthetic_did(smoking, "synthetic_control", solver="frank_wolfe")
    assert_allclose(control.effect, rows["sc_estimate"].number, atol=1e-3)
    assert_allclose(synthetic_did(smoking, "did").effect, rows["did_estimate"].number, atol=1e-8)


@pytest.mark.record
def test_the_exact_weights_fit_the_reference_data_better(smoking: TreatmentPanel) -> None:
    for method in ("synthdid", "synthetic_control"):
        near, exact = (
            synthetic_did(smoking, method, solver=solver).blocks[0]  # type: ignore[arg-type]
            for solver in ("frank_wolfe", "exact")
        )
        before = slice(0, near.start)
        lost = [
            (one.gap[before].var() if method == "synthdid" else (one.gap[before] ** 2).mean())
            + one.unit_penalty**2 * (one.unit_weights**2).sum()
            for one in (near, exact)
        ]
        assert lost[1] < lost[0]


@pytest.mark.record
def test_the_placebo_error_of_the_reference_data(smoking: TreatmentPanel) -> None:
    """R's own 200 draws give 8.37; other draws of 200 are said to lie from 7 to 11."""
    assert 7 < placebo_inference(synthetic_did(smoking), draws=200).std_error < 11


# What is refused


@pytest.mark.fault("fits")
def test_a_treatment_that_ends_is_refused() -> None:
    frame = block()
    with pytest.raises(UnsuitableTreatment, match="ends in 3 of 15"):
        synthetic_did(panel_of(frame.assign(d=frame["d"].where(frame["year"] != 1981, 0.0))))


@pytest.mark.fault("fits")
def test_no_start_no_control_and_too_few_periods_are_refused() -> None:
    frame = block()
    with pytest.raises(NoSwitches, match="15 of 15 units"):
        synthetic_did(panel_of(frame.assign(d=0.0)))
    with pytest.raises(NoControls, match="0 units are never treated"):
        synthetic_did(panel_of(frame[frame["unit"] < 3]))
    with pytest.raises(ShortPanel, match="second period"):
        synthetic_did(panel_of(frame.assign(d=((frame["unit"] < 3) & (frame["year"] > 1970)) * 1.0)))


@pytest.mark.fault("fits")
def test_unknown_methods_and_solvers_are_refused() -> None:
    panel = panel_of(block())
    with pytest.raises(UnknownOption, match="nearest: 'synthdid'"):
        synthetic_did(panel, "syntdid")  # type: ignore[arg-type]
    with pytest.raises(UnknownOption, match="frank_wolfe"):
        synthetic_did(panel, solver="franke_wolfe")  # type: ignore[arg-type]


@pytest.mark.fault("fits")
def test_one_treated_unit_has_no_covariance() -> None:
    with pytest.raises(TooFewClusters, match="placebo_inference"):
        synthetic_did(panel_of(block(treated=1))).covariance()


@pytest.mark.fault("fits")
def test_too_few_controls_or_draws_for_placebos_are_refused() -> None:
    found = synthetic_did(panel_of(block(treated=5, controls=6)))
    with pytest.raises(NoControls, match="6 controls cannot stand for 5"):
        placebo_inference(found)
    with pytest.raises(TooFewDraws):
        placebo_inference(synthetic_did(panel_of(block())), draws=1)


@pytest.mark.fault("fits")
def test_a_panel_without_any_whole_unit_is_refused() -> None:
    panel = panel_of(block())
    with pytest.raises(NoSwitches, match="0 of 15 units have all outcomes"):
        synthetic_did(replace(panel, outcome=panel.outcome * np.nan))
