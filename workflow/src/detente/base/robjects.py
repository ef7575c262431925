"""Tables of R's files: data frames alone, with numbers, words and days as tables of other files have them."""

import datetime
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from detente.base.errors import SourceSchemaError, choices
from detente.base.numerics import MISREAD

# The row names of a data frame, where it has others than numbers.
ROW_NAMES = "row_names"
_AGAIN = "and save it again"


def r_table(path: Path, asked: str | None) -> pd.DataFrame:
    """The data frame that is asked for, else the only one; raises SourceSchemaError with what to do in R."""
    held = {name: frame for name, frame in _objects(path).items() if list(frame.columns) != [None]}
    if asked is not None and asked not in held and None not in held:
        raise SourceSchemaError(f"holds no data frame {asked!r}; {choices(asked, map(str, held))}")
    if asked is None and len(held) > 1:
        raise SourceSchemaError(f"say which of its data frames to read; it holds {', '.join(map(str, held))}")
    if not held:
        raise SourceSchemaError(f"holds no data frame; in R, make one of what it holds with as.data.frame(), {_AGAIN}")
    frame = held[asked] if asked in held else next(iter(held.values()))
    # Numbers are no names: they are the places of rows, or were before some were left out.
    if frame.index.name is not None and not all(str(name).isdecimal() for name in frame.index):
        if ROW_NAMES in frame:
            raise SourceSchemaError(f"has names of rows, and a column {ROW_NAMES!r} besides; in R, rename it, {_AGAIN}")
        frame = frame.rename_axis(ROW_NAMES).reset_index()
    else:
        frame = frame.reset_index(drop=True)
    return frame.assign(**{str(name): _settled(str(name), column) for name, column in frame.items()})


def _objects(path: Path) -> dict[str | None, pd.DataFrame]:
    import pyreadr
    from pyreadr.custom_errors import LibrdataError

    try:
        with warnings.catch_warnings():
            # That it leaves out lists is said where nothing else is there.
            warnings.simplefilter("ignore", UserWarning)
            read = pyreadr.read_r(str(path))
    except UnicodeDecodeError as error:
        way = "x[] <- lapply(x, function(v) if (is.character(v)) iconv(v, 'latin1', 'UTF-8') else v)"
        said = f"has texts that are neither UTF-8 nor marked as Latin-1 (byte 0x{error.object[error.start]:02x})"
        raise SourceSchemaError(f"{said}; in R, say what they are, as in {way}, {_AGAIN}") from error
    except LibrdataError as error:
        if "unsupported" not in str(error):
            raise
        way = "take out columns that are lists, as in x <- x[!sapply(x, is.list)]"
        raise SourceSchemaError(
            f"is damaged, or holds what is no plain column ({error}); in R, {way}, {_AGAIN}"
        ) from error
    return {name: frame for name, frame in read.items() if isinstance(frame, pd.DataFrame)}


def _settled(name: str, column: pd.Series) -> pd.Series:
    """The column with NaN for R's missing numbers, whose bits raise warnings, and days as days."""
    if column.dtype == "float64":
        values = column.to_numpy()
        some = np.abs(values[np.isfinite(values) & (values != 0)])
        if len(some) and some.max() < MISREAD:
            way = f"x${name} <- as.numeric(x${name})"
            raise SourceSchemaError(f"column {name!r} has whole numbers of 64 bits (integer64); in R, {way}, {_AGAIN}")
        return column + 0.0
    kinds = {type(value) for value in column.dropna()} if column.dtype == object else set()
    if kinds == {int}:
        return column.astype("float64")
    return pd.to_datetime(column) if kinds == {datetime.date} else column
