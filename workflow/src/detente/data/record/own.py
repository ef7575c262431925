"""User data: a small YAML file says what a table holds, and it joins the panel as every source does."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_timedelta64_dtype
from pydantic import Field, ValidationInfo, field_validator

from detente.base import strict
from detente.base.errors import ConfigError, SourceSchemaError, choices
from detente.base.files import sha256
from detente.base.frames import validated
from detente.base.strict import Identifier, Slug, Strict, Year
from detente.base.tables import FORMATS, TableFormat, read_table, readable, suspected
from detente.data.pins import SourceFile, SourceRecord
from detente.data.sources import KEYS, Frames, RawTable, Source, Tidy, Variable, attrition, tidy_schema
from detente.data.sources.base import Entries, undirected

KEY_NAMES = frozenset({"in_window", *(part for parts in KEYS.values() for part in parts)})


class OwnVariable(Strict):
    """One column of the table and what it means."""

    column: str | None = Field(default=None, description="Its name in the file, where it is another one.")
    label: str
    unit: str = "0/1"
    absent: Literal["zero", "missing"] = Field(description="What a key without a record means in the years covered.")


class OwnData(Strict):
    """A table of the user."""

    name: Slug
    title: str
    version: str = "as read"
    citation: str = Field(description="As it shall stand in a list of references.")
    terms: str = "the user's own"
    file: str = Field(description="Path of the table, from the folder of this file.")
    sheet: str | None = Field(default=None, description="Sheet of a workbook, file inside a ZIP, object of an .rda.")
    key: Literal["dyad-year", "directed-dyad-year", "state-year", "dyad", "state"]
    columns: dict[str, str] = Field(description="Part of the key → its column in the file; states are COW codes.")
    years: tuple[Year, Year] = Field(description="First and last year covered.")
    missing: tuple[float | str, ...] = Field(default=(), description="Codes that mean missing, such as -9.")
    separator: str | None = Field(default=None, description="Between fields of a text; recognised if not said.")
    decimal: Literal[".", ","] | None = Field(default=None, description="Mark before decimals; recognised if not said.")
    thousands: Literal[",", ".", " ", "'"] | None = Field(default=None, description="Mark between thousands.")
    encoding: str | None = Field(default=None, description="As Python names it; UTF-8 and -16 are recognised.")
    row_names: bool = Field(default=False, description="Whether rows begin with a name that the header lacks.")
    variables: dict[Identifier, OwnVariable] = Field(min_length=1)

    @property
    def form(self) -> TableFormat:
        """How the table is written; numbers that mean missing do so in variables alone, not in keys."""
        words = tuple(code for code in self.missing if isinstance(code, str))
        marks = (self.separator, self.decimal, self.thousands, self.encoding)
        return TableFormat(*marks, self.sheet, words, self.row_names)

    @field_validator("columns")
    @classmethod
    def _keyed(cls, columns: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        key = info.data.get("key")
        parts = KEYS[key] if key else tuple(columns)
        for part in columns:
            if part not in parts:
                raise ValueError(f"{part!r} is no part of a {key}; {choices(part, parts)}")
        for part in parts:
            if part not in columns:
                raise ValueError(f"no column is named for {part!r}; a {key} has {', '.join(parts)}")
        named = list(columns.values())
        if twice := next((c for c in named if named.count(c) > 1), None):
            raise ValueError(f"column {twice!r} is named for two parts of the key")
        return columns

    @field_validator("years")
    @classmethod
    def _forward(cls, years: tuple[int, int]) -> tuple[int, int]:
        if years[0] > years[1]:
            raise ValueError(f"start in {years[0]}, after they end in {years[1]}")
        return years

    @field_validator("variables")
    @classmethod
    def _distinct(cls, variables: dict[str, OwnVariable]) -> dict[str, OwnVariable]:
        if taken := next((name for name in variables if name in KEY_NAMES), None):
            raise ValueError(f"{taken!r} is a column of every panel; call it otherwise, and name its `column`")
        return variables


@dataclass(frozen=True)
class Own:
    """A source made from a user's file, its tidy rows, and its record: where it is and how to cite it.

    `notes`: what was recognised of how the file is written that may be wrong, and values that look like missing ones.
    """

    source: Source
    tidy: Tidy
    record: SourceRecord
    notes: tuple[str, ...] = ()


def own_source(path: Path) -> Own:
    """Read a user's YAML file and the table that it describes.

    Raises ConfigError if the file or its table cannot be read, naming file, line and key. Raises SourceSchemaError if
    the table lacks a column, or has anything but a number where one should be. Raises BrokenContract if a key occurs
    twice, `ccode1` and `ccode2` are one state, or what counts events is negative.
    """
    definition = strict.read(path, OwnData)
    table = path.parent / definition.file
    where = f"{strict.located(path, ['file'])} › file"
    if not readable(table):
        raise ConfigError(f"{where}: {table.suffix!r} is not a format; {', '.join(FORMATS)}")
    if not table.is_file():
        raise ConfigError(f"{where}: there is no {table}")
    source = _source(definition, table)
    read = read_table(table, definition.form)
    raw = read.frame
    for column in source.raw[0].columns:
        if column not in raw.columns:
            raise SourceSchemaError(f"{table}: column {column!r} is missing; {choices(column, map(str, raw.columns))}")
    tidy = source.clean({table.name: raw})
    validated(tidy.frame, tidy_schema(source), str(table))
    pin = SourceFile(file=table.name, address=None, sha256=sha256(table), bytes=max(table.stat().st_size, 1))
    said = definition.model_dump(include={"title", "version", "citation", "terms", "years"})
    doubts = suspected(tidy.frame, [v.name for v in source.variables])
    return Own(source, tidy, SourceRecord(files=(pin,), **said), tuple(f"{table}: {n}" for n in (*read.notes, *doubts)))


def _source(definition: OwnData, table: Path) -> Source:
    variables = tuple(
        Variable(name, v.label, v.unit, "event" if v.absent == "zero" else "measure", "control", unknown=True)
        for name, v in definition.variables.items()
    )
    columns = (*definition.columns.values(), *(v.column or name for name, v in definition.variables.items()))
    raw = RawTable(table.name, columns)
    clean = partial(_tidy, definition, table)
    return Source(definition.name, definition.key, (raw,), variables, clean, definition.years)


def _tidy(definition: OwnData, table: Path, tables: Frames) -> Tidy:
    """Key and variables alone; records without a whole key, or of other years, are in the attrition log."""
    raw, parts = tables[table.name], KEYS[definition.key]
    named = {definition.columns[part]: part for part in parts}
    key = pd.DataFrame({part: _numbers(raw[column], table) for column, part in named.items()}, index=raw.index)
    for column, part in named.items():
        _refuse(raw[column], key[part].notna() & (key[part] % 1 != 0), table, "whole numbers")
    said = {name: raw[v.column or name] for name, v in definition.variables.items()}
    values = pd.DataFrame({name: _numbers(column, table) for name, column in said.items()}, index=raw.index)
    values = values.mask(values.isin(definition.missing))
    whole = key.notna().all(axis=1)
    inside = key["year"].between(*definition.years) if "year" in parts else whole
    kept = whole & inside
    frame = pd.concat([key[kept].astype("int64"), values[kept]], axis=1)
    if definition.key in ("dyad-year", "dyad"):
        frame = undirected(frame, "ccode1", "ccode2")[[*parts, *values]]
    frame = frame.sort_values(list(parts), ignore_index=True)
    outside = f"not in the years covered, {definition.years[0]}–{definition.years[1]}"
    reasons = {"a part of the key is missing": ~whole, outside: whole & ~inside}
    entries: Entries = [("dropped", reason, table.name, rows) for reason, rows in reasons.items()]
    return Tidy(frame, attrition(definition.name, entries))


def _numbers(column: pd.Series, table: Path) -> pd.Series:
    dated = is_datetime64_any_dtype(column) or is_timedelta64_dtype(column)
    plain = pd.Series(np.nan, index=column.index) if dated else column
    numbers: pd.Series = pd.to_numeric(plain, errors="coerce").astype("float64")
    _refuse(column, column.notna() & ~np.isfinite(numbers), table, "numbers")
    return numbers


def _refuse(column: pd.Series, strange: pd.Series, table: Path, what: str) -> None:
    if strange.any():
        shown = ", ".join(repr(str(value)) for value in column[strange].unique()[:3])
        raise SourceSchemaError(f"{table}: column {column.name!r} must be {what}; found {shown}")
