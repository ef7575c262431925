"""Which rows of which frame a printed row is read from, so that a page can lead from its numbers to these."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Key:
    """Rows of a frame: those that have these values in these columns."""

    frame: str
    where: tuple[tuple[str, Any], ...]


def key(frame: str, record: Any, *columns: str) -> Key:
    """Return the key of the rows of a frame that share these columns with a record, a mapping or a named tuple."""
    of = record.__getitem__ if isinstance(record, Mapping) else lambda name: getattr(record, name)
    return Key(frame, tuple((name, of(name)) for name in columns))
