"""Units that were treated once, and units that never were: groups of pairs of states, or targets of one initiator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from detente.base.errors import ConfigError, choices
from detente.base.strict import Identifier, Strict, Window
from detente.base.types import Flags
from detente.base.units import Unit
from detente.data.panel import STATES, build_panel, catalogue
from detente.data.sources import REGISTRY
from detente.study.config.claims import CLAIMS

ROSTERS = "rosters"
PAIR = ["ccode1", "ccode2"]


class Groups(Strict):
    """One group of pairs of founders of a body, and groups of pairs elsewhere of states that never were in it."""

    outcome: Identifier = Field(description="Onset of dyad-years at risk.")
    unit: str = Field(description="What the outcome is counted in, per 100 dyad-years at risk.")
    pairs: Identifier = Field(description="A variable of dyad-years that is 1 for pairs that belong to a group.")
    body: Identifier = Field(description="A body of the rosters, as the variable for those in it is called.")
    founded: int = Field(description="Who is in it in this year is a founder.")
    start: int = Field(description="First year of treatment.")
    treated: dict[str, tuple[int, int]] = Field(min_length=1, max_length=1, description="First and last code by name.")
    donors: dict[str, tuple[int, int]] = Field(min_length=2, description="The same of groups elsewhere.")

    @model_validator(mode="after")
    def _apart(self) -> Groups:
        """No state lies in two groups."""
        spans = sorted([*self.treated.items(), *self.donors.items()], key=lambda item: item[1])
        for (one, (_, last)), (other, (first, _)) in pairwise(spans):
            if first <= last:
                raise ValueError(f"{one!r} and {other!r} must not have codes in common")
        return self


class Targets(Strict):
    """States as targets of one initiator, of which some entered a body."""

    outcome: Identifier = Field(description="Whether the initiator began a dispute with the state in the year.")
    unit: str = Field(description="What the outcome is counted in.")
    initiator: int = Field(ge=2, le=999)
    states: tuple[int, ...] = Field(min_length=4, description="COW codes of all states that are compared.")
    body: Identifier = Field(description="A body of the rosters, as the variable for those in it is called.")
    entered: tuple[int, ...] = Field(min_length=1, description="Years of entry; treated from the next year on.")


@dataclass(frozen=True)
class Compared:
    """A comparison by its `label`: `rows` of unit, year, outcome and treated, what rows are `of`, `names` of units."""

    label: str
    rows: pd.DataFrame
    names: Mapping[int, str]
    of: str
    note: str = ""


def sources_of(units: Groups | Targets) -> list[str]:
    """Sources of what is compared; raises ConfigError naming a variable that no source gives in the unit."""
    of_unit, names = _panel_of(units)
    entries = catalogue(list(REGISTRY.values()), of_unit)
    rosters = [variable.name for variable in REGISTRY[ROSTERS].variables]
    for name, known in (*((name, list(entries)) for name in names), (units.body, rosters)):
        if name not in known:
            raise ConfigError(f"{CLAIMS} › described: there is no {name!r} here; {choices(name, known)}")
    return sorted({STATES, ROSTERS}.union(*(entries[name].sources for name in names)))


def _panel_of(units: Groups | Targets) -> tuple[Unit, list[str]]:
    if isinstance(units, Groups):
        return "dyad-year", [units.outcome, units.pairs]
    return "directed-dyad-year", [units.outcome]


def compared(units: Groups | Targets, tidy: Mapping[str, pd.DataFrame], window: tuple[int, int]) -> list[Compared]:
    """What is compared: the comparison that is judged, then others of the same units."""
    of_unit, names = _panel_of(units)
    modules = [REGISTRY[slug] for slug in REGISTRY if slug in sources_of(units) and slug != ROSTERS]
    panel = build_panel(tidy, modules, window, unit=of_unit, lead_in=0, variables=names).frame
    if isinstance(units, Groups):
        members = _members(tidy[ROSTERS], units.body)
        return [of_groups(units, panel, members, window, steady=steady) for steady in (True, False)]
    return of_targets(units, panel, _members(tidy[ROSTERS], units.body), _names(tidy[STATES]), window)


def _members(rosters: pd.DataFrame, body: str) -> pd.Series:
    """First year of each state in a body, by code."""
    return rosters[rosters[body] == 1].groupby("ccode")["year"].min()


def _names(states: pd.DataFrame) -> Mapping[int, str]:
    last = states.sort_values("start").drop_duplicates("ccode", keep="last")
    return dict(zip(last["ccode"].tolist(), last["name"].astype(str).tolist(), strict=True))


def of_groups(
    units: Groups, panel: pd.DataFrame, members: pd.Series, window: tuple[int, int], *, steady: bool
) -> Compared:
    """Onsets per 100 dyad-years at risk by group and year.

    `panel`: dyad-years with the outcome, missing where a pair is not at risk; `members`: first year in the body by
    state. A pair is in the group that both states lie in: founders in the treated one, in others states that are not in
    the body by the window's end. `steady`: pairs that belong in every year of the window alone.
    """
    rows = panel[(panel[units.pairs] == 1) & panel["year"].between(*window)]
    if steady:
        rows = rows[rows.groupby(PAIR)["year"].transform("size") == window[1] - window[0] + 1]
    founders = members.index[members <= units.founded]
    never = ~_either(rows, members.index[members <= window[1]])
    both = rows["ccode1"].isin(founders) & rows["ccode2"].isin(founders)
    parts = [
        *(rows[both & _within(rows, span)] for span in units.treated.values()),
        *(rows[never & _within(rows, span)] for span in units.donors.values()),
    ]
    names = dict(enumerate([*units.treated, *units.donors]))
    years = range(window[0], window[1] + 1)
    table = pd.concat([_rates(part, units.outcome, years).assign(unit=unit) for unit, part in enumerate(parts)])
    treated = (table["unit"] == 0) & (table["year"] >= units.start)
    pairs = {names[unit]: part.groupby(PAIR).ngroups for unit, part in enumerate(parts)}
    label = f"{names[0]}, " + ("pairs there in all years" if steady else "all pairs")
    counted = "pairs: " + ", ".join(f"{name} {count}" for name, count in pairs.items())
    return Compared(label, table.assign(treated=treated.astype(float)), names, "groups by years", counted)


def _within(rows: pd.DataFrame, span: tuple[int, int]) -> pd.Series[bool]:
    return rows["ccode1"].between(*span) & rows["ccode2"].between(*span)


def _either(rows: pd.DataFrame, states: Sequence[int] | pd.Index) -> pd.Series[bool]:
    return rows["ccode1"].isin(states) | rows["ccode2"].isin(states)


def _rates(part: pd.DataFrame, outcome: str, years: range) -> pd.DataFrame:
    """Onsets per 100 dyad-years at risk by year, missing in a year without any at risk."""
    by_year = part.groupby("year")[outcome].agg(["sum", "count"]).reindex(years, fill_value=0)
    rate = 100 * by_year["sum"] / by_year["count"].where(by_year["count"] > 0)
    return pd.DataFrame({"year": list(years), "outcome": rate.to_numpy(dtype=np.float64)})


def of_targets(
    units: Targets, panel: pd.DataFrame, members: pd.Series, names: Mapping[int, str], window: Window
) -> list[Compared]:
    """Disputes by target and year: of all who entered together, then of those who entered in each year alone.

    States that entered in another year of the window or before are in no comparison; those that never did are donors.
    """
    rows = panel[(panel["ccode1"] == units.initiator) & panel["ccode2"].isin(units.states)]
    rows = rows[rows["year"].between(*window)]
    entry = rows["ccode2"].map(members)
    entry = entry.where(entry <= window[1])
    table = pd.DataFrame({"unit": rows["ccode2"], "year": rows["year"], "outcome": rows[units.outcome]})
    table = table.assign(treated=(table["year"] > entry).astype(float))
    cohorts = [units.entered, *((year,) for year in units.entered if len(units.entered) > 1)]
    return [
        Compared(_said(cohort), table[_one_of(entry, cohort) | entry.isna()], names, "states by years")
        for cohort in cohorts
    ]


def _one_of(entry: pd.Series, cohort: tuple[int, ...]) -> Flags:
    return np.asarray(entry.isin(cohort))


def _said(cohort: tuple[int, ...]) -> str:
    return "those who entered in " + " and ".join(map(str, cohort))
