"""Columns in little room, which a script unpacks: bytes one after the other, deflated, as text.

Numbers keep all of their digits: first bytes of all values stand together, then second ones, and so on, as these are
alike. Few different values are kept once each, with codes. The same frame gives the same text.
"""

import json
from base64 import b64encode
from typing import Any, Literal

import numpy as np
import pandas as pd

from detente.base.deflate import deflated
from detente.base.types import Array

Kind = Literal["words", "real", "whole", "hex"]
_TYPES = {"real": "<f8", "whole": "<i4"}
# Levels that a code of one byte, or of two, can name.
_ONE, _TWO = 2**8, 2**16


class Packing:
    """Bytes of columns, and where each lies: its first byte and how many there are."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def column(self, values: pd.Series, kind: Kind) -> dict[str, Any]:
        """Pack a column (N,).

        `words` are strings, always by levels; `real` and `whole` are numbers, by levels where that is shorter; `hex` is
        the part after the last dot of ids that end in hexadecimal digits, all of one length. Returns `kind`, the place
        of its `data`, the `width` of each value or code in bytes and, where there are levels, these: a width of 0 means
        that one level is all there is.
        Raises OverflowError if there are more than 65,536 words, or a whole number does not fit into four bytes.
        """
        if kind == "hex":
            digits = values.astype(str).str.rpartition(".")[2]
            width = len(digits.iloc[0]) // 2 if len(digits) else 0
            return {"kind": kind, "width": width, "data": self._put(bytes.fromhex("".join(digits)), width)}
        if kind == "words":
            codes, words = pd.factorize(values.astype(str))
            return {"kind": kind, "levels": [str(word) for word in words], **self._coded(codes, len(words))}
        numbers = values.to_numpy(dtype=np.float64) + 0.0
        if kind == "whole" and (np.abs(numbers) >= 2**31).any():
            raise OverflowError(f"{values.name}: {numbers.max():,.0f} does not fit into four bytes")
        whole = numbers.astype(_TYPES[kind])
        codes, levels = pd.factorize(whole, use_na_sentinel=False)
        if len(levels) > _TWO or len(levels) * whole.itemsize + len(whole) * _width(len(levels)) >= whole.nbytes:
            return {"kind": kind, **self.numbers(whole)}
        distinct = levels.astype(_TYPES[kind])
        place = self._put(distinct.tobytes(), distinct.itemsize)
        return {"kind": kind, "levels": place, **self._coded(codes, len(levels))}

    def numbers(self, values: Array) -> dict[str, Any]:
        """Pack numbers as they are, row after row; returns their place and width."""
        return {"width": values.itemsize, "data": self._put(values.tobytes(), values.itemsize)}

    def text(self, head: dict[str, Any]) -> str:
        """Return `head`, which names columns and places, with all bytes: deflated, in base64."""
        said = json.dumps(head, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
        return b64encode(deflated(len(said).to_bytes(4, "little") + said + b"".join(self.parts))).decode("ascii")

    def _put(self, content: bytes, width: int) -> list[int]:
        if width > 1:
            content = np.frombuffer(content, dtype=np.uint8).reshape(-1, width).T.tobytes()
        place = [self.size, len(content)]
        self.parts.append(content)
        self.size += len(content)
        return place

    def _coded(self, codes: Any, levels: int) -> dict[str, Any]:
        if levels > _TWO:
            raise OverflowError(f"{levels:,} levels: a code has two bytes at most")
        width = _width(levels)
        return {"width": width, "data": self._put(codes.astype(f"<u{width}").tobytes() if width else b"", width)}


def _width(levels: int) -> int:
    """Bytes of a code of so many levels."""
    return 0 if levels <= 1 else 1 if levels <= _ONE else 2
