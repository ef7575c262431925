"""Averages over rows as functions of all coefficients: risks, changes, derivatives; with gradients or at many draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from detente.base.errors import NoRisk, UnknownVariable, choices
from detente.base.types import Array, Codes
from detente.stats.contract import Solution
from detente.stats.effects.risk import CHUNK
from detente.stats.effects.structure import Structure, structure
from detente.stats.frame import ModelFrame
from detente.stats.linear.regressors import chunks
from detente.stats.links import Curve

# Rows worked on at a time with many coefficients at once, so that they stay in the processor's cache.
CHUNK_OF_DRAWS = 256


@dataclass(frozen=True)
class Average:
    """A mean over rows, with regressors (columns) set to values: of the risk, or of what one regressor does to it.

    `derivative_in` a column for the risk's derivative in it, `change_in` one for its risk at 1 less that at 0.
    """

    settings: Mapping[int, float] = field(default_factory=dict)
    derivative_in: int | None = None
    change_in: int | None = None


@dataclass(frozen=True)
class Predictor:
    """The linear predictor of n rows, what coefficients move in it, and the regressors as they came.

    eta (n,), whose derivatives in the k coefficients, absorbed effects adapting, are `solution.x` (n, k); `source`
    (N, K) columns called `names`, of which `rows` (n,) are used, all if None; `places` (k,) the column of each
    coefficient.
    """

    solution: Solution
    eta: Array
    source: Array
    names: tuple[str, ...]
    places: Codes
    rows: Codes | None

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.eta)

    def columns(self, s: slice) -> Array:
        """Some rows of the regressors, column by column, (K, .)."""
        return np.ascontiguousarray((self.source[s] if self.rows is None else self.source[self.rows[s]]).T)

    @cached_property
    def structure(self) -> Structure:
        """Which columns move together."""
        return structure(self.names, lambda: (self.columns(s) for s in chunks(self.n, CHUNK)))

    @cached_property
    def coefficients(self) -> Array:
        """Coefficients by column, (K,): zero where there is none."""
        return self.by_column(self.solution.estimate)

    def by_column(self, estimates: Array) -> Array:
        """Coefficients (k, …) put at their columns (K, …)."""
        put = np.zeros((len(self.names), *estimates.shape[1:]))
        put[self.places] = estimates
        return put

    def column(self, term: str) -> int:
        """The column of a regressor that can be moved by itself.

        Raises UnknownVariable if there is none of this name.
        """
        if term not in self.bases:
            raise UnknownVariable(f"no regressor of the fit is called {term!r}; {choices(term, self.bases)}")
        return self.bases[term]

    def settings(self, values: Mapping[str, float] | None) -> dict[int, float]:
        """Values of regressors, by column."""
        return {self.column(name): float(value) for name, value in (values or {}).items()}

    def level(self, column: int, value: float) -> dict[int, float]:
        """A regressor at a value, and the other levels of its category at none."""
        return {column: value, **dict.fromkeys(self.structure.siblings.get(column, ()), 0.0)}

    @cached_property
    def bases(self) -> Mapping[str, int]:
        """Columns, by name, that vary, are no product of others, and move the predictor."""
        moving = {b for j in self.places for b in self.structure.products[int(j)]}
        return {name: j for j, name in enumerate(self.names) if j in moving and self.structure.is_base(j)}


def predictor(solution: Solution, design: ModelFrame) -> Predictor:
    """The predictor of a solution.

    Raises NoRisk if the solution has none: its effects are conditioned out.
    """
    if solution.predictor is None:
        raise NoRisk(
            "this model has no absolute risk: it conditions its effects out and never estimates them; "
            "coefficients are log odds ratios, and risks come from cre_logit or lpm"
        )
    if not solution.absorbed:
        return Predictor(solution, solution.predictor, solution.x, solution.terms, np.arange(len(solution.terms)), None)
    places = np.array([design.terms.index(t) for t in solution.terms])
    return Predictor(solution, solution.predictor, design.x, design.terms, places, solution.rows)


def averages(of: Predictor, wanted: Sequence[Average]) -> tuple[Array, Array]:
    """Values (m,) of averages, and their gradients (m, k) in the coefficients, in one pass."""
    value, by_slope = np.zeros(len(wanted)), np.zeros((len(wanted), len(of.places)))
    by_column = np.zeros((len(wanted), len(of.names)))
    for s in chunks(of.n, CHUNK):
        rows = _Rows(of, of.columns(s), of.eta[s])
        weights = np.empty((len(wanted), s.stop - s.start))
        for i, average in enumerate(wanted):
            value[i] += _add(rows, average, weights[i], by_column[i])
        by_slope += weights @ of.solution.x[s]
    return value / of.n, (by_slope + by_column[:, of.places]) / of.n


@dataclass(frozen=True)
class _Place:
    """Risk where regressors are set to values: columns that moved there, and by how much (J, n)."""

    curve: Curve
    moved: list[int]
    delta: Array


@dataclass(frozen=True)
class _Rows:
    """Some rows: regressors (K, n) and predictor (n,); places are kept as long as averages in turn are about them."""

    of: Predictor
    columns: Array
    eta: Array
    made: dict[tuple[tuple[int, float], ...], _Place] = field(default_factory=dict)

    def at(self, settings: Mapping[int, float]) -> _Place:
        key = tuple(sorted(settings.items()))
        if key not in self.made:
            for other in [k for k in self.made if k]:
                del self.made[other]
            moved, delta = self.moved(settings)
            eta = self.eta + self.of.coefficients[moved] @ delta if moved else self.eta
            self.made[key] = _Place(Curve(self.of.solution.link, eta), moved, delta)
        return self.made[key]

    def moved(self, settings: Mapping[int, float]) -> tuple[list[int], Array]:
        """Columns that move, and by how much, (J, n)."""
        if not settings:
            return [], np.empty((0, len(self.eta)))
        moved, new = self.of.structure.moved(self.columns, settings)
        new -= self.columns[moved]
        return moved, new

    def placed(self, settings: Mapping[int, float]) -> Array:
        """The regressors as set, (K, n)."""
        if not settings:
            return self.columns
        moved, new = self.of.structure.moved(self.columns, settings)
        after = self.columns.copy()
        after[moved] = new
        return after


def _add(rows: _Rows, average: Average, weights: Array, by_column: Array) -> float:
    """Sum of an average over rows; what each row's regressors weigh in its gradient, and what columns add to that."""
    of, settings = rows.of, average.settings
    if average.change_in is not None:
        return _change(rows, average, weights, by_column)
    place = rows.at(settings)
    if average.derivative_in is None:
        weights[:] = place.curve.slope
        total = float(place.curve.mean.sum())
    elif of.structure.alone(average.derivative_in):
        coefficient, slope = of.coefficients[average.derivative_in], float(place.curve.slope.sum())
        np.multiply(place.curve.bend, coefficient, out=weights)
        by_column[average.derivative_in] += slope
        total = coefficient * slope
    else:
        along, slopes = of.structure.derivative(rows.placed(settings), average.derivative_in)
        rate = of.coefficients[along] @ slopes
        np.multiply(place.curve.bend, rate, out=weights)
        by_column[along] += slopes @ place.curve.slope
        total = float(place.curve.slope @ rate)
    if place.moved:
        by_column[place.moved] += place.delta @ weights
    return total


def _change(rows: _Rows, average: Average, weights: Array, by_column: Array) -> float:
    """The same for risk at 1 less risk at 0; if nothing else moves, one of the two is the risk as it is."""
    of, column = rows.of, average.change_in
    assert column is not None
    if average.settings or not of.structure.alone(column) or not of.structure.binary[column]:
        total = 0.0
        for level in (1.0, 0.0):
            place = rows.at({**average.settings, **of.level(column, level)})
            sign = 2 * level - 1
            total += sign * float(place.curve.mean.sum())
            by_column[place.moved] += sign * (place.delta @ place.curve.slope)
            weights[:] = sign * place.curve.slope + (weights if level == 0 else 0.0)
        return total
    toward = 1 - 2 * rows.columns[column]
    here, there = rows.at({}).curve, Curve(of.solution.link, rows.eta + of.coefficients[column] * toward)
    by_column[column] += there.slope.sum()
    np.multiply(there.slope - here.slope, toward, out=weights)
    return float((there.mean - here.mean) @ toward)


def at_draws(of: Predictor, wanted: Sequence[Average], draws: Array) -> Array:
    """All averages at each of B drawn coefficients (B, k): (m, B)."""
    by_column, away = of.by_column(draws.T), (draws - of.solution.estimate).T
    value = np.zeros((len(wanted), len(draws)))
    for s in chunks(of.n, CHUNK_OF_DRAWS):
        rows = _Rows(of, of.columns(s), of.eta[s])
        eta = rows.eta[:, None] + of.solution.x[s] @ away
        for i, average in enumerate(wanted):
            value[i] += _total_at_draws(rows, average, eta, by_column)
    return value / of.n


def _total_at_draws(rows: _Rows, average: Average, eta: Array, by_column: Array) -> Array:
    """Sums (B,) of an average over rows, given their predictors (n, B) and the coefficients by column (K, B)."""
    of, settings = rows.of, average.settings
    if average.change_in is not None:
        on, off = (Average({**settings, **of.level(average.change_in, level)}) for level in (1.0, 0.0))
        return np.asarray(_total_at_draws(rows, on, eta, by_column) - _total_at_draws(rows, off, eta, by_column))
    moved, delta = rows.moved(settings)
    curve = Curve(of.solution.link, eta + delta.T @ by_column[moved] if moved else eta)
    if average.derivative_in is None:
        return np.asarray(curve.mean.sum(axis=0))
    along, slopes = of.structure.derivative(rows.placed(settings), average.derivative_in)
    return np.asarray((curve.slope * (slopes.T @ by_column[along])).sum(axis=0))
