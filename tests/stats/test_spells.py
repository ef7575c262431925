"""Spells of peace, their hazard and exact tests: by hand, by brute force, known truth, reference numbers, refusals."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from scipy.stats.contingency import odds_ratio

from detente.base.errors import (
    EmptySample,
    EstimationError,
    NoControls,
    NoSwitches,
    NoVariation,
    Separation,
    UnknownOption,
    UnknownVariable,
    UnsuitableOutcome,
    UnsuitableTreatment,
)
from detente.stats import fit, marginal_effects
from detente.stats.causal import Spells, TreatmentPanel, exact_log_rank, hazard_model, peace_spells, treatment_panel


def panel_of(frame: pd.DataFrame) -> TreatmentPanel:
    unit: Any = "unit" if "unit" in frame else ("a", "b")
    covariates = [name for name in ("x", "z") if name in frame]
    return treatment_panel(frame, "war", "keepers", unit=unit, time="year", covariates=covariates)


def written(*units: tuple[str, str], **more: list[float]) -> TreatmentPanel:
    """Units from strings of one sign per year, conflict and treatment: 0, 1 and "." for missing."""
    cells = [(u, t, w, k) for u, pair in enumerate(units) for t, (w, k) in enumerate(zip(*pair, strict=True), 2000)]
    frame = pd.DataFrame(cells, columns=["unit", "year", "war", "keepers"])
    known = {name: pd.to_numeric(frame[name], errors="coerce") for name in ("war", "keepers")}
    return panel_of(frame.assign(**known, **more))


def world(seed: int = 0, states: int = 14, years: int = 20, effect: float = -1.0) -> pd.DataFrame:
    """Dyads at war and peace; peacekeepers come at the end of wars, or later, and add `effect` to log-odds of war."""
    rng = np.random.default_rng(seed)
    a, b = np.triu_indices(states, 1)
    war, keepers, rows = rng.random(len(a)) < 0.3, np.zeros(len(a)), []
    for t in range(years):
        x = rng.normal(size=len(a))
        rows.append(pd.DataFrame({"a": a, "b": b, "year": 1990 + t, "war": war * 1.0, "keepers": keepers, "x": x}))
        before, risk = war, 1 / (1 + np.exp(1.5 - effect * keepers - 0.5 * x))
        war = np.where(war, rng.random(len(a)) < 0.5, rng.random(len(a)) < risk)
        new = np.where(before, rng.random(len(a)) < 0.4, (keepers == 1) | (rng.random(len(a)) < 0.1))
        keepers = np.where(war, 0.0, new)
    return pd.concat(rows, ignore_index=True)


def fixed(durations: list[int], ended: list[int], treated: list[int], strata: list[int] | None = None) -> Spells:
    """Spells of given lengths, ended or censored at a gap, with one treatment throughout."""
    longest = max(durations) + 3
    units = []
    for length, end, on in zip(durations, ended, treated, strict=True):
        war = "10" + "0" * (length - 1) + ("1" if end else "0")
        units.append((war.ljust(longest, "."), str(on) * longest))
    more = {} if strata is None else {"z": [float(s) for s in strata for _ in range(longest)]}
    return peace_spells(written(*units, **more))


def rows_by_hand(frame: pd.DataFrame) -> list[tuple[int, int, int, float, float]]:
    """Unit, year, period, ended and treatment, by a walk through each unit's years."""
    found = []
    years = range(frame["year"].min(), frame["year"].max() + 1)
    for unit, rows in frame.groupby("unit"):
        at = rows.set_index("year")
        war = [at["war"].get(y, np.nan) for y in years]
        keepers = [at["keepers"].get(y, np.nan) for y in years]
        period = -1
        for t in range(1, len(war)):
            if war[t - 1] == 1 and war[t] == 0:
                period = 0
                continue
            if period >= 0:
                period += 1
                if np.isnan(war[t]):
                    period = -1
                    continue
                if not np.isnan(keepers[t - 1]):
                    found.append((unit, years[t], period, war[t], keepers[t - 1]))
                if war[t] == 1:
                    period = -1
    return found


@pytest.mark.parametrize("seed", range(5))
def test_spells_are_those_of_a_walk_through_each_units_years(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(list(product(range(30), range(1990, 2003))), columns=["unit", "year"])
    frame["war"] = np.where(rng.random(len(frame)) < 0.1, np.nan, (rng.random(len(frame)) < 0.35) * 1.0)
    frame["keepers"] = np.where(rng.random(len(frame)) < 0.1, np.nan, (rng.random(len(frame)) < 0.4) * 1.0)
    frame = frame[rng.random(len(frame)) > 0.05]
    found = peace_spells(panel_of(frame)).table()
    assert [tuple(row) for row in found[["unit", "time", "period", "ended", "keepers"]].to_numpy()] == rows_by_hand(
        frame
    )


def test_spells_are_counted_and_so_is_what_is_left_out() -> None:
    war = ["0010001", "1000000", "1.00010", "10.0000", "1000.11", "0000000", "1111110"]
    spells = peace_spells(written(*[(w, "0101010") for w in war]))
    assert spells.counts == {
        "spells": 3,
        "ended": 1,
        "censored at the panel's end": 1,
        "censored at a gap": 1,
        "left-censored, left out": 4,
        "without a period at risk": 3,
        "periods at risk without a treatment": 0,
    }
    assert spells.table().query("unit == 0")[["time", "period", "ended", "keepers"]].to_numpy().tolist() == [
        [2004, 1, 0, 1],
        [2005, 2, 0, 0],
        [2006, 3, 1, 1],
    ]
    same = peace_spells(written(*[(w, "0101010") for w in war]), lag=0)
    assert same.table().query("unit == 0")["keepers"].tolist() == [0, 1, 0]


def test_a_missing_treatment_leaves_out_its_period_alone() -> None:
    spells = peace_spells(written(("100001", "01.110")))
    assert spells.table()["period"].tolist() == [1, 3, 4]
    assert spells.counts["periods at risk without a treatment"] == 1


def test_survival_is_kaplan_and_meiers_of_fixed_treatments() -> None:
    lengths, ended = [1, 1, 2, 3, 3, 5, 2, 4, 6, 6], [1, 0, 1, 1, 0, 1, 1, 1, 0, 1]
    treated = [0] * 6 + [1] * 4
    table = fixed(lengths, ended, treated).survival()
    for level in (0, 1):
        mine = [i for i in range(10) if treated[i] == level]
        dead = [lengths[i] for i in mine if ended[i]]
        alive = [lengths[i] for i in mine if not ended[i]]
        curve = stats.ecdf(stats.CensoredData(uncensored=dead, right=alive)).sf
        rows = table[table["keepers"] == level]
        assert_allclose(rows["survival"], curve.evaluate(rows["period"]), rtol=1e-12)
    assert table.query("keepers == 0")["at_risk"].tolist() == [6, 4, 3, 1, 1]
    # Greenwood: 5/6 × √(1 / (6 × 5)).
    assert_allclose(table["std_error"][0], 5 / 6 * np.sqrt(1 / 30), rtol=1e-12)


def test_survival_is_missing_once_no_spell_has_the_treatment() -> None:
    table = peace_spells(written(("1000000", "0001100"), ("1000001", "0000000"))).survival()
    treated = table[table["keepers"] == 1]
    assert treated["period"].tolist() == [3, 4]
    assert treated["survival"].isna().all()
    assert treated["hazard"].tolist() == [0, 0]


def freireich() -> Spells:
    """Remission of leukaemia in weeks, 6-MP and placebo (Freireich et al. 1963; Cox 1972; Collett 2015)."""
    drug = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    return fixed(drug + placebo, [1] * 9 + [0] * 12 + [1] * 21, [1] * 21 + [0] * 21)


def test_log_rank_is_that_of_the_textbook() -> None:
    found = exact_log_rank(freireich())
    # Observed 9, expected 19.25, variance 6.257, χ² 16.79: Lawless, and R's survdiff.
    assert found.observed == 9
    assert_allclose([found.expected, found.variance, found.statistic**2], [19.25, 6.257, 16.79], rtol=3e-4)


def test_log_rank_is_scipys() -> None:
    lengths, ended = np.array([1, 1, 2, 3, 3, 5, 2, 4, 6, 6]), np.array([1, 0, 1, 1, 0, 1, 1, 1, 0, 1])
    treated = np.array([0] * 6 + [1] * 4)
    found = exact_log_rank(fixed(list(lengths), list(ended), list(treated)))
    data = [
        stats.CensoredData(
            uncensored=lengths[(treated == t) & (ended == 1)], right=lengths[(treated == t) & (ended == 0)]
        )
        for t in (1, 0)
    ]
    assert_allclose(found.statistic, stats.logrank(*data).statistic, rtol=1e-10)


def tails(away: np.ndarray, observed: float, weights: np.ndarray) -> list[float]:
    near = 1e-9
    return [
        float(weights[np.abs(away) >= abs(observed) - near].sum()),
        float(weights[away <= observed + near].sum()),
        float(weights[away >= observed - near].sum()),
    ]


SMALL = (
    ("10010..", "0100000"),
    ("1000000", "0011000"),
    ("1001...", "0000000"),
    ("1000010", "0111000"),
    ("101....", "0000000"),
    ("10001..", "0000000"),
)


def test_the_exact_distribution_is_that_of_all_endings_in_each_risk_set() -> None:
    spells = peace_spells(written(*SMALL))
    found = exact_log_rank(spells)
    ways, expected = [], 0.0
    for _, rows in spells.table().groupby("period"):
        d, treated = int(rows["ended"].sum()), rows["keepers"].to_numpy()
        ways.append([treated[list(c)].sum() for c in combinations(range(len(rows)), d)])
        expected += d * treated.mean()
    sums = np.array([sum(way) for way in product(*ways)])
    weights = np.full(len(sums), 1 / len(sums))
    assert_allclose(found.expected, expected)
    by_hand = tails(sums - expected, found.observed - expected, weights)
    assert_allclose([found.p_value, found.p_fewer, found.p_more], by_hand, rtol=1e-12)


@pytest.mark.parametrize("strata", [None, [0, 0, 0, 0, 1, 1, 1, 1, 1]])
def test_exchanged_treatments_are_those_of_all_assignments(strata: list[int] | None) -> None:
    lengths, ended, treated = [1, 2, 2, 4, 5, 3, 3, 1, 5], [1, 1, 0, 1, 1, 0, 1, 1, 0], [0, 1, 0, 1, 1, 0, 0, 0, 1]
    found = exact_log_rank(fixed(lengths, ended, treated, strata), by="spells", strata=strata and "z")
    groups = strata or [0] * 9
    away = []
    for on in product((0, 1), repeat=9):
        if any(sum(on[i] for i in range(9) if groups[i] == g) != sum(treated[i] for i in range(9) if groups[i] == g)
               for g in set(groups)):  # fmt: skip
            continue
        try:
            made = exact_log_rank(fixed(lengths, ended, list(on), strata), strata=strata and "z")
        except NoControls:
            continue
        away.append(made.observed - made.expected)
    weights = np.full(len(away), 1 / len(away))
    by_hand = tails(np.array(away), found.observed - found.expected, weights)
    assert_allclose([found.p_value, found.p_fewer, found.p_more], by_hand, rtol=1e-12)
    assert f"all {len(away)} exchanges" in found.words


def test_draws_come_near_the_distribution_of_all_exchanges(monkeypatch: pytest.MonkeyPatch) -> None:
    spells = fixed([1, 2, 2, 4, 5, 3, 3, 1, 5, 4], [1, 1, 0, 1, 1, 0, 1, 1, 0, 1], [0, 1, 0, 1, 1, 0, 0, 0, 1, 0])
    every = exact_log_rank(spells, by="spells")
    monkeypatch.setattr("detente.stats.causal.spell_tests.MOST_ENUMERATED", 1)
    drawn = exact_log_rank(spells, by="spells", draws=4000)
    assert "4,000 draws" in drawn.words
    error = np.sqrt(every.p_value * (1 - every.p_value) / 4000)
    assert abs(drawn.p_value - every.p_value) < 4 * error


@pytest.mark.parametrize("table", [(0, 6, 5, 4), (2, 5, 6, 3), (7, 0, 4, 5), (3, 9, 2, 8)])
def test_in_one_risk_set_p_values_and_interval_are_fishers(table: tuple[int, int, int, int]) -> None:
    a, b, c, d = table
    ended = [1] * a + [0] * b + [1] * c + [0] * d
    found = exact_log_rank(fixed([1] * len(ended), ended, [1] * (a + b) + [0] * (c + d)))
    square = [[a, b], [c, d]]
    assert_allclose(found.p_fewer, stats.fisher_exact(square, alternative="less").pvalue, rtol=1e-10)
    assert_allclose(found.p_more, stats.fisher_exact(square, alternative="greater").pvalue, rtol=1e-10)
    other = odds_ratio(square, kind="conditional")
    assert_allclose(found.odds_ratio, other.statistic, rtol=1e-6)
    assert_allclose(found.conf_int(0.9), other.confidence_interval(0.9), rtol=1e-6)


def test_the_hazard_model_is_a_fit_of_its_rows_with_the_dyadic_covariance() -> None:
    spells = peace_spells(panel_of(world()))
    found = hazard_model(spells, baseline=(1, 2, 4), covariates=["x"])
    table = spells.table().assign(
        second=lambda t: t["period"].isin([2, 3]) * 1.0, third=lambda t: (t["period"] > 3) * 1.0
    )
    other = fit("ended ~ keepers + x + second + third", table, estimator="logit", sides=("side1", "side2"))
    assert set(found.fit.terms) == {"intercept", "keepers", "x", "periods 2–3", "periods 4+"}
    one, two = found.table().iloc[0], other.table().set_index("term").loc["keepers"]
    assert_allclose(one.drop("quantity").astype(float), two.astype(float), rtol=1e-7)
    effects = marginal_effects(other).table()
    difference = effects[effects["term"] == "keepers"].iloc[0]
    for name in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
        assert_allclose(found.table().iloc[1][name], difference[name], rtol=1e-7)
    assert found.fit.vcov.kind == "dyadic"
    assert found.fit.with_vcov("dyad").vcov.matrix.shape == found.fit.vcov.matrix.shape


@pytest.mark.parametrize("effect", [0.0, -1.0])
def test_the_models_and_the_exact_interval_hold_the_truth(effect: float) -> None:
    """Of 20 worlds, 95 % intervals miss the log odds ratio in no more than 4, which happens once in 400 by chance."""
    missed = np.zeros(2)
    for seed in range(20):
        spells = peace_spells(panel_of(world(seed, states=20, effect=effect)))
        row = hazard_model(spells, baseline="constant", covariates=["x"]).table().iloc[0]
        low, high = np.log(exact_log_rank(spells).conf_int())
        # Averaged over x, the odds ratio is nearer one by a factor of about √(1 + 0.35 × 0.5²).
        missed += [not row["conf_low"] <= effect <= row["conf_high"], not low <= effect / np.sqrt(1.0875) <= high]
    assert (missed <= 4).all(), missed


def test_treatments_without_an_effect_are_found_to_have_one_as_rarely_as_the_level_says() -> None:
    """Risk sets are taken as fixed though later ones follow from earlier endings: the size is measured."""
    p = np.array([exact_log_rank(peace_spells(panel_of(world(s, 9, 14, 0.0)))).p_value for s in range(200)])
    assert (p <= 0.1).mean() < 0.1 + 3 * np.sqrt(0.09 / 200)
    assert (p <= 0.5).mean() > 0.3, "nor is it far from it"


APART = (("10000.", "011111"), ("10000.", "011111"), ("10001.", "000000"), ("1001..", "000000"), ("10000.", "000000"))


@pytest.mark.fault("fits")
def test_no_treated_ending_is_refused_with_the_way_out_which_has_numbers() -> None:
    spells = peace_spells(written(*APART))
    with pytest.raises(Separation, match=r"of 6 treated periods at risk 0 end .* exact_log_rank\(spells\).*firth"):
        hazard_model(spells, baseline="constant")
    exact = exact_log_rank(spells)
    assert exact.odds_ratio == 0
    assert exact.conf_int()[0] == 0
    assert np.isfinite(exact.conf_int()[1])
    firth = hazard_model(spells, "firth", baseline="constant", vcov="classical")
    assert np.isfinite(firth.table()[["estimate", "p_value"]].to_numpy()).all()
    profile = firth.fit.table().set_index("term").loc["keepers"]
    assert firth.fit.profiled == ("keepers",)
    assert_allclose(firth.table().iloc[0].drop("quantity").astype(float), profile.astype(float), rtol=1e-12)


@pytest.mark.fault("fits")
@pytest.mark.parametrize(
    ("keepers", "error"), [("000000", NoSwitches), ("111111", NoControls)], ids=["never", "always"]
)
@pytest.mark.parametrize("design", [hazard_model, exact_log_rank])
def test_spells_of_one_treatment_alone_are_refused(keepers: str, error: type[Exception], design: Any) -> None:
    with pytest.raises(error, match="in all 8 periods at risk of 3 spells"):
        design(peace_spells(written(("10001.", keepers), ("1001..", keepers), ("10000.", keepers))))


@pytest.mark.fault("fits")
@pytest.mark.parametrize("war", ["000000", "111111", "1.0000", "10.10."])
def test_conflicts_of_which_no_end_is_seen_are_refused(war: str) -> None:
    with pytest.raises(EmptySample, match="conflict 'war'"):
        peace_spells(written((war, "010101")))


@pytest.mark.fault("fits")
def test_what_no_spell_is_made_of_is_refused() -> None:
    with pytest.raises(UnsuitableOutcome, match="'war' has the value 2"):
        peace_spells(panel_of(world().assign(war=lambda f: 2 * f["war"])))
    with pytest.raises(UnknownOption, match="lag=2"):
        peace_spells(panel_of(world()), lag=2)


@pytest.mark.fault("fits")
@pytest.mark.parametrize("baseline", ["cubical", (), (2, 3), (1, 1), (1, 2.5)])
def test_a_baseline_that_is_none_is_refused(baseline: Any) -> None:
    with pytest.raises(UnknownOption, match="first periods of groups"):
        hazard_model(peace_spells(panel_of(world())), baseline=baseline)


@pytest.mark.fault("fits")
def test_covariates_and_strata_that_are_not_there_are_refused() -> None:
    spells = peace_spells(panel_of(world()))
    with pytest.raises(UnknownVariable, match="'y'"):
        hazard_model(spells, covariates=["y"])
    with pytest.raises(UnknownVariable, match="'y'"):
        exact_log_rank(spells, strata="y")
    with pytest.raises(UnknownOption, match="risk sets"):
        exact_log_rank(spells, by="sets")
    gone = peace_spells(panel_of(world().assign(x=np.nan)))
    with pytest.raises(EmptySample, match="has all of x"):
        hazard_model(gone, covariates=["x"])
    with pytest.raises(EstimationError, match="'x' is missing in"):
        exact_log_rank(gone, strata="x")


@pytest.mark.fault("fits")
def test_what_changes_in_a_spell_is_not_exchanged_among_spells() -> None:
    with pytest.raises(UnsuitableTreatment, match=r"treatment changes in 3 of 6 spells.*by='risk sets'"):
        exact_log_rank(peace_spells(written(*SMALL)), by="spells")
    z = [0.0, 0, 1, 1, 1, *[0] * 10]
    changing = peace_spells(written(("10001", "00000"), ("10001", "11111"), ("101..", "00000"), z=z))
    with pytest.raises(EstimationError, match="stratum changes in 1 of 3 spells"):
        exact_log_rank(changing, by="spells", strata="z")


@pytest.mark.fault("fits")
def test_endings_that_are_none_or_compare_nothing_are_refused() -> None:
    with pytest.raises(NoVariation, match="none of 2 spells ends"):
        exact_log_rank(fixed([2, 3], [0, 0], [0, 1]))
    with pytest.raises(NoControls, match="none of 2 risk sets"):
        exact_log_rank(fixed([2, 2], [1, 1], [0, 1]))
