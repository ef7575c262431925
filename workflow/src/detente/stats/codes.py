"""Codes of columns in the rows of a fit: sides, time, fixed effects and clusters, made when asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.base.errors import FormulaError
from detente.base.types import Codes
from detente.stats.covariance import intersect


@dataclass(frozen=True)
class ColumnCodes(Mapping[str, Codes]):
    """Codes of the columns in the rows used, made when asked for; `pair` the columns of the two sides.

    Every column of the data is a factor that a covariance may go by, after the fit too.
    """

    data: pd.DataFrame
    rows: Codes
    pair: tuple[str, str] | None

    def __getitem__(self, name: str) -> Codes:
        if name not in self.data.columns:
            raise KeyError(name)
        return self.factor(name)

    def __contains__(self, name: object) -> bool:
        return name in self.data.columns

    def __iter__(self) -> Iterator[str]:
        return map(str, self.data.columns)

    def __len__(self) -> int:
        return len(self.data.columns)

    def sides(self) -> tuple[Codes | None, Codes | None]:
        """The two sides in common codes: as they are if integers, else numbered together."""
        if self.pair is None:
            return None, None
        first, second = (self._column(name) for name in self.pair)
        if (kinds := [pd.api.types.is_numeric_dtype(_values(side)) for side in (first, second)])[0] != kinds[1]:
            text = self.pair[int(kinds[0])]
            raise FormulaError(f"sides {self.pair[0]!r} and {self.pair[1]!r} are not of one type: {text!r} is text")
        if pd.api.types.is_integer_dtype(first) and pd.api.types.is_integer_dtype(second):
            return first.to_numpy(dtype=np.int64), second.to_numpy(dtype=np.int64)
        both = np.concatenate([first.to_numpy(dtype=object), second.to_numpy(dtype=object)])
        if not kinds[0]:
            both = np.array([code.strip() if isinstance(code, str) else code for code in both], dtype=object)
        both = pd.factorize(both)[0]
        return both[: len(first)].astype(np.int64), both[len(first) :].astype(np.int64)

    def time(self, name: str) -> Codes:
        """Time: as it is if whole numbers, else numbered in its order."""
        column = self._column(name)
        if pd.api.types.is_numeric_dtype(column) and np.array_equal(column, np.round(column)):
            return column.to_numpy(dtype=np.int64)
        return np.asarray(pd.factorize(column, sort=True)[0], dtype=np.int64)

    def factor(self, name: str) -> Codes:
        """Codes of a column, of an interaction of columns, of a side or of the pair."""
        codes, *others = [self._part(part) for part in ([name] if name in self.data.columns else name.split(":"))]
        for other in others:
            codes = intersect(codes, other)
        return codes

    def _part(self, name: str) -> Codes:
        if name not in self.data.columns:
            a, b = self.sides()
            assert a is not None
            assert b is not None
            if name in ("side1", "side2"):
                return a if name == "side1" else b
            return intersect(np.minimum(a, b), np.maximum(a, b))
        column = self._column(name)
        if pd.api.types.is_integer_dtype(column):
            return column.to_numpy(dtype=np.int64)
        return np.asarray(pd.factorize(column)[0], dtype=np.int64)

    def _column(self, name: str) -> pd.Series:
        """A column in the rows used: only those that the fit asked for are known to be complete."""
        column = self.data[name].iloc[self.rows]
        if missing := int(column.isna().sum()):
            raise FormulaError(f"{name!r} is missing in {missing:,} rows of the fit: name it in `vcov` of the fit")
        return of_one_type(column, name)


def checked_sides(sides: tuple[str, str] | None) -> tuple[str, str] | None:
    """The names of two columns, or none; raises FormulaError for anything else."""
    if sides is None:
        return None
    if not isinstance(sides, tuple | list) or len(sides) != 2:
        raise FormulaError(f"sides={sides!r}: name the columns of the two states, such as sides=('ccode1', 'ccode2')")
    if sides[0] == sides[1]:
        raise FormulaError(f"sides={tuple(sides)!r}: the two states of a dyad stand in two columns")
    return sides[0], sides[1]


def of_one_type(column: pd.Series, name: str) -> pd.Series:
    """The column; raises FormulaError if it has numbers beside text, so that 2 and "2" were two, or lists."""
    if not pd.api.types.is_object_dtype(column):
        return column
    kinds = set(map(type, column.dropna()))
    if wrong := next((kind for kind in kinds if kind.__hash__ is None), None):
        raise FormulaError(f"{name!r} holds {wrong.__name__}s: make it numbers or text")
    if str in kinds and len(kinds) > 1:
        text = next(code for code in column if isinstance(code, str))
        raise FormulaError(f"{name!r} holds numbers and text, such as {text!r}: make it one or the other")
    return column


def _values(column: pd.Series) -> pd.Series:
    """A column of categories or objects as what these are."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    return column.infer_objects()
