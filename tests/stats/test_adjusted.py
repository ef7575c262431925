"""The dyadic covariance adjusted for leverage (CR2): unbiased where errors are alike, and for least squares alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from numpy.testing import assert_allclose

from detente.base.errors import UnsupportedCovariance
from detente.stats import dyadic_cr2, fit
from detente.stats.covariance import Covariance, SandwichParts, Scores, covariance, sandwich, scores
from detente.stats.frame import ModelFrame

from support.worlds import dyadic_design

Array = npt.NDArray[np.floating[Any]]


def adjusted(design: ModelFrame, x: Array, residual: Array, kind: str = "dyadic_cr2") -> Covariance:
    bread = np.linalg.inv(x.T @ x)
    return covariance(kind, SandwichParts(Scores(x, residual), bread, x=x, linear=True, pairs=lambda: design.pairs))


@pytest.mark.parametrize("within", [False, True])
def test_it_is_unbiased_where_errors_are_independent_and_alike(within: bool) -> None:
    """The meat is a quadratic form in residuals, whose products have the expectation σ²R, R = RRᵀ their maker.

    So its expectation is the sum over the columns of R, and that of the covariance must be σ²(XᵀX)⁻¹. The plain dyadic
    one falls short for a regressor that varies most in one state.
    """
    design = dyadic_design(states=8, years=4)
    hub = (1 + 5 * (design.side1 == design.side1.min())) * np.random.default_rng(2).normal(size=len(design.y))
    x, maker = np.column_stack([design.x, hub]), np.eye(len(design.y))
    if within:
        dummies = (design.pairs.dyad[:, None] == np.unique(design.pairs.dyad)).astype(np.float64)
        maker -= dummies @ np.linalg.pinv(dummies)
        x = maker @ x
    bread = np.linalg.inv(x.T @ x)
    maker -= x @ bread @ x.T
    cr2, plain = (
        np.sum([adjusted(design, x, column, kind).unrepaired for column in maker.T], axis=0)
        for kind in ("dyadic_cr2", "dyadic")
    )
    scale = np.sqrt(np.outer(np.diag(bread), np.diag(bread)))
    assert_allclose(cr2 / scale, bread / scale, atol=1e-9)
    assert plain[-1, -1] < 0.9 * bread[-1, -1]


def test_what_is_fitted_exactly_adds_nothing() -> None:
    design = dyadic_design(states=8, years=4)
    only = np.zeros(len(design.y))
    only[5] = 1.0
    x = np.column_stack([design.x, only])
    found = adjusted(design, x, design.y - x @ np.linalg.lstsq(x, design.y, rcond=None)[0])
    assert np.isfinite(found.unrepaired).all()
    assert found.std_errors[-1] < np.sqrt(np.linalg.inv(x.T @ x)[-1, -1])


def test_it_says_how_it_was_made_and_has_the_degrees_of_freedom_of_the_dyadic_one() -> None:
    found = fit(dyadic_design(), estimator="lpm", vcov="dyadic_cr2")
    plain = found.with_vcov("dyadic")
    assert str(found.vcov).startswith("dyadic-robust over 20 states, adjusted for leverage (CR2), t with effective df")
    assert_allclose(found.df, plain.df, rtol=1e-12)
    assert (found.vcov.std_errors > plain.vcov.std_errors).all()
    assert_allclose(found.with_vcov(dyadic_cr2(df="states")).df, 19)


def test_leverage_is_adjusted_in_least_squares_alone() -> None:
    design = dyadic_design(states=8)
    with pytest.raises(UnsupportedCovariance, match="estimator 'logit' does not support covariance 'dyadic_cr2'"):
        fit(design, estimator="logit", vcov="dyadic_cr2")
    with pytest.raises(UnsupportedCovariance, match="dyadic_cr2 needs leverages, which only least squares has"):
        sandwich("dyadic_cr2", np.ones((len(design.y), 1)), np.eye(1), design.pairs)


@pytest.mark.parametrize("most", [0.0, 1e-3, 0.02, 0.5])
def test_the_series_is_the_adjustment_of_groups_of_little_leverage(most: float, monkeypatch: Any) -> None:
    """By the eigenvalues of each group it is the same, whichever groups the series is used for."""
    design = dyadic_design(states=20, years=6)
    x, left = design.x, design.y - design.y.mean()
    bread = np.linalg.inv(x.T @ x)
    states, dyads = scores.leverage_adjustments(x, bread, design.pairs)
    by_dyad = scores.totals(Scores(x, left), design.pairs.dyad, len(design.pairs.low))
    of_state = np.einsum("gij,gj->gi", states, scores.state_totals(by_dyad, design.pairs))
    of_dyad = np.einsum("gij,gj->gi", dyads, by_dyad)
    monkeypatch.setattr(scores, "SERIES", most)
    found = scores.adjusted_dyadic_meat(Scores(x, left), x, bread, design.pairs)
    assert_allclose(found, of_state.T @ of_state - of_dyad.T @ of_dyad, rtol=1e-11)
    small = [np.trace(x[design.pairs.dyad == d] @ bread @ x[design.pairs.dyad == d].T) <= 0.02 for d in range(190)]
    assert 50 < sum(small) < 190
