"""Scores and bread → covariance, for dependence within dyads and among dyads that share a state."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detente.errors import IndefiniteCovariance, TooFewStates, UnsupportedCovariance, choices

Array = npt.NDArray[np.floating[Any]]
Codes = npt.NDArray[np.int64]
FEWEST_STATES = 5
# A variance below this share of the heteroskedastic one is zero but for rounding.
NO_VARIANCE = 1e-6


@dataclass(frozen=True)
class Covariance:
    """Covariance of k coefficients and the recipe that made it.

    matrix (k, k); `unrepaired` (k, k) the same before negative eigenvalues were clipped; `heteroskedastic` (k, k) as if
    rows were independent, the yardstick of what counts as no variance; `df` degrees of freedom of the t distribution;
    `correction` the recipe in words; `repair` what was done to make it positive semi-definite, "" if nothing.
    """

    matrix: Array
    unrepaired: Array
    heteroskedastic: Array
    kind: str
    df: int
    correction: str
    repair: str

    @property
    def std_errors(self) -> Array:
        """Square roots of the diagonal, (k,)."""
        return np.sqrt(np.diag(self.matrix))

    def std_error(self, gradient: Array) -> float:
        """Delta-method standard error of a function of the coefficients with this gradient (k,).

        Raises
        ------
        IndefiniteCovariance
            If the variance before repair is not positive: clipping would make up a standard error.
        """
        if not self.exists(gradient):
            raise IndefiniteCovariance(
                f"the {self.kind} covariance leaves no variance: its double sum is negative in this sample"
            )
        return math.sqrt(float(gradient @ self.matrix @ gradient))

    def std_error_unrepaired(self, gradient: Array) -> float:
        """The same before repair, which can only add to it."""
        return math.sqrt(float(gradient @ self.unrepaired @ gradient))

    def exists(self, gradient: Array) -> bool:
        """Whether the variance before repair is positive by more than rounding."""
        variance = float(gradient @ self.unrepaired @ gradient)
        return variance > NO_VARIANCE * float(gradient @ self.heteroskedastic @ gradient)


@dataclass(frozen=True)
class _Meat:
    matrix: Array
    df: int
    correction: str


def totals(scores: Array, groups: Codes, size: int) -> Array:
    """Sums of the rows of `scores` (N, k) within each of `size` groups, (size, k)."""
    return np.column_stack([np.bincount(groups, weights=column, minlength=size) for column in scores.T])


def dyadic_meat(scores: Array, a: Codes, b: Codes) -> tuple[Array, int]:
    """Σᵢ UᵢUᵢᵀ − Σ_d S_dS_dᵀ, and the number of states (Aronow, Samii and Assenova 2015, eq. 3, in O(Nk + (n + D)k²)).

    S_d totals the scores of dyad d over its years, U_i the S_d of all dyads of state i. Every pair of observations
    that shares a state counts once: pairs within one dyad share both states and would count twice.

    Parameters
    ----------
    scores
        (N, k); `a`, `b` (N,) the two states of each row, as any whole numbers.
    """
    pairs = number_dyads(a, b)
    by_dyad = totals(scores, pairs.dyad, len(pairs.low))
    n = pairs.states
    by_state = totals(by_dyad, pairs.low, n) + totals(by_dyad, pairs.high, n)
    return by_state.T @ by_state - by_dyad.T @ by_dyad, n


@dataclass(frozen=True)
class Pairs:
    """Dyads numbered from 0: `dyad` (N,) number of each row; `low`, `high` (D,) numbers of a dyad's two states."""

    dyad: Codes
    low: Codes
    high: Codes
    states: int


def number_dyads(a: Codes, b: Codes) -> Pairs:
    """Number dyads and states, whatever their codes, their order in a row, or the width of their integers."""
    states, ends = np.unique(np.concatenate([a, b]), return_inverse=True)
    n = len(states)
    low, high = np.minimum(ends[: len(a)], ends[len(a) :]), np.maximum(ends[: len(a)], ends[len(a) :])
    dyads, dyad = np.unique(low * n + high, return_inverse=True)
    return Pairs(dyad, dyads // n, dyads % n, n)


def cluster_meat(scores: Array, groups: Codes) -> tuple[Array, int]:
    """Sum of outer products of within-group score totals (Liang and Zeger 1986), and the number of groups."""
    _, group = np.unique(groups, return_inverse=True)
    summed = totals(scores, group, int(group.max()) + 1)
    return summed.T @ summed, len(summed)


def sandwich(kind: str, scores: Array, bread: Array, a: Codes, b: Codes) -> Covariance:
    """Bread × meat × bread, by the name of the meat.

    Parameters
    ----------
    kind
        "dyadic" or "dyad".
    scores
        (N, k) contributions to the score; `bread` (k, k) inverse of minus the Hessian.

    Raises
    ------
    UnsupportedCovariance
        If `kind` is not known.
    TooFewStates
        If dyadic-robust inference has fewer than five states.
    """
    if kind not in KINDS:
        raise UnsupportedCovariance(f"covariance {kind!r} is not known; {choices(kind, KINDS)}")
    meat = KINDS[kind](scores, a, b)
    unrepaired = bread @ meat.matrix @ bread
    matrix, repair = _semidefinite(unrepaired)
    independent = bread @ (scores.T @ scores) @ bread
    return Covariance(matrix, unrepaired, independent, kind, meat.df, meat.correction, repair)


def _dyadic(scores: Array, a: Codes, b: Codes) -> _Meat:
    matrix, states = dyadic_meat(scores, a, b)
    if states < FEWEST_STATES:
        raise TooFewStates(f"dyadic-robust inference from {states} states; it needs at least {FEWEST_STATES}")
    recipe = f"dyadic-robust over {states} states, no small-sample factor, t with {states - 1} df"
    return _Meat(matrix, states - 1, recipe)


def _dyad(scores: Array, a: Codes, b: Codes) -> _Meat:
    matrix, dyads = cluster_meat(scores, number_dyads(a, b).dyad)
    recipe = f"clustered by {dyads} dyads, factor G/(G−1), t with {dyads - 1} df"
    return _Meat(matrix * dyads / (dyads - 1), dyads - 1, recipe)


def _semidefinite(matrix: Array) -> tuple[Array, str]:
    """Clip negative eigenvalues: the dyadic meat is a difference and can be indefinite in finite samples."""
    symmetric = (matrix + matrix.T) / 2
    scale = np.sqrt(np.abs(np.diag(symmetric)))
    scale[scale == 0] = 1.0
    values, vectors = np.linalg.eigh(symmetric / np.outer(scale, scale))
    if values.min() >= -1e-12 * max(values.max(), 1.0):
        return symmetric, ""
    clipped = (vectors * np.clip(values, 0, None)) @ vectors.T
    return clipped * np.outer(scale, scale), "negative eigenvalues clipped at zero"


KINDS: Mapping[str, Callable[[Array, Codes, Codes], _Meat]] = {"dyadic": _dyadic, "dyad": _dyad}
