"""Effects of variables that enter a formula through functions: the derivative, or change, through all of its terms."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.base.types import Array
from detente.stats.effects.averages import Predictor
from detente.stats.links import Curve
from detente.stats.written import Written

CHUNK = 256
# A level of a category by itself, which is understood as such.
LEVEL = re.compile(r"[^:]+\[T\..+\]")


@dataclass(frozen=True)
class Through:
    """What regressors do where a variable moves: `slopes` (n, K) in it, or what they move by (n, K), to 1 and to 0."""

    variable: str
    slopes: Array | None
    moves: tuple[tuple[float, Array], ...] = ()

    @property
    def change(self) -> str:
        """What is asked, in words."""
        return "0 to 1" if self.slopes is None else "derivative"


def derived(of: Predictor, written: Written | None) -> Mapping[str, tuple[str, ...]]:
    """Variables that some column is a function of that is no product of columns, with all columns made of each."""
    if written is None:
        return {}
    made = {name: written.variables.get(name, ()) for name in of.names}
    functions = [
        name
        for j, (name, used) in enumerate(made.items())
        if used and used != (name,) and of.structure.is_base(j) and not LEVEL.fullmatch(name)
    ]
    variables = dict.fromkeys(v for name in functions for v in made[name])
    return {variable: tuple(name for name, used in made.items() if variable in used) for variable in variables}


def through(of: Predictor, written: Written, variable: str) -> Through:
    """A variable's derivative, or of one that is 0 or 1 its change, as regressors have it."""
    if not written.binary(variable):
        return Through(variable, _placed(of, written.slopes(variable)))
    moves = tuple((sign, _placed(of, written.change(variable, level))) for sign, level in ((1.0, 1.0), (-1.0, 0.0)))
    return Through(variable, None, moves)


def _placed(of: Predictor, columns: pd.DataFrame) -> Array:
    """Columns by the predictor's places, of the rows that it uses."""
    whole = columns.reindex(columns=list(of.names), fill_value=0.0).to_numpy()
    return whole if of.rows is None else whole[of.rows]


def mean_effect(of: Predictor, asked: Through) -> tuple[float, Array]:
    """The mean effect on risk, and its gradient (k,) in the coefficients, absorbed effects adapting."""
    link, own = of.solution.link, of.solution.x
    if asked.slopes is not None:
        curve, rate = Curve(link, of.eta), asked.slopes @ of.coefficients
        along = (curve.bend * rate) @ own + (curve.slope @ asked.slopes)[of.places]
        return float(curve.slope @ rate) / of.n, along / of.n
    value, along = 0.0, np.zeros(len(of.places))
    for sign, move in asked.moves:
        curve = Curve(link, of.eta + move @ of.coefficients)
        value += sign * float(curve.mean.sum())
        along += sign * (curve.slope @ own + (curve.slope @ move)[of.places])
    return value / of.n, along / of.n


def mean_effect_at(of: Predictor, asked: Through, draws: Array) -> Array:
    """The mean effect at each of B coefficients (B, k), (B,)."""
    by_column, away = of.by_column(draws.T), (draws - of.solution.estimate).T
    total = np.zeros(len(draws))
    for start in range(0, of.n, CHUNK):
        s = slice(start, start + CHUNK)
        eta = of.eta[s, None] + of.solution.x[s] @ away
        if asked.slopes is not None:
            total += (Curve(of.solution.link, eta).slope * (asked.slopes[s] @ by_column)).sum(axis=0)
        for sign, move in asked.moves:
            total += sign * Curve(of.solution.link, eta + move[s] @ by_column).mean.sum(axis=0)
    return total / of.n
