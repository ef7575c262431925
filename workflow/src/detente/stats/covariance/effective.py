"""Effective degrees of freedom of a dyadic variance: how many independent pieces of information it is made of."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from detente.base.errors import UnsupportedCovariance
from detente.base.numbering import Pairs
from detente.base.types import Array

Degrees = Literal["satterthwaite", "states"] | float


@dataclass(frozen=True)
class Information:
    """What each row adds to the information that an estimate is made of.

    The information (k, k) is Σ_r left_r right_rᵀ: `left` (n, k) regressors as the model has them; `right` the same
    where it is None, the same times working weights if it is (n,), and (n, k) where a model has its own.
    """

    left: Array
    right: Array | None = None

    def along(self, direction: Array) -> Array:
        """What each row adds to it along a direction (k,) of the coefficients, (n,)."""
        one: Array = self.left @ direction
        if self.right is None:
            return one * one
        return np.asarray(one * one * self.right if self.right.ndim == 1 else one * (self.right @ direction))


@dataclass(frozen=True)
class Satterthwaite:
    """Degrees of freedom of the dyadic variance V of any function of the coefficients: 2 E(V)² / Var(V).

    With z_r what the outcome of row r adds to the estimate, in standard deviations of that outcome as the model has
    them, E ∝ Σ z² and Var ∝ 2 Σ z_r² z_s² over all pairs of rows that share a state, were residuals normal: so
    (Σ z²)² / (Σ_i A_i² − Σ_d B_d²), A and B the sums of z² over a state and over a dyad. It is Satterthwaite's
    approximation as Bell and McCaffrey (2002) have it for clusters, the fit's own leverage left out. It depends on the
    regressors alone, lies between 1 and the number of states less one or so, and is small where few states hold most of
    what a coefficient is learnt from (Tabord-Meehan 2019: the t statistic has no limit where they stay few).

    `information` of the rows; `bread` (k, k) of the coefficients; `pairs` the dyads of the rows.
    """

    information: Information
    bread: Array
    pairs: Pairs
    _found: dict[bytes, float] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, gradient: Array) -> float:
        """Of the variance of a function of the coefficients with this gradient (k,); NaN if it depends on none."""
        key = np.ascontiguousarray(gradient, dtype=np.float64).tobytes()
        if key not in self._found:
            self._found[key] = effective(self.information.along(self.bread @ gradient), self.pairs)
        return self._found[key]


def effective(squares: Array, pairs: Pairs) -> float:
    """(Σ z²)² / (Σ_i A_i² − Σ_d B_d²) of z² (N,) by row, A and B its sums by state and dyad of two; NaN if all 0."""
    by_dyad: Array = np.bincount(pairs.dyad, squares, len(pairs.low)).astype(np.float64)
    return effective_of_dyads(by_dyad, float(squares.sum()), pairs)


def effective_of_dyads(by_dyad: Array, total: float, pairs: Pairs) -> float:
    """The same of sums by dyad (D,), and of all."""
    twice = pairs.between(by_dyad)
    high = pairs.between(pairs.high)
    by_state = np.bincount(pairs.low, by_dyad, pairs.states) + np.bincount(high, twice, pairs.states)
    shared = float(by_state @ by_state - twice @ twice)
    return total**2 / shared if shared > 0 else float("nan")


def read_degrees(value: str | float) -> Degrees:
    """Degrees of freedom as they are asked for; raises UnsupportedCovariance, naming the legal values."""
    if value in ("satterthwaite", "states"):
        return value  # type: ignore[return-value]
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not number > 0:
        raise UnsupportedCovariance(f"df {value!r} is not known; it is 'satterthwaite', 'states', or a number above 0")
    return number


def said(degrees: Degrees | float) -> str:
    """The distribution in words: "t with 19 df", "t with effective df (Satterthwaite)", or "normal distribution"."""
    if degrees == "satterthwaite":
        return "t with effective df (Satterthwaite)"
    if degrees == float("inf"):
        return "normal distribution"
    return f"t with {degrees:.{0 if float(degrees).is_integer() else 1}f} df"
