"""Frames that cross a stage: what one holds is declared once, checked when it is written, and read through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from detente.base.errors import BrokenContract, choices
from detente.base.files import read_frame, write_csv, write_frame

if TYPE_CHECKING:
    from pandera.pandas import Check, DataFrameSchema

SHOWN, SHOWN_COLUMNS = 3, 5
Dtype = Literal["int64", "float64", "bool", "str", "any"]
RowCheck = Callable[[pd.DataFrame], "pd.Series[bool]"]


@dataclass(frozen=True)
class Column:
    """A column of a frame: its type, what it says, and the values that it may hold (`low` and `high` among them)."""

    dtype: Dtype
    description: str = ""
    nullable: bool = False
    allowed: tuple[object, ...] = ()
    low: float | None = None
    high: float | None = None

    def checks(self) -> list[Check]:
        """The column's limits as pandera's checks."""
        from pandera.pandas import Check

        limits = [check(limit) for check, limit in ((Check.ge, self.low), (Check.le, self.high)) if limit is not None]
        words = " or ".join(map(str, self.allowed))
        return [*limits, Check.isin(self.allowed, error=words)] if self.allowed else limits


def number(description: str = "", low: float | None = None, high: float | None = None) -> Column:
    """A number that may be missing: what could not be computed has none."""
    return Column("float64", description, nullable=True, low=low, high=high)


def share(description: str = "") -> Column:
    """A share from 0 to 1, which may be missing."""
    return number(description, low=0, high=1)


def count(description: str) -> Column:
    """A count, from 0."""
    return Column("int64", description, low=0)


def text(description: str) -> Column:
    """Words, empty where there are none."""
    return Column("str", description)


@dataclass(frozen=True)
class FrameSchema:
    """What a frame holds: columns in order, those that identify a row, and checks of whole rows by what they demand."""

    name: str
    columns: Mapping[str, Column]
    key: tuple[str, ...] = ()
    checks: Mapping[str, RowCheck] = field(default_factory=dict)

    def validated(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame`, its whole numbers float64 where declared so; raises BrokenContract with all that it breaks."""
        floats = [n for n, c in self.columns.items() if c.dtype == "float64" and n in frame]
        whole = dict.fromkeys((n for n in floats if frame[n].dtype.kind == "i"), "float64")
        return validated(frame.astype(whole), self.pandera(), self.name)

    def empty(self) -> pd.DataFrame:
        """A frame of no rows."""
        types = {n: "object" if c.dtype == "any" else c.dtype for n, c in self.columns.items()}
        return pd.DataFrame({n: pd.Series(dtype=dtype) for n, dtype in types.items()})

    def frame(self, rows: Iterable[Mapping[str, Any] | Sequence[Any]]) -> pd.DataFrame:
        """A frame of rows, given by column or in the order of the columns; numbers that are not given are missing."""
        made = pd.DataFrame(list(rows), columns=list(self.columns))
        floats = [name for name, column in self.columns.items() if column.dtype == "float64"]
        return made.astype(dict.fromkeys(floats, "float64")) if len(made) else self.empty()

    def write(self, frame: pd.DataFrame, path: Path, note: Mapping[str, object] | None = None) -> None:
        """Write a frame as parquet, if it keeps the schema."""
        write_frame(self.validated(frame), path, note)

    def read(self, path: Path) -> pd.DataFrame:
        """Read the parquet file that `write` wrote; raises BrokenContract if it lacks a column or has another type."""
        return self.typed(read_frame(path), path)

    def write_csv(self, frame: pd.DataFrame, path: Path) -> None:
        """Write a frame as CSV, if it keeps the schema."""
        write_csv(self.validated(frame), path)

    def read_csv(self, path: Path) -> pd.DataFrame:
        """Read the CSV file that `write_csv` wrote; raises BrokenContract as `read` does."""
        words = [name for name, column in self.columns.items() if column.dtype == "str"]
        blank = {name: [""] for name in self.columns if name not in words}
        frame = pd.read_csv(path, dtype=dict.fromkeys(words, str), keep_default_na=False, na_values=blank)
        # Numbers that happen to be whole stand in text without a point.
        whole = [
            n for n, c in self.columns.items() if c.dtype == "float64" and n in frame and frame[n].dtype == "int64"
        ]
        frame = frame.astype(dict.fromkeys(whole, "float64"))
        return self.typed(frame, path) if len(frame) else self.empty()

    def typed(self, frame: pd.DataFrame, path: Path) -> pd.DataFrame:
        """Return a frame from a file; raises BrokenContract if it lacks a column or has another type."""
        for name, column in self.columns.items():
            if name not in frame:
                raise BrokenContract(f"{path}: {self.name} has no column {name!r}; {choices(name, frame.columns)}")
            found = str(frame[name].dtype)
            fits = found in ("str", "string", "object") if column.dtype == "str" else found == column.dtype
            if column.dtype != "any" and not fits and len(frame):
                raise BrokenContract(f"{path}: column {name!r} of {self.name} is {found}, not {column.dtype}")
        return frame

    def pandera(self) -> DataFrameSchema:
        """The schema for pandera, which is imported when something is validated."""
        import pandera.pandas as pa

        columns = {
            name: pa.Column(
                None if c.dtype == "any" else str if c.dtype == "str" else c.dtype,
                checks=c.checks(),
                nullable=c.nullable or c.dtype == "any",
            )
            for name, c in self.columns.items()
        }
        checks = [pa.Check(check, name=words) for words, check in self.checks.items()]
        return pa.DataFrameSchema(columns, checks=checks, strict=True, ordered=True, unique=list(self.key) or None)


def validated(frame: pd.DataFrame, schema: DataFrameSchema | FrameSchema, name: str) -> pd.DataFrame:
    """Return `frame` if it keeps `schema`; raises BrokenContract with every check that fails, with examples."""
    from pandera.errors import SchemaErrors

    made = schema.pandera() if isinstance(schema, FrameSchema) else schema
    try:
        # In place, of a frame that shares its columns: a copy would take as much memory again.
        return made.validate(frame.reset_index(drop=True), lazy=True, inplace=True)
    except SchemaErrors as error:
        raise BrokenContract("\n".join(f"{name}: {line}" for line in _lines(error.failure_cases))) from None


def _lines(cases: pd.DataFrame) -> Iterator[str]:
    """One line per failed check; `cases` has a row for each value, or for each column of a failed row."""
    whole = (cases["schema_context"] == "DataFrameSchema") & cases["index"].notna()
    for check, group in cases[whole].groupby("check", sort=False):
        rows = [row.head(SHOWN_COLUMNS) for _, row in group.groupby("index", sort=False)]
        examples = "; ".join(
            ", ".join(f"{column} {_plain(value)}" for column, value in zip(r["column"], r["failure_case"], strict=True))
            for r in rows[:SHOWN]
        )
        words = "have the key of another" if check == "multiple_fields_uniqueness" else f"fail {check}"
        yield f"{len(rows):,} rows {words}, e.g. {examples}"
    for key, group in cases[~whole].groupby(["column", "check"], dropna=False, sort=False):
        column, check = map(str, key)
        examples = ", ".join(dict.fromkeys(map(str, group["failure_case"].head(SHOWN))))
        yield {
            "column_in_schema": f"column {examples!r} is not declared",
            "column_in_dataframe": f"column {examples!r} is missing",
            "not_nullable": f"column {column!r} has {len(group):,} missing values",
        }.get(str(check), f"column {column!r} fails {check}, e.g. {examples}")


def _plain(value: object) -> object:
    """A whole number as such, where its neighbours made it a float."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
