"""One table object, and its renderings: HTML, LaTeX, typst and CSV."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape as html_escape
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, NamedTuple

from jinja2 import DictLoader, Environment, StrictUndefined

from detente.base.code import PROJECT
from detente.report.formats import MINUS
from detente.report.tables.keys import Key

SIMULATED = "SIMULATED WORLD"
BANNER = f"{SIMULATED}: every number here is made up to test the pipeline; none is evidence"
"""What stands above every page of a simulated world."""
TEMPLATES = PROJECT / "workflow" / "report"
"""Folder of the templates of tables, paper and pages."""
# "decimal": on the right, with decimal points in line; "text": sentences, on the left, broken into lines.
WIDE = 8
"""Columns of a table that is wide: it is set smaller before its words are broken."""
Alignment = Literal["left", "center", "right", "decimal", "text"]
_TAIL = re.compile(r"(?<=\d)(\.\d+)?\D*$")


@dataclass(frozen=True)
class Column:
    """A column: its head, and how it prints a record; neighbours with the same `group` share a head above their own."""

    label: str
    group: str = ""
    align: Alignment = "right"
    show: Callable[[Any], str] = field(default=str, compare=False, repr=False)

    @property
    def side(self) -> str:
        """Where cells stand: left, center or right."""
        return {"decimal": "right", "text": "left"}.get(self.align, self.align)


def columns(*labels: str, group: str = "", align: Alignment = "right") -> tuple[Column, ...]:
    """Columns with these heads, alike in group and alignment."""
    return tuple(Column(label, group, align) for label in labels)


class Link(NamedTuple):
    """Where a page leads from a row: the words of the link, its address, and what it says when it is pointed at."""

    text: str
    href: str
    title: str


@dataclass(frozen=True)
class Row:
    """A row of printed cells, one a column; a row with no cells at all is the heading of what follows.

    `keys` say which rows of which frames it is read from; `links` lead there, on a page that has files of these.
    """

    label: str
    cells: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    links: tuple[Link, ...] = ()


class Cell(NamedTuple):
    """A printed cell, and what stands invisibly behind it so that decimal points of its column are in line."""

    text: str
    behind: str = ""


class Line(NamedTuple):
    """A row as it is printed."""

    label: str
    cells: tuple[Cell, ...]
    links: tuple[Link, ...] = ()


def shown(label: str, columns: Iterable[Column], record: Any, *keys: Key) -> Row:
    """Return the row of what each column shows of a record, read from the rows of these keys."""
    return Row(label, tuple(column.show(record) for column in columns), keys)


class Group(NamedTuple):
    """A run of neighbouring columns under one head: `first` and `last` count table columns from 1."""

    label: str
    first: int
    last: int
    span: int


@dataclass(frozen=True)
class Table:
    """A finished table: text only, rounded, in the order of print.

    `name` is a file-safe id, `stub` the head of the label column, `dense` asks for a smaller type.
    """

    name: str
    title: str
    stub: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())
    simulated: bool = False
    dense: bool = False

    def __post_init__(self) -> None:
        for row in self.rows:
            if row.cells and len(row.cells) != len(self.columns):
                width = f"{len(row.cells)} cells for {len(self.columns)} columns"
                raise ValueError(f"table {self.name!r}, row {row.label!r}: {width}")

    @property
    def lines(self) -> tuple[Line, ...]:
        """Rows as they are printed: decimal points are in line within each part of the table."""
        parts = [list(rows) for _, rows in groupby(self.rows, lambda row: bool(row.cells))]
        return tuple(line for part in parts for line in _aligned(self.columns, part))

    @property
    def linked(self) -> bool:
        """Whether a row leads to the rows of frames that it is read from."""
        return any(row.links for row in self.rows)

    @property
    def wordy(self) -> bool:
        """Whether a column holds sentences."""
        return any(column.align == "text" for column in self.columns)

    @property
    def unbroken(self) -> tuple[tuple[str, ...], ...]:
        """Of the labels and each column of a wide table, the words that stay on one line, which are all short."""
        rows = [row for row in self.rows if row.cells] if len(self.columns) >= WIDE else []
        labels = tuple(row.label for row in rows)
        words = (tuple(r.cells[i] for r in rows) if c.align == "left" else () for i, c in enumerate(self.columns))
        return _short(labels, 24), *(_short(column, 14) for column in words)

    @property
    def heading(self) -> str:
        """The title, marked if the world is simulated."""
        return f"{self.title} ({SIMULATED})" if self.simulated else self.title

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notes, marked if the world is simulated."""
        mark = f"{SIMULATED}: planted data, no evidence about any state."
        return (mark, *self.notes) if self.simulated else self.notes

    @property
    def groups(self) -> tuple[Group, ...]:
        """Heads above heads, the label column among them; empty if no column has a group."""
        if not any(column.group for column in self.columns):
            return ()
        runs = [Group("", 1, 1, 1)]
        for label, members in groupby(column.group for column in self.columns):
            first, span = runs[-1].last + 1, len(list(members))
            runs.append(Group(label, first, first + span - 1, span))
        return tuple(runs)


def _short(words: tuple[str, ...], most: int) -> tuple[str, ...]:
    return words if all(len(word) <= most for word in words) else ()


def _aligned(columns: tuple[Column, ...], rows: list[Row]) -> list[Line]:
    """Rows of one part of a table: to the widest tail, say ".025)", each shorter one is made up by its missing end."""
    tails = [[found[0] if (found := _TAIL.search(cell)) else "" for cell in row.cells] for row in rows]
    widest = [max((row[i] for row in tails if row), key=len, default="") for i in range(len(columns))]
    return [
        Line(row.label, tuple(_cell(*each) for each in zip(columns, row.cells, own, widest, strict=False)), row.links)
        for row, own in zip(rows, tails, strict=True)
    ]


def _cell(column: Column, text: str, tail: str, widest: str) -> Cell:
    numeric = column.align == "decimal" and text[-1:] != "" and any(sign.isdigit() for sign in text)
    return Cell(text, widest[len(tail) :] if numeric else "")


_TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
        "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$", "|": r"\textbar{}",
        MINUS: "$-$", "×": r"$\times$", "±": r"$\pm$", "≤": r"$\leq$", "≥": r"$\geq$", "÷": r"$\div$", "·": r"$\cdot$",
        **{digit: f"$^{{{i}}}$" for i, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}, "⁻": "$^{-}$",
        "–": "--", "—": "---", "“": "``", "”": "''", "‘": "`", "’": "'", "\u00a0": "~", "\u202f": r"\,",
    }
)  # fmt: skip


def tex(text: str) -> str:
    """Escape plain text for LaTeX; typographic signs become commands that need no package."""
    return text.translate(_TEX)


def typst_string(text: str) -> str:
    """Return `text` as a typst string literal, the one form in which no sign is markup."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def ascii_minus(text: str) -> str:
    """Return a printed number as software reads it: a hyphen for the minus sign."""
    return re.sub(rf"{MINUS}(?=[\d.])", "-", text)


_ESCAPES: Mapping[str, Callable[[str], str]] = {"html": html_escape, "tex": tex, "typ": typst_string}
# In LaTeX and typst templates, as braces and hashes are theirs.
_FENCES = {
    "block_start_string": "((*", "block_end_string": "*))", "variable_start_string": "(((",
    "variable_end_string": ")))", "comment_start_string": "((=", "comment_end_string": "=))",
}  # fmt: skip


def read_templates(folder: Path = TEMPLATES) -> dict[str, str]:
    """Read every Jinja template of a folder: name → text."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.j2"))}


def environment(templates: Mapping[str, str], kind: str) -> Environment:
    """Return a strict Jinja environment over template texts, with `| e` escaping for `kind` (html, tex, typ).

    In LaTeX and typst templates `((* *))` and `((( )))` are the tags.
    """
    braces: dict[str, Any] = {} if kind == "html" else _FENCES
    made = Environment(
        loader=DictLoader(dict(templates)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # every value is escaped by name, as `e` differs by format
        **braces,
    )
    made.filters["e"] = _ESCAPES[kind]
    return made


def render(table: Table, kind: str, templates: Mapping[str, str]) -> str:
    """Render a table as "html", "tex" or "typ" from `table.<kind>.j2` in `templates`, or as "csv"."""
    if kind == "csv":
        return _csv(table)
    return environment(templates, kind).get_template(f"table.{kind}.j2").render(table=table)


def fragment(html: str) -> str:
    """Return the figure element of a table's page, for a page that holds it."""
    return html[html.index("<figure") : html.index("</figure>") + len("</figure>")]


def _csv(table: Table) -> str:
    """Return the cells as printed; heads are joined, headings and the world have columns of their own."""
    sectioned = any(not row.cells for row in table.rows)
    heads = [f"{c.group}: {c.label}" if c.group else c.label for c in table.columns]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    mark, world = (["world"], [SIMULATED]) if table.simulated else ([], [])
    writer.writerow([*mark, *(["section"] if sectioned else []), table.stub or "row", *heads])
    section, label = "", ""
    for row in table.rows:
        if not row.cells:
            section = row.label
            continue
        label = row.label or label
        cells = [ascii_minus(cell) for cell in row.cells]
        writer.writerow([*world, *([section] if sectioned else []), label, *cells])
    return buffer.getvalue()
