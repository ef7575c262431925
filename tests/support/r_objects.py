"""R's serialized objects, read by their definition (R Internals, "Serialization Formats") as plain Python."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NA_INTEGER, NA_DOUBLE = -(2**31), bytes.fromhex("7ff00000000007a2")


@dataclass
class RObject:
    """A vector, and its attributes by name."""

    items: list[Any]
    attributes: dict[str, RObject] = field(default_factory=dict)


def read_r(path: Path) -> RObject:
    """The object of an .rds file."""
    content = gzip.decompress(path.read_bytes())
    assert content[:2] == b"X\n"
    reader = _Reader(content[2:])
    assert reader.integer() == 2
    assert [reader.integer() >> 16 for _ in range(2)] == [3, 2], "written by R 3, to be read by R 2"
    found = reader.item()
    assert reader.at == len(reader.content), "all is read"
    return found


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content, self.at, self.symbols = content, 0, [""]

    def take(self, size: int) -> bytes:
        self.at += size
        return self.content[self.at - size : self.at]

    def integer(self) -> int:
        return int(struct.unpack(">i", self.take(4))[0])

    def characters(self) -> str | None:
        flags, size = self.integer(), self.integer()
        assert flags & 255 == 9
        if size == -1:
            return None
        content = self.take(size)
        assert bool(flags >> 12 & 64) == content.isascii(), "plain text is marked as such"
        assert bool(flags >> 12 & 8) != content.isascii(), "and other text as UTF-8"
        return content.decode("utf-8")

    def item(self) -> RObject:
        flags = self.integer()
        kind, size = flags & 255, self.integer()
        read = {10: self.integer, 13: self.integer, 14: self.double, 16: self.characters, 19: self.item}[kind]
        found = RObject([read() for _ in range(size)])
        if flags & 512:
            found.attributes = dict(self.pairs())
        assert bool(flags & 256) == ("class" in found.attributes), "an object has a class"
        return found

    def double(self) -> float | None:
        content = self.take(8)
        return None if content == NA_DOUBLE else float(struct.unpack(">d", content)[0])

    def pairs(self) -> Iterator[tuple[str, RObject]]:
        while (flags := self.integer()) != 254:
            assert flags == 2 | 1024, "a pair with a tag"
            kind = self.integer()
            if kind == 1:
                self.symbols.append(str(self.characters()))
            yield self.symbols[-1 if kind == 1 else kind >> 8], self.item()
