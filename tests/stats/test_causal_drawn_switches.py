"""Permutation tests of matched sets as they are, against plain loops and known effects."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import TooFewDraws, UnknownOption
from detente.base.types import Array
from detente.stats.causal import Permuted, Redrawn, TreatmentPanel, Window, matching, permuted_sets, treatment_panel
from detente.stats.resampling.redraw import KadRedraw

from support.matched_by_hand import Pairs, sets_by_hand, small_panel

WINDOW = Window(2, 2, outcomes="each")


@dataclass(frozen=True)
class Given:
    """Treatments that are drawn one after the other."""

    treatments: list[Array]
    asked: list[int] = field(default_factory=list)
    name: str = "given"

    def drawn(self, panel: TreatmentPanel, rng: np.random.Generator) -> Array:  # noqa: ARG002
        self.asked.append(0)
        return self.treatments[len(self.asked) - 1]


def _groups(sets: Pairs) -> dict[tuple[int, frozenset[int]], set[tuple[int, int]]]:
    """Focal cells and their controls, by the period and the controls that they have in common."""
    groups: dict[tuple[int, frozenset[int]], set[tuple[int, int]]] = {}
    for (i, t), own in sets.items():
        groups.setdefault((t, frozenset(own)), {(j, t) for j in own}).add((i, t))
    return groups


def by_hand(panel: TreatmentPanel, drawn: Array, estimand: str, horizons: tuple[int, ...]) -> float:
    """The t statistic of the mean effect by plain loops: units of dyads with a common state covary."""
    on = 1.0 if estimand == "ATT" else 0.0
    y, units = panel.outcome, panel.units
    estimates, influence = [], np.zeros(units)
    for h in horizons:
        sets = sets_by_hand(panel, estimand, replace(WINDOW, outcomes="common"), h)
        groups = _groups(sets)
        added, total, count = np.zeros(units), 0.0, 0
        of_others: dict[int, list[float]] = {}
        compared = []
        for (t, _), cells in groups.items():
            change = {(i, t): y[i, t + h] - y[i, t - 1] for i, t in cells}
            moved = [cell for cell in cells if drawn[cell] == on]
            stayed = [cell for cell in cells if drawn[cell] != on]
            if moved and stayed:
                mean = sum(change[other] for other in stayed) / len(stayed)
                of_others.setdefault(t, []).extend(mean for _ in moved)
                total += sum(change[cell] - mean for cell in moved)
                count += len(moved)
                compared.append((t, change, moved, stayed))
        for t, change, moved, stayed in compared:
            movement = np.mean(of_others[t])
            for cell in moved:
                added[cell[0]] += change[cell] - movement
                for other in stayed:
                    added[other[0]] -= (change[other] - movement) / len(stayed)
        estimate = total / count
        for cells in groups.values():
            moved = [cell for cell in cells if drawn[cell] == on]
            if moved and len(moved) < len(cells):
                for cell in moved:
                    added[cell[0]] -= estimate
        estimates.append(estimate)
        influence += added / count / len(horizons)
    pairs = [set(panel.sides[:, i].tolist()) for i in range(units)]
    variance = sum(influence[i] * influence[j] for i in range(units) for j in range(units) if pairs[i] & pairs[j])
    return float(np.mean(estimates) / np.sqrt(variance)) if variance > 0 else float("nan")


@pytest.mark.parametrize("estimand", ["ATT", "ART"])
def test_statistics_are_those_of_plain_loops(estimand: str) -> None:
    panel = small_panel(6, states=9)
    rng = np.random.default_rng(0)
    given = [np.where(np.isnan(panel.treatment), np.nan, rng.random(panel.treatment.shape) < 0.5) for _ in range(8)]
    found = permuted_sets(panel, estimand, WINDOW, Given(given), first=1, draws=8)
    assert found.observed == pytest.approx(by_hand(panel, panel.treatment, estimand, (1, 2)))
    wanted = [by_hand(panel, drawn, estimand, (1, 2)) for drawn in given]
    assert found.draws == pytest.approx([t for t in wanted if not np.isnan(t)])
    assert len(found.draws) > 3


def test_the_observed_statistic_is_that_of_matching() -> None:
    panel = small_panel(6, states=9)
    study = matching(panel, "ATT", Window(2, 0))
    one = study.average()
    found = permuted_sets(panel, "ATT", Window(2, 0), Given([panel.treatment]), draws=1)
    assert found.observed == pytest.approx(one.estimate / one.std_error)
    assert found.draws == pytest.approx([found.observed]) and found.p_two_tails == 1.0


def exercised(effect: float, seed: int = 0) -> tuple[TreatmentPanel, KadRedraw]:
    """Exercises of four states, each held for a year; outcomes follow a year later."""
    rng, states, years = np.random.default_rng(seed), 24, np.arange(1990, 2010)
    held_in = [(year * 9 + k, year) for year in years[3:] for k in range(3)]
    rows = [(event, year, m) for event, year in held_in for m in rng.choice(states, 4, replace=False)]
    events = pd.DataFrame(rows, columns=["event", "year", "member"])
    low, high = np.triu_indices(states, 1)
    held = np.zeros((states, states, len(years)))
    for _, group in events.groupby("event"):
        members = group["member"].to_numpy()
        held[np.ix_(members, members, [group["year"].iloc[0] - years[0]])] = 1
    treatment = held[low, high]
    last = np.c_[np.zeros(len(low)), treatment[:, :-1]]
    shock = rng.standard_normal((states, len(years)))
    outcome = effect * last + 0.3 * (shock[low] + shock[high]) + 0.5 * rng.standard_normal(treatment.shape)
    keys = {"ccode1": np.repeat(low, len(years)), "ccode2": np.repeat(high, len(years))}
    columns = {**keys, "year": np.tile(years, len(low)), "d": treatment.ravel(), "y": outcome.ravel()}
    data = pd.DataFrame(columns)
    everybody = pd.DataFrame([(m, year) for m in range(states) for year in years], columns=["member", "year"])
    panel = treatment_panel(data, "y", "d", unit=("ccode1", "ccode2"), time="year")
    return panel, KadRedraw(events, everybody, lag=0)


def test_an_effect_is_found_by_who_takes_part_in_exercises_and_none_where_there_is_none() -> None:
    window = Window(2, 1, outcomes="each")
    panel, events = exercised(0.8)
    found = permuted_sets(panel, "ATT", window, Redrawn(events), first=1, draws=199)
    # Two assignments leave no variance above zero.
    assert len(found.draws) == 197
    assert found.p_value == pytest.approx(1 / 198) and found.p_two_tails == pytest.approx(2 / 198)
    assert "event by event" in found.words and "sets as they are" in found.words
    shares = [permuted_sets(*_null(seed), draws=39).p_two_tails for seed in range(1, 21)]
    # Of 20 tests at 10 %, 6 or more reject with a chance of 1.1 %.
    assert sum(p <= 0.1 for p in shares) < 6


def _null(seed: int) -> tuple[TreatmentPanel, str, Window, Redrawn]:
    panel, events = exercised(0.0, seed)
    return panel, "ATT", Window(2, 0, outcomes="each"), Redrawn(events)


def test_two_tails_are_those_of_draws_that_are_not_centred_at_zero() -> None:
    draws = np.linspace(-4, 0, 99)
    far = Permuted(1.0, draws, "")
    assert far.p_value == pytest.approx(75 / 100) and far.p_two_tails == pytest.approx(2 / 100)
    assert Permuted(-2.0, draws, "").p_two_tails == 1.0


@pytest.mark.fault("fits")
def test_what_cannot_be_drawn_is_refused() -> None:
    panel = small_panel(6, states=9)
    with pytest.raises(UnknownOption, match="'ATC'"):
        permuted_sets(panel, "ATC", WINDOW, Given([]))
    with pytest.raises(UnknownOption, match="the window's last horizon is 2"):
        permuted_sets(panel, "ATT", WINDOW, Given([]), first=3)
    nobody = np.zeros_like(panel.treatment)
    with pytest.raises(TooFewDraws, match="none of 2 assignments"):
        permuted_sets(panel, "ATT", WINDOW, Given([nobody, nobody]), first=1, draws=2)
