"""What a source is: raw columns it expects, how it is cleaned, key, variables, years of coverage, tidy schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from detente.base.errors import BrokenContract, SourceSchemaError
from detente.base.frames import Column, FrameSchema
from detente.base.units import UNIT_KEYS
from detente.data.sources.carrying import Carried, carried_rows, carried_spells
from detente.data.sources.rawtable import RawTable
from detente.data.sources.steps import highest

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

Key = Literal[
    "dyad-year", "directed-dyad-year", "state-year", "dyad", "state", "spell", "event", "group", "place-month"
]
KEYS: Mapping[str, tuple[str, ...]] = {**UNIT_KEYS, "dyad": ("ccode1", "ccode2"), "state": ("ccode",)}
KEY_NAMES = frozenset({"in_window", *(part for parts in KEYS.values() for part in parts)})
"""Columns of panels that are no variables."""
PLACE_MONTH = ("place", "year", "month")
"""Key of tables by place and month, which join no panel: a place is a cell of PRIO-GRID, of 0.5° × 0.5°."""
ATTRITION = FrameSchema(
    "attrition log",
    {
        "source": Column("str", "dataset, or `panel`"),
        "action": Column("str", "dropped, merged, recoded, added, expanded or kept"),
        "reason": Column("str", "why"),
        "record": Column("str", "what it was done to"),
        "rows": Column("int64", "how many rows", low=1),
    },
)
Entry = tuple[str, str, str, "int | pd.Series[bool]"]
"""An entry of the attrition log: action, reason, record and rows, counted or as a flag of each row."""
Entries = list[Entry]
Frames = Mapping[str, pd.DataFrame]
"""Raw tables by name, which is mostly that of their file, or tidy ones by slug."""
Role = Literal["outcome", "treatment", "control", "description"]


@dataclass(frozen=True)
class Assignment:
    """How the world assigns a treatment: the scheme that re-randomises it follows from this.

    `by` "event": with the participants of the `events` of the exercises (a mask of the rows of their tidy table), of
    which it is whether there is any, how many, or their weight; "dyad": by two states for themselves; "state": by each
    state, for all its dyads; "network": through what several dyads share, such as an alliance, a forum or a host;
    "none": by no mechanism that can be drawn again. `stays`: once there it has never ended on record, so that designs
    for treatments that stay suit it; else it may end, and begin again.
    """

    by: Literal["event", "dyad", "state", "network", "none"]
    events: Callable[[pd.DataFrame], pd.Series[bool]] | None = None
    measure: Literal["any", "weight", "count"] = "any"
    stays: bool = False


BY_DYAD, BY_STATE, BY_NETWORK = Assignment("dyad"), Assignment("state"), Assignment("network")
NOT_REDRAWN = Assignment("none")


@dataclass(frozen=True)
class Variable:
    """A column of a tidy source or of a panel.

    `kind` "event": absent inside the source's years means 0. "measure": absent means missing. `unknown`: a
    record of the event may leave its value unknown, and then it is missing. `role` "outcome": an onset among
    dyads at risk, which claims may be about. `assigned`: how, for treatments. `contrast`: what one more unit is, where
    a treatment is not just there or absent. `geography`: where a dyad lies on the map, which no treatment moves.
    `codes`: what values mean, where they are codes.
    `folded`: of a variable of one state towards another, what the higher value of the two directions is, which stands
    under its name in panels without direction; "" where both directions stand there, `_12` and `_21`.
    """

    name: str
    label: str
    unit: str
    kind: Literal["event", "measure"]
    role: Role
    unknown: bool = False
    assigned: Assignment | None = None
    contrast: str = ""
    geography: bool = False
    codes: tuple[tuple[int, str], ...] = ()
    folded: str = ""

    def __post_init__(self) -> None:
        if self.role == "treatment" and self.assigned is None:
            raise BrokenContract(f"{self.name!r} is a treatment and does not declare how it is `assigned`")


class Traits(TypedDict, total=False):
    """What a variable may declare by name."""

    assigned: Assignment | None
    unknown: bool
    contrast: str
    geography: bool
    codes: tuple[tuple[int, str], ...]
    folded: str


def event(name: str, label: str, unit: str = "0/1", role: Role | None = None, **traits: Unpack[Traits]) -> Variable:
    """A variable that is 0 where absent; by default a treatment where it is `assigned`, else a description."""
    return Variable(name, label, unit, "event", role or _role(traits), **traits)


def measure(name: str, label: str, unit: str = "0/1", role: Role | None = None, **traits: Unpack[Traits]) -> Variable:
    """A variable that is missing where absent; its role as that of an `event`."""
    return Variable(name, label, unit, "measure", role or _role(traits), **traits)


def _role(traits: Traits) -> Role:
    return "treatment" if traits.get("assigned") else "description"


@dataclass(frozen=True)
class Tidy:
    """A cleaned source: `frame` has key and declared variables, `attrition` what was dropped or merged.

    `idle`: corrections of the cleaner's own that found nothing to correct.
    """

    frame: pd.DataFrame
    attrition: pd.DataFrame
    idle: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """One dataset.

    `clean` takes {name of a raw table → frame of raw columns}, in the order of `raw`; where the source `whittles`,
    because a key may have several disputes, it takes the rules of that as a second argument, or goes by its own.
    `years`: first and last that the raw files code. `alias` is a short name, as people call it. `carried`: whether the
    last of the years stands for later ones, too. `breaks`: first years of another way of coding, across which levels do
    not compare.
    """

    slug: str
    key: Key
    raw: tuple[RawTable, ...]
    variables: tuple[Variable, ...]
    clean: Callable[..., Tidy]
    years: tuple[int, int]
    whittles: bool = False
    alias: str | None = None
    breaks: tuple[int, ...] = ()
    carried: Carried | None = None

    @property
    def covered(self) -> tuple[int, int]:
        """First and last year of which its tidy table speaks: those coded, and those for which the last stands."""
        return self.years[0], self.carried.until if self.carried else self.years[1]

    def carry(self, tidy: Tidy) -> Tidy:
        """The cleaned source with the years for which its last coded one stands; as it is where none are `carried`."""
        if self.carried is None:
            return tidy
        last, until = self.years[1], self.carried.until
        if self.key == "spell":
            (frame, rows), action = carried_spells(tidy.frame, last, until), "recoded"
        else:
            (frame, rows), action = carried_rows(tidy.frame, KEYS[self.key], last, until), "added"
        more = attrition(self.slug, [(action, self.carried.said(last), f"all of {last}", rows)])
        return Tidy(frame, pd.concat([tidy.attrition, more], ignore_index=True), tidy.idle)

    @property
    def parts(self) -> tuple[str, ...]:
        """Columns that tell the rows of the tidy table apart; none of spells and events, whose schemas say it."""
        return PLACE_MONTH if self.key == "place-month" else KEYS.get(self.key, ())

    @property
    def joins(self) -> bool:
        """Whether its rows, or what they are expanded to, have a place in a panel of states or of pairs."""
        return self.key not in ("place-month", "group")

    def __post_init__(self) -> None:
        if outside := [year for year in self.breaks if not self.years[0] < year <= self.years[1]]:
            raise BrokenContract(f"{self.slug}: the break at {outside[0]} is not within the years that it codes")
        if self.carried and self.key != "spell" and "year" not in KEYS.get(self.key, ()):
            raise BrokenContract(f"{self.slug}: `carried` goes from year to year, but rows have none ({self.key})")
        if self.carried and self.carried.until <= self.years[1]:
            raise BrokenContract(f"{self.slug}: `carried` to {self.carried.until}, which is coded ({self.years[1]})")
        folded = [v.name for v in self.variables if v.folded]
        if folded and self.key != "directed-dyad-year":
            raise BrokenContract(f"{self.slug}: {folded[0]!r} is `folded`, but rows have no direction ({self.key})")


def attrition(source: str, entries: Iterable[Entry] = ()) -> pd.DataFrame:
    """The attrition log from its entries, without those of no rows."""
    counted = ((words, rows if isinstance(rows, int) else int(rows.sum())) for *words, rows in entries)
    rows = [(source, *words, n) for words, n in counted if n]
    return pd.DataFrame(rows, columns=list(ATTRITION.columns)) if rows else ATTRITION.empty()


class Log:
    """The attrition log of a source, written while its rows are cleaned; an entry is of `record`, or says of which."""

    def __init__(self, source: str, record: str = "all dyad-years") -> None:
        self.source, self.record = source, record
        self.entries: Entries = []
        self.idle: list[str] = []

    def add(self, action: str, reason: str, rows: int | pd.Series[bool], record: str | None = None) -> None:
        """Write an entry."""
        self.entries.append((action, reason, self.record if record is None else record, rows))

    def correct(self, action: str, reason: str, rows: int | pd.Series[bool], record: str | None = None) -> None:
        """Write an entry of a correction that the cleaner knows the published file to need."""
        self.add(action, reason, rows, record)
        if not np.sum(rows):
            self.idle.append(f"{self.record if record is None else record}: {reason}")

    def seek(self, what: str, names: Iterable[object], found: Iterable[object]) -> None:
        """Expect in the file what the cleaner treats apart by name or code."""
        there = set(found)
        self.idle += [f"{name}: {what}" for name in names if name not in there]

    def drop(self, rows: pd.DataFrame, out: pd.Series[bool], reason: str, record: str | None = None) -> pd.DataFrame:
        """Rows without those that are `out`."""
        self.add("dropped", reason, out, record)
        return rows[~out]

    def within(self, rows: pd.DataFrame, years: tuple[int, int]) -> pd.DataFrame:
        """Rows of the years."""
        return self.drop(rows, ~rows["year"].between(*years), f"year outside {years[0]}–{years[1]}")

    def merge(self, rows: pd.DataFrame, merged: pd.DataFrame, reason: str, record: str | None = None) -> None:
        """Write that rows became fewer."""
        self.add("merged", reason, len(rows) - len(merged), record)

    def highest(self, rows: pd.DataFrame, key: list[str], reason: str, record: str | None = None) -> pd.DataFrame:
        """One row per key, with the highest value of every other column, all of them whole numbers."""
        merged = highest(rows, key)
        self.merge(rows, merged, reason, record)
        return merged

    def each(self, action: str, reason: str, records: pd.Series, form: str = "{}") -> None:
        """Write an entry for every record in the column, sorted, with its number of rows; `form` names it."""
        for record, rows in records.value_counts().sort_index().items():
            self.add(action, reason, int(rows), form.format(record))

    def singly(self, action: str, reason: str, records: Iterable[object]) -> None:
        """Write an entry of one row for each of the records."""
        for record in records:
            self.add(action, reason, 1, str(record))

    def tidy(self, frame: pd.DataFrame) -> Tidy:
        """The cleaned source."""
        return Tidy(frame, attrition(self.source, self.entries), tuple(self.idle))


def check_raw(source: Source, table: RawTable, frame: pd.DataFrame, *, simulated: bool = False) -> None:
    """Refuse a raw table that lost a column, has a cell that is not as declared, or a record again.

    `simulated`: whether it is of a simulated world, whose states are of no list. Raises SourceSchemaError naming the
    file, every missing column with the nearest match, every column with wrong cells with the first of them, by line,
    and what may stand there, and the way out.
    """
    if faults := table.faults(frame, source.years, simulated=simulated):
        name = f"{table.slug or source.slug}/{table.file}"
        module = f"{source.clean.__module__.replace('.', '/').removeprefix('detente/')}.py"
        way = f"put the published file back; columns and what they may hold are declared in {module}"
        raise SourceSchemaError("\n".join(f"{name}: {line}" for line in (*faults, way)))


def undirected(frame: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Rename two state columns to `ccode1` < `ccode2`, whichever order the row had."""
    low = frame[[first, second]].min(axis=1).astype("int64")
    high = frame[[first, second]].max(axis=1).astype("int64")
    return frame.drop(columns=[first, second]).assign(ccode1=low, ccode2=high)


def tidy_schema(source: Source) -> DataFrameSchema:
    """Whole-number unique key, ccode1 < ccode2, numeric variables; events not negative, missing only where declared.

    Of events and groups, one row per event, year and participant, whose own flags come along unchecked; of spells, one
    to the day.
    """
    import pandera.pandas as pa

    def whole(*names: str) -> dict[str, pa.Column]:
        return {name: pa.Column("int64") for name in names}

    if source.key == "event":
        key = ["exercise", "year", "ccode"]
        return pa.DataFrameSchema({**whole(*key), "parties": pa.Column("int64", pa.Check.ge(1))}, unique=key)
    if source.key == "group":
        return pa.DataFrameSchema(whole("event", "year", "ccode"), unique=["event", "year", "ccode"])
    if source.key == "spell":
        status = pa.Column(checks=pa.Check.isin(["member", "major"]))
        columns = {**whole("ccode", "start", "end"), "name": pa.Column(nullable=True), "status": status}
        forward = pa.Check(lambda frame: frame["start"] <= frame["end"], name="start <= end")
        return pa.DataFrameSchema(columns, checks=forward, unique=["ccode", "status", "start"], strict=True)
    columns = whole(*source.parts)
    for v in source.variables:
        event = v.kind == "event"
        limits = [pa.Check(is_numeric_dtype, name="numeric dtype"), *([pa.Check.ge(0)] if event else [])]
        columns[v.name] = pa.Column(checks=limits, nullable=v.unknown or not event)
    ordered = pa.Check(lambda frame: frame["ccode1"] < frame["ccode2"], name="ccode1 < ccode2", ignore_na=False)
    checks = [ordered] if source.key in ("dyad-year", "dyad") else []
    return pa.DataFrameSchema(columns, checks=checks, unique=list(source.parts), strict=True)
