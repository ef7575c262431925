"""Raw files in their formats (CSV, RDA, XLS, XLSX, DTA, parquet, ZIP of these), and the data of published tables."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

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
    if path.suffix != ".zip":
        return _parsed(path, path.suffix, table)
    with zipfile.ZipFile(path) as archive:
        held = [m for m in archive.namelist() if not m.endswith("/")]
        if not table.member:
            raise SourceSchemaError(f"{path}: say which of its files to read; it holds {', '.join(held)}")
        member = next((m for m in held if m.split("/")[-1] == table.member), None)
        if member is None:
            legal = choices(table.member, (m.split("/")[-1] for m in held))
            raise SourceSchemaError(f"{path}: holds no {table.member!r}; {legal}")
        content = io.BytesIO(archive.read(member))
    return _parsed(content, Path(member).suffix, replace(table, member=None))


def _parsed(content: Path | io.BytesIO, ending: str, table: RawTable) -> pd.DataFrame:
    """One table of a format; text columns keep '' and '-9' as they stand."""
    as_text: Mapping[str, Any] = {"dtype": str, "keep_default_na": False} if table.text else {}
    if ending in (".rda", ".rds"):
        import pyreadr

        loaded = pd.DataFrame(next(iter(pyreadr.read_r(str(content)).values())))
        # R marks a missing number by bits that raise a warning in whatever is computed from it: those of NaN instead.
        numbers = loaded.select_dtypes("float64").columns
        loaded[numbers] = loaded[numbers] + 0.0
        return loaded
    if ending in WORKBOOKS:
        with pd.ExcelFile(content, engine=WORKBOOKS[ending]) as book:
            if table.member is not None and table.member not in book.sheet_names:
                legal = choices(table.member, map(str, book.sheet_names))
                raise SourceSchemaError(f"{content}: has no sheet {table.member!r}; {legal}")
            return pd.read_excel(book, sheet_name=table.member or 0, **as_text)
    if ending == ".dta":
        return pd.read_stata(content, convert_categoricals=False)
    if ending == ".parquet":
        return pd.read_parquet(content)
    frame: pd.DataFrame = pd.read_csv(content, encoding=table.encoding or "utf-8-sig", **as_text)
    return frame


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
