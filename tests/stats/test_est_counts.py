"""Negative binomial regression against statsmodels, a naive likelihood and Stata's printed numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from statsmodels.discrete.discrete_model import NegativeBinomial

from detente.base import numerics
from detente.base.errors import NotConverged, NoVariation, RankDeficient, Separation, UnsuitableOutcome
from detente.stats.frame import ModelFrame
from detente.stats.registry import get

from support.likelihoods import assert_derivatives, assert_printed, clustered, constant, negbin_rows, panel, targets


def counts(*, alpha: float = 1.5, seed: int = 4) -> ModelFrame:
    design, rng = panel(), np.random.default_rng(seed)
    mean = np.exp(0.3 - 0.4 * design.x[:, 0] + 0.2 * design.x[:, 1])
    mixed = rng.gamma(1 / alpha, alpha, len(mean)) if alpha else 1.0
    return replace(design, y=rng.poisson(mean * mixed).astype(float))


def test_negbin_meets_statsmodels() -> None:
    design = counts()
    fit = get("negbin").fit(design)
    reference = NegativeBinomial(design.y, constant(design.x)).fit(
        method="newton", start_params=np.r_[fit.estimate[:-1] * 0.9, 1.0], tol=1e-14, maxiter=200, disp=False
    )
    assert fit.terms == ("intercept", "treatment", "control", "binary", "ln(alpha)")
    assert_allclose(np.r_[fit.estimate[:-1], np.exp(fit.estimate[-1])], reference.params, rtol=1e-6)
    scale = np.r_[np.ones(4), np.exp(fit.estimate[-1])]
    assert_allclose(fit.bread * np.outer(scale, scale), reference.cov_params(), rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("alpha", [0.2, 1.5, 20.0])
def test_scores_and_bread_of_all_parameters_are_derivatives_of_a_naive_likelihood(alpha: float) -> None:
    design = counts(alpha=alpha)
    fit = get("negbin").fit(design)
    assert_derivatives(fit, negbin_rows(design.y, constant(design.x)))
    assert fit.link == "log"
    assert not fit.x[:, -1].any()


def test_the_planted_dispersion_is_recovered() -> None:
    fit = get("negbin").fit(counts(alpha=1.5))
    assert abs(fit.estimate[-1] - np.log(1.5)) < 3 * np.sqrt(fit.bread[-1, -1])


# Stata, `nbreg … , cluster(conflict_id)`: Hultman, Kathman and Shannon, AJPS 57(4) 2013, Table 1.
TABLE = {
    "M1 All OSV": ("osvAll", False),
    "M2 Rebel OSV": ("osvreb1", False),
    "M3 Govt OSV": ("osvgov", False),
    "M4 PKO only": ("osvAll", True),
    "M5 Resolution timing": ("osvAll", False),
}
# The table prints 2.46, but the same covariance gives the Wald statistic of the same model to its last digit.
MISPRINT = ("M3 Govt OSV", "policeLag")


@pytest.mark.parametrize("model", TABLE)
def test_negbin_meets_every_printed_digit_of_hultman_kathman_shannon(replication: Path, model: str) -> None:
    printed = targets(replication, "hks_2013", model)
    outcome, with_keepers = TABLE[model]
    data = pd.read_csv(replication / "hks_2013" / "HKS_AJPS_2013.tab", sep="\t")
    terms = [t for t in printed.index if t not in ("_cons", "alpha")]
    used = data[(data["PKOdum"] == 1) | (not with_keepers)].dropna(subset=[outcome, *terms])
    assert len(used) == printed["n"].iloc[0]
    fit = get("negbin").fit(ModelFrame(used[outcome].to_numpy(float), used[terms].to_numpy(float), tuple(terms)))
    conflict = used["conflict_id"].to_numpy(int)
    errors = clustered(fit, conflict)
    for term, target in printed.iterrows():
        place = fit.terms.index({"_cons": "intercept", "alpha": "ln(alpha)"}.get(str(term), str(term)))
        estimate, error = fit.estimate[place], errors[place]
        if term == "alpha":
            estimate, error = np.exp(estimate), np.exp(estimate) * error
        assert_printed(estimate, target["estimate"])
        if (model, term) == MISPRINT:
            assert_printed(error, "2.45")
        else:
            assert_printed(error, target["std_error"])
    _, groups = np.unique(conflict, return_inverse=True)
    sums = np.array([fit.scores.whole[groups == g].sum(axis=0) for g in range(groups.max() + 1)])
    covariance = fit.bread @ sums.T @ sums @ fit.bread * len(sums) / (len(sums) - 1)
    slopes = fit.estimate[1:-1]
    wald = slopes @ np.linalg.solve(covariance[1:-1, 1:-1], slopes)
    # The statistic of the first model is printed as 468.16 where the estimates give 468.150.
    assert_printed(wald, printed["other_stat"].iloc[0].split(";")[0].removeprefix("wald="), early=3e-5)


def test_counts_that_vary_no_more_than_poissons_have_no_dispersion() -> None:
    design = counts(alpha=0.0)
    with pytest.raises(NoVariation, match="vary no more than a Poisson's: alpha is zero"):
        get("negbin").fit(replace(design, y=np.round(np.exp(0.2 * design.x[:, 1]))))


@pytest.mark.fault("fits")
@pytest.mark.parametrize("bad", [0.5, -1.0])
def test_an_outcome_that_is_no_count_is_refused(bad: float) -> None:
    design = counts()
    with pytest.raises(UnsuitableOutcome, match="must be a count"):
        get("negbin").fit(replace(design, y=np.where(np.arange(len(design.y)) == 0, bad, design.y)))


@pytest.mark.fault("fits")
def test_what_does_not_vary_and_what_depends_is_named() -> None:
    design = counts()
    with pytest.raises(NoVariation, match=r"^the outcome is 3 in all"):
        get("negbin").fit(replace(design, y=np.full(len(design.y), 3.0)))
    x = np.column_stack([design.x, design.x[:, 1] + design.x[:, 2]])
    with pytest.raises(RankDeficient, match="control, binary, sum"):
        get("negbin").fit(replace(design, x=x, terms=(*design.terms, "sum")))


def test_a_treatment_that_always_means_zero_is_separation_by_name() -> None:
    design = counts()
    treated = int(design.x[:, 0].sum())
    with pytest.raises(Separation) as error:
        get("negbin").fit(replace(design, y=np.where(design.x[:, 0] == 1, 0.0, design.y)))
    assert str(error.value) == (
        f"'treatment' predicts an outcome of zero perfectly in {treated} of {len(design.y)} rows: "
        "its negbin coefficient is infinite"
    )


def test_a_search_cut_short_is_not_converged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numerics, "MOST_STEPS", 1)
    with pytest.raises(NotConverged):
        get("negbin").fit(counts())
