"""Columns as compact text that a script unpacks: base64 of little-endian bytes, with a list of levels where few occur.

Numbers keep all of their digits. The same frame gives the same text.
"""

from base64 import b64encode
from typing import Any, Literal

import numpy as np
import pandas as pd

Kind = Literal["words", "real", "whole", "hex"]
_TYPES = {"real": "<f8", "whole": "<i4"}
# Levels that a code of one byte, or of two, can name.
_ONE, _TWO = 2**8, 2**16


def packed(values: pd.Series, kind: Kind) -> dict[str, Any]:
    """Pack a column (N,).

    `words` are strings, always by levels; `real` and `whole` are numbers, by levels where that is shorter; `hex` is the
    part after the last dot of ids that end in hexadecimal digits, all of one length. Returns `kind`, `data` and, where
    there are levels, these and the `width` of a code in bytes: 0 where one level is all there is.
    Raises OverflowError if there are more than 65,536 words, or a whole number does not fit into four bytes.
    """
    if kind == "hex":
        digits = "".join(values.astype(str).str.rpartition(".")[2])
        return {"kind": kind, "data": text_of(bytes.fromhex(digits))}
    if kind == "words":
        codes, words = pd.factorize(values.astype(str))
        return {"kind": kind, "levels": [str(word) for word in words], **_coded(codes, len(words))}
    numbers = values.to_numpy(dtype=np.float64) + 0.0
    if kind == "whole" and (np.abs(numbers) >= 2**31).any():
        raise OverflowError(f"{values.name}: {numbers.max():,.0f} does not fit into four bytes")
    whole = numbers.astype(_TYPES[kind])
    codes, levels = pd.factorize(whole, use_na_sentinel=False)
    plain = {"kind": kind, "data": text_of(whole.tobytes())}
    if len(levels) > _TWO:
        return plain
    short = {"kind": kind, "levels": text_of(levels.astype(_TYPES[kind]).tobytes()), **_coded(codes, len(levels))}
    return short if len(str(short["levels"])) + len(short["data"]) < len(str(plain["data"])) else plain


def _coded(codes: Any, levels: int) -> dict[str, Any]:
    if levels > _TWO:
        raise OverflowError(f"{levels:,} levels: a code has two bytes at most")
    width = 0 if levels <= 1 else 1 if levels <= _ONE else 2
    return {"width": width, "data": text_of(codes.astype(f"<u{width}").tobytes()) if width else ""}


def text_of(content: bytes) -> str:
    """Return bytes as base64."""
    return b64encode(content).decode("ascii")
