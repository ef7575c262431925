"""The schema of a tidy source, from its declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from detente.sources.base import KEYS, Source

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema


def tidy_schema(source: Source) -> DataFrameSchema:
    """Whole-number unique key, a < b, numeric variables, events neither missing nor negative."""
    import pandera.pandas as pa

    key = KEYS.get(source.key, ())
    columns = {name: pa.Column("int64") for name in key}
    if key:
        for v in source.variables:
            event = v.kind == "event"
            columns[v.name] = pa.Column(checks=[pa.Check.ge(0)] if event else None, nullable=not event)
    checks = [pa.Check(_ordered, name="a < b", ignore_na=False)] if source.key == "dyad-year" else []
    return pa.DataFrameSchema(columns, checks=checks, unique=list(key) or None, strict=bool(key))


def _ordered(frame: pd.DataFrame) -> pd.Series:
    return frame["a"] < frame["b"]
