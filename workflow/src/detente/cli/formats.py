"""Tables as files: raw files in their authors' formats, panels as parquet, CSV, Stata with labels, R.

The formats stamp the time of writing; here every stamp is one moment, so that the same table gives the same bytes.
"""

import gzip
import io
import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import pandas as pd

from detente.base.files import write_arrow, write_bytes, write_csv, write_frame, write_whole, zipped
from detente.base.rdata import write_rds
from detente.cli.stata import write_dta

# The earliest that a ZIP can hold.
STAMP = datetime(1980, 1, 1)
# Endings of raw files, and of panels.
FORMATS = (".csv", ".dta", ".rda", ".xlsx", ".zip")
WRITTEN = (".parquet", ".arrow", ".csv", ".dta", ".rds")
# Measured at the peak, beside 727 MB: 202,853 dyad-years of 598 columns (970 MB of cells) took 1.07 times the cells as
# parquet and .rds, as much as to build them, and 2.1 times as .dta; 73,344 directed dyad-years of 593 columns (348 MB)
# 1.02 times as .csv and 2.0 times as .dta.
TIMES = {".parquet": 1.2, ".arrow": 1.2, ".csv": 1.2, ".dta": 2.3, ".rds": 1.2}
"""How many times its cells a panel takes while it is built and written."""
SAVED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def write_raw(path: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write a raw file in the format of its ending, .csv, .dta, .rda, .xlsx or .zip; raises ValueError for another.

    Tables are by name of R object, sheet, or member of the ZIP; a .csv or .dta has one, whatever its name.
    """
    if path.suffix not in FORMATS:
        raise ValueError(f"{path.name}: no writer for {path.suffix!r}; known: {', '.join(FORMATS)}")
    write_bytes(_encoded(path.suffix, tables), path)


def _encoded(ending: str, tables: Mapping[str, pd.DataFrame]) -> bytes:
    import pyreadr

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


@dataclass(frozen=True)
class Words:
    """What a column is: its `label`, and what its values mean where they are codes."""

    label: str
    codes: Mapping[int, str] = field(default_factory=dict)


def write_panel(
    frame: pd.DataFrame, words: Mapping[str, Words], path: Path, note: Mapping[str, object] | None = None
) -> None:
    """Write a panel in the format that the ending of `path` names, one of `WRITTEN`, whole or not at all.

    Parquet keeps the `note`; Stata keeps the labels and codes in `words`, R the labels.
    """
    labels = {name: each.label for name, each in words.items()}
    codes = {name: each.codes for name, each in words.items() if each.codes}
    if path.suffix == ".parquet":
        write_frame(frame, path, note)
    elif path.suffix == ".arrow":
        write_arrow(frame, path)
    elif path.suffix == ".csv":
        write_csv(frame, path)
    elif path.suffix == ".dta":
        write_whole(path, partial(write_dta, frame, labels, codes))
    else:
        write_whole(path, partial(write_rds, frame, labels))
