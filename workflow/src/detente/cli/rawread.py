"""Reading raw files in the formats their authors chose: CSV, RDA, XLSX, DTA and ZIP of these."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pandas as pd

from detente.errors import SourceSchemaError, choices
from detente.sources import RawTable


def read_raw(path: Path, table: RawTable) -> pd.DataFrame:
    """Read one raw table.

    Raises
    ------
    SourceSchemaError
        If the file is not of the format that its name promises, or lacks the member or sheet.
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
        return pd.DataFrame(next(iter(objects.values())))
    if path.suffix == ".xlsx":
        with pd.ExcelFile(path) as book:
            if table.member is not None and table.member not in book.sheet_names:
                legal = choices(table.member, map(str, book.sheet_names))
                raise SourceSchemaError(f"{path}: has no sheet {table.member!r}; {legal}")
            return pd.read_excel(book, sheet_name=table.member or 0)
    if path.suffix == ".dta":
        return pd.read_stata(path, convert_categoricals=False)
    return _csv(path, text=table.text)


def _from_zip(path: Path, table: RawTable) -> pd.DataFrame:
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.namelist() if table.member and m.split("/")[-1] == table.member]
        if not members:
            legal = choices(str(table.member), (m.split("/")[-1] for m in archive.namelist() if not m.endswith("/")))
            raise SourceSchemaError(f"{path}: holds no {table.member!r}; {legal}")
        content = io.BytesIO(archive.read(members[0]))
    if members[0].endswith(".dta"):
        return pd.read_stata(content, convert_categoricals=False)
    return _csv(content, text=table.text)


def _csv(content: Path | io.BytesIO, *, text: bool) -> pd.DataFrame:
    """Text columns keep '' and '-9' as they stand."""
    if text:
        return pd.read_csv(content, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return pd.read_csv(content, encoding="utf-8-sig")
