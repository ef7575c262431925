"""Models and covariances that only published tables use, against statsmodels and likelihoods written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.stats import norm
from scipy.stats import t as student
from statsmodels.discrete.count_model import ZeroInflatedNegativeBinomialP, ZeroInflatedPoisson
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.tools.numdiff import approx_hess

from detente.base.errors import ConfigError, NoRisk, UnsuitableOutcome, UnsupportedCovariance, UnsupportedEstimator
from detente.base.expressions import Table
from detente.replicate.durations import cox
from detente.replicate.models import Fitted, Published, estimate
from detente.replicate.quantities import number_of
from detente.replicate.schema import DataFile, Model, Panel
from detente.stats import ModelFrame

ROWS = 600


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    made = pd.DataFrame({"x": rng.normal(size=ROWS), "z": rng.normal(size=ROWS), "d": rng.integers(0, 2, size=ROWS)})
    always = rng.uniform(size=ROWS) < 1 / (1 + np.exp(0.4 - made["x"]))
    mean = np.exp(1.0 + 0.5 * made["z"] - 0.3 * made["d"])
    made["poisson"] = np.where(always, 0, rng.poisson(mean))
    made["spread"] = np.where(always, 0, rng.poisson(mean * rng.gamma(2.0, 0.5, size=ROWS)))
    made["lasted"] = np.ceil(10 * rng.weibull(1.5, size=ROWS) * np.exp(0.4 * made["x"]))
    made["begun"] = np.floor(made["lasted"] * rng.uniform(0, 0.6, size=ROWS))
    made["half"] = made["begun"] + 0.5
    made["ended"] = (rng.uniform(size=ROWS) < 0.7).astype(float)
    made["event"] = (rng.uniform(size=ROWS) < 1 / (1 + np.exp(1 - made["x"]))).astype(float)
    made["lat"], made["lon"] = rng.integers(30, 60, size=ROWS), rng.integers(-10, 40, size=ROWS)
    made["unit"], made["year"] = np.arange(ROWS) // 12, np.arange(ROWS) % 12
    made["level"] = rng.integers(0, 3, size=ROWS).astype(float)
    made["y"] = made["x"] + 0.1 * made["lat"] + rng.normal(size=ROWS)
    return made


FRAME = frame()
DATA = DataFile(file="a.csv", bytes=1, sha256="a" * 64, address=None, panel=Panel(key=("unit",), time="year"))


def fitted(outcome: str, estimator: str, terms: tuple[str, ...], **keys: Any) -> Fitted:
    given = {"read_in": "p. 1", "statistics": {"nobs": 1}} | keys
    model = Model.model_validate({"outcome": outcome, "estimator": estimator, "terms": terms} | given)
    return estimate(Published("table", model, DATA, name="one"), Table(FRAME, ("unit",), "year"))


def check(found: Fitted, expected: dict[str, float], term: str = "", tolerance: float = 1e-6) -> None:
    for quantity, value in expected.items():
        assert number_of(found, term, quantity) == pytest.approx(value, rel=tolerance), (term, quantity)


@pytest.mark.parametrize("name", ["zip", "zinb"])
def test_zero_inflated_models_are_those_of_statsmodels(name: str) -> None:
    outcome = {"zip": "poisson", "zinb": "spread"}[name]
    found = fitted(outcome, name, ("x", "z", "d"), options={"inflate": ["x"], "count": ["z", "d"]})
    x, z = sm.add_constant(FRAME[["z", "d"]].to_numpy()), sm.add_constant(FRAME[["x"]].to_numpy())
    kind = {"zip": ZeroInflatedPoisson, "zinb": ZeroInflatedNegativeBinomialP}[name]
    other = kind(FRAME[outcome].to_numpy(), x, exog_infl=z).fit(method="bfgs", maxiter=5000, gtol=1e-9, disp=0)
    places = {"[inflate]_cons": 0, "[inflate]x": 1, "_cons": 2, "z": 3, "d": 4}
    # Second differences of its likelihood: the Hessian that statsmodels 0.15 writes out for `zip` is off by up to 5 %.
    errors = np.sqrt(np.diag(np.linalg.inv(-approx_hess(other.params, other.model.loglike))))
    for term, at in places.items():
        check(found, {"estimate": other.params[at]}, term, 2e-4)
        check(found, {"std_error": errors[at]}, term, 2e-4)
    check(found, {"log_likelihood": other.llf, "aic": other.aic}, tolerance=1e-8)
    alone = kind(FRAME[outcome].to_numpy(), x[:, :1], exog_infl=z).fit(method="bfgs", maxiter=5000, gtol=1e-9, disp=0)
    check(found, {"lr_chi2": 2 * (other.llf - alone.llf)})
    if name == "zinb":
        check(found, {"estimate": np.log(other.params[-1])}, "/lnalpha", 2e-4)
        check(found, {"std_error": errors[-1] / other.params[-1]}, "/lnalpha", 2e-3)
    # Scores sum to the gradient, which is nought where the likelihood is largest.
    assert np.abs(found.solution.scores.whole.sum(axis=0)).max() < 1e-6


@pytest.mark.fault("published tables")
def test_what_is_no_zero_inflated_count_is_refused() -> None:
    with pytest.raises(UnsuitableOutcome, match="whole numbers from 0 on"):
        fitted("y", "zinb", ("x",))
    with pytest.raises(ConfigError, match=r"'xx' is none of the terms; .*nearest: 'x'"):
        fitted("spread", "zinb", ("x", "z"), options={"inflate": ["xx"]})


def by_hand(theta: np.ndarray, x: np.ndarray, begun: np.ndarray) -> float:
    """Minus Weibull's log-likelihood: of t ~ p tᵖ⁻¹ exp(xβ), delayed entry and censoring, term by term."""
    p, scale = np.exp(theta[-1]), np.exp(x @ theta[:-1])
    t, ended = FRAME["lasted"].to_numpy(), FRAME["ended"].to_numpy()
    density = np.log(p) + (p - 1) * np.log(t) + np.log(scale)
    return -float((ended * density - scale * (t**p - begun**p)).sum())


@pytest.mark.parametrize("entry", ["", "begun"])
def test_weibulls_hazard_is_its_likelihood_written_out(entry: str) -> None:
    terms = ("x", "d", "ended", *([entry] if entry else []))
    options = {"failed": "ended", "entry": entry}
    found = fitted("lasted", "weibull", terms, options=options)
    x = sm.add_constant(FRAME[["x", "d"]].to_numpy(dtype=float))
    begun = FRAME["begun"].to_numpy() if entry else np.zeros(ROWS)
    start = np.r_[-np.log(FRAME["lasted"].mean()), 0, 0, 0]
    other = minimize(by_hand, start, args=(x, begun), method="Nelder-Mead",
                     options={"maxiter": 20_000, "xatol": 1e-10, "fatol": 1e-12})  # fmt: skip
    for term, value in zip(("_cons", "x", "d", "/ln_p"), other.x, strict=True):
        check(found, {"estimate": value}, term, 1e-5)
    check(found, {"log_likelihood": -other.fun}, tolerance=1e-10)
    stata = fitted("lasted", "weibull", terms, options=options, recipe="stata", vcov="classical")
    ends = float((FRAME["ended"] * np.log(FRAME["lasted"])).sum())
    check(stata, {"log_likelihood": -other.fun + ends}, tolerance=1e-10)
    errors = np.sqrt(np.diag(np.linalg.inv(approx_hess(found.estimate, by_hand, args=(x, begun)))))
    for term, error in zip(("_cons", "x", "d", "/ln_p"), errors, strict=True):
        check(found, {"std_error": error}, term, 1e-4)


def test_the_metric_of_time_is_that_of_hazards_turned() -> None:
    options = {"failed": "ended"}
    hazard = fitted("lasted", "weibull", ("x", "d", "ended"), options=options)
    time = fitted("lasted", "weibull", ("x", "d", "ended"), options=options | {"metric": "time"})
    p = np.exp(number_of(hazard, "/ln_p", "estimate"))
    check(time, {"estimate": -number_of(hazard, "x", "estimate") / p}, "x", 1e-10)
    check(time, {"log_likelihood": number_of(hazard, "", "log_likelihood")}, tolerance=1e-12)
    # The logarithm of time is linear in x with extreme-value errors: its likelihood, by (β, ln σ), written out.
    x, ended = sm.add_constant(FRAME[["x", "d"]].to_numpy(dtype=float)), FRAME["ended"].to_numpy()

    def minus(theta: np.ndarray) -> float:
        w = (np.log(FRAME["lasted"].to_numpy()) - x @ theta[:-1]) / np.exp(theta[-1])
        return -float((ended * (w - theta[-1]) - np.exp(w)).sum())

    other = minimize(minus, np.r_[2.0, 0, 0, 0], method="BFGS", options={"gtol": 1e-8})
    errors = np.sqrt(np.diag(np.linalg.inv(approx_hess(other.x, minus))))
    for term, at in {"_cons": 0, "x": 1, "d": 2}.items():
        check(time, {"estimate": other.x[at]}, term, 1e-4)
        check(time, {"std_error": errors[at]}, term, 1e-4)
    check(time, {"estimate": -other.x[-1]}, "/ln_p", 1e-4)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("entry", ["", "half"])
def test_hazards_are_those_of_statsmodels_by_either_ties(ties: str, entry: str) -> None:
    """Entries at halves of a year: none is at a time at which durations end, where statsmodels counts it as at risk."""
    terms = ("x", "d", "ended", *([entry] if entry else []))
    found = fitted("lasted", "cox", terms, options={"failed": "ended", "entry": entry, "ties": ties})
    x, status = FRAME[["x", "d"]].to_numpy(dtype=float), FRAME["ended"].to_numpy()
    model = PHReg(FRAME["lasted"].to_numpy(), x, status=status, entry=FRAME[entry] if entry else None, ties=ties)
    other = model.fit(disp=0)
    for term, at in {"x": 0, "d": 1}.items():
        check(found, {"estimate": other.params[at], "std_error": other.bse[at]}, term)
    assert np.abs(found.solution.scores.whole.sum(axis=0)).max() < 1e-6
    if ties == "breslow" and not entry:
        np.testing.assert_allclose(
            found.solution.scores.whole, model.score_residuals(found.estimate), rtol=0, atol=1e-8
        )
    null = model.loglike(np.zeros(2))
    check(found, {"log_likelihood": other.llf, "lr_chi2": 2 * (other.llf - null)}, tolerance=1e-8)


def test_who_enters_when_another_ends_is_not_at_risk_yet() -> None:
    """Risk sets of Stata and R are open on the left: entry at 3 is entry at 3.5 where times are whole numbers."""
    options = {"failed": "ended", "ties": "efron"}
    whole, half = (
        fitted("lasted", "cox", ("x", "d", "ended", name), options=options | {"entry": name})
        for name in ("begun", "half")
    )
    np.testing.assert_allclose(whole.estimate, half.estimate, rtol=0, atol=1e-10)


def test_of_ties_by_efron_a_row_left_out_moves_the_estimate_by_its_score_which_breslows_are_not() -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(size=(300, 2))
    lasted = rng.exponential(np.exp(-0.5 * x[:, 0])) + 0.01
    # Rounded to few values, so that many end together.
    tied = ModelFrame(np.ceil(lasted * 4), x, ("x", "z"))
    whole = cox(tied, ties="efron")
    moved = whole.scores.whole @ whole.bread
    breslow = cox(tied, ties="breslow").scores.whole @ whole.bread
    for row in (3, 50, 120, 299):
        rest = np.delete(np.arange(300), row)
        without = cox(ModelFrame(tied.y[rest], x[rest], ("x", "z")), ties="efron").estimate
        np.testing.assert_allclose(whole.estimate - without, moved[row], rtol=0.03)
        assert not np.allclose(whole.estimate - without, breslow[row], rtol=0.03, atol=0)


def near(words: tuple[str, ...] = ()) -> np.ndarray:
    """Weights (n, n) of all pairs of rows within 300 km, by angles between places as vectors."""
    lat, lon = np.radians(FRAME["lat"].to_numpy()), np.radians(FRAME["lon"].to_numpy())
    place = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    far = 6371 * np.arccos(np.clip(place @ place.T, -1, 1))
    made = np.clip(1 - far / 300, 0, None) if "bartlett" in words else (far <= 300).astype(float)
    year = FRAME["year"].to_numpy()
    return made * (year[:, None] == year) if "same time" in words else made


@pytest.mark.parametrize("words", [(), ("bartlett",), ("same time",), ("bartlett", "same time")])
@pytest.mark.parametrize("estimator", ["lpm", "logit"])
def test_conleys_errors_are_a_sum_over_pairs_of_rows_that_are_near(words: tuple[str, ...], estimator: str) -> None:
    outcome = {"lpm": "y", "logit": "event"}[estimator]
    vcov = f"conley({', '.join(('lat', 'lon', '300', *words))})"
    found = fitted(outcome, estimator, ("x", "d"), vcov=vcov, ssc="none")
    x = sm.add_constant(FRAME[["x", "d"]].to_numpy(dtype=float))
    y = FRAME[outcome].to_numpy()
    if estimator == "lpm":
        bread = np.linalg.inv(x.T @ x)
        scores = x * (y - x @ bread @ x.T @ y)[:, None]
    else:
        logit = sm.Logit(y, x).fit(disp=0, tol=1e-12)
        bread, scores = np.linalg.inv(-logit.model.hessian(logit.params)), x * (y - logit.predict(x))[:, None]
    errors = np.sqrt(np.diag(bread @ scores.T @ near(words) @ scores @ bread))
    for term, at in {"_cons": 0, "x": 1, "d": 2}.items():
        check(found, {"std_error": errors[at]}, term, 1e-6)
    assert str(found.vcov).startswith("Conley within 300 km") and "normal distribution" in str(found.vcov)
    check(found, {"p_value": float(2 * norm.sf(abs(found.estimate[1] / errors[1])))}, "x", 1e-6)
    given = fitted(outcome, estimator, ("x", "d"), vcov=vcov.replace(")", ", df=7)"), ssc="none")
    check(given, {"p_value": float(2 * student.sf(abs(found.estimate[1] / errors[1]), 7))}, "x", 1e-6)
    assert "t with 7 df" in str(given.vcov)


@pytest.mark.fault("published tables")
@pytest.mark.parametrize(
    ("vcov", "ssc", "said"),
    [
        ("conley(lat, lon)", "none", "write conley"),
        ("conley(lat, lon, far)", "none", "write conley"),
        ("conley(lat, lon, 0)", "none", "write conley"),
        ("conley(lat, lon, 300, triangle)", "none", "'triangle' is not known"),
        ("conley(lat, lon, 300)", "stata", "'stata' is not known"),
        ("conley(lat * 9, lon, 300)", "none", "beyond 90 degrees"),
        ("conley(lat, lon, 300, df=states)", "none", "df 'states' is not defined for it: leave it out for the normal"),
        ("conley(lat, lon, 300, df=0)", "none", "df '0' is not defined"),
    ],
)
def test_a_spatial_covariance_that_cannot_be_is_refused(vcov: str, ssc: str, said: str) -> None:
    with pytest.raises(UnsupportedCovariance, match=said):
        fitted("y", "lpm", ("x",), vcov=vcov, ssc=ssc)


def test_risks_at_medians_are_those_at_a_row_of_medians() -> None:
    found = fitted("event", "logit", ("x", "z", "d"), ssc="none")
    x = sm.add_constant(FRAME[["x", "z", "d"]].to_numpy(dtype=float))
    logit = sm.Logit(FRAME["event"].to_numpy(), x).fit(disp=0, tol=1e-12)
    middle = np.median(x, axis=0)
    check(found, {"risk_at_medians": float(logit.predict(middle)[0])}, "x", 1e-8)
    on, off = middle.copy(), middle.copy()
    on[1], off[1] = 2.0, -1.0
    difference = float(logit.predict(on)[0] - logit.predict(off)[0])
    check(found, {"first_difference_at_medians(-1, 2)": difference}, "x", 1e-8)
    other = logit.get_margeff(at="median").summary_frame()
    check(found, {"effect_at_medians": other["dy/dx"].iloc[0]}, "x", 1e-6)
    check(found, {"effect_at_medians_std_error": other["Std. Err."].iloc[0]}, "x", 1e-6)
    with pytest.raises(ConfigError, match="takes 0 or 2 values, not 1"):
        number_of(found, "x", "first_difference_at_means(1)")


@pytest.mark.fault("published tables")
def test_levels_have_no_one_risk_and_models_without_regressors_no_test() -> None:
    for name in ("ordered_logit", "multinomial_logit"):
        keys = {"names": {"x": "x[2]"}} if name == "multinomial_logit" else {}
        with pytest.raises(NoRisk, match="a risk of each level"):
            number_of(fitted("level", name, ("x", "z"), **keys), "x", "mem")
    for quantity in ("f", "f_p", "wald_chi2"):
        with pytest.raises(UnsupportedEstimator, match="no regressors"):
            number_of(fitted("y", "describe", ()), "", quantity)
    with pytest.raises(UnsupportedEstimator, match="only linear models"):
        number_of(fitted("event", "logit", ("x",)), "", "f_p")
