"""Where the pairs of members of k-ads stand in a panel of dyad-years, and the k-ads themselves, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from detente.base.errors import PanelError
from detente.base.memory import CELL, check_memory, memory
from detente.base.types import Array, Codes, Flags
from detente.data.kads.comparison import Stratum
from detente.data.kads.groups import Group

WAY = "ask for fewer years, fewer comparisons (--draws) or fewer controls"
# Arrays of pairs that are held at one time: their places, and a variable's values with what is made of them.
HELD = 8


class Rows:
    """Where the rows of a panel of dyad-years stand, by states and year."""

    def __init__(self, dyads: pd.DataFrame) -> None:
        one, two, year = (dyads[name].to_numpy(dtype=np.int64) for name in ("ccode1", "ccode2", "year"))
        if not len(dyads):
            raise PanelError("the panel of dyad-years has no rows")
        self.dyads, self.first, self.last = dyads, int(year.min()), int(year.max())
        self.states = np.union1d(one, two)
        self.table = np.full((len(self.states), len(self.states), self.last - self.first + 1), -1, dtype=np.int32)
        at = (np.searchsorted(self.states, one), np.searchsorted(self.states, two), year - self.first)
        self.table[at] = np.arange(len(dyads))
        if np.count_nonzero(self.table >= 0) != len(dyads):
            raise PanelError("the panel of dyad-years has a key (ccode1, ccode2, year) twice")

    def at(self, one: Codes, two: Codes, year: Codes) -> Codes:
        """Row of each pair of codes, the lower first, in a year; -1 where there is none."""
        i, j = (np.searchsorted(self.states, side).clip(max=len(self.states) - 1) for side in (one, two))
        t = year - self.first
        there = (self.states[i] == one) & (self.states[j] == two) & (t >= 0) & (t <= self.last - self.first)
        return np.where(there, self.table[i, j, np.where(there, t, 0)], -1)

    def values(self, name: str, one: Codes, two: Codes, year: Codes) -> Array:
        """Values of a variable for pairs, missing where there is no such row."""
        row = self.at(one, two, year)
        return np.where(row >= 0, self.dyads[name].to_numpy(dtype=np.float64)[row], np.nan)

    def flags(self, name: str, year: int, codes: Codes) -> Flags:
        """Whether a variable is 1, for all pairs (n, n) of states of a year."""
        one, two = (side.ravel() for side in np.meshgrid(codes, codes, indexing="ij"))
        low, high = np.minimum(one, two), np.maximum(one, two)
        value = self.values(name, low, high, np.full(len(one), year))
        return np.asarray((value == 1).reshape(len(codes), len(codes)))


@dataclass(frozen=True)
class Kads:
    """K-ads (G), observed and drawn: number of the `stratum`, whether `event`, how many `events`, `size`.

    `ccode` (M,): members, those of one k-ad after another, ascending.
    """

    strata: Sequence[Stratum]
    stratum: Codes
    event: Codes
    events: Codes
    size: Codes
    ccode: Codes

    @classmethod
    def of(cls, found: Sequence[Stratum]) -> Kads:
        """Those of strata, the observed ones of each before the drawn; PanelError if there are none."""
        groups: list[tuple[int, int, int, Group]] = []
        for number, stratum in enumerate(found):
            groups += [(number, 1, n, group) for group, n in stratum.observed.items()]
            groups += [(number, 0, 0, group) for group in stratum.drawn]
        if not groups:
            raise PanelError("there are no k-ads: no event of two states or more in the years of the panel")
        stratum_, event, events = (np.array([g[part] for g in groups], dtype=np.int64) for part in range(3))
        size = np.array([len(g[3]) for g in groups], dtype=np.int64)
        return cls(found, stratum_, event, events, size, np.array([c for g in groups for c in g[3]], dtype=np.int64))

    def check(self) -> None:
        """Raise TooLarge if all pairs of members need more memory than is free."""
        pairs = int(self.counts.sum())
        work = f"k-ads with {pairs:,} pairs of members"
        check_memory(pairs * CELL * HELD, work, WAY, memory())

    @cached_property
    def counts(self) -> Codes:
        """Pairs of members of each k-ad, k(k − 1)/2, (G,)."""
        return self.size * (self.size - 1) // 2

    @cached_property
    def first(self) -> Codes:
        """Place of the first pair of each k-ad, (G,)."""
        return np.cumsum(self.counts) - self.counts

    @cached_property
    def pairs(self) -> tuple[Codes, Codes]:
        """Codes of the two members of each pair, the lower first, (P,) each."""
        number = np.arange(len(self.ccode)) - np.repeat(np.cumsum(self.size) - self.size, self.size)
        later = np.repeat(self.size, self.size) - number - 1
        one = np.repeat(np.arange(len(self.ccode)), later)
        other = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(later) - later, later)
        return self.ccode[one], self.ccode[other]

    @cached_property
    def held(self) -> Codes:
        """Year of each k-ad's event, (G,)."""
        return np.array([s.year for s in self.strata], dtype=np.int64)[self.stratum]

    def year(self, later: int) -> Codes:
        """Year of the event and so many more, for each pair, (P,)."""
        return np.repeat(self.held + later, self.counts)

    def sums(self, values: Array) -> Array:
        """Sums (G,) of values of pairs (P,)."""
        return np.asarray(np.add.reduceat(values, self.first))

    @property
    def members(self) -> pd.DataFrame:
        """One row per `kad` and `ccode`."""
        return pd.DataFrame({"kad": np.repeat(np.arange(len(self.size)), self.size), "ccode": self.ccode})

    @cached_property
    def inclusion(self) -> Array:
        """Log of the probability with which each was drawn, 0 of an observed one, (G,)."""
        drawn = np.array([s.inclusion for s in self.strata])[self.stratum]
        return np.where(self.event == 1, 0.0, drawn)

    @cached_property
    def weight(self) -> Array:
        """1 of an observed one; those drawn in a stratum weigh as much together as its observed ones, (G,)."""
        number = len(self.strata)
        observed = np.bincount(self.stratum, self.event, number)
        drawn = np.bincount(self.stratum, 1 - self.event, number)
        return np.where(self.event == 1, 1.0, (observed / np.maximum(drawn, 1))[self.stratum])

    @cached_property
    def king_zeng(self) -> tuple[Array, Array]:
        """Weights, on average 1 among k-ads of one size, and offset by stratum, (G,) each (King & Zeng 2001).

        Weighting: τ/ȳ of events and (1 − τ)/(1 − ȳ) of others, which is to a factor one over the probability of being
        in the sample. Prior correction: what the log-odds of an event are more in a stratum of the sample than among
        all its groups, ln[((1 − τ)/τ)(ȳ/(1 − ȳ))], which is minus the log of that probability.
        """
        weight = np.empty(len(self.size))
        for size in np.unique(self.size):
            mine = self.size == size
            scaled = np.exp(-self.inclusion[mine] + np.min(self.inclusion[mine]))
            weight[mine] = scaled / scaled.mean()
        offset = np.array([-s.inclusion for s in self.strata])[self.stratum]
        return weight, offset
