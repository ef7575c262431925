"""Least squares on units, periods, groups of cells and covariates, extrapolated to cells outside the fit.

Units are partialled out, so that what is solved has a place for each period, group and covariate alone. The same
equations give the weights that a counterfactual, or a coefficient, puts on each outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy

from detente.base.errors import RankDeficient
from detente.base.numerics import DEPENDENT, NOTHING
from detente.base.types import Array, Codes, Flags, Places
from detente.stats.kernels import absorption as kernel
from detente.stats.linear.within import gram


@dataclass(frozen=True)
class Coefficients:
    """Solutions of k systems: `unit` (U, k), `other` (q, k) of the T periods, the groups and the covariates."""

    unit: Array
    other: Array


@dataclass(frozen=True)
class TwoWay:
    """Cells (U, T) of a fit by unit and period.

    `groups` (U, T) codes from 0 to `count` − 1 of dummies for cells, −1 for none; `covariates` p tables (U, T), none
    missing in `cells`; `names` theirs.
    """

    cells: Flags
    covariates: Sequence[Array] = ()
    names: Sequence[str] = ()
    groups: Codes | None = None
    count: int = 0

    @property
    def size(self) -> int:
        """Columns beside the units, q = T + groups + covariates."""
        return int(self.cells.shape[1]) + self.count + len(self.covariates)

    @cached_property
    def per_unit(self) -> Array:
        """Cells of each unit in the fit, (U,)."""
        return np.asarray(self.cells.sum(axis=1), dtype=np.float64)

    @cached_property
    def _means(self) -> list[Array]:
        """Means (U,) of covariates by unit in the fit; the mean of none is zero."""
        held = np.maximum(self.per_unit, 1)
        return [np.where(self.cells, x, 0).sum(axis=1) / held for x in self.covariates]

    @property
    def _centered(self) -> Iterator[Array]:
        """Covariates (U, T) less these, one in memory at a time."""
        return (x - mean[:, None] for x, mean in zip(self.covariates, self._means, strict=True))

    @cached_property
    def _held(self) -> Array:
        """Cells of the fit as numbers, (U, T)."""
        return self.cells.astype(np.float64)

    @cached_property
    def _places(self) -> tuple[Codes, Codes]:
        """Unit and period of each of the n cells of the fit."""
        unit, period = np.nonzero(self.cells)
        return unit, period

    @cached_property
    def _inside(self) -> Array:
        """Centred covariates (n, p) in the n cells of the fit."""
        inside: Array = np.empty((int(self.cells.sum()), len(self.covariates)))
        for column, x in zip(inside.T, self._centered, strict=True):
            column[:] = x[self.cells]
        return inside

    @cached_property
    def _grouped(self) -> Flags:
        """Cells (U, T) of the fit that are in a group."""
        return np.zeros(self.cells.shape, bool) if self.groups is None else self.cells & (self.groups >= 0)

    @cached_property
    def _by_unit(self) -> Array | scipy.sparse.csr_array:
        """Cells of each unit by period and group, (U, T + groups); those of covariates add up to zero."""
        if self.groups is None:
            return self._held
        unit, code = np.nonzero(self._grouped)[0], self.groups[self._grouped]
        shape = (len(self.cells), self.count)
        return scipy.sparse.hstack([scipy.sparse.csr_array(self._held), _counts(unit, code, shape)], format="csr")

    @cached_property
    def _factor(self) -> tuple[Array, Array, Places, int]:
        periods, dummies = self.cells.shape[1], self.cells.shape[1] + self.count
        block = np.zeros((self.size, self.size))
        by_unit = self._by_unit
        if scipy.sparse.issparse(by_unit):
            scaled = scipy.sparse.diags_array(1 / np.maximum(self.per_unit, 1)) @ by_unit
            block[:dummies, :dummies] = -(by_unit.T @ scaled).toarray()
        else:
            block[:dummies, :dummies] = -by_unit.T @ (by_unit / np.maximum(self.per_unit, 1)[:, None])
        block[range(periods), range(periods)] += self._held.sum(axis=0)
        if self.groups is not None:
            period, code = np.nonzero(self._grouped)[1], self.groups[self._grouped]
            both = _counts(period, code, (periods, self.count)).toarray()
            block[:periods, periods:dummies] += both
            block[periods:dummies, :periods] += both.T
            block[range(periods, dummies), range(periods, dummies)] += both.sum(axis=0)
        if self.covariates:
            period, grouped = self._places[1], self._grouped[self.cells]
            for j, x in enumerate(self._inside.T):
                block[:periods, dummies + j] = np.bincount(period, x, periods)
                if self.groups is not None:
                    code = self.groups[self._grouped]
                    block[periods:dummies, dummies + j] = np.bincount(code, x[grouped], self.count)
            block[dummies:, :dummies] = block[:dummies, dummies:].T
            block[dummies:, dummies:] = gram(self._inside)
        return kernel.factorize(block, DEPENDENT)

    def _sums(self, values: Array) -> Array:
        """Sums (q,) of values (U, T), zero outside the fit, times each column beside the units."""
        parts = [values.sum(axis=0)]
        if self.groups is not None:
            parts.append(np.bincount(self.groups[self._grouped], values[self._grouped], self.count))
        return np.concatenate([*parts, values[self.cells] @ self._inside])

    @property
    def rank(self) -> int:
        """Parameters that are determined, those of units among them."""
        return int((self.per_unit > 0).sum()) + self._factor[-1]

    @cached_property
    def determined(self) -> Flags:
        """Columns (q,) whose coefficients the fit determines: no combination that units explain holds them."""
        root, scale, pivots, rank = self._factor
        found = np.ones(self.size, dtype=bool)
        if rank < self.size:
            inner = scipy.linalg.solve_triangular(root[:rank, :rank], root[:rank, rank:])
            found[pivots[rank:]] = False
            found[pivots[:rank]] = np.abs(inner).max(axis=1) < NOTHING
            found[scale == 0] = False
        return found

    @cached_property
    def component(self) -> Codes:
        """Connected component (T,) of units and periods that each period is in, −1 without a cell in the fit."""
        together = self._held.T @ self._held
        _, label = scipy.sparse.csgraph.connected_components(scipy.sparse.csr_array(together > 0), directed=False)
        return np.where(np.diag(together) > 0, label, -1)

    @cached_property
    def reached(self) -> Flags:
        """Cells (U, T) whose counterfactual the fit determines: unit and period are linked in it."""
        of_unit = np.where(self.cells.any(axis=1), self.component[self.cells.argmax(axis=1)], -2)
        return np.asarray(of_unit[:, None] == self.component[None, :])

    def check_covariates(self) -> None:
        """Raise RankDeficient if a covariate does not vary within units and periods of the fit, or repeats others."""
        periods = len(np.unique(self.component[self.component >= 0]))
        plain = self if self.groups is None else TwoWay(self.cells, self.covariates, self.names)
        found = plain._factor[-1] - (int((self.component >= 0).sum()) - periods)
        if found >= len(self.covariates):
            return
        only = [
            name
            for name, x in zip(self.names, self.covariates, strict=True)
            if TwoWay(self.cells, (x,), (name,))._factor[-1] == TwoWay(self.cells)._factor[-1]
        ]
        what = f"{', '.join(map(repr, only))} vary by unit or by period alone" if only else "they repeat one another"
        raise RankDeficient(
            f"of {len(self.covariates)} covariates, {found} remain beside fixed effects of unit and period in "
            f"{int(self.cells.sum()):,} cells: {what}; leave these covariates out"
        )

    def solve(self, of_unit: Array, of_other: Array) -> Coefficients:
        """Coefficients whose normal equations have these right-hand sides, (U, k) and (q, k)."""
        held, dummies = np.maximum(self.per_unit, 1)[:, None], self.size - len(self.covariates)
        target = np.array(of_other, dtype=np.float64)
        target[:dummies] -= self._by_unit.T @ (of_unit / held)
        other = kernel.solve(*self._factor, target)
        return Coefficients((of_unit - self._by_unit @ other[:dummies]) / held, other)

    def fit(self, outcome: Array, added: tuple[Array, Array] | None = None) -> Coefficients:
        """Least squares of an outcome (U, T), k = 1; `added` (U,), (q,) to the right-hand sides of its equations."""
        values = np.where(self.cells, outcome, 0.0)
        of_unit, of_other = values.sum(axis=1), self._sums(values)
        if added is not None:
            of_unit, of_other = of_unit + added[0], of_other + added[1]
        return self.solve(of_unit[:, None], of_other[:, None])

    def targets(self, weights: Array) -> tuple[Array, Array]:
        """Right-hand sides (U,), (q,) of the weights that the sum of weights (U, T) × counterfactuals puts on cells."""
        (unit, period), (units, periods) = np.nonzero(weights), self.cells.shape
        own: Array = weights[unit, period]
        parts = [np.bincount(period, own, periods)]
        if self.groups is not None:
            parts.append(np.bincount(self.groups[unit, period] + 1, own, self.count + 1)[1:])
        slopes = [own @ (x[unit, period] - mean[unit]) for x, mean in zip(self.covariates, self._means, strict=True)]
        return np.bincount(unit, own, units).astype(np.float64), np.concatenate([*parts, slopes])

    def fitted(self, found: Coefficients, column: int = 0) -> Array:
        """Fitted values (U, T) of one solution in cells of the fit, zero in others."""
        (unit, period), periods = self._places, self.cells.shape[1]
        other = found.other[:, column]
        inside = found.unit[unit, column] + other[period]
        if self.groups is not None:
            inside += np.append(other[periods : periods + self.count], 0.0)[self.groups[unit, period]]
        table: Array = np.zeros(self.cells.shape)
        table[unit, period] = inside + self._inside @ other[periods + self.count :]
        return table

    def values(self, found: Coefficients, column: int = 0) -> Array:
        """Fitted values (U, T) of one solution, of cells outside the fit too; NaN where a covariate is missing."""
        periods = self.cells.shape[1]
        other = found.other[:, column]
        table: Array = found.unit[:, column][:, None] + other[:periods]
        if self.groups is not None:
            table = table + np.append(other[periods : periods + self.count], 0.0)[self.groups]
        for x, slope in zip(self._centered, other[periods + self.count :], strict=True):
            table = table + slope * x
        return table


def _counts(row: Codes, column: Codes, shape: tuple[int, int]) -> scipy.sparse.csr_array:
    return scipy.sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape)
