"""Firth's logit, pooled and with a factor absorbed: R's printed numbers, dense algebra, and refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from detente.base.errors import (
    NoVariation,
    RankDeficient,
    Separation,
    UnknownOption,
    UnknownVariable,
    UnsuitableOutcome,
    UnsupportedEffects,
)
from detente.stats.frame import ModelFrame
from detente.stats.likelihood import firth
from detente.stats.likelihood.firth import profile_interval
from detente.stats.registry import get

from support.accounts import constant, derivative, dummies
from support.accounts_logits import adjusted, dense_firth, hat, penalised_value
from support.worlds import dyadic_design, solved, studied

OUTCOMES = {"sex2": "case", "endometrial": "HG"}


def sample(folder: Path, name: str) -> tuple[ModelFrame, pd.DataFrame]:
    """A published data set and all that R prints of it."""
    data = pd.read_csv(folder / "oracle_firth_sex2" / f"{name}.csv")
    terms = [c for c in data.columns if c != OUTCOMES[name]]
    targets = pd.read_csv(folder / "oracle_firth_sex2" / "targets.tsv", sep="\t")
    targets["term"] = targets["term"].replace("(Intercept)", "intercept")
    design = ModelFrame(data[OUTCOMES[name]].to_numpy(float), data[terms].to_numpy(float), tuple(terms))
    return design, targets


@pytest.mark.parametrize("name", OUTCOMES)
def test_firth_meets_brglm2(replication: Path, name: str) -> None:
    """R brglm2 0.9, `glm(case ~ ., binomial, sex2, method = "brglmFit", type = "AS_mean")`, 12 digits."""
    design, targets = sample(replication, name)
    printed = targets[targets["model"] == f"{name}_brglm2_AS_mean"].set_index("term")
    found = get("firth").fit(design)
    assert_allclose(found.estimate, printed.loc[list(found.terms), "estimate"], atol=2e-9)
    assert_allclose(np.sqrt(np.diag(found.bread)), printed.loc[list(found.terms), "std_error"], rtol=1e-8)


def test_the_augmented_bread_is_that_of_logistf(replication: Path) -> None:
    """R logistf, `logistf(case ~ ., sex2)`: 8 digits of estimates, 7 of errors; its optimiser stops at 1e-5."""
    design, targets = sample(replication, "sex2")
    printed = targets[(targets["table"] == "logistf sex2") & (targets["model"] == "Firth logit")].set_index("term")
    found = get("firth").fit(design, bread="augmented")
    assert_allclose(found.estimate, printed.loc[list(found.terms), "estimate"], atol=3e-7)
    assert_allclose(np.sqrt(np.diag(found.bread)), printed.loc[list(found.terms), "std_error"], rtol=2e-6)


@pytest.mark.parametrize("name", OUTCOMES)
def test_profile_intervals_meet_logistf(replication: Path, name: str) -> None:
    """R logistf, `confint(logistf(…))`, profile penalised likelihood, as printed."""
    design, targets = sample(replication, name)
    with_ends = targets[targets["table"].eq(f"logistf {name}") & targets["other_stat"].str.startswith("pl_lower")]
    assert len(with_ends) == design.x.shape[1] + 1
    for term, said in zip(with_ends["term"], with_ends["other_stat"], strict=True):
        low, high = (float(part.split("=")[1]) for part in said.split(";"))
        assert_allclose(profile_interval(design, term), (low, high), atol=5e-6)


def test_scores_add_up_to_the_gradient_and_the_observed_bread_to_the_hessian_of_the_penalised_likelihood() -> None:
    design = dyadic_design(states=7)
    x, y = constant(design), design.y
    away = np.array([-0.7, 0.4, 0.3, -0.2])
    gradient = derivative(lambda theta: np.array(penalised_value(y, x, theta)), away, 1e-3)
    assert_allclose(firth.penalised(y, x, away).gradient, gradient, rtol=1e-8)
    found = get("firth").fit(design, bread="observed")
    hessian = derivative(lambda theta: adjusted(y, x, theta)[0].sum(axis=0), found.estimate, 1e-4)
    assert_allclose(found.bread, -np.linalg.inv(hessian), rtol=1e-8)
    assert_allclose(found.scores.whole.sum(axis=0), 0, atol=1e-8)


def test_the_three_breads_agree_where_leverages_are_small_and_differ_in_known_order(replication: Path) -> None:
    large, (small, _) = dyadic_design(states=60), sample(replication, "sex2")
    for design, apart in ((large, 2e-3), (small, 0.13)):
        errors = {b: np.sqrt(np.diag(get("firth").fit(design, bread=b).bread)) for b in get_args(firth.Bread)}
        assert (errors["augmented"] < errors["expected"]).all()
        for other in errors.values():
            assert_allclose(other, errors["expected"], rtol=apart)


def test_scores_are_the_adjusted_ones_row_by_row() -> None:
    design = dyadic_design(states=8)
    found = get("firth").fit(design)
    x, p = constant(design), 1 / (1 + np.exp(-found.predictor))
    h = hat(x, p * (1 - p))
    assert_allclose(found.scores.whole, x * (design.y - p + h * (0.5 - p))[:, None], atol=1e-12)


def test_separation_has_a_finite_estimate() -> None:
    design = dyadic_design(states=10)
    separated = replace(design, y=np.where(design.treatment == 1, 0.0, design.y))
    with pytest.raises(Separation):
        solved("logit", separated)
    found = solved("firth", separated)
    assert found.estimate[1] < -3
    low, high = profile_interval(separated, "treatment")
    assert low < found.estimate[1] < high < 0


@pytest.mark.parametrize("rare", [False, True])
def test_starting_from_a_part_of_the_rows_changes_nothing(monkeypatch: pytest.MonkeyPatch, rare: bool) -> None:
    design = dyadic_design(states=30)
    y = design.y * (np.random.default_rng(0).random(len(design.y)) < 0.1) if rare else design.y
    direct = solved("firth", replace(design, y=y))
    monkeypatch.setattr(firth, "LARGE", 100)
    assert_allclose(solved("firth", replace(design, y=y)).estimate, direct.estimate, rtol=1e-8)


@pytest.mark.fault("fits")
def test_firth_and_its_intervals_refuse_what_does_not_exist() -> None:
    design = dyadic_design(states=8)
    with pytest.raises(UnsupportedEffects, match=r"firth_fe"):
        get("firth").fit(studied("lpm", design))
    with pytest.raises(UnknownOption, match=r"^bread 'expectd' is not known; .*nearest: 'expected'$"):
        get("firth").fit(design, bread="expectd")
    with pytest.raises(UnsuitableOutcome):
        solved("firth", replace(design, y=design.y + 1))
    with pytest.raises(NoVariation):
        solved("firth", replace(design, y=np.zeros(len(design.y))))
    with pytest.raises(RankDeficient):
        solved("firth", replace(design, x=np.column_stack([design.x[:, :2], 2 * design.x[:, 1]])))
    with pytest.raises(UnknownVariable, match=r"^the model has no term 'treatmnt'; .*nearest: 'treatment'$"):
        profile_interval(design, "treatmnt")


# With a factor absorbed -----------------------------------------------------------------------------------------------


def rare_design() -> ModelFrame:
    """Few onsets: most dyads have none, some have one row."""
    design = dyadic_design(states=9, seed=9)
    rng = np.random.default_rng(1)
    keep = (rng.random(len(design.y)) < 0.8) & ((design.side2 != 10) | (design.time == 1990))
    y = design.y * (rng.random(len(design.y)) < 0.3)
    parts = (v[keep] for v in (y, design.x, design.side1, design.side2, design.time))
    y, x, a, b, year = parts
    return studied("firth_fe", ModelFrame(y, x, design.terms, a, b, year))


@pytest.mark.parametrize("bread", ["expected", "augmented"])
def test_absorbing_a_factor_equals_the_dense_estimate_with_dummies(bread: str) -> None:
    design = rare_design()
    sizes = np.bincount(np.unique(design.fixed_effects["dyad"], return_inverse=True)[1])
    assert sizes.min() == 1
    dense, x, k = dense_firth(design.y, dummies(design)), dummies(design), design.x.shape[1]
    found = get("firth_fe").fit(design, bread=bread)
    assert_allclose(found.estimate, dense.estimate[:k], rtol=1e-8)
    assert_allclose(found.predictor, x @ dense.estimate, atol=1e-8)
    p = 1 / (1 + np.exp(-x @ dense.estimate))
    w = p * (1 - p)
    w = w * (1 + hat(x, w)) if bread == "augmented" else w
    full = np.linalg.inv((x * w[:, None]).T @ x)
    assert_allclose(found.bread, full[:k, :k], rtol=1e-7)
    sandwich = (full @ dense.scores.T @ dense.scores @ full)[:k, :k]
    assert_allclose(found.bread @ found.scores.whole.T @ found.scores.whole @ found.bread, sandwich, rtol=1e-6)
    assert found.absorbed == len(sizes)


def test_the_absorbed_estimate_does_not_depend_on_the_curvature_it_climbs_by(monkeypatch: pytest.MonkeyPatch) -> None:
    from detente.stats.likelihood import grouped as module

    design = rare_design()
    quick = get("firth_fe").fit(design)
    steps = module._step
    monkeypatch.setattr(module, "_step", lambda *a, **_: steps(*a, curved=False))
    slow = get("firth_fe").fit(design)
    assert slow.iterations > 2 * quick.iterations
    assert_allclose(slow.estimate, quick.estimate, rtol=1e-8)


def test_dyads_without_onsets_are_kept_and_the_flag_says_what_that_does_to_risks() -> None:
    design = rare_design()
    found = get("firth_fe").fit(design)
    assert found.rows is None
    assert len(found.scores) == len(design.y)
    ratio = (1 / (1 + np.exp(-found.predictor))).mean() / design.y.mean()
    assert ratio > 1.5
    assert found.flags == (
        f"mean predicted risk is {ratio:.3f} times the base rate: Jeffreys' prior draws risks towards one half",
    )


def test_absorbing_keeps_the_places_of_rows() -> None:
    design = rare_design()
    turned = np.random.default_rng(3).permutation(len(design.y))
    y, x, dyad = (v[turned] for v in (design.y, design.x, design.fixed_effects["dyad"]))
    first = get("firth_fe").fit(design)
    second = get("firth_fe").fit(ModelFrame(y, x, design.terms, fixed_effects={"dyad": dyad}))
    assert_allclose(second.predictor, first.predictor[turned], atol=1e-8)
    assert_allclose(second.scores.whole, first.scores.whole[turned], atol=1e-8)


@pytest.mark.fault("fits")
def test_absorbing_refuses_what_does_not_exist() -> None:
    design = rare_design()
    fitted = get("firth_fe").fit
    with pytest.raises(UnsupportedEffects, match=r"^firth_fe absorbs one factor, such as the dyad; given: none$"):
        fitted(replace(design, fixed_effects={}))
    with pytest.raises(UnsupportedEffects, match=r"given: dyad × year$"):
        fitted(replace(design, fixed_effects={**design.fixed_effects, "year": design.time}))
    with pytest.raises(UnknownOption, match=r"legal values: augmented, expected"):
        fitted(design, bread="observed")
    with pytest.raises(NoVariation, match=r"^the treatment 'treatment' does not vary within the \d+ levels of dyad$"):
        fitted(replace(design, x=np.column_stack([design.side1, design.x[:, 1:]])))
    with pytest.raises(RankDeficient, match="control, binary"):
        fitted(replace(design, x=np.column_stack([design.x[:, :2], 2 * design.x[:, 1]])))
