"""What may stand above the names of columns: a line that tells Excel the separator, or a title."""

import re
from collections.abc import Sequence

from detente.base.errors import SourceSchemaError

NUMERIC = r"^[+-]?[\d.,]*\d[.,]?([eE][+-]?\d+)?$"
_SEPARATOR = r'"?sep=([^\w\s"]|\t)"?[^\S\r\n]*(?=[\r\n])'
_NAMES, _SHOWN = 3, 4


def named_separator(text: str) -> tuple[str, str | None]:
    """The text with an empty line for a first one that tells Excel the separator (sep=;), and that separator."""
    said = re.match(_SEPARATOR, text, re.IGNORECASE)
    return (text[said.end() :], said[1]) if said else (text, None)


def from_header(text: str, header: int | None) -> str:
    """The text with empty lines above line `header`, from 1, which names the columns; all of it if none is said.

    Raises SourceSchemaError if there is no such line, or it is empty.
    """
    if header is None:
        return text
    lines = text.split("\n")
    refuse_header("line", header, lines[header - 1].strip() if 0 < header <= len(lines) else "")
    return "\n" * (header - 1) + "\n".join(lines[header - 1 :])


def refuse_header(kind: str, header: int, held: Sequence[object] | str) -> None:
    """Raise SourceSchemaError if nothing is held by the line or row that is said to name the columns."""
    if not held:
        raise SourceSchemaError(f"`header` says that {kind} {header} names the columns, and nothing stands there")


def refuse_title(kind: str, first: Sequence[object], second: Sequence[object]) -> None:
    """Raise SourceSchemaError if the first line or row has one field, and the next the names of three or more columns.

    `kind`: line or row. Fields that are None or "" are empty.
    """
    title, below = ([str(cell).strip() for cell in row if cell not in (None, "")] for row in (first, second))
    if len(title) != 1 or len(below) < _NAMES or any(re.match(NUMERIC, cell) for cell in below):
        return
    names = ", ".join(below[:_SHOWN]) + (", …" if len(below) > _SHOWN else "")
    raise SourceSchemaError(
        f"the first {kind} has one field, {title[0]!r}, and the next {len(below)} ({names}): if it is a title, say "
        f"the {kind} of the names (`header`), or delete it, as the first {kind} names the columns"
    )
