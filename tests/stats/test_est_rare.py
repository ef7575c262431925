"""Rare-events logit against Zelig and Stata, and the Cauchy prior against brute force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from detente.base import numerics
from detente.base.errors import EstimationError, NotConverged, Separation, UnknownOption
from detente.stats.frame import ModelFrame
from detente.stats.registry import get

from support.likelihoods import (
    MEANS,
    Rows,
    assert_derivatives,
    assert_printed,
    bernoulli_rows,
    clustered,
    constant,
    hessian,
    mansfield_pevehouse,
    panel,
    slopes,
    targets,
)

TERMS = ("major", "contig", "power", "maxdem", "mindem", "years")
TAU = 1042 / 303772


def mid(folder: Path) -> ModelFrame:
    data = pd.read_csv(folder / "king_zeng_mid" / "mid.tab", sep=r"\s+")
    return ModelFrame(data["conflict"].to_numpy(float), data[list(TERMS)].to_numpy(float), TERMS)


# R 4.2.2, Zelig 5.1.7: zelig(conflict ~ major + contig + power + maxdem + mindem + years, model = "relogit", …) on
# `mid`; weighting comes with HC0 standard errors times √(N/(N − k)). R's glm has variances of its last step but one.
@pytest.mark.parametrize(
    ("run", "options", "within"),
    [
        ("glm", {"unbias": False}, 1e-10),
        ("relogit_notau", {}, 1e-10),
        ("relogit_prior", {"tau": TAU}, 1e-10),
        ("relogit_weighting", {"tau": TAU, "correction": "weighting"}, 2e-9),
    ],
)
def test_king_zeng_meets_zelig(replication: Path, run: str, options: dict[str, object], within: float) -> None:
    table = pd.read_csv(replication / "king_zeng_mid" / "targets.tsv", sep="\t")
    printed = table[table["model"] == run]
    assert [t.replace("(Intercept)", "intercept") for t in printed["term"]] == ["intercept", *TERMS]
    fit = get("king_zeng").fit(mid(replication), **options)
    assert_allclose(fit.estimate, printed["estimate"], rtol=within)
    variance = fit.bread * fit.dispersion
    if run == "relogit_weighting":
        n, k = fit.x.shape
        variance = fit.bread @ fit.scores.whole.T @ fit.scores.whole @ fit.bread * n / (n - k)
    assert_allclose(np.sqrt(np.diag(variance)), printed["std_error"], rtol=1e-5 if run == "relogit_weighting" else 3e-8)


# Stata, `relogit … , cluster(dyad)` (Tomz, King and Zeng): Mansfield and Pevehouse 2000, the authors' log.
def test_king_zeng_in_statas_convention_meets_mansfield_and_pevehouse(replication: Path) -> None:
    printed = targets(replication, "mansfield_pevehouse_2000", "relogit (King-Zeng), cl(dyad)")
    design, dyad = mansfield_pevehouse(replication, "midon", [t for t in printed.index if t != "_cons"])
    fit = get("king_zeng").fit(replace(design, fixed_effects={}), convention="stata")
    assert fit.flags == ("Stata's relogit: variances times 0.998192, (N/(N + k))²",)
    errors = clustered(fit, dyad)
    for term, target in printed.rename(index={"_cons": "intercept"}).iterrows():
        place = fit.terms.index(str(term))
        assert_printed(fit.estimate[place], target["estimate"], early=1e-6)
        assert_printed(errors[place], target["std_error"], early=1e-5)


def test_scores_of_king_zeng_are_those_of_the_likelihood_at_its_maximum() -> None:
    design = panel()
    fit, logit = get("king_zeng").fit(design), get("logit").fit(design)
    assert_allclose(fit.scores.whole, logit.scores.whole, atol=1e-9)
    assert_allclose(fit.bread, logit.bread, rtol=1e-8)
    rows = bernoulli_rows(design.y, constant(design.x), MEANS["logit"])
    assert_allclose(fit.scores.whole, slopes(rows, logit.estimate), atol=1e-7)
    assert_allclose(fit.scores.whole.sum(axis=0), 0, atol=1e-7)
    assert_allclose(fit.predictor, fit.x @ fit.estimate)


def test_weighted_scores_and_bread_are_derivatives_of_the_weighted_likelihood() -> None:
    design = panel()
    share, tau = design.y.mean(), 0.02
    weights = np.where(design.y == 1, tau / share, (1 - tau) / (1 - share))
    fit = get("king_zeng").fit(design, tau=tau, correction="weighting", unbias=False)
    plain = bernoulli_rows(design.y, constant(design.x), MEANS["logit"])
    assert_derivatives(fit, lambda b: weights * plain(b))


def test_the_correction_takes_most_of_the_bias_away() -> None:
    rng, corrected, plain = np.random.default_rng(8), [], []
    x = rng.normal(size=(60, 1))
    while len(corrected) < 300:
        y = (rng.random(60) < 1 / (1 + np.exp(2 - x[:, 0]))).astype(float)
        if y.sum() >= 5:
            design = ModelFrame(y, x, ("treatment",))
            corrected.append(get("king_zeng").fit(design).estimate[1])
            plain.append(get("logit").fit(design).estimate[1])
    assert abs(np.mean(corrected) - 1) < 0.5 * abs(np.mean(plain) - 1)


@pytest.mark.fault("fits")
@pytest.mark.parametrize("tau", [0.0, 1.0, -0.1])
def test_a_share_outside_zero_and_one_is_refused(tau: float) -> None:
    with pytest.raises(EstimationError, match="must lie between 0 and 1"):
        get("king_zeng").fit(panel(), tau=tau)


@pytest.mark.fault("fits")
@pytest.mark.parametrize(("option", "value"), [("correction", "weights"), ("convention", "zelg")])
def test_an_option_that_is_not_known_is_refused(option: str, value: str) -> None:
    with pytest.raises(UnknownOption, match=f"^{option} '{value}' is not known; legal values: "):
        get("king_zeng").fit(panel(), **{option: value})


def test_king_zeng_needs_a_maximum() -> None:
    design = panel()
    with pytest.raises(Separation, match="'treatment' = 1 has no onset"):
        get("king_zeng").fit(replace(design, y=np.where(design.x[:, 0] == 1, 0.0, design.y)))


def log_posterior(design: ModelFrame, scale: float = 2.5, scale_intercept: float = 10.0) -> Rows:
    """Rows of the log posterior in the units of the regressors, the log prior spread over them."""
    x, center = constant(design.x), design.x.mean(axis=0)
    binary = [len(np.unique(c)) == 2 for c in design.x.T]
    unit = np.where(binary, np.ptp(design.x, axis=0), 2 * design.x.std(axis=0))

    def rows(b: np.ndarray) -> np.ndarray:
        standard = np.r_[(b[0] + center @ b[1:]) / scale_intercept, b[1:] * unit / scale]
        index = x @ b
        return design.y * index - np.logaddexp(0, index) - np.log1p(standard**2).sum() / len(x)

    return rows


def brute_force(design: ModelFrame, **scales: float) -> np.ndarray:
    rows = log_posterior(design, **scales)
    start = np.zeros(design.x.shape[1] + 1)
    rough = minimize(lambda b: -rows(b).sum(), start, method="Nelder-Mead", options={"maxiter": 20000, "xatol": 1e-7})
    return minimize(lambda b: -rows(b).sum(), rough.x, method="BFGS", options={"gtol": 1e-9}).x


@pytest.mark.parametrize("scales", [{}, {"scale": 0.5, "scale_intercept": 2.0}])
def test_the_cauchy_mode_meets_brute_force(scales: dict[str, float]) -> None:
    design = panel()
    fit = get("cauchy_logit").fit(design, **scales)
    assert_allclose(fit.estimate, brute_force(design, **scales), rtol=2e-5, atol=2e-6)
    rows = log_posterior(design, **scales)
    assert_allclose(fit.scores.whole.sum(axis=0), 0, atol=1e-8)
    assert_allclose(slopes(rows, fit.estimate).sum(axis=0), 0, atol=1e-6)
    assert_allclose(fit.scores.whole, slopes(rows, fit.estimate), atol=1e-7)
    assert_allclose(np.linalg.inv(fit.bread), -hessian(rows, fit.estimate), rtol=1e-5, atol=1e-4)


def test_separated_data_have_a_cauchy_mode() -> None:
    design = panel()
    design = replace(design, y=np.where(design.x[:, 0] == 1, 0.0, design.y))
    fit = get("cauchy_logit").fit(design)
    assert -10 < fit.estimate[1] < -2
    assert_allclose(fit.estimate, brute_force(design), rtol=1e-4, atol=1e-5)


def test_a_wide_prior_gives_maximum_likelihood() -> None:
    design = panel()
    wide = get("cauchy_logit").fit(design, scale=1e6, scale_intercept=1e6)
    assert_allclose(wide.estimate, get("logit").fit(design).estimate, rtol=1e-6)


def test_units_of_regressors_do_not_matter_to_the_prior() -> None:
    design, units = panel(), np.array([1.0, 1e4, 3.0])
    scaled = get("cauchy_logit").fit(replace(design, x=design.x * units))
    assert_allclose(scaled.estimate[1:] * units, get("cauchy_logit").fit(design).estimate[1:], rtol=1e-6)


@pytest.mark.fault("fits")
def test_refusals_of_the_cauchy_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EstimationError, match="scales of the priors must be positive"):
        get("cauchy_logit").fit(panel(), scale=0.0)
    monkeypatch.setattr(numerics, "MOST_STEPS", 1)
    with pytest.raises(NotConverged, match="no maximum"):
        get("cauchy_logit").fit(panel())
