"""Draws from a normal distribution are those of its covariance, and move with it no more than it moves."""

from __future__ import annotations

import numpy as np
import pytest

from detente.stats.normal import normal_draws


def drawn(covariance: np.ndarray, draws: int = 50_000) -> np.ndarray:
    return normal_draws(covariance, draws, np.random.default_rng(0))


def test_draws_have_the_covariance_in_its_units() -> None:
    covariance = np.array([[4e6, 1e3, 0.0], [1e3, 1.0, 0.0], [0.0, 0.0, 0.0]])
    found = drawn(covariance)
    assert np.corrcoef(found[:, :2].T)[0, 1] == pytest.approx(0.5, abs=0.02)
    assert found.std(axis=0) == pytest.approx([2000.0, 1.0, 0.0], rel=0.02)
    assert not found[:, 2].any()


def singular() -> np.ndarray:
    """Six variables of rank three, whose correlations have an eigenvalue several times."""
    return np.asarray(np.kron(np.ones((2, 2)), np.eye(3)))


@pytest.mark.parametrize("covariance", [np.eye(5), singular(), np.diag([1.0, 4.0, 0.0])])
def test_rounding_of_the_covariance_moves_draws_by_as_little(covariance: np.ndarray) -> None:
    noise = 1e-15 * np.random.default_rng(1).standard_normal(covariance.shape)
    moved = covariance + (noise + noise.T) * (covariance != 0)
    assert drawn(moved, 100) == pytest.approx(drawn(covariance, 100), abs=1e-12)


def test_a_singular_covariance_has_draws_that_depend_on_one_another() -> None:
    found = drawn(singular(), 100)
    assert found[:, 3:] == pytest.approx(found[:, :3], abs=1e-12)
