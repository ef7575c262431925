"""The schema of a tidy source, from its declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pandas.api.types import is_numeric_dtype

from detente.data.sources.base import KEYS, Source

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema


def tidy_schema(source: Source) -> DataFrameSchema:
    """Whole-number unique key, ccode1 < ccode2, numeric variables; events not negative, missing only where declared."""
    import pandera.pandas as pa

    if source.key == "event":
        return _events()
    if source.key == "spell":
        return _spells()
    columns = {name: pa.Column("int64") for name in KEYS[source.key]}
    for v in source.variables:
        event = v.kind == "event"
        at_least = [pa.Check.ge(0)] if event else []
        columns[v.name] = pa.Column(
            checks=[pa.Check(is_numeric_dtype, name="numeric dtype"), *at_least], nullable=v.unknown or not event
        )
    checks = (
        [pa.Check(_ordered, name="ccode1 < ccode2", ignore_na=False)] if source.key in ("dyad-year", "dyad") else []
    )
    return pa.DataFrameSchema(columns, checks=checks, unique=list(KEYS[source.key]), strict=True)


def _events() -> DataFrameSchema:
    """One row per event, year and participant; the events' own flags come along unchecked."""
    import pandera.pandas as pa

    key = ["exercise", "year", "ccode"]
    columns = {name: pa.Column("int64") for name in key}
    return pa.DataFrameSchema({**columns, "parties": pa.Column("int64", pa.Check.ge(1))}, unique=key)


def _spells() -> DataFrameSchema:
    """One row per spell, to the day."""
    import pandera.pandas as pa

    columns = {
        "ccode": pa.Column("int64"),
        "name": pa.Column(nullable=True),
        "status": pa.Column(checks=pa.Check.isin(["member", "major"])),
        "start": pa.Column("int64"),
        "end": pa.Column("int64"),
    }
    forward = pa.Check(lambda frame: frame["start"] <= frame["end"], name="start <= end")
    return pa.DataFrameSchema(columns, checks=forward, unique=["ccode", "status", "start"], strict=True)


def _ordered(frame: pd.DataFrame) -> pd.Series:
    return frame["ccode1"] < frame["ccode2"]
