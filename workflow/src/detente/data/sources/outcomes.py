"""Outcomes that every coding of disputes by dyad-year has: under way, new, force, deaths, originators, initiation.

Force, deaths and hostility are the whole dispute's, as in the field's dyad-years; what the two states themselves did
is `hostility_pair_…`. A coding of events has only the latter, and is about the two states throughout.

A dyad-year that has several disputes keeps one, by rules in a stated order: a source's `whittle` in
`config/sources.yaml`, a list of columns: `fatality` keeps the highest, `lowest start` the lowest. Each rule is tried
on what the ones before it left; the last is by the dispute's number, which leaves no tie. By default an onset goes
first, for nearly every claim's outcome is the onset, and a dispute that drags on must not hide one that begins; then
what makes a dispute grave, in the order in which the field ranks it: deaths, hostility, length, which is known least
exactly. The earliest start and the lowest number only make the result the same on every run. `originators` is no rule
by default: a grave dispute that both states joined then hides a lesser one between them alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import pandas as pd

from detente.base.errors import BrokenContract, ConfigError, choices
from detente.data.breaks import BREAKS
from detente.data.sources.base import Frames, Key, Log, Source, Tidy, Variable, event, measure, undirected
from detente.data.sources.rawtable import RawTable, count, one_of, whole
from detente.data.sources.steps import DYAD_YEAR

USE_OF_FORCE = 4
UNKNOWN = -9
# Deaths unknown (−9) rank between none and the fewest.
DEATHS_UNKNOWN = 0.5
# What a coding must tell of each dispute and dyad-year; side A began the dispute.
RECORD = (
    *("side_a", "side_b", "year", "dispute", "onset", "fatality", "hostility", "hostility_pair"),
    *("shortest_duration", "longest_duration", "start", "originators"),
)
DISPUTE, DURATION = whole(1, 99_999), count(10_000)
DAY_OR_UNKNOWN = whole(1, 31, UNKNOWN)
FATALITY = one_of(UNKNOWN, 0, 1, 2, 3, 4, 5, 6)
HOSTILITY = one_of(1, 2, 3, 4, 5)
DISPUTE_HOSTILITY = one_of(2, 3, 4, 5)
HOSTILITIES = (
    (0, "no dispute"),
    (1, "no militarised action"),
    (2, "threat to use force"),
    (3, "display of force"),
    (4, "use of force"),
    (5, "war"),
)
NO_INITIATION = "no originator of side A began it with one of side B in that year"
NO_INITIATOR = "no originator of side A began it in that year: it goes on, or side A was joined"
ORDER = ("onset", "fatality", "hostility", "shortest_duration", "longest_duration", "lowest start", "lowest dispute")
# What the attrition log says of a dispute dropped because another one has the highest, or the lowest, value.
REASONS: Mapping[str, tuple[str, str]] = {
    "onset": ("an onset goes before a dispute under way", "a dispute under way goes before an onset"),
    "fatality": ("the highest fatality", "the lowest fatality"),
    "hostility": ("the highest hostility", "the lowest hostility"),
    "shortest_duration": ("the longest, at least", "the shortest, at least"),
    "longest_duration": ("the longest, at most", "the shortest, at most"),
    "originators": ("two originators go before joiners", "joiners go before two originators"),
    "start": ("the latest start", "the earliest start"),
    "dispute": ("the highest number", "the lowest number"),
}


@dataclass(frozen=True)
class Rule:
    """Of several disputes, keep those with the highest (or lowest) value of a column."""

    name: str
    column: str
    keep: Literal["highest", "lowest"] = "highest"


SPELLED: Mapping[str, Rule] = {
    **{column: Rule(highest, column) for column, (highest, _) in REASONS.items()},
    **{f"lowest {column}": Rule(lowest, column, "lowest") for column, (_, lowest) in REASONS.items()},
}


def rules(names: Sequence[str]) -> tuple[Rule, ...]:
    """Rules of an order as `config/sources.yaml` spells it.

    Raises ConfigError if a rule is unknown, a column is ranked by twice, or the order can leave ties.
    """
    for name in names:
        if name not in SPELLED:
            raise ConfigError(f"whittle: no rule is called {name!r}; {choices(name, SPELLED)}")
    order = tuple(SPELLED[name] for name in names)
    columns = [rule.column for rule in order]
    if twice := [column for column in dict.fromkeys(columns) if columns.count(column) > 1]:
        raise ConfigError(f"whittle: {', '.join(map(repr, twice))} must be listed only once, highest or lowest")
    if columns[-1:] != ["dispute"]:
        last = f"ends with {names[-1]!r}" if names else "is empty"
        raise ConfigError(f"whittle: the order {last}, which can leave ties; end it with 'lowest dispute' or 'dispute'")
    return order


RULES = rules(ORDER)
Make = Callable[[pd.DataFrame, str, Log, Sequence[Rule]], pd.DataFrame]
"""Makes a source's rows from a coding's records and name."""


def whittle(disputes: pd.DataFrame, log: Log, rules: Sequence[Rule] = RULES) -> pd.DataFrame:
    """Keep one dispute per dyad-year by trying the rules in order, each on what the ones before it left.

    `disputes`: one row per dyad-year and dispute, with `dispute` and the columns that the rules name. Raises
    BrokenContract if the rules leave a dyad-year with several disputes.
    """
    crowded = disputes.duplicated(DYAD_YEAR, keep=False)
    alone, left, dropped = disputes[~crowded], disputes[crowded], [disputes.iloc[:0].assign(rule="")]
    for rule in rules:
        best = left.groupby(DYAD_YEAR)[rule.column].transform("max" if rule.keep == "highest" else "min")
        lost = left[rule.column] != best
        dropped.append(left[lost].assign(rule=rule.name))
        left = left[~lost]
    tied = left[left.duplicated(DYAD_YEAR, keep=False)]
    if len(tied):
        row = ", ".join(f"{name} {tied[name].iloc[0]}" for name in DYAD_YEAR)
        names = ", ".join(rule.name for rule in rules) or "none"
        raise BrokenContract(f"several disputes remain for {row}; rules: {names}; end with a rule on `dispute`")
    others = pd.concat(dropped)[[*DYAD_YEAR, "dispute", "rule"]].sort_values([*DYAD_YEAR, "dispute"])
    for one, two, year, dispute, rule in others.itertuples(index=False, name=None):
        record = f"dispute {dispute}, {one}–{two}, {year}"
        log.add("dropped", f"several disputes in one dyad-year: {rule}", 1, record)
    return pd.concat([alone, left]).sort_values(DYAD_YEAR, ignore_index=True)


@dataclass(frozen=True)
class Coding:
    """A coding with several disputes per dyad-year: `records` makes rows with the columns of RECORD.

    `pair`: it tells the dispute's hostility from the two states' own. `own`: it tells what the initiator itself did
    (`initiator…`), and then one who begins a dispute has initiated it against any opponent of that year, be that one an
    originator or not. `dated`: `start` is a day, yyyymmdd, of which the month is known.
    """

    name: str
    title: str
    raw: tuple[RawTable, ...]
    records: Callable[[Frames, Log], pd.DataFrame]
    years: tuple[int, int]
    pair: bool = True
    own: bool = False
    dated: bool = False

    def dyad_years(self, slug: str, alias: str | None = None) -> Source:
        """One row per dyad-year with a dispute under way."""
        return self._source(slug, "dyad-year", dyad_variables(self.name, self.title, pair=self.pair), dyad_years, alias)

    def initiations(self, slug: str) -> Source:
        """One row per directed dyad-year in which `ccode1` began a dispute with `ccode2`."""
        variables = initiation_variables(self.name, self.title, own=self.own, dated=self.dated)
        return self._source(slug, "directed-dyad-year", variables, partial(initiations, dated=self.dated))

    def _source(
        self, slug: str, key: Key, variables: tuple[Variable, ...], make: Make, alias: str | None = None
    ) -> Source:
        def clean(raw: Frames, rules: Sequence[Rule] = RULES) -> Tidy:
            log = Log(slug)
            return log.tidy(make(self.records(raw, log), self.name, log, rules))

        # A build watches the module that a cleaner says it is of, and all that this module imports.
        clean.__module__ = self.records.__module__
        return Source(slug, key, self.raw, variables, clean, self.years, True, alias, BREAKS.get(self.name, ()))


def ranked(fatality: pd.Series) -> pd.Series:
    """Fatality with unknown deaths (−9) between none and the fewest."""
    return fatality.astype("float64").mask(fatality == UNKNOWN, DEATHS_UNKNOWN)


def together(records: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Make one row of each dispute and dyad-year, where two spells or records of the same dispute meet in a year."""
    key = [*DYAD_YEAR, "dispute"]
    grouped = records.groupby(key)
    merged = grouped.max().assign(start=grouped["start"].min()).reset_index()
    twice = records.loc[records.duplicated(key), key].sort_values(["dispute", *DYAD_YEAR])
    listed = (f"dispute {d}, {a}–{b}, {year}" for a, b, year, d in twice.itertuples(index=False, name=None))
    log.singly("merged", "one dispute recorded more than once for a dyad-year", listed)
    return merged


def dyad_years(records: pd.DataFrame, name: str, log: Log, rules: Sequence[Rule]) -> pd.DataFrame:
    """Undirected dyad-years of a coding called `name`."""
    kept = whittle(together(undirected(records, "side_a", "side_b"), log), log, rules).assign(ongoing=1)
    unknown = (kept["onset"] == 1) & (kept["fatality"] == DEATHS_UNKNOWN)
    frame = coded(kept, name).astype({f"fatal_{name}": "float64"})
    frame[f"fatal_{name}"] = frame[f"fatal_{name}"].mask(unknown)
    if "hostility_pair" in kept:
        frame[f"hostility_pair_{name}"] = kept["hostility_pair"].astype("int64")
    deaths_unknown(unknown, log)
    return frame


def coded(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Variables of dyad-years with `fatality` ranked, unknown deaths counting as none."""
    new = rows["onset"].astype("int64")
    columns = {
        f"ongoing_{name}": rows["ongoing"],
        f"new_{name}": new,
        f"force_{name}": new * (rows["hostility"] >= USE_OF_FORCE),
        f"fatal_{name}": new * (rows["fatality"] >= 1),
        f"originators_{name}": new * rows["originators"],
        f"hostility_{name}": rows["hostility"],
    }
    return rows[DYAD_YEAR].assign(**columns).astype("int64")


def initiations(
    records: pd.DataFrame, name: str, log: Log, rules: Sequence[Rule], *, dated: bool = False
) -> pd.DataFrame:
    """Directed dyad-years in which an originator on side A (`ccode1`) began a dispute with one on side B (`ccode2`).

    Where records tell the `initiator` by itself, `ccode2` may be any opponent of that year. If starts are `dated`, the
    month of it, missing where the dispute had started in a year before.
    """
    own = "initiator" in records
    began = (records["onset"] == 1) & (records["initiator" if own else "originators"] == 1)
    reason = NO_INITIATOR if own else NO_INITIATION
    directed = log.drop(records, ~began, reason, "all").rename(columns={"side_a": "ccode1", "side_b": "ccode2"})
    kept = whittle(together(directed, log), log, rules)
    frame = begun(kept, name, log)
    if dated:
        day = kept["start"]
        frame[f"initiated_month_{name}"] = (day // 100 % 100).where(day // 10000 == kept["year"]).astype("float64")
    return frame.assign(**_initiators(kept, name)) if own else frame


def _initiators(kept: pd.DataFrame, name: str) -> dict[str, pd.Series]:
    """What the initiator itself did and suffered in the dispute."""
    deaths = kept["initiator_fatality"]
    return {
        f"initiated_originators_{name}": kept["originators"].astype("int64"),
        f"initiator_hostility_{name}": kept["initiator_hostility"].astype("int64"),
        f"initiator_fatal_{name}": (deaths >= 1).astype("float64").mask(deaths == DEATHS_UNKNOWN),
    }


def begun(kept: pd.DataFrame, name: str, log: Log) -> pd.DataFrame:
    """Variables of an initiation, of one dispute a directed dyad-year with `fatality` (ranked) and `hostility`."""
    unknown = kept["fatality"] == DEATHS_UNKNOWN
    columns: dict[str, pd.Series] = {
        f"initiated_{name}": pd.Series(1, index=kept.index),
        f"initiated_force_{name}": (kept["hostility"] >= USE_OF_FORCE).astype("int64"),
        f"initiated_fatal_{name}": (kept["fatality"] >= 1).astype("float64").mask(unknown),
    }
    deaths_unknown(unknown, log)
    return kept[DYAD_YEAR].astype("int64").assign(**columns)


def deaths_unknown(unknown: pd.Series, log: Log, record: str | None = None) -> None:
    """Write down onsets whose deaths are not known."""
    log.add("recoded", "deaths unknown (−9) at onset: missing, neither fatal nor not", unknown, record)


def dyad_variables(name: str, title: str, *, pair: bool = True) -> tuple[Variable, ...]:
    """Variables of `dyad_years`; `pair` if the coding tells the dispute's hostility from the two states' own."""
    labels = {
        "ongoing": "Dispute under way",
        "new": "New dispute this year",
        "force": "New dispute with use of force",
        "fatal": "New dispute with deaths",
        "originators": "New dispute between two of its originators",
        "hostility": "Highest hostility, 0 none … 5 war",
        "hostility_pair": "Highest hostility of the two states, 0 none … 5 war",
    }
    return tuple(
        event(f"{stem}_{name}", f"{label} ({title})", "code", codes=HOSTILITIES)
        if "hostility" in stem
        else event(f"{stem}_{name}", f"{label} ({title})", unknown=stem == "fatal")
        for stem, label in labels.items()
        if pair or stem != "hostility_pair"
    )


def initiation_variables(name: str, title: str, *, own: bool = False, dated: bool = False) -> tuple[Variable, ...]:
    """Variables of `initiations`; `own` if the coding tells what the initiator itself did, `dated` if months."""
    month = measure(f"initiated_month_{name}", f"Month in which it began a dispute with the target ({title})", "1–12")
    hostility = f"Highest hostility of the initiator in the dispute, towards whomever, 0 none … 5 war ({title})"
    initiators = (
        event(f"initiated_originators_{name}", f"Began a dispute with the target, an originator too ({title})"),
        event(f"initiator_hostility_{name}", hostility, "code", codes=HOSTILITIES),
        event(f"initiator_fatal_{name}", f"Began a dispute in which it lost lives itself ({title})", unknown=True),
    )
    return (
        *(initiators if own else ()),
        event(f"initiated_{name}", f"Began a dispute with the target ({title})"),
        event(f"initiated_force_{name}", f"Began a dispute that came to use of force ({title})"),
        event(f"initiated_fatal_{name}", f"Began a dispute that cost lives ({title})", unknown=True),
        *((month,) if dated else ()),
    )
