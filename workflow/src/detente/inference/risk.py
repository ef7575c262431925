"""Mean risks as functions of the coefficients, with gradients, or at many coefficients at once; a few rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from detente.design import Design
from detente.errors import NoRisk, UnknownVariable, choices
from detente.estimators import Solution
from detente.inference.links import CURVES, Curve
from detente.inference.structure import Structure, structure

Array = npt.NDArray[np.floating[Any]]
Codes = npt.NDArray[np.int64]
# Rows worked on at a time; fewer where there are many coefficients to work them with.
CHUNK, CHUNK_OF_DRAWS = 8192, 512


@dataclass(frozen=True)
class Average:
    """A mean over rows, with regressors (columns) set to values: of the risk, or of its derivative in one of them."""

    settings: Mapping[int, float] = field(default_factory=dict)
    derivative_in: int | None = None


@dataclass(frozen=True)
class Averages:
    """Values (m,) of averages, and their gradients (m, k) in the coefficients."""

    value: Array
    gradient: Array


@dataclass(frozen=True)
class Predictor:
    """The linear predictor of n rows, what coefficients move in it, and the regressors as they came.

    eta (n,); `slopes` (n, k) its derivatives in the k coefficients, absorbed effects adapting; `source` (N, K) columns
    called `names`, of which `rows` (n,) are used, all if None; `places` (k,) the column of each coefficient.
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

    @property
    def slopes(self) -> Array:
        """Derivatives of eta in the coefficients, (n, k)."""
        return self.solution.x

    def columns(self, s: slice) -> Array:
        """Some rows of the regressors, (., K)."""
        return self.source[s] if self.rows is None else self.source[self.rows[s]]

    @cached_property
    def structure(self) -> Structure:
        """Which columns move together."""
        return structure(self.names, lambda: (self.columns(s) for s in chunks(self.n)))

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

        Raises
        ------
        UnknownVariable
            If there is none of this name.
        """
        bases = self.bases
        if term not in bases:
            raise UnknownVariable(f"no regressor of the fit is called {term!r}; {choices(term, bases)}")
        return bases[term]

    @cached_property
    def bases(self) -> Mapping[str, int]:
        """Columns, by name, that vary, are no product of others, and move the predictor."""
        moving = {b for j in self.places for b in self.structure.products[int(j)]}
        return {name: j for j, name in enumerate(self.names) if j in moving and self.structure.is_base(j)}


def predictor(solution: Solution, design: Design) -> Predictor:
    """The predictor of a solution.

    Raises
    ------
    NoRisk
        If the solution has none: its effects are conditioned out.
    """
    if solution.predictor is None:
        raise NoRisk(
            "this model has no absolute risk: it conditions its effects out and never estimates them; "
            "coefficients are log odds ratios, and risks come from cre_logit or lpm"
        )
    if not solution.absorbed:
        everything = np.arange(len(solution.terms))
        eta = solution.x @ solution.estimate
        return Predictor(solution, eta, solution.x, solution.terms, everything, None)
    places = np.array([design.terms.index(t) for t in solution.terms])
    return Predictor(solution, solution.predictor, design.x, design.terms, places, solution.rows)


def chunks(n: int, size: int = CHUNK) -> Iterator[slice]:
    """Slices that cover n rows."""
    return (slice(s, min(s + size, n)) for s in range(0, n, size))


def averages(of: Predictor, wanted: Sequence[Average]) -> Averages:
    """All averages in one pass, with gradients in the coefficients (delta method)."""
    k = len(of.solution.estimate)
    value, by_slope = np.zeros(len(wanted)), np.zeros((len(wanted), k))
    by_column = np.zeros((len(wanted), len(of.names)))
    for s in chunks(of.n):
        points = _Points(of, s)
        weights = np.empty((len(wanted), s.stop - s.start))
        for i, average in enumerate(wanted):
            curve, columns, moved, delta = points.at(average.settings)
            if average.derivative_in is None:
                value[i] += curve.mean.sum()
                weights[i] = curve.slope
            else:
                along, slopes, rate = points.derivative(average.derivative_in, columns)
                value[i] += (curve.slope * rate).sum()
                weights[i] = curve.bend * rate
                by_column[i, along] += curve.slope @ slopes
            by_column[i, moved] += weights[i] @ delta
        by_slope += weights @ of.slopes[s]
    return Averages(value / of.n, (by_slope + by_column[:, of.places]) / of.n)


@dataclass(frozen=True)
class _Points:
    """Some rows, and the risk there with regressors set to values, kept as long as others ask for the same."""

    of: Predictor
    rows: slice
    made: dict[tuple[tuple[int, float], ...], tuple[Curve, Array, list[int], Array]] = field(default_factory=dict)

    @cached_property
    def columns(self) -> Array:
        return self.of.columns(self.rows)

    def at(self, settings: Mapping[int, float]) -> tuple[Curve, Array, list[int], Array]:
        """Risk, columns as set, which of them moved, and by how much (., J)."""
        key = tuple(sorted(settings.items()))
        if key not in self.made:
            self.made.clear()
            columns, moved, delta = changed(self.of, self.columns, settings)
            eta = self.of.eta[self.rows]
            eta = eta + delta @ self.of.coefficients[moved] if moved else eta
            self.made[key] = (CURVES[self.of.solution.link](eta), columns, moved, delta)
        return self.made[key]

    def derivative(self, base: int, columns: Array) -> tuple[list[int], Array, Array]:
        """Columns that depend on a base, their derivatives in it, and the predictor's."""
        along, slopes = self.of.structure.derivative(columns, base)
        return along, slopes, slopes @ self.of.coefficients[along]


def changed(of: Predictor, columns: Array, settings: Mapping[int, float]) -> tuple[Array, list[int], Array]:
    """Columns as set, which of them moved, and by how much (., J)."""
    if not settings:
        return columns, [], np.empty((len(columns), 0))
    moved, new = of.structure.moved(columns, settings)
    delta = new - columns[:, moved]
    after = columns.copy()
    after[:, moved] = new
    return after, moved, delta


def at_draws(of: Predictor, wanted: Sequence[Average], draws: Array) -> Array:
    """All averages at each of B drawn coefficients (B, k): (m, B)."""
    by_column = of.by_column(draws.T)
    away, curve_of = (draws - of.solution.estimate).T, CURVES[of.solution.link]
    value = np.zeros((len(wanted), len(draws)))
    for s in chunks(of.n, CHUNK_OF_DRAWS):
        raw = of.columns(s)
        eta = of.eta[s, None] + of.slopes[s] @ away
        last: tuple[Mapping[int, float], Curve, Array] | None = None
        for i, average in enumerate(wanted):
            if last is None or last[0] != average.settings:
                columns, moved, delta = changed(of, raw, average.settings)
                last = (average.settings, curve_of(eta + delta @ by_column[moved] if moved else eta), columns)
            if average.derivative_in is None:
                value[i] += last[1].mean.sum(axis=0)
            else:
                along, slopes = of.structure.derivative(last[2], average.derivative_in)
                value[i] += (last[1].slope * (slopes @ by_column[along])).sum(axis=0)
    return value / of.n
