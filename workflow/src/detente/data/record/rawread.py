"""Raw files in their formats (CSV, RDA, XLS, XLSX, DTA, parquet, ZIP of these), and a source cleaned from them."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from detente.base.errors import SourceSchemaError, choices
from detente.base.frames import validated
from detente.data.sources import RawTable, Source, Tidy, check_raw, tidy_schema
from detente.data.sources.outcomes import rules

# Engines of pandas by ending: calamine reads the binary .xls too.
WORKBOOKS: Mapping[str, Literal["calamine", "openpyxl"]] = {".xls": "calamine", ".xlsx": "openpyxl"}


def read_raw(path: Path, table: RawTable) -> pd.DataFrame:
    """Read a raw table; raises SourceSchemaError if its file is not what it is called, or lacks the member or sheet."""
    try:
        return _read(path, table)
    except SourceSchemaError:
        raise
    except Exception as error:
        raise SourceSchemaError(f"{path}: cannot be read as {path.suffix.lstrip('.').upper()} ({error})") from error


def clean_source(module: Source, find: Callable[[str, str], Path], whittle: Sequence[str] = ()) -> Tidy:
    """Read, check and clean a source, and check what came out.

    `find`: path of a raw file by slug and name. `whittle`: rules that leave one dispute a dyad-year, for sources that
    code disputes; theirs by default. Raises ConfigError if a rule is not known, SourceSchemaError or UnresolvedNames if
    a raw file is not what the module expects, BrokenContract if the tidy frame breaks its schema.
    """
    raw = {}
    for table in module.raw:
        raw[table.file] = read_raw(find(table.slug or module.slug, table.file), table)
        check_raw(module, table, raw[table.file])
    tidy = module.clean(raw, rules(whittle)) if module.whittles and whittle else module.clean(raw)
    return Tidy(validated(tidy.frame, tidy_schema(module), f"tidy {module.slug}"), tidy.attrition)


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
