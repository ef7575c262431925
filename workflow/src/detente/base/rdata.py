"""Data frames as R's saveRDS writes them, with a label on each column: XDR, version 2 (R Internals, "Serialization").

Written here because no library that writes them writes labels.
"""

import gzip
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.whole import smallest

# Kinds of objects, and flags of them.
_PAIRS, _SYMBOL, _CHARACTERS, _LOGICAL, _INTEGER, _DOUBLE, _STRINGS, _LIST, _END, _REFERENCE = (
    2, 1, 9, 10, 13, 14, 16, 19, 254, 255,
)  # fmt: skip
_OBJECT, _ATTRIBUTES, _TAGGED = 1 << 8, 1 << 9, 1 << 10
_ASCII, _UTF8 = 1 << 18, 1 << 15
# Version of the format, and versions of R that write and can read it.
_HEADER = struct.pack(">2sIII", b"X\n", 2, 3 << 16 | 5 << 8, 2 << 16 | 3 << 8)
_MISSING_INTEGER = -(2**31)
_MISSING_DOUBLE = struct.unpack(">d", struct.pack(">II", 0x7FF00000, 1954))[0]
# Whole numbers whose products no integer of R overflows with; others stay doubles.
_WHOLE = {"integer": (-32_767, 32_767)}


def write_rds(frame: pd.DataFrame, labels: Mapping[str, str], path: Path) -> None:
    """Write a data frame, compressed, with the same bytes for the same frame.

    Columns of numbers, truth values or text. Those of whole numbers of at most 16 bits, none of them missing, are
    integers: libraries other than R read integers with NA among them as objects. Missing numbers are NA. `labels`: of
    columns by name, which R has as the attribute "label". Raises ValueError for columns of other types.
    """
    with path.open("wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as stream:
        _Writer(cast("IO[bytes]", stream)).frame(frame, labels)


class _Writer:
    """R's objects, one after the other; a symbol is written once and referred to later."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.symbols: dict[str, int] = {}

    def frame(self, frame: pd.DataFrame, labels: Mapping[str, str]) -> None:
        self.stream.write(_HEADER)
        self.integers(_LIST | _OBJECT | _ATTRIBUTES, len(frame.columns))
        for name, column in frame.items():
            self.column(column, labels.get(str(name)))
        self.attribute("names")
        self.strings([str(name) for name in frame.columns])
        self.attribute("class")
        self.strings(["data.frame"])
        self.attribute("row.names")
        self.integers(_INTEGER, 2, _MISSING_INTEGER, -len(frame))
        self.integers(_END)

    def column(self, column: pd.Series, label: str | None) -> None:
        flags = _ATTRIBUTES if label else 0
        missing = column.isna().to_numpy()
        if column.dtype.kind == "b":
            self.vector(_LOGICAL | flags, column.to_numpy(dtype=">i4"))
        elif not missing.any() and smallest(column, _WHOLE):
            self.vector(_INTEGER | flags, column.to_numpy(dtype=">i4"))
        elif column.dtype.kind in "iuf":
            numbers = column.to_numpy(dtype=">f8", copy=True)
            numbers[missing] = _MISSING_DOUBLE
            self.vector(_DOUBLE | flags, numbers)
        elif pd.api.types.is_string_dtype(column):
            self.strings([None if pd.isna(text) else str(text) for text in column], flags)
        else:
            raise ValueError(f"{column.name}: R has no type for {column.dtype}")
        if label:
            self.attribute("label")
            self.strings([label])
            self.integers(_END)

    def integers(self, *numbers: int) -> None:
        self.stream.write(np.array(numbers, dtype=">i4").tobytes())

    def vector(self, flags: int, values: npt.NDArray[Any]) -> None:
        self.integers(flags, len(values))
        self.stream.write(values.tobytes())

    def strings(self, texts: list[str | None] | list[str], flags: int = 0) -> None:
        self.integers(_STRINGS | flags, len(texts))
        encoded = {text: _characters(text) for text in dict.fromkeys(texts)}
        self.stream.write(b"".join(encoded[text] for text in texts))

    def attribute(self, name: str) -> None:
        """The name of an attribute, whose value follows."""
        self.integers(_PAIRS | _TAGGED)
        if name in self.symbols:
            self.integers(self.symbols[name] << 8 | _REFERENCE)
        else:
            self.symbols[name] = len(self.symbols) + 1
            self.integers(_SYMBOL)
            self.stream.write(_characters(name))


def _characters(text: str | None) -> bytes:
    """One text, or NA."""
    if text is None:
        return struct.pack(">Ii", _CHARACTERS, -1)
    content = text.encode("utf-8")
    return struct.pack(">Ii", _CHARACTERS | (_ASCII if text.isascii() else _UTF8), len(content)) + content
