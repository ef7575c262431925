"""Short tables and paragraphs of facts, as wide as the terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from detente.cli.command import PAGE


def has(word: str, *texts: str) -> bool:
    """Whether one of the texts has a word, in whatever case."""
    return any(word.casefold() in text.casefold() for text in texts)


def years(span: tuple[int, int]) -> str:
    """First and last year."""
    return f"{span[0]}–{span[1]}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> Iterator[str]:
    """Lines of a table as wide as the terminal; its last column is cut, with an ellipsis, where there is no room."""
    room = width or shutil.get_terminal_size(PAGE).columns
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)][:-1]
    last = max(room - sum(widths) - 2 * len(widths), 20)
    for row in (head, *rows):
        cells = [cell.ljust(size) for cell, size in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[-1] if len(row[-1]) <= last else f"{row[-1][: last - 1]}…"]).rstrip()


def facts(pairs: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """What is said under which name, a line or an indented paragraph each; what is empty is left out."""
    said = [(name, str(value)) for name, value in pairs if value not in (None, "", (), [], {})]
    room, margin = shutil.get_terminal_size(PAGE).columns, max((len(name) for name, _ in said), default=0) + 2
    for name, value in said:
        indent = " " * margin
        yield textwrap.fill(f"{name:<{margin}}{value}", room, subsequent_indent=indent, break_on_hyphens=False)
