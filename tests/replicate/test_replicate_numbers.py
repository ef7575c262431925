"""Numbers of published models, of terms and of whole models, against statsmodels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.genmod.families import NegativeBinomial

from detente.base.errors import ConfigError, DetenteError, UnsupportedEstimator
from detente.base.expressions import Table
from detente.replicate.models import Fitted, Published, estimate, unfit
from detente.replicate.quantities import number_of
from detente.replicate.schema import DataFile, Model, Panel

DATA = DataFile(file="a.csv", bytes=1, sha256="a" * 64, address=None, sides=("a", "b"))


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(18)
    n = 400
    made = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(2, 1, size=n), "d": rng.integers(0, 2, size=n)})
    made["g"] = rng.integers(0, 25, size=n)
    made["a"], made["b"] = rng.integers(0, 9, size=n), rng.integers(10, 19, size=n)
    made["w"] = rng.uniform(0.5, 3, size=n)
    index = 0.4 * made["x"] - 0.3 * made["z"] + 0.5 * made["d"]
    made["y"] = index + rng.normal(size=n)
    made["event"] = (rng.uniform(size=n) < 1 / (1 + np.exp(-index))).astype(int)
    made["count"] = rng.poisson(np.exp(0.5 + index) * rng.gamma(1.5, 1 / 1.5, size=n))
    return made


DATA_FRAME = frame()
X = sm.add_constant(DATA_FRAME[["x", "z", "d"]].to_numpy(dtype=float))


def fitted(outcome: str, estimator: str, **keys: Any) -> Fitted:
    model = Model(read_in="p. 1", outcome=outcome, terms=("x", "z", "d"), estimator=estimator,
                  **({"statistics": {"nobs": 400}} | keys))  # fmt: skip
    return estimate(Published("table", model, DATA, name="one"), Table(DATA_FRAME))


def check(found: Fitted, expected: dict[str, float], term: str = "", tolerance: float = 1e-8) -> None:
    for quantity, value in expected.items():
        assert number_of(found, term, quantity) == pytest.approx(value, rel=tolerance), quantity


def test_a_linear_model_has_likelihood_criteria_and_f() -> None:
    # statsmodels 0.15 OLS; R's AIC of an lm counts the variance as a parameter.
    ols = sm.OLS(DATA_FRAME["y"].to_numpy(), X).fit()
    shared = {
        "log_likelihood": ols.llf, "deviance": ols.ssr, "r2": ols.rsquared, "adjusted_r2": ols.rsquared_adj,
        "f": ols.fvalue, "f_p": ols.f_pvalue, "rmse": math.sqrt(ols.mse_resid), "df": 396, "nobs": 400,
        "null_deviance": ols.centered_tss,
    }  # fmt: skip
    check(fitted("y", "lpm", ssc="stata"), {**shared, "aic": ols.aic, "bic": ols.bic})
    check(fitted("y", "lpm", ssc="r-sandwich"), {**shared, "aic": ols.aic + 2, "bic": ols.bic + math.log(400)})
    weighted = sm.WLS(DATA_FRAME["y"].to_numpy(), X, weights=DATA_FRAME["w"].to_numpy()).fit()
    check(
        fitted("y", "wls", weights="w"),
        {"log_likelihood": weighted.llf, "r2": weighted.rsquared, "adjusted_r2": weighted.rsquared_adj},
    )


def test_clusters_are_counted_and_their_f_has_their_degrees_of_freedom() -> None:
    ols = sm.OLS(DATA_FRAME["y"].to_numpy(), X).fit(
        cov_type="cluster", cov_kwds={"groups": DATA_FRAME["g"], "use_correction": True}, use_t=True
    )
    groups = DATA_FRAME["g"].nunique()
    test = ols.f_test(np.eye(4)[1:])
    check(fitted("y", "lpm", vcov="g", ssc="stata"), {"clusters": groups, "f": test.fvalue, "f_p": test.pvalue})
    both = fitted("y", "lpm", vcov="g+dyad", ssc="stata")
    check(both, {"clusters(g)": groups, "clusters(dyad)": len(DATA_FRAME[["a", "b"]].drop_duplicates())})
    with pytest.raises(ConfigError, match="say of which factor"):
        number_of(both, "", "clusters")
    with pytest.raises(ConfigError, match="nearest: 'g'"):
        number_of(both, "", "clusters(gg)")


def test_poisson_has_a_likelihood_and_a_deviance() -> None:
    glm = sm.GLM(DATA_FRAME["count"].to_numpy(), X, family=sm.families.Poisson()).fit(tol=1e-12)
    aic = -2 * glm.llf + 2 * 4
    check(
        fitted("count", "poisson"),
        {
            "log_likelihood": glm.llf, "deviance": glm.deviance, "null_deviance": glm.null_deviance, "aic": aic,
            "null_log_likelihood": glm.llnull, "lr_chi2": 2 * (glm.llf - glm.llnull),
            "pseudo_r2": 1 - glm.llf / glm.llnull,
            "bic": -2 * glm.llf + 4 * math.log(400), "events": DATA_FRAME["count"].sum(),
        },
    )  # fmt: skip


def test_the_deviance_of_a_negative_binomial_model_is_that_of_its_family() -> None:
    """R's glm.nb: deviance given θ, errors by the expected information; not −2 log L, and not Stata's errors."""
    found = fitted("count", "negbin", bread="expected")
    alpha = math.exp(number_of(found, "ln(alpha)", "estimate"))
    glm = sm.GLM(DATA_FRAME["count"].to_numpy(), X, family=NegativeBinomial(alpha=alpha)).fit(tol=1e-12, scale=1.0)
    check(found, {"deviance": glm.deviance, "log_likelihood": glm.llf}, tolerance=1e-7)
    assert abs(number_of(found, "", "deviance") + 2 * glm.llf) > 100
    for term, error, beta in zip(("_cons", "x", "z", "d"), glm.bse, glm.params, strict=True):
        check(found, {"estimate": beta, "std_error": error}, term, 1e-6)
    observed = fitted("count", "negbin")
    assert number_of(observed, "x", "std_error") != pytest.approx(glm.bse[1], rel=1e-4)
    null = sm.NegativeBinomial(DATA_FRAME["count"].to_numpy(), X[:, :1]).fit(disp=0, gtol=1e-10)
    check(found, {"null_log_likelihood": null.llf}, tolerance=1e-8)


@pytest.mark.parametrize("given", [{"alpha": 0.5}, {"theta": 2.0}, {"theta": 2}])
def test_overdispersion_may_be_given(given: dict[str, float]) -> None:
    glm = sm.GLM(DATA_FRAME["count"].to_numpy(), X, family=NegativeBinomial(alpha=0.5)).fit(tol=1e-12, scale=1.0)
    found = fitted("count", "negbin_given", options=given, bread="expected")
    check(
        found, {"deviance": glm.deviance, "null_deviance": glm.null_deviance, "log_likelihood": glm.llf}, tolerance=1e-7
    )
    check(found, {"estimate": glm.params[1], "std_error": glm.bse[1]}, "x", 1e-6)
    scaled = sm.GLM(DATA_FRAME["count"].to_numpy(), X, family=NegativeBinomial(alpha=0.5)).fit(tol=1e-12, scale="X2")
    of_r = fitted("count", "negbin_given", options={**given, "dispersion": "pearson"}, bread="expected")
    check(of_r, {"std_error": scaled.bse[1]}, "x", 1e-6)


@pytest.mark.parametrize("given", [{}, {"alpha": 0}, {"alpha": 1, "theta": 1}, {"theta": True}, {"theta": "two"}])
@pytest.mark.fault("published tables")
def test_overdispersion_that_is_none_is_an_error_of_the_file(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="negbin_given needs one positive number"):
        fitted("count", "negbin_given", options=given)


def test_effects_on_risk_are_numbers_of_a_term() -> None:
    logit = sm.Logit(DATA_FRAME["event"].to_numpy(), X).fit(disp=0, tol=1e-14)
    found = fitted("event", "logit", ssc="none")
    overall, means = (logit.get_margeff(at=at, dummy=True).summary_frame() for at in ("overall", "mean"))
    for term, row in (("x", 0), ("d", 2)):
        ame, mem = overall.iloc[row], means.iloc[row]
        check(found, {"ame": ame["dy/dx"], "ame_std_error": ame["Std. Err."], "ame_p": ame.iloc[3]}, term, 1e-6)
        check(found, {"mem": mem["dy/dx"], "mem_std_error": mem["Std. Err."], "mem_low": mem.iloc[4]}, term, 1e-6)
    ends = [X.copy(), X.copy()]
    for at, value in zip(ends, (0.0, 1.0), strict=True):
        at[:, 3] = value
    low, high = (float(logit.predict(at).mean()) for at in ends)
    check(found, {"risk(1)": high, "first_difference": high - low, "risk_ratio(0, 1)": high / low}, "d", 1e-9)
    check(found, {"risk_at_means": float(logit.predict(X.mean(axis=0))[0])}, "d", 1e-9)
    with pytest.raises(ConfigError, match=r"'mean_effect' is not known"):
        number_of(found, "d", "mean_effect")
    with pytest.raises(DetenteError, match="no p_value"):
        number_of(found, "d", "risk_p(1)")


def test_what_an_estimator_does_not_have_is_refused() -> None:
    with pytest.raises(UnsupportedEstimator, match="only linear models"):
        number_of(fitted("event", "logit"), "", "r2")
    with pytest.raises(UnsupportedEstimator, match="no log-likelihood here"):
        number_of(fitted("y", "random_effects", fixed_effects=("g",)), "", "aic")
    with pytest.raises(UnsupportedEstimator, match="no log-likelihood here"):
        number_of(fitted("y", "gee", fixed_effects=("g",), options={"link": "identity"}), "", "log_likelihood")
    with pytest.raises(ConfigError, match="takes other arguments"):
        number_of(fitted("y", "lpm"), "", "nobs(3)")


@pytest.mark.fault("published tables")
@pytest.mark.parametrize(
    ("quantity", "said"),
    [
        ("conf_low(wide)", "'level' must be a number, not 'wide'"),
        ("conf_low(100)", "between 0 and 100 per cent"),
        ("risk(high)", "'values' must be a number, not 'high'"),
        ("robustness_value(1, small)", "'alpha' must be a number"),
        ("r2dz_x(age)", "as strong as another regressor; legal values: d, z"),
        ("r2dz_x", "takes other arguments"),
        ("adjusted_t(x, 1)", "as strong as another regressor"),
        ("wild_t(g, 9.5)", "a whole number of draws"),
    ],
)
def test_arguments_that_a_number_cannot_have_are_errors_of_the_file(quantity: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        number_of(fitted("y", "lpm"), "x", quantity)


@pytest.mark.fault("published tables")
def test_groups_are_counted_where_there_are_some() -> None:
    with pytest.raises(UnsupportedEstimator, match="no fixed effects"):
        number_of(fitted("y", "lpm"), "", "dropped_groups")


@pytest.mark.fault("published tables")
@pytest.mark.parametrize(
    ("estimator", "option", "value", "legal"),
    [("zip", "inflate", "x", False), ("zip", "inflate", ["x"], True), ("cox", "ties", "exact", False),
     ("probit_re", "points", 1.5, False), ("probit_re", "points", 12, True), ("negbin_given", "alpha", 2, True)],
)  # fmt: skip
def test_options_have_their_types(estimator: str, option: str, value: object, legal: bool) -> None:
    assert (unfit(estimator, option, value) == "") is legal


@pytest.mark.fault("published tables")
def test_quadrature_without_points_and_durations_of_nothing_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least one point, not 0"):
        fitted("event", "probit_re", fixed_effects=("g",), options={"points": 0})
    with pytest.raises(ConfigError, match="durations must be above 0"):
        fitted("y", "cox")


def test_instruments_are_those_of_linearmodels() -> None:
    from linearmodels.iv import IV2SLS

    keys = {"endogenous": ("x",), "instruments": ("w", {"squared": "w**2"}), "ssc": "none", "vcov": "hc0"}
    found = fitted("y", "iv_lpm", **keys)
    w = DATA_FRAME["w"].to_numpy()
    other = IV2SLS(DATA_FRAME["y"], X[:, [0, 2, 3]], X[:, [1]], np.column_stack([w, w**2])).fit(cov_type="robust")
    check(found, {"estimate": float(other.params.iloc[3]), "std_error": float(other.std_errors.iloc[3])}, "x", 1e-6)
    with pytest.raises(UnsupportedEstimator, match="no log-likelihood here"):
        number_of(found, "", "log_likelihood")


PANEL = DATA.model_copy(update={"panel": Panel(key=("unit",), time="period")})


def paneled(**keys: Any) -> Fitted:
    frame = DATA_FRAME.assign(unit=np.arange(400) % 20, period=np.arange(400) // 20)
    model = Model(read_in="p", outcome="y", terms=("x", "z", "d"), estimator="lpm", statistics={"nobs": 1}, **keys)
    return estimate(Published("table", model, PANEL, name="one"), Table(frame, ("unit",), "period"))


@pytest.mark.parametrize(("ssc", "debiased"), [("none", False), ("linearmodels", True)])
def test_driscoll_and_kraays_errors_are_those_of_linearmodels(ssc: str, debiased: bool) -> None:
    from linearmodels.panel import PooledOLS

    frame = DATA_FRAME.assign(unit=np.arange(400) % 20, period=np.arange(400) // 20, one=1.0)
    model = PooledOLS(
        frame.set_index(["unit", "period"])["y"], frame.set_index(["unit", "period"])[["one", "x", "z", "d"]]
    )
    other = model.fit(cov_type="kernel", kernel="bartlett", bandwidth=3, debiased=debiased)
    found = paneled(vcov="driscoll_kraay(3)", ssc=ssc)
    for term in ("x", "z", "d"):
        check(found, {"std_error": float(other.std_errors[term])}, term, 1e-8)
    if debiased:
        given = paneled(vcov=f"driscoll_kraay(3, df={other.df_resid})", ssc=ssc)
        check(given, {"p_value": float(other.pvalues["x"])}, "x", 1e-8)


def test_panel_corrected_errors_are_their_formula() -> None:
    """Beck and Katz (1995), (X'X)⁻¹ X'(Σ̂ ⊗ I)X (X'X)⁻¹ with Σ̂ = E'E/T, of a balanced panel written out."""
    found = paneled(vcov="pcse(unit)", ssc="none")
    y = DATA_FRAME["y"].to_numpy()
    bread = np.linalg.inv(X.T @ X)
    errors = (y - X @ (bread @ X.T @ y)).reshape(20, 20)
    omega = np.kron(np.eye(20), errors.T @ errors / 20)
    expected = np.sqrt(np.diag(bread @ X.T @ omega @ X @ bread))
    for term, at in {"x": 1, "z": 2, "d": 3}.items():
        check(found, {"std_error": expected[at]}, term, 1e-8)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"vcov": "driscoll_kraay(3)", "ssc": "stata"}, "'stata' is not known for driscoll_kraay"),
        ({"vcov": "driscoll_kraay(many)", "ssc": "none"}, "must be a whole number"),
        ({"vcov": "pcse(unit, df=many)", "ssc": "none"}, "df 'many' is not defined for it"),
        ({"vcov": "pcse(unit, twice)", "ssc": "none"}, "'twice' is not known; legal is df=40"),
        ({"vcov": "pcse(g)", "ssc": "none"}, "each unit once a period"),
    ],
)
@pytest.mark.fault("published tables")
def test_panel_covariances_that_cannot_be_are_refused(keys: dict[str, str], message: str) -> None:
    with pytest.raises(DetenteError, match=message):
        paneled(**keys)
    with pytest.raises(DetenteError, match="needs time"):
        fitted("y", "lpm", vcov="driscoll_kraay(2)", ssc="none")
