"""Raw tables: which columns are used, and for each its type, its range and the codes of its codebook.

A column is declared with the table that it is read from, once; a cell that is not as declared is refused, with file,
line, column, value, what may stand there, and the way out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from detente.base.errors import choices
from detente.data.sources.codelists import STATES_EVER

SHOWN, LISTED = 3, 16
LAST_CODE = 990
LETTER = r".*[^\W\d_].*"
# Formats whose cells have lines; those of others have rows.
LINED = (".csv", ".tsv", ".tab", ".txt")
HEADED = (*LINED, ".xls", ".xlsx", ".xlsm", ".xlsb", ".ods")


@dataclass(frozen=True)
class RawColumn:
    """What the cells of a raw column may hold.

    `kind`: "whole" and "number" are numbers from `low` to `high`, both included, or one of `codes`, which stand for
    something else; "year" is a whole number within the years that the source covers; "date" is
    a day, `low` and `high` its years; "code" is one of `codes`; "state" is a COW code of a state of any time, one of
    `codes` of what is none in that list, or a territory's, from `low` to `high`; "text" has the form `pattern`, a
    regular expression, at least one letter if none is given, or is one of `codes`. `never`: numbers of the range that
    mean missing in other files. `missing`: whether a cell may be empty.
    """

    kind: Literal["whole", "number", "year", "date", "code", "state", "text"]
    low: float = -inf
    high: float = inf
    codes: frozenset[object] = frozenset()
    pattern: str = ""
    never: frozenset[float] = frozenset()
    missing: bool = False

    def optional(self) -> RawColumn:
        """The same, but that a cell may be empty."""
        return replace(self, missing=True)

    def within(self, years: tuple[int, int], *, simulated: bool = False) -> RawColumn:
        """The same; of years, within those that the source covers; of simulated states, with any code there may be."""
        if self.kind == "state" and simulated:
            return replace(self, kind="whole", low=2, high=max(self.high, LAST_CODE))
        return replace(self, low=years[0], high=years[1]) if self.kind == "year" else self

    def wrong(self, cells: pd.Series) -> pd.Series[bool]:
        """Which cells are not as declared."""
        empty = cells.isna() if is_numeric_dtype(cells) else cells.isna() | (cells == "")
        held = cells[~empty]
        fits = pd.Series(self.missing, index=cells.index)
        fits[held.index] = self._coded(held) | self._fits(held)
        return ~fits.astype(bool)

    @property
    def numeric(self) -> bool:
        """Whether every cell that is not empty is a number."""
        words = self.kind in ("text", "date") or any(isinstance(code, str) for code in self.codes)
        return not words

    def _coded(self, held: pd.Series) -> pd.Series[bool]:
        """Which cells are one of the codes; numbers may be written as text."""
        numeric = [code for code in self.codes if not isinstance(code, str)]
        coded = held.isin([code for code in self.codes if isinstance(code, str)])
        return coded | _numbers(held).isin(numeric) if numeric else coded

    def _fits(self, held: pd.Series) -> pd.Series[bool]:
        """Which cells, none of them empty, are of the kind and in the range."""
        if self.kind == "code":
            return pd.Series(False, index=held.index)
        if self.kind == "text":
            whole: pd.Series[bool] = held.astype("str").str.fullmatch(self.pattern or LETTER, flags=re.DOTALL)
            return whole
        if self.kind == "date":
            return _years(held).between(self.low, self.high)
        numbers = _numbers(held)
        inside: pd.Series[bool] = numbers.between(self.low, self.high) & np.isfinite(numbers)
        if self.kind == "state":
            inside |= numbers.isin(STATES_EVER)
        inside &= ~numbers.isin(self.never)
        return inside if self.kind == "number" else inside & (numbers == numbers.round())

    def legal(self) -> str:
        """What may stand in a cell, in words."""
        nouns = {"whole": "a whole number", "number": "a number", "year": "a year", "date": "a date"}
        words = [f"{nouns[self.kind]} from {_shown(self.low)} to {_shown(self.high)}"] if self.kind in nouns else []
        words = [f"{words[0]}, not {', '.join(map(_shown, sorted(self.never)))}"] if self.never else words
        words += ["a COW code of a state (data/sources/codelists.py)"] if self.kind == "state" else []
        words += [f"from {_shown(self.low)} to {_shown(self.high)}"] if self.kind == "state" and self.low < inf else []
        form = f"of the form {self.pattern}" if self.pattern else "with a letter"
        words += [f"text {form}"] if self.kind == "text" else []
        if self.codes:
            numbers = sorted(float(str(code)) for code in self.codes if not isinstance(code, str))
            listed = [*map(_shown, numbers), *sorted(code for code in self.codes if isinstance(code, str))]
            more = f" … ({len(listed)} codes)" if len(listed) > LISTED else ""
            words.append(", ".join(listed[:LISTED]) + more)
        return " or ".join([*words, *(["empty"] if self.missing else [])])


def whole(low: float, high: float, *codes: object) -> RawColumn:
    """Whole numbers of a range, or codes that stand for something else."""
    return RawColumn("whole", low, high, frozenset(codes))


def count(high: float) -> RawColumn:
    """Whole numbers from 0, of which none can be higher than `high`."""
    return whole(0, high)


def number(low: float, high: float, *codes: object) -> RawColumn:
    """Numbers of a range, or codes that stand for something else."""
    return RawColumn("number", low, high, frozenset(codes))


def state(*codes: int, territories: tuple[float, float] = (inf, -inf)) -> RawColumn:
    """COW codes of states, and `codes` that a file has for what is no state or another list's.

    `territories`: lowest and highest code of those, where a file numbers them too.
    """
    return RawColumn("state", *territories, frozenset(codes))


def one_of(*codes: object) -> RawColumn:
    """Codes of a closed list."""
    return RawColumn("code", codes=frozenset(codes))


def text(pattern: str = "", *codes: str) -> RawColumn:
    """Words, of the form of a regular expression or with a letter, or codes that stand for something else."""
    return RawColumn("text", pattern=pattern, codes=frozenset(codes))


def degrees(limit: float) -> RawColumn:
    """Latitudes or longitudes up to `limit` either way, but for numbers that mean missing in other files."""
    return RawColumn("number", -limit, limit, never=frozenset({-9.0, -99.0}))


def date(first: int, last: int) -> RawColumn:
    """Days of these years."""
    return RawColumn("date", first, last)


ANY = text(".*").optional()
"""A cell of which nothing is known beforehand."""
YEAR = RawColumn("year")
"""A year that the source covers."""
STATE = state()
"""A COW code of a state."""
FLAG, SHARE, MONTH, DAY = one_of(0, 1), number(0, 1), whole(1, 12), whole(1, 31)
DYAD_YEARS = {"ccode1": STATE, "ccode2": STATE, "year": YEAR}
STATE_YEARS = {"ccode": STATE, "year": YEAR}
Columns = Mapping[str, RawColumn]


@dataclass(frozen=True)
class RawTable:
    """One table inside a raw file: its columns that are used, and what they may hold.

    `key`: columns that tell its rows apart, if any do, but for as many `repeats` as the published file has. `member`
    names a file inside a ZIP (in whatever folder) or a sheet of a workbook; `slug` the source that the file belongs to
    where it is another one (names of participants need the list of states); `text` reads every column as text;
    `encoding` is a CSV's where it is not UTF-8; `tags`: the line below its header holds HXL tags (#date+year …), and is
    no record; `header`: line or row of the names of columns, what is above it being no part of the table; `called`:
    what it is known by where a file has several tables.
    """

    file: str
    columns: Columns
    key: tuple[str, ...] = ()
    repeats: int = 0
    member: str | None = None
    slug: str | None = None
    text: bool = False
    encoding: str | None = None
    tags: bool = False
    header: int = 1
    called: str | None = None

    @property
    def name(self) -> str:
        """What it is known by among the raw tables of a source."""
        return self.called or self.file

    def faults(self, frame: pd.DataFrame, years: tuple[int, int], *, simulated: bool = False) -> list[str]:
        """What is wrong with the table as it was read: columns, then cells, then records that are there again.

        `years`: those that the source covers. `simulated`: whether its states are of no list.
        """
        there = list(map(str, frame.columns))
        found = [f"column {c!r} is missing; {choices(c, there)}" for c in self.columns if c not in frame]
        for column, declared in self.columns.items():
            if column in frame:
                found += self._cells(frame, column, declared.within(years, simulated=simulated))
        return found or self._repeated(frame)

    def typed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The table, found without faults, with numbers where its columns have numbers, though the file has words."""
        worded = (n for n, c in self.columns.items() if c.numeric and not self.text and not is_numeric_dtype(frame[n]))
        return frame.assign(**{name: pd.to_numeric(frame[name].replace("", None)) for name in worded})

    def _cells(self, frame: pd.DataFrame, column: str, declared: RawColumn) -> list[str]:
        """What is wrong with the cells of a column: the first of them, how many more, what may stand there."""
        wrong = np.flatnonzero(declared.wrong(frame[column].reset_index(drop=True)))
        if not len(wrong):
            return []
        first = "; ".join(f"{self.place(frame, int(at))}: {_cell(frame[column].iloc[at])}" for at in wrong[:SHOWN])
        more = f" and {len(wrong) - SHOWN:,} more" if len(wrong) > SHOWN else ""
        return [f"column {column!r}, {first}{more}: must be {declared.legal()}"]

    def _repeated(self, frame: pd.DataFrame) -> list[str]:
        """Records that are there again, where they are more than in the published file."""
        again: list[int] = np.flatnonzero(frame.duplicated(list(self.key))).tolist() if self.key else []
        if len(again) <= self.repeats:
            return []
        key, at = frame[list(self.key)], again[-1]
        same = np.flatnonzero((key.eq(key.iloc[at]) | key.isna()).all(axis=1))
        places = " and ".join(self.place(frame, int(row)) for row in same[:SHOWN])
        values = ", ".join(f"{part} {_cell(frame[part].iloc[at])}" for part in self.key)
        known = f" ({self.repeats} in the published file)" if self.repeats else ""
        return [f"{len(again):,} records are there again{known}, e.g. {places}: {values}"]

    def place(self, frame: pd.DataFrame, at: int) -> str:
        """Line or row of the file that a row of the table, counted from 0, stands in."""
        name = self.member if self.file.lower().endswith(".zip") and self.member else self.file
        ending = PurePosixPath(name).suffix.lower()
        if ending not in LINED:
            return f"row {at + (1 + self.header if ending in HEADED else 1)}"
        words = frame.iloc[:at].select_dtypes(exclude=["number", "bool"])
        breaks = sum(int(column.astype("str").str.count("\n").sum()) for _, column in words.items())
        return f"line {at + self.header + (2 if self.tags else 1) + breaks}"


def _numbers(held: pd.Series) -> pd.Series:
    """Cells as numbers, missing where they are none."""
    numbers: pd.Series = held if is_numeric_dtype(held) else pd.to_numeric(held, errors="coerce")
    return numbers.astype("float64")


def _years(held: pd.Series) -> pd.Series:
    """Years of days, missing where a cell is no day."""
    years: pd.Series
    if held.dtype.kind == "M":
        years = held.dt.year
        return years
    parts = held.astype("str").str.extract(r"^(\d{4})-(\d\d)-(\d\d)(?:[ T].*)?$").astype("float64")
    days = pd.to_datetime(parts.set_axis(["year", "month", "day"], axis=1), errors="coerce")
    years = days.dt.year
    return years


def _shown(code: object) -> str:
    if isinstance(code, float) and code.is_integer():
        return f"{int(code)}"
    return f"{code:g}" if isinstance(code, float) else str(code)


def _cell(value: object) -> str:
    """A cell as it is shown: words in quotation marks, and nothing as empty."""
    if value is None or value is pd.NaT or value == "" or (isinstance(value, float) and np.isnan(value)):
        return "empty"
    return repr(value) if isinstance(value, str) else _shown(float(value) if isinstance(value, np.number) else value)
