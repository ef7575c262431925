"""The schema of a multiverse's frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from detente.study.estimation.schema import VERDICTS
from detente.study.multiverse.multiverse import COUNTS, NUMBERS, columns

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema


def multiverse_schema(nodes: Sequence[str]) -> DataFrameSchema:
    """A row has an estimate inside its interval, or an error; ids are unique."""
    import pandera.pandas as pa

    found = {name: pa.Column(nullable=True) for name in columns(nodes)}
    found |= {node: pa.Column(str) for node in nodes}
    found |= {name: pa.Column("float64", nullable=True) for name in NUMBERS if name not in COUNTS}
    found |= {name: pa.Column("int64", checks=pa.Check.ge(0)) for name in COUNTS}
    found |= {
        "spec_id": pa.Column(str, unique=True),
        "verdict": pa.Column(str, checks=pa.Check.isin(VERDICTS)),
        "equivalent": pa.Column(bool),
        "powered": pa.Column(bool),
    }
    told = pa.Check(lambda f: f["std_error"].notna() | (f["error"] != ""), name="an estimate, or a reason why not")
    inside = pa.Check(
        lambda f: f["error"].ne("") | f["estimate"].between(f["conf_low"], f["conf_high"]),
        name="estimate in its interval",
    )
    return pa.DataFrameSchema(found, checks=[told, inside], strict=True)
