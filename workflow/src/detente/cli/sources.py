"""List the sources of the record: version, years coded, key, variables, terms, citation."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path

import pandas as pd

from detente.config import SourceRecord, load_project, load_record
from detente.errors import ConfigError, choices
from detente.sources import REGISTRY, Source
from detente.sources.record import RECORD

MODULES = {**REGISTRY, **RECORD}


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--root", type=Path, default=Path(), help="folder of the project (has config/)")
    parser.add_argument("--only", nargs="+", metavar="SOURCE", help="sources to list (default: all)")
    parser.add_argument("--format", choices=("text", "csv"), default="text", help="for reading, or for machines")


def run(arguments: argparse.Namespace) -> None:
    """Print the list."""
    records = {**load_project(arguments.root).sources, **load_record(arguments.root)}
    for name in arguments.only or ():
        if name not in records:
            raise ConfigError(f"--only: {name!r} is no source; {choices(name, records)}")
    chosen = {name: records[name] for name in arguments.only or records}
    if arguments.format == "csv":
        print(pd.DataFrame([_row(name, record) for name, record in chosen.items()]).to_csv(index=False), end="")
    else:
        print("\n\n".join(_entry(name, record, MODULES[name]) for name, record in chosen.items()))


def _row(name: str, record: SourceRecord) -> dict[str, object]:
    module = MODULES[name]
    return {
        "source": name,
        "title": record.title,
        "version": record.version,
        "first_year": record.years[0],
        "last_year": record.years[1],
        "joined": name in REGISTRY,
        "key": module.key,
        "variables": " ".join(v.name for v in module.variables),
        "files": " ".join(f.file for f in record.files),
        "bytes": sum(f.bytes for f in record.files),
        "terms": record.terms,
        "citation": record.citation,
    }


def _entry(name: str, record: SourceRecord, module: Source) -> str:
    """One source as a paragraph."""
    variables = ", ".join(v.name for v in module.variables) or "spells"
    lines = [
        f"{name}: {record.title} ({record.version})",
        f"{record.years[0]}–{record.years[1]}, {module.key}, {_count(record)}"
        + ("" if name in REGISTRY else ", joined by no study yet"),
        variables,
        record.terms + ".",
        record.citation,
    ]
    return "\n".join(
        [lines[0], *(textwrap.fill(line, 100, initial_indent="  ", subsequent_indent="  ") for line in lines[1:])]
    )


def _count(record: SourceRecord) -> str:
    return "1 file" if len(record.files) == 1 else f"{len(record.files)} files"
