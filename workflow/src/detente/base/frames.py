"""Every arrow between stages is a file with a checked schema: the check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from detente.base.errors import BrokenContract

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

SHOWN, SHOWN_COLUMNS = 3, 5


def validated(frame: pd.DataFrame, schema: DataFrameSchema, name: str) -> pd.DataFrame:
    """Return `frame` if it keeps `schema`.

    Raises
    ------
    BrokenContract
        Listing every column and check that fails, with examples.
    """
    from pandera.errors import SchemaErrors

    try:
        return schema.validate(frame.reset_index(drop=True), lazy=True)
    except SchemaErrors as error:
        raise BrokenContract("\n".join(f"{name}: {line}" for line in _lines(error.failure_cases))) from None


def _lines(cases: pd.DataFrame) -> Iterator[str]:
    """One line a failed check; `cases` has a row for each value, or for each column of a failed row."""
    whole = (cases["schema_context"] == "DataFrameSchema") & cases["index"].notna()
    for check, group in cases[whole].groupby("check", sort=False):
        rows = [row.head(SHOWN_COLUMNS) for _, row in group.groupby("index", sort=False)]
        examples = "; ".join(
            ", ".join(f"{column} {_plain(value)}" for column, value in zip(r["column"], r["failure_case"], strict=True))
            for r in rows[:SHOWN]
        )
        words = "have the key of another" if check == "multiple_fields_uniqueness" else f"fail {check}"
        yield f"{len(rows):,} rows {words}, e.g. {examples}"
    for key, group in cases[~whole].groupby(["column", "check"], dropna=False, sort=False):
        column, check = map(str, key)
        examples = ", ".join(dict.fromkeys(map(str, group["failure_case"].head(SHOWN))))
        yield {
            "column_in_schema": f"column {examples!r} is not declared",
            "column_in_dataframe": f"column {examples!r} is missing",
            "not_nullable": f"column {column!r} has {len(group):,} missing values",
        }.get(str(check), f"column {column!r} fails {check}, e.g. {examples}")


def _plain(value: object) -> object:
    """A whole number as such, where its neighbours made it a float."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
