"""The schema of a tidy source, from its declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pandas.api.types import is_numeric_dtype

from detente.data.sources.base import KEYS, Source

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema


def tidy_schema(source: Source) -> DataFrameSchema:
    """Whole-number unique key, ccode1 < ccode2, numeric variables; events not negative, missing only where declared.

    Of events, one row per event, year and participant, whose own flags come along unchecked; of spells, one to the day.
    """
    import pandera.pandas as pa

    def whole(*names: str) -> dict[str, pa.Column]:
        return {name: pa.Column("int64") for name in names}

    if source.key == "event":
        key = ["exercise", "year", "ccode"]
        return pa.DataFrameSchema({**whole(*key), "parties": pa.Column("int64", pa.Check.ge(1))}, unique=key)
    if source.key == "spell":
        status = pa.Column(checks=pa.Check.isin(["member", "major"]))
        columns = {**whole("ccode", "start", "end"), "name": pa.Column(nullable=True), "status": status}
        forward = pa.Check(lambda frame: frame["start"] <= frame["end"], name="start <= end")
        return pa.DataFrameSchema(columns, checks=forward, unique=["ccode", "status", "start"], strict=True)
    columns = whole(*KEYS[source.key])
    for v in source.variables:
        event = v.kind == "event"
        limits = [pa.Check(is_numeric_dtype, name="numeric dtype"), *([pa.Check.ge(0)] if event else [])]
        columns[v.name] = pa.Column(checks=limits, nullable=v.unknown or not event)
    ordered = pa.Check(lambda frame: frame["ccode1"] < frame["ccode2"], name="ccode1 < ccode2", ignore_na=False)
    checks = [ordered] if source.key in ("dyad-year", "dyad") else []
    return pa.DataFrameSchema(columns, checks=checks, unique=list(KEYS[source.key]), strict=True)
