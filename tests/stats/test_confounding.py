"""Formulas of sensitivity to confounding against least squares with the confounder, and against R's sensemakr."""

from __future__ import annotations

import numpy as np
import pytest

from detente.base.errors import EstimationError
from detente.stats import confounding

# R sensemakr 0.1.4, Darfur: peacefactor ~ directlyharmed + … + female + village; 783 residual degrees of freedom.
T, DF = 4.18445, 783


def least_squares(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    bread = np.linalg.inv(x.T @ x)
    b = bread @ x.T @ y
    residual, df = y - x @ b, len(y) - x.shape[1]
    return b, np.sqrt(np.diag(bread) * (residual @ residual) / df), df


def test_partial_r2_and_robustness_values_meet_sensemakr() -> None:
    assert confounding.partial_r2(T, DF) == pytest.approx(0.02187, abs=5e-6)
    assert confounding.robustness_value(T, DF) == pytest.approx(0.13878, abs=5e-6)
    assert confounding.robustness_value(T, DF, alpha=0.05) == pytest.approx(0.07626, abs=5e-6)


def test_adjusting_by_the_partial_r2_of_a_confounder_is_regressing_on_it() -> None:
    rng = np.random.default_rng(0)
    n = 200
    control, hidden = rng.normal(size=(2, n))
    treatment = 0.5 * hidden + 0.3 * control + rng.normal(size=n)
    y = 0.4 * treatment + 0.6 * hidden - control + rng.normal(size=n)
    short = np.column_stack([treatment, control, np.ones(n)])
    b, error, df = least_squares(y, short)
    full, full_error, full_df = least_squares(y, np.column_stack([short, hidden]))
    first, first_error, first_df = least_squares(treatment, np.column_stack([hidden, short[:, 1:]]))
    strength = {
        "r2dz_x": confounding.partial_r2(first[0] / first_error[0], first_df),
        "r2yz_dx": confounding.partial_r2(full[3] / full_error[3], full_df),
    }
    found = confounding.bias_adjusted(b[0], error[0], df, **strength)
    assert found == pytest.approx((full[0], full_error[0], full[0] / full_error[0]), rel=1e-10)


@pytest.mark.parametrize("alpha", [1.0, 0.05])
@pytest.mark.parametrize("q", [0.5, 1.0])
def test_a_confounder_of_the_robustness_value_brings_the_estimate_just_there(alpha: float, q: float) -> None:
    estimate, error = 0.09732, 0.09732 / T
    value = confounding.robustness_value(T, DF, q, alpha)
    moved, spread, _ = confounding.bias_adjusted(estimate, error, DF, r2dz_x=value, r2yz_dx=value)
    distance = moved - (1 - q) * estimate
    if alpha == 1:
        assert distance == pytest.approx(0, abs=1e-12)
    else:
        from scipy import stats

        assert distance / spread == pytest.approx(stats.t.ppf(1 - alpha / 2, DF - 1), rel=1e-9)


def test_an_estimate_of_zero_is_moved_below_zero_whatever_its_sign_bit() -> None:
    plus, minus = (
        confounding.adjusted_estimate(zero, 1, 50, r2dz_x=0.1, r2yz_dx=0.1, reduce=True) for zero in (0.0, -0.0)
    )
    assert plus == minus < 0


def test_an_insignificant_estimate_has_no_robustness() -> None:
    assert confounding.robustness_value(1.5, 100, alpha=0.05) == 0


def test_bounds_from_a_benchmark_grow_with_its_multiple_and_end() -> None:
    one, two = (confounding.bound_from_benchmark(0.05, 0.1, k) for k in (1, 2))
    assert one[0] == pytest.approx(0.05 / 0.95)
    assert two[0] == pytest.approx(2 * one[0])
    assert one[1] < two[1] <= 1
    with pytest.raises(EstimationError, match=r"kd = 19: a confounder cannot be that strong; it must be below 19"):
        confounding.bound_from_benchmark(0.05, 0.1, 19)


@pytest.mark.fault("fits")
def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(EstimationError, match="degrees of freedom must be positive"):
        confounding.partial_r2(1, 0)
    with pytest.raises(EstimationError, match="q, the share"):
        confounding.robustness_value(2, 50, q=0)
    with pytest.raises(EstimationError, match="alpha must be"):
        confounding.robustness_value(2, 50, alpha=0)
    with pytest.raises(EstimationError, match="with the treatment"):
        confounding.bias(1, 50, r2dz_x=1, r2yz_dx=0.1)
    with pytest.raises(EstimationError, match="with the outcome"):
        confounding.bias(1, 50, r2dz_x=0.1, r2yz_dx=1.1)
