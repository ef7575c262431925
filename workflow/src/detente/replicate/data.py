"""Data of published tables: found, fetched, verified, read, merged, and their variables derived."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from detente.base.errors import DetenteError, PanelError, RawFilesUnavailable, UnknownVariable, choices
from detente.base.expressions import Table, evaluate
from detente.data import SourceRecord
from detente.data.acquire import Patience, acquire
from detente.data.record import read_published
from detente.replicate.schema import DataFile, Publication

WAYS = (
    "Three ways on:\n"
    "  1. put the file into {raw}/<id>/ yourself;\n"
    "  2. name a folder that holds it as <id>/<file> in the environment variable DETENTE_REPLICATION;\n"
    "  3. connect to the network and run again, where the file has an address."
)


def obtained(
    publication: Publication, raw: Path, mirror: Path | None, patience: Patience | None = None
) -> dict[str, Path]:
    """Verified paths of the data files of a table by their names: in `raw`/<id>/, else copied, else downloaded.

    Raises RawFilesUnavailable naming what cannot be had, every place looked at, and the ways on.
    """
    record = SourceRecord(
        title=publication.title, version="as published", citation=publication.citation, terms="the authors'",
        years=(1816, 1816), files=tuple(publication.data.values()),
    )  # fmt: skip
    try:
        receipt = acquire({publication.id: record}, raw, mirror, patience=patience, progress=False)[0]
    except RawFilesUnavailable as error:
        found = str(error).partition("\n\nThree ways on:")[0].partition("\n\n")[2]
        raise RawFilesUnavailable(f"{found}\n\n{WAYS.format(raw=raw.as_posix())}") from error
    paths = {each.pin.file: each.path for each in receipt.files}
    return {name: paths[data.file] for name, data in publication.data.items()}


def tables(publication: Publication, paths: Mapping[str, Path]) -> dict[str, Table]:
    """Tables of all data files, with merged and derived columns.

    Raises UnknownVariable, FormulaError, PanelError if a derived variable or a merge cannot be made; the message says
    which; SourceSchemaError if a file cannot be read.
    """
    raw = {name: read_published(paths[name], data.delimiter) for name, data in publication.data.items()}
    found = {}
    for name, data in publication.data.items():
        where = f"{publication.id} › data › {name}"
        found[name] = _derived(where, data, _merged(where, data, raw[name], raw))
    return found


def _merged(where: str, data: DataFile, frame: pd.DataFrame, raw: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    for merge in data.merge:
        other = raw[merge.data]
        for side, columns in ((frame, merge.on), (other, (*merge.on, *merge.take))):
            for column in columns:
                if column not in side.columns:
                    legal = choices(column, map(str, side.columns))
                    raise UnknownVariable(f"{where} › merge: the data have no column {column!r}; {legal}")
        taken = other[[*merge.on, *merge.take]]
        twice = taken.duplicated(list(merge.on))
        if twice.any():
            raise PanelError(f"{where} › merge: {int(twice.sum()):,} rows of {merge.data!r} repeat the key of another")
        frame = frame.merge(taken, on=list(merge.on), how="left", validate="many_to_one")
    return frame


def _derived(where: str, data: DataFile, frame: pd.DataFrame) -> Table:
    """The table of a file; variables are derived in their order, so that one may use those before it."""
    panel = data.panel
    key, time = (panel.key, panel.time) if panel else ((), "")
    for name in (*key, *([time] if time else []), *(data.sides or ())):
        if name not in frame.columns:
            legal = choices(name, map(str, frame.columns))
            raise UnknownVariable(f"{where} › {'sides' if name in (data.sides or ()) else 'panel'}: the data have no "
                                  f"column {name!r}; {legal}")  # fmt: skip
    frame = frame.copy(deep=False)
    for name, text in data.derive.items():
        try:
            made = evaluate(text, Table(frame, key, time, data.missing))
        except DetenteError as error:
            raise type(error)(f"{where} › derive › {name}: {error}") from error
        frame = pd.concat([frame.drop(columns=name, errors="ignore"), pd.Series(made, frame.index, name=name)], axis=1)
    return Table(frame, key, time, data.missing)
