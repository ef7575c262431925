"""Raw files in their formats (CSV, RDA, XLS, XLSX, DTA, parquet, ZIP of these), and the data of published tables."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from detente.base.errors import SourceSchemaError, choices
from detente.data.sources import RawTable

# Engines of pandas by ending: calamine reads the binary .xls too.
WORKBOOKS: Mapping[str, Literal["calamine", "openpyxl"]] = {".xls": "calamine", ".xlsx": "openpyxl"}
Delimiter = Literal["comma", "tab", "spaces", "semicolon"]
SEPARATORS: Mapping[Delimiter, str] = {"comma": ",", "tab": "\t", "spaces": r"\s+", "semicolon": ";"}


def read_raw(path: Path, table: RawTable) -> pd.DataFrame:
    """Read one raw table.

    Raises SourceSchemaError if the file is not of the format that its name promises, or lacks the member or sheet.
    """
    try:
        return _read(path, table)
    except SourceSchemaError:
        raise
    except Exception as error:
        raise SourceSchemaError(f"{path}: cannot be read as {path.suffix.lstrip('.').upper()} ({error})") from error


def _read(path: Path, table: RawTable) -> pd.DataFrame:
    if path.suffix == ".zip":
        return _from_zip(path, table)
    if path.suffix in (".rda", ".rds"):
        import pyreadr

        objects = pyreadr.read_r(str(path))
        return _quiet(pd.DataFrame(next(iter(objects.values()))))
    if path.suffix in WORKBOOKS:
        with pd.ExcelFile(path, engine=WORKBOOKS[path.suffix]) as book:
            if table.member is not None and table.member not in book.sheet_names:
                legal = choices(table.member, map(str, book.sheet_names))
                raise SourceSchemaError(f"{path}: has no sheet {table.member!r}; {legal}")
            return _sheet(book, table.member or 0, text=table.text)
    if path.suffix == ".dta":
        return pd.read_stata(path, convert_categoricals=False)
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return _csv(path, table)


def _quiet(frame: pd.DataFrame) -> pd.DataFrame:
    """R marks a missing number by bits that raise a warning in whatever is computed from it: those of NaN instead."""
    numbers = frame.select_dtypes("float64").columns
    frame[numbers] = frame[numbers] + 0.0
    return frame


def _from_zip(path: Path, table: RawTable) -> pd.DataFrame:
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.namelist() if table.member and m.split("/")[-1] == table.member]
        if not members and not table.member:
            held = ", ".join(m for m in archive.namelist() if not m.endswith("/"))
            raise SourceSchemaError(f"{path}: say which of its files to read; it holds {held}")
        if not members:
            legal = choices(str(table.member), (m.split("/")[-1] for m in archive.namelist() if not m.endswith("/")))
            raise SourceSchemaError(f"{path}: holds no {table.member!r}; {legal}")
        content = io.BytesIO(archive.read(members[0]))
    ending = Path(members[0]).suffix
    if ending == ".dta":
        return pd.read_stata(content, convert_categoricals=False)
    if ending in WORKBOOKS:
        with pd.ExcelFile(content, engine=WORKBOOKS[ending]) as book:
            return _sheet(book, 0, text=table.text)
    return _csv(content, table)


def _sheet(book: pd.ExcelFile, sheet: str | int, *, text: bool) -> pd.DataFrame:
    if text:
        return pd.read_excel(book, sheet_name=sheet, dtype=str, keep_default_na=False)
    return pd.read_excel(book, sheet_name=sheet)


def _csv(content: Path | io.BytesIO, table: RawTable) -> pd.DataFrame:
    """Text columns keep '' and '-9' as they stand."""
    kept = {"dtype": str, "keep_default_na": False} if table.text else {}
    return pd.read_csv(content, encoding=table.encoding or "utf-8-sig", **kept)


def read_published(path: Path, delimiter: Delimiter = "comma") -> pd.DataFrame:
    """Columns of a .dta file (labels left aside), or of a text file in UTF-8; compression by the ending.

    Raises SourceSchemaError if the file cannot be read as what it is called.
    """
    try:
        if path.suffix == ".dta":
            return pd.read_stata(path, convert_categoricals=False)
        return pd.read_csv(path, sep=SEPARATORS[delimiter], encoding="utf-8-sig")
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise SourceSchemaError(f"{path}: cannot be read as {path.suffix.lstrip('.') or 'text'} ({error})") from error
