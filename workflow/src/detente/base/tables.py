"""The one reader of tables: text, Stata, SPSS, Excel, R, parquet, alone, compressed or inside a ZIP."""

import bz2
import gzip
import io
import lzma
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from unicodedata import normalize

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.cells import error_cells, with_errors
from detente.base.delimited import TableFormat, read_text
from detente.base.environment import named
from detente.base.errors import SourceSchemaError, choices
from detente.base.headings import refuse_header, refuse_title
from detente.base.robjects import r_table
from detente.base.workbooks import stored_errors

__all__ = ["FORMATS", "TableFormat", "TableRead", "read_table", "readable", "suspected"]

TEXT = (".csv", ".tsv", ".tab", ".txt", ".dat", ".asc")
# Engines of pandas by ending: calamine reads the binary formats too.
WORKBOOKS: Mapping[str, Literal["calamine", "openpyxl"]] = {
    ".xls": "calamine", ".xlsx": "openpyxl", ".xlsm": "openpyxl", ".xlsb": "calamine", ".ods": "calamine",
}  # fmt: skip
COMPRESSED: Mapping[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress,
}  # fmt: skip
R_DATA = (".rda", ".rdata", ".rds")
SPSS = (".sav", ".zsav", ".por")
ARROW = (".arrow", ".feather")
PLAIN = (*TEXT, *WORKBOOKS, ".dta", ".parquet", *ARROW, *R_DATA, *SPSS)
FORMATS = (*PLAIN, ".zip", *COMPRESSED)
# Numbers that codebooks use for missing values.
SENTINELS = (-9, -99, -999, -9999, -7, -8, -66, -77, -88, 99, 999, 9999, 99999)
# So many times as far from zero as all other values is far.
FAR = 3


@dataclass(frozen=True)
class TableRead:
    """A table, and `notes`: what was recognised of how it is written that may be wrong.

    `rows` (N,): where each record stands: its line in a text, its row in a workbook, its number elsewhere.
    `empty_is_missing`: whether an empty text that the frame has is a missing one in the software that wrote the file.
    """

    frame: pd.DataFrame
    rows: npt.NDArray[np.int64]
    notes: tuple[str, ...] = ()
    empty_is_missing: bool = False


def readable(path: Path) -> bool:
    """Whether a file has the ending of a format that is read, in capital letters or not."""
    return _ending(path.name) in FORMATS


def read_table(path: Path, form: TableFormat | None = None, labelled: Collection[str] = ()) -> TableRead:
    """Read a table; raises SourceSchemaError naming the file, its line or column, and what to declare.

    `labelled`: columns of a Stata or SPSS file whose value labels are read in the place of numbers.
    """
    form = form or TableFormat()
    try:
        read = _read(path.read_bytes(), path.name, form, labelled)
        # An umlaut is one letter, however a file composes it.
        names = [normalize("NFC", str(name)) for name in read.frame.columns]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise SourceSchemaError(f"column {', '.join(map(repr, twice))} is there twice; rename one in the file")
        return replace(read, frame=_declared_missing(read.frame.set_axis(names, axis=1), form))
    except SourceSchemaError as error:
        raise SourceSchemaError(f"{path}: {error}") from error
    except OSError as error:
        if error.filename or "temporary directory" in str(error.strerror):
            raise
        raise _refused(path, error) from error
    except (MemoryError, ImportError):
        # The machine is at fault, not the file.
        raise
    except Exception as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: Exception) -> SourceSchemaError:
    kind = _ending(path.name).lstrip(".").upper()
    return SourceSchemaError(f"{path}: cannot be read as {kind} ({error or type(error).__name__})")


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _read(content: bytes, name: str, form: TableFormat, labelled: Collection[str]) -> TableRead:
    """A table of any format from its bytes and the name of its file."""
    ending = _ending(name)
    if ending == ".zip":
        member, unpacked = _member(content, form.member)
        return _read(unpacked, member, replace(form, member=None), labelled)
    if ending in COMPRESSED:
        stem = PurePosixPath(name).stem
        inner = stem if _ending(stem) in PLAIN else f"{stem}.csv"
        return _read(COMPRESSED[ending](content), inner, form, labelled)
    if form.member is not None and ending not in (*WORKBOOKS, *R_DATA):
        raise SourceSchemaError(f"is a single table, which has no part {form.member!r}: do not name one")
    if ending in TEXT:
        read = read_text(content, form, tabs=ending in (".tsv", ".tab"))
        return TableRead(read.frame, read.lines, tuple(read.notes))
    if ending in WORKBOOKS:
        frame, notes = _sheet(content, WORKBOOKS[ending], form)
        return TableRead(frame, np.arange(len(frame)) + 1 + (form.header or 1), tuple(notes))
    if form.header is not None:
        raise SourceSchemaError(
            f"names its columns itself, as every {ending.lstrip('.').upper()} does: say no `header`"
        )
    frame = _parsed(content, ending, labelled, form.member)
    return TableRead(frame, np.arange(len(frame)) + 1, empty_is_missing=ending in (".dta", *SPSS))


def _parsed(content: bytes, ending: str, labelled: Collection[str], member: str | None) -> pd.DataFrame:
    """A table of a format that says itself how it is written."""
    if ending == ".dta":
        return _stata(content, labelled)
    if ending == ".parquet" or ending in ARROW:
        read = pd.read_parquet if ending == ".parquet" else pd.read_feather
        frame = read(io.BytesIO(content))
        named_rows = any(name is not None for name in frame.index.names)
        return frame.reset_index() if named_rows else frame
    if ending in R_DATA:
        return _on_disk(content, ending, lambda path: r_table(path, member))
    if ending in SPSS:
        return _on_disk(content, ending, lambda path: _spss(path, labelled))
    raise SourceSchemaError(f"{ending!r} is not a format; {', '.join(FORMATS)}")


def _on_disk(content: bytes, ending: str, read: Callable[[Path], pd.DataFrame]) -> pd.DataFrame:
    """For readers that take the path of a file alone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table{ending}"
        with named(path):
            path.write_bytes(content)
        return read(path)


def _member(content: bytes, asked: str | None) -> tuple[str, bytes]:
    """Name and bytes of a file inside a ZIP: the one that is asked for, else the only table."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        held = [m for m in archive.namelist() if not m.endswith("/") and not m.startswith("__MACOSX/")]
        tables = [m for m in held if _ending(m) in FORMATS]
        found = [m for m in held if asked in (m, PurePosixPath(m).name)] if asked else tables
        if asked and not found:
            raise SourceSchemaError(f"holds no {asked!r}; {choices(asked, (PurePosixPath(m).name for m in held))}")
        if len(found) > 1:
            raise SourceSchemaError(f"say which of its files to read; it holds {', '.join(found)}")
        if not found:
            raise SourceSchemaError(f"holds no table; it holds {', '.join(held) or 'nothing'}")
        return found[0], archive.read(found[0])


def _sheet(
    content: bytes, engine: Literal["calamine", "openpyxl"], form: TableFormat
) -> tuple[pd.DataFrame, list[str]]:
    """The sheet that is asked for, else the only one that is not empty, and notes; words as in tables of text."""
    with pd.ExcelFile(io.BytesIO(content), engine=engine) as book:
        names = [str(name) for name in book.sheet_names]
        if form.member is not None and form.member not in names:
            raise SourceSchemaError(f"has no sheet {form.member!r}; {choices(form.member, names)}")
        alone = form.member or (names[0] if len(names) == 1 else None)
        filled = [alone] if alone else [n for n in names if not pd.read_excel(book, sheet_name=n).empty]
        if len(filled) != 1:
            raise SourceSchemaError(f"say which of its sheets to read; it has {', '.join(filled or names)}")
        above = (form.header or 1) - 1
        top = pd.read_excel(book, sheet_name=filled[0], header=None, skiprows=above, nrows=2)
        rows = [[name for name in row if not pd.isna(name)] for row in top.to_numpy()]
        if form.header is not None:
            refuse_header("row", form.header, rows[0] if rows else [])
        if len(rows) > 1:
            refuse_title("row", rows[0], rows[1])
        header = [str(name).strip() for name in rows[0]] if rows else []
        if twice := sorted({name for name in header if header.count(name) > 1}):
            raise SourceSchemaError(f"column {', '.join(map(repr, twice))} is there twice; rename one in the file")
        kept: dict[str, Any] = {"dtype": str} if form.text else {"na_values": [""]}
        frame = pd.read_excel(book, sheet_name=filled[0], header=above, keep_default_na=False, **kept)
    errors = error_cells(content, filled[0]) if engine == "openpyxl" else stored_errors(content, filled[0])
    frame, notes = with_errors(_trimmed(frame), errors, above + 1)
    if form.text:
        return frame, notes
    written = [str(name) for name in frame.columns if frame[name].map(lambda cell: isinstance(cell, str)).any()]
    if not written:
        return frame, notes
    # Cells that are words are read as those of a text, so that "1,234", ".." and the NA of Namibia are the same.
    text = frame[written].to_csv(index=False, float_format="%.17g")
    plain = replace(form, separator=",", encoding="utf-8", row_names=False, header=None)
    read = read_text(text.encode("utf-8"), plain)
    return frame.assign(**{name: read.frame[name] for name in written}), notes


def _trimmed(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with the names of columns as those of a text are, without blanks around them."""
    return frame.set_axis([str(name).strip() for name in frame.columns], axis=1)


def _stata(content: bytes, labelled: Collection[str]) -> pd.DataFrame:
    """Numbers without their labels, but for columns that are asked for by label."""
    frame = pd.read_stata(io.BytesIO(content), convert_categoricals=False)
    wanted = [name for name in labelled if name in frame.columns and frame[name].dtype != "str"]
    if not wanted:
        return frame
    labels = pd.read_stata(io.BytesIO(content), columns=wanted)
    return frame.assign(**{name: labels[name].astype(object) for name in wanted})


def _spss(path: Path, labelled: Collection[str]) -> pd.DataFrame:
    """As `_stata`; what the file itself declares to be missing is missing."""
    import pyreadstat

    reader = pyreadstat.read_por if path.suffix == ".por" else pyreadstat.read_sav
    frame: pd.DataFrame = reader(str(path))[0]
    wanted = [name for name in labelled if name in frame.columns]
    if not wanted:
        return frame
    labels = reader(str(path), apply_value_formats=True)[0]
    return frame.assign(**{name: labels[name].astype(object) for name in wanted})


def _declared_missing(frame: pd.DataFrame, form: TableFormat) -> pd.DataFrame:
    """The table with what was declared to mean missing, missing."""
    numbers = [m for m in form.missing if not isinstance(m, str)]
    words = [m for m in form.missing if isinstance(m, str)]
    if not form.missing:
        return frame
    hidden = {
        name: column.isin(numbers if pd.api.types.is_numeric_dtype(column) else words) for name, column in frame.items()
    }
    return frame.assign(**{str(n): frame[n].mask(out) for n, out in hidden.items() if out.any()})


def suspected(frame: pd.DataFrame, columns: Iterable[str], key: str = "missing") -> list[str]:
    """A sentence for each column with a number that codebooks use for missing values, far from all its other values.

    `key`: where such numbers are declared.
    """
    found = []
    for name in columns:
        column = frame[name]
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            continue
        values = column.dropna().to_numpy(dtype="float64")
        others = values[~np.isin(values, SENTINELS)]
        low, high = (others.min(), others.max()) if len(others) else (0.0, np.inf)
        codes = [s for s in SENTINELS if (s < FAR * min(low, 0) if s < 0 else s > FAR * max(high, 9))]
        counts: dict[str, Any] = {str(s): int(np.sum(values == s)) for s in codes if (values == s).any()}
        if counts:
            said = ", ".join(f"{code} ({rows:,} rows)" for code, rows in counts.items())
            found.append(f"column {name!r} has {said}, often a code of missing values: declare it as `{key}` if so")
    return found
