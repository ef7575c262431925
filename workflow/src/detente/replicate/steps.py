"""What is made of a data file before any variable is derived: declared steps, in their order.

`Step` is what a file may say, one key each; `stepped` makes one. Rows that a merge leaves without a partner, and values
that a recode changes, are counted aloud.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field, model_validator

from detente.base.delimited import TableFormat, read_text
from detente.base.errors import PanelError, UnknownVariable, choices
from detente.base.expressions import Missing, Table, evaluate, selected
from detente.base.strict import Strict
from detente.data.record import days, numbers

Tell = Callable[[str], None]
Join = Literal["many_to_one", "one_to_one", "one_to_many"]
SUMMARIES: Mapping[str, Callable[[Any], Any]] = {
    "sum": lambda g: g.sum(),
    "mean": lambda g: g.mean(),
    "median": lambda g: g.median(),
    "min": lambda g: g.min(),
    "max": lambda g: g.max(),
    "sd": lambda g: g.std(ddof=1),
    "count": lambda g: g.count(),
    "first": lambda g: g.agg(lambda each: each.iloc[0]),
    "last": lambda g: g.agg(lambda each: each.iloc[-1]),
}
SUMMARY = re.compile(rf"(?P<function>{'|'.join(SUMMARIES)})\((?P<column>.+)\)")


def pairs(value: Any) -> Any:
    """Names of columns as our name → theirs, from a mapping, or a list of names and such mappings."""
    if isinstance(value, str):
        return {value: value}
    if not isinstance(value, list):
        return value
    made: dict[Any, Any] = {}
    for each in value:
        made |= each if isinstance(each, dict) else {each: each}
    return made


Pairs = Annotated[dict[str, str], BeforeValidator(pairs), Field(min_length=1)]


class Merge(Strict):
    """Columns of another data file of the same table, as it is once its own steps are made."""

    data: str
    by: Pairs = Field(description="Columns of the key: names in both, or ours: theirs.")
    take: Pairs = Field(description="Columns to take: names, or ours: theirs.")
    join: Join = Field(description="Which side may have a key more than once.")
    keep: Literal["ours", "matched"] = Field(default="ours", description="Our rows: all, or those with a partner.")
    unmatched: int | None = Field(default=None, ge=0, description="How many of our rows have no partner, as stated.")

    @model_validator(mode="before")
    @classmethod
    def _true(cls, value: Any) -> Any:
        if isinstance(value, dict) and True in value:
            raise ValueError("YAML reads the key `on` as true: write `by`")
        return value


class DateParts(Strict):
    """Numbers to make of a column of dates."""

    format: str | None = Field(default=None, description="As strptime has it; recognised if ISO's.")
    year: str | None = None
    month: str | None = None
    day: str | None = None

    @model_validator(mode="after")
    def _some(self) -> DateParts:
        if not (self.year or self.month or self.day):
            raise ValueError("name the columns to make: `year`, `month`, `day`")
        return self


class Reshape(Strict):
    """Long: one row per unit and level of `at`, of columns such as gdp1990 for the stub gdp. Wide: back again."""

    to: Literal["long", "wide"]
    stubs: tuple[str, ...] = Field(min_length=1)
    at: str
    unit: tuple[str, ...] = Field(min_length=1)


class Collapse(Strict):
    """One row per key; `take` says what of it, such as {deaths: sum(deaths), months: count(deaths)}."""

    by: tuple[str, ...] = Field(min_length=1)
    take: dict[str, str] = Field(min_length=1)

    @model_validator(mode="after")
    def _known(self) -> Collapse:
        for text in self.take.values():
            if not SUMMARY.fullmatch(text):
                raise ValueError(f"{text!r} is none of {', '.join(f'{name}(column)' for name in SUMMARIES)}")
        return self


class Step(Strict):
    """One step; exactly one of its keys."""

    rename: dict[str, str] | None = Field(default=None, description="New name → name in the file.")
    numbers: tuple[str, ...] | None = Field(default=None, description="Columns of text that are numbers.")
    dates: dict[str, DateParts] | None = Field(default=None, description="Column → numbers to make of its dates.")
    recode: dict[str, dict[float | str, float | str | None]] | None = Field(
        default=None, description="Column → old value → new one, null for missing."
    )
    keep: str | None = Field(default=None, description="A condition of the rows that stay.")
    reshape: Reshape | None = None
    collapse: Collapse | None = None
    merge: Merge | None = None
    derive: dict[str, str] | None = None

    @model_validator(mode="after")
    def _one(self) -> Step:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"a step has exactly one key; {choices('', type(self).model_fields)}")
        return self

    @property
    def kind(self) -> str:
        """Its key."""
        return next(iter(self.model_fields_set))


def renamed(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Columns under new names."""
    check(frame, names.values())
    for new, old in names.items():
        if new in frame.columns and new not in names.values() and new != old:
            raise PanelError(f"there is a column {new!r} already")
    return frame.rename(columns={old: new for new, old in names.items()})


def as_numbers(frame: pd.DataFrame, names: Iterable[str], missing: tuple[float | str, ...] = ()) -> pd.DataFrame:
    """Columns of text as numbers, as a text with the same words would be read; raises SourceSchemaError for others."""
    names = list(names)
    check(frame, names)
    text = frame[names].to_csv(index=False).encode("utf-8")
    read = read_text(text, TableFormat(separator=",", encoding="utf-8", missing=missing)).frame.set_axis(frame.index)
    return frame.assign(**{name: numbers(read[name], "numbers") for name in names})


def dated(frame: pd.DataFrame, columns: Mapping[str, DateParts]) -> pd.DataFrame:
    """Years, months and days of dates; raises SourceSchemaError for what is no date."""
    check(frame, columns)
    for name, parts in columns.items():
        day = days(frame[name], parts.format, "dates")["first"]
        made = {parts.year: day // 10_000, parts.month: day // 100 % 100, parts.day: day % 100}
        frame = frame.assign(**{new: values for new, values in made.items() if new})
    return frame


def recoded(frame: pd.DataFrame, columns: Mapping[str, Mapping[Any, Any]], tell: Tell) -> pd.DataFrame:
    """Values changed to others; raises PanelError for one that no row has."""
    check(frame, columns)
    for name, values in columns.items():
        column = frame[name].astype(object)
        made = column.copy()
        for old, new in values.items():
            found = column == old
            if not found.any():
                raise PanelError(f"no row of {name!r} is {_shown(old)}: there is nothing to recode")
            tell(f"{name}: {int(found.sum()):,} rows {_shown(old)} → {_shown(new)}")
            made = made.mask(found, np.nan if new is None else new)
        as_number = pd.to_numeric(made, errors="coerce")
        frame = frame.assign(**{name: made if (made.notna() & as_number.isna()).any() else as_number})
    return frame


def _shown(value: float | str | None) -> str:
    return "missing" if value is None else repr(value) if isinstance(value, str) else f"{value:g}"


def reshaped(frame: pd.DataFrame, how: Reshape) -> pd.DataFrame:
    """A table made long or wide; raises PanelError if the unit does not identify rows, or a column varies within it."""
    check(frame, how.unit)
    unit = list(how.unit)
    if how.to == "long":
        if frame.duplicated(unit).any():
            raise PanelError(f"{', '.join(unit)} do not identify rows: {int(frame.duplicated(unit).sum()):,} repeat")
        for stub in how.stubs:
            if not any(re.fullmatch(rf"{re.escape(stub)}\d+", name) for name in frame.columns):
                raise UnknownVariable(f"no column is {stub!r} and a number; {choices(stub, frame.columns)}")
        return pd.wide_to_long(frame, list(how.stubs), unit, how.at, suffix=r"\d+").reset_index()
    check(frame, (how.at, *how.stubs))
    if frame.duplicated([*unit, how.at]).any():
        raise PanelError(f"{', '.join((*unit, how.at))} do not identify rows")
    rest = [name for name in frame.columns if name not in (*unit, how.at, *how.stubs)]
    first = frame.groupby(unit)[rest].transform(lambda each: each.iloc[0])
    if varying := [n for n in rest if not (frame[n].eq(first[n]) | frame[n].isna() & first[n].isna()).all()]:
        raise PanelError(f"{', '.join(varying)} vary within {', '.join(unit)}: collapse, or take them as stubs")
    wide = pd.DataFrame(frame.set_index([*unit, how.at])[list(how.stubs)].unstack(how.at))  # noqa: PD010
    shown = [f"{level:g}" if isinstance(level, float) else str(level) for level in wide.columns.get_level_values(1)]
    wide.columns = pd.Index(
        [f"{stub}{level}" for stub, level in zip(wide.columns.get_level_values(0), shown, strict=True)]
    )
    return frame[[*unit, *rest]].drop_duplicates(unit).merge(wide.reset_index(), on=unit, validate="one_to_one")


def collapsed(frame: pd.DataFrame, how: Collapse) -> pd.DataFrame:
    """One row per key, in its order; missing values are left out, a sum of none is 0, as in Stata's `collapse`."""
    made = {new: SUMMARY.fullmatch(text) for new, text in how.take.items()}
    check(frame, (*how.by, *(found["column"] for found in made.values() if found)))
    groups = frame.groupby(list(how.by), dropna=False)
    index = groups.size().index
    columns = {}
    for new, found in made.items():
        assert found is not None
        values = SUMMARIES[found["function"]](groups[found["column"]])
        columns[new] = np.asarray(values)
    return pd.DataFrame(columns, index=index).reset_index()


def merged(frame: pd.DataFrame, other: pd.DataFrame, how: Merge, tell: Tell) -> pd.DataFrame:
    """Columns of another table by equal keys, of which a missing one has no partner.

    Raises PanelError if a side repeats a key that it may not, columns collide, a key is text on one side and a number
    on the other, or another number of rows than stated has no partner.
    """
    check(frame, how.by)
    check(other, (*how.by.values(), *how.take.values()))
    if taken := [name for name in how.take if name in frame.columns]:
        raise PanelError(f"there is a column {taken[0]!r} already: take it under another name, as in {{new: old}}")
    for ours, theirs in how.by.items():
        text = [pd.api.types.is_numeric_dtype(column) for column in (frame[ours], other[theirs])]
        if text[0] != text[1]:
            raise PanelError(f"{ours!r} is {'a number' if text[0] else 'text'}, {theirs!r} of {how.data!r} is not")
    keys = list(how.by)
    right = other.dropna(subset=list(how.by.values()))
    right = pd.DataFrame(
        {**{o: right[t] for o, t in how.by.items()}, **{new: right[old] for new, old in how.take.items()}}
    )
    for side, name, twice in ((frame.dropna(subset=keys), "ours", how.join.startswith("many")),
                              (right, repr(how.data), how.join.endswith("many"))):  # fmt: skip
        if not twice and (again := int(side.duplicated(keys).sum())):
            raise PanelError(f"{again:,} rows of {name} repeat the key of another, and the join is {how.join}")
    made = frame.merge(right, on=keys, how="left", indicator="_side")
    alone = made["_side"] == "left_only"
    without, used = int(alone.sum()), int(right.set_index(keys).index.isin(frame.set_index(keys).index).sum())
    tell(
        f"merge with {how.data!r}, {how.join}: {len(frame):,} rows of ours, {without:,} without a partner"
        f"{', left out' if how.keep == 'matched' and without else ''}; "
        f"{len(right) - used:,} of {len(right):,} rows of theirs without one"
    )
    if how.unmatched is not None and how.unmatched != without:
        raise PanelError(f"{without:,} of our rows have no partner, not {how.unmatched:,}")
    kept = made if how.keep == "ours" else made[~alone]
    return kept.drop(columns="_side").reset_index(drop=True)


def kept(frame: pd.DataFrame, condition: str, missing: Missing, tell: Tell) -> pd.DataFrame:
    """Rows of which a condition is true."""
    chosen = selected(condition, Table(frame, missing=missing))
    tell(f"keep {condition}: {int(chosen.sum()):,} of {len(frame):,} rows")
    return frame[chosen].reset_index(drop=True)


def with_variable(frame: pd.DataFrame, name: str, text: str, table: Table) -> pd.DataFrame:
    """The frame with one more variable, in the place of any of its name."""
    made = pd.Series(evaluate(text, table), frame.index, name=name)
    return pd.concat([frame.drop(columns=name, errors="ignore"), made], axis=1)


def check(frame: pd.DataFrame, names: Iterable[str]) -> None:
    """Raise UnknownVariable for a column that is not there, naming the nearest."""
    for name in names:
        if name not in frame.columns:
            raise UnknownVariable(f"the data have no column {name!r}; {choices(name, map(str, frame.columns))}")
