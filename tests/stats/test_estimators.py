"""Linear model and logit against independent implementations; what every estimator keeps to; errors for no numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.regression.linear_model import OLS

from detente.base.errors import NoVariation, RankDeficient, Separation, UnknownEstimator
from detente.stats.covariance import sandwich
from detente.stats.frame import ModelFrame
from detente.stats.linear.absorb import absorber
from detente.stats.parts import subset
from detente.stats.registry import REGISTRY, get

from support import accounts_logits  # noqa: F401 (registers its objectives)
from support.accounts import OBJECTIVES
from support.worlds import dyadic_design, solved, studied


def dyad(design: ModelFrame) -> np.ndarray:
    return design.side1.astype("int64") * 1000 + design.side2


def dummies(design: ModelFrame) -> np.ndarray:
    """Full sets of dyad and year dummies, one year left out."""
    d = pd.get_dummies(pd.Series(dyad(design)), dtype=float).to_numpy()
    t = pd.get_dummies(pd.Series(design.time), dtype=float).to_numpy()[:, 1:]
    return np.column_stack([d, t])


def lpm_reference(design: ModelFrame) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Least squares with explicit dummies; covariances by the double sum and by statsmodels OLS."""
    full = np.column_stack([design.x, dummies(design)])
    b = np.linalg.lstsq(full, design.y, rcond=None)[0]
    bread = np.linalg.pinv(full.T @ full)
    scores = full * (design.y - full @ b)[:, None]
    k = len(design.terms)
    clustered = (
        OLS(design.y, full)
        .fit(cov_type="cluster", cov_kwds={"groups": dyad(design), "use_correction": False})
        .cov_params()[:k, :k]
    )
    dyads = len(np.unique(dyad(design)))
    return b[:k], {
        "dyadic": (bread @ double_sum(scores, design) @ bread)[:k, :k],
        "dyad": clustered * dyads / (dyads - 1),
    }


def logit_reference(design: ModelFrame) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Iteratively reweighted least squares (statsmodels GLM); covariances by the double sum and by GLM's clusters."""
    x = np.column_stack([np.ones(len(design.y)), design.x])
    model = GLM(design.y, x, family=Binomial())
    fit = model.fit(tol=1e-14, maxiter=200)
    p = fit.fittedvalues
    bread = np.linalg.inv((x * (p * (1 - p))[:, None]).T @ x)
    scores = x * (design.y - p)[:, None]
    clustered = model.fit(
        tol=1e-14, maxiter=200, cov_type="cluster", cov_kwds={"groups": dyad(design), "use_correction": False}
    ).cov_params()
    dyads = len(np.unique(dyad(design)))
    return fit.params, {"dyadic": bread @ double_sum(scores, design) @ bread, "dyad": clustered * dyads / (dyads - 1)}


def double_sum(scores: np.ndarray, design: ModelFrame) -> np.ndarray:
    a, b = design.side1, design.side2
    shares = (a[:, None] == a) | (a[:, None] == b) | (b[:, None] == a) | (b[:, None] == b)
    return np.asarray(scores.T @ (shares @ scores))


REFERENCES: dict[str, Callable[[ModelFrame], tuple[np.ndarray, dict[str, np.ndarray]]]] = {
    "lpm": lpm_reference,
    "logit": logit_reference,
}


@pytest.mark.parametrize("name", sorted(REFERENCES))
def test_dyadic_and_clustered_covariances_meet_statsmodels_and_the_double_sum(name: str) -> None:
    design = dyadic_design(states=20, years=4, effect=0.1)
    fit = solved(name, design)
    estimate, covariances = REFERENCES[name](design)
    assert_allclose(fit.estimate, estimate, rtol=1e-7, atol=1e-10)
    for kind, expected in covariances.items():
        found = sandwich(kind, fit.scores, fit.bread, design.pairs)
        assert found.repair == "", "a repaired covariance is no sandwich: choose another design"
        assert_allclose(found.matrix, expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_the_score_is_zero_at_the_estimate(name: str) -> None:
    assert name in OBJECTIVES, f"estimator {name!r} has no objective: add one to tests/support/accounts.py"
    fit = get(name).fit(OBJECTIVES[name].world(get(name)), **OBJECTIVES[name].options)
    spread = np.sqrt((fit.scores.whole**2).sum(axis=0))
    assert_allclose(fit.scores.whole.sum(axis=0) / np.where(spread > 0, spread, 1), 0, atol=1e-7)


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_rows_in_another_order_give_the_same_estimate(name: str) -> None:
    design = OBJECTIVES[name].world(get(name))
    shuffled = subset(design, np.random.default_rng(0).permutation(len(design.y)))
    first, second = (get(name).fit(d, **OBJECTIVES[name].options).estimate for d in (design, shuffled))
    assert_allclose(second, first, rtol=1e-7, atol=1e-9)


def test_absorbing_two_factors_equals_regressing_on_their_dummies() -> None:
    design = dyadic_design(states=10, years=5)
    values = np.column_stack([design.y, design.x])
    full = dummies(design)
    residual = values - full @ np.linalg.lstsq(full, values, rcond=None)[0]
    assert_allclose(absorber([dyad(design), design.time], len(values)).residual(values), residual, atol=1e-10)


def test_absorbing_survives_single_observations_and_disconnected_years() -> None:
    values = np.array([[1.0], [2.0], [4.0], [8.0], [16.0]])
    first, second = np.array([1, 1, 2, 2, 3]), np.array([1990, 1991, 2000, 2001, 2010])
    assert_allclose(absorber([first, second], len(values)).residual(values), 0, atol=1e-12)


def test_lpm_reports_its_gap_to_linearmodels() -> None:
    design = dyadic_design()
    compared = get("lpm").compared(studied("lpm", design), solved("lpm", design))
    assert compared.reference == "linearmodels PanelOLS"
    assert 0 <= compared.gap < 1e-9


@pytest.mark.parametrize(("name", "reference"), [("cre_logit", "statsmodels Logit"), ("probit", "statsmodels Probit")])
def test_binary_models_report_their_gap_to_statsmodels(name: str, reference: str) -> None:
    design = studied(name, dyadic_design())
    compared = get(name).compared(design, get(name).fit(design))
    assert compared.reference == reference
    assert 0 <= compared.gap < 1e-9


@pytest.mark.fault("fits")
def test_lpm_recovers_a_planted_effect_within_three_standard_errors() -> None:
    design = dyadic_design(states=40, years=12, effect=-0.12, seed=11)
    fit = solved("lpm", design)
    error = sandwich("dyadic", fit.scores, fit.bread, design.pairs).std_errors[0]
    assert error < 0.03
    assert abs(fit.estimate[0] + 0.12) < 3 * error


def test_logit_maximises_the_likelihood() -> None:
    design = dyadic_design(states=12)
    x = np.column_stack([np.ones(len(design.y)), design.x])

    def loss(b: np.ndarray) -> float:
        index = x @ b
        return float(np.logaddexp(0, index).sum() - design.y @ index)

    best = minimize(loss, np.zeros(x.shape[1]), method="BFGS", options={"gtol": 1e-8})
    assert_allclose(solved("logit", design).estimate, best.x, atol=1e-5)


# Stata, `logit` with `cluster(dyad)`: Mansfield and Pevehouse, International Organization 54(4) 2000, Table 1,
# column 1, as printed in the authors' log to seven digits. The data file names some variables otherwise than the log.
MANSFIELD_PEVEHOUSE = "T1c1 logit onset, cl(dyad)"
RENAMED = {
    "smGDP3": "smGDP", "lgGDP3": "lgGDP", "dydtrde": "trade", "ptntfly2": "PTA", "pt2GDPs": "ptaGDPs",
    "pt2GDPl": "ptaGDPl", "pt2dydtr": "ptadydtr", "hegGDP_1": "heg",
}  # fmt: skip


def test_logit_meets_stata_on_mansfield_and_pevehouse(replication: Path) -> None:
    folder = replication / "mansfield_pevehouse_2000"
    targets = pd.read_csv(folder / "targets.tsv", sep="\t").query("model == @MANSFIELD_PEVEHOUSE").set_index("term")
    data = pd.read_stata(folder / "iodata.dta", convert_categoricals=False)
    terms = [t for t in targets.index if t != "_cons"]
    columns = [RENAMED.get(t, t) for t in terms]
    used = data.dropna(subset=["midon", *columns])
    x = used[columns].to_numpy(float)
    states = used[["state1", "state2"]].to_numpy()
    design = ModelFrame(
        used["midon"].to_numpy(float), x, tuple(terms), states[:, 0], states[:, 1], used["year"].to_numpy()
    )
    fit = solved("logit", design)
    errors = dict(zip(fit.terms, sandwich("dyad", fit.scores, fit.bread, design.pairs).std_errors, strict=True))
    estimates = dict(zip(fit.terms, fit.estimate, strict=True))
    assert len(used) == 20990
    for term, target in targets.rename(index={"_cons": "intercept"}).iterrows():
        for found, printed in ((estimates[term], target["estimate"]), (errors[term], target["std_error"])):
            # Seven significant digits are printed, three for numbers that Stata shows in scientific notation.
            digits = 2 if abs(printed) < 1e-6 else 6
            assert_allclose(found, printed, rtol=0.51 * 10.0**-digits, atol=0.51e-7 if digits == 6 else 0)


def test_a_treatment_without_any_onset_is_separation_by_name() -> None:
    design = dyadic_design(states=10)
    y = np.where(design.treatment == 1, 0.0, design.y)
    with pytest.raises(Separation) as error:
        solved("logit", replace(design, y=y))
    treated = int(design.treatment.sum())
    assert str(error.value) == (
        f"'treatment' = 1 has no onset in {treated:,} dyad-years: its logit coefficient is infinite"
    )


def test_a_continuous_perfect_predictor_is_separation_by_name() -> None:
    design = dyadic_design(states=10)
    x = design.x.copy()
    x[:, 1] = design.y + np.random.default_rng(1).uniform(-0.1, 0.1, len(design.y))
    with pytest.raises(Separation):
        solved("logit", replace(design, x=x))


@pytest.mark.fault("fits")
@pytest.mark.parametrize("name", ["lpm", "logit"])
def test_dependent_regressors_are_named(name: str) -> None:
    design = dyadic_design()
    x = np.column_stack([design.x, design.x[:, 1] * 2])
    with pytest.raises(RankDeficient) as error:
        solved(name, replace(design, x=x, terms=(*design.terms, "copy")))
    assert str(error.value) == "linearly dependent regressors: control, copy; drop one of them"


def test_a_treatment_fixed_within_dyads_has_no_lpm() -> None:
    design = dyadic_design()
    x = design.x.copy()
    x[:, 0] = design.side1 % 2
    with pytest.raises(NoVariation) as error:
        solved("lpm", replace(design, x=x))
    assert str(error.value) == (
        f"the treatment 'treatment' does not vary within dyad and year effects in {len(design.y):,} rows"
    )


@pytest.mark.fault("fits")
def test_a_control_fixed_within_dyads_is_dropped_and_named() -> None:
    design = dyadic_design()
    x = design.x.copy()
    x[:, 1] = design.side1
    fit = solved("lpm", replace(design, x=x))
    assert fit.dropped == ("control",)
    assert fit.terms == ("treatment", "binary")


def test_an_unknown_estimator_names_the_nearest() -> None:
    with pytest.raises(UnknownEstimator) as error:
        get("logitt")
    assert str(error.value) == (
        f"estimator 'logitt' is not registered; legal values: {', '.join(sorted(REGISTRY))}; nearest: 'logit'"
    )
