"""Placebo treatments: what each is worth is what a fit to it gives, and the interval holds what is not rejected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from detente import fit
from detente.stats.fitting import Fit
from detente.stats.frame import ModelFrame
from detente.stats.resampling import Placebos, placebo_test, state_labels

from support.worlds import dyadic_design

DRAWS = 60


def panel(seed: int = 3) -> ModelFrame:
    design = dyadic_design(states=20, years=6, seed=seed, gaps=False)
    return replace(design, fixed_effects={"dyad": design.factor("dyad"), "year": design.factor("year")})


@pytest.fixture(scope="module")
def model() -> Fit:
    return fit(panel())


@pytest.fixture(scope="module")
def made(model: Fit) -> Placebos:
    return placebo_test(model, state_labels(), draws=DRAWS, seed=2)


def placebos(design: ModelFrame) -> list[ModelFrame]:
    """The design with each placebo treatment in the place of its own."""
    ready = state_labels().ready(design, design.treatment)
    out = np.empty((len(design.y), DRAWS), dtype=ready.kind)
    ready.put(2, 0, out)
    return [replace(design, x=np.column_stack([treatment, design.x[:, 1:]])) for treatment in out.T]


def t_of(found: Fit) -> float:
    """The dyadic t, before negative eigenvalues are clipped, or none."""
    unit = np.eye(len(found.terms))[0]
    return float(found.estimate[0] / found.vcov.std_error_unrepaired(unit)) if found.vcov.exists(unit) else np.nan


def test_estimates_errors_and_degrees_of_freedom_are_those_of_fits(model: Fit, made: Placebos) -> None:
    fits = [fit(design) for design in placebos(model.design)]
    assert_allclose(made.drawn.estimate[0], [f.estimate[0] for f in fits], rtol=1e-8)
    assert_allclose(made.drawn.statistic(), [t_of(f) for f in fits], rtol=1e-7)
    assert_allclose(made.drawn.df, [f.df[0] for f in fits], rtol=1e-8)
    assert made.estimate == pytest.approx(model.estimate[0])
    assert made.observed.df[0] == pytest.approx(model.df[0])
    assert made.undefined == int(np.isnan([t_of(f) for f in fits]).sum())


def test_p_values_of_draws_are_those_of_fits_under_each_rule(model: Fit, made: Placebos) -> None:
    kept = [design for design in placebos(model.design) if not np.isnan(t_of(fit(design)))]
    states, dyads = model.design.pairs.states - 1, len(model.design.pairs.low) - 1
    clustered = [fit(design, vcov="dyad").p_value[0] for design in kept]
    assert_allclose(made.p_of_draws("dyad", dyads), clustered, rtol=1e-7)
    plain = [fit(d) for d in kept if fit(d).vcov.repair == ""]
    unclipped = np.array([fit(d).vcov.repair == "" for d in kept])
    assert len(plain) > DRAWS / 4
    assert_allclose(made.p_of_draws("dyadic")[unclipped], [f.p_value[0] for f in plain], rtol=1e-7)
    by_states = [f.with_vcov("dyadic(df=states)").p_value[0] for f in plain]
    assert_allclose(made.p_of_draws("dyadic", states)[unclipped], by_states, rtol=1e-7)


@pytest.mark.parametrize("null", [0.0, 0.08, -0.3])
def test_the_p_of_an_effect_is_that_of_none_once_it_is_taken_off_the_outcome(made: Placebos, null: float) -> None:
    design = panel()
    less = replace(design, y=design.y - null * design.treatment)
    drawn = np.array([t_of(fit(replace(placebo, y=less.y))) for placebo in placebos(design)])
    drawn = drawn[~np.isnan(drawn)]
    assert made.p_of(null) == (1 + (np.abs(drawn) >= abs(t_of(fit(less)))).sum()) / (1 + len(drawn))


def test_the_interval_holds_the_effects_that_are_not_rejected(made: Placebos) -> None:
    low, high = made.conf_int()
    assert low < made.estimate < high
    inside, step = np.linspace(low, high, 41)[1:-1], 1e-9 * made.std_error
    assert min(made.p_of(low + step), made.p_of(high - step), *(made.p_of(null) for null in inside)) > 0.05
    assert max(made.p_of(low - step), made.p_of(high + step)) <= 0.05
    # 60 placebos leave no p below 1/61, so that no effect is rejected at 1 %.
    assert made.conf_int(0.99) == (-np.inf, np.inf)
