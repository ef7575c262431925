"""Matching on treatment history against PanelMatch 3.1.1, row by row, on the panel of democracy that it ships.

The estimator is PanelMatch's. Where the package departs from its paper or stops early, the test says so and makes the
published number in its own way: `support.published_matching` has the scores at which R stops.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.stats.causal import (
    Matched,
    Refinement,
    TreatmentPanel,
    Window,
    analytic_errors,
    bootstrap,
    matched_sets,
    matching,
    treatment_panel,
)

from support import published_matching
from support.published_matching import published_score

pytestmark = pytest.mark.record

WINDOW = Window(history=4, leads=4)
COVARIATES = [("y", (1, 2, 3, 4)), ("tradewb", (1, 2, 3, 4))]
METHODS = {
    "none": Refinement(),
    "mahalanobis": Refinement("mahalanobis", COVARIATES),
    "ps.match": Refinement("ps_match", COVARIATES),
    "ps.weight": Refinement("ps_weight", COVARIATES),
    "CBPS.match": Refinement("cbps_match", COVARIATES),
    "CBPS.weight": Refinement("cbps_weight", COVARIATES),
}
BOTH = [(method, estimand) for method in METHODS for estimand in ("att", "art")]
OF_CONTROLS = [(method, estimand) for method in ("none", "mahalanobis", "ps.weight") for estimand in ("atc", "ate")]
ERRORS = {"ate": ("bootstrap",)}
EVERY = ("conditional", "unconditional", "bootstrap")
POINT, ERROR = 1e-8, 1e-6


@pytest.fixture(scope="module")
def panel(oracles: Path) -> TreatmentPanel:
    data = pd.read_csv(oracles / "data" / "panelmatch_dem.csv")
    return treatment_panel(data, "y", "dem", unit="wbcode2", time="year", covariates=["tradewb"])


@pytest.fixture(scope="module")
def rows(oracles: Path) -> Mapping[str, pd.Series]:
    table = pd.read_csv(oracles / "causal.tsv", sep="\t", dtype=str)
    return {row["id"]: row for _, row in table.iterrows() if row["id"].startswith("pm.")}


def published(panel: TreatmentPanel, method: str, estimand: str) -> Matched:
    """The sets with scores as R leaves them; for ATC, PanelMatch weights by the odds of being a control."""
    how = METHODS[method]
    if not how.by_score:
        return matched_sets(panel, estimand.upper(), WINDOW, how)
    if estimand == "ate":
        one, other = (published(panel, method, each) for each in ("att", "atc"))
        both = zip(one.at.items(), other.at.values(), strict=True)
        return replace(one, estimand="ATE", at={lead: parts + more for (lead, parts), more in both})
    sets = matched_sets(panel, estimand.upper(), WINDOW).parts[0].sets
    score = published_score(panel, sets, how)
    return matched_sets(panel, estimand.upper(), WINDOW, replace(how, score=-score if estimand == "atc" else score))


def column(rows: Mapping[str, pd.Series], stem: str, name: str, leads: range = range(5)) -> np.ndarray:
    return np.array([float(rows[f"{stem}.t+{lead}"][name]) for lead in leads])


def spread_of_rounding(panel: TreatmentPanel, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """How far estimates move, (2, k), where R's search for balance alone begins one last place away, eight times."""
    search, rng = published_matching.variable_metric, np.random.default_rng(0)
    monkeypatch.setattr(
        published_matching,
        "variable_metric",
        lambda start, *of: search(start * (1 + 1e-15 * rng.standard_normal(len(start))), *of),
    )
    found = np.stack([published(panel, "CBPS.weight", "att").study().estimate for _ in range(8)])
    return np.stack([found.min(axis=0), found.max(axis=0)])


@pytest.mark.parametrize(("method", "estimand"), [*BOTH, *OF_CONTROLS])
def test_effects_and_their_errors_are_those_of_panelmatch(
    method: str, estimand: str, panel: TreatmentPanel, rows: Mapping[str, pd.Series], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = published(panel, method, estimand)
    study = found.study(as_published=True)
    tolerance = np.full(5, POINT)
    if (method, estimand) == ("CBPS.weight", "att"):
        # Its search for balance takes 166 steps, which carry a change of the last place to the seventh.
        tolerance = np.ptp(spread_of_rounding(panel, monkeypatch), axis=0)
    for how in ERRORS.get(estimand, EVERY):
        stem = f"pm.{method}.{estimand}.{how}"
        assert (np.abs(study.estimate - column(rows, stem, "value")) <= tolerance).all()
        wanted = column(rows, stem, "std_error")
        if how == "bootstrap":
            within = float(re.search(r"within (\d+)%", rows[f"{stem}.t+0"]["tolerance"])[1]) / 100  # type: ignore[index]
            draws = bootstrap(study, by="unit", draws=1000, seed=0)
            assert draws.std_errors == pytest.approx(wanted, rel=within)
        else:
            assert analytic_errors(found)[how].to_numpy() == pytest.approx(wanted, abs=ERROR)


@pytest.mark.parametrize(("method", "estimand"), [*BOTH, *OF_CONTROLS])
def test_matched_sets_are_as_many_as_panelmatch_has(
    method: str, estimand: str, panel: TreatmentPanel, rows: Mapping[str, pd.Series]
) -> None:
    note = rows[f"pm.{method}.{estimand}.bootstrap.t+0"]["note"]
    sets, empty, sizes, weighted = (int(number) for number in re.findall(r"\d+", note.replace("weights>0", "")))
    found = matched_sets(panel, estimand.upper(), WINDOW, METHODS[method]).details
    assert found["matched_sets"] == sets - empty
    assert found["pairs"] == sizes
    # Scores at their maximum give some controls, which they predict perfectly, a weight of exactly zero.
    if not method.endswith("weight"):
        assert found["weighted_pairs"] == weighted


@pytest.mark.parametrize("estimand", ["att", "art"])
def test_scores_at_the_maximum_of_the_likelihood_differ_from_panelmatch_by_where_r_stops(
    estimand: str, panel: TreatmentPanel, rows: Mapping[str, pd.Series]
) -> None:
    wanted = column(rows, f"pm.ps.weight.{estimand}.conditional", "value")
    study = matching(panel, estimand.upper(), WINDOW, METHODS["ps.weight"])
    assert study.estimate == pytest.approx(wanted, abs=2e-7)
    exact = matching(panel, estimand.upper(), WINDOW, METHODS["ps.match"])
    assert exact.estimate == pytest.approx(column(rows, f"pm.ps.match.{estimand}.conditional", "value"), abs=POINT)


@pytest.mark.parametrize("how", ["conditional", "unconditional"])
def test_placebo_effects_are_those_of_panelmatch_with_the_sign_of_an_event_study(
    how: str, panel: TreatmentPanel, rows: Mapping[str, pd.Series]
) -> None:
    """PanelMatch gives the change from the earlier period to the base, an event study the earlier one less the base."""
    found = matched_sets(panel, "ATT", replace(WINDOW, placebo=True), METHODS["mahalanobis"])
    study, errors = found.study(), analytic_errors(found)[how].to_numpy()
    for k, horizon in enumerate((-4, -3, -2)):
        row = rows[f"pm.placebo.mahalanobis.att.{how}.t{horizon}"]
        assert study.horizon[k] == horizon
        assert -study.estimate[k] == pytest.approx(float(row["value"]), abs=POINT)
        assert errors[k] == pytest.approx(float(row["std_error"]), abs=ERROR)


def test_balance_is_that_of_panelmatch(panel: TreatmentPanel, rows: Mapping[str, pd.Series]) -> None:
    """Refined sets have no control whose outcome is missing; among all, PanelMatch takes those for zero."""
    sets = matched_sets(panel, "ATT", WINDOW, METHODS["mahalanobis"])
    right, published_ones = (sets.balance(["y"], unknown_is_zero=zero) for zero in (False, True))
    for k, period in enumerate(("t-4", "t-3", "t-2", "t-1", "t")):
        row = rows[f"pm.balance.y.{period}"]
        unrefined = float(row["note"].removeprefix("unrefined "))
        assert right["refined"][k] == pytest.approx(float(row["value"]), abs=1e-7)
        assert published_ones["refined"][k] == pytest.approx(float(row["value"]), abs=1e-7)
        assert published_ones["unrefined"][k] == pytest.approx(unrefined, abs=1e-7)
        if period in ("t-1", "t"):
            assert right["unrefined"][k] == pytest.approx(unrefined, abs=1e-7)


def test_steady_periods_are_the_restricted_control_period(panel: TreatmentPanel, rows: Mapping[str, pd.Series]) -> None:
    found = matched_sets(panel, "ATT", replace(WINDOW, steady=2))
    stem = "pm.opt.restrict.control.period"
    assert found.study().estimate == pytest.approx(column(rows, stem, "value"), abs=POINT)
    assert analytic_errors(found)["conditional"].to_numpy() == pytest.approx(column(rows, stem, "std_error"), abs=ERROR)


def test_treatment_that_may_not_reverse_is_that_of_panelmatch_but_for_a_recycled_index(
    panel: TreatmentPanel, rows: Mapping[str, pd.Series]
) -> None:
    """Of 79 switches that last, 74 have controls that switch within the leads, the first and the fourth no others.

    PanelMatch means to treat these two apart, but its index, as long as the 74, is recycled over the 79: it takes no
    control out of the sets in places 1, 4, 75 and 78. Here all lose the controls that switch.
    """
    plain = matched_sets(panel, "ATT", WINDOW).table()
    at = plain["period"].to_numpy() - panel.periods[0]
    five = np.arange(5)
    lasting = plain[(panel.treatment[plain["unit"].to_numpy()[:, None], at[:, None] + five] == 1).all(axis=1)]
    at = lasting["period"].to_numpy() - panel.periods[0]
    stays = (panel.treatment[lasting["control"].to_numpy()[:, None], at[:, None] + five] == 0).all(axis=1)
    sets = lasting.assign(stays=stays).groupby(["unit", "period"])["stays"]
    every, none = sets.all(), ~sets.any()
    untouched = np.resize(none[~every].to_numpy(), len(every)) | every.to_numpy()
    kept = (
        stays | pd.Series(untouched, every.index).loc[pd.MultiIndex.from_frame(lasting[["unit", "period"]])].to_numpy()
    )
    theirs = lasting[kept]
    theirs = theirs.assign(weight=1 / theirs.groupby(["unit", "period"])["control"].transform("size"))
    note = rows["pm.opt.forbid.treatment.reversal.t+0"]["note"]
    assert note == f"sets {theirs.groupby(['unit', 'period']).ngroups + 9}, empty 9, sum of sizes {len(theirs)}"
    estimate, error = by_hand(panel, theirs)
    stem = "pm.opt.forbid.treatment.reversal"
    assert estimate == pytest.approx(column(rows, stem, "value"), abs=POINT)
    assert error == pytest.approx(column(rows, stem, "std_error"), abs=ERROR)
    right = lasting[stays]
    right = right.assign(weight=1 / right.groupby(["unit", "period"])["control"].transform("size"))
    mine = matching(panel, "ATT", replace(WINDOW, forbid_reversal=True))
    assert mine.estimate == pytest.approx(by_hand(panel, right)[0], abs=1e-10)
    assert mine.details["pairs"] == len(right)


def by_hand(panel: TreatmentPanel, pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Effects and conditional errors of matched sets, pair by pair."""
    weights = np.zeros((5, *panel.outcome.shape))
    sets = pairs.groupby(["unit", "period"])
    for (unit, period), pair in sets:
        t = period - panel.periods[0]
        for lead in range(5):
            for who, weight in [(unit, 1.0), *zip(pair["control"], -pair["weight"], strict=True)]:
                weights[lead, who, t + lead] += weight
                weights[lead, who, t - 1] -= weight
    sums = (weights * np.nan_to_num(panel.outcome)).sum(axis=2)
    units = (weights != 0).any(axis=2).sum(axis=1)
    return sums.sum(axis=1) / len(sets), np.sqrt(units * sums.var(axis=1, ddof=1)) / len(sets)


def test_the_first_matched_set_has_the_units_of_panelmatch(
    panel: TreatmentPanel, rows: Mapping[str, pd.Series], oracles: Path
) -> None:
    codes = np.unique(pd.read_csv(oracles / "data" / "panelmatch_dem.csv", usecols=["wbcode2"])["wbcode2"])
    said = rows["pm.set1"]["quantity"]
    unit, year, size = (int(n) for n in re.search(r"SET1 (\d+)\.(\d+) size (\d+)", said).groups())  # type: ignore[union-attr]
    wanted = {int(code): float(w) for code, w in re.findall(r"(\d+) (0\.\d+)", said.split("weights>0:")[1])}
    plain, refined = (matched_sets(panel, "ATT", WINDOW, METHODS[m]).table() for m in ("none", "mahalanobis"))
    first = refined[(refined["unit"] == refined["unit"].min())]
    first = first[first["period"] == first["period"].min()]
    assert {(int(codes[u]), int(y)) for u, y in zip(first["unit"], first["period"], strict=True)} == {(unit, year)}
    found = {int(codes[j]): w for j, w in zip(first["control"], first["weight"], strict=True)}
    assert found == pytest.approx(wanted)
    assert ((codes[plain["unit"]] == unit) & (plain["period"] == year)).sum() == size


def test_the_published_test_of_the_package_is_met(panel: TreatmentPanel, rows: Mapping[str, pd.Series]) -> None:
    window = Window(history=4, leads=3, match_missing=False)
    found = matched_sets(panel, "ATT", window, METHODS["mahalanobis"])
    row = rows["pm.upstream.test"]
    assert found.study().estimate == pytest.approx(np.array(row["value"].split(), dtype=float), abs=POINT)
    errors = analytic_errors(found)["conditional"].to_numpy()
    assert errors == pytest.approx(np.array(row["std_error"].split(), dtype=float), abs=POINT)


def test_no_row_is_left_out(rows: Mapping[str, pd.Series]) -> None:
    tested = {
        f"pm.{method}.{estimand}.{how}.t+{lead}"
        for method, estimand in [*BOTH, *OF_CONTROLS]
        for how in ERRORS.get(estimand, EVERY)
        for lead in range(5)
    }
    tested |= {
        f"pm.opt.{name}.t+{n}" for name in ("forbid.treatment.reversal", "restrict.control.period") for n in range(5)
    }
    tested |= {f"pm.placebo.mahalanobis.att.{how}.t-{n}" for how in EVERY[:2] for n in (4, 3, 2)}
    tested |= {f"pm.balance.y.{period}" for period in ("t-4", "t-3", "t-2", "t-1", "t")}
    assert tested | {"pm.upstream.test", "pm.set1"} == set(rows)
