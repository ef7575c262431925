"""Outcomes without treatment that have common factors beside fixed effects: interactive effects, matrix completion.

Liu, Wang and Xu (2024, section 3); Bai (2009, "Panel data models with interactive fixed effects", Econometrica 77);
Athey, Bayati, Doudchenko, Imbens and Khosravi (2021, "Matrix completion methods for causal panel data models", Journal
of the American Statistical Association 116).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from detente.base.errors import NotConverged
from detente.base.numerics import LOW_RANK, MOST_LOW_RANK
from detente.base.types import Array
from detente.stats.causal.twoway import Coefficients, TwoWay


@dataclass(frozen=True)
class LowRank:
    """What is fitted: `found` fixed effects and slopes, `common` (U, T) the part of factors, its `rank`."""

    found: Coefficients
    common: Array
    rank: int

    @property
    def lengths(self) -> Array:
        """Squared lengths (U,) of units' loadings, which with those of factors add up to twice the nuclear norm."""
        left, values, _ = np.linalg.svd(self.common, full_matrices=False)
        return np.asarray(left**2 @ values)


@dataclass(frozen=True)
class Pull:
    """What is changed of a fit: `weights` (U, T) × fitted values are added to what it makes large; `start` (U, T)."""

    weights: Array
    start: Array


def low_rank(two: TwoWay, outcome: Array, factors: int, penalty: float | None, pull: Pull | None = None) -> LowRank:
    """Least squares of an outcome (U, T) on fixed effects, covariates and a matrix of low rank, on the cells of `two`.

    The matrix has `factors` factors; or any number, with `penalty` × U × T times the sum of its singular values
    added to half the sum of squares. Cells outside the fit are filled with what is fitted, again and again, until it
    moves no more (Mazumder, Hastie and Tibshirani 2010, algorithm 1), each time a step further on where it goes.

    Raises NotConverged.
    """
    inside, bound = np.where(two.cells, outcome, 0.0), 0.0 if penalty is None else penalty * outcome.size
    weights = np.zeros(outcome.shape) if pull is None else pull.weights
    added = two.targets(weights)
    common = ahead = np.zeros(outcome.shape) if pull is None else pull.start
    moved, momentum, least = np.inf, 1.0, LOW_RANK * float(np.linalg.norm(inside))
    for _ in range(MOST_LOW_RANK):
        found = two.fit(inside - ahead, added)
        left = np.where(two.cells, inside - two.values(found), ahead) + weights
        new, rank = _shrunk(left, factors, bound)
        step = new - common
        moved = float(np.linalg.norm(step))
        if moved <= max(LOW_RANK * float(np.linalg.norm(new)), least * LOW_RANK):
            return LowRank(two.fit(inside - new, added), new, rank)
        # Nesterov's momentum, begun again where it leads uphill (O'Donoghue and Candès 2015, their gradient scheme).
        uphill = float(np.vdot(ahead - new, step)) > 0
        longer = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new if uphill else new + (momentum - 1) / longer * step
        momentum, common = 1.0 if uphill else longer, new
    raise NotConverged(
        f"factors of untreated outcomes still move by {moved:.1e} after {MOST_LOW_RANK:,} rounds: ask for fewer, or a "
        "larger penalty"
    )


def _shrunk(table: Array, factors: int, bound: float) -> tuple[Array, int]:
    """The matrix of low rank nearest to a table (U, T): the largest singular values kept, or all less the bound."""
    wide = table.shape[0] < table.shape[1]
    tall = table.T if wide else table
    squares, vectors = np.linalg.eigh(tall.T @ tall)
    if bound:
        values = np.sqrt(np.clip(squares, 0, None))
        keep = values > bound
        scale = (values[keep] - bound) / values[keep]
    else:
        keep = np.arange(len(squares)) >= len(squares) - factors
        scale = np.ones(int(keep.sum()))
    chosen = vectors[:, keep]
    near = (tall @ chosen * scale) @ chosen.T
    return near.T if wide else near, int(keep.sum())
