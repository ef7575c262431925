"""What a parquet table holds, in few numbers per column, for a comparison where the table itself is not at hand."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detente.base.files import read_frame

Summary = dict[str, Any]


def columns(path: Path) -> dict[str, Summary]:
    """Summaries of a table's columns, by name."""
    frame = read_frame(path)
    return {str(name): summary(frame[name]) for name in frame.columns}


def summary(column: pd.Series[Any]) -> Summary:
    """Rows, missing values, and of numbers sum, weighted sum, least and largest; of all else a checksum of the text.

    The weights rise with the row from 0 to 1, so that values in another order have another sum.
    """
    counted: Summary = {"rows": len(column), "missing": int(column.isna().sum())}
    if not pd.api.types.is_float_dtype(column):
        text = "\x00".join("" if missing else str(v) for v, missing in zip(column, column.isna(), strict=True))
        return {**counted, "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest()}
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return counted
    weights = np.linspace(0.0, 1.0, finite.size)
    return {
        **counted,
        "infinite": int(np.isinf(values).sum()),
        "sum": float(finite.sum()),
        "weighted": float(finite @ weights),
        "size": float(np.abs(finite).sum()),
        "least": float(finite.min()),
        "largest": float(finite.max()),
    }
