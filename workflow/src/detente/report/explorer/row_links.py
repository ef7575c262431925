"""Links from the rows of a table to the rows of the files of data that they are read from.

Rows are counted as spreadsheets count them, the head of the file being the first; in an address they are named as
RFC 7111 names rows of CSV.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError
from detente.report.tables.keys import Key
from detente.report.tables.table import Link, Table


@dataclass(frozen=True)
class Placed:
    """A file of data: where it lies in the site, and the frame that it holds, in its order."""

    file: str
    frame: pd.DataFrame


def with_links(table: Table, placed: Mapping[str, Placed], up: str) -> Table:
    """Return a table whose rows lead to the rows of frames that they are read from.

    `placed` has each frame by its name; `up` leads from the table's page to the folder of the site.
    Raises EstimationError if a frame has no such row.
    """
    rows = (replace(row, links=tuple(_links(row.keys, placed, up))) for row in table.rows)
    return replace(table, rows=tuple(rows))


def row_link(name: str, rows: list[int], file: str, title: str = "") -> Link:
    """Return a link to rows of a frame's file, counted from its head as 1; without a `name`, the page says of which."""
    runs = [[row for _, row in run] for _, run in groupby(enumerate(sorted(rows)), lambda at: at[1] - at[0])]
    said = [f"{run[0]}–{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
    address = f"{file}#row={';'.join(said).replace('–', '-')}" if file.endswith(".csv") else file
    words = f"row{'s' if len(rows) > 1 else ''} {', '.join(said)}"
    return Link(f"{name}, {words}" if name else words, address, title)


def _links(keys: tuple[Key, ...], placed: Mapping[str, Placed], up: str) -> list[Link]:
    """One link to each frame, to all of its rows that the keys name."""
    made = []
    for name, mine in groupby(keys, lambda key: key.frame):
        named, at = list(mine), placed[name]
        rows = sorted({row for key in named for row in _rows(key, at.frame)})
        said = "; ".join(dict.fromkeys(f"{column} = {value}" for key in named for column, value in key.where))
        made.append(row_link(name, rows, f"{up}{at.file}", said))
    return made


def _rows(key: Key, frame: pd.DataFrame) -> list[int]:
    found = np.flatnonzero(np.logical_and.reduce([(frame[column] == value).to_numpy() for column, value in key.where]))
    if not len(found):
        raise EstimationError(f"frame {key.frame!r} has no row with {dict(key.where)}, which a table is read from")
    return [int(row) + 2 for row in found]
