"""The one interface: a design or a formula, any estimator, any covariance; and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import detente
from detente import cluster, dyadic, fit
from detente.base.errors import (
    EmptySample,
    EstimationError,
    FormulaError,
    NoDyads,
    NoVariation,
    TooFewStates,
    UnknownOption,
    UnknownVariable,
    UnsupportedCovariance,
    UnsupportedEffects,
    UnsupportedInstruments,
)
from detente.stats.covariance import Covariance, dyadic_meat, number_dyads
from detente.stats.fitting import Fit
from detente.stats.frame import ModelFrame
from detente.stats.parts import subset
from detente.stats.registry import REGISTRY

from support.worlds import dyadic_design, studied


def frame(design: ModelFrame | None = None) -> pd.DataFrame:
    """A design's data as a user has them."""
    design = design or dyadic_design(effect=0.1)
    columns = dict(zip(design.terms, design.x.T, strict=True))
    return pd.DataFrame(
        {"onset": design.y, **columns, "ccode1": design.side1, "ccode2": design.side2, "year": design.time}
    )


BOTH = dyadic("ccode1", "ccode2")
FORMULA = "onset ~ treatment + control + binary"


# The interface


def test_importing_the_package_loads_nothing_else() -> None:
    code = "import sys, detente; print(sorted(m for m in sys.modules if m.startswith(('detente.', 'numpy', 'pandas'))))"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "['detente.base', 'detente.base.public']"
    with pytest.raises(AttributeError, match="has no attribute 'fitt'"):
        _ = detente.fitt  # type: ignore[attr-defined]


@pytest.mark.parametrize("estimator", ["lpm", "logit"])
def test_a_formula_and_a_design_give_the_same_fit(estimator: str) -> None:
    design = studied(estimator, dyadic_design(effect=0.1))
    bars = " | dyad + year" if estimator == "lpm" else ""
    by_formula = fit(FORMULA + bars, frame(), estimator=estimator, vcov=BOTH, time="year")
    by_design = fit(design, estimator=estimator)
    assert by_formula.terms == by_design.terms
    assert_allclose(by_formula.estimate, by_design.estimate, rtol=1e-12)
    assert_allclose(by_formula.std_errors, by_design.std_errors, rtol=1e-12)
    assert by_formula.attrition[-1] == by_design.attrition[-1] == ("used", len(design.y))


def test_a_fit_says_what_it_rests_on() -> None:
    design = dyadic_design(effect=0.1)
    found = fit(FORMULA, frame(), estimator="logit", vcov=BOTH)
    assert (found.nobs, found.dyads, found.states) == (len(design.y), 190, 20)
    assert found.events == int(design.y.sum())
    assert found.converged
    table = found.table()
    assert list(table.columns) == [
        "term",
        "estimate",
        "std_error",
        "statistic",
        "df",
        "p_value",
        "conf_low",
        "conf_high",
    ]
    assert_allclose(table["p_value"], 2 * stats.t.sf(np.abs(table["statistic"]), found.df))
    assert_allclose(found.conf_int(0.9)["conf_high"], found.estimate + stats.t.ppf(0.95, found.df) * found.std_errors)


def test_the_summary_prints_how_errors_were_made_and_the_rows_left_out() -> None:
    data = frame()
    data.loc[:9, "control"] = np.nan
    found = fit(FORMULA, data, estimator="logit", vcov=BOTH)
    for text in (str(found), found._repr_html_()):
        made = "dyadic-robust over 20 states, no small-sample factor, t with effective df (Satterthwaite)"
        assert f"Standard errors: {made}" in text
        assert "Rows left out: control is missing: 10" in text
        assert "logit: onset" in text
        assert all(term in text for term in found.terms)


def test_another_covariance_of_the_same_fit_refits_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    design = dyadic_design(effect=0.1)
    found = fit(design, estimator="logit")
    expected = fit(design, estimator="logit", vcov="dyad+year", ssc="none")
    monkeypatch.setitem(REGISTRY, "logit", replace(REGISTRY["logit"], fit=None))  # type: ignore[arg-type]
    other = found.with_vcov(cluster("dyad", "year"), ssc="none")
    assert other.solution is found.solution
    assert_allclose(other.std_errors, expected.std_errors, rtol=1e-12)
    assert str(other.vcov) == "clustered by 190 dyads and 8 years, no small-sample factor, normal distribution"


def test_a_coefficient_without_variance_has_no_standard_error_and_the_summary_says_so() -> None:
    found = fit(dyadic_design(), estimator="logit")
    raw = found.vcov.unrepaired.copy()
    raw[1, 1] = -1.0
    made: Covariance = replace(found.vcov, unrepaired=raw)
    without: Fit = replace(found, vcov=made)
    assert np.isnan(without.std_errors).tolist() == [False, True, False, False]
    assert "No standard error, as the double sum of the dyadic covariance is negative: treatment" in str(without)


def test_the_jackknife_is_the_spread_of_fits_without_one_state() -> None:
    design = dyadic_design(states=9, effect=0.1)
    found = fit(design, estimator="logit", vcov="jackknife")
    moves = []
    for state in np.union1d(design.side1, design.side2):
        kept = np.flatnonzero((design.side1 != state) & (design.side2 != state))
        moves.append(fit(subset(design, kept), estimator="logit", vcov="hc0").estimate - found.estimate)
    expected = 8 / 9 * np.array(moves).T @ np.array(moves)
    assert_allclose(found.vcov.matrix, expected, rtol=1e-10)
    assert str(found.vcov) == "jackknife over 9 states, factor (n−1)/n, t with effective df (Satterthwaite)"


def test_a_jackknifed_mean_is_the_dyadic_double_sum_without_the_dyads_taken_off() -> None:
    # Of a mean over all dyads of n states, a fit without state g moves by −U_g/M · n/(n − 2).
    states = 12
    i, j = np.triu_indices(states, 1)
    y = np.random.default_rng(6).normal(size=len(i))
    moves = np.array([y[(i != g) & (j != g)].mean() for g in range(states)]) - y.mean()
    by_state = np.array([(y - y.mean())[(i == g) | (j == g)].sum() for g in range(states)])
    assert_allclose(moves, -by_state / len(y) * states / (states - 2), rtol=1e-10)
    pairs = number_dyads(i, j)
    meat, _ = dyadic_meat((y - y.mean())[:, None], pairs)
    assert_allclose(by_state @ by_state, meat[0, 0] + ((y - y.mean()) ** 2).sum(), rtol=1e-10)


# The formula


def test_factors_interactions_and_transforms_become_terms() -> None:
    data = frame().assign(region=lambda d: np.array(["north", "east", "south"])[d["ccode1"] % 3])
    data["wide"] = np.exp(data["control"])
    found = fit("onset ~ treatment*log(wide) + C(region) + I(control**2)", data, estimator="logit", vcov=BOTH)
    assert found.terms == (
        "intercept", "treatment", "log(wide)", "C(region)[T.north]", "C(region)[T.south]", "I(control ** 2)",
        "treatment:log(wide)",
    )  # fmt: skip
    design = found.design
    assert_allclose(design.x[:, 1], data["control"], rtol=1e-12)
    assert_allclose(design.x[:, -1], data["treatment"] * data["control"], atol=1e-12)


def test_rows_left_out_are_counted_by_the_column_that_lacks_them() -> None:
    data = frame().assign(wide=lambda d: np.exp(d["control"] ** 2))
    data.loc[:4, "onset"] = np.nan
    data.loc[3:9, "control"] = np.nan
    data.loc[20, "wide"] = -1.0
    data.index = data.index[::-1]
    found = fit("onset ~ treatment + control + log(wide)", data, estimator="logit", vcov=BOTH)
    assert found.attrition == (
        ("rows of the data", len(data)),
        ("onset is missing:", 5),
        ("control is missing:", 5),
        ("log(wide) is not a number:", 1),
        ("used", len(data) - 11),
    )
    assert found.design.rows is not None
    assert_allclose(data["treatment"].to_numpy()[found.design.rows], found.design.treatment)


def test_effects_may_be_columns_interactions_or_the_pair() -> None:
    data = frame().assign(pair=lambda d: d["ccode1"].astype(str) + "-" + d["ccode2"].astype(str))
    named = fit(f"{FORMULA} | pair + year", data, vcov=BOTH)
    paired = fit(f"{FORMULA} | dyad + C(year)", data, vcov=BOTH)
    assert_allclose(named.estimate, paired.estimate, rtol=1e-12)
    assert tuple(paired.design.fixed_effects) == ("dyad", "year")
    crossed = fit(f"{FORMULA} | ccode1:year + ccode2", data, vcov=BOTH)
    groups = data.groupby(["ccode1", "year"]).ngroups
    assert len(np.unique(crossed.design.fixed_effects["ccode1:year"])) == groups


def test_clusters_of_a_formula_are_columns() -> None:
    data = frame().assign(region=lambda d: np.array(["n", "e", "s", "w"])[d["ccode1"] % 4])
    found = fit(FORMULA, data, estimator="logit", vcov="region")
    assert str(found.vcov) == "clustered by 4 groups of region, factor G/(G−1), t with 3 df"
    assert (found.dyads, found.states) == (None, None)
    assert "4 groups of region and 8 years" in str(found.with_vcov("region+year").vcov)
    gaps = fit(FORMULA, data.assign(region=data["region"].where(data["region"] != "n")), estimator="logit",
               vcov="year")  # fmt: skip
    with pytest.raises(FormulaError, match=r"'region' is missing in .* rows of the fit"):
        gaps.with_vcov("region")


def test_states_may_have_names_and_outcomes_be_boolean() -> None:
    data = frame()
    plain = fit(FORMULA, data, estimator="logit", vcov=BOTH)
    named = data.assign(
        ccode1="s" + data["ccode1"].astype(str),
        ccode2="s" + data["ccode2"].astype(str),
        onset=data["onset"] == 1,
        binary=data["binary"].astype("Int64"),
    )
    found = fit(FORMULA, named, estimator="logit", vcov=BOTH)
    assert found.terms == plain.terms
    assert_allclose(found.std_errors, plain.std_errors, rtol=1e-12)


def test_instruments_stand_in_the_last_bar() -> None:
    data = frame().assign(z=lambda d: d["treatment"] + d["control"], w=lambda d: d["control"] ** 2)
    from detente.stats.formula import build

    design = build("onset ~ control | dyad + year | [treatment ~ z + w]", data, BOTH, None, "year").design
    assert design.terms == ("treatment", "control")
    assert design.endogenous == ("treatment",)
    assert design.instruments is not None
    assert_allclose(design.instruments, data[["z", "w"]])
    pooled = build("onset ~ control | [treatment ~ z]", data, BOTH, None, None).design
    assert (pooled.fixed_effects, pooled.endogenous) == ({}, ("treatment",))


@pytest.mark.fault("fits")
@pytest.mark.parametrize(
    ("formula", "error", "message"),
    [
        ("onset ~ tretment", UnknownVariable, "the data have no column 'tretment'; .*nearest: 'treatment'"),
        ("onset ~ treatment | yaer", UnknownVariable, "the data have no column 'yaer'; .*nearest: 'year'"),
        ("onset treatment", FormulaError, "must read 'outcome ~ regressors'"),
        ("onset ~ treatment +", FormulaError, r"^'treatment \+': Operator"),
        ("onset ~ log(treatment", FormulaError, "^'log"),
        ("onset ~ 0 + treatment", FormulaError, "takes the constant out"),
        ("onset ~ 1", FormulaError, "has no regressor"),
        ("onset ~ log(treatment)", FormulaError, r"log\(treatment\) is infinite in 9\d\d rows"),
        ("onset ~ treatment | [control]", FormulaError, r"must read '\[endogenous ~ instruments\]'"),
        ("onset ~ treatment | year | dyad", FormulaError, "after '|' come effects"),
        ("onset ~ control | year | [control ~ binary]", FormulaError, "'control' is twice among the regressors"),
        ("I(0 * onset) ~ treatment", NoVariation, "is 0 in all"),
        ("onset ~ treatment + nothing", EmptySample, "no row is complete: rows of the data .*; nothing is missing"),
    ],
)
def test_a_formula_that_cannot_be_is_an_error_by_name(formula: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        fit(formula, frame().assign(nothing=np.nan), vcov=BOTH)


# Refusals


@pytest.mark.fault("fits")
def test_estimators_without_effects_refuse_them_and_name_those_that_take_them() -> None:
    with pytest.raises(
        UnsupportedEffects, match=r"estimator 'logit' takes no fixed effects, .*dyad, year.*absorb: .*lpm"
    ):
        fit(f"{FORMULA} | dyad + year", frame(), estimator="logit", vcov=BOTH)


@pytest.mark.fault("fits")
def test_instruments_for_an_estimator_that_has_no_use_for_them_are_refused() -> None:
    with pytest.raises(UnsupportedInstruments, match=r"'lpm' takes no instruments \(treatment is endogenous\)"):
        fit("onset ~ control | year | [treatment ~ binary]", frame(), vcov=BOTH)


def test_unknown_options_and_covariances_name_the_nearest() -> None:
    with pytest.raises(UnknownOption, match="estimator 'logit' has no option 'penalty'"):
        fit(dyadic_design(), estimator="logit", penalty=1)
    with pytest.raises(UnsupportedCovariance, match="nearest: 'dyadic'"):
        fit(dyadic_design(), estimator="logit", vcov="dyadik")
    with pytest.raises(UnsupportedCovariance, match="does not support covariance 'hc3'"):
        fit(dyadic_design(), estimator="logit", vcov="hc3")


@pytest.mark.parametrize("vcov", ["dyadic", "dyad", "jackknife"])
def test_rows_without_sides_have_nothing_dyadic(vcov: str) -> None:
    design = replace(dyadic_design(), side1=None, side2=None)
    with pytest.raises(NoDyads, match=f"'{vcov}' needs rows with two sides"):
        fit(design, estimator="logit", vcov=vcov)
    assert fit(design, estimator="logit", vcov="year").dyads is None


@pytest.mark.fault("fits")
def test_a_jackknife_names_the_state_without_which_there_is_no_estimate() -> None:
    design = dyadic_design(states=9, effect=0.1)
    only = (design.side1 == 3) | (design.side2 == 3)
    x = design.x.copy()
    x[:, 2] = np.where(only, x[:, 2], 0.0)
    with pytest.raises(EstimationError, match="jackknife without state 3: "):
        fit(replace(design, x=x), estimator="logit", vcov="jackknife")
    with pytest.raises(TooFewStates, match="jackknife over 4 states"):
        fit(dyadic_design(states=4, years=30), estimator="logit", vcov="jackknife")


# Numbers of others

# R 4.2.2, package dyadRobust at db9342b, 12 digits: dyadRobust(lm(dec ~ attr + intel + amb + factor(iid),
# weights = wts), "dyadid", "fid", "mid"). The weights are constant within iid, so that rows can carry their roots.
SPEED_DATING = {
    "attr": (0.115674896397, 0.0053675911463),
    "intel": (0.0465097514217, 0.00740796783721),
    "amb": (0.0191826042543, 0.00612700953671),
}


def test_speed_dating_meets_dyad_robust_through_the_formula(replication: Path) -> None:
    data = pd.read_csv(replication / "dyadic_robust" / "speed_dating.csv").assign(root=lambda d: np.sqrt(d["wts"]))
    weighted = " + ".join(f"I({name} * root)" for name in SPEED_DATING)
    found = fit(f"I(dec * root) ~ {weighted} | iid", data, vcov=dyadic("fid", "mid"))
    estimates, errors = zip(*SPEED_DATING.values(), strict=True)
    assert_allclose(found.estimate, estimates, rtol=1e-11)
    assert_allclose(found.std_errors, errors, rtol=1e-11)


# The same: dyadRobust(lm(dY ~ dX, dyad.sim), "dyads", "dyad1", "dyad2").
def test_dyad_sim_meets_dyad_robust_through_the_formula(replication: Path) -> None:
    data = pd.read_csv(replication / "dyadic_robust" / "dyad_sim.csv")
    found = fit("dY ~ dX", data, vcov=dyadic("dyad1", "dyad2"))
    slope = found.table().set_index("term").loc["dX"]
    assert_allclose([slope["estimate"], slope["std_error"]], [0.8546102643, 0.0814400398642], rtol=1e-11)
    assert (found.df < found.states - 1).all()
    states = fit("dY ~ dX", data, vcov=dyadic("dyad1", "dyad2", df="states"))
    assert (states.df == found.states - 1).all()


def test_maketables_reads_a_fit() -> None:
    found = fit(dyadic_design(effect=0.1), estimator="logit")
    table = found.__maketables_coef_table__
    assert list(table.columns) == ["b", "se", "t", "df", "p", "ci95l", "ci95u"]
    assert table.index.name == "Coefficient"
    assert found.__maketables_stat__("N") == found.nobs
    assert found.__maketables_stat__("se_type") == str(found.vcov)
    assert found.__maketables_stat__("r2") is None
    maketables = pytest.importorskip("maketables")
    html = maketables.ETable([found], model_stats=["N", "states", "se_type"]).make("gt").as_raw_html()
    assert "dyadic-robust over 20 states" in html
