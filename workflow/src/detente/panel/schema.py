"""The schema of the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detente.panel.variables import catalogue

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema


def panel_schema() -> DataFrameSchema:
    """Whole-number key, a < b, every variable of the catalogue, 0/1 where the unit says so."""
    import pandera.pandas as pa

    columns = {name: pa.Column("int64") for name in ("a", "b", "year")} | {"in_window": pa.Column("bool")}
    binary = pa.Check(lambda value: (value == 0) | (value == 1), name="0 or 1")
    for v in catalogue().values():
        columns[v.name] = pa.Column("float64", checks=[binary] if v.unit == "0/1" else None, nullable=True)
    ordered = pa.Check(lambda frame: frame["a"] < frame["b"], name="a < b")
    return pa.DataFrameSchema(columns, checks=[ordered], strict=True, ordered=True)
