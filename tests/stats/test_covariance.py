"""Dyadic-robust and dyad-clustered covariance against brute force, identities and R."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from detente.base.errors import (
    EstimationError,
    IndefiniteCovariance,
    NoDyads,
    TooFewClusters,
    TooFewStates,
    UnknownVariable,
    UnsupportedCovariance,
)
from detente.stats.covariance import (
    CONVENTIONS,
    Pairs,
    SandwichParts,
    classical,
    cluster,
    cluster_meat,
    covariance,
    dyadic,
    dyadic_meat,
    hc1,
    multiway_meat,
    number,
    number_dyads,
    parse,
    sandwich,
    totals,
)
from detente.stats.covariance.scores import effects_leverage
from detente.stats.covariance.ssc import TABLE

KINDS = ("dyad", "dyadic", "hc0", "hc1")


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
    meat, states = dyadic_meat(scores, number_dyads(a, b))
    assert states == 40
    assert_allclose(meat, brute_force(scores, a, b), rtol=1e-10)


def test_dyadic_meat_does_not_depend_on_which_state_comes_first() -> None:
    scores, a, b = observations(states=15, years=3, k=2, seed=2)
    swapped = np.random.default_rng(3).random(len(a)) < 0.5
    mixed = dyadic_meat(scores, number_dyads(np.where(swapped, b, a), np.where(swapped, a, b)))[0]
    assert_allclose(mixed, dyadic_meat(scores, number_dyads(a, b))[0], rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_narrow_integers_do_not_overflow_into_false_dyads(kind: str) -> None:
    scores, a, b = observations(states=20, years=3, k=2, seed=10)
    types = ("int64", "int16")
    wide, narrow = (sandwich(kind, scores, np.eye(2), number_dyads(a.astype(t), b.astype(t))).matrix for t in types)
    assert_allclose(narrow, wide, rtol=1e-12)


def test_dyadic_meat_is_the_dyad_cluster_where_no_two_dyads_share_a_state() -> None:
    rng = np.random.default_rng(4)
    a = np.repeat(np.arange(0, 40, 2), 5)
    scores = rng.normal(size=(len(a), 3))
    assert_allclose(dyadic_meat(scores, number_dyads(a, a + 1))[0], cluster_meat(scores, a)[0], rtol=1e-12)


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
    found = sandwich("dyadic", scores, bread, number_dyads(data["dyad1"].to_numpy(), data["dyad2"].to_numpy()))
    assert_allclose(b, ESTIMATES, rtol=1e-11)
    assert_allclose(found.std_errors, STANDARD_ERRORS, rtol=1e-11)
    assert found.ssc.startswith(f"dyadic-robust over {len(set(data['dyad1']) | set(data['dyad2']))} states")


def two_colours(states: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores that cancel within states: Σ U² is smaller than Σ S², so that the double sum is negative."""
    i, j = np.triu_indices(states, 1)
    return np.column_stack([(i + j) % 2 * 2.0 - 1, np.where(i == 0, 1.0, 0.0)]), i, j


def test_an_indefinite_dyadic_covariance_is_clipped_and_says_so() -> None:
    scores, a, b = two_colours()
    assert np.linalg.eigvalsh(dyadic_meat(scores, number_dyads(a, b))[0]).min() < 0
    found = sandwich("dyadic", scores, np.eye(2), number_dyads(a, b))
    assert np.linalg.eigvalsh(found.matrix).min() >= -1e-9
    assert found.repair == "negative eigenvalues clipped at zero"
    assert_allclose(found.unrepaired, dyadic_meat(scores, number_dyads(a, b))[0])


def test_a_negative_variance_is_an_error_and_not_a_clipped_number() -> None:
    scores, a, b = two_colours()
    found = sandwich("dyadic", scores, np.eye(2), number_dyads(a, b))
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
    found = sandwich("dyad", scores, np.eye(2), number_dyads(a, b))
    assert found.repair == ""


def test_dyad_clusters_carry_the_small_sample_factor_they_name() -> None:
    scores, a, b = observations(states=12, years=4, k=2, seed=7)
    found = sandwich("dyad", scores, np.eye(2), number_dyads(a, b))
    raw, dyads = cluster_meat(scores, np.minimum(a, b) * 1000 + np.maximum(a, b))
    assert_allclose(found.matrix, raw * dyads / (dyads - 1), rtol=1e-12)
    assert found.ssc == f"clustered by {dyads} dyads, factor G/(G−1), t with {dyads - 1} df"


@pytest.mark.fault("fits")
def test_four_states_are_too_few() -> None:
    scores, a, b = observations(states=4, years=5, k=1, seed=8)
    with pytest.raises(TooFewStates) as error:
        sandwich("dyadic", scores, np.eye(1), number_dyads(a, b))
    assert str(error.value) == "dyadic-robust inference from 4 states; it needs at least 5"


def test_an_unknown_covariance_names_the_nearest() -> None:
    with pytest.raises(UnsupportedCovariance) as error:
        sandwich("dyadik", np.ones((2, 1)), np.eye(1), number_dyads(np.array([1, 2]), np.array([3, 4])))
    assert str(error.value) == (
        "covariance 'dyadik' is not known; legal values: classical, dyad, dyadic, dyadic_cr2, dyadic_jackknife, hc0, "
        "hc1, hc2, hc3, jackknife; nearest: 'dyadic' (factors may be joined by '+')"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_covariance_scales_with_the_square_of_the_scores(kind: str) -> None:
    scores, a, b = observations(states=20, years=2, k=2, seed=9)
    once, twice = (sandwich(kind, c * scores, np.eye(2), number_dyads(a, b)).matrix for c in (1.0, 2.0))
    assert_allclose(twice, 4 * once, rtol=1e-10)


def test_covariance_estimators_and_the_names_of_yaml_are_the_same_thing() -> None:
    assert parse("dyad+year") == cluster("dyad", "year")
    assert parse("dyadic") == dyadic()
    assert (parse("hc1"), parse("classical")) == (hc1(), classical())
    assert [parse(name).name for name in ("dyad", "dyad+year", "hc3")] == ["dyad", "dyad+year", "hc3"]
    assert parse("region", factors=("region",)) == cluster("region")
    assert dyadic("ccode1", "ccode2").sides == ("ccode1", "ccode2")


@pytest.mark.fault("fits")
def test_a_factor_that_nobody_knows_is_named_with_its_nearest() -> None:
    with pytest.raises(UnsupportedCovariance, match=r"covariance 'dyad\+yaer' is not known; .*nearest: 'year'"):
        parse("dyad+yaer")
    with pytest.raises(UnsupportedCovariance, match="name one factor or more, each once"):
        cluster("dyad", "dyad")
    with pytest.raises(UnsupportedCovariance, match="the columns of both states"):
        dyadic("a")


def together(*factors: np.ndarray) -> np.ndarray:
    """Pairs of rows that share a level of any factor."""
    return np.any([codes[:, None] == codes for codes in factors], axis=0)


@pytest.mark.parametrize("ways", [1, 2, 3])
def test_multiway_meat_counts_every_pair_that_shares_any_factor_once(ways: int) -> None:
    rng = np.random.default_rng(11)
    scores = rng.normal(size=(120, 3))
    factors = [rng.integers(0, size, 120) for size in (7, 11, 5)][:ways]
    meat, groups = multiway_meat(scores, factors, lambda counts: [1.0] * len(counts))
    assert_allclose(meat, scores.T @ together(*factors) @ scores, rtol=1e-10)
    assert groups == [len(np.unique(f)) for f in factors]


def test_a_second_factor_that_nests_the_first_adds_nothing_but_its_own_clusters() -> None:
    scores = np.random.default_rng(12).normal(size=(60, 2))
    fine = np.arange(60) // 3
    coarse = fine // 4
    meat, _ = multiway_meat(scores, [fine, coarse], lambda counts: [1.0] * len(counts))
    assert_allclose(meat, cluster_meat(scores, coarse)[0], rtol=1e-12)


def least_squares(y: np.ndarray, x: np.ndarray, **further: object) -> tuple[np.ndarray, SandwichParts]:
    """Coefficients and ingredients, with the residual variance that the parameters leave."""
    bread = np.linalg.inv(x.T @ x)
    b = bread @ (x.T @ y)
    residual = y - x @ b
    given = SandwichParts(x * residual[:, None], bread, x=x, linear=True, **further)  # type: ignore[arg-type]
    return b, replace(given, dispersion=float(residual @ residual) / (len(y) - given.parameters))


PETERSEN = {
    "OLS y~x classical": "classical",
    "OLS y~x HC1": "hc1",
    "OLS y~x cluster firm": "firm",
    "OLS y~x cluster year": "year",
    "OLS y~x two-way firm+year": "firm+year",
}


# R, sandwich 3.0-2: vcov, vcovHC(type = "HC1"), vcovCL(cluster = ~ firm), ~ year, ~ firm + year, on Petersen's data.
@pytest.mark.parametrize("model", sorted(PETERSEN))
def test_the_r_convention_meets_sandwich_on_petersen(model: str, replication: Path) -> None:
    folder = replication / "oracle_wild_bootstrap"
    printed = pd.read_csv(folder / "targets.tsv", sep="\t").query("model == @model")
    data = pd.read_csv(folder / "petersen.csv")
    factors = {name: data[next(c for c in data if c.startswith(name))].to_numpy() for name in ("firm", "year")}
    x = np.column_stack([np.ones(len(data)), data["x"]])
    b, given = least_squares(data["y"].to_numpy(), x, factor=factors.__getitem__)
    found = covariance(parse(PETERSEN[model], factors), given, "r-sandwich")
    assert_allclose(b, printed["estimate"], rtol=1e-8)
    assert_allclose(found.std_errors, printed["std_error"], rtol=1e-8)


STATA = {
    "pooled-conventional--": "classical",
    "pooled-robust--": "hc1",
    "pooled-cluster--": "firm",
    "fixed_effect-conventional--": "classical",
    "fixed_effect-cluster--": "firm",
}


# Stata 13: regress y x1-x5 [, vce(robust) | vce(cluster firm_id)]; xtreg …, fe [vce(cluster firm_id)]; to 11 digits.
@pytest.mark.parametrize("model", sorted(STATA))
def test_the_stata_convention_meets_regress_and_xtreg(model: str, replication: Path) -> None:
    folder = replication / "oracle_panelols_linearmodels"
    printed = pd.read_csv(folder / "targets.tsv", sep="\t").query("model == @model")
    data = pd.read_stata(folder / "simulated-panel.dta")
    firm = pd.factorize(data["firm"])[0]
    names = [t for t in printed["term"] if t != "_cons"]
    columns = data[["y", *names]].astype("float64")
    further: dict[str, object] = {"factor": {"firm": firm}.__getitem__}
    if model.startswith("fixed"):
        columns = columns - columns.groupby(firm).transform("mean")
        further |= {"absorbed": firm.max() + 1, "fixed_effects": {"firm": firm}}
    else:
        columns["_cons"] = 1.0
    b, given = least_squares(columns["y"].to_numpy(), columns.drop(columns="y").to_numpy(), **further)
    found = covariance(parse(STATA[model], ("firm",)), given, "stata")
    assert_allclose(b[: len(names)], printed["estimate"].iloc[: len(names)], rtol=1e-8)
    assert_allclose(found.std_errors[: len(names)], printed["std_error"].iloc[: len(names)], rtol=1e-8)


def made_panel() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, regressors with a constant, firms and years."""
    rng = np.random.default_rng(13)
    firm, year = np.repeat(np.arange(30), 6), np.tile(np.arange(6), 30)
    x = np.column_stack([np.ones(180), rng.normal(size=(180, 2)) + rng.normal(size=30)[firm][:, None]])
    y = x @ [1.0, 0.5, -0.2] + rng.normal(size=30)[firm] + rng.normal(size=180)
    return y, x, firm, year


@pytest.mark.parametrize("vcov", ["classical", "hc0", "hc1", "hc2", "hc3", "firm", "firm+year"])
def test_the_statsmodels_convention_meets_ols(vcov: str) -> None:
    from statsmodels.regression.linear_model import OLS

    y, x, firm, year = made_panel()
    groups = np.column_stack([firm, year]) if "+" in vcov else firm
    kind = {"classical": "nonrobust"}.get(vcov, vcov.upper() if vcov.startswith("hc") else "cluster")
    theirs = OLS(y, x).fit(cov_type=kind, cov_kwds={"groups": groups} if kind == "cluster" else None)
    _, given = least_squares(y, x, factor={"firm": firm, "year": year}.__getitem__)
    found = covariance(parse(vcov, ("firm", "year")), given, "statsmodels")
    assert_allclose(found.matrix, theirs.cov_params(), rtol=1e-9)
    if vcov != "classical":
        assert not theirs.use_t
        assert np.isinf(found.dfs).all()


@pytest.mark.parametrize("vcov", ["classical", "hc1", "firm", "firm+year"])
@pytest.mark.parametrize("effects", ["", "firm", "firm+year"])
def test_the_linearmodels_convention_meets_panel_ols(vcov: str, effects: str) -> None:
    from linearmodels.panel import PanelOLS

    y, x, firm, year = made_panel()
    index = pd.MultiIndex.from_arrays([firm, year])
    columns = x[:, 1:] if effects else x
    model = PanelOLS(
        pd.Series(y, index=index), pd.DataFrame(columns, index=index),
        entity_effects="firm" in effects, time_effects="year" in effects,
    )  # fmt: skip
    kind = {"classical": "unadjusted", "hc1": "robust"}.get(vcov, "clustered")
    by = {"cluster_entity": True, "cluster_time": "year" in vcov} if kind == "clustered" else {}
    theirs = model.fit(cov_type=kind, **by)
    factors = {"firm": firm, "year": year}
    held = {name: factors[name] for name in effects.split("+") if name}
    full = np.column_stack([(c[:, None] == np.unique(c)).astype(float) for c in held.values()]) if held else None
    within = columns if full is None else columns - full @ np.linalg.lstsq(full, columns, rcond=None)[0]
    outcome = y if full is None else y - full @ np.linalg.lstsq(full, y, rcond=None)[0]
    absorbed = 0 if full is None else int(np.linalg.matrix_rank(full))
    _, given = least_squares(outcome, within, factor=factors.__getitem__, absorbed=absorbed, fixed_effects=held)
    found = covariance(parse(vcov, factors), given, "linearmodels")
    assert_allclose(found.unrepaired, theirs.cov, rtol=1e-9)
    assert (found.dfs == theirs.df_resid).all()


def test_statsmodels_logit_has_the_convention_of_likelihoods() -> None:
    from statsmodels.discrete.discrete_model import Logit

    y, x, firm, _ = made_panel()
    model = Logit((y > y.mean()).astype(float), x)
    for kind, vcov in (("nonrobust", "classical"), ("HC1", "hc1"), ("cluster", "firm")):
        theirs = model.fit(disp=False, cov_type=kind, **({"cov_kwds": {"groups": firm}} if kind == "cluster" else {}))
        bread = np.linalg.inv(-model.hessian(theirs.params))
        given = SandwichParts(model.score_obs(theirs.params), bread, factor={"firm": firm}.__getitem__)
        found = covariance(parse(vcov, ("firm",)), given, "statsmodels")
        assert_allclose(found.matrix, theirs.cov_params(), rtol=1e-8)


def test_every_convention_says_how_it_is_made() -> None:
    y, x, firm, year = made_panel()
    _, given = least_squares(y, x, factor={"firm": firm, "year": year}.__getitem__)
    said = {name: str(covariance(cluster("firm", "year"), given, name)) for name in CONVENTIONS}
    both = "clustered by 30 groups of firm and 6 years"
    assert said == {
        "detente": f"{both}, factor G/(G−1) of each part, t with 5 df",
        "none": f"{both}, no small-sample factor, normal distribution",
        "stata": f"{both}, factor G/(G−1) of the fewest clusters and (N−1)/(N−K) with K = 3, t with 5 df",
        "r-sandwich": f"{both}, factor G/(G−1) of each part and (N−1)/(N−K) with K = 3, t with 177 df",
        "statsmodels": f"{both}, factor G/(G−1) of each part and (N−1)/(N−K) with K = 3, normal distribution",
        "linearmodels": f"{both}, factor N/(N−K) with K = 3, t with 177 df",
    }
    likelihood = replace(given, linear=False)
    assert str(covariance("hc1", likelihood, "stata")) == (
        "heteroskedasticity-robust (HC1), factor N/(N−1), normal distribution"
    )
    assert str(covariance("classical", likelihood)) == "classical, inverse information, normal distribution"


def test_the_table_of_conventions_is_in_the_docs() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "standard-errors.md").read_text("utf-8")
    rows = {line.split("|")[1].strip(" `"): line for line in text.splitlines() if line.startswith("| `")}
    for name, rules in TABLE.items():
        for rule, model in zip(rules, ("linear", "likelihood"), strict=True):
            line = rows[f"{name}`, {model}"]
            wanted = ["none"] if rule is None else [rule.hc1 or "1", rule.share or "1", rule.groups or "1"]
            assert all(word in line for word in wanted), line


def test_software_without_a_dyadic_covariance_has_no_convention_for_it() -> None:
    scores, a, b = observations(states=12, years=2, k=2, seed=14)
    given = SandwichParts(scores, np.eye(2), pairs=lambda: number_dyads(a, b))
    with pytest.raises(UnsupportedCovariance) as error:
        covariance("dyadic", given, "stata")
    assert str(error.value) == "small-sample correction 'stata' has no dyadic covariance; legal values: detente, none"
    assert np.isinf(covariance("dyadic", given, "none").dfs).all()
    with pytest.raises(UnsupportedCovariance, match="for linear models only"):
        covariance("hc1", given, "linearmodels")
    with pytest.raises(UnsupportedCovariance, match=r"'stat' is not known; .* nearest: 'stata'"):
        covariance("hc1", given, "stat")


@pytest.mark.fault("fits")
def test_one_cluster_is_too_few() -> None:
    given = SandwichParts(np.ones((4, 1)), np.eye(1), factor=lambda _: np.zeros(4, dtype=np.int64))
    with pytest.raises(TooFewClusters) as error:
        covariance(cluster("region"), given)
    assert str(error.value) == "clusters by 'region': 1 groups of region; it needs at least 2"


def test_rows_without_sides_have_no_dyadic_covariance_and_no_factor_is_made_up() -> None:
    given = SandwichParts(np.ones((4, 1)), np.eye(1))
    with pytest.raises(NoDyads, match="name the columns of their two sides"):
        covariance("dyadic", given)
    with pytest.raises(UnknownVariable, match="no factor is called 'year'"):
        covariance("year", given)


def test_leverage_corrections_are_for_least_squares_with_rows_that_are_not_fitted_exactly() -> None:
    with pytest.raises(UnsupportedCovariance, match="hc3 needs leverages"):
        covariance("hc3", SandwichParts(np.ones((4, 1)), np.eye(1)))
    x = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    _, given = least_squares(np.array([1.0, 2.0, 3.0]), x)
    with pytest.raises(UnsupportedCovariance) as error:
        covariance("hc2", given)
    assert str(error.value) == (
        "1 rows are fitted exactly (leverage 1): HC2 and HC3 do not exist; use hc1, cluster or dyadic"
    )


def test_no_more_rows_than_parameters_is_an_error() -> None:
    given = SandwichParts(np.ones((3, 1)), np.eye(1), absorbed=2)
    with pytest.raises(EstimationError, match="3 rows for 3 parameters"):
        covariance("hc1", given)


@pytest.mark.parametrize("ways", [1, 2])
def test_leverages_of_absorbed_effects_are_those_of_their_dummies(ways: int) -> None:
    rng = np.random.default_rng(15)
    factors = [rng.integers(0, 12, 90), rng.integers(0, 5, 90)][:ways]
    full = np.column_stack([(f[:, None] == np.unique(f)).astype(float) for f in factors])
    assert_allclose(effects_leverage(factors), np.diag(full @ np.linalg.pinv(full)), atol=1e-10)


@pytest.mark.parametrize("spread", [1, 10**12])
def test_numbering_is_that_of_numpy_however_far_codes_lie_apart(spread: int) -> None:
    codes = np.random.default_rng(16).integers(-50, 50, 200) * spread
    distinct, rows = number(codes)
    expected = np.unique(codes, return_inverse=True)
    assert_allclose(distinct, expected[0])
    assert_allclose(rows, expected[1])


def test_totals_are_sums_within_groups() -> None:
    rng = np.random.default_rng(17)
    scores, groups = rng.normal(size=(50, 3)), rng.integers(0, 6, 50)
    assert_allclose(totals(scores, groups, 7), [scores[groups == g].sum(axis=0) for g in range(7)], atol=1e-12)


def test_a_million_rows_need_little_more_memory_than_they_take() -> None:
    i, j = np.triu_indices(199, 1)
    a, b = np.repeat(i, 53), np.repeat(j, 53)
    pairs: Pairs = number_dyads(a, b)
    scores = np.random.default_rng(18).normal(size=(len(a), 15))
    tracemalloc.start()
    dyadic_meat(scores, pairs)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < scores.nbytes
