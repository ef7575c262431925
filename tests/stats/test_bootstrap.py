"""Bootstraps over clusters and over states: published numbers, brute force, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from detente import cluster, fit
from detente.base.errors import (
    NoDyads,
    TooFewClusters,
    TooFewDraws,
    TooFewStates,
    UnknownOption,
    UnknownVariable,
    UnsupportedCovariance,
    UnsupportedEffects,
    UnsupportedEstimator,
)
from detente.stats.covariance import number
from detente.stats.fitting import Fit
from detente.stats.frame import ModelFrame
from detente.stats.kernels import products as kernel
from detente.stats.resampling import resampling as shared
from detente.stats.resampling import wild as wild_module
from detente.stats.resampling.bootstrap import state_block_bootstrap
from detente.stats.resampling.resampling import WEBB, plan
from detente.stats.resampling.wild import score_bootstrap, wild_bootstrap

from support.worlds import dyadic_design

ORACLE = "oracle_wild_bootstrap"


def with_fixed_effects(design: ModelFrame, *names: str) -> ModelFrame:
    return replace(design, fixed_effects={name: design.factor(name) for name in names})


def dummies(design: ModelFrame) -> np.ndarray:
    """Regressors, then dummies of all effects or a constant."""
    sets = [(codes[:, None] == np.unique(codes)).astype(float) for codes in design.fixed_effects.values()]
    return np.hstack([design.x, *sets, np.ones((len(design.y), 0 if design.fixed_effects else 1))])


def brute_force(design: ModelFrame, group: np.ndarray, weights: np.ndarray, null: float) -> np.ndarray:
    """The statistic of each draw, every sample fitted again with all its dummies; weights (B, G)."""
    x = dummies(design)
    inverse = np.linalg.pinv(x)
    others = x[:, 1:]
    restricted = null * x[:, 0] + others @ (np.linalg.pinv(others) @ (design.y - null * x[:, 0]))
    found = []
    for draw in np.vstack([np.ones(weights.shape[1]), weights]):
        y = restricted + draw[group] * (design.y - restricted)
        b = inverse @ y
        scores = inverse[0] * (y - x @ b)
        sums = np.bincount(group, scores)
        found.append((b[0] - null) / np.sqrt(sums @ sums))
    return np.array(found[1:])


# Wild bootstrap


def test_five_clusters_enumerated_have_the_published_p(replication: Path) -> None:
    # Own enumeration and wildboottest 0.3.2 (Y ~ X1 + X2, WCR11, 999 draws asked for, so all 32 are taken):
    # t 0.592628445, p 0.5625 by a strict inequality, 0.625 by one that counts ties.
    data = pd.read_csv(replication / ORACLE / "g5.csv")
    model = fit("Y ~ X1 + X2", data, vcov="hc0", ssc="statsmodels")
    test = wild_bootstrap(model, "X1", "cluster")
    assert test.statistic == pytest.approx(0.592628445, abs=5e-10)
    assert (test.p_strict, test.p_value) == (0.5625, 0.625)
    assert len(test.draws) == 32
    assert test.conf_int() == (-np.inf, np.inf)  # two of 32 draws are the sample itself: p is never below 1/16
    assert "all 32 vectors of weights, 16 but for sign" in str(test)


def test_petersens_firms_have_the_published_clustered_error(replication: Path) -> None:
    # sandwich 3.0-2, vcovCL by firm: coefficient 1.0348334395, standard error 0.0505957259.
    data = pd.read_csv(replication / ORACLE / "petersen.csv")
    model = fit("y ~ x", data, vcov="hc0", ssc="r-sandwich")
    test = wild_bootstrap(model, clusters="firm", draws=199)
    assert_allclose([test.estimate, test.std_error], [1.0348334395, 0.0505957259], atol=5e-11)
    assert test.p_value == 0.0
    assert "p < 0.005" in str(test)
    low, high = test.conf_int()
    assert 0.8 < (high - low) / (2 * 1.96 * test.std_error) < 1.2


@pytest.mark.parametrize("effects", [(), ("dyad",), ("year",), ("dyad", "year"), ("side1", "dyad", "year")])
@pytest.mark.parametrize("clusters", ["dyad", "side1", "year"])
@pytest.mark.parametrize("null", [0.0, 0.07])
def test_every_draw_is_that_of_a_sample_fitted_anew(effects: tuple[str, ...], clusters: str, null: float) -> None:
    design = with_fixed_effects(dyadic_design(states=9, years=5, effect=0.1), *effects)
    test = wild_bootstrap(fit(design, ssc="none"), clusters=clusters, null=null, draws=20, seed=5)
    _, group = number(design.factor(clusters))
    drawn = np.vstack(list(plan(fit(design), clusters, "rademacher", 20, 5).blocks()))
    assert_allclose(test.draws, brute_force(design, group, drawn, null), rtol=1e-8)
    assert test.statistic == pytest.approx(brute_force(design, group, np.ones((1, drawn.shape[1])), null)[0])


def test_effects_of_many_levels_are_absorbed_anew_in_every_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    design = with_fixed_effects(dyadic_design(states=9, years=5, effect=0.1), "dyad", "year")
    model = fit(design)
    expected = wild_bootstrap(model, clusters="year", weights="webb", draws=50)
    monkeypatch.setattr(wild_module, "MOST_LEVELS", 10)
    found = wild_bootstrap(model, clusters="year", weights="webb", draws=50)
    assert_allclose(found.draws, expected.draws, rtol=1e-9)
    assert_allclose(found.conf_int(), expected.conf_int(), rtol=1e-9)
    monkeypatch.setattr(wild_module, "MOST_CLUSTERS", 3)
    with pytest.raises(UnsupportedEffects, match="effects of dyad cut across the 5 clusters and have 36 levels"):
        wild_bootstrap(model, clusters="year")


def test_single_precision_of_far_effects_moves_nothing_that_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    model = fit(with_fixed_effects(dyadic_design(effect=0.1), "dyad", "year"))
    precise = wild_bootstrap(model, clusters="dyad", draws=199)
    monkeypatch.setattr(wild_module, "PRECISE", 10)
    quick = wild_bootstrap(model, clusters="dyad", draws=199)
    assert_allclose(quick.draws, precise.draws, rtol=1e-6)
    assert quick.p_value == precise.p_value


@pytest.mark.parametrize("weights", ["rademacher", "webb"])
def test_the_interval_ends_where_the_test_begins_to_reject(weights: shared.Weights) -> None:
    model = fit(with_fixed_effects(dyadic_design(effect=0.1), "dyad", "year"))
    test = wild_bootstrap(model, clusters="dyad", weights=weights, seed=2)
    for end, inward in zip(test.conf_int(), (1, -1), strict=True):
        p = [
            wild_bootstrap(model, clusters="dyad", weights=weights, seed=2, null=end + s).p_value for s in (1e-9, -1e-9)
        ]
        assert (p[0] > 0.05) == (inward == 1)
        assert (p[1] > 0.05) == (inward == -1)
    assert test.p_of(test.estimate) == 1.0


def test_the_test_keeps_its_size_where_clusters_are_few() -> None:
    """Eight states as clusters, a treatment that hardly varies within them: 5 % of true nulls are rejected."""
    rng, rejected = np.random.default_rng(4), []
    group, rows = np.repeat(np.arange(8), 20), 160
    for draw in range(300):
        treatment = np.repeat((np.arange(8) < 3).astype(float), 20) + 0.1 * rng.normal(size=rows)
        y = rng.normal(size=8)[group] + rng.normal(size=rows)
        model = fit(ModelFrame(y, treatment[:, None], ("treatment",), clusters={"g": group}), vcov="hc0")
        rejected.append(wild_bootstrap(model, clusters="g", weights="webb", draws=199, seed=draw).p_value < 0.05)
    assert np.mean(rejected) < 0.09
    normal = abs(model.estimate[1] / model.with_vcov("g").std_errors[1])
    assert np.isfinite(normal)


def test_the_same_seed_draws_the_same() -> None:
    model = fit(dyadic_design())
    first, again, other = (wild_bootstrap(model, draws=50, seed=s).draws for s in (1, 1, 2))
    assert_allclose(first, again, rtol=0)
    assert (first != other).any()


def test_webbs_points_have_mean_zero_and_variance_one() -> None:
    assert_allclose([WEBB.mean(), (WEBB**2).mean()], [0, 1], atol=1e-15)


def test_clusters_are_those_of_the_covariance_unless_named() -> None:
    model = fit(dyadic_design(), vcov="year")
    assert wild_bootstrap(model, draws=9).clusters == 8
    assert wild_bootstrap(model.with_vcov("dyadic"), draws=9).clusters == 190
    assert wild_bootstrap(model, clusters=cluster("side1"), draws=9).clusters == 19


@pytest.mark.fault("fits")
def test_what_the_wild_bootstrap_cannot_do_is_refused_by_name() -> None:
    design = dyadic_design()
    model = fit(design)
    with pytest.raises(UnsupportedEstimator, match="not 'logit': use lpm, or score_bootstrap"):
        wild_bootstrap(fit(design, estimator="logit"))
    with pytest.raises(UnsupportedCovariance, match="clusters of one factor, not 'dyad\\+year'"):
        wild_bootstrap(model, clusters="dyad+year")
    with pytest.raises(UnsupportedCovariance, match="clusters of one factor, not 'dyadic'"):
        wild_bootstrap(model, clusters="dyadic")
    with pytest.raises(UnknownOption, match="weights 'web' are not known; legal values: rademacher, webb; nearest"):
        wild_bootstrap(model, weights="web")  # type: ignore[arg-type]
    with pytest.raises(UnknownVariable, match="no term 'treat'"):
        wild_bootstrap(model, "treat")
    with pytest.raises(TooFewDraws, match="0 draws"):
        wild_bootstrap(model, draws=0)
    alone = replace(design, clusters={"world": np.zeros(len(design.y), dtype=np.int64)})
    with pytest.raises(TooFewClusters, match="over 1 cluster of 'world'"):
        wild_bootstrap(fit(alone), clusters="world")


def test_flags_of_the_fit_are_passed_on_and_few_clusters_are_said() -> None:
    model = replace(fit(dyadic_design(), vcov="year"), flags=("a flag",))
    for test in (wild_bootstrap(model, draws=99), score_bootstrap(model, draws=99)):
        assert test.flags[0] == "a flag"
        assert "8 clusters of 'year' are few" in test.flags[-1]
        assert "a flag" in str(test)


def test_kernels_add_products_by_cluster() -> None:
    rng = np.random.default_rng(0)
    x, residual, direction, group = rng.normal(size=(30, 3)), rng.normal(size=30), rng.normal(size=3), np.arange(30) % 4
    along, first, second = np.empty(30), np.zeros((4, 3)), np.zeros((4, 3))
    kernel.cluster_products(x, direction, residual, group, along, first, second)
    assert_allclose(along, x @ direction)
    member = group == np.arange(4)[:, None]
    assert_allclose(first, member @ (x * residual[:, None]))
    assert_allclose(second, member @ (x * along[:, None]))


# Score bootstrap


def test_scores_of_least_squares_give_the_unrestricted_statistic() -> None:
    model = fit(dyadic_design(effect=0.1), vcov="dyad")
    test = score_bootstrap(model, draws=999)
    assert test.statistic == pytest.approx(model.statistic[model.solution.treatment])
    parts = np.bincount(model.design.pairs.dyad, model.solution.scores.whole @ model.solution.bread[1])
    drawn = np.vstack(list(plan(model, "dyad", "rademacher", 999, 0).blocks())) * parts
    spread = ((drawn - drawn.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    factor = np.sqrt(190 / 189)
    assert_allclose(test.draws * factor, drawn.sum(axis=1) / np.sqrt(spread), rtol=1e-9)
    low, high = test.conf_int()
    quantile = np.sort(np.abs(test.draws))[-50:][0]
    assert_allclose([low, high], test.estimate + np.array([-1, 1]) * quantile * test.std_error, rtol=1e-6)


@pytest.mark.parametrize("name", ["logit", "probit", "cloglog", "poisson"])
def test_the_imposed_statistic_is_that_of_a_robust_score_test(name: str) -> None:
    # statsmodels 0.15: the estimate without the treatment, then scores and Hessian of the whole model there.
    import statsmodels.api as sm

    design = dyadic_design(effect=0.1)
    model = fit(design, estimator=name)
    test = score_bootstrap(model, clusters="dyad", draws=19)
    x = model.solution.x
    family = {
        "logit": sm.families.Binomial(),
        "probit": sm.families.Binomial(sm.families.links.Probit()),
        "cloglog": sm.families.Binomial(sm.families.links.CLogLog()),
        "poisson": sm.families.Poisson(),
    }[name]
    others = np.delete(x, 1, axis=1)
    null = sm.GLM(design.y, others, family=family).fit(tol=1e-14)
    beta = np.insert(null.params, 1, 0.0)
    whole = sm.GLM(design.y, x, family=family)
    z = (whole.score_obs(beta) @ np.linalg.inv(-whole.hessian(beta, observed=True)))[:, 1]
    parts = np.bincount(design.pairs.dyad, z)
    expected = parts.sum() / np.sqrt(((parts - parts.mean()) ** 2).sum())
    assert test.statistic == pytest.approx(expected, rel=1e-5)
    assert test.imposed


@pytest.mark.parametrize("name", ["logit", "poisson"])
def test_the_interval_of_imposed_nulls_comes_near_the_clustered_one(name: str) -> None:
    model = fit(dyadic_design(effect=0.1), estimator=name, vcov="dyad")
    test = score_bootstrap(model)
    expected = model.conf_int().loc["treatment"]
    low, high = test.conf_int()
    width = expected["conf_high"] - expected["conf_low"]
    assert abs(low - expected["conf_low"]) < 0.1 * width
    assert abs(high - expected["conf_high"]) < 0.1 * width
    assert test.p_of(low - 0.01 * width) < 0.05 < test.p_of(low + 0.01 * width)


@pytest.mark.parametrize("name", ["fepoisson", "clogit", "gee"])
def test_other_estimators_are_tested_by_the_scores_of_their_fit(name: str) -> None:
    design = with_fixed_effects(dyadic_design(effect=0.1), "dyad")
    model = fit(design, estimator=name, vcov="dyad")
    test = score_bootstrap(model)
    assert not test.imposed
    assert test.statistic == pytest.approx(model.statistic[model.solution.treatment])
    assert abs(test.p_value - model.p_value[model.solution.treatment]) < 0.05


@pytest.mark.fault("fits")
def test_clusters_that_split_the_groups_of_an_estimator_are_refused() -> None:
    model = fit(with_fixed_effects(dyadic_design(effect=0.1), "dyad"), estimator="clogit", vcov="dyad")
    with pytest.raises(UnsupportedCovariance, match="needs clusters of whole groups of 'dyad', which 'year' splits"):
        score_bootstrap(model, clusters="year")


def test_p_values_of_the_score_bootstrap_are_uniform_under_the_null() -> None:
    rng, p = np.random.default_rng(8), []
    group = np.repeat(np.arange(15), 20)
    for draw in range(200):
        treatment = rng.normal(size=15)[group] + rng.normal(size=300)
        index = 0.7 * rng.normal(size=15)[group]
        y = (rng.random(300) < 1 / (1 + np.exp(-index))).astype(float)
        design = ModelFrame(y, treatment[:, None], ("treatment",), clusters={"g": group})
        model = fit(design, estimator="logit", vcov="hc0")
        p.append(score_bootstrap(model, clusters="g", draws=199, seed=draw).p_value)
    assert stats.kstest(p, "uniform").pvalue > 0.01


# States


def naive_samples(design: ModelFrame, chosen: np.ndarray, states: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Row, and the places of its two states among those drawn, for every two places."""
    for i, j in product(range(len(chosen)), repeat=2):
        assert design.side1 is not None
        assert design.side2 is not None
        rows = np.flatnonzero((design.side1 == states[chosen[i]]) & (design.side2 == states[chosen[j]]))
        yield from ((int(row), i, j) for row in rows)


@pytest.mark.parametrize("effects", [(), ("dyad",), ("dyad", "year"), ("side1", "year")])
def test_a_draw_is_the_fit_of_all_dyads_between_the_states_drawn(effects: tuple[str, ...]) -> None:
    design = with_fixed_effects(dyadic_design(states=8, years=4, effect=0.1), *effects)
    found = state_block_bootstrap(fit(design), draws=5, seed=3)
    states = np.union1d(design.side1, design.side2)
    for draw, estimate in enumerate(found.draws):
        chosen = np.random.default_rng([3, draw]).integers(0, len(states), size=len(states))
        sample = list(naive_samples(design, chosen, states))
        rows = np.array([s[0] for s in sample])
        copies = {
            "dyad": [f"{i}-{j}" for _, i, j in sample],
            "side1": [i for _, i, _ in sample],
            "year": design.factor("year")[rows],
        }
        columns = [np.asarray(pd.get_dummies(np.asarray(copies[name])), dtype=float) for name in effects]
        constant = np.ones((len(rows), 1))
        x = np.hstack([constant, design.x[rows], *columns])
        expected = np.linalg.lstsq(x, design.y[rows], rcond=None)[0][: len(found.terms) + bool(effects)]
        assert_allclose(estimate, expected[1:] if effects else expected, rtol=1e-6, atol=1e-10)


def test_groups_of_a_conditional_model_are_the_copies_own() -> None:
    design = with_fixed_effects(dyadic_design(states=10, effect=0.1), "dyad")
    model = fit(design, estimator="clogit", vcov="dyad")
    found = state_block_bootstrap(model, draws=30)
    error = model.with_vcov("jackknife").std_errors[0]
    assert 0.5 * error < found.vcov.std_errors[0] < 2 * error


def test_the_spread_is_that_of_the_draws_and_intervals_are_their_percentiles() -> None:
    model = fit(dyadic_design(states=10, effect=0.1))
    found = state_block_bootstrap(model, draws=60)
    assert_allclose(found.vcov.matrix, np.cov(found.draws, rowvar=False))
    assert_allclose(found.vcov.dfs, model.with_vcov("dyadic").df)
    assert_allclose(found.conf_int(0.9).to_numpy().T, np.quantile(found.draws, [0.05, 0.95], axis=0))
    under = replace(model, vcov=found.vcov)
    assert_allclose(under.std_errors, found.vcov.std_errors)
    assert "bootstrap over 10 states, 60 draws, t with effective df (Satterthwaite)" in str(under)
    assert "Percentile intervals" in str(found)
    again = state_block_bootstrap(model, draws=60)
    assert_allclose(again.draws, found.draws, rtol=0)


def test_shocks_to_states_are_counted_once_and_those_of_dyads_three_times() -> None:
    """Variance over the jackknife's factor: means of dyads' own noise have three times theirs, of states' once."""
    states = 40
    a, b = (side + 1 for side in np.triu_indices(states, 1))
    rng = np.random.default_rng(2)
    x = rng.normal(size=(len(a), 1))
    own = rng.normal(size=len(a))
    model = fit(ModelFrame(own, x, ("x",), a, b), vcov="classical")
    ratio = state_block_bootstrap(model, draws=400).vcov.matrix[1, 1] / model.vcov.matrix[1, 1]
    assert 2.2 < ratio < 4.0
    shock = rng.normal(size=states + 1)
    shared_model = fit(ModelFrame(10 * (shock[a] + shock[b]) + own, x, ("x",), a, b))
    ratio = state_block_bootstrap(shared_model, draws=400).vcov.matrix[0, 0] / shared_model.vcov.matrix[0, 0]
    assert 0.75 < ratio < 1.35


@pytest.mark.fault("fits")
def test_draws_without_an_estimate_are_counted_by_reason_and_too_many_are_refused() -> None:
    design = dyadic_design(states=12, effect=0.1)
    onsets = [np.flatnonzero((design.y == 1) & (design.treatment == level))[:2] for level in (0, 1)]
    rare = np.zeros(len(design.y))
    rare[np.concatenate(onsets)] = 1.0
    model = fit(replace(design, x=design.x[:, [0]], terms=("treatment",), y=rare), estimator="logit", vcov="dyad")
    with pytest.raises(
        TooFewDraws, match=r"of 40 draws of states have no estimate, most often: (Separation|NoVariation)"
    ):
        state_block_bootstrap(model, draws=40)


def test_states_are_needed_and_enough_of_them() -> None:
    design = dyadic_design()
    bare = fit(ModelFrame(design.y, design.x, design.terms), vcov="hc1")
    with pytest.raises(NoDyads, match="a bootstrap over states needs rows with two sides"):
        state_block_bootstrap(bare)
    few = dyadic_design(states=4, years=20)
    with pytest.raises(TooFewStates, match="bootstrap over 4 states"):
        state_block_bootstrap(fit(few, vcov="dyad"))


def test_options_of_the_fit_are_those_of_every_draw() -> None:
    design = with_fixed_effects(dyadic_design(states=10, effect=0.1), "dyad")
    model: Fit = fit(design, estimator="gee", vcov="dyad", link="identity")
    found = state_block_bootstrap(model, draws=5)
    assert np.abs(found.draws - model.estimate).max() < 1
