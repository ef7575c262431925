"""Effects by exposure since a first switch: brute force, known truth, invariances, reference numbers, refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from detente.base.errors import NoControls, NoSwitches, ShortPanel, UnknownOption, UnknownVariable, UnsuitableTreatment
from detente.stats.causal import EventStudy, Levels, TreatmentPanel, bootstrap, first_switch_effects, treatment_panel

from support.reference_rows import references
from support.switching_panels import directed, double_sum, panel_of, switching


def cleaned(panel: TreatmentPanel) -> list[dict]:
    """Unit by unit: first treatment, period and size of the first switch, and outcomes and treatments of use."""
    found = []
    for y, d in zip(panel.outcome.copy(), panel.treatment.copy(), strict=True):
        known = [t for t in range(len(d)) if not np.isnan(d[t])]
        if not known:
            found.append({"base": None, "first": 10**6, "y": y * np.nan, "d": d, "size": 0})
            continue
        start, base = known[0], d[known[0]]
        for t in known:
            seen = [d[s] for s in known if s <= t]
            if max(seen) > base > min(seen):
                y[t:], d[t:] = np.nan, np.nan
                break
        known = [t for t in known if not np.isnan(d[t])]
        first = next((t for t in known if d[t] != base), 10**6)
        size = d[first] if first < 10**6 else base
        last = max(t for t in known if t < first)
        if first == 10**6 or last < first - 1:
            first = 10**6
            y[last + 1 :] = np.nan
        y[:start] = np.nan
        for t in range(start, len(d)):
            if np.isnan(d[t]) and t < last:
                d[t] = base
            if np.isnan(d[t]) and t > first:
                d[t] = size
        found.append({"base": base, "first": first, "y": y, "d": d, "size": size})
    return found


def by_hand(panel: TreatmentPanel, horizon: int, switchers: str = "both") -> tuple[float, list, list]:
    """The effect at a horizon, with lists of (unit, weight, difference) of its switches and controls, in loops."""
    units = cleaned(panel)
    length = horizon + 1 if horizon >= 0 else -1 - horizon
    switches, controls, effects = [], [], []
    for g, one in enumerate(units):
        t = one["first"] - 1 + length
        sign = np.sign(one["size"] - one["base"]) if one["base"] is not None else 0
        if t >= len(one["y"]) or sign == 0 or (switchers == "in" and sign < 0) or (switchers == "out" and sign > 0):
            continue
        if not known(one, t, length):
            continue
        others = [o for o in units if o["base"] == one["base"] and o["first"] > t and known(o, t, length)]
        here = [difference(o, t, length, horizon) for o in others]
        own = difference(one, t, length, horizon)
        here = [v for v in here if not np.isnan(v)]
        if not here or np.isnan(own):
            continue
        effects.append(sign * (own - np.mean(here)))
        switches.append((g, t, sign, own))
    for g, t, sign, _ in switches:
        base = units[g]["base"]
        same = [
            (h, difference(o, t, length, horizon))
            for h, o in enumerate(units)
            if o["base"] == base and o["first"] > t and known(o, t, length)
        ]
        same = [(h, v) for h, v in same if not np.isnan(v)]
        controls += [(h, t, -sign / len(same), v, base) for h, v in same]
    return float(np.mean(effects)) if effects else np.nan, switches, controls


def known(one: dict, t: int, length: int) -> bool:
    """Whether outcomes of an effect, and the treatment, are there."""
    return t >= length and not np.isnan(one["y"][t] - one["y"][t - length]) and not np.isnan(one["d"][t])


def difference(one: dict, t: int, length: int, horizon: int) -> float:
    """The difference of outcomes that stands at period t."""
    if horizon >= 0:
        return one["y"][t] - one["y"][t - length]
    return one["y"][t - 2 * length] - one["y"][t - length] if t >= 2 * length else np.nan


def centred_by_hand(panel: TreatmentPanel, horizon: int, alone: str, owner: np.ndarray) -> np.ndarray:
    """Influence of each unit: each difference less its cohort's mean, in loops."""
    units = cleaned(panel)
    _, switches, controls = by_hand(panel, horizon)
    found = np.zeros(panel.units)
    cells: dict = {}
    for h, t, weight, value, base in controls:
        cell = cells.setdefault((base, t), {})
        cell[h] = (cell.get(h, (0.0, value))[0] + weight, value)

    def pooled(base: float, t: int) -> list:
        mine = [(g, v) for g, s, _, v in switches if s == t and units[g]["base"] == base]
        return mine + [(h, v) for h, (_, v) in cells[base, t].items()]

    def add(unit: int, weight: float, value: float, members: list, pool: list) -> None:
        size, mean = len({owner[g] for g, _ in members}), np.mean([v for _, v in members])
        if size < 2:
            if alone == "left out":
                return
            size, mean = len({owner[g] for g, _ in pool}), np.mean([v for _, v in pool])
        scale, mean = (np.sqrt(size / (size - 1)), mean) if size >= 2 else (1.0, 0.0)
        found[unit] += weight * scale * (value - mean) / len(switches)

    for g, t, sign, value in switches:
        key = (units[g]["base"], units[g]["first"], units[g]["size"])
        members = [(h, v) for h, _, _, v in switches if (units[h]["base"], units[h]["first"], units[h]["size"]) == key]
        add(g, sign, value, members, pooled(key[0], t))
    for (base, t), cell in cells.items():
        for h, (weight, value) in cell.items():
            add(h, weight, value, [(u, v) for u, (_, v) in cell.items()], pooled(base, t))
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("switchers", ["both", "in", "out"])
def test_effects_and_placebos_are_those_of_loops(seed: int, switchers: str) -> None:
    panel = panel_of(switching(seed, units=150, levels=1 + seed % 2, missing=0.05), levels=True)
    found = first_switch_effects(panel, effects=3, placebos=2, switchers=switchers)  # type: ignore[arg-type]
    for at, horizon in enumerate([-3, -2, 0, 1, 2]):
        effect, switches, controls = by_hand(panel, horizon, switchers)
        assert found.horizon[at] == horizon
        assert_allclose(found.estimate[at], effect, atol=1e-12)
        assert found.treated[at] == len(switches)
        assert found.controls[at] == len({(h, t) for h, t, *_ in controls})


@pytest.mark.parametrize("alone", ["pooled", "left out"])
@pytest.mark.parametrize("cluster", [None, "block"])
def test_influence_is_that_of_loops(alone: str, cluster: str | None) -> None:
    panel = panel_of(switching(7, levels=2, units=60), levels=True)
    found = first_switch_effects(panel, effects=2, placebos=1, alone=alone, cluster=cluster)  # type: ignore[arg-type]
    owner = panel.factor(cluster or "unit")
    for at, horizon in enumerate(found.horizon):
        assert_allclose(found.influence[:, at], centred_by_hand(panel, int(horizon), alone, owner), atol=1e-12)


def test_weights_of_outcomes_give_the_effects_and_their_squares() -> None:
    panel = panel_of(switching(3, units=20, periods=6, missing=0.05))
    found = first_switch_effects(panel, effects=3, placebos=1)
    moved, weights = np.zeros((panel.units, 4)), np.zeros((panel.units, 4))
    for unit in range(panel.units):
        for t in range(len(panel.periods)):
            one = np.where(np.isnan(panel.outcome), np.nan, 0.0)
            one[unit, t] += 1.0
            made = first_switch_effects(replace(panel, outcome=one), effects=3, placebos=1).estimate
            moved[unit] += made * panel.outcome[unit, t] if np.isfinite(panel.outcome[unit, t]) else 0.0
            weights[unit] += made**2
    assert_allclose(moved.sum(axis=0), found.estimate, atol=1e-12)
    assert found.weights is not None
    assert_allclose(np.stack([found.weights.along(unit) for unit in np.eye(4)], axis=1), weights, atol=1e-12)
    assert_allclose(found.share.sum(axis=0), 1)


def test_dyadic_covariance_is_the_double_sum() -> None:
    panel = directed(5, states=8)
    found = first_switch_effects(panel, effects=2, placebos=1)
    assert panel.sides is not None
    made = found.covariance("dyadic", ssc="none")
    assert_allclose(made.unrepaired, double_sum(found.influence, panel.sides), atol=1e-12)
    assert bootstrap(found, by="states", draws=50, seed=1).std_errors.shape == (3,)


# Known truth


def simulated(slope: float = 0.0) -> tuple[TreatmentPanel, np.ndarray]:
    """Outcomes without noise: units, years by first treatment, and 0.3 for each year of treatment so far."""
    frame = switching(11, units=200, periods=9, missing=0.0).sort_values(["unit", "year"])
    d = frame["d"].to_numpy().reshape(200, 9)
    rng = np.random.default_rng(1)
    trend = rng.standard_normal((2, 9))[d[:, 0].astype(int)]
    switched = (d != d[:, :1]).any(axis=1)
    so_far = (d - d[:, :1]).cumsum(axis=1)
    drift = slope * switched[:, None] * np.arange(9) * np.where(d[:, :1] == 0, 1, -1)
    y = rng.standard_normal((200, 1)) + trend + 0.3 * so_far + drift
    return panel_of(frame.assign(y=y.reshape(-1))), d


def test_effects_are_right_where_units_of_one_first_treatment_share_trends() -> None:
    panel, d = simulated()
    found = first_switch_effects(panel, effects=4, placebos=3)
    assert_allclose(found.estimate[:3], 0, atol=1e-12)
    normal = first_switch_effects(panel, effects=4, placebos=0, normalised=True)
    assert_allclose(normal.estimate, 0.3, atol=1e-12)
    first = np.where((d != d[:, :1]).any(axis=1), (d != d[:, :1]).argmax(axis=1), 99)
    last = np.array([max(first[d[:, 0] == base].clip(max=9)) - 1 for base in (0, 1)])[d[:, 0].astype(int)]
    kept = first + 1 <= last
    expected = np.abs(0.3 * (d - d[:, :1]).cumsum(axis=1))[kept, first[kept] + 1].mean()
    assert_allclose(found.estimate[4], expected, atol=1e-12)


def test_effects_are_wrong_where_those_who_switch_drift_and_placebos_show_it() -> None:
    panel, _ = simulated(slope=0.05)
    right, _ = simulated()
    found = first_switch_effects(panel, effects=2, placebos=2, normalised=False)
    bias = found.estimate - first_switch_effects(right, effects=2, placebos=2).estimate
    # Controls that never switch do not drift; those that switch later do, so the bias is below that of the drift.
    assert (bias[2:] > 0.01).all()
    assert (bias[2:] <= 0.05 * np.array([1, 2]) + 1e-12).all()
    assert (bias[:2] < -0.01).all()


def test_the_average_total_effect_is_all_effects_over_all_treatment() -> None:
    panel, d = simulated()
    found = first_switch_effects(panel, effects=3)
    total, treatment = 0.0, 0.0
    first = np.where((d != d[:, :1]).any(axis=1), (d != d[:, :1]).argmax(axis=1), 99)
    for unit in range(len(d)):
        last = max(f for f, b in zip(first, d[:, 0], strict=True) if b == d[unit, 0])
        for t in range(first[unit], min(first[unit] + 3, 9, last)):
            total += 0.3 * abs((d[unit] - d[unit, 0])[: t + 1].sum())
            treatment += abs(d[unit, t] - d[unit, 0])
    assert_allclose(found.average_total_effect("unit").estimate, total / treatment, atol=1e-12)
    normal = first_switch_effects(panel, effects=3, normalised=True).average_total_effect("unit")
    assert_allclose(normal.estimate, total / treatment, atol=1e-12)
    assert_allclose(normal.std_error, found.average_total_effect("unit").std_error, rtol=1e-9)


def test_where_treatment_works_a_period_later_effects_per_unit_are_over_the_treatment_that_has_worked() -> None:
    """Half a unit for each unit and period of treatment up to the period before."""
    frame = switching(11, units=200, periods=9, missing=0.0, levels=3).sort_values(["unit", "year"])
    d = frame["d"].to_numpy().reshape(200, 9)
    change = d - d[:, :1]
    worked = np.c_[np.zeros(200), change.cumsum(axis=1)[:, :-1]]
    trend = np.random.default_rng(1).standard_normal((int(d.max()) + 1, 9))[d[:, 0].astype(int)]
    panel = panel_of(frame.assign(y=(trend + 0.5 * worked).reshape(-1)), levels=True)
    found = first_switch_effects(panel, effects=4)
    assert_allclose(found.per_unit(1).estimate, [0, 0.5, 0.5, 0.5], atol=1e-12)
    at_once = first_switch_effects(panel, effects=4, normalised=True)
    assert (at_once.estimate[1:] < 0.4).all()
    assert_allclose(at_once.estimate, found.per_unit().estimate, atol=1e-15)
    with pytest.raises(UnknownOption, match="delay=-1"):
        found.per_unit(-1)


@pytest.mark.slow
def test_a_true_null_is_not_rejected_too_often() -> None:
    rejected = []
    for seed in range(200):
        panel = panel_of(switching(seed, units=60, periods=6, missing=0.0))
        rejected.append(first_switch_effects(panel, effects=1).average("unit").p_value < 0.05)
    # 200 draws of a 5 % test: 16 or more rejections have a chance of 5 %, 22 or more of one in 10,000.
    assert sum(rejected) < 22


# Invariances


def test_order_labels_and_calendar_do_not_matter() -> None:
    frame = switching(2)
    found = first_switch_effects(panel_of(frame), effects=3, placebos=2)
    other = frame.sample(frac=1, random_state=1).assign(year=lambda f: f["year"] + 100, unit=lambda f: 500 - f["unit"])
    moved = first_switch_effects(panel_of(other), effects=3, placebos=2)
    assert_allclose(moved.estimate, found.estimate, atol=1e-12)
    assert_allclose(np.sort(moved.influence, axis=0), np.sort(found.influence, axis=0), atol=1e-12)


def test_levels_added_to_outcomes_and_years_by_first_treatment_do_not_matter() -> None:
    frame = switching(4, missing=0.0)
    found = first_switch_effects(panel_of(frame), effects=2, placebos=1)
    base = frame.sort_values("year").groupby("unit")["d"].transform("first")
    shifted = frame["y"] + 3.0 * frame["unit"] + (frame["year"] - 1990) ** 2 * (1 + base)
    moved = first_switch_effects(panel_of(frame.assign(y=shifted)), effects=2, placebos=1)
    assert_allclose(moved.estimate, found.estimate, atol=1e-9)
    assert_allclose(moved.influence, found.influence, atol=1e-9)


def test_on_and_off_exchanged_changes_the_sign_alone() -> None:
    frame = switching(6)
    found = first_switch_effects(panel_of(frame), effects=2, placebos=1)
    turned = first_switch_effects(panel_of(frame.assign(d=1 - frame["d"])), effects=2, placebos=1)
    assert_allclose(turned.estimate, -found.estimate, atol=1e-12)


# Reference numbers


@pytest.mark.record
def test_reference_numbers_of_did_multiplegt_dyn(oracles: Path) -> None:
    """DIDmultiplegtDYN 2.1.2 on favara_imbs, eight effects, three placebos, clustered by state."""
    data = pd.read_csv(oracles / "data/dcdh_favara_imbs.csv")
    panel = treatment_panel(data, "Dl_vloans_b", Levels("inter_bra"), unit="county", time="year", factors=["state_n"])
    found = first_switch_effects(panel, effects=8, placebos=3, alone="left out")
    made = found.covariance("state_n", ssc="none")
    rows = references(oracles, "dcdh")
    assert len(rows) == 12
    names = ["Placebo_3", "Placebo_2", "Placebo_1", *(f"Effect_{i}" for i in range(1, 9))]
    for at, name in enumerate(names):
        assert_allclose(found.estimate[at], rows[name].number, atol=5.0e-6)
        assert_allclose(made.std_errors[at], rows[name].std_error, atol=5.0e-6)
        cells = found.treated[at] + found.controls[at]
        assert rows[name].note.startswith(f"N {cells}, switchers {found.treated[at]};")
    average = found.average_total_effect(made)
    assert_allclose(average.estimate, rows["Av_tot_eff"].number, atol=5.0e-6)
    assert_allclose(average.std_error, rows["Av_tot_eff"].std_error, atol=5.0e-6)
    details = found.details
    assert rows["Av_tot_eff"].note.startswith(
        f"N {details['observations']:.0f}, switchers {details['effects averaged']:.0f};"
    )


# What is refused


def refused(frame: pd.DataFrame, **options: object) -> None:
    first_switch_effects(panel_of(frame), **options)  # type: ignore[arg-type]


@pytest.mark.fault("fits")
def test_a_treatment_that_never_switches_is_refused() -> None:
    with pytest.raises(NoSwitches, match="none of 40 units"):
        refused(switching(1).assign(d=0.0))


@pytest.mark.fault("fits")
def test_switches_in_the_other_direction_alone_are_refused() -> None:
    frame = switching(1)
    frame["d"] = frame.groupby("unit")["d"].cummax()
    with pytest.raises(NoSwitches, match="switchers='both'"):
        refused(frame, switchers="out")


@pytest.mark.fault("fits")
def test_switches_of_all_in_one_year_are_refused() -> None:
    frame = switching(1, missing=0.0)
    with pytest.raises(NoControls, match="has not switched by then"):
        refused(frame.assign(d=(frame["year"] >= 1993) * 1.0))


@pytest.mark.fault("fits")
def test_more_effects_than_periods_are_refused() -> None:
    with pytest.raises(ShortPanel, match="at most 7 effects"):
        refused(switching(1), effects=9)


@pytest.mark.fault("fits")
def test_effects_that_no_switch_has_are_refused_with_those_that_one_has() -> None:
    frame = switching(1, missing=0.0)
    late = frame["year"].to_numpy() >= np.where(frame["unit"] % 2 == 0, 1996, 1998)
    with pytest.raises(ShortPanel, match="effects=2 and placebos=2 are the most"):
        refused(frame.assign(d=late * 1.0), effects=3, placebos=2)
    first_switch_effects(panel_of(frame.assign(d=late * 1.0)), effects=2, placebos=2)


@pytest.mark.fault("fits")
@pytest.mark.parametrize(
    "options", [{"switchers": "inn"}, {"alone": "pool"}, {"effects": 0}, {"effects": 1, "placebos": 2}]
)
def test_options_that_are_not_known_are_refused(options: dict) -> None:
    with pytest.raises(UnknownOption):
        refused(switching(1), **options)


@pytest.mark.fault("fits")
def test_an_unknown_cluster_is_refused() -> None:
    with pytest.raises(UnknownVariable, match="block"):
        refused(switching(1), cluster="blok")


@pytest.mark.fault("fits")
def test_a_treatment_of_levels_is_refused_unless_said_and_by_designs_that_take_none() -> None:
    frame = switching(1, levels=2)
    with pytest.raises(UnsuitableTreatment, match="Levels"):
        panel_of(frame)
    made = first_switch_effects(panel_of(frame, levels=True))
    fields = {name: value for name, value in vars(made).items() if name not in ("total", "doses", "parts")}
    with pytest.raises(UnsuitableTreatment, match="is not"):
        EventStudy(**fields)
