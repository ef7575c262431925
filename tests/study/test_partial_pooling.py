"""Partial pooling: published numbers where estimates are independent, and the definition where they are correlated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from detente.base.errors import EstimationError
from detente.base.numerics import DEFINITE
from detente.study.verdicts.partial_pooling import pooled, working

# Trials of BCG vaccine against tuberculosis (Colditz et al. 1994): cases and others among the vaccinated and controls.
BCG = np.array([
    [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619], [33, 5036, 47, 5761],
    [180, 1361, 372, 1079], [8, 2537, 10, 619], [505, 87886, 499, 87892], [29, 7470, 45, 7232],
    [17, 1699, 65, 1600], [186, 50448, 141, 27197], [5, 2493, 3, 2338], [27, 16886, 29, 17825],
], dtype=float)  # fmt: skip


def bcg() -> tuple[np.ndarray, np.ndarray]:
    """Log risk ratios and their variances."""
    a, b, c, d = BCG.T
    return np.log(a / (a + b) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def test_independent_estimates_have_the_numbers_of_metafor() -> None:
    """R's metafor (Viechtbauer 2010): `rma(measure="RR", ai, bi, ci, di, data=dat.bcg)`, REML; `confint` of it."""
    y, v = bcg()
    made = pooled(y, np.diag(v))
    assert made.mean == pytest.approx(-0.7145, abs=5e-5)
    assert made.tau**2 == pytest.approx(0.3132, abs=5e-5)
    assert 100 * made.i2 == pytest.approx(92.22, abs=5e-3)
    assert made.q == pytest.approx(152.2330, abs=5e-5)
    assert made.tau_low**2 == pytest.approx(0.1197, abs=5e-5)
    assert made.tau_high**2 == pytest.approx(1.1115, abs=5e-5)
    # Its standard error is that of the normal test; the one here is Hartung and Knapp's.
    total = v + made.tau**2
    assert math.sqrt(1 / (1 / total).sum()) == pytest.approx(0.1798, abs=5e-5)
    factor = ((y - made.mean) ** 2 / total).sum() / 12
    assert made.std_error == pytest.approx(math.sqrt(max(1, factor) / (1 / total).sum()), rel=1e-10)
    assert made.conf_high == pytest.approx(made.mean + stats.t.ppf(0.975, 12) * made.std_error, rel=1e-12)


def correlated(count: int = 5, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(count, count)) * 0.1
    covariance = root @ root.T + np.diag(rng.uniform(0.01, 0.03, count))
    return rng.normal(-0.1, 0.4, count) + rng.multivariate_normal(np.zeros(count), covariance), covariance


def test_the_spread_of_correlated_estimates_has_the_largest_likelihood_once_the_mean_is_integrated_out() -> None:
    """Brute force: the density of the estimates, integrated over the mean, on a grid of spreads."""
    y, v = correlated()
    made = pooled(y, v)

    def density(tau: float) -> float:
        normal = stats.multivariate_normal(np.zeros(len(y)), v + tau**2 * np.eye(len(y)))
        return float(integrate.quad(lambda mean: normal.pdf(y - mean), -6, 6, points=[y.mean()], epsabs=0)[0])

    grid = np.linspace(0, 1.5, 301)
    best = grid[np.argmax([density(t) for t in grid])]
    assert 0.1 < made.tau == pytest.approx(best, abs=0.005)
    assert made.tau_low < made.tau < made.tau_high


def test_drawn_estimates_are_the_posterior_of_true_ones_given_the_spread_and_a_flat_mean() -> None:
    """Precisions add up: of the estimates V⁻¹, of true effects about their own mean (I − 11ᵀ/K)/τ²."""
    y, v = correlated()
    made, k = pooled(y, v), len(y)
    about = (np.eye(k) - 1 / k) / made.tau**2
    posterior = np.linalg.inv(np.linalg.inv(v) + about)
    assert made.drawn == pytest.approx(posterior @ np.linalg.inv(v) @ y, rel=1e-8)
    assert made.drawn_error == pytest.approx(np.sqrt(np.diag(posterior)), rel=1e-8)
    low, high = made.drawn_interval()
    assert high - low == pytest.approx(2 * stats.t.ppf(0.975, k - 1) * made.drawn_error, rel=1e-10)


def test_estimates_that_differ_by_less_than_their_errors_are_all_drawn_to_their_mean() -> None:
    y, v = np.array([0.10, 0.11, 0.09, 0.10]), 0.04 * np.eye(4)
    made = pooled(y, v)
    assert made.tau == made.i2 == 0
    assert math.isnan(made.tau_low) and math.isnan(made.tau_high)
    assert made.drawn == pytest.approx(0.10)
    # Hartung and Knapp's factor would make the interval narrower than one estimate of no spread has: it does not.
    assert made.std_error == pytest.approx(0.1, rel=1e-9)
    with pytest.raises(EstimationError, match="at least 3"):
        pooled(y[:2], v[:2, :2])


def test_a_covariance_that_is_not_definite_keeps_its_errors_and_loses_some_correlation() -> None:
    error = np.array([0.1, 0.2, 0.3])
    correlation = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1.0]])
    assert np.linalg.eigvalsh(correlation)[0] < 0
    made, kept = working(correlation * np.outer(error, error), np.full(3, np.inf))
    assert np.sqrt(np.diag(made)) == pytest.approx(error, rel=1e-12)
    again = made / np.outer(error, error)
    assert np.linalg.eigvalsh(again)[0] == pytest.approx(DEFINITE, rel=1e-9)
    assert again[0, 1] == pytest.approx(0.9 * kept) and kept < 1
    same, all_of_it = working(np.diag(error**2), np.full(3, 9.0))
    assert all_of_it == 1 and same == pytest.approx(np.diag(error**2), rel=1e-12)


def test_correlations_are_shrunk_by_how_little_is_known_of_them() -> None:
    """Schäfer and Strimmer's factor by hand: 1 − Σ (1 − r²)²/df over Σ r²; noise of few degrees of freedom is none."""
    correlation = np.array([[1, 0.8, 0.1], [0.8, 1, -0.2], [0.1, -0.2, 1.0]])
    made, kept = working(correlation, np.array([10.0, 20.0, 40.0]))
    noise = (1 - 0.64) ** 2 / 10 + (1 - 0.01) ** 2 / 10 + (1 - 0.04) ** 2 / 20
    assert kept == pytest.approx(1 - noise / (0.64 + 0.01 + 0.04), rel=1e-12)
    assert made[0, 1] == pytest.approx(0.8 * kept, rel=1e-12)
    assert working(np.array([[1, 0.2], [0.2, 1.0]]), np.full(2, 5.0))[1] == 0


def test_two_estimates_of_nearly_one_thing_have_weights_within_0_and_1_and_the_mean_the_error_of_both() -> None:
    """Without shrinking, the less precise one of two that correlate by 0.95 has a negative weight."""
    error, df = np.array([0.13, 0.17, 0.4, 0.3]), np.full(4, 10.0)
    correlation = np.eye(4)
    correlation[0, 1] = correlation[1, 0] = 0.95
    whole, y = correlation * np.outer(error, error), np.array([0.15, 0.22, 0.0, 0.1])
    assert pooled(y, whole).weights[1] < 0
    of, kept = working(whole, df)
    made = pooled(y, of, whole)
    assert (made.weights > 0).all() and made.weights.sum() == pytest.approx(1)
    spread = made.weights @ (whole + made.tau**2 * np.eye(4)) @ made.weights
    assert kept < 0.8 and made.std_error >= np.sqrt(spread) > pooled(y, of).std_error * 0.99


@pytest.mark.slow
def test_intervals_of_mean_spread_and_true_effects_hold_the_truth_as_often_as_they_say() -> None:
    """500 families of six correlated estimates: 95 % within three Monte Carlo errors of one point each."""
    rng, (_, v) = np.random.default_rng(5), correlated(6, seed=4)
    held = []
    for _ in range(500):
        truth = rng.normal(-0.2, 0.25, 6)
        made = pooled(truth + rng.multivariate_normal(np.zeros(6), v), v)
        low, high = made.drawn_interval()
        held.append([made.conf_low < -0.2 < made.conf_high, made.tau_low < 0.25 < made.tau_high,
                     ((low < truth) & (truth < high)).mean()])  # fmt: skip
    mean, spread, own = np.mean(held, axis=0)
    assert 0.92 < mean < 0.99
    assert 0.92 < spread < 0.98
    assert 0.90 < own < 0.98
