"""What a YAML file says of a user's table."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from detente.base.errors import BrokenContract, choices
from detente.base.strict import Identifier, Slug, Strict, Year
from detente.base.tables import TableFormat
from detente.data.expressed import AssignedBy
from detente.data.record.places import Codes
from detente.data.sources import ANY, KEY_NAMES, KEYS, Assignment, Frames, RawTable, Role, Source, Tidy, Variable


class Dates(Strict):
    """Columns of dates in the place of a year: of an event, or the first and last day of a spell."""

    start: str = Field(description="Column of the first day, or of the day of an event.")
    end: str | None = Field(default=None, description="Column of the last day of a spell.")
    ongoing: bool = Field(default=False, description="Whether a spell without an end lasts to the last year covered.")
    format: str | None = Field(default=None, description="As strptime has it, e.g. %d.%m.%Y; recognised if ISO's.")

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return (self.start,) if self.end is None else (self.start, self.end)


class OwnVariable(Strict):
    """One column of the table and what it means."""

    column: str | None = Field(default=None, description="Its name in the file, where it is another one.")
    label: str
    unit: str = "0/1"
    absent: Literal["zero", "missing"] = Field(description="What a key without a record means in the years covered.")
    assigned: AssignedBy | None = Field(default=None, description="How it is assigned, if a claim has it as treatment.")
    contrast: str = Field(default="", description="What one more unit is, where it is not just there or absent.")

    def declared(self, name: str) -> Variable:
        """It as a variable of a source."""
        kind: Literal["event", "measure"] = "event" if self.absent == "zero" else "measure"
        how = Assignment(self.assigned) if self.assigned else None
        role: Role = "treatment" if how else "control"
        return Variable(name, self.label, self.unit, kind, role, unknown=True, assigned=how, contrast=self.contrast)


def _elsewhere(tables: Frames) -> Tidy:
    raise BrokenContract(f"data of a user's own are cleaned by `own_table`, not from {', '.join(tables)}")


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
    codes: Codes = Field(default="cow", description="What states are called in the file.")
    dates: Dates | None = Field(default=None, description="Columns of dates in the place of a year.")
    columns: dict[str, str] = Field(description="Part of the key → its column in the file.")
    duplicates: Literal["refuse", "max", "min", "sum", "mean", "first", "last"] = Field(
        default="refuse", description="How records of one key become one."
    )
    min_used: float = Field(default=0.0, ge=0, le=1, description="Least share of records that must find a place.")
    years: tuple[Year, Year] = Field(description="First and last year covered.")
    missing: tuple[float | str, ...] = Field(default=(), description="Codes that mean missing, such as -9.")
    separator: str | None = Field(default=None, description="Between fields of a text; recognised if not said.")
    decimal: Literal[".", ","] | None = Field(default=None, description="Mark before decimals; recognised if not said.")
    thousands: Literal[",", ".", " ", "'"] | None = Field(default=None, description="Mark between thousands.")
    encoding: str | None = Field(default=None, description="As Python names it; UTF-8 and -16 are recognised.")
    row_names: bool = Field(default=False, description="Whether rows begin with a name that the header lacks.")
    header: int | None = Field(
        default=None, ge=1, description="Line of a text or row of a workbook, from 1, that names the columns."
    )
    variables: dict[Identifier, OwnVariable] = Field(min_length=1)

    @property
    def source(self) -> Source:
        """It as a source like those of the record; only `own_table` cleans it, which knows where it lies."""
        variables = tuple(v.declared(name) for name, v in self.variables.items())
        keys = (*self.columns.values(), *(self.dates.columns if self.dates else ()))
        used = (*keys, *(v.column or name for name, v in self.variables.items()))
        table = RawTable(Path(self.file).name, dict.fromkeys(used, ANY))
        return Source(self.name, self.key, (table,), variables, _elsewhere, self.years)

    @property
    def form(self) -> TableFormat:
        """How the table is written; numbers that mean missing do so in variables alone, not in keys.

        Two letters are words, as NA is Namibia, and so are dates of a format, which may begin with a zero.
        """
        words = tuple(code for code in self.missing if isinstance(code, str))
        marks = (self.separator, self.decimal, self.thousands, self.encoding)
        letters = [column for part, column in self.columns.items() if part != "year"] if self.codes == "iso2" else []
        dated = self.dates.columns if self.dates and self.dates.format else ()
        return TableFormat(*marks, self.sheet, words, self.row_names, words=(*letters, *dated), header=self.header)

    @field_validator("columns")
    @classmethod
    def _keyed(cls, columns: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        key = info.data.get("key")
        dated = info.data.get("dates") is not None
        parts = tuple(p for p in KEYS[key] if not (dated and p == "year")) if key else tuple(columns)
        if key and dated and "year" not in KEYS[key]:
            raise ValueError(f"a {key} has no year, and so no `dates`")
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
