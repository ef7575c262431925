"""Two-way fixed effects, their weights, and regressions on cohorts: dense least squares, identities, references."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import NoControls, NoSwitches, RankDeficient, ShortPanel, UnknownOption, UnsuitableTreatment
from detente.base.types import Array
from detente.stats.causal import (
    Regressed,
    Saturated,
    TreatmentPanel,
    contamination,
    saturated,
    treated_weights,
    treatment_panel,
    two_way,
)

from support.staggered import of_units, staggered_truth
from support.switched import dummies, shared_states, switched_panel, switched_rows


def holed(data: pd.DataFrame) -> pd.DataFrame:
    """The rows with a tenth of the outcomes missing; the treatment is known throughout, so that cohorts are."""
    return data.assign(y=data["y"].mask(np.random.default_rng(1).random(len(data)) < 0.1))


def dense(panel: TreatmentPanel, columns: list[Array]) -> tuple[Array, Array]:
    """Coefficients of columns (U, T) beside dummies, and what each unit adds to them, by dense least squares."""
    cells = ~np.isnan(panel.outcome) & ~np.isnan(panel.treatment)
    x = np.column_stack([*(c.ravel() for c in columns), dummies(cells)])[cells.ravel()]
    inverse = np.linalg.pinv(x)
    y = panel.outcome[cells]
    added = inverse[: len(columns)] * (y - x @ (inverse @ y))
    unit = np.nonzero(cells)[0]
    return inverse[: len(columns)] @ y, np.stack([np.bincount(unit, a, panel.units) for a in added], axis=1)


@pytest.mark.parametrize("directed", [False, True])
def test_the_static_coefficient_and_its_dyadic_variance_are_those_of_dense_dummies(*, directed: bool) -> None:
    panel = switched_panel(switched_rows(8 - 2 * directed, 7, seed=2, directed=directed))
    study = two_way(panel, Regressed(static=True, covariates=("x",)))
    right, added = dense(panel, [np.nan_to_num(panel.treatment), np.nan_to_num(panel.covariates["x"])])
    assert study.estimate[0] == pytest.approx(right[0], abs=1e-11)
    np.testing.assert_allclose(study.influence[:, 0], added[:, 0], atol=1e-11)
    shared = added[:, 0] @ shared_states(panel) @ added[:, 0]
    assert study.covariance("dyadic", "none").unrepaired[0, 0] == pytest.approx(shared, abs=1e-12)
    np.testing.assert_allclose(study.influence.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(study.share.sum(axis=0), 1)


def test_event_study_coefficients_are_those_of_dense_dummies() -> None:
    panel = switched_panel(switched_rows(8, 8, seed=3, stays=True))
    study = two_way(panel, Regressed(before=3, after=2))
    since = np.full(panel.outcome.shape, np.nan)
    for i, row in enumerate(panel.treatment):
        on = np.flatnonzero(row == 1)
        if len(on) and (row == 0).any():
            filled = pd.Series(row).ffill().to_numpy()
            first = np.flatnonzero((filled[1:] == 1) & (filled[:-1] == 0))
            since[i] = np.arange(len(row)) - first[0] - 1 if len(first) else np.nan
    gone = (panel.treatment == 1).any(axis=1) & ~(panel.treatment == 0).any(axis=1)
    kept = TreatmentPanel(**{**vars(panel), "outcome": np.where(gone[:, None], np.nan, panel.outcome)})
    columns = [np.where(since == h, 1.0, 0) for h in (-3, -2, 0, 1, 2)]
    columns += [np.where(since < -3, 1.0, 0), np.where(since > 2, 1.0, 0)]
    right, added = dense(kept, columns)
    assert study.horizon.tolist() == [-3, -2, 0, 1, 2]
    np.testing.assert_allclose(study.estimate, right[:5], atol=1e-10)
    np.testing.assert_allclose(study.influence, added[:, :5], atol=1e-10)


def test_the_static_coefficient_is_the_sum_of_effects_by_their_weights() -> None:
    """de Chaisemartin and D'Haultfœuille's theorem 1, exactly, as there is no noise."""
    data = staggered_truth(noise=0, units=200).sample(frac=0.9, random_state=1)
    rng = np.random.default_rng(0)
    data["effect"] = data["d"] * rng.standard_normal(len(data))
    level = rng.standard_normal(200)[data["unit"]]
    panel = of_units(data.assign(y=level - 0.3 * data["time"] + data["effect"]))
    weights = treated_weights(panel)
    effect = data.set_index(["unit", "time"])["effect"]
    of_cell = effect.loc[list(zip(weights["unit"], weights["period"], strict=True))].to_numpy()
    study = two_way(panel, Regressed(static=True))
    assert weights["weight"].sum() == pytest.approx(1)
    assert study.estimate[0] == pytest.approx(float(weights["weight"] @ of_cell), abs=1e-10)
    negative = weights.loc[weights["weight"] < 0, "weight"]
    assert study.details["share_negative"] == pytest.approx(len(negative) / len(weights))
    assert study.details["sum_negative"] == pytest.approx(negative.sum())
    w = weights["weight"] * len(weights)
    least = abs(study.estimate[0]) / np.sqrt(np.mean((w - 1) ** 2))
    assert study.details["least_spread"] == pytest.approx(least)


def test_effects_of_mean_zero_with_the_least_spread_make_the_coefficient() -> None:
    """Corollary 1: the effects w − 1, scaled, have mean zero, that spread, and reproduce the coefficient."""
    panel = of_units(staggered_truth(units=100))
    study, weights = two_way(panel, Regressed(static=True)), treated_weights(panel)["weight"].to_numpy()
    scaled = weights * len(weights) - 1
    effects = scaled * study.estimate[0] / np.mean(scaled**2)
    assert effects.mean() == pytest.approx(0, abs=1e-12)
    assert weights @ effects == pytest.approx(study.estimate[0])
    assert effects.std() == pytest.approx(study.details["least_spread"])


def test_coefficients_are_the_sums_of_effects_by_cohort_and_horizon_by_their_weights() -> None:
    """Sun and Abraham's proposition 1, exactly, as there is no noise."""
    data = staggered_truth(noise=0, units=150)
    planted = {(c, h): float(np.sin(10 * c + h)) for c, h in itertools.product([3, 5, 7], range(-7, 7))}
    pairs = list(zip(data["start"], data["time"] - data["start"], strict=True))
    effect = [planted.get(pair, 0.0) for pair in pairs]
    panel = of_units(holed(data.assign(y=data["unit"] % 5 + data["time"] ** 1.5 + effect)))
    for options in (Regressed(), Regressed(before=2, after=1)):
        study, weights = two_way(panel, options), contamination(panel, options)
        weights["effect"] = [planted[c, h] for c, h in zip(weights["cohort"], weights["of_horizon"], strict=True)]
        right = weights.assign(part=weights["weight"] * weights["effect"]).groupby("horizon")["part"].sum()
        np.testing.assert_allclose(study.estimate, right.loc[study.horizon.tolist()], atol=1e-8)
        own = weights[weights["horizon"] == weights["of_horizon"]].groupby("horizon")["weight"].sum()
        np.testing.assert_allclose(own, 1, atol=1e-10)


def test_effects_that_grow_bias_two_way_fixed_effects_and_no_regression_on_cohorts() -> None:
    data = staggered_truth(units=900)
    panel = of_units(data)
    truth = data.loc[data["d"] == 1, "effect"].mean()
    static = two_way(panel, Regressed(static=True))
    assert static.estimate[0] < truth - 4 * static.covariance().std_errors[0]
    assert static.details["share_negative"] > 0
    for leads in (True, False):
        whole = saturated(panel, Saturated(leads=leads, by="all"))
        assert abs(whole.estimate[0] - truth) < 4 * whole.covariance().std_errors[0]
        by_horizon = saturated(panel, Saturated(leads=leads))
        right = np.where(by_horizon.horizon >= 0, 1 + 0.5 * by_horizon.horizon, 0)
        assert (np.abs(by_horizon.estimate - right) < 4 * by_horizon.covariance().std_errors).all()


@pytest.mark.parametrize("never", [True, False])
@pytest.mark.parametrize("leads", [True, False])
def test_a_regression_on_cohorts_finds_each_effect_exactly(*, leads: bool, never: bool) -> None:
    data = staggered_truth(noise=0, units=120, never=never)
    effect = data["d"] * np.cos(data["start"] * 10 + data["time"])
    panel = of_units(holed(data.assign(y=data["unit"] % 7 + data["time"] ** 1.5 + effect)))
    study = saturated(panel, Saturated(leads=leads, by="cohort"))
    listed = study.notes[-1].removeprefix("one effect per cohort and period: ").split(", ")
    pairs = [tuple(map(int, one.split(" in "))) for one in listed]
    right = [np.cos(c * 10 + t) if t >= c else 0.0 for c, t in pairs]
    np.testing.assert_allclose(study.estimate, right, atol=1e-9)
    assert [t - c for c, t in pairs] == study.horizon.tolist()
    if not never:
        assert any("the cohort of 7 is the control, until then" in note for note in study.notes)
        assert max(t for _, t in pairs) == 6
    cells = saturated(panel, Saturated(leads=leads))
    for horizon, estimate in zip(cells.horizon, cells.estimate, strict=True):
        at = study.horizon == horizon
        assert estimate == pytest.approx(np.average(study.estimate[at], weights=study.treated[at]), abs=1e-10)
        assert cells.treated[cells.horizon == horizon] == study.treated[at].sum()


def test_influence_of_averages_over_cohorts_is_that_of_dense_dummies() -> None:
    panel = switched_panel(switched_rows(8, 6, seed=6, stays=True, share=1.0))
    study = saturated(panel, Saturated(leads=False, by="all"))
    start = np.where((panel.treatment == 1).any(axis=1), (panel.treatment == 1).argmax(axis=1), -1)
    on = panel.treatment == 1
    columns = [
        np.where(on & (start == g)[:, None] & (np.arange(6) == t), 1.0, 0)
        for g in np.unique(start[start > 0])
        for t in range(g, 6)
    ]
    right, added = dense(panel, columns)
    size = np.array([(c * ~np.isnan(panel.outcome)).sum() for c in columns])
    assert study.estimate[0] == pytest.approx(np.average(right, weights=size), abs=1e-10)
    np.testing.assert_allclose(study.influence[:, 0], added @ size / size.sum(), atol=1e-10)


def test_nothing_depends_on_order_names_or_origin() -> None:
    data = switched_rows(8, 8, seed=1, stays=True)
    moved = data.assign(ccode1=data["ccode1"] * 7 % 1009, ccode2=data["ccode2"] * 7 % 1009, year=data["year"] + 500)
    panels = switched_panel(data), switched_panel(moved.sample(frac=1, random_state=1))
    for design in (two_way, saturated, lambda p: two_way(p, Regressed(static=True))):
        first, other = (design(panel) for panel in panels)
        np.testing.assert_allclose(first.estimate, other.estimate, atol=1e-10)
        np.testing.assert_allclose(first.covariance().std_errors, other.covariance().std_errors, atol=1e-10)


def test_units_treated_all_along_are_left_out_and_counted() -> None:
    data = staggered_truth(units=80)
    data.loc[data["unit"] < 2, "d"] = 1.0
    whole, rest = of_units(data), of_units(data[data["unit"] >= 2])
    for design in (two_way, saturated):
        study = design(whole)
        assert "2 units are treated in all their periods and left out" in study.notes
        np.testing.assert_allclose(study.estimate, design(rest).estimate, atol=1e-12)


def faulty(never: bool = True, **columns: object) -> TreatmentPanel:
    """A panel of which columns are changed."""
    data = staggered_truth(units=30, never=never).assign(z=lambda f: f["unit"] * 1.0, **columns)
    return of_units(data, ("z",))


TOGETHER = faulty(d=lambda f: 1.0 * (f["time"] > 4))
ENDS = faulty(d=lambda f: f["d"] * (f["time"] < 8))


@pytest.mark.fault("fits")
@pytest.mark.parametrize(
    ("design", "error", "message"),
    [
        (lambda: two_way(ENDS), UnsuitableTreatment, "'d' ends .* times in .* units; an event study is for treatments"),
        (lambda: saturated(ENDS), UnsuitableTreatment, "which takes treatments that end"),
        (lambda: two_way(faulty(d=0.0)), NoSwitches, "'d' never switches on"),
        (lambda: saturated(faulty(d=0.0)), NoSwitches, "'d' never switches on"),
        (lambda: two_way(faulty(d=1.0), Regressed(static=True)), NoSwitches, "'d' never switches on"),
        (lambda: two_way(faulty(never=False)), NoControls, "no unit is untreated while others switch"),
        (
            lambda: two_way(faulty(d=lambda f: 1.0 * (f["time"] > 4)), Regressed(static=True)),
            NoControls,
            "are not deter",
        ),
        (lambda: saturated(faulty(d=lambda f: 1.0 * (f["time"] > 4))), NoControls, "no unit is untreated"),
        (lambda: two_way(faulty(), Regressed(before=9)), ShortPanel, "horizons -9 to 6 are asked for"),
        (lambda: two_way(faulty(), Regressed(covariates=("z",))), RankDeficient, "'z' vary by unit or by period"),
        (lambda: saturated(faulty(), Saturated(by="horizons")), UnknownOption, "nearest: 'horizon'"),
        (lambda: Regressed(before=0), UnknownOption, "before=0: it is a whole number from 1 on"),
        (lambda: Regressed(static=True, after=2), UnknownOption, "static=True has one coefficient"),
        (lambda: treated_weights(faulty(), Regressed()), UnknownOption, "write static=True"),
        (lambda: contamination(faulty(), Regressed(static=True)), UnknownOption, "write static=False"),
    ],
)
def test_what_cannot_be_regressed_is_refused(design: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        design()  # type: ignore[operator]


@pytest.mark.record
def test_reference_regressions(oracles: Path) -> None:
    """fixest's factor: G/(G−1) × (N−1)/(N−K), K coefficients and periods, units being nested in the clusters."""
    data = pd.read_csv(oracles / "data/did_mpdta.csv")
    data["d"] = ((data["first.treat"] > 0) & (data["year"] >= data["first.treat"])).astype(float)
    panel = treatment_panel(data, "lemp", "d", unit="countyreal", time="year")
    rows = pd.read_csv(oracles / "causal.tsv", sep="\t", index_col="id")
    cohorts = [name for name in rows.index if name.startswith("etwfe.")]
    n, units, periods = len(data), panel.units, len(panel.periods)
    for study, names, k in (
        (two_way(panel, Regressed(static=True)), ["twfe.treat"], 1),
        (saturated(panel), [f"sunab.year::{h}" for h in (-4, -3, -2, 0, 1, 2, 3)], 12),
        (saturated(panel, Saturated(by="all")), ["sunab.att"], 12),
        (saturated(panel, Saturated(leads=False, by="cohort")), cohorts, 7),
    ):
        right = rows.loc[names, ["value", "std_error"]].astype(float)
        factor = units / (units - 1) * (n - 1) / (n - k - periods)
        errors = study.covariance("unit", "none").std_errors * np.sqrt(factor)
        np.testing.assert_allclose(study.estimate, right["value"], atol=1e-6)
        np.testing.assert_allclose(errors, right["std_error"], atol=1e-6)
