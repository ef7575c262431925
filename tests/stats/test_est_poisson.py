"""Poisson, pooled and with absorbed effects, against statsmodels, dummies and other software; separation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import gammaln
from statsmodels.discrete.discrete_model import Poisson
from statsmodels.genmod.families import Poisson as PoissonFamily
from statsmodels.genmod.generalized_linear_model import GLM

from detente.base import numerics
from detente.base.errors import (
    EstimationError,
    NotConverged,
    NotReproduced,
    NoVariation,
    RankDeficient,
    Separation,
    UnsuitableOutcome,
    UnsupportedEffects,
)
from detente.stats.covariance import number_dyads, sandwich
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.counts import absorbed_gap, fepoisson, poisson
from detente.stats.linear.absorb import absorber
from detente.stats.registry import get

from support.worlds import dyadic_design


def panel(**options: object) -> ModelFrame:
    design = dyadic_design(**{"states": 14, "years": 6, "seed": 3, **options})  # type: ignore[arg-type]
    return replace(design, fixed_effects={}, attrition=())


def counts(design: ModelFrame, scale: float = 1.0) -> ModelFrame:
    """The same panel with counts as outcome."""
    rng = np.random.default_rng(12)
    assert design.side1 is not None
    mean = scale * np.exp(0.5 * design.x[:, 0] - 0.3 * design.x[:, 1] + rng.normal(0, 0.5, 200)[design.side1])
    return replace(design, y=rng.poisson(mean).astype(float))


def with_fixed_effects(design: ModelFrame, *names: str) -> ModelFrame:
    assert design.side1 is not None
    assert design.side2 is not None
    known = {
        "dyad": design.side1 * 1000 + design.side2,
        "year": design.time,
        "side1": design.side1,
        "side2": design.side2,
    }
    return replace(design, fixed_effects={name: known[name] for name in names})


def dummies(design: ModelFrame, rows: np.ndarray) -> np.ndarray:
    """Independent dummies of the effects of some rows."""
    parts = [pd.get_dummies(pd.Series(codes[rows]), dtype=float).to_numpy() for codes in design.fixed_effects.values()]
    full = np.column_stack(parts)
    return full[:, np.abs(np.linalg.qr(full)[1].diagonal()) > 1e-9]


def log_likelihood(y: np.ndarray, x: np.ndarray) -> Callable[[np.ndarray], float]:
    """Poisson log-likelihood, written out."""

    def at(beta: np.ndarray) -> float:
        eta = x @ beta
        return float(np.sum(y * eta - np.exp(eta) - gammaln(y + 1)))

    return at


def derivatives(function: Callable[[np.ndarray], float], at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Hessian by central differences."""
    k, step = len(at), 1e-4
    unit = np.eye(k) * step
    gradient = np.array([(function(at + e) - function(at - e)) / (2 * step) for e in unit])
    hessian = np.array(
        [
            [
                (function(at + e + f) - function(at + e - f) - function(at - e + f) + function(at - e - f))
                / (4 * step**2)
                for f in unit
            ]
            for e in unit
        ]
    )
    return gradient, hessian


@pytest.mark.parametrize("outcome", ["onsets", "counts"])
def test_pooled_poisson_equals_statsmodels(outcome: str) -> None:
    design = panel() if outcome == "onsets" else counts(panel(), 2.0)
    full = np.column_stack([np.ones(len(design.y)), design.x])
    # statsmodels Poisson by Newton; HC0 covariance.
    reference = Poisson(design.y, full).fit(method="newton", tol=1e-14, maxiter=100, disp=False, cov_type="HC0")
    fit = poisson(design)
    assert fit.terms == ("intercept", *design.terms)
    assert fit.terms[fit.treatment] == "treatment"
    assert_allclose(fit.estimate, reference.params, rtol=1e-9)
    assert_allclose(sandwich("hc0", fit.scores, fit.bread, design.pairs).matrix, reference.cov_params(), rtol=1e-8)
    assert_allclose(fit.predictor, np.log(reference.predict()), rtol=1e-8)
    assert 0 <= get("poisson").compared(design, fit).gap < 1e-10


def test_pooled_poisson_maximises_its_likelihood_and_carries_its_curvature() -> None:
    design = counts(panel())
    full = np.column_stack([np.ones(len(design.y)), design.x])
    likelihood = log_likelihood(design.y, full)
    fit = poisson(design)
    best = minimize(lambda b: -likelihood(b), np.zeros(full.shape[1]), method="BFGS", options={"gtol": 1e-7})
    assert_allclose(fit.estimate, best.x, atol=1e-5)
    gradient, hessian = derivatives(likelihood, fit.estimate)
    assert_allclose(gradient, 0, atol=1e-5)
    assert_allclose(np.linalg.inv(-hessian), fit.bread, rtol=1e-4)
    rows = [derivatives(log_likelihood(design.y[i : i + 1], full[i : i + 1]), fit.estimate)[0] for i in range(5)]
    assert_allclose(fit.scores.whole[:5], rows, atol=1e-6)


@pytest.mark.parametrize("names", [("dyad",), ("dyad", "year"), ("side1", "side2", "year")])
@pytest.mark.parametrize("outcome", ["onsets", "counts"])
def test_absorbed_poisson_equals_dummies(names: tuple[str, ...], outcome: str) -> None:
    design = with_fixed_effects(panel(states=10) if outcome == "onsets" else counts(panel(states=10)), *names)
    fit = fepoisson(design)
    rows = np.arange(len(design.y)) if fit.rows is None else fit.rows
    extra = dummies(design, rows)
    full = np.column_stack([design.x[rows], extra])
    # statsmodels GLM with explicit dummies on the rows that have an informative level.
    reference = GLM(design.y[rows], full, family=PoissonFamily()).fit(tol=1e-14, maxiter=200)
    k = len(design.terms)
    assert_allclose(fit.estimate, reference.params[:k], rtol=1e-8, atol=1e-10)
    assert fit.absorbed == extra.shape[1]
    information = (full * reference.fittedvalues[:, None]).T @ full
    bread = np.linalg.inv(information)
    assert_allclose(fit.bread, bread[:k, :k], rtol=1e-7)
    scores = full * (design.y[rows] - reference.fittedvalues)[:, None]
    pairs = number_dyads(design.side1[rows], design.side2[rows])
    for kind in ("hc0", "dyad", "dyadic"):
        expected = sandwich(kind, scores, bread, pairs).unrepaired[:k, :k]
        assert_allclose(sandwich(kind, fit.scores, fit.bread, pairs).unrepaired, expected, rtol=1e-6, atol=1e-12)
    assert_allclose(fit.scores.whole.sum(axis=0), 0, atol=1e-9)
    assert fit.predictor is not None
    assert_allclose(np.exp(fit.predictor), reference.fittedvalues, rtol=1e-6)
    for codes in design.fixed_effects.values():
        left = pd.Series(design.y[rows] - np.exp(fit.predictor)).groupby(codes[rows]).sum()
        assert_allclose(left, 0, atol=1e-9)
    assert 0 <= absorbed_gap(design, fit).gap < 1e-9


# pyfixest 0.60.0: fepois("y ~ treatment + control + binary | …", vcov={"CRV1": "dyad"},
# ssc=ssc(k_adj=False, G_adj=True), fixef_tol=1e-13, iwls_tol=1e-13); 319 rows are left of 477.
PYFIXEST = {
    ("dyad", "year"): ([-0.0268080864, 0.1868664535, 0.0147515897], [0.1539377423, 0.0870832514, 0.1589236434]),
    ("dyad",): ([-0.0292744629, 0.1841125798, -0.0080798658], [0.1491342624, 0.0865522729, 0.1533171388]),
}


@pytest.mark.parametrize("names", PYFIXEST)
def test_absorbed_poisson_meets_pyfixest(names: tuple[str, ...]) -> None:
    design = with_fixed_effects(panel(), *names)
    fit = fepoisson(design)
    assert fit.rows is not None
    assert len(fit.rows) == 319
    errors = sandwich(
        "dyad", fit.scores.whole, fit.bread, number_dyads(design.side1[fit.rows], design.side2[fit.rows])
    ).std_errors
    assert_allclose(fit.estimate, PYFIXEST[names][0], atol=1e-9)
    # pyfixest's variance has the weights of its last iteration but one.
    assert_allclose(errors, PYFIXEST[names][1], rtol=1e-6)


def test_absorbed_poisson_does_not_depend_on_the_order_of_rows_or_effects() -> None:
    design = with_fixed_effects(panel(), "dyad", "year")
    order = np.random.default_rng(0).permutation(len(design.y))
    shuffled = replace(
        design,
        y=design.y[order],
        x=design.x[order],
        fixed_effects={name: design.fixed_effects[name][order] for name in ("year", "dyad")},
    )
    assert_allclose(fepoisson(shuffled).estimate, fepoisson(design).estimate, rtol=1e-9)


def test_levels_whose_outcome_is_always_zero_are_left_out_and_counted() -> None:
    design = with_fixed_effects(panel(), "dyad")
    onsets = pd.Series(design.y).groupby(design.fixed_effects["dyad"])
    silent = onsets.transform("sum") == 0
    fit = fepoisson(design)
    levels = int((onsets.sum() == 0).sum())
    assert fit.flags[0] == (
        f"{int(silent.sum()):,} rows in {levels:,} levels of dyad whose outcome is always zero say nothing about the "
        "coefficients"
    )
    assert_allclose(fit.rows, np.flatnonzero(~silent))
    kept = ~silent.to_numpy()
    alone = replace(
        design, y=design.y[kept], x=design.x[kept], fixed_effects={"dyad": design.fixed_effects["dyad"][kept]}
    )
    assert_allclose(fit.estimate, fepoisson(alone).estimate, rtol=1e-12)
    assert fepoisson(alone).rows is None


def test_leaving_out_a_level_of_one_effect_may_empty_one_of_another() -> None:
    base = with_fixed_effects(panel(), "dyad", "year")
    y, x = np.r_[base.y, 0.0, 1.0], np.vstack([base.x, base.x[:2]])
    # A dyad of one peaceful year, the only one of its year; and a dyad of one year, which is its own.
    effects = {"dyad": np.r_[base.fixed_effects["dyad"], -1, -2], "year": np.r_[base.fixed_effects["year"], 3000, 3001]}
    fit = fepoisson(replace(base, y=y, x=x, fixed_effects=effects))
    assert_allclose(fit.estimate, fepoisson(base).estimate, rtol=1e-9)
    assert fit.rows is not None
    assert fit.rows[-1] == len(base.y) + 1
    assert_allclose(fit.scores.whole[-1], 0, atol=1e-9)
    assert fit.flags[-1].startswith("1 rows are the only one of a level of their effects")


def test_rows_that_effects_alone_predict_to_be_zero_are_left_out() -> None:
    """No level of either factor is always zero, but two blocks are linked by nothing but zeros."""
    rng = np.random.default_rng(6)
    first, second = rng.integers(0, 6, 800), rng.integers(0, 6, 800)
    met = (first < 3) | (second >= 3)
    first, second = first[met], second[met]
    corner = (first < 3) & (second >= 3)
    x = rng.normal(size=(len(first), 2))
    y = np.where(corner, 0, rng.poisson(np.exp(0.3 * x[:, 0] + 0.5))).astype(float)
    design = ModelFrame(y=y, x=x, terms=("d", "c"), fixed_effects={"f": first, "s": second})
    fit = fepoisson(design)
    assert_allclose(fit.rows, np.flatnonzero(~corner))
    assert fit.flags[0] == (
        f"{int(corner.sum()):,} rows that the effects alone predict to be zero say nothing about the coefficients"
    )
    rest = replace(design, y=y[~corner], x=x[~corner], fixed_effects={"f": first[~corner], "s": second[~corner]})
    assert_allclose(fit.estimate, fepoisson(rest).estimate, rtol=1e-10)


def separated(design: ModelFrame) -> ModelFrame:
    """The treatment never meets an onset."""
    return replace(design, y=np.where(design.treatment == 1, 0.0, design.y))


@pytest.mark.parametrize("names", [(), ("dyad",), ("dyad", "year")])
def test_a_treatment_that_never_meets_an_onset_is_separation_by_name(names: tuple[str, ...]) -> None:
    design = separated(with_fixed_effects(panel(), *names))
    with pytest.raises(Separation) as error:
        (fepoisson if names else poisson)(design)
    message = str(error.value)
    assert message.startswith("'treatment' predicts an outcome of zero perfectly in ")
    assert message.endswith("its Poisson coefficient is infinite")
    if not names:
        assert f"in {int(design.treatment.sum()):,} of {len(design.y):,} rows" in message


@pytest.mark.fault("fits")
def test_regressors_that_only_together_predict_zeros_are_named_together() -> None:
    design = panel()
    rng = np.random.default_rng(2)
    u, v = rng.normal(size=(2, len(design.y)))
    v = np.where(design.y > 0, u, np.minimum(u, v))
    full = replace(design, x=np.column_stack([design.x[:, 0], u, v]), terms=("treatment", "u", "v"))
    with pytest.raises(Separation, match=r"^'u' and 'v' together predict an outcome of zero perfectly in"):
        poisson(full)
    with pytest.raises(Separation, match=r"^'u' and 'v' together predict an outcome of zero perfectly in"):
        fepoisson(with_fixed_effects(full, "dyad"))


def test_a_null_space_of_onsets_without_a_sign_is_no_separation() -> None:
    """Constant wherever there is an onset, but above and below it elsewhere: the estimate exists."""
    design = panel()
    column = np.where(design.y > 0, 0.0, np.random.default_rng(2).normal(size=len(design.y)))
    full = replace(design, x=np.column_stack([design.x, column]), terms=(*design.terms, "still"))
    fit = poisson(full)
    x = np.column_stack([np.ones(len(design.y)), full.x])
    reference = Poisson(design.y, x).fit(method="newton", tol=1e-14, maxiter=100, disp=False)
    assert_allclose(fit.estimate, reference.params, rtol=1e-8)


@pytest.mark.fault("fits")
def test_a_wrong_coefficient_is_not_reproduced() -> None:
    pooled = panel()
    fit = poisson(pooled)
    with pytest.raises(NotReproduced, match=r"^poisson differs from statsmodels Poisson by"):
        get("poisson").compared(pooled, replace(fit, estimate=fit.estimate + 1e-4))
    design = with_fixed_effects(panel(), "dyad", "year")
    absorbed = fepoisson(design)
    assert absorbed.predictor is not None
    for off in (
        replace(absorbed, estimate=absorbed.estimate + 1e-4),
        replace(absorbed, predictor=absorbed.predictor + 1e-4),
        replace(absorbed, predictor=absorbed.predictor + 1e-4 * design.x[absorbed.rows, 0]),
    ):
        with pytest.raises(NotReproduced, match=r"^fepoisson differs from first-order conditions on dummies, SciPy"):
            absorbed_gap(design, off)


@pytest.mark.fault("fits")
def test_what_does_not_exist_is_a_named_error() -> None:
    design = with_fixed_effects(panel(), "dyad", "year")
    pooled = replace(design, fixed_effects={})
    with pytest.raises(UnsupportedEffects, match=r"^estimator 'poisson' .* got dyad, year; .* absorb: .*fepoisson"):
        poisson(design)
    with pytest.raises(
        UnsupportedEffects, match=r"^fepoisson absorbs effects and got none; estimators without .*: negbin, poisson$"
    ):
        fepoisson(pooled)
    negative = np.where(np.arange(len(design.y)) < 2, -1.0, design.y)
    for fit, data in ((poisson, pooled), (fepoisson, design)):
        with pytest.raises(UnsuitableOutcome, match=r"^the outcome is negative in 2 rows: Poisson counts from zero$"):
            fit(replace(data, y=negative))
        with pytest.raises(NoVariation, match=r"^the outcome is 0 in all"):
            fit(replace(data, y=np.zeros(len(design.y))))
        twice = np.column_stack([data.x, data.x[:, 1] * 2])
        with pytest.raises(RankDeficient, match=r"^linearly dependent regressors: control, copy; drop one of them$"):
            fit(replace(data, x=twice, terms=(*data.terms, "copy")))
        gap = data.x.copy()
        gap[3, 1] = np.nan
        with pytest.raises(EstimationError, match="missing or infinite in 'control'"):
            fit(replace(data, x=gap))
    fixed = design.x.copy()
    fixed[:, 0] = design.side1
    with pytest.raises(
        NoVariation, match=r"^the treatment 'treatment' does not vary within dyad and year effects in the"
    ):
        fepoisson(replace(design, x=fixed))


@pytest.mark.fault("fits")
def test_a_control_fixed_within_effects_is_dropped_and_named() -> None:
    design = with_fixed_effects(panel(), "dyad", "year")
    x = design.x.copy()
    x[:, 1] = design.side1
    fit = fepoisson(replace(design, x=x))
    assert fit.dropped == ("control",)
    assert fit.terms == ("treatment", "binary")


def test_means_of_all_sizes_keep_their_digits() -> None:
    """Some rows are all but impossible, and one of them has an onset: the fit still holds exactly."""
    design = with_fixed_effects(counts(panel(states=20), 3.0), "dyad", "year")
    x = design.x.copy()
    x[::40, 1] += 150.0
    y = design.y.copy()
    y[::40] = 0.0
    y[0] = 1.0
    wide = replace(design, x=x, y=y)
    fit = fepoisson(wide)
    assert fit.predictor is not None
    assert fit.predictor.min() < -10
    assert absorbed_gap(wide, fit).gap < 1e-9


def test_absorbed_poisson_recovers_a_planted_effect() -> None:
    design = panel(states=40, years=10)
    rng = np.random.default_rng(9)
    shock = rng.normal(0, 1, (60, 60))[design.side1, design.side2]
    mean = np.exp(shock - 0.5 + 0.4 * design.x[:, 0])
    fit = fepoisson(with_fixed_effects(replace(design, y=rng.poisson(mean).astype(float)), "dyad", "year"))
    assert abs(fit.estimate[0] - 0.4) < 3 * np.sqrt(fit.bread[0, 0])


def test_an_outcome_scaled_leaves_all_but_the_constant_alone() -> None:
    """Quasi-likelihood: the outcome need not be whole."""
    design = counts(panel())
    pooled, scaled = poisson(design), poisson(replace(design, y=design.y / 7))
    assert_allclose(scaled.estimate, pooled.estimate - np.log(7) * np.eye(len(pooled.estimate))[0], atol=1e-9)
    large = poisson(replace(design, y=design.y * 1e12))
    assert_allclose(large.estimate - np.log(1e12) * np.eye(len(pooled.estimate))[0], pooled.estimate, atol=1e-9)
    absorbed = with_fixed_effects(design, "dyad", "year")
    assert_allclose(fepoisson(replace(absorbed, y=design.y / 7)).estimate, fepoisson(absorbed).estimate, atol=1e-9)


def test_a_search_cut_short_is_not_converged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numerics, "MOST_STEPS", 1)
    with pytest.raises(NotConverged, match=r"^poisson found no maximum"):
        poisson(counts(panel()))


def test_the_scores_are_within_effects_weighted_by_the_mean() -> None:
    design = with_fixed_effects(panel(), "dyad", "year")
    fit = fepoisson(design)
    assert fit.rows is not None
    assert fit.predictor is not None
    effects = {name: codes[fit.rows] for name, codes in design.fixed_effects.items()}
    made = absorber(effects, len(fit.rows), np.exp(fit.predictor))
    assert_allclose(fit.x, made.residual(design.x[fit.rows]), atol=1e-8)
    assert_allclose(fit.scores.whole, fit.x * (design.y[fit.rows] - np.exp(fit.predictor))[:, None], atol=1e-12)


@pytest.mark.parametrize("name", ["poisson", "fepoisson", "iv_lpm", "lpm"])
def test_estimators_are_registered_with_a_reference(name: str) -> None:
    estimator = get(name)
    assert estimator.reference
    assert estimator.gap is not None
    assert "dyadic" in estimator.covariances
