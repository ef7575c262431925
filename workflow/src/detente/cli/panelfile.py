"""A panel as a file: parquet, CSV, Stata with labels, R."""

import gzip
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import pandas as pd

from detente.base.files import write_csv, write_frame, write_whole
from detente.data.panel import Entry

# Limits of Stata's file format.
NAME_LENGTH, LABEL_LENGTH = 32, 80
# Stata writes the time into its files: a fixed one gives the same bytes for the same panel.
STAMP = datetime(1816, 1, 1)


def write_panel(
    frame: pd.DataFrame, entries: Mapping[str, Entry], path: Path, note: Mapping[str, object] | None = None
) -> None:
    """Write a panel in the format that the ending of `path` names, whole or not at all; parquet keeps the `note`."""
    if path.suffix == ".parquet":
        write_frame(frame, path, note)
    else:
        WRITERS[path.suffix](frame, entries, path)


def _stata(frame: pd.DataFrame, entries: Mapping[str, Entry], path: Path) -> None:
    names = stata_names(list(frame.columns))
    labels = {names[name]: _short(entry.variable.label) for name, entry in entries.items()}
    table = frame.rename(columns=names)
    if "in_window" in table:
        table = table.astype({"in_window": "int8"})
    write_whole(
        path,
        lambda temporary: table.to_stata(
            temporary, write_index=False, variable_labels=labels, version=118, time_stamp=STAMP
        ),
    )


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


def _short(label: str) -> str:
    return label if len(label) <= LABEL_LENGTH else f"{label[: LABEL_LENGTH - 1]}…"


def _r(frame: pd.DataFrame, _: Mapping[str, Entry], path: Path) -> None:
    """Compressed here: pyreadr's own compression stamps time and name."""
    import pyreadr

    def write(temporary: Path) -> None:
        pyreadr.write_rds(str(temporary), frame)
        temporary.write_bytes(gzip.compress(temporary.read_bytes(), mtime=0))

    write_whole(path, write)


WRITERS: Mapping[str, Callable[[pd.DataFrame, Mapping[str, Entry], Path], None]] = {
    ".parquet": lambda frame, _, path: write_frame(frame, path),
    ".csv": lambda frame, _, path: write_csv(frame, path),
    ".dta": _stata,
    ".rds": _r,
}
