"""Common factors beside fixed effects: conditions of an optimum, exact recovery, a jackknife, known truth."""

from __future__ import annotations

import numpy as np
import pytest

from detente.base.errors import NotConverged
from detente.base.types import Array, Flags
from detente.stats.causal import Imputed, TreatmentPanel, imputation
from detente.stats.causal import low_rank as module
from detente.stats.causal.counterfactual import Beyond, counterfactual
from detente.stats.causal.low_rank import low_rank
from detente.stats.causal.twoway import TwoWay


def factored(seed: int = 0, units: int = 40, periods: int = 12, noise: float = 0.4) -> TreatmentPanel:
    """One factor that loads the more on a unit the earlier it switches; all effects are 1."""
    rng = np.random.default_rng(seed)
    start = np.where(np.arange(units) % 3 == 0, periods, rng.integers(6, periods - 1, units))
    treatment = (np.arange(periods) >= start[:, None]) * 1.0
    loading = rng.standard_normal((units, 1)) + 0.15 * (periods - start[:, None])
    common = loading @ (rng.standard_normal((1, periods)).cumsum(axis=1) + 0.4 * np.arange(periods))
    level, error = rng.standard_normal((units, 1)), noise * rng.standard_normal(treatment.shape)
    outcome = common + level + 0.1 * np.arange(periods) + treatment + error
    observed = np.ones(treatment.shape, dtype=bool)
    outcome[rng.random(outcome.shape) < 0.02] = np.nan
    return TreatmentPanel(np.arange(periods), outcome, treatment, {}, observed, {"unit": np.arange(units)}, None)


def fitted(panel: TreatmentPanel) -> tuple[TwoWay, Flags]:
    """The fixed effects of untreated cells, and these cells."""
    cells = (panel.treatment == 0) & ~np.isnan(panel.outcome)
    return TwoWay(cells), cells


def residual(two: TwoWay, outcome: Array, factors: int, penalty: float | None) -> tuple[Array, Array]:
    """Residuals (U, T), zero outside the fit, and the part of factors."""
    made = low_rank(two, outcome, factors, penalty)
    return np.where(two.cells, outcome - two.values(made.found) - made.common, 0.0), made.common


def test_least_squares_with_factors_is_stationary() -> None:
    panel = factored()
    two, _ = fitted(panel)
    left, common = residual(two, panel.outcome, 1, None)
    u, s, v = np.linalg.svd(common)
    assert s[1] < 1e-10 * s[0]
    np.testing.assert_allclose(left.sum(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(left.sum(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(left @ v[:1].T, 0, atol=1e-6)
    np.testing.assert_allclose(u[:, :1].T @ left, 0, atol=1e-6)


def test_matrix_completion_meets_the_conditions_of_its_minimum() -> None:
    """The residuals are the penalty times a subgradient of the nuclear norm; the problem is convex."""
    panel = factored()
    two, _ = fitted(panel)
    penalty = 0.004
    left, common = residual(two, panel.outcome, 0, penalty)
    bound = penalty * panel.outcome.size
    u, s, v = np.linalg.svd(common, full_matrices=False)
    rank = int((s > 1e-8 * s[0]).sum())
    assert 0 < rank < 10
    np.testing.assert_allclose(u[:, :rank].T @ left @ v[:rank].T, bound * np.eye(rank), atol=1e-5 * bound)
    assert np.linalg.svd(left, compute_uv=False)[0] <= bound * (1 + 1e-6)
    np.testing.assert_allclose([*left.sum(axis=0), *left.sum(axis=1)], 0, atol=1e-6)


def test_outcomes_with_one_factor_and_no_noise_are_completed_exactly() -> None:
    panel = factored(noise=0.0)
    study = imputation(panel, Imputed(factors=1, before=2))
    np.testing.assert_allclose(study.estimate, np.where(study.horizon >= 0, 1.0, 0.0), atol=1e-5)


def test_a_common_factor_biases_fixed_effects_and_not_effects_beside_it() -> None:
    plain, beside = [], []
    for seed in range(6):
        panel = factored(seed)
        plain.append(imputation(panel, Imputed(static=True)).estimate[0])
        beside.append(imputation(panel, Imputed(static=True, factors=1)).estimate[0])
    assert abs(np.mean(plain) - 1) > 0.5
    assert abs(np.mean(beside) - 1) < 0.1


@pytest.mark.parametrize("beyond", [Beyond(factors=1), Beyond(penalty=0.003)], ids=["factors", "penalty"])
def test_what_units_add_is_what_a_jackknife_finds(beyond: Beyond) -> None:
    panel = factored(units=45)
    options = Imputed(static=True, factors=beyond.factors, penalty=beyond.penalty, averages="horizon")
    study = imputation(panel, options)
    units, others = panel.units, []
    for unit in range(units):
        kept = np.arange(units) != unit
        # The penalty is one over units × periods.
        penalty = None if beyond.penalty is None else beyond.penalty * units / (units - 1)
        outcome, treated = panel.outcome[kept], panel.treatment[kept] == 1
        two = TwoWay(~treated & ~np.isnan(outcome))
        made = counterfactual(two, outcome, Beyond(beyond.factors, penalty))
        others.append(np.nanmean(made.difference[treated]))
    found, right = study.influence[:, 0], np.mean(others) - np.array(others)
    assert np.corrcoef(found, right)[0, 1] > 0.99
    assert np.sqrt(found @ found) == pytest.approx(np.sqrt(right @ right), rel=0.12)
    assert study.weights is None
    assert found.sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.fault("fits")
def test_a_fit_that_does_not_settle_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LOW_RANK", 3)
    two, _ = fitted(factored())
    with pytest.raises(NotConverged, match="after 3 rounds: ask for fewer, or a larger penalty"):
        low_rank(two, factored().outcome, 2, None)
