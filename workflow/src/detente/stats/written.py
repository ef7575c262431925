"""The regressors of a formula as functions of the variables that it names, so that variables can be moved."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError
from detente.base.numerics import DIFFERENCE
from detente.base.types import Array
from detente.stats.names import CONSTANT, Names

QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")


@dataclass(frozen=True)
class Written:
    """Parts of a formula that make regressors, and the variables (N rows) that they are made of.

    `sources` as formulaic reads them; `names` of columns; `data` by stand-ins.
    """

    sources: tuple[str, ...]
    names: Names
    data: pd.DataFrame

    @cached_property
    def _specs(self) -> list[Any]:
        from formulaic import Formula

        with np.errstate(all="ignore"):
            return [Formula(s).get_model_matrix(self.data, na_action="ignore").model_spec for s in self.sources if s]

    @cached_property
    def variables(self) -> Mapping[str, tuple[str, ...]]:
        """Variables by the column that they make."""
        found: dict[str, tuple[str, ...]] = {}
        for spec in self._specs:
            for term, places in spec.term_indices.items():
                words = WORD.findall(QUOTED.sub("", str(term)))
                used = tuple(self.names.shown(w) for w in dict.fromkeys(words) if w in self.data.columns)
                found |= {self.names.term(spec.column_names[at]): used for at in places}
        return found

    def numeric(self, variable: str) -> bool:
        """Whether a variable is of numbers."""
        return bool(pd.api.types.is_numeric_dtype(self._column(variable)))

    def binary(self, variable: str) -> bool:
        """Whether all values of a variable are 0 or 1."""
        return bool(self._column(variable).isin([0, 1]).all())

    def _column(self, variable: str) -> pd.Series:
        return self.data[self.names.renamed.get(variable, variable)]

    def columns(self, variable: str, values: Array | float) -> pd.DataFrame:
        """The regressors (N, K) with a variable at other values.

        Raises EstimationError if a regressor is no number there.
        """
        from formulaic.errors import FormulaicError

        data = self.data.assign(**{self.names.renamed.get(variable, variable): values})
        try:
            with np.errstate(all="ignore"):
                made = [pd.DataFrame(spec.get_model_matrix(data, na_action="ignore")) for spec in self._specs]
        except (FormulaicError, ValueError) as error:
            raise EstimationError(f"{variable!r} cannot be moved: {str(error).splitlines()[0]}") from error
        whole = pd.concat(made, axis=1).drop(columns=CONSTANT, errors="ignore").astype("float64")
        whole = whole.rename(columns=lambda name: self.names.term(str(name)))
        if lost := [str(name) for name in whole if not np.isfinite(whole[name]).all()]:
            raise EstimationError(f"{lost[0]!r} is no number where {variable!r} is moved: it has no effect there")
        return whole

    def slopes(self, variable: str) -> pd.DataFrame:
        """Derivatives (N, K) of the regressors in a variable, by central differences."""
        now = self._column(variable).to_numpy(dtype=np.float64)
        step = DIFFERENCE * np.maximum(np.abs(now), float(now.std()))
        up, down = now + step, now - step
        return (self.columns(variable, up) - self.columns(variable, down)).div(up - down, axis=0)

    def change(self, variable: str, value: float) -> pd.DataFrame:
        """What the regressors (N, K) move by where a variable is set to a value."""
        now = self._column(variable).to_numpy(dtype=np.float64)
        return self.columns(variable, value) - self.columns(variable, now)
