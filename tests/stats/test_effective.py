"""Effective degrees of freedom against the double sum over rows, for linear and other models; rows that say nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit, ndtr

from detente.base.errors import UnsupportedCovariance
from detente.stats import ModelFrame, dyadic, dyadic_jackknife, fit, number_dyads, parse
from detente.stats.covariance import effective
from detente.stats.linear.group import Choice, Group
from detente.stats.linear.many import linear_models
from detente.stats.parts import information_of, used_pairs

from support.worlds import dyadic_design


def with_effects(design: ModelFrame, *names: str) -> ModelFrame:
    return replace(design, fixed_effects={name: design.factor(name) for name in names})


def double_sum(squares: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """(Σ z²)² / Σ z_r² z_s² over all pairs of rows that share a state."""
    shares = np.zeros((len(a), len(a)), dtype=bool)
    for one in (a, b):
        for other in (a, b):
            shares |= one[:, None] == other[None, :]
    return float(squares.sum() ** 2 / (np.outer(squares, squares) * shares).sum())


@pytest.mark.parametrize("states", [5, 9, 14])
def test_effective_degrees_are_those_of_the_double_sum(states: int) -> None:
    design = dyadic_design(states=states, years=4)
    squares = np.random.default_rng(states).exponential(size=len(design.y)) ** 2
    assert effective(squares, design.pairs) == pytest.approx(double_sum(squares, design.side1, design.side2), rel=1e-12)


def test_one_dyad_and_one_state_are_one_degree_and_dyads_apart_count_each() -> None:
    a = np.arange(10)
    apart, hub = number_dyads(2 * a, 2 * a + 1), number_dyads(0 * a, a + 1)
    assert effective(np.ones(10), apart) == pytest.approx(10)
    assert effective(np.ones(10), hub) == pytest.approx(1)
    assert effective(np.where(a == 3, 1.0, 0.0), apart) == pytest.approx(1)
    assert np.isnan(effective(np.zeros(10), apart))


MODELS = {
    "lpm": ("dyad", "year"),
    "logit": (),
    "felogit": ("dyad", "year"),
    "fepoisson": ("dyad", "year"),
    "clogit": ("dyad",),
    "cre_logit": ("dyad",),
    "gee": ("dyad",),
}


@pytest.mark.parametrize("name", MODELS)
def test_information_of_rows_sums_to_the_inverse_of_the_bread(name: str) -> None:
    """So that Σ z² is the variance that the model itself gives an estimate; each model is one of a canonical link.

    A conditional logit's is exact where all rows of a group are as likely, and near elsewhere.
    """
    design = with_effects(dyadic_design(states=12, years=10, effect=0.1), *MODELS[name])
    found = fit(design, estimator=name, vcov="dyadic")
    solution = found.solution
    for direction in np.eye(len(found.terms)):
        along = information_of(solution).along(solution.bread @ direction).sum()
        close = 0.03 if name == "clogit" else 1e-6
        assert along == pytest.approx(float(direction @ solution.bread @ direction), rel=close)


@pytest.mark.parametrize("name", ["logit", "probit", "cloglog", "felogit"])
def test_weights_of_other_models_are_the_variance_of_their_outcomes(name: str) -> None:
    """z² by hand: (∂b/∂y)² times p (1 − p), from the scores at residuals of one."""
    design = with_effects(dyadic_design(states=10, years=8, effect=0.1), *MODELS.get(name, ()))
    found = fit(design, estimator=name, vcov="dyadic")
    solution, y = found.solution, design.y if found.solution.rows is None else design.y[found.solution.rows]
    shape = {"probit": ndtr, "cloglog": lambda eta: -np.expm1(-np.exp(eta))}
    risk = shape.get(name, expit)(solution.predictor)
    # A score is x times (y − p) times something of the predictor alone; its variance is that times p (1 − p).
    scores = solution.scores.whole / (y - risk)[:, None]
    adds = (scores @ solution.bread[:, solution.treatment]) ** 2 * risk * (1 - risk)
    pairs = used_pairs(design, solution)
    sides = (pairs.low[pairs.dyad], pairs.high[pairs.dyad])
    assert found.df[solution.treatment] == pytest.approx(double_sum(adds, *sides), rel=1e-8)


def test_degrees_of_freedom_can_be_chosen_and_are_said() -> None:
    design = dyadic_design(states=9, years=5)
    given = {df: fit(design, vcov=dyadic(df=df)) for df in ("satterthwaite", "states", 12.5)}
    errors = [found.std_errors for found in given.values()]
    assert_allclose(errors[1], errors[0])
    assert_allclose(errors[2], errors[0])
    assert (given["states"].df == 8).all()
    assert (given[12.5].df == 12.5).all()
    assert len(set(given["satterthwaite"].df)) == len(given["satterthwaite"].terms)
    assert "t with 12.5 df" in str(given[12.5].vcov)
    assert "t with effective df (Satterthwaite)" in str(given["satterthwaite"].vcov)
    assert str(fit(design, vcov="dyadic(df=states)")) == str(given["states"])
    assert parse("dyadic(df=states)").name == "dyadic(df=states)"
    for wrong in ("dyadic(df=few)", "dyadic(df=-1)"):
        with pytest.raises(UnsupportedCovariance, match="it is 'satterthwaite', 'states', or a number above 0"):
            parse(wrong)
    with pytest.raises(UnsupportedCovariance):
        parse("hc1(df=states)")


def test_the_jackknife_less_the_part_by_dyad_is_what_it_says() -> None:
    found = fit(dyadic_design(states=9, years=5))
    whole, dyad, less = (found.with_vcov(kind) for kind in ("jackknife", "dyad", dyadic_jackknife()))
    dyads = found.dyads
    assert dyads is not None
    assert_allclose(less.vcov.unrepaired, whole.vcov.matrix - (dyads - 1) / dyads * dyad.vcov.matrix, rtol=1e-10)
    assert_allclose(less.df, found.df)
    assert "less the variance clustered by dyad" in str(less.vcov)


def panel_with_rows_alone(rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A panel of 7 states, and the same with dyads of other states that are there in one year."""
    generator = np.random.default_rng(11)
    a, b = np.triu_indices(7, 1)
    frame = pd.DataFrame({"a": np.repeat(a, 6), "b": np.repeat(b, 6), "year": np.tile(np.arange(6), len(a))})
    frame["x"] = generator.standard_normal(len(frame))
    frame["y"] = np.floor(np.exp(0.5 * frame["x"] + generator.standard_normal(len(frame)))) + 0.0
    alone = pd.DataFrame({"a": 100 + 2 * np.arange(rows), "b": 101 + 2 * np.arange(rows), "year": np.arange(rows) % 6})
    alone["x"], alone["y"] = generator.standard_normal(rows), generator.poisson(2.0, rows) + 1.0
    return frame, pd.concat([frame, alone], ignore_index=True)


@pytest.mark.parametrize("vcov", ["dyadic", "dyadic(df=states)", "dyadic(df=5)", "dyad"])
@pytest.mark.parametrize("estimator", ["lpm", "fepoisson"])
def test_rows_alone_in_their_dyad_change_no_interval(estimator: str, vcov: str) -> None:
    few, many = (
        fit("y ~ x | dyad", data, estimator=estimator, vcov=vcov, sides=("a", "b"))
        for data in panel_with_rows_alone(30)
    )
    assert_allclose(many.std_errors, few.std_errors, rtol=1e-9)
    assert_allclose(many.df, few.df, rtol=1e-9)
    assert_allclose(many.conf_int(), few.conf_int(), rtol=1e-9)
    assert many.vcov.ssc == few.vcov.ssc


def test_a_row_left_alone_by_rows_alone_is_silent_too() -> None:
    few, many = panel_with_rows_alone(30)
    # A dyad of two years, one of which no other row has: the other is then the only one of its dyad.
    pair = pd.DataFrame({"a": 900, "b": 901, "year": [0, 77], "x": [1.0, 2.0], "y": [3.0, 1.0]})
    one, other = (
        fit("y ~ x | dyad + year", data, vcov="dyad", sides=("a", "b"), time="year")
        for data in (few, pd.concat([many, pair], ignore_index=True))
    )
    assert_allclose(other.conf_int(), one.conf_int(), rtol=1e-8)
    assert "32 rows are the only one of a level" in " ".join(other.flags)


@pytest.mark.parametrize("effects", [(), ("dyad",), ("dyad", "year")])
def test_many_models_have_the_degrees_of_freedom_of_each_alone(effects: tuple[str, ...]) -> None:
    design = with_effects(dyadic_design(states=12, years=8), *effects)
    names = tuple(design.terms)
    group = Group(design.y[:, None], design.x, ("y",), names, design.pairs, design.fixed_effects)
    choices = [Choice("y", names[0], names[1:n]) for n in range(1, len(names) + 1)]
    for choice, found in zip(choices, linear_models(group, choices).found, strict=True):
        columns = [names.index(t) for t in choice.terms]
        alone = fit(replace(design, x=design.x[:, columns], terms=choice.terms))
        assert not isinstance(found, Exception)
        assert found.under("dyadic")["df"] == pytest.approx(alone.df[alone.solution.treatment], rel=1e-9)
