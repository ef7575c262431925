"""What a panel of some sources offers, as several commands are asked for it: options, variables, records."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from detente.base.errors import ConfigError, UnknownVariable, choices
from detente.data import SourceRecord, load_sources, project_root
from detente.data.panel import STATES, Entry, Unit, catalogue, chosen
from detente.data.record import own_source


@dataclass(frozen=True)
class Offer:
    """Variables of a panel by name, and the `records` of the sources at hand by slug, data of one's own among them."""

    entries: Mapping[str, Entry]
    records: Mapping[str, SourceRecord]
    unit: Unit


def add_unit(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what a row is."""
    parser.add_argument("--unit", choices=("dyad-year", "state-year"), default="dyad-year", help="what a row is")
    parser.add_argument("--directed", action="store_true", help="a row for each direction of a dyad: source, target")


def unit_of(arguments: argparse.Namespace) -> Unit:
    """The unit that the options name; raises ConfigError for a directed state-year."""
    if arguments.unit == "state-year":
        if arguments.directed:
            raise ConfigError("--directed: a state-year has no direction; leave it out, or use --unit dyad-year")
        return "state-year"
    return "directed-dyad-year" if arguments.directed else "dyad-year"


def offered(arguments: argparse.Namespace) -> Offer:
    """What a panel of `--add`, `--unit`, `--directed` and `--variables` would hold; reads no raw file of the record.

    Raises
    ------
    ConfigError
        If a name is no source.
    UnknownVariable
        If a variable is not offered by these sources.
    """
    names = sources_named(arguments.add)
    files = [name for name in names if name.endswith((".yaml", ".yml"))]
    modules = chosen([name for name in names if name not in files])
    own = [own_source(Path(name)) for name in files]
    unit = unit_of(arguments)
    entries = catalogue([*modules, *(o.source for o in own)], unit)
    for name in arguments.variables or ():
        if name not in entries:
            raise UnknownVariable(f"the panel has no variable {name!r}; {choices(name, entries)}")
    kept = {name: e for name, e in entries.items() if name in (arguments.variables or entries)}
    listed = load_sources(arguments.root or project_root())
    records = {m.slug: listed[m.slug] for m in modules} | {o.source.slug: o.record for o in own}
    return Offer(kept, records, unit)


def used(entries: Mapping[str, Entry], records: Mapping[str, SourceRecord]) -> dict[str, SourceRecord]:
    """Records of what these variables are made from, and of the list of states, in the order of `records`."""
    slugs = {STATES, *(slug for entry in entries.values() for slug in entry.sources)}
    return {slug: record for slug, record in records.items() if slug in slugs}


def sources_named(words: Sequence[str]) -> list[str]:
    """Names given with spaces or commas between them."""
    return [name for word in words for name in word.split(",") if name]
