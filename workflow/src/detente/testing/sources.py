"""The contract of sources, for those of the project and for one of your own."""

import re
from collections.abc import Iterator, Mapping

import pandas as pd

from detente.base.errors import SourceSchemaError
from detente.base.frames import validated
from detente.base.strict import IDENTIFIER, SLUG
from detente.data.sources import Source, Tidy, attrition, check_raw, tidy_schema

Raw = Mapping[str, pd.DataFrame]


def check_source(source: Source, raw: Raw | None = None, *, simulated: bool = False) -> None:
    """Check that a source keeps what panels, pages and the attrition log rely on.

    It is declared in full. With raw tables, too: they have its columns and codes, and a table that lacks a column is
    refused by name; cleaning leaves them as they are and is the same when done twice; the tidy table fits its schema,
    is of the years covered and sorted by key; and every entry of the attrition log says what happened to how many rows.
    `raw` has the tables by the name of their file, as `source.clean` takes them; a few rows do. `simulated`: whether
    their states are of no list.

    Raises AssertionError with the name of the source and what it breaks.

    Examples
    --------
    >>> check_source(SOURCE, {"visits.csv": pd.DataFrame({"ccode1": [2], "ccode2": [200], "year": [1990]})})
    """
    for fault in (*_undeclared(source), *_misdeclared(source)):
        raise AssertionError(f"source {source.slug!r}: {fault}")
    if raw is not None:
        for fault in (*_unread(source, raw, simulated), *_uncleaned(source, raw)):
            raise AssertionError(f"source {source.slug!r}: {fault}")


def _undeclared(source: Source) -> Iterator[str]:
    """What is missing from a declaration, or wrong in it."""
    for name in filter(None, (source.slug, source.alias)):
        if not re.fullmatch(SLUG, name):
            yield f"{name!r} is no id: small letters, digits, dots and dashes"
    if source.years[0] > source.years[1]:
        yield f"its years end in {source.years[1]}, before they start in {source.years[0]}"
    if not source.raw:
        yield "it reads no raw table"
    for table in source.raw:
        if strange := sorted(set(table.key) - set(table.columns)):
            yield f"{table.file}: its key has {', '.join(strange)}, which it does not read"


def _misdeclared(source: Source) -> Iterator[str]:
    """What is wrong with its variables."""
    names = [v.name for v in source.variables]
    if len(set(names)) != len(names):
        yield "two of its variables have one name"
    for v in source.variables:
        if not re.fullmatch(IDENTIFIER, v.name) or v.name in {"in_window", *source.parts}:
            yield f"{v.name!r} is no name for a variable"
        if not v.label.strip() or not v.unit.strip():
            yield f"{v.name!r} has no label or no unit"


def _unread(source: Source, raw: Raw, simulated: bool) -> Iterator[str]:
    """What is wrong with how it checks raw tables."""
    for table in source.raw:
        check_raw(source, table, raw[table.name], simulated=simulated)
        for column in table.columns:
            try:
                check_raw(source, table, raw[table.name].drop(columns=column), simulated=simulated)
            except SourceSchemaError as error:
                if column not in str(error):
                    yield f"{table.file}: a missing {column!r} is refused without its name"
            else:
                yield f"{table.file}: a missing {column!r} is not noticed"


def _uncleaned(source: Source, raw: Raw) -> Iterator[str]:
    """What is wrong with how it cleans."""
    given = {file: frame.copy() for file, frame in raw.items()}
    tidy, again = source.clean(raw), source.clean(raw)
    for file, frame in given.items():
        if not frame.equals(raw[file]):
            yield f"cleaning changes {file}"
    if not (tidy.frame.equals(again.frame) and tidy.attrition.equals(again.attrition)):
        yield "cleaning the same tables twice gives two results"
    validated(tidy.frame, tidy_schema(source), f"tidy {source.slug}")
    yield from _unfit(source, tidy)


def _unfit(source: Source, tidy: Tidy) -> Iterator[str]:
    """What is wrong with what it cleans to, beyond the schema."""
    key = list(source.parts)
    if "year" in key and not tidy.frame["year"].between(*source.years).all():
        yield f"it has rows outside the years it covers, {source.years[0]}–{source.years[1]}"
    if key and not tidy.frame[key].equals(tidy.frame[key].sort_values(key, ignore_index=True)):
        yield f"its rows are not sorted by {', '.join(key)}"
    log = tidy.attrition
    if list(log.columns) != list(attrition(source.slug).columns):
        yield f"its attrition log has the columns {', '.join(log.columns)}"
    elif not (log["source"].eq(source.slug) & log["rows"].gt(0) & log["reason"].str.strip().ne("")).all():
        yield "an entry of its attrition log lacks its source, a reason, or rows"
