"""Ordered and multinomial logit against statsmodels, naive likelihoods and Stata's printed numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from statsmodels.discrete.discrete_model import MNLogit
from statsmodels.miscmodels.ordinal_model import OrderedModel

from detente.base import numerics
from detente.base.errors import NotConverged, Separation, UnsuitableOutcome
from detente.stats.frame import ModelFrame
from detente.stats.likelihood import choice
from detente.stats.registry import get

from support.likelihoods import (
    assert_derivatives,
    assert_printed,
    clustered,
    constant,
    mansfield_pevehouse,
    multinomial_rows,
    ordered_rows,
    panel,
    targets,
)


def graded(seed: int = 2) -> ModelFrame:
    """Outcomes 0, 1 and 2, the higher the rarer."""
    design, rng = panel(), np.random.default_rng(seed)
    latent = 0.6 * design.x[:, 0] + 0.3 * design.x[:, 1] + rng.logistic(size=len(design.y))
    return replace(design, y=np.digitize(latent, [1.5, 3.0]).astype(float))


def test_ordered_logit_meets_statsmodels() -> None:
    design = graded()
    fit = get("ordered_logit").fit(design)
    reference = OrderedModel(design.y, design.x, distr="logit").fit(method="bfgs", gtol=1e-9, maxiter=500, disp=False)
    cuts = reference.model.transform_threshold_params(reference.params)[1:-1]
    assert fit.terms == ("treatment", "control", "binary", "cut1", "cut2")
    assert_allclose(fit.estimate, np.r_[reference.params[:3], cuts], rtol=2e-5)
    assert_allclose(np.sqrt(np.diag(fit.bread))[:3], reference.bse[:3], rtol=1e-4)


def test_multinomial_logit_meets_statsmodels() -> None:
    design = graded()
    fit = get("multinomial_logit").fit(design)
    reference = MNLogit(design.y, constant(design.x)).fit(method="newton", tol=1e-13, maxiter=100, disp=False)
    assert fit.terms[:3] == ("intercept[1]", "treatment[1]", "control[1]")
    assert_allclose(fit.estimate, reference.params.T.ravel(), rtol=1e-7)
    assert_allclose(fit.bread, reference.cov_params(), rtol=1e-6, atol=1e-10)


def test_scores_and_bread_of_ordered_logit_are_derivatives_of_a_naive_likelihood() -> None:
    design = graded()
    assert_derivatives(get("ordered_logit").fit(design), ordered_rows(design.y, design.x))


@pytest.mark.parametrize("equation", [1.0, 2.0])
def test_scores_and_bread_of_multinomial_logit_are_derivatives_of_a_naive_likelihood(equation: float) -> None:
    design = graded()
    fit = get("multinomial_logit").fit(design, equation=equation)
    assert fit.terms[fit.treatment] == f"treatment[{equation:g}]"
    assert_derivatives(fit, multinomial_rows(design.y, constant(design.x)))


def test_two_values_are_a_logit_to_both() -> None:
    design = panel()
    logit, ordered = get("logit").fit(design), get("ordered_logit").fit(design)
    assert_allclose(get("multinomial_logit").fit(design).estimate, logit.estimate, rtol=1e-9)
    assert_allclose(ordered.estimate, np.r_[logit.estimate[1:], -logit.estimate[0]], rtol=1e-9)
    assert_allclose(ordered.predictor, logit.predictor, rtol=1e-8)
    assert_allclose(ordered.scores.whole[:, :3], logit.scores.whole[:, 1:], atol=1e-8)


def test_another_base_is_another_view_of_the_same_model() -> None:
    design = graded()
    low, high = (get("multinomial_logit").fit(design, base=b) for b in (0.0, 2.0))
    assert high.terms[0] == "intercept[0]"
    assert_allclose(high.estimate[:4], -low.estimate[4:], rtol=1e-8)
    assert_allclose(high.estimate[4:], low.estimate[:4] - low.estimate[4:], rtol=1e-7)


def test_values_of_the_outcome_need_not_be_consecutive() -> None:
    design = graded()
    coded = replace(design, y=np.array([-1.0, 4.0, 10.0])[design.y.astype(int)])
    assert_allclose(get("ordered_logit").fit(coded).estimate, get("ordered_logit").fit(design).estimate)
    assert get("multinomial_logit").fit(coded).terms[-1] == "binary[10]"


# Stata, `ologit` and `mlogit` with `cluster(dyad)`: Mansfield and Pevehouse 2000, the authors' log.
def test_ordered_logit_meets_stata_on_mansfield_and_pevehouse(replication: Path) -> None:
    printed = targets(replication, "mansfield_pevehouse_2000", "T1c2 ologit, cl(dyad)")
    design, dyad = mansfield_pevehouse(replication, "onlevb", [t for t in printed.index if t != "_cut1"])
    fit = get("ordered_logit").fit(replace(design, fixed_effects={}))
    errors = clustered(fit, dyad)
    for term, target in printed.rename(index={"_cut1": "cut1"}).iterrows():
        place = fit.terms.index(str(term))
        assert_printed(fit.estimate[place], target["estimate"], early=1e-6)
        assert_printed(errors[place], target["std_error"], early=1e-4)


def test_multinomial_logit_meets_stata_on_mansfield_and_pevehouse(replication: Path) -> None:
    printed = targets(replication, "mansfield_pevehouse_2000", "mlogit, cl(dyad)")
    terms = [t.removeprefix("[1]") for t in printed.index if t.startswith("[1]") and t != "[1]_cons"]
    design, dyad = mansfield_pevehouse(replication, "onlevb", terms)
    fit = get("multinomial_logit").fit(replace(design, fixed_effects={}))
    errors = clustered(fit, dyad)
    for term, target in printed.iterrows():
        equation, name = str(term)[:3], str(term)[3:]
        place = fit.terms.index(name.replace("_cons", "intercept") + equation)
        assert_printed(fit.estimate[place], target["estimate"], early=1e-6)
        assert_printed(errors[place], target["std_error"], early=1e-4)


def test_a_treatment_that_never_meets_the_highest_grade_is_separation_of_one_value_but_not_of_the_order() -> None:
    design = graded()
    y = np.where((design.x[:, 0] == 1) & (design.y == 2), 1.0, design.y)
    with pytest.raises(Separation, match=r"^'treatment' = 1 has no onset in .* its multinomial logit coefficient"):
        get("multinomial_logit").fit(replace(design, y=y))
    assert np.isfinite(get("ordered_logit").fit(replace(design, y=y)).estimate).all()


def test_a_treatment_that_always_lifts_above_a_grade_is_separation() -> None:
    design = graded()
    x = design.x.copy()
    x[:, 0] = design.y + np.random.default_rng(0).uniform(0, 0.5, len(design.y))
    for name, words in (("ordered_logit", "ordered logit"), ("multinomial_logit", "multinomial logit")):
        with pytest.raises(Separation, match=rf"^'treatment' predicts the outcome perfectly .* {words} coefficient"):
            get(name).fit(replace(design, x=x))


@pytest.mark.fault("fits")
def test_a_value_that_the_outcome_does_not_have_is_refused() -> None:
    with pytest.raises(UnsuitableOutcome, match="base 7 is not one of 0, 1, 2"):
        get("multinomial_logit").fit(graded(), base=7.0)
    with pytest.raises(UnsuitableOutcome, match="equation 0 is not one of 1, 2"):
        get("multinomial_logit").fit(graded(), equation=0.0)


@pytest.mark.fault("fits")
def test_a_coefficient_that_runs_away_is_no_estimate_even_where_no_value_is_found_to_be_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    design = graded()
    y = np.where((design.x[:, 0] == 1) & (design.y == 2), 1.0, design.y)
    monkeypatch.setattr(choice, "refuse_separation", lambda *_: None)
    with pytest.raises(NotConverged, match=r"^multinomial_logit found no maximum"):
        get("multinomial_logit").fit(replace(design, y=y))


@pytest.mark.parametrize("name", ["ordered_logit", "multinomial_logit"])
def test_a_search_cut_short_is_not_converged(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numerics, "MOST_STEPS", 1)
    with pytest.raises(NotConverged, match=rf"^{name} found no maximum"):
        get(name).fit(graded())
