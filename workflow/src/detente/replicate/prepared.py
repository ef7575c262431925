"""Data of a published table: every file read, its steps made in order, merges with other files as these are made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from detente.base.errors import ConfigError, DetenteError
from detente.base.expressions import Table
from detente.base.tables import read_table
from detente.replicate.schema import DataFile, Publication
from detente.replicate.steps import (
    Tell,
    as_numbers,
    check,
    collapsed,
    dated,
    kept,
    merged,
    recoded,
    renamed,
    reshaped,
    with_variable,
)


def tables(publication: Publication, paths: Mapping[str, Path], tell: Tell = lambda _: None) -> dict[str, Table]:
    """Tables of all data files by their names, once every step is made; `tell` is told what rows each leaves.

    Raises UnknownVariable, FormulaError, PanelError if a step cannot be made; the message says which, and its line;
    SourceSchemaError if a file cannot be read; ConfigError if files are merged with one another in a circle.
    """
    found: dict[str, Table] = {}
    for name in publication.data:
        _made(publication, paths, name, found, (), tell)
    return {name: found[name] for name in publication.data}


def _made(
    publication: Publication,
    paths: Mapping[str, Path],
    name: str,
    found: dict[str, Table],
    before: tuple[str, ...],
    tell: Tell,
) -> Table:
    if name in found:
        return found[name]
    data = publication.data[name]
    if name in before:
        where = publication.located(["data", name])
        raise ConfigError(f"{where}: files are merged in a circle: {' → '.join((*before, name))}")
    frame = read_table(paths[name], data.form).frame
    for place, step in data.made:
        keys = ["data", name, *place]
        where, other = f"{publication.id} › {name}: ", pd.DataFrame()
        if step.merge:
            other = _made(publication, paths, step.merge.data, found, (*before, name), tell).frame
        try:
            frame = MAKE[step.kind](frame, getattr(step, step.kind), _At(data, other, partial(_told, tell, where)))
        except DetenteError as error:
            raise type(error)(f"{publication.located(keys)}: {error}") from error
    for part, names in (("panel", (*data.panel.key, data.panel.time) if data.panel else ()), ("sides", data.sides)):
        try:
            check(frame, names or ())
        except DetenteError as error:
            raise type(error)(f"{publication.located(['data', name, part])}: {error}") from error
    found[name] = _table(frame, data)
    return found[name]


def _told(tell: Tell, where: str, said: str) -> None:
    tell(where + said)


def _table(frame: pd.DataFrame, data: DataFile) -> Table:
    key, time = (data.panel.key, data.panel.time) if data.panel else ((), "")
    return Table(frame, key, time, data.missing)


@dataclass(frozen=True)
class _At:
    """What a step is made of: its file, the frame of the file it merges with, and who is told of rows."""

    data: DataFile
    other: pd.DataFrame
    tell: Tell


def _derived(frame: pd.DataFrame, variables: Mapping[str, str], at: _At) -> pd.DataFrame:
    """With variables in their order, so that one may use those before it."""
    for name, text in variables.items():
        try:
            frame = with_variable(frame, name, text, _table(frame, at.data))
        except DetenteError as error:
            raise type(error)(f"{name}: {error}") from error
    return frame


MAKE: Mapping[str, Callable[[pd.DataFrame, Any, _At], pd.DataFrame]] = {
    "rename": lambda frame, names, _: renamed(frame, names),
    "numbers": lambda frame, names, at: as_numbers(frame, names, at.data.missing_values),
    "dates": lambda frame, columns, _: dated(frame, columns),
    "recode": lambda frame, columns, at: recoded(frame, columns, at.tell),
    "keep": lambda frame, condition, at: kept(frame, condition, at.data.missing, at.tell),
    "reshape": lambda frame, how, _: reshaped(frame, how),
    "collapse": lambda frame, how, _: collapsed(frame, how),
    "merge": lambda frame, how, at: merged(frame, at.other, how, at.tell),
    "derive": _derived,
}
