"""`dummies(x)` among the terms of a model: one column per level of x in the model's rows, but for the base."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.base.errors import FormulaError, choices
from detente.base.expressions import Table, column
from detente.base.types import Array, Codes

DUMMIES = re.compile(r"dummies\(\s*(?P<column>`[^`]+`|[^(),`]+?)\s*(?:,\s*(?P<base>[^()]+?)\s*)?\)")


@dataclass(frozen=True)
class Levels:
    """Levels of a column: `codes` (N,), −1 where it is missing, of `shown` in their order; `base`, "" for the first."""

    codes: Codes
    shown: tuple[str, ...]
    base: str

    def columns(self, rows: Codes) -> dict[str, Array]:
        """A column (n,) of 0 and 1 per level that `rows` have but the base, the first of them if none is named.

        Raises FormulaError if no row has the base.
        """
        used = [self.shown[code] for code in np.unique(self.codes[rows])]
        if self.base and self.base not in used:
            raise FormulaError(f"no row of the model has the base {self.base!r}; {choices(self.base, used)}")
        base = self.base or used[0]
        codes = {shown: code for code, shown in enumerate(self.shown)}
        return {each: np.asarray(self.codes[rows] == codes[each], dtype=np.float64) for each in used if each != base}


def dummies_of(text: str) -> str | None:
    """The column of which a term is the dummies, None of another term."""
    found = DUMMIES.fullmatch(text)
    return found["column"].strip("`") if found else None


def levels(text: str, table: Table) -> Levels:
    """Levels of `dummies(column)` or `dummies(column, base)`: in order of size or of letters, a factor's in its own."""
    found, name = DUMMIES.fullmatch(text), dummies_of(text)
    assert found is not None
    assert name is not None
    values = column(table.frame, name)
    kind = table.frame[name].dtype
    if isinstance(kind, pd.CategoricalDtype):
        order = [level for level in kind.categories if (values == level).any()]
    else:
        order = sorted(set(values[~pd.isna(values)]))
    codes = pd.Categorical(values, categories=order).codes
    base = (found["base"] or "").strip("\"'")
    return Levels(np.asarray(codes, dtype=np.int64), tuple(map(_shown, order)), base)


def _shown(level: object) -> str:
    return f"{level:.15g}" if isinstance(level, float) else str(level)
