"""Effects imputed from untreated cells: dense least squares, known truth, invariances, reference numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import (
    NoControls,
    NoSwitches,
    RankDeficient,
    ShortPanel,
    UnknownOption,
    UnknownVariable,
    UnsuitableTreatment,
)
from detente.base.types import Array, Flags
from detente.stats.causal import (
    Imputed,
    Levels,
    Regressed,
    TreatmentPanel,
    equivalence,
    imputation,
    saturated,
    treatment_panel,
    two_way,
)
from detente.stats.causal.timing import NEVER, since_off, since_on

from support.staggered import of_units, staggered_truth
from support.switched import projection, shared_states, switched_panel, switched_rows


def since(treatment: Array, horizon: int, *, off: bool = False) -> Flags:
    """Cells (U, T) at a horizon, counted cell by cell."""
    found = np.zeros(treatment.shape, dtype=bool)
    for row, out in zip(1 - treatment if off else treatment, found, strict=True):
        known = np.flatnonzero(~np.isnan(row))
        filled = row.copy()
        for t in range(known[0] if len(known) else len(row), len(row)):
            filled[t] = filled[t - 1] if np.isnan(filled[t]) else filled[t]
        for t in range(1, len(row)):
            if not (filled[t] == 1 and filled[t - 1] == 0):
                continue
            at = t + horizon
            if horizon >= 0 and at < len(row) and (filled[t : at + 1] == 1).all():
                out[at] = True
            if horizon < 0 and at >= 0 and (filled[at:t] == 0).all():
                out[at] = True
    return found


@pytest.mark.parametrize("off", [False, True])
def test_horizons_are_those_counted_cell_by_cell(*, off: bool) -> None:
    rng = np.random.default_rng(3)
    treatment = (rng.random((60, 9)) < 0.5).astype(float)
    treatment[rng.random(treatment.shape) < 0.15] = np.nan
    clock = (since_off if off else since_on)(treatment)
    for horizon in range(-8, 9):
        np.testing.assert_array_equal(clock.horizon == horizon, since(treatment, horizon, off=off))
    assert set(np.unique(clock.horizon)) <= {NEVER, *range(-8, 9)}


def brute(panel: TreatmentPanel, horizon: int, options: Imputed) -> tuple[float, Array, Array]:
    """Estimate, weights (U, T) and influence (U,) from dense projections, for cells outside the fit."""
    extra = [panel.covariates[name] for name in options.covariates]
    usable = (
        ~np.isnan(panel.outcome) & ~np.isnan(panel.treatment) & ~np.isnan(sum(extra, np.zeros(panel.outcome.shape)))
    )
    fit = usable & (panel.treatment == 0)
    off = options.switch == "off"
    if (horizon < 0) != off:
        wanted = range(-options.before, 0) if not off else range(options.after + 1)
        fit &= ~np.any([since(panel.treatment, h, off=off) for h in wanted], axis=0)
    matrix = projection(fit, extra)
    y = np.nan_to_num(panel.outcome).ravel()
    predicted = (matrix @ np.where(fit.ravel(), y, 0)).reshape(fit.shape)
    seen = fit.any(axis=1)[:, None] & fit.any(axis=0)
    target = usable & since(panel.treatment, horizon, off=off) & seen
    weight = target / target.sum()
    effect = panel.outcome - predicted
    weights = weight - (weight.ravel() @ matrix).reshape(fit.shape) * fit
    adjusted = np.where(fit, effect, 0.0)
    columns = [t for t in range(fit.shape[1]) if target[:, t].any()]
    lone = [t for t in columns if target[:, t].sum() == 1]
    cohorts = [[t] for t in columns if t not in lone]
    if len(lone) == 1 and cohorts:
        max(cohorts, key=lambda c: target[:, c[0]].sum()).append(lone[0])
    elif lone:
        cohorts.append(lone)
    for cohort in cohorts:
        inside = target & np.isin(np.arange(fit.shape[1]), cohort)
        adjusted[inside] = effect[inside] - effect[inside].mean()
    return float(np.sum(np.where(target, weight * effect, 0))), weights, (weights * adjusted).sum(axis=1)


@pytest.mark.parametrize("covariates", [(), ("x",)])
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("switch", ["on", "off"])
def test_effects_weights_and_variances_are_those_of_dense_projections(
    covariates: tuple[str, ...], directed: bool, switch: str
) -> None:
    panel = switched_panel(switched_rows(9 if not directed else 7, 7, seed=5, directed=directed))
    options = Imputed(switch=switch, before=2, after=1, covariates=covariates)
    study = imputation(panel, options)
    made = study.covariance("dyadic", "none")
    for i, horizon in enumerate(study.horizon):
        estimate, weights, influence = brute(panel, int(horizon), options)
        assert study.estimate[i] == pytest.approx(estimate, abs=1e-10)
        dense = np.zeros(panel.units)
        np.add.at(dense, study.weights.unit, study.weights.left[:, i] ** 2)
        np.testing.assert_allclose(dense, np.sum(weights**2, axis=1), atol=1e-12)
        assert np.nansum(weights * panel.outcome) == pytest.approx(estimate, abs=1e-10)
        np.testing.assert_allclose(study.influence[:, i], influence, atol=1e-10)
        shared = study.influence[:, i] @ shared_states(panel) @ study.influence[:, i]
        assert made.unrepaired[i, i] == pytest.approx(shared, abs=1e-12)
    np.testing.assert_allclose(study.influence.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(study.share.sum(axis=0), 1)


def test_growing_effects_of_staggered_switches_are_recovered() -> None:
    study = imputation(of_units(staggered_truth()), Imputed(before=2))
    truth = np.where(study.horizon >= 0, 1 + 0.5 * study.horizon, 0)
    errors = study.covariance().std_errors
    assert (np.abs(study.estimate - truth) < 3.5 * errors).all()
    assert study.pretest()[1] > 0.01


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    inside = []
    for seed in range(60):
        study = imputation(of_units(staggered_truth(seed, units=80)), Imputed(static=True))
        made = study.contrast(np.ones(1))
        data = staggered_truth(seed, units=80)
        inside.append(made.conf_low <= data.loc[data["d"] == 1, "effect"].mean() <= made.conf_high)
    assert np.mean(inside) >= 0.9


def test_trends_that_differ_before_the_switch_are_found_and_bias_the_effect() -> None:
    data = staggered_truth()
    early = data.groupby("unit")["d"].transform("max")
    study = imputation(of_units(data.assign(y=data["y"] + 0.3 * early * data["time"])), Imputed(before=2))
    assert study.pretest()[1] < 0.001
    assert study.estimate[study.horizon == 0][0] > 1.3
    found = equivalence(study)
    assert found.p_value > 0.05
    assert found.f_p_value < 0.001


@pytest.mark.parametrize("untreated", ["held out", "fitted", "regression"])
def test_placebo_effects_are_nothing_where_trends_are_parallel(untreated: str) -> None:
    study = imputation(of_units(staggered_truth(units=900)), Imputed(before=2, untreated=untreated))
    before = study.horizon < 0
    assert (np.abs(study.estimate[before]) < 4 * study.covariance().std_errors[before]).all()
    assert equivalence(study, bound=0.36).p_value < 0.01
    whole = imputation(of_units(staggered_truth(units=900)))
    np.testing.assert_allclose(study.estimate[~before], whole.estimate, rtol=1e-12)


def test_a_regression_on_leads_has_the_coefficients_of_dense_least_squares() -> None:
    panel = switched_panel(switched_rows(9, 8, seed=4))
    study = imputation(panel, Imputed(before=2, after=0, covariates=("x",), untreated="regression"))
    fit = ~np.isnan(panel.outcome) & (panel.treatment == 0) & ~np.isnan(panel.covariates["x"])
    leads = [np.where(since(panel.treatment, h), 1.0, 0.0) for h in (-2, -1)]
    units, periods = fit.shape
    x = np.column_stack(
        [
            *(t.ravel() for t in (*leads, np.nan_to_num(panel.covariates["x"]))),
            np.repeat(np.eye(units), periods, axis=0),
            np.tile(np.eye(periods), (units, 1)),
        ]
    )[fit.ravel()]
    right = np.linalg.lstsq(x, panel.outcome[fit], rcond=None)[0][:2]
    np.testing.assert_allclose(study.estimate[:2], right, atol=1e-9)
    np.testing.assert_allclose(study.influence.sum(axis=0), 0, atol=1e-12)


def test_effects_that_outlast_the_treatment_are_carry_over_and_a_washout_keeps_them_out_of_the_fit() -> None:
    rng = np.random.default_rng(2)
    units, periods = 500, 12
    start, length = rng.integers(2, 7, units), rng.integers(1, 4, units)
    unit, time = np.divmod(np.arange(units * periods), periods)
    since_start, since_end = time - start[unit], time - (start + length)[unit]
    d = (since_start >= 0) & (since_end < 0) & (unit % 3 > 0)
    after = (since_end == 0) & (unit % 3 > 0)
    y = rng.standard_normal(units)[unit] + 0.2 * time + 2.0 * d + 1.5 * after + 0.5 * rng.standard_normal(len(unit))
    panel = of_units(pd.DataFrame({"unit": unit, "time": time, "d": d.astype(float), "y": y}))
    ended = imputation(panel, Imputed(switch="off", before=1, after=1))
    np.testing.assert_allclose(ended.estimate[1:], [1.5, 0.0], atol=0.15)
    assert abs(ended.estimate[0] - 2.0) > 0.2
    ended = imputation(panel, Imputed(switch="off", before=1, after=1, washout=1))
    np.testing.assert_allclose(ended.estimate, [2.0, 1.5, 0.0], atol=0.15)
    assert equivalence(ended, bound=0.2, periods="after").p_value > 0.5
    plain, clean = (imputation(panel, Imputed(static=True, washout=washout)).estimate[0] for washout in (0, 1))
    assert abs(clean - 2.0) < 0.08
    assert plain < clean - 0.08


def test_nothing_depends_on_the_order_of_rows_the_names_of_units_or_the_origin_of_time() -> None:
    data = switched_rows(9, 8, seed=1)
    options = Imputed(before=1, after=2, covariates=("x",))
    first = imputation(switched_panel(data), options)
    moved = data.assign(ccode1=data["ccode1"] * 7 % 1009, ccode2=data["ccode2"] * 7 % 1009, year=data["year"] + 500)
    other = imputation(switched_panel(moved.sample(frac=1, random_state=1)), options)
    np.testing.assert_allclose(first.estimate, other.estimate, atol=1e-11)
    np.testing.assert_allclose(first.covariance().std_errors, other.covariance().std_errors, atol=1e-11)
    taller = data.assign(y=data["y"] + 1e4 + data["ccode1"] - 3 * data["year"])
    np.testing.assert_allclose(imputation(switched_panel(taller), options).estimate, first.estimate, atol=1e-8)


def test_units_never_untreated_and_lone_cohorts_are_counted() -> None:
    data = staggered_truth(units=60)
    data.loc[data["unit"] == 0, "d"] = 1.0
    data.loc[data["unit"] == 1, "d"] = (data.loc[data["unit"] == 1, "time"] >= 8).astype(float)
    study = imputation(of_units(data), Imputed(static=True))
    assert "10 treated cells of 1 units without a counterfactual are left out" in study.notes
    assert any("alone in their cohort" in note for note in study.notes)
    np.testing.assert_allclose(study.influence.sum(axis=0), 0, atol=1e-12)
    assert study.treated[0] == (data["d"] == 1).sum() - 10


def test_one_average_for_all_cohorts_is_the_more_conservative() -> None:
    data = staggered_truth(units=200)
    data["y"] += data["d"] * (data["unit"] % 7 == 0) * 3 * (data["time"] == 8)
    errors = [
        imputation(of_units(data), Imputed(static=True, averages=a)).covariance().std_errors
        for a in ("cohort", "horizon")
    ]
    assert errors[1] > 1.1 * errors[0]


def test_bounds_of_equivalence_are_those_of_two_one_sided_tests() -> None:
    study = imputation(of_units(staggered_truth()), Imputed(before=2))
    found = equivalence(study, bound=0.3)
    table = found.table()
    inside = table[["conf_low", "conf_high"]].abs().max(axis=1) < 0.3
    assert ((table["tost"] < 0.05) == inside).all()
    edge = equivalence(study, bound=found.range)
    assert edge.p_value == pytest.approx(0.05, abs=1e-9)
    assert found.pooled.estimate == pytest.approx(np.average(table["estimate"], weights=study.treated[:2]))
    assert equivalence(study).bound == pytest.approx(0.36 * study.details["sigma"])


def faulty(**columns: object) -> TreatmentPanel:
    """A panel of which columns are changed."""
    return of_units(staggered_truth(units=30).assign(z=lambda f: f["unit"] * 1.0, **columns), ("z",))


ALL = lambda f: 1.0 * (f["time"] >= 4)  # noqa: E731


@pytest.mark.fault("fits")
@pytest.mark.parametrize(
    ("panel", "options", "error", "message"),
    [
        (faulty(d=0.0), {}, NoSwitches, "'d' never switches on within a unit: 0 cells are treated and 300 untreated"),
        (faulty(), {"switch": "off"}, NoSwitches, "'d' never switches off within a unit"),
        (faulty(d=1.0), {"static": True}, NoControls, "no cell is untreated"),
        (faulty(d=ALL), {}, NoControls, "no counterfactual is determined for 180 treated cells"),
        (faulty(d=ALL), {"before": 2, "untreated": "fitted"}, NoControls, "no counterfactual is determined for 180"),
        (faulty(), {"before": 9}, ShortPanel, "horizons -9 to 6 are asked for; known cells are 7 periods before to 6"),
        (faulty(), {"after": 8}, ShortPanel, "horizons 0 to 8 are asked for"),
        (faulty(), {"before": 7}, ShortPanel, "no cell at horizon -7 has a counterfactual"),
        (faulty(), {"covariates": ("z",)}, RankDeficient, "'z' vary by unit or by period alone"),
        (faulty(), {"covariates": ("zz",)}, UnknownVariable, "nearest: 'z'"),
    ],
    ids=["never", "never off", "always", "together", "placebos alone", "before", "after", "held", "fixed", "unknown"],
)
def test_what_cannot_be_imputed_is_refused(
    panel: TreatmentPanel, options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        imputation(panel, Imputed(**options))  # type: ignore[arg-type]


@pytest.mark.fault("fits")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"switch": "of"}, "nearest: 'off'"),
        ({"untreated": "fited"}, "nearest: 'fitted'"),
        ({"averages": "cohorts"}, "nearest: 'cohort'"),
        ({"before": -1}, "before=-1: it is a whole number from 0 on"),
        ({"fewest": 0}, "fewest=0: it is a whole number from 1 on"),
        ({"static": True, "before": 2}, "static=True is one effect"),
        ({"factors": 1, "penalty": 0.1}, "stands in the place of factors"),
        ({"penalty": 0.0}, "penalty=0.0: it is a number above 0"),
        ({"factors": -1}, "factors=-1: it is a whole number from 0 on"),
        ({"factors": 1, "untreated": "regression"}, "is for fixed effects alone"),
    ],
)
def test_options_that_do_not_exist_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UnknownOption, match=message):
        Imputed(**options)  # type: ignore[arg-type]


@pytest.mark.fault("fits")
@pytest.mark.parametrize("design", [imputation, two_way, saturated, lambda p: two_way(p, Regressed(static=True))])
def test_a_treatment_of_other_values_than_0_and_1_is_refused(design: Callable[[TreatmentPanel], object]) -> None:
    data = staggered_truth(units=20)
    panel = treatment_panel(data.assign(d=data["d"] * 2), "y", Levels("d"), unit="unit", time="time")
    with pytest.raises(UnsuitableTreatment, match="'d' has values other than 0 and 1"):
        design(panel)


@pytest.mark.fault("fits")
def test_equivalence_of_effects_that_are_not_there_is_refused() -> None:
    study = imputation(of_units(staggered_truth(units=60)))
    with pytest.raises(ShortPanel, match="the study has no effect before the switch"):
        equivalence(study)
    with pytest.raises(UnknownOption, match="nearest: 'before'"):
        equivalence(study, periods="befor")
    with pytest.raises(UnknownOption, match="bound=-1"):
        equivalence(study, bound=-1, periods="after")
    with pytest.raises(UnknownOption, match="no residuals to take a bound from"):
        equivalence(dataclasses.replace(study, details={}), periods="after")


def reference(oracles: Path) -> pd.DataFrame:
    """Reference numbers by id."""
    return pd.read_csv(oracles / "causal.tsv", sep="\t", index_col="id")


@pytest.fixture(scope="module")
def simulated(oracles: Path) -> TreatmentPanel:
    """Liu, Wang and Xu's simulated panel."""
    data = pd.read_csv(oracles / "data/fect_sim_base.csv")
    return treatment_panel(data, "Y", "D", unit="id", time="time", covariates=["X1", "X2"])


def compare(found: dict[str, float], rows: pd.DataFrame, family: str, tolerance: float) -> None:
    """Every row of a family is met, and none is missing."""
    rows = rows[rows.index.str.startswith(f"fect.{family}.") & ~rows["quantity"].str.startswith("se_")]
    assert set(rows["quantity"]) == set(found)
    for quantity, value in rows.set_index("quantity")["value"].items():
        assert found[quantity] == pytest.approx(float(value), abs=tolerance), quantity


def quantities(panel: TreatmentPanel, **options: object) -> dict[str, float]:
    """What fect prints: it counts the first treated, or untreated, period as 1."""
    on = imputation(panel, Imputed(before=4, after=4, untreated="fitted", **options))  # type: ignore[arg-type]
    off = imputation(panel, Imputed(switch="off", before=3, after=2, untreated="fitted", **options))  # type: ignore[arg-type]
    slopes = [value for name, value in on.details.items() if name.startswith("slope")]
    return {
        "att.avg": on.details["att"],
        "att.avg.unit": on.details["att_by_unit"],
        **{f"beta{i + 1}": slope for i, slope in enumerate(slopes)},
        **{f"att_t{h + 1}": float(e) for h, e in zip(on.horizon, on.estimate, strict=True)},
        **{f"attoff_t{h + 1}": float(e) for h, e in zip(off.horizon, off.estimate, strict=True)},
    }


@pytest.mark.record
@pytest.mark.parametrize(
    ("family", "covariates"), [("fe", ("X1", "X2")), ("fe_nocov", ()), ("fe_boot200", ("X1", "X2"))]
)
def test_reference_effects_of_a_treatment_that_reverses(
    oracles: Path, simulated: TreatmentPanel, family: str, covariates: tuple[str, ...]
) -> None:
    compare(quantities(simulated, covariates=covariates), reference(oracles), family, 1e-5)


@pytest.mark.record
@pytest.mark.parametrize(
    ("family", "options"), [("ife_r2", {"factors": 2}), ("mc_l", {"penalty": 0.002})], ids=["ife", "mc"]
)
def test_reference_effects_beside_common_factors(
    oracles: Path, simulated: TreatmentPanel, family: str, options: dict[str, float]
) -> None:
    compare(quantities(simulated, covariates=("X1", "X2"), **options), reference(oracles), family, 1e-3)


@pytest.mark.record
def test_the_number_of_cells_at_each_horizon_is_the_reference_one(oracles: Path, simulated: TreatmentPanel) -> None:
    rows = reference(oracles)
    on = imputation(simulated, Imputed(before=4, after=4, untreated="fitted"))
    for horizon, count in zip(on.horizon, on.treated, strict=True):
        assert rows.loc[f"fect.fe.att_t{horizon + 1}", "note"] == f"n={count}"


@pytest.mark.record
def test_the_error_of_the_mean_effect_is_near_that_of_a_bootstrap_that_fits_again(
    oracles: Path, simulated: TreatmentPanel
) -> None:
    study = imputation(simulated, Imputed(static=True, covariates=("X1", "X2"), averages="horizon"))
    right = float(reference(oracles).loc["fect.fe_boot200.se_att.avg", "value"])
    assert study.covariance("unit").std_errors[0] == pytest.approx(right, rel=0.15)


@pytest.mark.record
def test_reference_effects_of_staggered_switches(oracles: Path) -> None:
    data = pd.read_csv(oracles / "data/did_mpdta.csv")
    data["d"] = ((data["first.treat"] > 0) & (data["year"] >= data["first.treat"])).astype(float)
    panel = treatment_panel(data, "lemp", "d", unit="countyreal", time="year")
    rows = reference(oracles)
    for options, names in (
        (Imputed(static=True), ["bjs.static.treat"]),
        (Imputed(), [f"bjs.event.{h}" for h in range(4)]),
    ):
        study = imputation(panel, options)
        right = rows.loc[names]
        np.testing.assert_allclose(study.estimate, right["value"].astype(float), atol=1e-7)
        np.testing.assert_allclose(
            study.covariance("unit", "none").std_errors, right["std_error"].astype(float), atol=1e-6
        )
