"""Effects by cohort and period: means, least squares, derivatives, known truth, reference numbers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from detente.base.errors import NoControls, NoSwitches, ShortPanel, UnknownOption, UnknownVariable, UnsuitableTreatment
from detente.base.types import Array
from detente.stats.causal import Saturated, Staggered, TreatmentPanel, group_time, saturated, staggered, treatment_panel
from detente.stats.causal.two_periods import two_periods

from support.staggered import of_units, staggered_truth
from support.switched import shared_states, switched_panel, switched_rows


@pytest.mark.parametrize("controls", ["never", "not yet"])
@pytest.mark.parametrize("base", ["varying", "universal"])
@pytest.mark.parametrize("directed", [False, True])
def test_effects_without_covariates_are_differences_of_mean_changes(
    controls: str, base: str, *, directed: bool
) -> None:
    panel = switched_panel(switched_rows(9 - 2 * directed, 7, seed=3, stays=True, directed=directed, share=1.0))
    found = group_time(panel, Staggered(controls=controls, base=base))
    start = np.where((panel.treatment == 1).any(axis=1), (panel.treatment == 1).argmax(axis=1), 7)
    assert len(found.estimate) == len(set(zip(found.cohort, found.period, strict=True)))
    for k in range(len(found.estimate)):
        g, t = found.cohort[k], found.period[k]
        b = g - 1 if t >= g or base == "universal" else t - 1
        change = panel.outcome[:, t] - panel.outcome[:, b]
        control = (start > max(t, b)) & (start != g) if controls == "not yet" else start == 7
        one, other = change[(start == g) & ~np.isnan(change)], change[control & ~np.isnan(change)]
        assert found.estimate[k] == pytest.approx(one.mean() - other.mean(), abs=1e-12)
        assert (found.size[k], found.controls[k]) == (len(one), len(other))
        error = np.sum((one - one.mean()) ** 2) / len(one) ** 2 + np.sum((other - other.mean()) ** 2) / len(other) ** 2
        assert np.square(found.influence[k]).sum() == pytest.approx(error)
    expected = {(g, t) for g in np.unique(start[(start > 0) & (start < 7)]) for t in range(7)}
    expected -= {(g, g - 1) for g in range(8)} if base == "universal" else {(g, 0) for g in range(8)}
    assert set(zip(found.cohort, found.period, strict=True)) <= expected
    study = found.study()
    shared = study.influence.T @ shared_states(panel) @ study.influence
    np.testing.assert_allclose(study.covariance("dyadic", "none").unrepaired, shared, atol=1e-12)
    np.testing.assert_allclose(study.influence.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(study.share.sum(axis=0), 1)


def sample(n: int = 60, seed: int = 0) -> tuple[Array, Array, Array]:
    """Changes, treatment and two covariates of n units; both depend on the covariates."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 2))
    treated = rng.random(n) < 1 / (1 + np.exp(-0.7 * x[:, 0] + 0.4 * x[:, 1]))
    return x[:, 0] - 0.5 * x[:, 1] + treated + rng.standard_normal(n), treated, x


def test_a_regression_of_controls_gives_the_effect_of_regression() -> None:
    change, treated, x = sample()
    design = np.column_stack([np.ones(len(x)), x])
    slopes = np.linalg.lstsq(design[~treated], change[~treated], rcond=None)[0]
    found = two_periods(change, treated, x, "reg")
    assert found.estimate == pytest.approx(np.mean((change - design @ slopes)[treated]), abs=1e-12)


def test_weights_of_controls_balance_covariates_and_the_doubly_robust_effect_has_both() -> None:
    change, treated, x = sample(200)
    ipw, dr = (two_periods(change, treated, x, method) for method in ("ipw", "dr"))
    np.testing.assert_allclose([found.weights[treated].sum() for found in (ipw, dr)], 1)
    np.testing.assert_allclose([found.weights.sum() for found in (ipw, dr)], 0, atol=1e-12)
    np.testing.assert_allclose(dr.weights @ x, 0, atol=1e-12)
    design, odds = np.column_stack([np.ones(len(x)), x]), np.log(-ipw.weights[~treated])
    slopes, left, *_ = np.linalg.lstsq(design[~treated], odds, rcond=None)
    assert left[0] < 1e-18

    def moments(level: float) -> Array:
        return design.T @ (treated - 1 / (1 + np.exp(-(design @ slopes) - level)))

    level = optimize.brentq(lambda level: moments(level)[0], -50, 50, xtol=1e-13)
    np.testing.assert_allclose(moments(level), 0, atol=1e-8)


@pytest.mark.parametrize("method", ["dr", "reg", "ipw"])
def test_influence_is_the_derivative_with_respect_to_how_often_a_unit_counts(method: str) -> None:
    change, treated, x = sample(40, seed=4)
    found, times = two_periods(change, treated, x, method), 400
    for unit in (0, 7, 19, 33):
        often = np.concatenate([np.repeat(np.arange(40), times), np.full(4, unit)])
        rarely = np.delete(often, np.flatnonzero(often == unit)[:8])
        ends = [two_periods(change[i], treated[i], x[i], method).estimate for i in (often, rarely)]
        assert found.influence[unit] == pytest.approx((ends[0] - ends[1]) * times / 8, abs=1e-4)
    assert found.influence.sum() == pytest.approx(0, abs=1e-10)
    assert found.weights @ change == pytest.approx(found.estimate)


def conditional(seed: int, units: int = 1500) -> pd.DataFrame:
    """A trend that goes with a covariate, which the cohorts differ in."""
    data = staggered_truth(seed, units=units)
    rng = np.random.default_rng(seed + 100)
    x = rng.standard_normal(units) + (data.groupby("unit")["start"].first() < 10) * 0.8
    return data.assign(
        x=x.loc[data["unit"]].to_numpy(), y=data["y"] + 0.6 * data["time"] * x.loc[data["unit"]].to_numpy()
    )


def test_trends_that_go_with_a_covariate_bias_effects_without_it_and_none_with_it() -> None:
    panel = of_units(conditional(0), ("x",))
    plain = staggered(panel, average="simple")
    truth = conditional(0).query("d == 1")["effect"].mean()
    assert plain.estimate[0] > truth + 5 * plain.covariance().std_errors[0]
    assert staggered(panel, Staggered(before=3)).pretest()[1] < 0.001
    for method in ("dr", "reg", "ipw"):
        for controls in ("never", "not yet"):
            study = staggered(panel, Staggered(method=method, covariates=("x",), controls=controls), "simple")
            assert abs(study.estimate[0] - truth) < 4 * study.covariance().std_errors[0]


def test_the_doubly_robust_effect_survives_a_wrong_regression_where_the_propensity_is_right() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200_000, 1))
    treated = rng.random(len(x)) < 1 / (1 + np.exp(-x[:, 0]))
    change = np.exp(x[:, 0]) + treated
    dr, reg = (two_periods(change, treated, x, method).estimate for method in ("dr", "reg"))
    assert abs(dr - 1) < 0.05
    assert abs(reg - 1) > 0.3


@pytest.mark.parametrize("average", ["simple", "group", "calendar", "dynamic"])
def test_errors_of_averages_are_those_of_a_jackknife(average: str) -> None:
    """Weights of cohorts are estimated, and their part is in the variance."""
    data = staggered_truth(units=90, noise=0.3)
    data["y"] += data["d"] * data["start"] * 0.5
    study = staggered(of_units(data), average=average)
    found = study.average(study.covariance("unit", "none"))
    others = [staggered(of_units(data[data["unit"] != i]), average=average).average().estimate for i in range(90)]
    jackknife = np.sqrt(89 / 90 * np.square(others - np.mean(others)).sum())
    assert found.std_error == pytest.approx(jackknife, rel=0.06)


def test_growing_effects_are_recovered_by_every_average() -> None:
    data = staggered_truth(units=900)
    found = group_time(of_units(data), Staggered(controls="not yet"))
    study = found.study()
    right = np.where(study.horizon >= 0, 1 + 0.5 * study.horizon, 0)
    assert (np.abs(study.estimate - right) < 4 * study.covariance().std_errors).all()
    truth = data[data["d"] == 1].groupby(["start", "time"])["effect"].agg(["mean", "size"]).reset_index()
    averages = {
        "simple": np.average(truth["mean"], weights=truth["size"]),
        "group": np.average(
            truth.groupby("start")["mean"].mean(), weights=truth.groupby("start")["size"].first().to_numpy()
        ),
        "calendar": np.mean([np.average(t["mean"], weights=t["size"]) for _, t in truth.groupby("time")]),
    }
    for average, value in averages.items():
        made = found.study(average)
        assert abs(made.estimate[0] - value) < 4 * made.covariance().std_errors[0]
    table = found.table()
    assert len(table) == len(found.estimate)
    assert (table["period"] - table["cohort"]).tolist() == table["horizon"].tolist()


def test_in_a_whole_panel_the_regression_on_cohorts_is_the_same() -> None:
    panel = of_units(staggered_truth(units=120))
    one, other = staggered(panel, Staggered(base="universal")), saturated(panel, Saturated())
    np.testing.assert_allclose(one.estimate, other.estimate, atol=1e-10)
    assert one.horizon.tolist() == other.horizon.tolist()


def test_anticipation_moves_the_base_period_back() -> None:
    data = staggered_truth(noise=0)
    early = data["time"] == data["start"] - 1
    panel = of_units(data.assign(y=data["y"] + 0.8 * early))
    moved = staggered(panel, Staggered(anticipation=1))
    at = dict(zip(moved.horizon.tolist(), moved.estimate, strict=True))
    assert at[-1] == pytest.approx(0.8)
    assert at[0] == pytest.approx(1.0)
    assert staggered(panel, Staggered(before=0, after=0)).estimate[0] == pytest.approx(0.2)


def test_nothing_depends_on_order_names_or_origin() -> None:
    data = switched_rows(9, 8, seed=1, stays=True)
    moved = data.assign(ccode1=data["ccode1"] * 7 % 1009, ccode2=data["ccode2"] * 7 % 1009, year=data["year"] + 500)
    panels = switched_panel(data), switched_panel(moved.sample(frac=1, random_state=1))
    for options in (Staggered(), Staggered(controls="not yet", covariates=("x",), method="reg")):
        first, other = (staggered(panel, options) for panel in panels)
        np.testing.assert_allclose(first.estimate, other.estimate, atol=1e-11)
        np.testing.assert_allclose(first.covariance().std_errors, other.covariance().std_errors, atol=1e-11)


def test_effects_without_common_support_or_of_one_unit_are_said() -> None:
    data = staggered_truth(units=60).assign(x=lambda f: np.sin(f["unit"] * 9.7) + 9 * (f["start"] == 3))
    found = group_time(of_units(data, ("x",)), Staggered(covariates=("x",)))
    assert "9 effects without common support in covariates are left out" in found.notes
    assert 3 not in found.cohort
    lone = data[(data["start"] != 5) | (data["unit"] == data.loc[data["start"] == 5, "unit"].min())]
    notes = group_time(of_units(lone)).notes
    assert any("have one treated unit, whose own error is not in the variance" in note for note in notes)


def faulty(never: bool = True, **columns: object) -> TreatmentPanel:
    """A panel of which columns are changed."""
    data = staggered_truth(units=30, never=never).assign(
        z=lambda f: 1.0 * f["d"].groupby(f["unit"]).transform("max"), **columns
    )
    return of_units(data, ("z",))


@pytest.mark.fault("fits")
@pytest.mark.parametrize(
    ("design", "error", "message"),
    [
        (lambda: staggered(faulty(d=0.0)), NoSwitches, "'d' never switches on"),
        (lambda: staggered(faulty(d=lambda f: f["d"] * (f["time"] < 8))), UnsuitableTreatment, "'d' ends"),
        (
            lambda: staggered(faulty(never=False)),
            NoControls,
            "no unit is never treated .30 switch.: write controls='not",
        ),
        (
            lambda: staggered(faulty(d=lambda f: 1.0 * (f["time"] > 4)), Staggered(controls="not yet")),
            NoControls,
            "no con",
        ),
        (lambda: staggered(faulty(), Staggered(covariates=("z",))), NoControls, "covariates predict the treatment or"),
        (lambda: staggered(faulty(), Staggered(covariates=("zz",))), UnknownVariable, "nearest: 'z'"),
        (lambda: staggered(faulty(), Staggered(before=9)), ShortPanel, "horizons -9 to 6 are asked for; there are -6"),
        (lambda: staggered(faulty(), average="event"), UnknownOption, "average='event' is not known"),
        (lambda: Staggered(controls="nver"), UnknownOption, "nearest: 'never'"),
        (lambda: Staggered(method="drr"), UnknownOption, "nearest: 'dr'"),
        (lambda: Staggered(base="univers"), UnknownOption, "nearest: 'universal'"),
        (lambda: Staggered(anticipation=-1), UnknownOption, "anticipation=-1: it is a whole number from 0 on"),
    ],
)
def test_what_cannot_be_compared_is_refused(design: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        design()  # type: ignore[operator]


@pytest.fixture(scope="module")
def counties(oracles: Path) -> TreatmentPanel:
    """Callaway and Sant'Anna's counties."""
    data = pd.read_csv(oracles / "data/did_mpdta.csv")
    data["d"] = ((data["first.treat"] > 0) & (data["year"] >= data["first.treat"])).astype(float)
    return treatment_panel(data, "lemp", "d", unit="countyreal", time="year", covariates=["lpop"])


def reference(oracles: Path) -> pd.DataFrame:
    """Callaway and Sant'Anna's rows, by family."""
    rows = pd.read_csv(oracles / "causal.tsv", sep="\t")
    rows = rows[rows["id"].str.startswith("did.")]
    families = rows["id"].str.split(".", n=4, expand=True)
    return rows.assign(controls=families[1], method=families[2], x=families[3])


def quantities(counties: TreatmentPanel, options: Staggered) -> dict[str, tuple[float, float]]:
    """Estimates and errors under the names of the reference."""
    made, found = group_time(counties, options), {}
    years = counties.periods
    each = made.study("none")
    for g, t, estimate, error in zip(
        years[made.cohort], years[made.period], each.estimate, each.covariance("unit", "none").std_errors, strict=True
    ):
        found[f"att({g},{t})"] = (estimate, error)
    for average in ("simple", "dynamic", "group", "calendar"):
        study = made.study(average)
        covariance = study.covariance("unit", "none")
        overall = study.average(covariance)
        found[f"{average}_overall"] = (overall.estimate, overall.std_error)
        if average == "dynamic":
            for h, estimate, error in zip(study.horizon, study.estimate, covariance.std_errors, strict=True):
                found[f"dynamic_e{h}"] = (estimate, error)
    return found


def misplaced(counties: TreatmentPanel, options: Staggered) -> float:
    """The error of "group" if estimated shares of cohorts are those of the cohorts of the first rows.

    did 2.1.2 looks cohorts up in the list of all effects, of which the first rows are all of the first cohort, where it
    means the list of cohorts (`wif(keepers = 1:length(glist), …, group = group)` in its aggregation).
    """
    made = group_time(counties, options)
    after = made.horizon >= 0
    cohorts = np.unique(made.cohort[after])
    within = np.array([(after & (made.cohort == g)) / (after & (made.cohort == g)).sum() for g in cohorts])
    member = np.stack([made.treated[after & (made.cohort == g)].any(axis=0) for g in cohorts], axis=1).astype(float)
    share, means = member.mean(axis=0), within @ made.estimate
    wrong = np.repeat(member[:, [np.searchsorted(cohorts, made.cohort[0])]], len(cohorts), axis=1) - share
    moved = (wrong / share.sum() - wrong.sum(axis=1)[:, None] * share / share.sum() ** 2) @ means / counties.units
    return float(np.sqrt(np.square(share / share.sum() @ within @ made.influence + moved).sum()))


@pytest.mark.record
@pytest.mark.parametrize("controls", ["nevertreated", "notyettreated"])
@pytest.mark.parametrize("method", ["dr", "reg", "ipw"])
@pytest.mark.parametrize("x", ["none", "lpop"])
def test_reference_effects_and_errors(
    oracles: Path, counties: TreatmentPanel, controls: str, method: str, x: str
) -> None:
    """All are met but errors of "group", which the reference has wrong in a known way; ours is that of a jackknife."""
    options = Staggered(
        controls={"nevertreated": "never", "notyettreated": "not yet"}[controls],
        method=method,
        covariates=() if x == "none" else ("lpop",),
    )
    found, rows = quantities(counties, options), reference(oracles)
    rows = rows[(rows["controls"] == controls) & (rows["method"] == method) & (rows["x"] == x)]
    assert len(rows) >= 11
    for quantity, value, error in rows[["quantity", "value", "std_error"]].itertuples(index=False):
        estimate, std_error = found[quantity]
        assert estimate == pytest.approx(float(value), abs=1e-8), quantity
        if quantity == "group_overall":
            assert misplaced(counties, options) == pytest.approx(float(error), abs=1e-7)
            assert std_error == pytest.approx(float(error), abs=1e-4)
        else:
            assert std_error == pytest.approx(float(error), abs=1e-7), quantity


@pytest.mark.record
def test_every_reference_row_is_read(oracles: Path) -> None:
    rows = reference(oracles)
    assert len(rows) == 180
    assert all(re.fullmatch(r"att\(\d+,\d+\)|[a-z]+_(overall|e-?\d)", quantity) for quantity in rows["quantity"])
