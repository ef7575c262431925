"""What each variable of a panel is, where it comes from, how it is spread, and the schema of them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from detente.base.frames import Column, FrameSchema
from detente.data.panel.build import Panel
from detente.data.panel.catalogue import Entry, Unit
from detente.data.sources import KEYS

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema


_NUMBER = Column("float64", "of the window's rows", nullable=True)
DESCRIBED = FrameSchema(
    "codebook",
    {
        **dict.fromkeys(("variable", "label", "unit", "role", "source", "made_from", "absent_means"), Column("str")),
        **dict.fromkeys(("nobs", "missing"), Column("int64", low=0)),
        **dict.fromkeys(("mean", "sd", "min", "max"), _NUMBER),
    },
    key=("variable",),
)


def codebook(entries: Mapping[str, Entry]) -> pd.DataFrame:
    """One row per variable: what it is, the source that holds it, all that it is made from, and what absence means."""
    rows = [
        (
            *(name, entry.variable.label, entry.variable.unit, entry.variable.role, entry.origin),
            " ".join(entry.sources),
            "0 in the years covered" if entry.variable.kind == "event" else "missing",
        )
        for name, entry in entries.items()
    ]
    return pd.DataFrame(rows, columns=list(DESCRIBED.columns)[:7])


def described(panel: Panel) -> pd.DataFrame:
    """The codebook, with how each variable is spread in the window."""
    frame = panel.frame[panel.frame["in_window"]]
    columns = [frame[name] for name in panel.entries]
    spread = [(c.count(), c.isna().sum(), c.mean(), c.std(), c.min(), c.max()) for c in columns]
    rows = pd.DataFrame(spread, columns=list(DESCRIBED.columns)[7:])
    return DESCRIBED.validated(pd.concat([codebook(panel.entries), rows], axis=1))


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
