"""Files of R with what data frames may hold, written by its definition (R Internals, "Serialization Formats")."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Mapping, Sequence
from typing import Any

NA = -(2**31)
LOGICAL, INTEGER, DOUBLE, STRING, LIST = 10, 13, 14, 16, 19
NATIVE, LATIN1 = 0, 4
_HEAD = b"X\n" + struct.pack(">3i", 2, 0x30500, 0x20300)


def rds(content: bytes) -> bytes:
    """An .rds of one object."""
    return gzip.compress(_HEAD + content, mtime=0)


def rda(objects: Mapping[str, bytes]) -> bytes:
    """An .rda of several objects by name."""
    return gzip.compress(b"RDX2\n" + _HEAD + _pairs(objects), mtime=0)


def frame(columns: Mapping[str, bytes], rows: int, **attributes: bytes) -> bytes:
    """A data frame; `attributes` take the place of its own."""
    numbered = {"row.names": vector(INTEGER, [NA, -rows]), "class": words("data.frame")}
    return vector(LIST, list(columns.values()), **{"names": words(*columns), **numbered, **attributes})


def vector(kind: int, items: Sequence[Any], **attributes: bytes) -> bytes:
    """A vector with attributes such as class and levels; strings are bytes in Latin-1 if not marked."""
    marks = (0x200 if attributes else 0) | (0x100 if "class" in attributes else 0)
    written = {
        LOGICAL: _integer, INTEGER: _integer, DOUBLE: lambda x: struct.pack(">d", x), STRING: _words, LIST: bytes
    }[kind]  # fmt: skip
    body = b"".join(written(item) for item in items)
    return _integer(kind | marks) + _integer(len(items)) + body + (_pairs(attributes) if attributes else b"")


def words(*items: str) -> bytes:
    """A vector of texts."""
    return vector(STRING, items)


def marked(text: str, mark: int) -> bytes:
    """A text in Latin-1, marked as such or not."""
    return _integer(9 | mark << 12) + _integer(len(text)) + text.encode("latin-1")


def factor(codes: Sequence[int], *levels: str) -> bytes:
    """A factor."""
    return vector(INTEGER, codes, **{"levels": words(*levels), "class": words("factor")})


def _integer(value: int) -> bytes:
    return struct.pack(">i", value)


def _words(item: str | bytes) -> bytes:
    """A text, or one that is written already."""
    if isinstance(item, bytes):
        return item
    content = item.encode("utf-8")
    return _integer(9 | (64 if item.isascii() else 8) << 12) + _integer(len(content)) + content


def _pairs(items: Mapping[str, bytes]) -> bytes:
    named = (_integer(2 | 1024) + _integer(1) + _words(name) + item for name, item in items.items())
    return b"".join(named) + _integer(254)
