"""K-ads of a world whose effect is known: estimates without bias, intervals that hold it, and what pairs make of it."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from detente.base.types import Array, Codes
from detente.data.kads import Asked, KadPanel, Sampling, kad_panel
from detente.stats.kadic import KadRows, Sharing, kad_lpm

from support.kad_worlds import entries, spells

CODES = (*range(10, 26), *range(210, 230), *range(710, 722))
YEARS = range(1990, 2002)
SIZES = (*[2] * 12, *[3] * 6, *[4] * 4, 6, 6, 9)
BASE, EFFECT, DRAWS = 0.12, -0.048, 400


def world() -> KadPanel:
    """Twenty-five exercises a year among 48 states, some of which are in many, and groups drawn beside them."""
    rng = np.random.default_rng(3)
    fame = rng.permutation(1 / np.sqrt(np.arange(1, len(CODES) + 1)))
    chosen = [(y, rng.choice(len(CODES), k, replace=False, p=fame / fame.sum())) for y in YEARS for k in SIZES]
    rows = [(event, year, CODES[at]) for event, (year, group) in enumerate(chosen) for at in group]
    events = pd.DataFrame(rows, columns=["event", "year", "ccode"])
    keys = [(a, b, y) for a, b in combinations(CODES, 2) for y in range(1990, 2003)]
    dyads = pd.DataFrame(keys, columns=["ccode1", "ccode2", "year"]).assign(onset_gml=0.0)
    asked = Asked((1991, 2002), sampling=Sampling(draws=4))
    return kad_panel(dyads, entries(), events, spells(CODES, 1990, 2003), asked)


class World:
    """Onsets of pairs of members, the same for all k-ads that a pair is in; shocks to states, lasting and by year."""

    def __init__(self) -> None:
        made = world()
        self.frame, members = made.frame, made.members
        self.sharing = Sharing.of(members["kad"].to_numpy(), members["ccode"].to_numpy())
        groups = [np.searchsorted(CODES, part) for _, part in members.groupby("kad")["ccode"]]
        pairs = [np.array(list(combinations(g, 2))) for g in groups]
        self.counts: Codes = np.array([len(p) for p in pairs])
        self.start = np.cumsum(self.counts) - self.counts
        self.one, self.two = np.concatenate(pairs).T
        self.year = np.repeat(self.frame["year"].to_numpy() - 1991, self.counts)
        self.treated = np.repeat(self.frame["event"].to_numpy() == 1, self.counts)
        self.event = self.frame["event"].to_numpy(dtype=np.float64)
        self.weight = self.frame["weight"].to_numpy()
        self.strata = self.frame["year"].to_numpy() * 10 + np.digitize(self.frame["size"], [3, 4, 6])

    def shares(self, seed: int, prevented: Array | float) -> Array:
        """Onsets over pairs of each k-ad; of those of an exercise a share is `prevented`."""
        rng = np.random.default_rng(seed)
        lasting, yearly = rng.uniform(-0.03, 0.03, 48), rng.uniform(-0.03, 0.03, (48, 12))
        risk = BASE + sum(lasting[s] + yearly[s, self.year] for s in (self.one, self.two))
        onset = rng.random(48 * 48 * 12)[(self.one * 48 + self.two) * 12 + self.year] < risk
        onset &= ~(self.treated & (rng.random(len(onset)) < prevented))
        return np.asarray(np.add.reduceat(onset.astype(np.float64), self.start) / self.counts)

    def estimates(self, prevented: Array | float, draws: int, *, by_pairs: bool = False) -> pd.DataFrame:
        """The effect of an event in each of so many worlds, each k-ad as one or weighted by its pairs."""
        weight = self.weight * (self.counts if by_pairs else 1)
        exposure = self.counts.astype(np.float64)

        def one(seed: int) -> pd.Series:
            y = self.shares(seed, prevented)
            rows = KadRows(y, {"event": self.event}, self.sharing, weight, self.strata, exposure, -1)
            return kad_lpm(rows).table().iloc[0]

        return pd.DataFrame([one(1000 + seed) for seed in range(draws)])


@pytest.mark.slow
def test_intervals_of_kads_hold_the_effect_though_they_share_states() -> None:
    """Monte Carlo error of a share of 400 draws at 95 %: 1.1 points."""
    made = World().estimates(EFFECT / -BASE, DRAWS)
    error = made["estimate"].std() / np.sqrt(DRAWS)
    assert abs(made["estimate"].mean() - EFFECT) < 3 * error, "without bias"
    covered = ((made["conf_low"] <= EFFECT) & (made["conf_high"] >= EFFECT)).mean()
    assert 0.92 <= covered <= 0.97
    assert made["std_error"].mean() == pytest.approx(made["estimate"].std(), rel=0.15)
    assert made["df"].iloc[0] < 10, "far fewer than 47, as a few states are in most exercises"


@pytest.mark.slow
def test_weighted_by_pairs_a_few_large_exercises_decide() -> None:
    """Exercises of two to six states prevent 40 % of onsets, those of nine, one in 25, none.

    Of all events 24 in 25 have the effect −0.048. But they have 12 · 1 + 6 · 3 + 4 · 6 + 2 · 15 = 84 pairs, and the one
    of nine 36: by pairs the mean effect is 84/120 of it.
    """
    world = World()
    prevented = np.repeat(np.where(world.frame["size"] == 9, 0.0, 0.4), world.counts)
    as_one, by_pairs = (world.estimates(prevented, 100, by_pairs=way) for way in (False, True))
    for made, truth in ((as_one, EFFECT * 24 / 25), (by_pairs, EFFECT * 84 / 120)):
        error = made["estimate"].std() / 10
        assert abs(made["estimate"].mean() - truth) < 3 * error
    assert as_one["df"].iloc[0] > 3 * by_pairs["df"].iloc[0], "and few k-ads carry what is learnt"
