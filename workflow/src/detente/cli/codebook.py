"""List every variable that a panel of some sources offers: no data are needed."""

import argparse
import shutil
import textwrap
from collections.abc import Hashable, Mapping
from pathlib import Path

import pandas as pd

from detente.cli.command import Command
from detente.cli.offer import Offer, add_unit, offered
from detente.data import SourceRecord
from detente.data.panel import Entry
from detente.data.panel import codebook as listed
from detente.report.site import pipe_table

COMMAND = Command(
    summary="list the variables that a panel offers", group="data", example="detente codebook --add gml mme --directed"
)

HEAD = ("variable", "label", "unit", "role", "years", "absent")
ABSENCE = "Absent: what a row without a record has in the years that are covered; outside them, everything is missing."
# With less room for labels a table cannot be read: each variable then has lines of its own.
ROOM = 36
UNIT = 18
# Where the output is no terminal.
PAGE = (100, 24)
DERIVED = "derived"


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument(
        "--add",
        nargs="+",
        default=["all"],
        metavar="SOURCE",
        help="sources of the panel, with spaces or commas between, or YAML files of your own data (default: all)",
    )
    add_unit(parser)
    parser.add_argument("--variables", nargs="+", metavar="NAME", help="variables to list (default: all)")
    parser.add_argument("--format", choices=("text", "csv", "markdown"), default="text", help="text for reading")
    parser.add_argument("--root", type=Path, help="folder of the project (default: here, or the checkout)")


def run(arguments: argparse.Namespace) -> None:
    """Print the list."""
    offer = offered(arguments)
    table = offer_table(offer)
    if arguments.format == "csv":
        print(table.to_csv(index=False, lineterminator="\n"), end="")
    elif arguments.format == "markdown":
        print(pipe_table(list(table.columns), table.to_numpy().tolist()), end="")
    else:
        print(_text(table, offer.records, shutil.get_terminal_size(PAGE).columns))


def offer_table(offer: Offer) -> pd.DataFrame:
    """One row per variable: the codebook, and the years in which all that the variable is made from are coded."""
    table = listed(offer.entries)
    spans = [_covered(entry, offer.records) for entry in offer.entries.values()]
    table["first_year"], table["last_year"] = [first for first, _ in spans], [last for _, last in spans]
    return table


def _covered(entry: Entry, records: Mapping[str, SourceRecord]) -> tuple[int, int]:
    spans = [records[slug].years for slug in entry.sources]
    return max(first for first, _ in spans), min(last for _, last in spans)


def _text(table: pd.DataFrame, records: Mapping[str, SourceRecord], width: int) -> str:
    """The list for a terminal, source by source; what is made from several comes last."""
    rows = [_cells(row) for row in table.to_dict("records")]
    widths = _widths(rows, width)
    shown = [f"  {_row(rows[i], widths)}" if widths else _stacked(rows[i], width) for i in range(len(rows))]
    order = [*(s for s in dict.fromkeys(table["source"]) if s != DERIVED), DERIVED]
    blocks = []
    for slug in order:
        lines = [shown[i] for i, source in enumerate(table["source"]) if source == slug]
        record = records.get(slug)
        head = f"{slug}: {record.title} ({record.version})" if record else "made from other variables, in brackets"
        blocks += ["\n".join([_wrapped(head, width, "", "    "), *lines])] if lines else []
    top = [f"  {_row(list(HEAD), widths)}"] if widths else []
    return "\n\n".join([*top, *blocks, _wrapped(f"{len(rows)} variables. {ABSENCE}", width, "", "")])


def _cells(row: Mapping[Hashable, object]) -> list[str]:
    """What the list says of a variable, in the order of `HEAD`."""
    made = str(row["made_from"])
    label = f"{row['label']} [{made.replace(' ', ', ')}]" if made != row["source"] else str(row["label"])
    absent = "missing" if row["absent_means"] == "missing" else "0"
    return [
        str(row["variable"]),
        label,
        str(row["unit"]),
        str(row["role"]),
        f"{row['first_year']}–{row['last_year']}",
        absent,
    ]


def _widths(rows: list[list[str]], width: int) -> list[int]:
    """Width of each cell, labels having what is left; none if that is too little for a table."""
    name, unit, role = (max(len(row[i]) for row in rows) for i in (0, 2, 3))
    others = [name, min(unit, UNIT), role, len("1816–2016"), len("missing")]
    label = width - sum(others) - 2 * len(HEAD)
    return [name, label, *others[1:]] if label >= ROOM else []


def _stacked(cells: list[str], width: int) -> str:
    """A variable as a paragraph."""
    name, label, unit, role, years, absent = cells
    first = _wrapped(f"{name}: {label}", width, "  ", "      ")
    return f"{first}\n{_wrapped(f'{unit}; {role}; {years}; absent: {absent}', width, '      ', '      ')}"


def _row(cells: list[str], widths: list[int]) -> str:
    """One row of the table, over several lines where a cell needs them."""
    wrapped = [
        textwrap.wrap(cell, width, break_on_hyphens=False) or [""] for cell, width in zip(cells, widths, strict=True)
    ]
    height = max(map(len, wrapped))
    lines = []
    for i in range(height):
        parts = [(w[i] if i < len(w) else "").ljust(n) for w, n in zip(wrapped, widths, strict=True)]
        lines.append("  ".join(parts).rstrip())
    return "\n  ".join(lines)


def _wrapped(text: str, width: int, first: str, rest: str) -> str:
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
