"""The schema of a panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from detente.data.panel.catalogue import Entry, Unit
from detente.data.sources import KEYS

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema


def panel_schema(entries: Mapping[str, Entry], unit: Unit) -> DataFrameSchema:
    """Whole-number key, ordered where pairs have no direction, every variable once, 0/1 where the unit says so."""
    import pandera.pandas as pa

    columns = {name: pa.Column("int64") for name in KEYS[unit]} | {"in_window": pa.Column("bool")}
    binary = pa.Check(lambda value: (value == 0) | (value == 1), name="0 or 1")
    for name, entry in entries.items():
        check = [binary] if entry.variable.unit == "0/1" else None
        columns[name] = pa.Column("float64", checks=check, nullable=True)
    ordered = (
        [pa.Check(lambda frame: frame["ccode1"] < frame["ccode2"], name="ccode1 < ccode2")]
        if unit == "dyad-year"
        else None
    )
    return pa.DataFrameSchema(columns, checks=ordered, strict=True, ordered=True)
