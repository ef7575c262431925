"""Values of earlier years, which a gap in membership makes unknown."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.errors import PanelError
from detente.base.types import Array, Codes, Flags


def lag(panel: pd.DataFrame, variable: str, years: int) -> pd.Series:
    """Value of `variable` exactly `years` earlier (later if negative) for the same key; missing across a gap in it.

    Two states that lost and regained membership are strangers. Raises PanelError if the rows, of any unit, are not
    sorted by key: the columns before `year`, and that.
    """
    return Lags(panel).of(variable, years)


@dataclass(frozen=True)
class Lags:
    """Values of earlier years of several variables of one panel, whose keys are compared once for each distance."""

    panel: pd.DataFrame
    _known: dict[int, Flags] = field(default_factory=dict, repr=False)

    def of(self, variable: str, years: int) -> pd.Series:
        """As `lag`."""
        if years == 0:
            return self.panel[variable]
        return self.panel[variable].shift(years).where(self._lasting(years))

    def at(self, rows: Codes, variable: str, years: int) -> Array:
        """The same as numbers, (n,), in some rows (n,) alone."""
        column = self.panel[variable]
        plain = isinstance(column.dtype, np.dtype)
        values: Array = column.to_numpy(np.float64) if plain else column.to_numpy(np.float64, na_value=np.nan)
        if years == 0:
            return values[rows]
        known = self._lasting(years)[rows]
        return np.where(known, values.take(rows - years, mode="clip"), np.nan)

    def _lasting(self, years: int) -> Flags:
        """As `_same_key`, which is asked once."""
        if years not in self._known:
            self._known[years] = self._same_key(years)
        return self._known[years]

    def _same_key(self, years: int) -> Flags:
        """Whether the row that many places before a row is of its key and that many years earlier, (N,)."""
        *parts, year = self._key
        now, then = (slice(years, None), slice(-years)) if years > 0 else (slice(years), slice(-years, None))
        known = np.zeros(len(year), dtype=bool)
        known[now] = np.logical_and.reduce([p[now] == p[then] for p in parts]) & (year[then] == year[now] - years)
        return known

    @cached_property
    def _key(self) -> list[npt.NDArray[Any]]:
        names = [*self.panel.columns[: self.panel.columns.get_loc("year")], "year"]
        key = [self.panel[name].to_numpy() for name in names]
        if not _ascending(*key):
            raise PanelError(f"a lag needs rows sorted by {', '.join(map(str, names))}, each key once")
        return key


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
