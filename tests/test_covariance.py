"""Dyadic-robust and dyad-clustered covariance against brute force, identities and R."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from detente.covariance import KINDS, cluster_meat, dyadic_meat, sandwich
from detente.errors import IndefiniteCovariance, TooFewStates, UnsupportedCovariance


def observations(states: int, years: int, k: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (N, k) and the two states of each row, in no order and with rows missing."""
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(states, 1)
    codes = rng.choice(np.arange(2, 990), states, replace=False)
    a, b = np.tile(codes[i], years), np.tile(codes[j], years)
    keep = rng.permutation(len(a))[: int(0.8 * len(a))]
    return rng.normal(size=(len(keep), k)), a[keep], b[keep]


def brute_force(scores: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sum over all pairs of observations that share a state, one by one (Aronow, Samii and Assenova 2015, eq. 3)."""
    shares = (a[:, None] == a) | (a[:, None] == b) | (b[:, None] == a) | (b[:, None] == b)
    return np.asarray(scores.T @ (shares @ scores))


def test_dyadic_meat_equals_the_double_sum_over_40_states() -> None:
    scores, a, b = observations(states=40, years=2, k=3, seed=1)
    meat, states = dyadic_meat(scores, a, b)
    assert states == 40
    assert_allclose(meat, brute_force(scores, a, b), rtol=1e-10)


def test_dyadic_meat_does_not_depend_on_which_state_comes_first() -> None:
    scores, a, b = observations(states=15, years=3, k=2, seed=2)
    swapped = np.random.default_rng(3).random(len(a)) < 0.5
    mixed = dyadic_meat(scores, np.where(swapped, b, a), np.where(swapped, a, b))[0]
    assert_allclose(mixed, dyadic_meat(scores, a, b)[0], rtol=1e-12)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_narrow_integers_do_not_overflow_into_false_dyads(kind: str) -> None:
    scores, a, b = observations(states=20, years=3, k=2, seed=10)
    wide, narrow = (sandwich(kind, scores, np.eye(2), a.astype(t), b.astype(t)).matrix for t in ("int64", "int16"))
    assert_allclose(narrow, wide, rtol=1e-12)


def test_dyadic_meat_is_the_dyad_cluster_where_no_two_dyads_share_a_state() -> None:
    rng = np.random.default_rng(4)
    a = np.repeat(np.arange(0, 40, 2), 5)
    scores = rng.normal(size=(len(a), 3))
    assert_allclose(dyadic_meat(scores, a, a + 1)[0], cluster_meat(scores, a)[0], rtol=1e-12)


def test_cluster_meat_of_single_rows_is_the_heteroskedastic_meat() -> None:
    scores = np.random.default_rng(5).normal(size=(50, 3))
    assert_allclose(cluster_meat(scores, np.arange(50))[0], scores.T @ scores, rtol=1e-12)


# R 4.2.2, package dyadRobust at db9342b: dyadRobust(lm(dY ~ dX, dyad.sim), "dyads", "dyad1", "dyad2"), 12 digits.
ESTIMATES = (0.167620801304, 0.8546102643)
STANDARD_ERRORS = (0.210399205548, 0.0814400398642)


def test_dyadic_standard_errors_meet_r_on_dyad_sim(replication: Path) -> None:
    data = pd.read_csv(replication / "dyadic_robust" / "dyad_sim.csv")
    x = np.column_stack([np.ones(len(data)), data["dX"]])
    bread = np.linalg.inv(x.T @ x)
    b = bread @ (x.T @ data["dY"].to_numpy())
    scores = x * (data["dY"].to_numpy() - x @ b)[:, None]
    found = sandwich("dyadic", scores, bread, data["dyad1"].to_numpy(), data["dyad2"].to_numpy())
    assert_allclose(b, ESTIMATES, rtol=1e-11)
    assert_allclose(found.std_errors, STANDARD_ERRORS, rtol=1e-11)
    assert found.df == len(set(data["dyad1"]) | set(data["dyad2"])) - 1


def two_colours(states: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores that cancel within states: Σ U² is smaller than Σ S², so that the double sum is negative."""
    i, j = np.triu_indices(states, 1)
    return np.column_stack([(i + j) % 2 * 2.0 - 1, np.where(i == 0, 1.0, 0.0)]), i, j


def test_an_indefinite_dyadic_covariance_is_clipped_and_says_so() -> None:
    scores, a, b = two_colours()
    assert np.linalg.eigvalsh(dyadic_meat(scores, a, b)[0]).min() < 0
    found = sandwich("dyadic", scores, np.eye(2), a, b)
    assert np.linalg.eigvalsh(found.matrix).min() >= -1e-9
    assert found.repair == "negative eigenvalues clipped at zero"
    assert_allclose(found.unrepaired, dyadic_meat(scores, a, b)[0])


def test_a_negative_variance_is_an_error_and_not_a_clipped_number() -> None:
    scores, a, b = two_colours()
    found = sandwich("dyadic", scores, np.eye(2), a, b)
    negative, positive = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert found.unrepaired[0, 0] < 0 < found.unrepaired[1, 1]
    assert not found.exists(negative)
    with pytest.raises(IndefiniteCovariance) as error:
        found.std_error(negative)
    assert str(error.value) == "the dyadic covariance leaves no variance: its double sum is negative in this sample"
    assert found.exists(positive)
    assert found.std_error(positive) >= found.std_error_unrepaired(positive) > 0


def test_a_semidefinite_covariance_is_left_alone() -> None:
    scores, a, b = observations(states=30, years=2, k=2, seed=6)
    found = sandwich("dyad", scores, np.eye(2), a, b)
    assert found.repair == ""


def test_dyad_clusters_carry_the_small_sample_factor_they_name() -> None:
    scores, a, b = observations(states=12, years=4, k=2, seed=7)
    found = sandwich("dyad", scores, np.eye(2), a, b)
    raw, dyads = cluster_meat(scores, np.minimum(a, b) * 1000 + np.maximum(a, b))
    assert_allclose(found.matrix, raw * dyads / (dyads - 1), rtol=1e-12)
    assert found.correction == f"clustered by {dyads} dyads, factor G/(G−1), t with {dyads - 1} df"


def test_four_states_are_too_few() -> None:
    scores, a, b = observations(states=4, years=5, k=1, seed=8)
    with pytest.raises(TooFewStates) as error:
        sandwich("dyadic", scores, np.eye(1), a, b)
    assert str(error.value) == "dyadic-robust inference from 4 states; it needs at least 5"


def test_an_unknown_covariance_names_the_nearest() -> None:
    with pytest.raises(UnsupportedCovariance) as error:
        sandwich("dyadik", np.ones((2, 1)), np.eye(1), np.array([1, 2]), np.array([3, 4]))
    assert str(error.value) == "covariance 'dyadik' is not known; legal values: dyad, dyadic; nearest: 'dyadic'"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_covariance_scales_with_the_square_of_the_scores(kind: str) -> None:
    scores, a, b = observations(states=20, years=2, k=2, seed=9)
    once, twice = (sandwich(kind, c * scores, np.eye(2), a, b).matrix for c in (1.0, 2.0))
    assert_allclose(twice, 4 * once, rtol=1e-10)
