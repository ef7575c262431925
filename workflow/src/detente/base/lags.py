"""Values of earlier years, which a gap in membership makes unknown."""

import numpy as np
import pandas as pd

from detente.base.errors import PanelError


def lag(panel: pd.DataFrame, variable: str, years: int) -> pd.Series:
    """Value of `variable` exactly `years` earlier (later if negative) for the same key; missing across a gap in it.

    Two states that lost and regained membership are strangers. Raises PanelError if the rows, of any unit, are not
    sorted by key: the columns before `year`, and that.
    """
    if years == 0:
        return panel[variable]
    parts = list(panel.columns[: panel.columns.get_loc("year")])
    if not _ascending(panel[[*parts, "year"]]):
        raise PanelError(f"a lag needs rows sorted by {', '.join(parts)}, year, each key once")
    earlier = panel[[*parts, "year", variable]].shift(years)
    same = np.logical_and.reduce([earlier[p] == panel[p] for p in parts]) & (earlier["year"] == panel["year"] - years)
    return earlier[variable].where(same)


def lagged(variable: str, years: int) -> str:
    """Name of the column of a variable so many years earlier, or later if negative."""
    if not years:
        return variable
    return f"{variable}_lag{years}" if years > 0 else f"{variable}_lead{-years}"


def _ascending(key: pd.DataFrame) -> bool:
    """Whether each row comes after the one before, column by column."""
    after = np.zeros(max(len(key) - 1, 0), dtype=bool)
    for name in reversed(key.columns):
        values = key[name].to_numpy()
        after = (values[1:] > values[:-1]) | ((values[1:] == values[:-1]) & after)
    return bool(after.all())
