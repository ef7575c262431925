"""A panel of k-ad-years: observed k-ads and those drawn to compare them with, made from a panel of dyad-years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import ConfigError, UnknownVariable, choices
from detente.base.lags import lagged
from detente.data.kads.comparison import Sampling, strata
from detente.data.kads.groups import observe
from detente.data.kads.places import Kads, Rows
from detente.data.kads.rules import WORDS, combined, rule_of
from detente.data.panel import Entry, Shift, shifts
from detente.data.sources import attrition

KEY = ("kad", "year")
RELEVANT = "politically_relevant"
COLUMNS: Mapping[str, str] = {
    "kad": "Number of the k-ad",
    "year": "Year of the outcome; the event was `lag` years before",
    "event": "Observed k-ad, whose states took part in one event (1), or drawn to compare (0)",
    "events": "Events of these very states in the year; 0 of a drawn one",
    "size": "Members, k",
    "stratum": "Number of the stratum: event's year, size and members by region",
    "pairs": "Pairs of members that exist in the year",
    "pairs_at_risk": "Those at risk of an onset: the exposure",
    "onsets": "Pairs at risk with an onset",
    "onset_any": "Whether any pair at risk has an onset; missing if none is at risk",
    "onset_share": "Onsets over pairs at risk; missing if none is at risk",
    "weight": "1 of an observed k-ad; those drawn in a stratum weigh as much together as its observed ones",
    "inclusion_log": "Log of the probability with which it was drawn; 0 of an observed one",
    "king_zeng_weight": "Inverse of that probability, on average 1 among k-ads of one size (King & Zeng 2001)",
    "king_zeng_offset": "Log-odds of an event in the sample less those among all groups, by stratum (King & Zeng 2001)",
}
"""Columns of a panel of k-ad-years in order, before its controls."""


@dataclass(frozen=True)
class Asked:
    """What a panel of k-ad-years is of: `years` of its `outcome`, an onset of pairs, first and last.

    `controls`: variables of pairs, NAME of the outcome's year or NAME:YEARS before it, each combined by its rule;
    `lag`: years from event to outcome; `sampling`: how k-ads to compare with are drawn.
    Raises ConfigError for years or a lag that cannot be, or what is no control.
    """

    years: tuple[int, int]
    outcome: str = "onset_gml"
    controls: Sequence[str] = ()
    lag: int = 1
    sampling: Sampling = field(default_factory=Sampling)

    def __post_init__(self) -> None:
        if self.lag < 0:
            raise ConfigError(f"the event comes before the outcome: the lag must be 0 or more years, not {self.lag}")
        if self.years[0] > self.years[1]:
            raise ConfigError(f"the years start in {self.years[0]}, after they end in {self.years[1]}")
        _ = self.terms

    @property
    def terms(self) -> tuple[Shift, ...]:
        """The controls, each by how many years before the outcome."""
        return tuple(shifts([c])[0] if ":" in c else Shift(c, 0) for c in dict.fromkeys(self.controls))

    @property
    def variables(self) -> list[str]:
        """Variables of pairs that the panel is made of."""
        relevance = [RELEVANT] if self.sampling.relevant else []
        return list(dict.fromkeys([self.outcome, *(c.variable for c in self.terms), *relevance]))

    @property
    def event_years(self) -> range:
        """Years of the events."""
        return range(self.years[0] - self.lag, self.years[1] - self.lag + 1)

    @property
    def before(self) -> int:
        """Years before the first that dyad-years are needed of."""
        return max([0, *(c.years for c in self.terms), *([self.lag] if self.sampling.relevant else [])])


@dataclass(frozen=True)
class KadPanel:
    """K-ad-years in `frame`, one row per `kad`; `members` one row per `kad` and `ccode`; `columns` labels by name.

    `attrition`: events that are no k-ads, and strata without comparisons.
    """

    frame: pd.DataFrame
    members: pd.DataFrame
    attrition: pd.DataFrame
    columns: Mapping[str, str]


def kad_panel(
    dyads: pd.DataFrame, entries: Mapping[str, Entry], events: pd.DataFrame, states: pd.DataFrame, asked: Asked
) -> KadPanel:
    """K-ad-years of `events`, with as many comparisons as are asked for.

    `dyads`: a panel of undirected dyad-years, with the outcome and the controls in all years that they are asked of;
    `entries` what its variables are. `events`: rows `event`, `year`, `ccode`. `states`: the tidy list.

    Raises UnknownVariable for what is no variable of the panel, ConfigError if it lacks a year, PanelError if it has a
    key twice or there is no k-ad, TooLarge if all pairs of members need more memory than is free.
    """
    for name in asked.variables:
        if name not in dyads or name not in entries:
            raise UnknownVariable(f"the panel of dyad-years has no variable {name!r}; {choices(name, entries)}")
    rows = Rows(dyads)
    _require(rows, asked)
    observed = observe(events, states, asked.event_years)
    relevant = (
        {y: rows.flags(RELEVANT, y, pool) for y, pool in observed.pools.items()} if asked.sampling.relevant else None
    )
    found, said = strata(observed, asked.sampling, relevant)
    kads = Kads.of(found)
    kads.check()
    columns, labels = _columns(kads, rows, asked), dict(COLUMNS)
    for control in asked.terms:
        variable = entries[control.variable].variable
        rule = rule_of(variable)
        name = lagged(f"{control.variable}_{rule}", control.years)
        values = rows.values(control.variable, *kads.pairs, kads.year(asked.lag - control.years))
        columns[name] = combined(values, kads.first, rule)
        labels[name] = f"{variable.label}, {WORDS[rule]}" + (f", {control.years} years before" if control.years else "")
    log = [entry for entry in (*observed.entries, *said) if entry[3]]
    return KadPanel(pd.DataFrame(columns), kads.members, attrition("k-ads", log), labels)


def _require(rows: Rows, asked: Asked) -> None:
    """Raise ConfigError, with the way out, if years that are needed are not in the panel."""
    first, last = asked.years[0] - asked.before, asked.years[1]
    if first < rows.first or last > rows.last:
        raise ConfigError(
            f"k-ads of {asked.years[0]}–{asked.years[1]} need dyad-years of {first}–{last}, and the panel has "
            f"{rows.first}–{rows.last}: build it with a longer lead_in, or ask for other years"
        )


def _columns(kads: Kads, rows: Rows, asked: Asked) -> dict[str, Any]:
    """The columns of `COLUMNS`, (G,) each."""
    year = kads.year(asked.lag)
    exists = (rows.at(*kads.pairs, year) >= 0).astype(np.float64)
    outcome = rows.values(asked.outcome, *kads.pairs, year)
    exposed, onsets = kads.sums(1.0 - np.isnan(outcome)), kads.sums((outcome > 0).astype(np.float64))
    at_risk = exposed > 0
    weights, offset = kads.king_zeng
    return {
        "kad": np.arange(len(kads.size)),
        "year": kads.held + asked.lag,
        "event": kads.event,
        "events": kads.events,
        "size": kads.size,
        "stratum": kads.stratum,
        "pairs": kads.sums(exists).astype(np.int64),
        "pairs_at_risk": exposed.astype(np.int64),
        "onsets": onsets.astype(np.int64),
        "onset_any": np.where(at_risk, onsets > 0, np.nan),
        "onset_share": np.where(at_risk, onsets / np.maximum(exposed, 1), np.nan),
        "weight": kads.weight,
        "inclusion_log": kads.inclusion,
        "king_zeng_weight": weights,
        "king_zeng_offset": offset,
    }
