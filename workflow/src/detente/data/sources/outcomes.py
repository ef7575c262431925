"""Outcomes that every coding of disputes by dyad-year has: under way, new, force, deaths, originators, initiation.

Force, deaths and hostility are the whole dispute's, as in the field's dyad-years; what the two states themselves did
is `hostility_pair_…`. A coding of events has only the latter, and is about the two states throughout.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from detente.data.sources.base import Frames, Key, RawTable, Source, Tidy, Variable, attrition, event, undirected
from detente.data.sources.steps import DYAD_YEAR, Entries, Entry, singly
from detente.data.sources.whittle import DEATHS_UNKNOWN, RULES, Rule, whittle

USE_OF_FORCE = 4
UNKNOWN = -9
# What a coding must tell of each dispute and dyad-year; side A began the dispute.
RECORD = (
    *("side_a", "side_b", "year", "dispute", "onset", "fatality", "hostility", "hostility_pair"),
    *("shortest_duration", "longest_duration", "start", "originators"),
)
Rows = tuple[pd.DataFrame, Entries]
MONTHS = frozenset(range(1, 13))
FATALITY = frozenset({UNKNOWN, 0, 1, 2, 3, 4, 5, 6})
HOSTILITY = frozenset({1, 2, 3, 4, 5})
DISPUTE_HOSTILITY = frozenset({2, 3, 4, 5})
NO_INITIATION = "no originator of side A began it with one of side B in that year"


@dataclass(frozen=True)
class Coding:
    """A coding with several disputes per dyad-year: `records` makes rows with the columns of RECORD, and attrition.

    `pair`: it tells the dispute's hostility from the two states' own.
    """

    name: str
    title: str
    raw: tuple[RawTable, ...]
    records: Callable[[Frames], Rows]
    years: tuple[int, int]
    pair: bool = True

    def dyad_years(self, slug: str, alias: str | None = None) -> Source:
        """One row per dyad-year with a dispute under way."""
        variables = dyad_variables(self.name, self.title, pair=self.pair)
        return replace(self._source(slug, "dyad-year", variables, dyad_years), alias=alias)

    def initiations(self, slug: str) -> Source:
        """One row per directed dyad-year in which `ccode1` began a dispute with `ccode2`."""
        variables = initiation_variables(self.name, self.title)
        return self._source(slug, "directed-dyad-year", variables, initiations)

    def _source(
        self,
        slug: str,
        key: Key,
        variables: tuple[Variable, ...],
        make: Callable[[pd.DataFrame, str, Sequence[Rule]], Rows],
    ) -> Source:
        def clean(raw: Frames, rules: Sequence[Rule] = RULES) -> Tidy:
            disputes, before = self.records(raw)
            frame, entries = make(disputes, self.name, rules)
            return Tidy(frame, attrition(slug, [*before, *entries]))

        # A build watches the module that a cleaner says it is of, and all that this module imports.
        clean.__module__ = self.records.__module__
        return Source(slug, key, self.raw, variables, clean, self.years, whittles=True)


def ranked(fatality: pd.Series) -> pd.Series:
    """Fatality with unknown deaths (−9) between none and the fewest."""
    return fatality.astype("float64").mask(fatality == UNKNOWN, DEATHS_UNKNOWN)


def together(records: pd.DataFrame, one: str, two: str) -> Rows:
    """Make one row of each dispute and dyad-year, where two spells or records of the same dispute meet in a year."""
    key = [one, two, "year", "dispute"]
    grouped = records.groupby(key)
    merged = grouped.max().assign(start=grouped["start"].min()).reset_index()
    twice = records.loc[records.duplicated(key), key].sort_values(["dispute", one, two, "year"])
    listed = (f"dispute {d}, {a}–{b}, {year}" for a, b, year, d in twice.itertuples(index=False, name=None))
    return merged, singly("merged", "one dispute recorded more than once for a dyad-year", listed)


def dyad_years(records: pd.DataFrame, name: str, rules: Sequence[Rule] = RULES) -> Rows:
    """Undirected dyad-years of a coding called `name`, and what was merged, whittled and recoded on the way."""
    disputes, entries = together(undirected(records, "side_a", "side_b"), "ccode1", "ccode2")
    whittled = whittle(disputes, DYAD_YEAR, rules)
    kept = whittled.frame
    new = kept["onset"].astype("int64")
    unknown = (new == 1) & (kept["fatality"] == DEATHS_UNKNOWN)
    columns: dict[str, pd.Series] = {
        f"ongoing_{name}": pd.Series(1, index=kept.index),
        f"new_{name}": new,
        f"force_{name}": new * (kept["hostility"] >= USE_OF_FORCE),
        f"fatal_{name}": (new * (kept["fatality"] >= 1)).astype("float64").mask(unknown),
        f"originators_{name}": new * kept["originators"].astype("int64"),
        f"hostility_{name}": kept["hostility"].astype("int64"),
    }
    frame = kept[DYAD_YEAR].astype("int64").assign(**columns)
    if "hostility_pair" in kept:
        frame[f"hostility_pair_{name}"] = kept["hostility_pair"].astype("int64")
    return frame, [*entries, *whittled.entries(DYAD_YEAR), *_unknown(unknown)]


def initiations(records: pd.DataFrame, name: str, rules: Sequence[Rule] = RULES) -> Rows:
    """Directed dyad-years in which an originator on side A (`ccode1`) began a dispute with one on side B (`ccode2`)."""
    began = (records["onset"] == 1) & (records["originators"] == 1)
    directed = records[began].rename(columns={"side_a": "ccode1", "side_b": "ccode2"})
    disputes, entries = together(directed, "ccode1", "ccode2")
    whittled = whittle(disputes, DYAD_YEAR, rules)
    frame, unknown = begun(whittled.frame, name)
    idle: Entry = ("dropped", NO_INITIATION, "all", ~began)
    return frame, [idle, *entries, *whittled.entries(DYAD_YEAR), *unknown]


def begun(kept: pd.DataFrame, name: str) -> Rows:
    """Variables of an initiation, of one dispute a directed dyad-year with `fatality` (ranked) and `hostility`."""
    unknown = kept["fatality"] == DEATHS_UNKNOWN
    columns: dict[str, pd.Series] = {
        f"initiated_{name}": pd.Series(1, index=kept.index),
        f"initiated_force_{name}": (kept["hostility"] >= USE_OF_FORCE).astype("int64"),
        f"initiated_fatal_{name}": (kept["fatality"] >= 1).astype("float64").mask(unknown),
    }
    return kept[DYAD_YEAR].astype("int64").assign(**columns), _unknown(unknown)


def _unknown(unknown: pd.Series) -> Entries:
    reason = "deaths unknown (−9) at onset: missing, neither fatal nor not"
    return [("recoded", reason, "all dyad-years", unknown)]


def dyad_variables(name: str, title: str, *, pair: bool = True) -> tuple[Variable, ...]:
    """Variables of `dyad_years`; `pair` if the coding tells the dispute's hostility from the two states' own."""
    flags = {
        "ongoing": "Dispute under way",
        "new": "New dispute this year",
        "force": "New dispute with use of force",
        "fatal": "New dispute with deaths",
        "originators": "New dispute between two of its originators",
    }
    degrees = {"hostility": "Highest hostility, 0 none … 5 war"}
    if pair:
        degrees["hostility_pair"] = "Highest hostility of the two states, 0 none … 5 war"
    return (
        *(event(f"{stem}_{name}", f"{label} ({title})", unknown=stem == "fatal") for stem, label in flags.items()),
        *(event(f"{stem}_{name}", f"{label} ({title})", "code") for stem, label in degrees.items()),
    )


def initiation_variables(name: str, title: str) -> tuple[Variable, ...]:
    """Variables of `initiations`."""
    return (
        event(f"initiated_{name}", f"Began a dispute with the target ({title})"),
        event(f"initiated_force_{name}", f"Began a dispute that came to use of force ({title})"),
        event(f"initiated_fatal_{name}", f"Began a dispute that cost lives ({title})", unknown=True),
    )
