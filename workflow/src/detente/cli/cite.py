"""Print BibTeX of what a panel is made from: just that, and the list of states, which every panel needs."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from detente.base.errors import ConfigError
from detente.base.files import read_note, write_text
from detente.cli.command import Command
from detente.cli.offer import add_unit, offered, used
from detente.data import SourceRecord, project_root
from detente.data.panel import Entry, Unit
from detente.data.record import cited, load_references, own_reference

COMMAND = Command(
    summary="print BibTeX of what a panel is made from", group="data", example="detente cite --panel panel.parquet"
)


@dataclass(frozen=True)
class Work:
    """What is to be cited of one source: entries of `config/references.bib`, or `citation` as it stands if none."""

    slug: str
    title: str
    version: str
    references: tuple[str, ...]
    citation: str


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    panel = parser.add_mutually_exclusive_group(required=True)
    panel.add_argument(
        "--add",
        nargs="+",
        metavar="SOURCE",
        help="sources of the panel, with spaces or commas between, or YAML files of your own data",
    )
    panel.add_argument("--panel", type=Path, help="a panel that `detente panel` wrote as parquet")
    add_unit(parser)
    parser.add_argument("--variables", nargs="+", metavar="NAME", help="variables that are kept (default: all)")
    parser.add_argument("--out", type=Path, help="file to write (default: print)")
    parser.add_argument("--root", type=Path, help="folder of the project (default: here, or the checkout)")


def run(arguments: argparse.Namespace) -> None:
    """Print, or write."""
    if arguments.panel:
        if arguments.variables or arguments.directed:
            raise ConfigError("--panel: the file says itself what it holds; leave out --variables and --directed")
        works = _of_panel(arguments.panel)
    else:
        offer = offered(arguments)
        works = works_of(used(offer.entries, offer.records))
    text = bibliography(works, arguments.root or project_root())
    if arguments.out:
        write_text(text, arguments.out)
    else:
        print(text, end="")


def works_of(records: Mapping[str, SourceRecord]) -> list[Work]:
    """What is to be cited of these sources."""
    return [Work(slug, r.title, r.version, r.references, r.citation) for slug, r in records.items()]


def bibliography(works: list[Work], root: Path) -> str:
    """BibTeX of all works, each entry once, after a comment that says which entry is of which source.

    Raises
    ------
    ConfigError
        If `config/references.bib` cannot be read, or lacks an entry.
    """
    references = load_references(root)
    lines, entries = [f"% What this panel is made from: {_count(len(works), 'source')}."], []
    for work in works:
        key = f"{work.slug}-data" if work.slug in references else work.slug
        found = cited(work.references, references) or [own_reference(key, work.title, work.citation)]
        # BibTeX begins an entry at every @, even after a per cent sign.
        said = f"% {work.slug}: {work.title}, version {work.version}".replace("@", "(at)")
        lines.append(f"{said} -> {', '.join(r.key for r in found)}")
        entries += found
    once = {entry.key: entry for entry in entries}
    return "\n".join(lines) + "\n\n" + "\n\n".join(entry.bibtex() for entry in once.values()) + "\n"


def note_of(
    entries: Mapping[str, Entry], records: Mapping[str, SourceRecord], unit: Unit, years: tuple[int, int]
) -> dict[str, object]:
    """What a panel's file says of itself: unit, years, what each variable is made from, and how to cite that."""
    return {
        "unit": unit,
        "years": list(years),
        "variables": {name: list(entry.sources) for name, entry in entries.items()},
        "sources": {
            work.slug: {
                "title": work.title,
                "version": work.version,
                "references": list(work.references),
                "citation": work.citation,
            }
            for work in works_of(used(entries, records))
        },
    }


def _of_panel(path: Path) -> list[Work]:
    """What a written panel says that it is made from."""
    otherwise = "name its sources: detente cite --add …"
    if path.suffix != ".parquet":
        raise ConfigError(f"--panel: {path.name!r} cannot say what it is made from, only parquet can; {otherwise}")
    if not path.is_file():
        raise ConfigError(f"--panel: there is no {path}")
    note = read_note(path)
    if note is None:
        raise ConfigError(
            f"--panel: {path.name!r} does not say what it is made from, as only panels do that `detente panel` made"
            f" of the record; {otherwise}"
        )
    return [
        Work(slug, said["title"], said["version"], tuple(said["references"]), said["citation"])
        for slug, said in note["sources"].items()
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
