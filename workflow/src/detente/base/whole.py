"""The smallest type of whole numbers that holds a column without a value changed."""

import numpy as np
import numpy.typing as npt
import pandas as pd


def whole_limits(column: pd.Series) -> tuple[int, int] | None:
    """Lowest and highest value of a column of numbers or truth values that are all whole or missing; None of others.

    A column of nothing but missing values has 0 and 0.
    """
    if column.dtype.kind not in "biuf":
        return None
    values: npt.NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = values[~np.isnan(values)]
    if not len(known):
        return 0, 0
    low, high = float(known.min()), float(known.max())
    if not (np.isfinite(low) and np.isfinite(high)) or not (known == np.rint(known)).all():
        return None
    return int(low), int(high)


def smallest(column: pd.Series, types: dict[str, tuple[int, int]]) -> str | None:
    """The first of `types` (name → lowest and highest value, small ones first) that holds the column, if any does."""
    limits = whole_limits(column)
    if limits is None:
        return None
    return next((name for name, (low, high) in types.items() if low <= limits[0] and limits[1] <= high), None)
