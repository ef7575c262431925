"""Tables written as text: encoding, separator, decimal mark and missing values declared, or recognised and said."""

import csv
import io
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from detente.base.errors import SourceSchemaError
from detente.base.headings import NUMERIC, from_header, named_separator, refuse_title

SEPARATORS = {"comma": ",", "tab": "\t", "semicolon": ";", "bar": "|", "spaces": " "}
# What no number is, where all else in a column is one.
ABSENT = frozenset({"", "-", "#N/A", "#NA", "#NULL!", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"})
ABSENT |= {".", "..", "...", *(f".{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")}
# Among words, these alone.
NO_WORD = frozenset({"", "#N/A", "<NA>", "N/A", "NA", "NULL", "NaN", "n/a", "nan", "null"})
TRUTH = {"True": True, "TRUE": True, "False": False, "FALSE": False}
_EITHER = r"^[+-]?[1-9]\d{0,2},\d{3}$"
_COMMA_THOUSANDS = r"^[+-]?[1-9]\d{0,2}((,\d{3})+\.\d*|(,\d{3}){2,})$"
_COMMA_DECIMAL = r"^[+-]?(\d*,\d+|\d{1,3}(\.\d{3})+,\d*)([eE][+-]?\d+)?$"
_POINT_THOUSANDS = r"^[+-]?\d{1,3}(\.\d{3})+,\d*$"
_POINT_DECIMAL = r"^[+-]?\d+\.\d+$"
_POINTS_OF_THOUSANDS = r"^[+-]?[1-9]\d{0,2}(\.\d{3}){2,}$"
_GROUPED_BY_POINTS = r"^[+-]?\d{1,3}(\.\d{3})*$"
_POINT_OF_EITHER = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
_SINGLE_POINT = r"^[+-]?\d*\.\d*([eE][+-]?\d+)?$"
_SAMPLE = 65_536


@dataclass(frozen=True)
class TableFormat:
    """How a table is written; what is None is recognised, or refused where it may be either of two.

    `separator`: one character, or a name of `SEPARATORS`. `decimal`: mark before decimals. `thousands`: mark between
    thousands. `encoding`: as Python names it. `member`: file inside a ZIP, sheet of a workbook, or object of an .rda.
    `missing`: numbers and words that mean missing, beside empty fields, NA, "." and "..". `row_names`: whether each row
    begins with its name, which the header lacks. `text`: whether every column of a text or workbook is read as
    words that stay as they are, "" and "NA" among them. `words`: columns of a text that are words whatever they look
    like, so that "NA" is a code and "01022003" keeps its first zero; empty fields are missing. `header`: line of a text
    or row of a workbook, from 1, that names the columns; what stands above it is not read. Else the first that is not
    empty.
    """

    separator: str | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal[",", ".", " ", "'"] | None = None
    encoding: str | None = None
    member: str | None = None
    missing: tuple[float | str, ...] = ()
    row_names: bool = False
    text: bool = False
    words: tuple[str, ...] = ()
    header: int | None = None


@dataclass(frozen=True)
class TextRead:
    """A table written as text, `notes` of what was recognised that may be wrong, and the line of each record (N,)."""

    frame: pd.DataFrame
    notes: list[str]
    lines: npt.NDArray[np.int64]


def read_text(content: bytes, form: TableFormat, *, tabs: bool = False) -> TextRead:
    """A table written as text; `tabs`: whether its name says tabs.

    Raises ValueError if it is empty or no text; SourceSchemaError, without the name of the file, if a row is longer or
    shorter than the header, a name is there twice, the line of the header is empty, or encoding, separator or decimal
    mark are ambiguous.
    """
    text, notes = _decoded(content, form.encoding)
    text = text.replace("\r", "\n") if "\r" in text and "\n" not in text else text
    if not text.strip():
        raise ValueError("is empty: there is no header")
    text, said = named_separator(text)
    text = from_header(text, form.header)
    separator = SEPARATORS.get(form.separator or "", form.separator) or said or _separator(text, tabs)
    if len(separator) != 1:
        raise SourceSchemaError(f"separator {separator!r} must be one character, or one of {', '.join(SEPARATORS)}")
    if separator == " ":
        text = "\n".join(re.sub(r"[ \t]+", " ", line.strip()) for line in text.splitlines())
    columns = _columns(text, separator, form.row_names)
    lines = _lines(text, separator, len(next(iter(columns.values()))))
    if form.text:
        return TextRead(pd.DataFrame({name: column.to_pandas() for name, column in columns.items()}), notes, lines)
    trimmed = {name: pc.utf8_trim_whitespace(column) for name, column in columns.items()}
    marks, more = _marks({name: cells for name, cells in trimmed.items() if name not in form.words}, form, separator)
    absent = ["", *(word for word in form.missing if isinstance(word, str))]
    settled = {
        name: trimmed[name].to_pandas().replace(absent, None)
        if name in form.words
        else _settled(trimmed[name], column, marks)
        for name, column in columns.items()
    }
    return TextRead(pd.DataFrame(settled), [*notes, *more], lines)


def _lines(text: str, separator: str, records: int) -> npt.NDArray[np.int64]:
    """The line on which each record begins; empty lines are no records, and a quoted field may go over several."""
    if text.count("\n") + (not text.endswith("\n")) == records + 1:
        return np.arange(2, records + 2)
    rows, found, line = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), [], 1
    try:
        for row in rows:
            found += [line] if row else []
            line = rows.line_num + 1
    except csv.Error as error:
        # Records after it may have been read as a part of its field.
        way = 'a quotation mark within a quoted field is written twice, ""'
        wrong = "opens a quotation mark that is not closed" if "end of data" in str(error) else "has a wrong quotation"
        raise SourceSchemaError(f"the record of line {line} {wrong}; {way}") from error
    return np.array(found[1:], dtype=np.int64)


def _decoded(content: bytes, encoding: str | None) -> tuple[str, list[str]]:
    found = encoding or _marked(content)
    try:
        return content.decode(found or "utf-8"), []
    except LookupError as error:
        raise SourceSchemaError(f"there is no encoding {encoding!r}; e.g. utf-8, latin-1, cp1252, utf-16") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        wrong = f"line {line}: byte 0x{content[error.start]:02x} is not {found or 'utf-8'}"
        if found or b"\0" in content:
            raise SourceSchemaError(f"{wrong}; say its `encoding`, e.g. cp1252 or cp1250") from error
    try:
        return content.decode("cp1252"), [
            f"{wrong}: read as Windows-1252 (Latin-1); if names are wrong, say `encoding`"
        ]
    except UnicodeDecodeError as error:
        raise SourceSchemaError(f"{wrong}, nor cp1252; say its `encoding`, e.g. cp1250 or mac-roman") from error


def _marked(content: bytes) -> str | None:
    """The encoding that the first bytes, or zeros among them, tell."""
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe\0\0": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    if mark := next((name for start, name in marks.items() if content.startswith(start)), None):
        return mark
    head = content[:1024]
    zeros = [head[parity::2].count(0) for parity in (0, 1)]
    if not any(zeros):
        return None
    if min(zeros) > max(zeros) / 4 or max(zeros) < len(head) * 0.3:
        raise ValueError("is no text: it has zero bytes")
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def _separator(text: str, tabs: bool) -> str:
    """The character that splits header and rows alike into most fields."""
    whole = len(text) <= _SAMPLE
    sample = text if whole else text[: text.rfind("\n", 0, _SAMPLE) + 1] or text[:_SAMPLE]
    widths = {mark: _widths(sample, mark, whole) for mark in ("\t" if tabs else ",", ",", ";", "\t", "|")}
    even = {mark: found[0] for mark, found in widths.items() if found[0] > 1 and len(set(found)) == 1}
    if even:
        most = [mark for mark, width in even.items() if width == max(even.values())]
        if len(most) > 1:
            raise SourceSchemaError(f"may be separated by {' or '.join(map(repr, most))}; say its `separator`")
        return most[0]
    # A line above the header, as of a title, may have marks that split nothing below it.
    split = {mark: found[0] for mark, found in widths.items() if found[0] > 1}
    below = {mark: found[1] for mark, found in widths.items() if len(found) > 1 and found[1] > 1}
    if either := {mark: split[mark] for mark in split if mark in below} or below or split:
        return max(either, key=lambda mark: either[mark])
    rows = [line.split() for line in sample.splitlines() if line.strip()]
    same = len(rows[0]) > 1 and len({len(row) for row in rows[: None if whole else -1]}) == 1
    numbers = any(all(re.match(NUMERIC, row[i]) for row in rows[1:]) for i in range(len(rows[0]))) if same else False
    return " " if numbers and len(rows) > 1 else ","


def _widths(sample: str, mark: str, whole: bool) -> list[int]:
    found = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=mark) if row]
    return found if whole or len(found) < 2 else found[:-1]


def _columns(text: str, separator: str, row_names: bool) -> dict[str, pa.ChunkedArray]:
    """Every column as text; the header is the first line that is not empty."""
    start = len(text) - len(text.lstrip("\r\n"))
    stream = io.StringIO(text[start:], newline="")
    first = next(csv.reader(stream, delimiter=separator))
    second = next(
        (row for row in csv.reader(io.StringIO(text[start + stream.tell() :]), delimiter=separator) if row), []
    )
    refuse_title("line", first, second)
    header = [name.strip() or f"Unnamed: {i}" for i, name in enumerate(["row_names", *first] if row_names else first)]
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise SourceSchemaError(f"column {', '.join(map(repr, twice))} is there twice; rename one in the file")
    body = text[start + stream.tell() :]
    if not body.strip("\r\n"):
        return {name: pa.chunked_array([pa.array([], pa.string())]) for name in header}
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(body.encode("utf-8")),
            read_options=arrow_csv.ReadOptions(column_names=header),
            parse_options=arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
        )
    except pa.ArrowInvalid as error:
        raise _uneven(text, separator, len(header), len(first)) or SourceSchemaError(str(error)) from error
    return {name: table[name] for name in header}


def _uneven(text: str, separator: str, width: int, header: int) -> SourceSchemaError | None:
    """The first row that has more or fewer fields than the header."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    started, line = False, 1
    for row in rows:
        if row and started and len(row) != width:
            named = (width - header and ", after the name of a row,") or ""
            said = f"line {line} has {len(row)} fields, the header{named} {width}"
            if len(row) < width:
                return SourceSchemaError(f"{said}; complete the row: a missing value is an empty field")
            names = "; if each row begins with its name, say `row_names: true`" if len(row) == width + 1 else ""
            return SourceSchemaError(f"{said}; quote fields that hold a {separator!r}{names}")
        started, line = started or bool(row), rows.line_num + 1
    return None


@dataclass(frozen=True)
class _Marks:
    """Decimal mark, mark of thousands, and further words that mean missing."""

    decimal: str
    thousands: str | None
    absent: frozenset[str]

    def pointed(self, known: pa.ChunkedArray) -> pa.ChunkedArray | None:
        """Numbers as Python writes them, or None where one has another mark before its decimals."""
        if self.thousands == " ":
            known = pc.replace_substring_regex(known, "[\u00a0\u202f]", " ")
        if self.thousands:
            mark, point = re.escape(self.thousands), re.escape(self.decimal)
            grouped = pc.match_substring_regex(known, rf"^[+-]?\d{{1,3}}({mark}\d{{3}})+({point}\d*)?$")
            known = pc.if_else(grouped, pc.replace_substring(known, self.thousands, ""), known)
        if self.decimal == ".":
            return known
        return None if _first(known, pc.match_substring(known, ".")) else pc.replace_substring(known, ",", ".")


def _marks(columns: dict[str, pa.ChunkedArray], form: TableFormat, separator: str) -> tuple[_Marks, list[str]]:
    absent = frozenset(ABSENT | {word for word in form.missing if isinstance(word, str)})
    declared = _Marks(form.decimal or ("," if form.thousands == "." else "."), form.thousands, absent)
    if form.decimal or form.thousands:
        return declared, []
    shown = {name: _with_commas(column, absent) for name, column in columns.items()}
    thousands, decimal, either, grouped = (next((c[i] for c in shown.values() if c[i]), None) for i in range(4))
    if thousands and decimal:
        raise SourceSchemaError(
            f"{decimal!r} has a decimal comma, {thousands!r} one of thousands; write one of the two"
        )
    if either and not decimal and not thousands and separator != ",":
        name = next(name for name, cells in shown.items() if cells[2])
        wrong = f"column {name!r}: {either!r} may be a thousand or a decimal number"
        raise SourceSchemaError(f'{wrong}; say `thousands: ","` or `decimal: ","`')
    if decimal:
        marks = replace(declared, decimal=",", thousands="." if grouped else None)
        return marks, [f"{decimal!r}: a decimal comma"]
    if either or thousands:
        return replace(declared, thousands=","), [f"{thousands or either!r}: a comma of thousands"]
    return _points(columns, declared, separator)


def _points(columns: dict[str, pa.ChunkedArray], declared: _Marks, separator: str) -> tuple[_Marks, list[str]]:
    """Marks of columns without commas: 1.234.567 has points of thousands; so may 1.234 where no commas separate."""
    shown = {name: _with_points(column, declared.absent) for name, column in columns.items()}
    thousands, either, decimal = (next((cells[i] for cells in shown.values() if cells[i]), None) for i in range(3))
    if thousands and decimal:
        raise SourceSchemaError(
            f"{thousands!r} has points of thousands, {decimal!r} a decimal point; write one of the two"
        )
    if thousands:
        return replace(declared, decimal=",", thousands="."), [f"{thousands!r}: points of thousands"]
    if either and not decimal and separator != ",":
        name = next(name for name, cells in shown.items() if cells[1])
        wrong = f"column {name!r}: {either!r} may be a thousand or a decimal number"
        raise SourceSchemaError(f'{wrong}; say `thousands: "."` or `decimal: "."`')
    return declared, []


def _first(column: pa.ChunkedArray, chosen: pa.ChunkedArray) -> str | None:
    """The first cell of those that are chosen."""
    found = pc.index(pc.fill_null(chosen, False), True).as_py()
    return None if found < 0 else str(column[found].as_py())


def _with_commas(column: pa.ChunkedArray, absent: Collection[str]) -> tuple[str | None, ...]:
    """Of a column that has but numbers: a cell with a comma of thousands, of decimals, of either, with both marks."""
    known = pc.filter(column, pc.invert(pc.is_in(column, value_set=pa.array(sorted(absent)))))
    commas = pc.filter(known, pc.match_substring(known, ","))
    if not len(commas) or not pc.all(pc.match_substring_regex(known, NUMERIC)).as_py():
        return (None,) * 4
    thousands, decimal, either, grouped = (
        pc.match_substring_regex(commas, pattern)
        for pattern in (_COMMA_THOUSANDS, _COMMA_DECIMAL, _EITHER, _POINT_THOUSANDS)
    )
    chosen = (thousands, pc.and_(decimal, pc.invert(either)), either, grouped)
    return tuple(_first(commas, cells) for cells in chosen)


def _with_points(column: pa.ChunkedArray, absent: Collection[str]) -> tuple[str | None, ...]:
    """Of a column that has but numbers: a cell with points of thousands, with a point of either, a decimal number."""
    known = pc.filter(column, pc.invert(pc.is_in(column, value_set=pa.array(sorted(absent)))))
    points = pc.filter(known, pc.match_substring(known, "."))
    if not len(points) or not pc.all(pc.match_substring_regex(known, NUMERIC)).as_py():
        return (None,) * 3
    thousands, either, single = (
        pc.match_substring_regex(points, pattern) for pattern in (_POINTS_OF_THOUSANDS, _POINT_OF_EITHER, _SINGLE_POINT)
    )
    grouped = pc.all(pc.match_substring_regex(known, _GROUPED_BY_POINTS)).as_py()
    decimal = _first(points, pc.and_(single, pc.invert(either)))
    return _first(points, thousands) if grouped else None, _first(points, either), decimal


def _settled(column: pa.ChunkedArray, untrimmed: pa.ChunkedArray, marks: _Marks) -> pd.Series:
    """Whole numbers, numbers, truth values or words; a column of NA and two capital letters has Namibia."""
    known = pc.if_else(pc.is_in(column, value_set=pa.array(sorted(marks.absent))), pa.scalar(None, pa.string()), column)
    settled: pd.Series
    pointed = marks.pointed(known)
    for kind in (pa.int64(), pa.float64()) if pointed is not None else ():
        try:
            settled = pc.cast(pointed, kind).to_pandas()
            return settled
        except pa.ArrowInvalid:
            continue
    values = [value for value in pc.unique(known).to_pylist() if value is not None]
    if values and set(values) <= set(TRUTH):
        settled = known.to_pandas().map(TRUTH)
        return settled if known.null_count else settled.astype(bool)
    point = _first(known, pc.match_substring_regex(known, _POINT_DECIMAL)) if pointed is None else None
    if point and pc.all(pc.match_substring_regex(known, NUMERIC)).as_py():
        wrong = f"{point!r} has a decimal point, other columns a decimal comma"
        raise SourceSchemaError(f'{wrong}; write one of the two, or say `thousands: "."`')
    codes = {value for value in values if value not in NO_WORD}
    namibia = bool(codes) and all(re.fullmatch("[A-Z]{2}", code) for code in codes)
    absent = (NO_WORD | (marks.absent - ABSENT)) - ({"NA"} if namibia else set())
    words: pd.Series = untrimmed.to_pandas()
    settled = words.mask(column.to_pandas().isin(absent))
    return settled
