"""Values of earlier years, which a gap in membership makes unknown."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.errors import PanelError


def lag(panel: pd.DataFrame, variable: str, years: int) -> pd.Series:
    """Value of `variable` exactly `years` earlier (later if negative) for the same key; missing across a gap in it.

    Two states that lost and regained membership are strangers. Raises PanelError if the rows, of any unit, are not
    sorted by key: the columns before `year`, and that.
    """
    if years == 0:
        return panel[variable]
    names = [*panel.columns[: panel.columns.get_loc("year")], "year"]
    *parts, year = (panel[name].to_numpy() for name in names)
    if not _ascending(*parts, year):
        raise PanelError(f"a lag needs rows sorted by {', '.join(map(str, names))}, each key once")
    now, then = (slice(years, None), slice(-years)) if years > 0 else (slice(years), slice(-years, None))
    known = np.zeros(len(year), dtype=bool)
    known[now] = np.logical_and.reduce([p[now] == p[then] for p in parts]) & (year[then] == year[now] - years)
    return panel[variable].shift(years).where(known)


def lagged(variable: str, years: int) -> str:
    """Name of the column of a variable so many years earlier, or later if negative."""
    if not years:
        return variable
    return f"{variable}_lag{years}" if years > 0 else f"{variable}_lead{-years}"


def _ascending(*key: npt.NDArray[Any]) -> bool:
    """Whether each row comes after the one before, by the columns (N,) of its key in their order."""
    after = np.zeros(max(len(key[0]) - 1, 0), dtype=bool)
    for values in reversed(key):
        after = (values[1:] > values[:-1]) | ((values[1:] == values[:-1]) & after)
    return bool(after.all())
