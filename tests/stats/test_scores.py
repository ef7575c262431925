"""Scores kept as regressors and residuals give what the same scores give multiplied out, in far less memory."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from detente.base.errors import EstimationError
from detente.stats.contract import with_fixed_effects
from detente.stats.covariance import SandwichParts, Scores, covariance, number_dyads, parse, totals
from detente.stats.covariance.scores import BLOCK
from detente.stats.fitting import fit
from detente.stats.frame import ModelFrame
from detente.stats.kernels import firth as kernel
from detente.stats.likelihood.firth import penalised
from detente.stats.registry import get

RNG = np.random.default_rng(11)
# More than a block, and no multiple of it.
ROWS = BLOCK + 1901
X, RESIDUAL = RNG.normal(size=(ROWS, 4)), RNG.normal(size=ROWS)
GROUPS = RNG.integers(0, 300, ROWS)


def test_sums_are_those_of_the_scores_multiplied_out() -> None:
    apart, whole = Scores(X, RESIDUAL), X * RESIDUAL[:, None]
    assert_allclose(apart.whole, whole, rtol=0)
    assert len(apart) == len(Scores(whole)) == ROWS
    for scores in (apart, Scores(whole)):
        assert_allclose(scores.gram, whole.T @ whole, rtol=1e-12)
        assert_allclose(scores.extent[0], whole.sum(axis=0), rtol=1e-10)
        assert_allclose(scores.extent[1], (whole**2).sum(axis=0), rtol=1e-12)
        assert_allclose(scores.along(np.arange(4.0)), whole @ np.arange(4.0), rtol=1e-9, atol=1e-12)
        assert_allclose(scores.over(np.full(ROWS, 4.0)).whole, whole / 4, rtol=1e-14)
        expected = np.array([whole[g == GROUPS].sum(axis=0) for g in range(300)])
        assert_allclose(totals(scores, GROUPS, 300), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("groups", [GROUPS[:-1], GROUPS - 1, GROUPS + 1])
def test_groups_that_are_not_numbered_are_refused(groups: np.ndarray[Any, np.dtype[np.int64]]) -> None:
    with pytest.raises(EstimationError, match=f"{ROWS:,} rows need as many groups, numbered from 0 to 299"):
        totals(Scores(X, RESIDUAL), groups, 300)


@pytest.mark.parametrize("vcov", ["hc0", "hc1", "hc2", "hc3", "g", "g+year", "dyadic"])
def test_every_covariance_is_the_same_from_either(vcov: str) -> None:
    a, b = RNG.integers(0, 30, ROWS), RNG.integers(30, 60, ROWS)
    factors = {"g": GROUPS, "year": RNG.integers(0, 20, ROWS)}
    bread = np.linalg.inv(X.T @ X)

    def made(scores: Scores | np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.floating[Any]]]:
        given = SandwichParts(
            scores, bread, x=X, linear=True, pairs=lambda: number_dyads(a, b), factor=factors.__getitem__
        )
        return covariance(parse(vcov, factors), given).unrepaired

    assert_allclose(made(Scores(X, RESIDUAL)), made(X * RESIDUAL[:, None]), rtol=1e-10, atol=1e-20)


def panel(dyads: int, years: int, columns: int) -> ModelFrame:
    """A rare outcome, regressors that vary within dyads and years."""
    rng = np.random.default_rng(5)
    states = int(np.ceil((1 + np.sqrt(1 + 8 * dyads)) / 2))
    low, high = (side[:dyads] for side in np.triu_indices(states, 1))
    n = dyads * years
    x = np.column_stack([rng.random(n) < 0.3, rng.normal(size=(n, columns - 1))]).astype(np.float64)
    y = (rng.random(n) < 1 / (1 + np.exp(4 - 0.3 * x[:, 0] - 0.2 * x[:, 1]))).astype(np.float64)
    names = tuple(f"x{i}" for i in range(columns))
    return ModelFrame(y, x, names, np.repeat(low, years), np.repeat(high, years), np.tile(np.arange(years), dyads))


# Peak over the regressors' own bytes, the copy with a constant or within effects included.
@pytest.mark.parametrize(
    ("estimator", "vcov"),
    [("lpm", "dyadic"), ("lpm", "dyad+year"), ("logit", "dyadic"), ("poisson", "dyad"), ("firth", "dyad")],
)
def test_a_fit_takes_less_than_twice_the_memory_of_its_regressors(estimator: str, vcov: str) -> None:
    design = with_fixed_effects(panel(2400, 50, 15), get(estimator))
    small = with_fixed_effects(panel(60, 10, 3), get(estimator))
    fit(small, estimator=estimator, vcov=vcov)
    tracemalloc.start()
    try:
        fit(design, estimator=estimator, vcov=vcov)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * design.x.nbytes


def test_scores_are_made_again_and_as_large_as_the_regressors() -> None:
    solution = get("logit").fit(panel(100, 10, 3))
    assert solution.scores.whole.shape == solution.x.shape
    assert_allclose(solution.scores.whole, solution.x * solution.scores.residual[:, None], rtol=0)


@pytest.mark.parametrize("rows", [kernel.BLOCK - 1, kernel.BLOCK, 5 * kernel.BLOCK + 3])
def test_penalised_likelihood_by_blocks_is_that_of_dense_matrices(rows: int) -> None:
    rng = np.random.default_rng(rows)
    x = np.column_stack([np.ones(rows), rng.normal(size=(rows, 3))])
    y, beta = (rng.random(rows) < 0.3).astype(np.float64), np.array([-0.5, 0.4, 0.0, 30.0])
    found = penalised(y, x, beta)
    eta = x @ beta
    p = 1 / (1 + np.exp(-eta))
    w = np.maximum(p * (1 - p), 1e-300)
    information = (x * w[:, None]).T @ x
    h = w * np.einsum("ij,jk,ik->i", x, np.linalg.inv(information), x)
    assert_allclose(found.information, information, rtol=1e-10, atol=1e-12)
    assert_allclose(found.leverage, h, rtol=1e-8, atol=1e-300)
    assert_allclose(found.left, y - p + h * (0.5 - p), rtol=1e-8, atol=1e-12)
    assert_allclose(found.gradient, x.T @ (y - p + h * (0.5 - p)), rtol=1e-8, atol=1e-9)
    value = np.sum(y * eta - np.logaddexp(0, eta)) + 0.5 * np.linalg.slogdet(information)[1]
    assert_allclose(found.value, value, rtol=1e-12)


def test_a_row_of_weight_two_counts_as_two() -> None:
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(700), rng.normal(size=(700, 2))])
    y, beta = (rng.random(700) < 0.2).astype(np.float64), np.array([-1.0, 0.3, 0.2])
    twice = rng.random(700) < 0.4
    weighted = penalised(y, x, beta, np.where(twice, 2.0, 1.0))
    repeated = penalised(np.r_[y, y[twice]], np.vstack([x, x[twice]]), beta)
    assert_allclose(weighted.value, repeated.value, rtol=1e-12)
    assert_allclose(weighted.gradient, repeated.gradient, rtol=1e-9, atol=1e-12)
    assert_allclose(weighted.information, repeated.information, rtol=1e-12)
    assert_allclose(weighted.leverage[~twice], repeated.leverage[:700][~twice], rtol=1e-10)
    assert_allclose(weighted.leverage[twice], 2 * repeated.leverage[:700][twice], rtol=1e-10)
