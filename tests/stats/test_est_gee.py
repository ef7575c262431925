"""Generalised estimating equations against dense algebra, statsmodels, and Stata's printed numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from statsmodels.genmod import families
from statsmodels.genmod.cov_struct import Autoregressive, Exchangeable
from statsmodels.genmod.generalized_estimating_equations import GEE

from detente.base.errors import NotConverged, NoVariation, Separation, UnknownOption, UnsupportedEffects
from detente.stats.contract import Solution
from detente.stats.covariance import sandwich
from detente.stats.frame import ModelFrame
from detente.stats.likelihood import gee
from detente.stats.linear.regressors import Stalled, inverse
from detente.stats.links import Curve
from detente.stats.parts import subset
from detente.stats.registry import get

from support.likelihoods import assert_printed, clustered, constant, mansfield_pevehouse, panel, targets

FAMILIES = {
    "logit": families.Binomial(),
    "probit": families.Binomial(link=families.links.Probit()),
    "identity": families.Gaussian(),
}
SETTINGS = [(w, link) for w in ("exchangeable", "ar1") for link in FAMILIES]


def grouped(**options: float) -> ModelFrame:
    design = panel(**options)
    return replace(design, fixed_effects={"dyad": design.pairs.dyad})


def rho(fit: Solution) -> float:
    return float(fit.flags[0].split("ρ = ")[1].split(",")[0])


def statsmodels_gee(design: ModelFrame, structure: object, link: str) -> object:
    model = GEE(
        design.y,
        constant(design.x),
        groups=design.fixed_effects["dyad"],
        time=design.time.astype(float),
        cov_struct=structure,
        family=FAMILIES[link],
    )
    return model.fit(maxiter=500, ctol=1e-12)


@pytest.mark.parametrize("link", FAMILIES)
def test_exchangeable_meets_statsmodels(link: str) -> None:
    design = grouped()
    fit, structure = get("gee").fit(design, link=link), Exchangeable()
    reference = statsmodels_gee(design, structure, link)
    assert abs(rho(fit) - structure.dep_params) < 1e-4
    assert_allclose(fit.estimate, reference.params, rtol=1e-7, atol=1e-9)
    assert_allclose(sandwich_of(fit, design), reference.cov_robust, rtol=1e-6, atol=1e-10)
    assert_allclose(fit.bread * fit.dispersion, reference.cov_naive, rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("link", FAMILIES)
def test_ar1_meets_statsmodels_at_the_same_correlation(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It estimates ρ otherwise and goes by the order of rows, whatever the gaps: compared at ρ = 0.4, in that order."""
    design = grouped()
    fixed = gee.Structure(lambda *_: 0.4, gee.STRUCTURES["ar1"].solve)
    monkeypatch.setitem(gee.STRUCTURES, "ar1", fixed)
    structure = Autoregressive(grid=True)
    structure.dep_params, structure.update = 0.4, lambda _: None
    fit = get("gee").fit(design, working="ar1", link=link, convention="stata")
    reference = statsmodels_gee(design, structure, link)
    assert_allclose(fit.estimate, reference.params, rtol=1e-7, atol=1e-9)
    assert_allclose(sandwich_of(fit, design), reference.cov_robust, rtol=1e-6, atol=1e-10)


def sandwich_of(fit: Solution, design: ModelFrame) -> np.ndarray:
    groups = design.fixed_effects["dyad"]
    sums = np.array([fit.scores.whole[groups == g].sum(axis=0) for g in np.unique(groups)])
    return fit.bread @ sums.T @ sums @ fit.bread


@pytest.mark.parametrize(("structure", "link"), SETTINGS)
@pytest.mark.parametrize("convention", ["liang_zeger", "stata"])
def test_scores_of_groups_and_bread_are_those_of_dense_algebra(structure: str, link: str, convention: str) -> None:
    design = grouped()
    fit = get("gee").fit(design, working=structure, link=link, convention=convention)
    x = constant(design.x)
    curve = Curve(link, x @ fit.estimate)
    spread = np.sqrt(curve.mean * (1 - curve.mean)) if link != "identity" else 1.0
    r, d = (design.y - curve.mean) / spread, x * (curve.slope / spread)[:, None]
    correlation = dense_rho(r, design, structure, convention)
    assert abs(rho(fit) - correlation) < 6e-5
    bread = np.zeros((4, 4))
    for group in np.unique(design.fixed_effects["dyad"]):
        rows = np.flatnonzero(design.fixed_effects["dyad"] == group)
        apart = np.abs(design.time[rows][:, None] - design.time[rows])
        if convention == "stata":
            apart = np.abs(np.arange(len(rows))[:, None] - np.arange(len(rows)))
        r_matrix = correlation ** (np.minimum(apart, 1) if structure == "exchangeable" else apart)
        weight = d[rows].T @ np.linalg.inv(r_matrix)
        bread += weight @ d[rows]
        assert_allclose(fit.scores.whole[rows].sum(axis=0), weight @ r[rows], atol=1e-8)
    assert_allclose(np.linalg.inv(fit.bread), bread, rtol=1e-8)
    assert_allclose(fit.scores.whole.sum(axis=0), 0, atol=1e-8)
    assert fit.terms[fit.treatment] == "treatment"


def dense_rho(r: np.ndarray, design: ModelFrame, structure: str, convention: str) -> float:
    """AR(1) by pairs one year apart, or one row apart as Stata has it."""
    products, less = [], 0 if convention == "stata" else 4
    for group in np.unique(design.fixed_effects["dyad"]):
        rows = np.flatnonzero(design.fixed_effects["dyad"] == group)
        rows = rows[np.argsort(design.time[rows])]
        pairs = [(i, j) for i in range(len(rows)) for j in range(i)]
        place = np.arange(len(rows)) if convention == "stata" else design.time[rows]
        near = [(i, j) for i, j in pairs if structure == "exchangeable" or place[i] - place[j] == 1]
        products += [r[rows[i]] * r[rows[j]] for i, j in near]
    return sum(products) / (len(products) - less) / (r @ r / (len(r) - less))


@pytest.mark.parametrize("structure", ["exchangeable", "ar1"])
def test_rows_in_another_order_give_the_same_fit(structure: str) -> None:
    design = grouped()
    order = np.random.default_rng(0).permutation(len(design.y))
    shuffled = ModelFrame(
        design.y[order], design.x[order], design.terms, design.side1[order], design.side2[order], design.time[order],
        fixed_effects={"dyad": design.fixed_effects["dyad"][order]},
    )  # fmt: skip
    one, other = get("gee").fit(design, working=structure), get("gee").fit(shuffled, working=structure)
    assert_allclose(other.estimate, one.estimate, rtol=1e-9)
    assert_allclose(other.scores.whole, one.scores.whole[order], atol=1e-9)


def test_its_scores_serve_the_dyadic_sandwich() -> None:
    design = grouped()
    fit = get("gee").fit(design)
    assert "dyadic" in get("gee").covariances
    assert not {"hc0", "hc1"} & get("gee").covariances
    assert (sandwich("dyadic", fit.scores, fit.bread, design.pairs).std_errors > 0).all()


# Stata 6, `xtgee …, family(binomial) link(probit) corr(exchangeable)`, classical standard errors: Mansfield and
# Pevehouse 2000, the authors' log. Its search stops when no coefficient moves by more than 1e-6, while a step is 0.7
# of the one before: its numbers are right to 5e-6, in absolute terms.
@pytest.mark.parametrize("model", ["xtgee probit exch (no splines)", "xtgee probit exch (+splines)"])
def test_exchangeable_probit_meets_stata_on_mansfield_and_pevehouse(replication: Path, model: str) -> None:
    printed = targets(replication, "mansfield_pevehouse_2000", model)
    design, _ = mansfield_pevehouse(replication, "midon", [t for t in printed.index if t != "_cons"])
    fit = get("gee").fit(design, link="probit")
    errors = np.sqrt(np.diag(fit.bread * fit.dispersion))
    assert fit.flags == (f"working correlation exchangeable, ρ = {rho(fit):.4f}, in 827 groups (liang_zeger)",)
    for term, target in printed.rename(index={"_cons": "intercept"}).iterrows():
        place = fit.terms.index(str(term))
        for found, number in ((fit.estimate[place], target["estimate"]), (errors[place], target["std_error"])):
            if abs(float(number)) < 1e-6:
                assert_printed(found, number, early=1e-3)
            else:
                assert abs(found - float(number)) < 5e-6


# Stata 7, `xtgee onset1 …, family(binomial) link(logit) corr(ar1) force robust`: Oneal and Russett, International
# Organization 55(2) 2001, Table 1 column 1, dyads of at least 20 years. Stata's last step was of 1.4e-7.
def test_ar1_in_statas_convention_meets_oneal_and_russett(replication: Path) -> None:
    printed = targets(replication, "oneal_russett_2001_cc", "col1 GEE AR(1) logit robust")
    data = pd.read_stata(replication / "oneal_russett_2001_cc" / "io_tbl1.dta", convert_categoricals=False)
    a, b = data["statea"].to_numpy(int), data["stateb"].to_numpy(int)
    dyad = a * 1000 + b
    long = (pd.Series(dyad).map(pd.Series(dyad).value_counts()) > 19).to_numpy()
    terms = [t for t in printed.index if t != "_cons"]
    design = ModelFrame(
        data["onset1"].to_numpy(float)[long],
        data[terms].to_numpy(float)[long],
        tuple(terms),
        time=data["year"].to_numpy(int)[long],
        fixed_effects={"dyad": dyad[long]},
    )
    assert len(design.y) == 115942
    fit = get("gee").fit(design, working="ar1", convention="stata")
    errors = clustered(fit, dyad[long])
    for term, target in printed.rename(index={"_cons": "intercept"}).iterrows():
        place = fit.terms.index(str(term))
        assert_printed(fit.estimate[place], target["estimate"], early=1e-6)
        assert_printed(errors[place], target["std_error"], early=2e-6)


def test_an_autocorrelation_is_recovered_whatever_the_gaps() -> None:
    """Errors of 2,000 groups of 12 years, ρ = 0.5, of which 40 % of the rows are missing; SE of ρ about 0.01."""
    rng = np.random.default_rng(9)
    errors = rng.normal(size=(2000, 12))
    for t in range(1, 12):
        errors[:, t] = 0.5 * errors[:, t - 1] + np.sqrt(0.75) * errors[:, t]
    kept = rng.random(errors.size) < 0.6
    group, time = (np.repeat(np.arange(2000), 12)[kept], np.tile(np.arange(12), 2000)[kept])
    design = ModelFrame(errors.ravel()[kept], rng.normal(size=(int(kept.sum()), 1)), ("x",), time=time)
    design = replace(design, fixed_effects={"group": group})
    assert rho(get("gee").fit(design, working="ar1", link="identity")) == pytest.approx(0.5, abs=0.03)


def test_statas_ar1_leaves_out_groups_of_one() -> None:
    design = grouped()
    lonely = np.isin(design.fixed_effects["dyad"], np.unique(design.fixed_effects["dyad"])[:5])
    single = design.fixed_effects["dyad"].copy()
    single[lonely] = 10_000 + np.arange(int(lonely.sum()))
    found = get("gee").fit(replace(design, fixed_effects={"dyad": single}), working="ar1", convention="stata")
    expected = get("gee").fit(subset(design, np.flatnonzero(~lonely)), working="ar1", convention="stata")
    assert_allclose(found.estimate, expected.estimate, rtol=1e-12)
    assert_allclose(found.rows, np.flatnonzero(~lonely))
    assert f"{int(lonely.sum()):,} rows are the only one of their group and are left out, as in Stata" in found.flags
    assert get("gee").fit(replace(design, fixed_effects={"dyad": single}), working="ar1").rows is None


def test_uncorrelated_groups_of_one_leave_nothing_to_estimate() -> None:
    design = panel()
    with pytest.raises(NoVariation, match="too few pairs of rows share a group"):
        get("gee").fit(replace(design, fixed_effects={"row": np.arange(len(design.y))}))


def test_a_repeated_year_has_no_order() -> None:
    design = grouped()
    with pytest.raises(UnsupportedEffects, match=r"one row per year in each group: .* rows repeat the year of another"):
        get("gee").fit(replace(design, time=design.time // 2), working="ar1")


@pytest.mark.parametrize("names", [(), ("dyad", "year")])
def test_gee_needs_one_factor(names: tuple[str, ...]) -> None:
    design = panel()
    with pytest.raises(UnsupportedEffects, match=r"^gee correlates rows within one factor, such as the dyad; given: "):
        get("gee").fit(replace(design, fixed_effects={n: design.factor(n) for n in names}))


def test_an_option_that_is_not_known_names_the_nearest() -> None:
    for option, value, near in (
        ("working", "ar", "'ar1'"),
        ("link", "probits", "'probit'"),
        ("convention", "statas", "'stata'"),
    ):
        with pytest.raises(UnknownOption, match=f"^{option} '{value}' is not known; .* nearest: {near}"):
            get("gee").fit(grouped(), **{option: value})


@pytest.mark.fault("fits")
def test_an_impossible_correlation_is_refused() -> None:
    alternating = replace(grouped(), y=np.arange(len(panel().y)) % 2 * 1.0)
    shared = replace(alternating, fixed_effects={"all": np.arange(len(panel().y)) // 40})
    with pytest.raises(NotConverged, match="is impossible"):
        get("gee").fit(shared, convention="stata")


@pytest.mark.fault("fits")
def test_separation_and_what_does_not_vary_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    design = grouped()
    with pytest.raises(Separation, match="'treatment' = 1 has no onset"):
        get("gee").fit(replace(design, y=np.where(design.x[:, 0] == 1, 0.0, design.y)))
    with pytest.raises(NoVariation, match=r"the outcome is 2.5 in all"):
        get("gee").fit(replace(design, y=np.full(len(design.y), 2.5)), link="identity")
    monkeypatch.setattr(gee, "MOST_GEE", 2)
    with pytest.raises(NotConverged, match="did not settle in 2 rounds"):
        get("gee").fit(design)


@pytest.mark.fault("fits")
@pytest.mark.parametrize("entry", [np.nan, np.inf])
def test_an_information_that_overflows_stops_the_search_instead_of_breaking_it(entry: float) -> None:
    """As that of a separated treatment may, whose risk no number can hold: `gee` then names it."""
    with pytest.raises(Stalled):
        inverse(np.array([[1.0, entry], [entry, 1.0]]))
    with pytest.raises(Stalled):
        inverse(np.diag([1.0, entry]))
