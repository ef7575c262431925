"""Absorption, the linear probability model and its instrumental form against dummies, Stata and other software."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from linearmodels.iv import IV2SLS
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.regression.linear_model import OLS

from detente.base.errors import (
    EstimationError,
    NoInstruments,
    NotConverged,
    NotReproduced,
    NoVariation,
    RankDeficient,
    UnsupportedCovariance,
)
from detente.stats.covariance import SandwichParts, cluster, covariance, sandwich
from detente.stats.frame import ModelFrame
from detente.stats.linear import absorb, reference
from detente.stats.linear.absorb import absorber
from detente.stats.linear.instrumental import AndersonRubin, anderson_rubin, iv_lpm
from detente.stats.linear.linear import lpm
from detente.stats.linear.within import notes
from detente.stats.parts import subset
from detente.stats.registry import get

from support.worlds import dyadic_design

EFFECTS = {
    "none": (),
    "one": ("dyad",),
    "two": ("dyad", "year"),
    "two, smaller first": ("year", "dyad"),
    "the same twice": ("dyad", "dyad"),
    "nested": ("dyad", "side1"),
    "disconnected": ("dyad", "era"),
    "three": ("dyad", "year", "region"),
    "states and years": ("side1", "side2", "year"),
    "four, two nested": ("dyad", "year", "side1", "region"),
}


def panel(**options: object) -> ModelFrame:
    design = dyadic_design(**{"states": 14, "years": 6, "seed": 3, **options})  # type: ignore[arg-type]
    return replace(design, fixed_effects={}, attrition=())


def factors(design: ModelFrame) -> dict[str, np.ndarray]:
    """Codes by name; eras meet in no dyad."""
    assert design.side1 is not None
    assert design.side2 is not None
    assert design.time is not None
    dyad = design.side1 * 1000 + design.side2
    era = design.time - 1990 + 100 * (design.side1 % 2)
    region = (design.side1 * 7 + design.time) % 5
    return {
        "side1": design.side1,
        "side2": design.side2,
        "year": design.time,
        "dyad": dyad,
        "era": era,
        "region": region,
    }


def with_fixed_effects(design: ModelFrame, names: tuple[str, ...]) -> ModelFrame:
    codes = factors(design)
    return replace(design, fixed_effects={f"{name} {i}": codes[name] for i, name in enumerate(names)})


def independent(columns: np.ndarray) -> np.ndarray:
    """Columns without those that depend on columns before them."""
    return columns[:, np.abs(np.linalg.qr(columns)[1].diagonal()) > 1e-9]


def dummies(effects: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
    """All dummies of all effects; a constant if there is none."""
    parts = [pd.get_dummies(pd.Series(codes), dtype=float).to_numpy() for codes in effects.values()]
    return np.column_stack(parts) if parts else np.ones((rows, 1))


@pytest.mark.parametrize("names", EFFECTS.values(), ids=EFFECTS.keys())
@pytest.mark.parametrize("weighted", [False, True])
def test_absorbing_any_effects_equals_regressing_on_their_dummies(names: tuple[str, ...], weighted: bool) -> None:
    design = with_fixed_effects(panel(states=9), names)
    rows = len(design.y)
    weights = np.random.default_rng(1).uniform(0.1, 2, rows) if weighted else np.empty(0)
    values = np.column_stack([design.y, design.x + 30])
    full = dummies(design.fixed_effects, rows) if names else np.zeros((rows, 1))
    root = np.sqrt(weights)[:, None] if weighted else np.ones((rows, 1))
    expected = values - full @ np.linalg.lstsq(full * root, values * root, rcond=None)[0]
    made = absorber(design.fixed_effects, rows, weights)
    assert_allclose(made.residual(values), expected, atol=1e-10)
    assert_allclose(made.residual(values[:, 1]), expected[:, 1], atol=1e-10)
    assert made.direct
    assert made.parameters == (np.linalg.matrix_rank(full) if names else 0)


@pytest.mark.parametrize(
    "names", [v for v in EFFECTS.values() if len(v) > 1], ids=[k for k, v in EFFECTS.items() if len(v) > 1]
)
def test_absorbing_by_iteration_meets_the_direct_solution(names: tuple[str, ...]) -> None:
    design = with_fixed_effects(panel(), names)
    direct = absorber(design.fixed_effects, len(design.y))
    iterated = replace(direct, limit=-1)
    assert_allclose(iterated.residual(design.x), direct.residual(design.x), atol=1e-9)
    if len(names) == 2:
        assert iterated.parameters == direct.parameters, "levels less connected components is the rank"
    else:
        assert iterated.parameters >= direct.parameters, "the bound must not fall short"
        assert "are an upper bound" in " ".join(notes(iterated))


def test_an_iteration_that_is_cut_short_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    design = with_fixed_effects(panel(), ("dyad", "year", "region"))
    monkeypatch.setattr(absorb, "MOST_ABSORBING", 1)
    with pytest.raises(NotConverged, match=r"^absorbing 3 effects took more than 1 iterations$"):
        replace(absorber(design.fixed_effects, len(design.y)), limit=-1).residual(design.x)


def test_weights_of_one_change_nothing() -> None:
    design = with_fixed_effects(panel(), ("dyad", "year"))
    made = absorber(design.fixed_effects, len(design.y))
    assert_allclose(made.weigh(np.ones(len(design.y))).residual(design.x), made.residual(design.x), atol=1e-13)


@pytest.mark.parametrize("limit", [1000, -1], ids=["direct", "iterated"])
@pytest.mark.parametrize("names", [("dyad",), ("dyad", "year"), ("dyad", "year", "region")])
def test_what_dummies_explain_is_what_their_residuals_leave(names: tuple[str, ...], limit: int) -> None:
    design = with_fixed_effects(panel(), names)
    weights = np.random.default_rng(1).uniform(0.1, 2, len(design.y))
    made = replace(absorber(design.fixed_effects, len(design.y), weights), limit=limit)
    assert_allclose(made.fitted(weights * design.y), design.y - made.residual(design.y), atol=1e-9)


def test_rows_in_any_order_have_the_same_residuals() -> None:
    design = with_fixed_effects(panel(), ("dyad", "year", "region"))
    order = np.random.default_rng(2).permutation(len(design.y))
    shuffled = {name: codes[order] for name, codes in design.fixed_effects.items()}
    expected = absorber(design.fixed_effects, len(design.y)).residual(design.x)[order]
    assert_allclose(absorber(shuffled, len(order)).residual(design.x[order]), expected, atol=1e-12)


def test_large_means_do_not_cost_the_digits_of_small_differences() -> None:
    design = with_fixed_effects(panel(), ("dyad", "year"))
    made = absorber(design.fixed_effects, len(design.y))
    assert_allclose(made.residual(design.x + 1e6), made.residual(design.x), atol=1e-8)


@pytest.mark.parametrize("names", EFFECTS.values(), ids=EFFECTS.keys())
def test_the_linear_model_equals_least_squares_on_dummies(names: tuple[str, ...]) -> None:
    design = with_fixed_effects(panel(states=9), names)
    full = independent(np.column_stack([design.x, dummies(design.fixed_effects, len(design.y))]))
    # statsmodels OLS on independent dummies; HC0 covariance.
    reference = OLS(design.y, full).fit(cov_type="HC0")
    fit = lpm(design)
    k = len(design.terms)
    kept = [fit.terms.index(t) for t in design.terms]
    assert_allclose(fit.estimate[kept], reference.params[:k], rtol=1e-9, atol=1e-12)
    assert_allclose(fit.dispersion, reference.ssr / (len(full) - full.shape[1]), rtol=1e-9)
    assert fit.absorbed + len(fit.terms) == full.shape[1]
    hc0 = sandwich("hc0", fit.scores, fit.bread, design.pairs).matrix
    assert_allclose(hc0[np.ix_(kept, kept)], reference.cov_params()[:k, :k], rtol=1e-8, atol=1e-14)
    assert_allclose(fit.scores.whole.sum(axis=0), 0, atol=1e-9)
    assert_allclose(fit.predictor, reference.fittedvalues, atol=1e-9)
    assert fit.terms == (design.terms if names else ("intercept", *design.terms))
    assert fit.terms[fit.treatment] == "treatment"


# pyfixest 0.60.0: feols("y ~ treatment + control + binary | dyad + year", vcov={"CRV1": "dyad"},
# ssc=ssc(k_adj=False, G_adj=True), fixef_rm="none", fixef_tol=1e-13).
PYFIXEST = ([-0.0095088369, 0.0446740014, -0.0023844450], [0.0402933375, 0.0236546741, 0.0366915168])


def test_the_linear_model_meets_pyfixest() -> None:
    design = with_fixed_effects(panel(), ("dyad", "year"))
    fit = lpm(design)
    assert_allclose(fit.estimate, PYFIXEST[0], atol=0.51e-10)
    assert_allclose(sandwich("dyad", fit.scores, fit.bread, design.pairs).std_errors, PYFIXEST[1], atol=0.51e-10)


# Stata 13, `xtreg y x1-x5, fe`, conventional and vce(robust), on linearmodels' simulated panel: 11 digits are printed.
@pytest.mark.parametrize("suffix", ["", "_light", "_heavy"], ids=["balanced", "some missing", "many missing"])
@pytest.mark.parametrize("kind", ["conventional", "robust"])
def test_the_linear_model_meets_stata_on_a_panel_with_firm_effects(replication: Path, suffix: str, kind: str) -> None:
    folder = replication / "oracle_panelols_linearmodels"
    targets = pd.read_csv(folder / "targets.tsv", sep="\t").query("model == @model", local_dict={
        "model": f"fixed_effect-{kind}--{suffix}"
    }).query("term != '_cons'").set_index("term")  # fmt: skip
    used, design = stata_panel(folder / "simulated-panel.dta", suffix, list(targets.index))
    fit = lpm(design)
    assert len(used) == targets["n"].iloc[0]
    assert_allclose(fit.estimate, targets["estimate"], atol=0.51e-10)
    ingredients = SandwichParts(
        fit.scores.whole,
        fit.bread,
        fit.dispersion,
        fit.x,
        fit.absorbed,
        design.fixed_effects,
        linear=True,
        factor=design.factor,
    )
    found = (
        fit.dispersion * fit.bread
        if kind == "conventional"
        else covariance(cluster("firm"), ingredients, ssc="stata").matrix
    )
    assert_allclose(np.sqrt(np.diag(found)), targets["std_error"], rtol=1e-8)


# Stata 13, `xtreg y x1-x5 [aweight=w], fe`: weights that are constant within firms.
@pytest.mark.parametrize("suffix", ["", "_light", "_heavy"], ids=["balanced", "some missing", "many missing"])
def test_weighted_absorption_meets_stata(replication: Path, suffix: str) -> None:
    folder = replication / "oracle_panelols_linearmodels"
    targets = pd.read_csv(folder / "targets.tsv", sep="\t").query("model == @model", local_dict={
        "model": f"fixed_effect-conventional-weighted-{suffix}"
    }).query("term != '_cons'").set_index("term")  # fmt: skip
    used, design = stata_panel(folder / "simulated-panel.dta", suffix, list(targets.index))
    weights = used["w"].to_numpy()
    made = absorber(design.fixed_effects, len(design.y), weights)
    x, y = made.residual(design.x), made.residual(design.y)
    estimate = np.linalg.lstsq(x * np.sqrt(weights)[:, None], y * np.sqrt(weights), rcond=None)[0]
    assert_allclose(estimate, targets["estimate"], atol=0.51e-10)


def stata_panel(path: Path, suffix: str, terms: list[str]) -> tuple[pd.DataFrame, ModelFrame]:
    used = pd.read_stata(path).dropna(subset=[f"y{suffix}", *terms])
    firm = pd.factorize(used["firm"])[0].astype(np.int64)
    y, x = used[f"y{suffix}"].to_numpy(float), used[terms].to_numpy(float)
    return used, ModelFrame(y=y, x=x, terms=tuple(terms), fixed_effects={"firm": firm})


def test_rows_alone_in_a_level_are_kept_counted_and_without_score() -> None:
    design = panel()
    codes = factors(design)["dyad"].copy()
    codes[5] = -1
    fit = lpm(replace(design, fixed_effects={"dyad": codes, "year": design.time}))
    assert_allclose(fit.scores.whole[5], 0, atol=1e-12)
    assert fit.flags == (
        "1 rows are the only one of a level of their effects: they say nothing, and no cluster or state is counted for "
        "them",
    )
    without = np.arange(len(codes)) != 5
    rest = replace(design, y=design.y[without], x=design.x[without])
    expected = lpm(replace(rest, fixed_effects={"dyad": codes[without], "year": design.time[without]}))
    assert_allclose(fit.estimate, expected.estimate, rtol=1e-11)
    assert_allclose(fit.dispersion, expected.dispersion, rtol=1e-11)


def test_a_count_of_parameters_that_is_a_bound_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absorb.Absorber, "limit", -1)
    monkeypatch.setattr(absorb.Absorber.__init__, "__defaults__", (-1,))
    fit = lpm(with_fixed_effects(panel(), ("dyad", "year", "region")))
    bound = f"{fit.absorbed:,} absorbed parameters are an upper bound: dependence among 3 effects "
    assert fit.flags == (f"{bound}is counted for the two largest", "effects absorbed by iteration, to a relative 1e-10")


@pytest.mark.parametrize(
    ("names", "used"),
    [
        ((), reference.PANEL_OLS),
        (("dyad",), reference.PANEL_OLS),
        (("dyad", "year"), reference.PANEL_OLS),
        (("dyad", "year", "region"), reference.LSMR),
        # Rows of a region and year are several.
        (("region", "year"), reference.LSMR),
    ],
)
def test_a_fit_names_the_reference_that_it_was_compared_with(names: tuple[str, ...], used: str) -> None:
    design = with_fixed_effects(panel(), names)
    fit = lpm(design)
    compared = get("lpm").compared(design, fit)
    assert compared.reference == used
    assert used in get("lpm").reference
    assert 0 <= compared.gap < 1e-10
    off = replace(fit, estimate=fit.estimate + np.eye(len(fit.estimate))[0] * 1e-4)
    with pytest.raises(NotReproduced, match=f"LPM differs from {used} by"):
        get("lpm").compared(design, off)


def test_what_panel_ols_cannot_hold_or_takes_for_absorbed_is_compared_with_lsmr(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    design = with_fixed_effects(panel(), ("dyad", "year"))
    # A regressor that varies within dyads by less than the 1e-5 of its length that PanelOLS asks for.
    faint = np.column_stack([design.x, 1.5e5 + np.random.default_rng(5).normal(size=len(design.y))])
    faint = replace(design, x=faint, terms=(*design.terms, "faint"))
    assert "faint" in lpm(faint).terms
    assert reference.reference_gap(faint, lpm(faint)).reference == reference.LSMR
    # Less its mean, as it is compared, it does.
    assert get("lpm").compared(faint, lpm(faint)).reference == reference.PANEL_OLS
    fit = lpm(design)
    assert get("lpm").compared(design, fit).reference == reference.PANEL_OLS
    for bound in ("MOST_PANEL_ROWS", "MOST_PANEL_LEVELS"):
        with monkeypatch.context() as m:
            m.setattr(reference, bound, 5)
            assert get("lpm").compared(design, fit).reference == reference.LSMR


def test_both_references_measure_the_same_distance_and_keep_rows_that_are_alone() -> None:
    design = with_fixed_effects(panel(), ("dyad", "year"))
    alone = np.concatenate([np.arange(len(design.y)), [0, 1, 2]])
    codes = {name: of[alone] for name, of in design.fixed_effects.items()}
    codes["dyad 0"] = codes["dyad 0"].copy()
    codes["dyad 0"][-3:] = codes["dyad 0"].max() + 1 + np.arange(3)
    design = replace(subset(design, alone), fixed_effects=codes)
    fit = lpm(design)
    assert any("rows are the only one of a level" in flag for flag in fit.flags)
    error = np.sqrt(np.diag(fit.bread) * fit.dispersion)
    moved = replace(fit, estimate=fit.estimate + 1e-7 * error)
    away = reference.by_panel_ols(design, design.x) - moved.estimate
    assert_allclose(away, -1e-7 * error, rtol=1e-3)
    assert_allclose(reference.step_of_dummies(design, moved, design.x), -1e-7 * error, rtol=1e-3)


def test_what_does_not_exist_is_a_named_error() -> None:
    design = with_fixed_effects(panel(), ("dyad", "year"))
    fixed = design.x.copy()
    fixed[:, 0] = design.side1
    with pytest.raises(
        NoVariation, match=r"^the treatment 'treatment' does not vary within dyad 0 and year 1 effects in"
    ):
        lpm(replace(design, x=fixed))
    with pytest.raises(NoVariation, match=r"^the outcome does not vary within dyad 0 and year 1 effects in"):
        lpm(replace(design, y=np.ones(len(design.y))))
    with pytest.raises(NoVariation, match=r"^the outcome is 1 in all"):
        lpm(replace(design, y=np.ones(len(design.y)), fixed_effects={}))
    twice = np.column_stack([design.x, design.x[:, 1] * 3 + design.time])
    with pytest.raises(RankDeficient, match=r"^linearly dependent regressors: control, copy; drop one of them$"):
        lpm(replace(design, x=twice, terms=(*design.terms, "copy")))
    gap = design.x.copy()
    gap[3, 1] = np.nan
    with pytest.raises(
        EstimationError, match=r"^values that are missing or infinite in 'control': leave these rows out"
    ):
        lpm(replace(design, x=gap))
    few = replace(design, y=np.array([0.0, 1, 0, 1]), x=design.x[:4], fixed_effects={"f": np.array([0, 0, 1, 1])})
    with pytest.raises(
        EstimationError, match=r"^4 rows for 2 coefficients and 2 absorbed effects: no degree of freedom is left$"
    ):
        lpm(few)


@pytest.mark.fault("fits")
def test_a_small_variation_about_a_large_mean_is_no_constant() -> None:
    design = with_fixed_effects(panel(), ("dyad", "year"))
    x = design.x.copy()
    x[:, 1] += 1e7
    fit = lpm(replace(design, x=x))
    assert fit.dropped == ()
    assert_allclose(fit.estimate, lpm(design).estimate, rtol=1e-6)


PROGRAM = """
import hashlib
import numpy as np
from detente.stats import ModelFrame
from detente.stats import get
from detente.stats.covariance import number_dyads
from detente.stats.likelihood import logit_models
from detente.stats.linear import Choice, Group
rng = np.random.default_rng(5)
n = 40_000
effects = {"dyad": rng.integers(0, 2000, n), "year": rng.integers(0, 40, n)}
x = rng.normal(size=(n, 12)) + effects["year"][:, None]
y = (rng.random(n) < 0.1).astype(float)
design = ModelFrame(y=y, x=x, terms=tuple(f"x{i}" for i in range(12)), fixed_effects=effects)
for name in ("lpm", "fepoisson"):
    fit = get(name).fit(design)
    for part in (fit.estimate, fit.scores.whole, fit.bread, fit.x):
        print(hashlib.sha256(np.ascontiguousarray(part).tobytes()).hexdigest())
pairs = number_dyads(effects["dyad"] // 50, 40 + effects["dyad"] % 50)
group = Group(y[:, None], x, ("y",), design.terms, pairs)
for found in logit_models(group, [Choice("y", "x0", design.terms[1:k]) for k in range(1, 12)]).found:
    print(found.value, found.base, [(kind, found.under(kind, 0.2)) for kind in found.covariances])
"""


@pytest.mark.slow
def test_any_number_of_threads_gives_the_same_bytes() -> None:
    digests = set()
    for threads in ("1", "2"):
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
        environment = {**os.environ, **dict.fromkeys(names, threads)}
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
        )
        digests.add(hashlib.sha256(run.stdout.encode()).hexdigest())
    assert len(digests) == 1


def instrumented(*, strength: float = 0.6, instruments: int = 1, states: int = 20) -> ModelFrame:
    """The treatment shares a cause with the outcome; instruments move it by `strength`."""
    design = panel(states=states, years=6)
    rng = np.random.default_rng(8)
    rows = len(design.y)
    z, cause = rng.normal(size=(rows, instruments)), rng.normal(size=rows)
    x = design.x.copy()
    x[:, 0] = strength * z.sum(axis=1) + cause + 0.3 * rng.normal(size=rows)
    y = 0.4 * x[:, 0] + cause + 0.2 * x[:, 1] + rng.normal(size=rows)
    return replace(design, y=y, x=x, endogenous=("treatment",), instruments=z)


@pytest.mark.parametrize("names", [(), ("dyad",), ("dyad", "year"), ("dyad", "year", "region")])
@pytest.mark.parametrize("instruments", [1, 3])
def test_two_stage_least_squares_equals_linearmodels_on_dummies(names: tuple[str, ...], instruments: int) -> None:
    design = with_fixed_effects(instrumented(instruments=instruments, states=9), names)
    full = independent(dummies(design.fixed_effects, len(design.y)))
    model = IV2SLS(design.y, np.column_stack([design.x[:, 1:], full]), design.x[:, :1], design.instruments)
    # linearmodels 7.1: robust is White's with no small-sample factor; unadjusted takes 1/N for σ².
    robust = model.fit(cov_type="robust")
    last = robust.params.index[-1]
    fit = iv_lpm(design)
    at = fit.terms.index("treatment")
    assert_allclose(fit.estimate[at], robust.params[last], rtol=1e-8)
    hc0 = sandwich("hc0", fit.scores, fit.bread, design.pairs)
    assert_allclose(hc0.std_errors[at], robust.std_errors[last], rtol=1e-7)
    plain = model.fit(cov_type="unadjusted").std_errors[last]
    parameters = len(fit.terms) + fit.absorbed
    expected = plain * math.sqrt(len(design.y) / (len(design.y) - parameters))
    assert_allclose(math.sqrt(fit.dispersion * fit.bread[at, at]), expected, rtol=1e-7)
    assert_allclose(fit.scores.whole.sum(axis=0), 0, atol=1e-8)
    assert get("iv_lpm").compared(design, fit).gap < 1e-10


def test_with_one_instrument_the_effective_f_is_the_robust_f_of_the_first_stage() -> None:
    design = instrumented()
    first = OLS(design.x[:, 0], np.column_stack([design.instruments, design.x[:, 1:], np.ones(len(design.y))]))
    wald = float(first.fit(cov_type="HC0").tvalues[0] ** 2)
    flag = iv_lpm(design, first_stage="hc0").flags[-1]
    assert flag.startswith(f"first stage of 'treatment': effective F = {wald:.2f} (heteroskedasticity-robust (HC0)")
    assert "dyadic-robust over 20 states" in iv_lpm(design).flags[-1]


@pytest.mark.fault("fits")
@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            "nope",
            "first_stage: covariance 'nope' is not known; legal values: classical, dyad, dyadic, dyadic_cr2, "
            "dyadic_jackknife, hc0, hc1, hc2, hc3, jackknife, side1, side2, year (factors may be joined by '+')",
        ),
        ("hc3", "first_stage: hc3 does not go by scores alone; use hc0, hc1, cluster or dyadic"),
    ],
)
def test_a_covariance_that_the_first_stage_cannot_have_is_refused(asked: str, message: str) -> None:
    with pytest.raises(UnsupportedCovariance) as refused:
        iv_lpm(instrumented(), first_stage=asked)

    assert str(refused.value) == message


def closed_form(design: ModelFrame, level: float = 0.95) -> tuple[float, float, float]:
    """Coefficients of the quadratic in β that is negative inside the HC0 Anderson–Rubin set of one instrument."""
    w = np.column_stack([design.x[:, 1:], np.ones(len(design.y))])
    y, d, z = (
        v - w @ np.linalg.lstsq(w, v, rcond=None)[0] for v in (design.y, design.x[:, 0], design.instruments[:, 0])
    )
    p, q = z @ y / (z @ z), z @ d / (z @ z)
    u, v = z * (y - p * z) / (z @ z), z * (d - q * z) / (z @ z)
    c = float(stats.f(1, len(y) - 4).ppf(level))
    return q * q - c * v @ v, -2 * (p * q - c * u @ v), p * p - c * u @ u


@pytest.mark.parametrize("strength", [0.6, 0.06, 0.0])
def test_the_anderson_rubin_set_of_one_instrument_is_a_quadratic(strength: float) -> None:
    design = instrumented(strength=strength)
    found = anderson_rubin(design, "hc0")
    a, b, c = closed_form(design)
    inside = b * b - 4 * a * c
    if inside <= 0:
        assert found.confidence == ((-math.inf, math.inf),)
        return
    roots = sorted([(-b - math.sqrt(inside)) / (2 * a), (-b + math.sqrt(inside)) / (2 * a)])
    expected = [roots] if a > 0 else [[-math.inf, roots[0]], [roots[1], math.inf]]
    assert_allclose(np.array(found.confidence), np.array(expected), rtol=1e-6)


def test_weak_instruments_leave_the_coefficient_unbounded_and_strong_ones_hold_the_estimate() -> None:
    strong = anderson_rubin(instrumented(), "dyadic")
    estimate = iv_lpm(instrumented()).estimate[1]
    ((low, high),) = strong.confidence
    assert low < estimate < high
    assert math.isinf(anderson_rubin(instrumented(strength=0.0), "hc0").confidence[0][0])


@pytest.mark.parametrize("instruments", [1, 3])
@pytest.mark.parametrize("vcov", ["dyadic", "dyad", "hc0"])
def test_the_ends_of_the_anderson_rubin_set_are_just_rejected(instruments: int, vcov: str) -> None:
    design = with_fixed_effects(instrumented(instruments=instruments), ("dyad", "year"))
    found = anderson_rubin(design, vcov, level=0.9)
    for end in found.confidence[0]:
        assert_allclose(at(design, vcov, end).p_value, 0.1, rtol=1e-5)
    middle = sum(found.confidence[0]) / 2
    assert at(design, vcov, middle).p_value > 0.1
    assert at(design, vcov, found.confidence[0][1] + 1).p_value < 0.1


def at(design: ModelFrame, vcov: str, null: float) -> AndersonRubin:
    return anderson_rubin(design, vcov, null=null)


def test_anderson_rubin_at_a_null_is_the_wald_test_of_the_instruments_in_the_reduced_form() -> None:
    design = instrumented(instruments=3)
    reduced = OLS(
        design.y - 0.3 * design.x[:, 0], np.column_stack([design.instruments, design.x[:, 1:], np.ones(len(design.y))])
    )
    fit = reduced.fit(cov_type="HC0")
    # statsmodels OLS with HC0: Wald test that the three instruments have no coefficient.
    wald = float(fit.params[:3] @ np.linalg.solve(fit.cov_params()[:3, :3], fit.params[:3])) / 3
    assert_allclose(anderson_rubin(design, "hc0", null=0.3).statistic, wald, rtol=1e-8)


def test_instruments_that_contradict_each_other_leave_an_empty_set() -> None:
    design = instrumented(instruments=2, states=40)
    assert design.instruments is not None
    y = design.y + 3 * design.instruments[:, 0]
    assert anderson_rubin(replace(design, y=y), "hc0").confidence == ()


def test_the_anderson_rubin_set_covers_the_truth_as_often_as_it_says() -> None:
    rng, covered, draws = np.random.default_rng(4), 0, 100
    design = panel(states=15, years=2, gaps=False)
    rows = len(design.y)
    for _ in range(draws):
        z, cause = rng.normal(size=rows), rng.normal(size=rows)
        d = 0.05 * z + cause
        y = 0.5 * d + cause + rng.normal(size=rows)
        made = replace(design, y=y, x=d[:, None], terms=("d",), endogenous=("d",), instruments=z)
        covered += anderson_rubin(made, "hc0", null=0.5).p_value > 0.1
    assert abs(covered / draws - 0.9) < 3 * math.sqrt(0.09 / draws)


@pytest.mark.fault("fits")
def test_instrumental_refusals_are_named() -> None:
    design = with_fixed_effects(instrumented(), ("dyad", "year"))
    with pytest.raises(NoInstruments, match=r"^iv_lpm needs endogenous regressors and instruments"):
        iv_lpm(replace(design, endogenous=(), instruments=None))
    with pytest.raises(
        NoInstruments, match=r"^0 instruments for 1 endogenous regressors, instrument 1 not varying within"
    ):
        iv_lpm(replace(design, instruments=(design.side1 * 1.0)[:, None]))
    with pytest.raises(NoInstruments, match=r"^1 instruments for 2 endogenous regressors$"):
        iv_lpm(replace(design, endogenous=("treatment", "control")))
    with pytest.raises(RankDeficient, match=r"linearly dependent regressors: instrument 1, control"):
        iv_lpm(replace(design, instruments=design.x[:, [1]]))
    with pytest.raises(NoInstruments, match=r"is of one endogenous regressor; given: 2$"):
        anderson_rubin(replace(design, endogenous=("treatment", "control")))
    with pytest.raises(UnsupportedCovariance, match=r"^classical does not go by scores alone"):
        anderson_rubin(design, "classical")
    some = np.column_stack([design.instruments, design.side1])
    assert (
        "instrument 2 does not vary within effects and is not used" in iv_lpm(replace(design, instruments=some)).flags
    )


def test_endogenous_and_instrument_swapped_in_order_give_the_same_numbers() -> None:
    design = with_fixed_effects(instrumented(instruments=3), ("dyad", "year"))
    assert design.instruments is not None
    both = iv_lpm(replace(design, endogenous=("treatment", "control")))
    swapped = iv_lpm(replace(design, endogenous=("control", "treatment"), instruments=design.instruments[:, ::-1]))
    assert_allclose(both.estimate, swapped.estimate, rtol=1e-9)
    assert both.flags[-1] == "several endogenous regressors: no effective F"
