"""Tables as files: raw files in their authors' formats, panels as parquet, CSV, Stata with labels, R.

The formats stamp the time of writing; here every stamp is one moment, so that the same table gives the same bytes.
"""

import gzip
import io
import re
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

import pandas as pd
import pyreadr

from detente.base.files import write_bytes, write_csv, write_frame, write_whole, zipped

# The earliest that a ZIP can hold.
STAMP = datetime(1980, 1, 1)
# Limits of Stata's file format, and what panels are stamped with.
NAME_LENGTH, LABEL_LENGTH = 32, 80
FIRST = datetime(1816, 1, 1)
# Endings of raw files, and of panels.
FORMATS = (".csv", ".dta", ".rda", ".xlsx", ".zip")
WRITTEN = (".parquet", ".csv", ".dta", ".rds")
SAVED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def write_raw(path: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write a raw file in the format of its ending, .csv, .dta, .rda, .xlsx or .zip; raises ValueError for another.

    Tables are by name of R object, sheet, or member of the ZIP; a .csv or .dta has one, whatever its name.
    """
    if path.suffix not in FORMATS:
        raise ValueError(f"{path.name}: no writer for {path.suffix!r}; known: {', '.join(FORMATS)}")
    write_bytes(_encoded(path.suffix, tables), path)


def _encoded(ending: str, tables: Mapping[str, pd.DataFrame]) -> bytes:
    if ending == ".zip":
        return zipped({name: _encoded(Path(name).suffix, {name: frame}) for name, frame in tables.items()})
    if ending == ".xlsx":
        return _xlsx(tables)
    ((name, frame),) = tables.items()
    if ending == ".csv":
        return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")
    if ending == ".dta":
        content = io.BytesIO()
        frame.to_stata(content, write_index=False, time_stamp=STAMP)
        return content.getvalue()
    # R data are compressed here, because pyreadr's own compression stamps name and time.
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.rda"
        pyreadr.write_rdata(str(plain), frame, df_name=name)
        return gzip.compress(plain.read_bytes(), compresslevel=6, mtime=0)


def _xlsx(tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Workbook, rewritten because openpyxl stamps the time of saving into properties and members."""
    content = io.BytesIO()
    with pd.ExcelWriter(content, engine="openpyxl") as book:
        for sheet, frame in tables.items():
            frame.to_excel(book, sheet_name=sheet, index=False)
    with zipfile.ZipFile(content) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    stamp = STAMP.strftime("%Y-%m-%dT%H:%M:%SZ").encode("ascii")
    members["docProps/core.xml"] = SAVED.sub(rb"\g<1>" + stamp, members["docProps/core.xml"])
    return zipped(members)


def write_panel(
    frame: pd.DataFrame, labels: Mapping[str, str], path: Path, note: Mapping[str, object] | None = None
) -> None:
    """Write a panel in the format that the ending of `path` names, one of `WRITTEN`, whole or not at all.

    Parquet keeps the `note`, Stata the `labels` of variables.
    """
    if path.suffix == ".parquet":
        write_frame(frame, path, note)
    elif path.suffix == ".csv":
        write_csv(frame, path)
    else:
        write_whole(path, partial(_stata, frame, labels) if path.suffix == ".dta" else partial(_rds, frame))


def _stata(frame: pd.DataFrame, labels: Mapping[str, str], path: Path) -> None:
    names = stata_names(list(frame.columns))
    table = frame.rename(columns=names)
    if "in_window" in table:
        table = table.astype({"in_window": "int8"})
    cut = {n: text if len(text) <= LABEL_LENGTH else f"{text[: LABEL_LENGTH - 1]}…" for n, text in labels.items()}
    short = {names[name]: text for name, text in cut.items()}
    table.to_stata(path, write_index=False, variable_labels=short, version=118, time_stamp=FIRST)


def _rds(frame: pd.DataFrame, path: Path) -> None:
    """Compressed here: pyreadr's own compression stamps time and name."""
    pyreadr.write_rds(str(path), frame)
    path.write_bytes(gzip.compress(path.read_bytes(), mtime=0))


def stata_names(names: list[str]) -> dict[str, str]:
    """Name → name of at most 32 characters: long ones are cut and, where two then agree, numbered."""
    short: dict[str, str] = {}
    for name in names:
        cut, number = name[:NAME_LENGTH], 2
        while cut in short.values():
            ending = f"_{number}"
            cut, number = name[: NAME_LENGTH - len(ending)] + ending, number + 1
        short[name] = cut
    return short
