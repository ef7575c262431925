"""Pooled binary models and Mundlak's logit against statsmodels, naive likelihoods and Stata; separation decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import linprog
from statsmodels.discrete.discrete_model import Logit, Probit
from statsmodels.genmod import families
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
from detente.stats.frame import ModelFrame
from detente.stats.likelihood import binary, separation
from detente.stats.linear import regressors
from detente.stats.registry import get

from support.likelihoods import (
    MEANS,
    assert_derivatives,
    assert_printed,
    bernoulli_rows,
    clustered,
    constant,
    mansfield_pevehouse,
    panel,
    targets,
)

LINKS = ("logit", "probit", "cloglog")


def _glm(design: ModelFrame) -> tuple[np.ndarray, np.ndarray]:
    link = families.links.CLogLog()
    fit = GLM(design.y, constant(design.x), family=families.Binomial(link=link)).fit(tol=1e-15, maxiter=200)
    return fit.params, np.linalg.inv(-fit.model.hessian(fit.params, observed=True))


def _discrete(model: type) -> Callable[[ModelFrame], tuple[np.ndarray, np.ndarray]]:
    def fit(design: ModelFrame) -> tuple[np.ndarray, np.ndarray]:
        result = model(design.y, constant(design.x)).fit(method="newton", tol=1e-13, disp=False)
        return result.params, result.cov_params()

    return fit


REFERENCES = {"logit": _discrete(Logit), "probit": _discrete(Probit), "cloglog": _glm}


@pytest.mark.parametrize("name", LINKS)
def test_pooled_models_meet_statsmodels(name: str) -> None:
    design = panel()
    fit, (estimate, bread) = get(name).fit(design), REFERENCES[name](design)
    assert fit.terms == ("intercept", "treatment", "control", "binary")
    assert fit.link == name
    assert_allclose(fit.estimate, estimate, rtol=1e-8)
    assert_allclose(fit.bread, bread, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("name", LINKS)
def test_scores_and_bread_are_derivatives_of_a_naive_likelihood(name: str) -> None:
    design = panel()
    assert_derivatives(get(name).fit(design), bernoulli_rows(design.y, constant(design.x), MEANS[name]))


@pytest.mark.parametrize("name", LINKS)
def test_a_search_that_begins_on_a_part_ends_at_the_same_place(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    design = panel(rate=-3.5, years=40, dyads=66)
    whole = get(name).fit(design)
    monkeypatch.setattr(binary, "LARGE", 100)
    monkeypatch.setattr(regressors, "CHUNK", 97)
    assert_allclose(get(name).fit(design).estimate, whole.estimate, rtol=1e-10)


@pytest.mark.parametrize("name", LINKS)
def test_units_of_regressors_do_not_matter(name: str) -> None:
    design, units = panel(), np.array([1.0, 1e9, 1e-6])
    scaled = get(name).fit(replace(design, x=design.x * units))
    assert_allclose(scaled.estimate[1:] * units, get(name).fit(design).estimate[1:], rtol=1e-8)


@pytest.mark.parametrize("name", LINKS)
def test_far_indices_have_finite_derivatives(name: str) -> None:
    eta = np.array([-800.0, -40.0, -1e-9, 0.0, 3.0, 40.0, 800.0])
    model = {"logit": binary.LOGIT, "probit": binary.PROBIT, "cloglog": binary.CLOGLOG}[name]
    for y in (np.zeros(7), np.ones(7)):
        rows = model.slopes(eta, y)
        assert np.isfinite(rows.first).all() and (rows.curvature >= 0).all() and not np.isnan(rows.value).any()


# Stata, `logit` with `cluster(dyad)`: Mansfield and Pevehouse 2000, the authors' log; columns of Table 1. Its search
# stopped when the likelihood moved by less than 1e-7, its standard errors being those of the step before: that of
# pt2GDPs in column 3, the farthest, is 2.706e-09 at the maximum, 2.70e-09 in the log.
@pytest.mark.parametrize(
    ("model", "outcome", "early"),
    [("T1c1 logit onset, cl(dyad)", "midon", 1e-6), ("T1c3 logit dispute, cl(dyad)", "dispute", 4e-4)],
)
def test_logit_meets_stata_on_mansfield_and_pevehouse(
    replication: Path, model: str, outcome: str, early: float
) -> None:
    printed = targets(replication, "mansfield_pevehouse_2000", model)
    design, dyad = mansfield_pevehouse(replication, outcome, [t for t in printed.index if t != "_cons"])
    fit = get("logit").fit(replace(design, fixed_effects={}))
    errors = clustered(fit, dyad)
    for term, target in printed.rename(index={"_cons": "intercept"}).iterrows():
        place = fit.terms.index(str(term))
        assert_printed(fit.estimate[place], target["estimate"], early=1e-6)
        assert_printed(errors[place], target["std_error"], early=early)


def test_logit_reports_its_gap_to_statsmodels_and_refuses_another_estimate() -> None:
    design = panel()
    fit = get("logit").fit(design)
    compared = get("logit").compared(design, fit)
    assert compared.reference == "statsmodels Logit"
    assert 0 <= compared.gap < 1e-9
    with pytest.raises(NotReproduced, match="logit differs from statsmodels Logit by"):
        get("logit").compared(design, replace(fit, estimate=fit.estimate * 1.0001))


def test_the_gap_is_the_distance_to_statsmodels_own_maximum() -> None:
    design = panel()
    fit = get("logit").fit(design)
    moved = replace(fit, estimate=fit.estimate + 1e-7 * np.sqrt(np.diag(fit.bread)))
    own = Logit(design.y, constant(design.x)).fit(method="newton", tol=1e-13, disp=False).params
    distance = np.abs(moved.estimate - own) / (np.abs(moved.estimate) + np.sqrt(np.diag(fit.bread)))
    assert_allclose(get("logit").compared(design, moved).gap, distance.max(), rtol=1e-4)


@pytest.mark.parametrize("name", LINKS)
def test_one_side_of_a_binary_regressor_without_onsets_is_separation_by_name(name: str) -> None:
    design = panel()
    y = np.where(design.x[:, 0] == 1, 0.0, design.y)
    with pytest.raises(Separation) as error:
        get(name).fit(replace(design, y=y))
    rows = int(design.x[:, 0].sum())
    assert str(error.value) == f"'treatment' = 1 has no onset in {rows} dyad-years: its {name} coefficient is infinite"


@pytest.mark.parametrize("name", LINKS)
def test_a_continuous_perfect_predictor_is_complete_separation_by_name(name: str) -> None:
    design = panel()
    x = design.x.copy()
    x[:, 1] = design.y + np.random.default_rng(1).uniform(-0.1, 0.1, len(design.y))
    with pytest.raises(Separation) as error:
        get(name).fit(replace(design, x=x))
    n = len(design.y)
    assert str(error.value) == (
        f"'control' predicts the outcome perfectly in {n} of {n} rows (completely separated): "
        f"its {name} coefficient is infinite"
    )


@pytest.mark.fault("fits")
@pytest.mark.parametrize("name", LINKS)
def test_two_regressors_that_separate_only_together_are_both_named(name: str) -> None:
    design = panel()
    rng = np.random.default_rng(5)
    x = np.column_stack([design.x[:, 0], rng.normal(size=(len(design.y), 2))])
    y = np.where(x[:, 1] + x[:, 2] > 0.8, 1.0, np.where(x[:, 1] + x[:, 2] < 0.79, 0.0, design.y))
    with pytest.raises(Separation, match=r"^'control' and 'binary' together predict the outcome perfectly"):
        get(name).fit(replace(design, x=x, y=y))


def test_quasi_complete_separation_with_overlap_on_a_boundary_is_found() -> None:
    y = np.array([0, 0, 0, 1, 0, 1, 0, 1, 1, 1, 1.0])
    x = np.array([1, 2, 3, 4, 4, 4, 4, 4, 5, 6, 7.0])
    with pytest.raises(Separation) as error:
        get("logit").fit(ModelFrame(y, x[:, None], ("treatment",)))
    assert str(error.value) == (
        "'treatment' predicts the outcome perfectly in 6 of 11 rows (quasi-completely separated): "
        "its logit coefficient is infinite"
    )


def test_data_that_nearly_separate_are_estimated() -> None:
    y = np.r_[np.zeros(40), np.ones(40)]
    x = np.r_[np.linspace(-5, -1, 39), 1.2, -1.1, np.linspace(1, 5, 39)]
    fit = get("logit").fit(ModelFrame(y, x[:, None], ("treatment",)))
    assert_allclose(fit.estimate, Logit(y, constant(x[:, None])).fit(method="newton", tol=1e-13, disp=False).params)


@pytest.mark.parametrize("seed", range(12))
def test_separation_is_decided_as_by_one_program_over_all_rows(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separation, "BATCH", 5)
    rng = np.random.default_rng(seed)
    x = constant(rng.integers(-2, 3, (60, 4)).astype(float))
    y = (x @ rng.normal(size=5) + rng.normal(0, 0.4 if seed % 2 else 3.0, 60) > 0).astype(float)
    signed = x / np.abs(x).max(axis=0) * (2 * y - 1)[:, None]
    whole = linprog(-signed.mean(axis=0), A_ub=-signed, b_ub=np.zeros(60), bounds=(-1, 1))
    found = separation.separating_direction(signed, np.ones(5, dtype=bool), np.ones(60, dtype=bool))
    assert (found is not None) == (-whole.fun > 1e-9)
    if found is not None:
        assert (signed @ found.weights >= -1e-6).all()


@pytest.mark.fault("fits")
@pytest.mark.parametrize("name", [*LINKS, "king_zeng", "cauchy_logit", "ordered_logit", "multinomial_logit"])
def test_dependent_regressors_are_named(name: str) -> None:
    design = panel()
    x = np.column_stack([design.x, 7 - design.x[:, 1] * 2])
    with pytest.raises(RankDeficient, match=r"^linearly dependent regressors: control, copy; drop one of them$"):
        get(name).fit(replace(design, x=x, terms=(*design.terms, "copy")))


@pytest.mark.fault("fits")
@pytest.mark.parametrize("name", [*LINKS, "king_zeng", "cauchy_logit", "ordered_logit", "multinomial_logit"])
def test_what_does_not_vary_is_refused_or_dropped_by_name(name: str) -> None:
    design = panel()
    with pytest.raises(NoVariation, match=r"^the outcome is 0 in all"):
        get(name).fit(replace(design, y=np.zeros(len(design.y))))
    fixed = design.x.copy()
    fixed[:, 0] = 1
    with pytest.raises(NoVariation, match=r"^the treatment 'treatment' is 1 in all"):
        get(name).fit(replace(design, x=fixed))
    fixed = design.x.copy()
    fixed[:, 2] = 4
    assert get(name).fit(replace(design, x=fixed)).dropped == ("binary",)


@pytest.mark.fault("fits")
@pytest.mark.parametrize("name", [*LINKS, "negbin", "king_zeng", "cauchy_logit", "ordered_logit", "multinomial_logit"])
def test_effects_are_refused_by_name(name: str) -> None:
    design = panel()
    words = rf"^estimator '{name}' takes no fixed effects, but got dyad; those that absorb: .*lpm"
    with pytest.raises(UnsupportedEffects, match=words):
        get(name).fit(replace(design, fixed_effects={"dyad": design.pairs.dyad}))


@pytest.mark.fault("fits")
def test_other_outcomes_and_missing_values_are_refused() -> None:
    design = panel()
    with pytest.raises(UnsuitableOutcome, match="must be 0 or 1"):
        get("logit").fit(replace(design, y=design.y * 2))
    x = design.x.copy()
    x[5, 2] = np.nan
    with pytest.raises(EstimationError, match="missing or infinite in 'binary'"):
        get("logit").fit(replace(design, x=x))
    with pytest.raises(EstimationError, match="missing or infinite in the outcome"):
        get("logit").fit(replace(design, y=np.where(np.arange(len(design.y)) == 3, np.inf, design.y)))


def test_a_search_cut_short_is_not_converged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numerics, "MOST_STEPS", 1)
    with pytest.raises(NotConverged, match=r"^logit found no maximum, though the data are not separated$"):
        get("logit").fit(panel())


def test_mundlak_logit_meets_statsmodels_on_means_made_by_pandas() -> None:
    design = panel()
    x = design.x.copy()
    x[:, 2] = design.side1 % 2
    design = replace(design, x=x, fixed_effects={"dyad": design.pairs.dyad})
    frame = pd.DataFrame(x[:, :2]).groupby(design.pairs.dyad).transform("mean").to_numpy()
    fit = get("cre_logit").fit(design)
    full = constant(np.column_stack([x, frame]))
    assert fit.terms == ("intercept", "treatment", "control", "binary", "mean(treatment)", "mean(control)")
    assert fit.terms[fit.treatment] == "treatment"
    assert fit.flags == ("fixed within groups, so without a mean and compared between them: binary",)
    assert_allclose(fit.estimate, Logit(design.y, full).fit(method="newton", tol=1e-13, disp=False).params, rtol=1e-7)
    assert_derivatives(fit, bernoulli_rows(design.y, full, MEANS["logit"]))


def test_means_that_are_the_same_in_every_dyad_are_dropped_by_name() -> None:
    design = panel()
    whole = np.repeat(np.arange(40), 8)
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.random(320) < 0.4, np.tile(np.arange(8.0), 40)])
    fit = get("cre_logit").fit(
        replace(
            design, y=(rng.random(320) < 0.4) * 1.0, x=x, terms=("treatment", "time"), fixed_effects={"dyad": whole}
        )
    )
    assert fit.dropped == ("mean(time)",)


@pytest.mark.parametrize("names", [(), ("dyad", "year")])
def test_mundlak_logit_needs_one_factor(names: tuple[str, ...]) -> None:
    design = panel()
    with pytest.raises(UnsupportedEffects, match=r"^cre_logit averages within one factor, such as the dyad; given: "):
        get("cre_logit").fit(replace(design, fixed_effects={n: design.factor(n) for n in names}))
