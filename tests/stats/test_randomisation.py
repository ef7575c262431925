"""Randomisation inference: what each scheme keeps, exact p-values, and tests of the right size."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations, product
from math import comb, factorial

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from detente import fit
from detente.base.errors import (
    IndefiniteCovariance,
    NoDyads,
    TooFewDraws,
    TooFewStates,
    UnknownOption,
    UnknownVariable,
    UnsuitableEvents,
    UnsupportedEstimator,
)
from detente.stats.fitting import Fit
from detente.stats.frame import ModelFrame
from detente.stats.kernels import participation as kernel
from detente.stats.resampling.randomisation import Scheme, Statistic, randomisation_test
from detente.stats.resampling.redraw import kad_redraw
from detente.stats.resampling.schemes import circular_shift, state_labels, uniforms

from support.worlds import dyadic_design


def panel(states: int = 12, years: int = 8, seed: int = 1, effects: bool = True) -> ModelFrame:
    """A panel without gaps and an outcome that has nothing to do with the treatment."""
    design = dyadic_design(states=states, years=years, seed=seed, gaps=False)
    if not effects:
        return design
    return replace(design, fixed_effects={"dyad": design.factor("dyad"), "year": design.factor("year")})


def by_hand(model: Fit, treatment: np.ndarray, statistic: str = "coefficient") -> float:
    """The statistic of another treatment, by fitting the model again."""
    x = model.design.x.copy()
    x[:, 0] = treatment
    again = fit(replace(model.design, x=x), vcov="dyadic")
    place = again.solution.treatment
    if statistic == "coefficient":
        return float(again.estimate[place])
    unit = np.eye(len(again.terms))[place]
    return float(again.estimate[place] / again.vcov.std_error_unrepaired(unit)) if again.vcov.exists(unit) else np.nan


def drawn(scheme: Scheme, design: ModelFrame, draws: int, seed: int = 0) -> np.ndarray:
    """Treatments (draws, N)."""
    ready = scheme.ready(design, design.treatment)
    out = np.empty((len(design.y), draws), dtype=ready.kind)
    ready.put(seed, 0, out)
    return np.ascontiguousarray(out.T, dtype=np.float64)


def network(design: ModelFrame) -> pd.DataFrame:
    return pd.DataFrame({"a": design.side1, "b": design.side2, "year": design.time, "value": design.treatment})


# The test


@pytest.mark.parametrize("statistic", ["coefficient", "t"])
@pytest.mark.parametrize("effects", [False, True])
def test_the_statistic_of_a_draw_is_that_of_a_fit_to_its_treatment(statistic: str, effects: bool) -> None:
    model = fit(panel(effects=effects))
    test = randomisation_test(model, circular_shift(), statistic=statistic, draws=20, seed=4)  # type: ignore[arg-type]
    assert test.observed == pytest.approx(by_hand(model, model.design.treatment, statistic))
    treatments = drawn(circular_shift(), model.design, 20, seed=4)
    assert_allclose(test.draws, [by_hand(model, t, statistic) for t in treatments], rtol=1e-8)


def test_p_counts_the_observed_treatment_among_the_draws() -> None:
    model = fit(panel())
    test = randomisation_test(model, circular_shift(), statistic="coefficient", draws=99)
    beyond = np.abs(test.draws) >= abs(test.observed)
    assert test.p_value == (1 + beyond.sum()) / 100
    assert test.p_low == (1 + (test.draws <= test.observed).sum()) / 100
    assert test.p_low + test.p_high == pytest.approx(1.01)
    assert f"p = {test.p_value:.4f}" in str(test)


def test_draws_are_the_same_for_a_seed_whatever_number_is_asked_for() -> None:
    model = fit(panel())
    for scheme in (circular_shift(), state_labels(), exercises(model.design)[1]):
        few, many, other = (
            randomisation_test(exercised(model, scheme), scheme, statistic="coefficient", draws=n, seed=s).draws
            for n, s in ((5, 1), (40, 1), (5, 2))
        )
        assert_array_equal(few, many[:5])
        assert (few != other).any()


def test_draws_of_several_outcomes_are_of_the_same_treatments() -> None:
    """What Romano and Wolf's step-down needs: a matrix whose rows are one draw of nature for all outcomes."""
    design = panel()
    doubled = replace(design, y=1 - 2 * design.y)
    tests = (
        randomisation_test(fit(d), circular_shift(), statistic="coefficient", draws=30, seed=3)
        for d in (design, doubled)
    )
    one, two = (test.draws for test in tests)
    assert_allclose(two, -2 * one, rtol=1e-7)


def test_flags_of_the_fit_are_passed_on() -> None:
    test = randomisation_test(replace(fit(panel()), flags=("a flag",)), circular_shift(), draws=9)
    assert test.flags[0] == "a flag"
    assert "a flag" in str(test)


def test_draws_that_do_not_vary_are_left_out() -> None:
    a, b = np.repeat([1, 1, 2], 2), np.repeat([2, 3, 3], 2)
    year, treatment = np.tile([1, 2], 3), np.array([0.0, 1, 1, 0, 0, 0])
    y = np.array([0.0, 1, 0, 0, 1, 1])
    design = ModelFrame(
        y, treatment[:, None], ("treatment",), a, b, year, fixed_effects={"dyad": np.repeat([0, 1, 2], 2)}
    )
    always = replace(design, fixed_effects={"dyad": design.fixed_effects["dyad"], "year": year})
    # With two years, shifts that move both dyads alike treat one each year; those that do not, both in one year.
    test = randomisation_test(fit(always, vcov="dyad"), circular_shift(), statistic="coefficient", draws=400)
    assert not np.isnan(test.draws).any()
    flat = fit(replace(always, x=np.array([0.0, 1, 0, 1, 1, 0])[:, None]), vcov="dyad")
    varying = randomisation_test(flat, circular_shift(), statistic="coefficient", draws=400)
    lost = np.isnan(varying.draws)
    assert lost.mean() == pytest.approx(0.25, abs=0.08)
    assert f"{int(lost.sum())} draws without variation or variance left out" in varying.flags[-1]
    beyond = (np.abs(varying.draws[~lost]) >= abs(varying.observed) * (1 - 1e-9)).sum()
    assert varying.p_value == (1 + beyond) / (1 + (~lost).sum())


@pytest.mark.fault("fits")
def test_a_treatment_whose_t_does_not_exist_is_refused() -> None:
    """Scores of four dyads around a ring, of alternating sign, cancel in every state: the double sum is negative."""
    a, b, year = np.repeat([1, 2, 3, 1], 2), np.repeat([2, 3, 4, 4], 2), np.tile([1, 2], 4)
    x, y = np.tile([0.0, 1], 4), np.array([0.0, 1, 0, 0, 0, 1, 0, 0])
    ring = ModelFrame(y, x[:, None], ("x",), a, b, year, fixed_effects={"dyad": np.repeat([0, 1, 2, 3], 2)})
    model = fit(ring, vcov="dyad")
    with pytest.raises(IndefiniteCovariance, match="leaves 'x' no variance"):
        randomisation_test(model, circular_shift(), draws=9)
    assert randomisation_test(model, circular_shift(), statistic="coefficient", draws=9).observed == 0.5


@pytest.mark.fault("fits")
def test_what_randomisation_cannot_do_is_refused_by_name() -> None:
    design = panel(effects=False)
    model = fit(design)
    with pytest.raises(UnsupportedEstimator, match="coefficient of lpm, not of 'logit'"):
        randomisation_test(fit(design, estimator="logit"), circular_shift())
    with pytest.raises(UnknownOption, match="statistic 'z' is not known; legal values: coefficient, t"):
        randomisation_test(model, circular_shift(), statistic="z")  # type: ignore[arg-type]
    with pytest.raises(UnknownVariable, match="no term 'treat'"):
        randomisation_test(model, circular_shift(), term="treat")
    with pytest.raises(UnsupportedEstimator, match="'intercept' is no regressor of the design"):
        randomisation_test(model, circular_shift(), term="intercept")
    with pytest.raises(TooFewDraws):
        randomisation_test(model, circular_shift(), draws=0)
    with pytest.raises(NoDyads):
        randomisation_test(fit(replace(design, side1=None, side2=None), vcov="hc1"), circular_shift())
    with pytest.raises(NoDyads, match="not dyad-years"):
        randomisation_test(fit(replace(design, time=None)), circular_shift())
    product_of = np.column_stack([design.x, design.x[:, 0] * design.x[:, 1]])
    made = replace(design, x=product_of, terms=(*design.terms, "treatment:control"))
    with pytest.raises(UnsupportedEstimator, match="other regressors are made of 'treatment'"):
        randomisation_test(fit(made), circular_shift())


# Circular shifts


def test_a_shift_keeps_each_dyads_number_and_order_of_treatments() -> None:
    shuffled = np.random.default_rng(0).permutation(66 * 8)
    whole = panel()
    assert whole.side1 is not None
    assert whole.side2 is not None
    assert whole.time is not None
    design = replace(
        whole,
        y=whole.y[shuffled],
        x=whole.x[shuffled],
        side1=whole.side1[shuffled],
        side2=whole.side2[shuffled],
        time=whole.time[shuffled],
        fixed_effects={},
    )
    order = np.lexsort((design.time, design.side2, design.side1))
    before = design.treatment[order].reshape(66, 8)
    offsets = []
    for treatment in drawn(circular_shift(), design, 20):
        after = treatment[order].reshape(66, 8)
        for one, other in zip(before, after, strict=True):
            fitting = [k for k in range(8) if (np.roll(one, k) == other).all()]
            assert fitting
            offsets += fitting if len(fitting) == 1 else []
    assert stats.chisquare(np.bincount(offsets, minlength=8)).pvalue > 0.001


def test_a_dyad_is_shifted_alike_whoever_else_is_in_the_sample() -> None:
    design = panel(effects=False)
    assert design.side1 is not None
    few = design.side1 < 6
    part = ModelFrame(
        design.y[few],
        design.x[few],
        design.terms,
        design.side1[few],
        design.side2[few],
        design.time[few],  # type: ignore[index]
    )
    assert_array_equal(drawn(circular_shift(), design, 5)[:, few], drawn(circular_shift(), part, 5))


def test_directed_dyads_are_shifted_each_by_itself() -> None:
    a, b = np.repeat([1, 2], 30), np.repeat([2, 1], 30)
    treatment = np.tile(np.arange(30.0), 2)
    design = ModelFrame(np.zeros(60), treatment[:, None], ("t",), a, b, np.tile(np.arange(30), 2))
    one, two = np.split(drawn(circular_shift(), design, 1)[0], 2)
    assert (one != two).any()


def test_uniforms_are_uniform_and_independent_of_one_another() -> None:
    keys = np.arange(2000, dtype=np.uint64)
    first, second = uniforms(keys, 0, 0), uniforms(keys, 0, 1)
    assert stats.kstest(first, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.06
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 0.06
    assert (uniforms(keys, 1, 0) != first).all()
    assert ((first >= 0) & (first < 1)).all()


def test_the_p_of_many_draws_is_that_of_all_shifts_enumerated() -> None:
    design = panel(states=4, years=4, seed=3)
    model = fit(design, vcov="dyad")
    wide = design.treatment.reshape(6, 4)
    shifts = [np.array([np.roll(row, k) for k in range(4)]) for row in wide]
    everything = np.array(
        [np.concatenate([s[k] for s, k in zip(shifts, ks, strict=True)]) for ks in product(range(4), repeat=6)]
    )
    exact = enumerated(model, everything)
    test = randomisation_test(model, circular_shift(), statistic="coefficient", draws=6_000)
    assert test.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 6_000) + 1e-4)


def enumerated(model: Fit, treatments: np.ndarray) -> float:
    """Share of treatments (M, N) whose coefficient, by dense least squares, is as far from zero as the observed one."""
    design = model.design
    sets = [(codes[:, None] == np.unique(codes)).astype(float) for codes in design.fixed_effects.values()]
    others = np.hstack([design.x[:, 1:], *sets])
    take = np.eye(len(design.y)) - others @ np.linalg.pinv(others)
    left = treatments @ take
    size = np.einsum("ij,ij->i", left, left)
    coefficient = np.divide(left @ design.y, size, out=np.full(len(size), np.inf), where=size > 1e-9)
    return float(np.mean(np.abs(coefficient) >= abs(model.estimate[0]) * (1 - 1e-9)))


# States' labels


def test_permuted_labels_keep_the_shape_of_the_network() -> None:
    design = panel(states=9, years=3, effects=False)
    before = shapes(design, design.treatment)
    for treatment in drawn(state_labels(), design, 10):
        assert shapes(design, treatment) == before
        assert (treatment != design.treatment).any()


def shapes(design: ModelFrame, treatment: np.ndarray) -> list[list[int]]:
    """By year, how many partners states have, sorted."""
    assert design.time is not None
    found = []
    for year in np.unique(design.time):
        on = (design.time == year) & (treatment == 1)
        ends = Counter(np.concatenate([design.side1[on], design.side2[on]]).tolist())  # type: ignore[index]
        found.append(sorted(ends.values()))
    return found


def test_labels_are_exchanged_for_all_years_and_treatments_at_once() -> None:
    design = panel(states=5, years=4, effects=False)
    weighted = replace(design, x=np.column_stack([np.arange(len(design.y)) + 0.5, design.x[:, 1:]]))
    assert design.side1 is not None
    assert design.side2 is not None
    assert design.time is not None
    value = {
        (frozenset((a, b)), y): v
        for a, b, y, v in zip(design.side1, design.side2, design.time, weighted.treatment, strict=True)
    }
    states = np.unique(np.concatenate([design.side1, design.side2]))
    for treatment in drawn(state_labels(), weighted, 5):
        matches = 0
        for permuted in permutations(states):
            to = dict(zip(states, permuted, strict=True))
            expected = [
                value[frozenset((to[a], to[b])), y]
                for a, b, y in zip(design.side1, design.side2, design.time, strict=True)
            ]
            matches += bool((np.array(expected) == treatment).all())
        assert matches == 1


def test_labels_are_exchanged_within_strata() -> None:
    design = panel(states=8, years=2, effects=False)
    only = replace(
        design, x=np.column_stack([((design.side1 == 2) | (design.side2 == 2)).astype(float), design.x[:, 1:]])
    )
    strata = {2: 0, 3: 0, 4: 0, **dict.fromkeys(range(5, 9), 1)}
    heads = set()
    for treatment in drawn(state_labels(strata=strata), only, 40):
        on = treatment == 1
        common = set(design.side1[on]) | set(design.side2[on])  # type: ignore[index]
        heads |= {s for s in common if ((design.side1[on] == s) | (design.side2[on] == s)).all()}  # type: ignore[index]
    assert heads == {2, 3, 4}
    with pytest.raises(TooFewStates, match="no two states are in one stratum"):
        state_labels(strata={}).ready(only, only.treatment)


def test_a_network_of_all_dyads_serves_a_sample_of_some() -> None:
    whole = panel(effects=False)
    keep = np.random.default_rng(0).random(len(whole.y)) < 0.5
    part = ModelFrame(whole.y[keep], whole.x[keep], whole.terms, whole.side1[keep], whole.side2[keep], whole.time[keep])  # type: ignore[index]
    scheme = state_labels(network(whole))
    assert_array_equal(drawn(scheme, part, 5), drawn(state_labels(), whole, 5)[:, keep])
    assert scheme.ready(part, part.treatment).flags == ()
    (said,) = state_labels().ready(part, part.treatment).flags
    assert said.startswith("permuted labels name a dyad-year that is not in the network in 5") or "in 4" in said


@pytest.mark.fault("fits")
def test_a_network_that_is_not_the_designs_is_refused() -> None:
    design = panel(effects=False)
    wrong = network(design).assign(value=lambda f: 1 - f["value"])
    with pytest.raises(UnsuitableEvents, match="does not hold the treatments of the design"):
        state_labels(wrong).ready(design, design.treatment)
    with pytest.raises(UnknownVariable, match="no column 'value'"):
        state_labels(network(design).drop(columns="value")).ready(design, design.treatment)


def test_the_p_of_many_permutations_is_that_of_all_of_them() -> None:
    design = panel(states=5, years=3, seed=6, effects=False)
    design = replace(design, fixed_effects={"year": design.factor("year")})
    model = fit(design, vcov="dyad")
    states, everything = np.unique(np.concatenate([design.side1, design.side2])), []  # type: ignore[list-item]
    value = {(a, b, y): v for a, b, y, v in network(design).itertuples(index=False, name=None)}
    value |= {(b, a, y): v for (a, b, y), v in value.items()}
    for permuted in permutations(states):
        to = dict(zip(states, permuted, strict=True))
        everything.append([value[to[a], to[b], y] for a, b, y, _ in network(design).itertuples(index=False, name=None)])
    assert len(everything) == factorial(5)
    exact = enumerated(model, np.array(everything))
    test = randomisation_test(model, state_labels(), statistic="coefficient", draws=6_000)
    assert test.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 6_000) + 1e-4)


def residuals_of(design: ModelFrame) -> np.ndarray:
    """What controls and dummies leave of the treatment, by dense least squares."""
    sets = [(codes[:, None] == np.unique(codes)).astype(float) for codes in design.fixed_effects.values()]
    others = np.hstack([design.x[:, 1:], *(sets or [np.ones((len(design.y), 1))])])
    return np.asarray(design.treatment - others @ np.linalg.lstsq(others, design.treatment, rcond=None)[0])


@pytest.mark.parametrize("effects", [(), ("year",), ("dyad", "year")])
def test_double_semi_partialling_is_that_of_all_permutations_of_the_residuals(effects: tuple[str, ...]) -> None:
    """Dekker, Krackhardt and Snijders (2007): residuals are permuted as a matrix, and fitted beside the controls."""
    design = panel(states=5, years=3, seed=6, effects=False)
    design = replace(design, fixed_effects={name: design.factor(name) for name in effects})
    model, left = fit(design, vcov="dyadic"), residuals_of(design)
    keys = list(zip(design.side1, design.side2, design.time, strict=True))  # type: ignore[arg-type]
    value = dict(zip(keys, left, strict=True)) | {(b, a, y): v for (a, b, y), v in zip(keys, left, strict=True)}
    states, everything = np.unique([design.side1, design.side2]), []  # type: ignore[list-item]
    for permuted in permutations(states):
        to = dict(zip(states, permuted, strict=True))
        everything.append([value[to[a], to[b], y] for a, b, y in keys])
    scheme = state_labels(residuals=True)
    made = {tuple(np.round(row, 9)) for row in drawn(scheme, design, 200)}
    assert made <= {tuple(np.round(row, 9)) for row in everything} and len(made) > 60
    observed = abs(model.estimate[model.solution.treatment]) - 1e-12
    exact = float(np.mean(np.abs([by_hand(model, np.array(row)) for row in everything]) >= observed))
    test = randomisation_test(model, scheme, statistic="coefficient", draws=6_000)
    assert test.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 6_000) + 1e-4)
    assert test.scheme == "states' labels of the treatment's residuals permuted (double semi-partialling)"


def test_residuals_are_of_the_design_alone() -> None:
    design = panel(effects=False)
    with pytest.raises(UnsuitableEvents, match="give no network beside residuals=True"):
        state_labels(network(design), residuals=True).ready(design, design.treatment)
    keep = np.random.default_rng(0).random(len(design.y)) < 0.5
    part = ModelFrame(
        *(v[keep] for v in (design.y, design.x)),
        design.terms,
        *(v[keep] for v in (design.side1, design.side2, design.time)),
    )  # type: ignore[index]
    (said,) = state_labels(residuals=True).ready(part, part.treatment).flags
    assert said.endswith("of rows: residual zero")


def collinear(seed: int, states: int = 16) -> ModelFrame:
    """A network with a control that is nearly the same, both of states' dispositions, and that alone moves outcomes."""
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(states, 1)
    rows = len(first)
    open_to, shock = rng.normal(size=(2, states))
    control = open_to[first] * open_to[second] + 0.3 * rng.normal(size=rows)
    x = control + 0.3 * rng.normal(size=rows)
    y = 2.0 * control + shock[first] + shock[second] + rng.normal(size=rows)
    return ModelFrame(y, np.column_stack([x, control]), ("x", "control"), first, second, np.zeros(rows, dtype=np.int64))


@pytest.mark.slow
def test_double_semi_partialling_keeps_its_size_beside_a_collinear_control() -> None:
    """400 networks: Monte Carlo error of 5 % is 1.1 points, three of them allowed.

    The coefficient of a treatment whose labels are permuted has lost its collinearity, and spreads too little.
    """
    tests: dict[str, tuple[Scheme, Statistic]] = {
        "t of residuals": (state_labels(residuals=True), "t"),
        "coefficient of residuals": (state_labels(residuals=True), "coefficient"),
        "coefficient": (state_labels(), "coefficient"),
    }
    p: dict[str, list[float]] = {name: [] for name in tests}
    for seed in range(400):
        model = fit(collinear(seed), vcov="dyadic")
        for name, (scheme, statistic) in tests.items():
            try:
                p[name].append(randomisation_test(model, scheme, statistic=statistic, draws=99, seed=seed).p_value)
            except IndefiniteCovariance:
                continue
    size = {name: float(np.mean(np.array(found) <= 0.05)) for name, found in p.items()}
    allowed = 3 * np.sqrt(0.05 * 0.95 / min(map(len, p.values())))
    assert len(p["t of residuals"]) > 350
    assert size["t of residuals"] == pytest.approx(0.05, abs=allowed), size
    assert size["coefficient of residuals"] == pytest.approx(0.05, abs=allowed), size
    assert size["coefficient"] > 0.05 + allowed, size


# Events


def events(rng: np.random.Generator, states: range, years: range, count: int = 3) -> pd.DataFrame:
    """Exercises of two to four states; every fifth is held in the next year too."""
    rows = []
    for year in years:
        for _ in range(count):
            size, number = int(rng.integers(2, 5)), len(rows)
            members = rng.choice(states, size, replace=False)
            held = [year, year + 1] if number % 5 == 0 and year + 1 in years else [year]
            rows.append([(number, y, int(s), size + number % 2) for y in held for s in members])
    flat = [row for event in rows for row in event]
    return pd.DataFrame(flat, columns=["event", "year", "member", "parties"])


def treatment_of(design: ModelFrame, held: pd.DataFrame, measure: str, lag: int) -> np.ndarray:
    """Treatments (N,) that events make, by hand."""
    assert design.time is not None
    found = np.zeros(len(design.y))
    keys = {(a, b, y): i for i, (a, b, y) in enumerate(zip(design.side1, design.side2, design.time, strict=True))}  # type: ignore[arg-type]
    for (_, year), event in held.groupby(["event", "year"]):
        for one, two in permutations(event["member"], 2):
            row = keys.get((one, two, year + lag))
            if row is not None:
                worth = 1 / (event["parties"].iloc[0] - 1) if measure == "weight" else 1.0
                found[row] = 1.0 if measure == "any" else found[row] + worth
    return found


def exercises(design: ModelFrame, measure: str = "any", lag: int = 1, seed: int = 5) -> tuple[np.ndarray, Scheme]:
    """The treatment that made events make, and the scheme that draws them again."""
    held = events(np.random.default_rng(seed), range(2, 14), range(1989, 1998))
    candidates = pd.DataFrame(list(product(range(2, 14), range(1985, 2000))), columns=["member", "year"])
    candidates["region"] = np.where(candidates["member"] < 8, "north", "south")
    return treatment_of(design, held, measure, lag), kad_redraw(held, candidates, lag=lag, measure=measure)  # type: ignore[arg-type]


def exercised(model: Fit, scheme: Scheme) -> Fit:
    """The fit with the treatment of the events, if the scheme is of events."""
    if "event by event" not in scheme.name:
        return model
    x = np.column_stack([exercises(model.design)[0], model.design.x[:, 1:]])
    return fit(replace(model.design, x=x))


@pytest.mark.parametrize("measure", ["any", "count", "weight"])
@pytest.mark.parametrize("lag", [0, 1])
def test_events_make_the_treatment_before_they_are_drawn_anew(measure: str, lag: int) -> None:
    design = panel(states=12)
    treatment, scheme = exercises(design, measure, lag)
    treated = replace(design, x=np.column_stack([treatment, design.x[:, 1:]]))
    (said,) = scheme.ready(treated, treated.treatment).flags
    assert said.endswith("events re-randomised")
    with pytest.raises(UnsuitableEvents, match="make another treatment than the design's in"):
        scheme.ready(design, design.treatment)


@pytest.mark.parametrize("measure", ["count", "weight"])
def test_a_redraw_keeps_what_all_events_add_up_to(measure: str) -> None:
    """Where all dyads are in the design, an event of m states adds m(m − 1)/2 times its worth, whoever takes part."""
    design = panel(states=12)
    treatment, scheme = exercises(design, measure)
    treated = replace(design, x=np.column_stack([treatment, design.x[:, 1:]]))
    for again in drawn(scheme, treated, 10):
        assert (again != treatment).any()
        for year in np.unique(treated.time):  # type: ignore[arg-type]
            assert again[treated.time == year].sum() == pytest.approx(treatment[treated.time == year].sum())


def test_a_redraw_keeps_the_regions_of_an_event() -> None:
    design = panel(states=12)
    treatment, scheme = exercises(design, "count")
    treated = replace(design, x=np.column_stack([treatment, design.x[:, 1:]]))
    assert design.side1 is not None
    assert design.side2 is not None
    south = (design.side1 >= 8).astype(int) + (design.side2 >= 8)
    kept = [treatment[south == k].sum() for k in range(3)]
    for again in drawn(scheme, treated, 10):
        assert [again[south == k].sum() for k in range(3)] == kept


def test_participants_are_drawn_uniformly_and_never_twice() -> None:
    members, start = np.arange(6), np.array([0, 6])
    pool, new = np.zeros(3, dtype=np.int64), np.array([True, False, False])
    counted: Counter[tuple[int, ...]] = Counter()
    for draw in range(4000):
        out = np.empty(3, dtype=np.int64)
        uniform = np.random.default_rng(draw).random(3)
        kernel.redraw(np.zeros(3), pool, new, start, members.copy(), uniform, out)
        assert len(set(out)) == 3
        counted[tuple(sorted(out.tolist()))] += 1
    assert len(counted) == comb(6, 3)
    assert stats.chisquare(list(counted.values())).pvalue > 0.001


def test_who_is_no_candidate_keeps_its_place() -> None:
    design = replace(panel(states=4, years=3, effects=False), fixed_effects={})
    held = pd.DataFrame({"event": 1, "year": 1990, "member": [2, 3]})
    candidates = pd.DataFrame({"member": [3, 4, 5], "year": 1990})
    treatment = treatment_of(design, held.assign(parties=2), "any", 1)
    treated = replace(design, x=np.column_stack([treatment, design.x[:, 1:]]))
    scheme = kad_redraw(held, candidates)
    assert scheme.ready(treated, treatment).flags == (
        "1 places in 1 events re-randomised; 1 kept by who is no candidate",
    )
    met = {int(design.side2[np.flatnonzero(t)[0]]) for t in drawn(scheme, treated, 40)}  # type: ignore[index]
    assert met == {3, 4, 5}
    assert all((design.side1[t == 1] == 2).all() for t in drawn(scheme, treated, 5))  # type: ignore[index]


def test_the_p_of_many_redraws_is_that_of_all_of_them() -> None:
    design = replace(panel(states=5, years=2, seed=2, effects=False), fixed_effects={})
    states = range(2, 7)
    held = pd.DataFrame({"event": [0, 0, 1, 1, 1], "year": [1989, 1989, 1990, 1990, 1990], "member": [2, 3, 2, 4, 5]})
    treatment = treatment_of(design, held.assign(parties=2), "any", 1)
    treated = replace(design, x=np.column_stack([treatment, design.x[:, 1:]]))
    pooled = replace(treated, fixed_effects={"all": np.zeros(len(design.y), dtype=np.int64)})
    model = fit(pooled, vcov="dyad")
    everything = []
    for two in permutations(states, 2):
        for three in permutations(states, 3):
            rows = held.assign(member=[*two, *three], parties=2)
            everything.append(treatment_of(design, rows, "any", 1))
    exact = enumerated(model, np.array(everything))
    scheme = kad_redraw(held, pd.DataFrame(list(product(states, (1989, 1990))), columns=["member", "year"]))
    test = randomisation_test(model, scheme, statistic="coefficient", draws=6_000)
    assert test.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 6_000) + 1e-4)


def test_directed_dyads_are_both_treated_by_an_event() -> None:
    a, b = (np.array(side) for side in zip(*permutations(range(2, 6), 2), strict=True))
    held = pd.DataFrame({"event": 1, "year": 1990, "member": [2, 3, 4]})
    design = ModelFrame(np.zeros(12), np.zeros((12, 1)), ("t",), a, b, np.full(12, 1991))
    treatment = treatment_of(design, held.assign(parties=3), "any", 1)
    assert treatment.sum() == 6
    candidates = pd.DataFrame({"member": range(2, 6), "year": 1990})
    treated = replace(design, x=treatment[:, None])
    for again in drawn(kad_redraw(held, candidates), treated, 5):
        assert again.sum() == 6
        assert {(i, j) for i, j, t in zip(a, b, again, strict=True) if t} == {
            (j, i) for i, j, t in zip(a, b, again, strict=True) if t
        }


@pytest.mark.fault("fits")
def test_events_that_cannot_be_drawn_are_refused_by_name() -> None:
    design = panel(states=4, years=3, effects=False)
    held = pd.DataFrame({"event": 1, "year": 1990, "member": [2, 3]})
    someone = pd.DataFrame({"member": [2, 3], "year": 1990})
    cases = [
        (kad_redraw(held, someone.assign(year=1800)), UnsuitableEvents, "no participant is among the candidates"),
        (kad_redraw(held.iloc[:0], someone), UnsuitableEvents, "there are no events"),
        (kad_redraw(held.drop(columns="member"), someone), UnknownVariable, "the events have no column 'member'"),
        (kad_redraw(held, someone.drop(columns="year")), UnknownVariable, "the candidates have no column 'year'"),
        (kad_redraw(held, someone, measure="weight"), UnknownVariable, "the events have no column 'parties'"),
        (kad_redraw(held, someone, measure="some"), UnknownOption, "measure 'some' is not known"),  # type: ignore[arg-type]
    ]
    for scheme, error, words in cases:
        with pytest.raises(error, match=words):
            scheme.ready(design, design.treatment)
    twice = ModelFrame(
        *(np.tile(v, (2, 1)) if v.ndim > 1 else np.tile(v, 2) for v in (design.y, design.x)), design.terms
    )
    twice = replace(twice, side1=np.tile(design.side1, 2), side2=np.tile(design.side2, 2), time=np.tile(design.time, 2))  # type: ignore[arg-type]
    with pytest.raises(UnsuitableEvents, match="two rows are of one dyad and year"):
        kad_redraw(held, someone).ready(twice, twice.treatment)


# Size


@pytest.mark.slow
@pytest.mark.parametrize("name", ["shift", "labels", "events"])
@pytest.mark.parametrize("statistic", ["coefficient", "t"])
def test_p_values_are_uniform_if_nature_drew_as_the_scheme_says(name: str, statistic: str) -> None:
    """The outcome hangs on states and time; the observed treatment is itself one draw of the scheme."""
    design, p = panel(states=12, years=8), []
    truth, by_event = exercises(design)
    base = {"shift": design.treatment, "labels": design.treatment, "events": truth}[name]
    start = replace(design, x=np.column_stack([base, design.x[:, 1:]]))
    for draw in range(100):
        scheme: Scheme = {"shift": circular_shift(), "labels": state_labels(), "events": by_event}[name]
        held = drawn(scheme, start, 1, seed=1000 + draw)[0]
        now = replace(start, x=np.column_stack([held, start.x[:, 1:]]))
        if name == "events":
            scheme = _Again(by_event, start)
        try:
            test = randomisation_test(fit(now), scheme, draws=39, seed=draw, statistic=statistic)  # type: ignore[arg-type]
        except IndefiniteCovariance:
            continue
        # p of B draws has B + 1 values: moved to the middle of each, and a little apart.
        p.append(test.p_value - np.random.default_rng(draw).random() / (1 + len(test.compared)))
    spread = np.array(p)
    assert len(spread) > 70
    assert stats.kstest(spread, "uniform").pvalue > 0.005


def exercising(seed: int, states: int = 60, years: int = 5) -> tuple[ModelFrame, Scheme]:
    """No effect; a third of states take part in most events, and have shocks twice as large as others'."""
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(states, 1)
    a, b = np.repeat(first, years), np.repeat(second, years)
    year = np.tile(np.arange(years), len(first)) + 1
    keen = np.arange(states) < 0.3 * states
    wish = np.where(keen, 6.0, 1.0)
    held = []
    for t, event in product(range(years), range(20)):
        who = rng.choice(states, size=rng.choice([2, 3, 6]), replace=False, p=wish / wish.sum())
        held += [(t * 100 + event, t, int(state)) for state in who]
    frame = pd.DataFrame(held, columns=["event", "year", "member"])
    both = frame.merge(frame, on=["event", "year"])
    met = set(zip(both["member_x"], both["member_y"], both["year"], strict=True))
    x = np.array([key in met for key in zip(a.tolist(), b.tolist(), (year - 1).tolist(), strict=True)], dtype=float)
    shock = rng.normal(size=(states, years + 1)) * np.where(keen, 2.0, 1.0)[:, None]
    y = shock[a, year] + shock[b, year] + rng.normal(size=len(a))
    effects = {"dyad": np.repeat(np.arange(len(first)), years), "year": year}
    candidates = pd.DataFrame(list(product(range(states), range(years))), columns=["member", "year"])
    return ModelFrame(y, x[:, None], ("x",), a, b, year, fixed_effects=effects), kad_redraw(frame, candidates)


@pytest.mark.slow
def test_where_nature_did_not_draw_as_the_scheme_does_t_keeps_its_size_and_the_coefficient_does_not() -> None:
    """300 worlds: Monte Carlo error of 5 % is 1.3 points, three of them allowed."""
    rejected, allowed = {"coefficient": 0, "t": 0}, 3 * np.sqrt(0.05 * 0.95 / 300)
    for seed in range(300):
        design, scheme = exercising(seed)
        model = fit(design)
        for statistic in rejected:
            test = randomisation_test(model, scheme, statistic=statistic, draws=39, seed=seed)  # type: ignore[arg-type]
            rejected[statistic] += test.p_value <= 0.05
    assert rejected["t"] / 300 == pytest.approx(0.05, abs=allowed)
    assert rejected["coefficient"] / 300 > 0.05 + allowed


class _Again:
    """Events that were drawn: to draw again is to draw from where they were drawn."""

    def __init__(self, scheme: Scheme, start: ModelFrame) -> None:
        self.name, self.scheme, self.start = scheme.name, scheme, start

    def ready(self, *_: object):  # type: ignore[no-untyped-def]
        return self.scheme.ready(self.start, self.start.treatment)


def test_an_effect_is_found() -> None:
    rng = np.random.default_rng(0)
    design = panel(states=14, years=10, seed=4)
    affected = replace(design, y=design.y + 0.3 * design.treatment + 0.1 * rng.normal(size=len(design.y)))
    for scheme in (circular_shift(), state_labels()):
        test = randomisation_test(fit(affected), scheme, statistic="coefficient", draws=199)
        assert test.p_value == test.p_high == 0.005
        assert randomisation_test(fit(affected), scheme, draws=199).p_high < 0.02


def test_kernels_shift_within_groups() -> None:
    values, out = np.r_[np.arange(7.0), 9, 9], np.empty((9, 2))
    order, start = np.array([0, 2, 4, 1, 3, 5, 6, 7, 8]), np.array([0, 3, 7, 9])
    kernel.shift(values, order, start, np.array([[1, 0], [3, 2], [1, 0]]), out)
    assert_array_equal(out[[0, 2, 4]], [[4, 0], [0, 2], [2, 4]])
    assert_array_equal(out[[1, 3, 5, 6]], [[3, 5], [5, 6], [6, 1], [1, 3]])
    assert (out[7:] == 9).all()
