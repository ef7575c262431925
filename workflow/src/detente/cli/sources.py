"""List the sources of the record: version, years coded, rows, variables, terms, citation."""

import argparse
import textwrap
from pathlib import Path

import pandas as pd

from detente.base.errors import ConfigError, choices
from detente.cli.command import Command
from detente.cli.offer import sources_named
from detente.data import SourceRecord, load_sources, project_root
from detente.data.sources import ALIASES, REGISTRY, Source

COMMAND = Command(
    summary="list the sources: version, years, rows, variables, terms, citation",
    group="data",
    example="detente sources --only mme gml-mid",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--root", type=Path, help="folder of the project (default: here, or the checkout)")
    parser.add_argument("--only", nargs="+", metavar="SOURCE", help="sources to list (default: all)")
    parser.add_argument("--format", choices=("text", "csv"), default="text", help="for reading, or for machines")


def run(arguments: argparse.Namespace) -> None:
    """Print the list."""
    records = load_sources(arguments.root or project_root())
    wanted = [ALIASES.get(name, name) for name in sources_named(arguments.only or ())] or records
    for name in wanted:
        if name not in records:
            raise ConfigError(f"--only: {name!r} is no source; {choices(name, [*records, *ALIASES])}")
    chosen = {name: records[name] for name in wanted}
    if arguments.format == "csv":
        print(pd.DataFrame([_row(name, record) for name, record in chosen.items()]).to_csv(index=False), end="")
    else:
        print("\n\n".join(_entry(name, record, REGISTRY[name]) for name, record in chosen.items()))


def _row(name: str, record: SourceRecord) -> dict[str, object]:
    module = REGISTRY[name]
    return {
        "source": name,
        "title": record.title,
        "theme": record.theme,
        "version": record.version,
        "first_year": record.years[0],
        "last_year": record.years[1],
        "key": module.key,
        "rows": record.rows,
        "variables": " ".join(v.name for v in module.variables),
        "files": " ".join(f.file for f in record.files),
        "bytes": sum(f.bytes for f in record.files),
        "terms": record.terms,
        "citation": record.citation,
        "references": " ".join(record.references),
    }


def _entry(name: str, record: SourceRecord, module: Source) -> str:
    """One source as a paragraph."""
    variables = ", ".join(v.name for v in module.variables) or "spells"
    lines = [
        f"{name}: {record.title}, version {record.version}",
        f"{record.years[0]}–{record.years[1]}; {record.rows or 0:,} rows by {module.key}; {_count(record)}",
        variables,
        record.terms + ".",
        record.citation.replace("{", "").replace("}", ""),
    ]
    return "\n".join(
        [lines[0], *(textwrap.fill(line, 100, initial_indent="  ", subsequent_indent="  ") for line in lines[1:])]
    )


def _count(record: SourceRecord) -> str:
    return "1 file" if len(record.files) == 1 else f"{len(record.files)} files"
