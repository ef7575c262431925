"""User data: a small YAML file says what a table holds, and it joins the panel as every source does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from detente.base import strict
from detente.base.errors import ConfigError, SourceSchemaError, choices
from detente.base.files import sha256
from detente.base.frames import validated
from detente.base.tables import FORMATS, read_table, readable, suspected
from detente.data.pins import SourceFile, SourceRecord
from detente.data.record.declared import OwnData
from detente.data.record.places import NUMBERED, Places
from detente.data.record.placing import tidied_rows
from detente.data.sources import Source, Tidy, tidy_schema


@dataclass(frozen=True)
class Own:
    """A source made from a user's file, its tidy rows, and its record: where it is and how to cite it.

    `notes`: how many records of the table found no place and why, what was recognised of how it is written that may be
    wrong, and values that look like missing ones.
    """

    source: Source
    tidy: Tidy
    record: SourceRecord
    notes: tuple[str, ...] = ()


def own_declared(path: Path) -> tuple[Source, SourceRecord]:
    """The source that a user's YAML file describes, and its record; its table is not read.

    Raises ConfigError if the file cannot be read or there is no such table, naming file, line and key.
    """
    definition = strict.read(path, OwnData)
    return definition.source, own_record(definition, placed_table(definition, path))


def own_record(definition: OwnData, table: Path) -> SourceRecord:
    """What is known of a user's table, pinned as it is."""
    pin = SourceFile(file=table.name, address=None, sha256=sha256(table), bytes=max(table.stat().st_size, 1))
    said = definition.model_dump(include={"title", "version", "citation", "terms", "years"})
    return SourceRecord(files=(pin,), **said)


def placed_table(definition: OwnData, path: Path, under: Sequence[str | int] = ()) -> Path:
    """The table that a file describes `under` these keys; raises ConfigError with the line if it cannot be read."""
    table = path.parent / definition.file
    where = " › ".join([strict.located(path, [*under, "file"]), *map(str, under), "file"])
    if not readable(table):
        raise ConfigError(f"{where}: {table.suffix!r} is not a format; {', '.join(FORMATS)}")
    if not table.is_file():
        raise ConfigError(f"{where}: there is no {table}")
    return table


def own_source(path: Path, states: pd.DataFrame | None = None) -> Own:
    """Read a user's YAML file and the table that it describes; raises as `own_table` does, with file, line and key."""
    definition = strict.read(path, OwnData)
    if states is None and definition.codes != "cow":
        raise ConfigError(f"{strict.located(path, ['codes'])} › codes: only a panel's list of states can place these")
    return own_table(definition, placed_table(definition, path), states)


def own_table(definition: OwnData, table: Path, states: pd.DataFrame | None = None) -> Own:
    """Read a user's table.

    `states`: the tidy list of states, by which records are placed; without it COW codes alone are read, and whether a
    state is a member is not asked. Raises ConfigError if the table cannot be read. Raises SourceSchemaError if it lacks
    a column, or has anything but a number or a date where one should be. Raises PanelError if no record is used, a
    smaller share than declared, or a key occurs twice and nothing says how to fold it. Raises BrokenContract if what
    counts events is negative.
    """
    source = definition.source
    labelled = () if definition.codes in NUMBERED else tuple(definition.columns.values())
    read = read_table(table, definition.form, labelled)
    raw = read.frame.set_axis(read.rows, axis=0)
    for column in source.raw[0].columns:
        if column not in raw.columns:
            raise SourceSchemaError(f"{table}: column {column!r} is missing; {choices(column, map(str, raw.columns))}")
    places = None if states is None else Places(states)
    made = tidied_rows(definition, raw, table.name, str(table), places)
    validated(made.tidy.frame, tidy_schema(source), str(table))
    doubts = suspected(made.tidy.frame, [v.name for v in source.variables])
    notes = (*([made.said] if made.said else []), *(f"{table}: {note}" for note in (*read.notes, *doubts)))
    return Own(source, made.tidy, own_record(definition, table), notes)
