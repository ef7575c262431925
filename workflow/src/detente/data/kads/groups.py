"""K-ads: groups of k states that did something together in a year, such as an exercise, a pact or a mission.

An event with k participants is one observation of k states, and not k(k − 1)/2 observations of two (Poast 2010). States
that are no members of the system in the year are left out of a group; a group of fewer than two states is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from detente.base.errors import ConfigError, choices
from detente.base.types import Codes
from detente.data.sources import REGISTRY
from detente.data.sources.base import Entries
from detente.data.sources.cooperation.exercises import SLUG as EXERCISES
from detente.data.sources.cooperation.pact_members import SLUG as PACTS
from detente.data.sources.peacekeeping.mission_members import SLUG as MISSIONS

GROUP = ["event", "year", "ccode"]
Group = tuple[int, ...]
"""Codes of the states of a k-ad, ascending."""


@dataclass(frozen=True)
class Kind:
    """A kind of event that states do together: its source, what one is called, and its rows `event`, `year`, `ccode`.

    `rows` takes the source's tidy frame. A further column `known` is 0 where who took part is surmised: such an event
    is no k-ad, and groups of its states are no comparison.
    """

    source: str
    noun: str
    rows: Callable[[pd.DataFrame], pd.DataFrame]

    @property
    def years(self) -> tuple[int, int]:
        """First and last year that its source codes."""
        return REGISTRY[self.source].years


def _of_exercises(tidy: pd.DataFrame) -> pd.DataFrame:
    return tidy.rename(columns={"exercise": "event"})[GROUP]


def _of_defence_pacts(tidy: pd.DataFrame) -> pd.DataFrame:
    """Members of treaties by which any of them owes defence that year."""
    owed = tidy.groupby(["event", "year"])["defence"].transform("max") == 1
    return tidy.loc[owed, GROUP]


def _of_missions(tidy: pd.DataFrame) -> pd.DataFrame:
    """Contributors of troops, `known` where a map of the mission that year names them."""
    return tidy.rename(columns={"mapped": "known"})[[*GROUP, "known"]]


KINDS: Mapping[str, Kind] = {
    "exercise": Kind(EXERCISES, "exercise", _of_exercises),
    "alliance": Kind(PACTS, "alliance", _of_defence_pacts),
    "mission": Kind(MISSIONS, "mission", _of_missions),
}
"""Joint exercises, treaties of defence in force, and UN missions with those who give them troops."""


def kind(name: str) -> Kind:
    """The kind of a name; raises ConfigError with the legal ones."""
    if name not in KINDS:
        raise ConfigError(f"no k-ads are of the kind {name!r}; {choices(name, KINDS)}")
    return KINDS[name]


@dataclass(frozen=True)
class Observed:
    """K-ads by year, each with how many events it had; events of the same states in one year are one k-ad.

    `pools`: codes of the members of the system in each year, ascending. `surmised`: groups by year of events whose
    states are not known for certain, which are neither k-ads nor comparisons. `entries` of the attrition log.
    """

    groups: Mapping[int, Mapping[Group, int]]
    pools: Mapping[int, Codes]
    surmised: Mapping[int, Sequence[Group]] = field(default_factory=dict)
    entries: Entries = field(default_factory=list)


def pools(states: pd.DataFrame, years: range) -> dict[int, Codes]:
    """Codes of the states that are members of the system on a day of each year; `states`: the tidy list of spells."""
    members = states[states["status"] == "member"]
    code, start, end = (members[name].to_numpy(dtype=np.int64) for name in ("ccode", "start", "end"))
    return {year: np.unique(code[(start // 10000 <= year) & (end // 10000 >= year)]) for year in years}


def observe(rows: pd.DataFrame, states: pd.DataFrame, years: range) -> Observed:
    """K-ads of the events of some years; `rows`: `event`, `year`, `ccode`, in any order, and `known` as of a `Kind`."""
    there = pools(states, years)
    found: dict[int, dict[Group, int]] = {year: {} for year in years}
    surmised: dict[int, list[Group]] = {year: [] for year in years}
    outside = small = folded = 0
    inside = rows[rows["year"].isin(list(years))].drop_duplicates(GROUP).sort_values(GROUP)
    event, when, ccode = (inside[name].to_numpy(dtype=np.int64) for name in GROUP)
    known = inside["known"].to_numpy() == 1 if "known" in inside else np.ones(len(inside), dtype=bool)
    begins = np.flatnonzero(np.diff(event, prepend=event[:1] - 1) | np.diff(when, prepend=0))
    for first, codes in zip(begins, np.split(ccode, begins[1:]) if len(begins) else (), strict=True):
        year = int(when[first])
        members = codes[np.isin(codes, there[year])]
        outside += len(codes) - len(members)
        if len(members) < 2:
            small += 1
            continue
        group = tuple(members.tolist())
        if not known[first]:
            surmised[year].append(group)
            continue
        folded += group in found[year]
        found[year][group] = found[year].get(group, 0) + 1
    guessed = sum(map(len, surmised.values()))
    entries: Entries = [
        ("dropped", "participant is no member of the system that year", "all events", outside),
        ("dropped", "fewer than two members of the system: no k-ad", "all events", small),
        ("merged", "events of the same states in one year are one k-ad", "all events", folded),
        ("dropped", "who took part is surmised: no k-ad, and no comparison", "all events", guessed),
    ]
    return Observed(found, there, surmised, entries)
