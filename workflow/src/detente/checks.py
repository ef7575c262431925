"""Every arrow between stages is a file with a checked schema: the check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from detente.errors import BrokenContract

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema


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
        cases = error.failure_cases
        lines = []
        for (column, check), group in cases.groupby(["column", "check"], dropna=False, sort=False):
            examples = ", ".join(dict.fromkeys(group["failure_case"].astype(str).head(3)))
            lines.append(f"{name}: column {column!r} fails {check}, e.g. {examples}")
        raise BrokenContract("\n".join(lines)) from None
