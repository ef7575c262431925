"""Data of a published table: every file read, its steps made in order, merges with other files as these are made."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from detente.base.errors import ConfigError, DetenteError, PanelError, SourceSchemaError, UnknownVariable
from detente.base.expressions import Table
from detente.base.tables import read_table, suspected
from detente.replicate.schema import DataFile, Publication
from detente.replicate.stepped import (
    Tell,
    appended,
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
    where = f"{publication.id} › {name}: "
    frame = _read(publication, name, paths[name], partial(_told, tell, where))
    for place, step in data.made:
        keys, other = ["data", name, *place], pd.DataFrame()
        if joined := step.merge or step.append:
            other = _made(publication, paths, joined.data, found, (*before, name), tell).frame
        try:
            frame = MAKE[step.kind](frame, getattr(step, step.kind), _At(data, other, partial(_told, tell, where)))
        except DetenteError as error:
            raise type(error)(f"{publication.located(keys)}: {error}") from error
    for part, names in (("panel", (*data.panel.key, data.panel.time) if data.panel else ()), ("sides", data.sides)):
        try:
            check(frame, names or ())
        except DetenteError as error:
            raise type(error)(f"{publication.located(['data', name, part])}: {error}") from error
    if data.panel and not pd.api.types.is_numeric_dtype(frame[data.panel.time]):
        where = publication.located(["data", name, "panel", "time"])
        raise PanelError(f"{where}: {data.panel.time!r} has no numbers: make them by `numbers` or `dates` of `steps`")
    found[name] = table_of(frame, data)
    return found[name]


def _read(publication: Publication, name: str, path: Path, tell: Tell) -> pd.DataFrame:
    """The file as it is; what was recognised of how it is written, or may be codes of missing values, is told."""
    data = publication.data[name]
    read = read_table(path, data.form, data.labels)
    where = publication.located(["data", name, "labels"])
    try:
        check(read.frame, data.labels)
    except UnknownVariable as error:
        raise UnknownVariable(f"{where}: {error}") from error
    for column in data.labels:
        if pd.api.types.is_numeric_dtype(read.frame[column]):
            raise SourceSchemaError(f"{where}: {column!r} has no value labels: leave it out")
    for said in (*read.notes, *suspected(read.frame, _spoken_of(publication, read.frame), "missing_values")):
        tell(said)
    return _without_empty(read.frame) if read.empty_is_missing else read.frame


def _without_empty(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with missing texts in the place of empty ones."""
    texts = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    return frame.assign(**{str(name): frame[name].mask(frame[name] == "") for name in texts})


def _spoken_of(publication: Publication, frame: pd.DataFrame) -> list[str]:
    """Columns that a model or a step speaks of, but for those that are recoded."""
    texts = [
        m.model_dump_json(include={"outcome", "terms", "instruments", "sample"}) for m in publication.models.values()
    ]
    texts += [data.model_dump_json(include={"steps", "merge", "derive"}) for data in publication.data.values()]
    steps = (step for data in publication.data.values() for step in data.steps)
    recoded = {name for step in steps for name in step.recode or ()}
    spoken = "\n".join(texts)
    return [c for c in map(str, frame) if c not in recoded and re.search(rf"(?<!\w){re.escape(c)}(?!\w)", spoken)]


def _told(tell: Tell, where: str, said: str) -> None:
    tell(where + said)


def table_of(frame: pd.DataFrame, data: DataFile) -> Table:
    """What expressions speak of: the frame of a data file, its panel, and what a comparison with a missing value is."""
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
            frame = with_variable(frame, name, text, table_of(frame, at.data))
        except DetenteError as error:
            raise type(error)(f"{name}: {error}") from error
    return frame


MAKE: Mapping[str, Callable[[pd.DataFrame, Any, _At], pd.DataFrame]] = {
    "rename": lambda frame, names, _: renamed(frame, names),
    "numbers": lambda frame, columns, at: as_numbers(frame, columns, at.data.form, at.tell),
    "dates": lambda frame, columns, _: dated(frame, columns),
    "recode": lambda frame, columns, at: recoded(frame, columns, at.tell),
    "keep": lambda frame, condition, at: kept(frame, condition, at.data.missing, at.tell),
    "reshape": lambda frame, how, _: reshaped(frame, how),
    "collapse": lambda frame, how, _: collapsed(frame, how),
    "append": lambda frame, how, at: appended(frame, at.other, how, at.tell),
    "merge": lambda frame, how, at: merged(frame, at.other, how, at.tell),
    "derive": _derived,
}
