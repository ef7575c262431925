"""Writing raw files in their authors' formats (CSV, DTA, RDA, XLSX, ZIP): same tables, same bytes."""

import gzip
import io
import re
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import pandas as pd
import pyreadr

from detente.base.files import write_bytes

# The formats stamp the time of writing; every stamp is this moment, the earliest that a ZIP can hold.
STAMP = datetime(1980, 1, 1)
SAVED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def write_raw(path: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write a raw file in the format of its ending.

    Parameters
    ----------
    path
        Target; .csv, .dta, .rda, .xlsx or .zip.
    tables
        Tables by name: R object, sheet, or member of the ZIP; a .csv or .dta has one, whatever its name.

    Raises
    ------
    ValueError
        If the ending is none of these.
    """
    if path.suffix not in FORMATS:
        raise ValueError(f"{path.name}: no writer for {path.suffix!r}; known: {', '.join(sorted(FORMATS))}")
    write_bytes(FORMATS[path.suffix](tables), path)


def _csv(tables: Mapping[str, pd.DataFrame]) -> bytes:
    (frame,) = tables.values()
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _dta(tables: Mapping[str, pd.DataFrame]) -> bytes:
    (frame,) = tables.values()
    content = io.BytesIO()
    frame.to_stata(content, write_index=False, time_stamp=STAMP)
    return content.getvalue()


def _rda(tables: Mapping[str, pd.DataFrame]) -> bytes:
    """R data, compressed here because pyreadr's own compression stamps name and time."""
    ((name, frame),) = tables.items()
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
    return _zipped(members)


def _zip(tables: Mapping[str, pd.DataFrame]) -> bytes:
    return _zipped({name: FORMATS[Path(name).suffix]({name: frame}) for name, frame in tables.items()})


def _zipped(members: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, body in members.items():
            entry = zipfile.ZipInfo(name, date_time=STAMP.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, body)
    return content.getvalue()


FORMATS: Mapping[str, Callable[[Mapping[str, pd.DataFrame]], bytes]] = {
    ".csv": _csv,
    ".dta": _dta,
    ".rda": _rda,
    ".xlsx": _xlsx,
    ".zip": _zip,
}
