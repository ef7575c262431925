"""Logit with estimated effects: statsmodels on dummies, what is known of its bias, and refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import linprog
from statsmodels.discrete.discrete_model import Logit

from detente.base.errors import (
    EstimationError,
    NoVariation,
    RankDeficient,
    Separation,
    UnknownOption,
    UnsupportedEffects,
)
from detente.stats.frame import ModelFrame
from detente.stats.parts import subset
from detente.stats.registry import get

from support.accounts import dummies
from support.accounts_logits import informative
from support.worlds import dyadic_design

fitted = get("felogit").fit


def design_with(*names: str, states: int = 9, **kind: object) -> ModelFrame:
    design = dyadic_design(states=states, **kind)
    return replace(design, fixed_effects={name: design.factor(name) for name in names})


@pytest.mark.parametrize("names", [("dyad",), ("dyad", "year"), ("year",), ("side1", "side2", "year")])
def test_felogit_equals_statsmodels_on_dummies(names: tuple[str, ...]) -> None:
    design = design_with(*names)
    rows = informative(design)
    used = subset(design, rows)
    x, k = dummies(used), design.x.shape[1]
    keep = list(range(k))
    for j in range(k, x.shape[1]):
        if np.linalg.matrix_rank(x[:, [*keep, j]]) > len(keep):
            keep.append(j)
    x = x[:, keep]
    reference = Logit(used.y, x).fit(method="newton", disp=False, tol=1e-12, maxiter=200)
    found = fitted(design)
    assert_allclose(found.estimate, reference.params[:k], rtol=1e-7)
    assert_allclose(np.sqrt(np.diag(found.bread)), np.asarray(reference.bse)[:k], rtol=1e-6)
    assert_allclose(found.predictor, x @ reference.params, atol=1e-6)
    assert found.absorbed == len(keep) - k
    full = np.asarray(reference.cov_params())
    scores = x * (used.y - 1 / (1 + np.exp(-found.predictor)))[:, None]
    meat = full @ scores.T @ scores @ full
    assert_allclose(found.bread @ found.scores.whole.T @ found.scores.whole @ found.bread, meat[:k, :k], rtol=1e-5)


def test_levels_that_never_vary_are_left_out_of_every_factor_and_counted() -> None:
    design = design_with("dyad", "year")
    y = np.where(design.time == 1991, 0.0, np.where(design.side1 == 2, 1.0, design.y))
    found = fitted(replace(design, y=y))
    rows = informative(replace(design, y=y))
    assert found.rows is not None
    assert np.array_equal(found.rows, rows)
    assert [flag.split(" whose")[0].split("levels of ")[1] for flag in found.flags] == ["dyad", "year"]
    assert sum(int(flag.split()[0].replace(",", "")) for flag in found.flags) == len(y) - len(rows)


def separable(design: ModelFrame, rows: np.ndarray) -> np.ndarray:
    """Rows that dummies alone predict perfectly, by linear programs until none is left."""
    lost = rows[:0]
    while True:
        part = subset(design, np.setdiff1d(rows, lost))
        full = dummies(replace(part, x=np.empty((len(part.y), 0))))
        signed = full * (2 * part.y - 1)[:, None]
        way = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1)).x
        perfect = signed @ way > 1e-6
        if not perfect.any():
            return lost
        lost = np.union1d(lost, np.setdiff1d(rows, lost)[perfect])


def test_rows_that_effects_alone_predict_perfectly_are_left_out() -> None:
    """Every dyad and every year varies, but dyads of state 2 all have onsets late, and all others none early."""
    design = design_with("dyad", "year", gaps=False)
    two, late = design.side1 == 2, design.time >= 1994
    y = np.where(two & late, 1.0, np.where(two | late, design.y, 0.0))
    design = replace(design, y=y)
    found, rows = fitted(design), informative(design)
    lost = separable(design, rows)
    assert (two ^ ~late)[lost].sum() == (two ^ ~late)[rows].sum() > 50
    assert np.array_equal(found.rows, np.setdiff1d(rows, lost))
    said = f"{len(lost)} rows that the effects alone predict perfectly say nothing about the coefficients"
    assert said in found.flags
    bare = fitted(subset(design, found.rows))
    assert_allclose(found.estimate, bare.estimate, rtol=1e-8)


def test_with_two_years_the_estimate_is_twice_that_of_conditional_logit() -> None:
    """Andersen 1970: the inconsistency is exactly a factor of two."""
    design = design_with("dyad", states=20, years=2, gaps=False)
    assert_allclose(fitted(design).estimate, 2 * get("clogit").fit(design).estimate, rtol=1e-8)


def test_the_analytical_correction_is_its_formula_row_by_row() -> None:
    design = design_with("dyad", "year")
    plain, corrected = fitted(design), fitted(design, bias="analytical")
    p = 1 / (1 + np.exp(-plain.predictor))
    w, rows = p * (1 - p), plain.rows if plain.rows is not None else np.arange(len(design.y))
    total = np.zeros(len(plain.terms))
    for i in range(len(rows)):
        for codes in design.fixed_effects.values():
            same = codes[rows] == codes[rows[i]]
            total += w[i] * (1 - 2 * p[i]) * plain.x[i] / w[same].sum() / 2
    assert_allclose(corrected.estimate, plain.estimate + plain.bread @ total, rtol=1e-10)
    assert np.abs(corrected.estimate).sum() < np.abs(plain.estimate).sum()
    assert_allclose(corrected.scores.whole, plain.scores.whole)


def test_corrected_risks_have_effects_estimated_anew() -> None:
    design = design_with("dyad", "year")
    found = fitted(design, bias="analytical")
    rows = found.rows if found.rows is not None else np.arange(len(design.y))
    left = design.y[rows] - 1 / (1 + np.exp(-found.predictor))
    for codes in design.fixed_effects.values():
        level = np.unique(codes[rows], return_inverse=True)[1]
        assert_allclose(np.bincount(level, left), 0, atol=1e-6)


def test_splitpanel_is_twice_the_whole_less_the_mean_of_the_halves() -> None:
    design = design_with("dyad", states=16, years=8, gaps=False)
    late = design.time >= 1994
    whole, halves = fitted(design), [fitted(subset(design, np.flatnonzero(side))) for side in (late, ~late)]
    found = fitted(design, bias="splitpanel")
    expected = 2 * whole.estimate - (halves[0].estimate + halves[1].estimate) / 2
    assert_allclose(found.estimate, expected, rtol=1e-7)
    assert found.flags[-1].startswith("corrected for bias of order 1/T by half-panels, which use ")


def test_splitpanel_averages_both_roundings_of_an_odd_number_of_years() -> None:
    design = design_with("dyad", states=16, years=7, gaps=False)
    halves = [
        fitted(subset(design, np.flatnonzero(side))).estimate
        for cut in (1993, 1994)
        for side in (design.time >= cut, design.time < cut)
    ]
    expected = 2 * fitted(design).estimate - np.mean(halves, axis=0)
    assert_allclose(fitted(design, bias="splitpanel").estimate, expected, rtol=1e-7)


def test_both_corrections_take_off_most_of_the_bias() -> None:
    """Sixty worlds of 250 dyads over eight years with a coefficient of one: the mean error of each estimate."""
    rng = np.random.default_rng(12)
    dyad, year = np.repeat(np.arange(250), 8), np.tile(np.arange(8), 250)
    errors = {bias: [] for bias in ("none", "analytical", "splitpanel")}
    for _ in range(60):
        level = rng.normal(size=250)
        x = rng.normal(size=2000) + level[dyad]
        y = (x - 0.5 + level[dyad] + rng.logistic(size=2000) > 0).astype(float)
        design = ModelFrame(y, x[:, None], ("x",), time=year, fixed_effects={"dyad": dyad})
        for bias, list_ in errors.items():
            list_.append(fitted(design, bias=bias).estimate[0] - 1)
    mean = {bias: float(np.mean(list_)) for bias, list_ in errors.items()}
    assert mean["none"] > 0.12
    assert abs(mean["analytical"]) < mean["none"] / 3
    assert abs(mean["splitpanel"]) < mean["none"] / 2


SEPARATED = {
    ("dyad",): r"^'treatment' sets events apart .* its felogit coefficient is infinite$",
    ("dyad", "year"): r"^'treatment', with the effects, predicts the outcome perfectly in [\d,]+ of [\d,]+ rows: its",
}


@pytest.mark.parametrize("names", SEPARATED)
def test_a_treatment_never_met_by_an_onset_is_separation_by_name(names: tuple[str, ...]) -> None:
    design = design_with(*names, states=12)
    y = np.where(design.treatment == 1, 0.0, design.y)
    with pytest.raises(Separation, match=SEPARATED[names]):
        fitted(replace(design, y=y))


def test_of_two_regressors_that_move_only_the_one_to_blame_is_named() -> None:
    design = design_with("dyad", states=12)
    doses = design.treatment * np.random.default_rng(1).poisson(1.5, len(design.y))
    x = np.column_stack([design.x, doses])
    y = np.where(design.treatment == 1, 0.0, design.y)
    with pytest.raises(Separation, match=r"^'treatment' sets events apart"):
        fitted(replace(design, y=y, x=x, terms=(*design.terms, "doses")))


def test_what_does_not_exist_is_a_named_error() -> None:
    design = design_with("dyad", "year")
    with pytest.raises(UnsupportedEffects, match=r"^felogit absorbs effects and got none; .*: .*logit"):
        fitted(replace(design, fixed_effects={}))
    with pytest.raises(UnknownOption, match=r"^bias 'analytic' is not known; .*nearest: 'analytical'$"):
        fitted(design, bias="analytic")
    with pytest.raises(NoVariation, match=r"^no row is left where the outcome varies within dyad and year effects$"):
        fitted(replace(design, y=(design.fixed_effects["dyad"] % 2).astype(float)))
    with pytest.raises(NoVariation, match=r"^the treatment 'treatment' does not vary within dyad and year effects in"):
        fitted(replace(design, x=np.column_stack([design.side1, design.x[:, 1:]])))
    with pytest.raises(RankDeficient, match="control, binary"):
        fitted(replace(design, x=np.column_stack([design.x[:, :2], 2 * design.x[:, 1] + design.time])))


@pytest.mark.fault("fits")
def test_splitpanel_refuses_without_years_and_names_the_half_without_an_estimate() -> None:
    design = design_with("dyad", states=12, gaps=False)
    with pytest.raises(EstimationError, match=r"^splitpanel halves the years of each group: the design has none"):
        fitted(replace(design, time=None), bias="splitpanel")
    x = design.x.copy()
    x[:, 0] = np.where(design.time >= 1994, x[:, 0], 0.0)
    with pytest.raises(NoVariation, match=r"^splitpanel, first half of each group's years: the treatment 'treatment'"):
        fitted(replace(design, x=x), bias="splitpanel")
    x = design.x.copy()
    x[:, 1] = np.where(design.time < 1994, x[:, 1], 0.0)
    with pytest.raises(EstimationError, match=r"^splitpanel: control does not vary within effects in the second half"):
        fitted(replace(design, x=x), bias="splitpanel")
