"""Coefficients from what fixed effects and controls leave of outcome and treatment (Frisch and Waugh 1933)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from detente.base.errors import NoVariation
from detente.base.numerics import CONSTANT
from detente.base.types import Array, Codes, Flags
from detente.stats.contract import Solution
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.linear.absorb import Absorber, absorber
from detente.stats.linear.group import Choice, Group
from detente.stats.linear.regressors import inverse
from detente.stats.linear.within import gram


def outcome_within(design: ModelFrame, solution: Solution) -> Array:
    """The outcome (N,) of a linear fit within its fixed effects."""
    assert solution.predictor is not None
    within: Array = design.y - solution.predictor + solution.x @ solution.estimate
    return within


def spread(columns: Array) -> Array:
    """Sums of squares about the mean, (K,) of columns (N, K) or a number of one (N,)."""
    return np.asarray(np.square(columns - columns.mean(axis=0)).sum(axis=0))


def left_of(products: Array, column: int, out: Sequence[int]) -> float:
    """Sum of squares of a column, other columns taken `out`, from cross-products (K, K) of all."""
    if not out:
        return float(products[column, column])
    along = products[list(out), column]
    return float(products[column, column] - along @ inverse(products[np.ix_(out, out)]) @ along)


@dataclass(frozen=True)
class Partial:
    """K treatments less controls: `shares` (m, K) of the m controls in them; `size` (K,) sums of squares that are left.

    `coefficient` (K,) of the outcome on each; missing where no more is left than `least`.
    """

    shares: Array
    size: Array
    coefficient: Array


def partial_out(
    controls: Array, with_y: Array, on_controls: Array, on_y: Array, size: Array, least: float | Array
) -> Partial:
    """Take controls out of treatments, all from products of columns within fixed effects.

    `controls` (m, m) of controls; `with_y` (m,) of these and the outcome; `on_controls` (m, K) of controls and
    treatments; `on_y` (K,) of outcome and treatments; `size` (K,) of treatments.
    """
    scale = 1 / np.sqrt(np.diag(controls))
    shares = scale[:, None] * np.linalg.solve(controls * np.outer(scale, scale), scale[:, None] * on_controls)
    own = size - np.einsum("ij,ij->j", on_controls, shares)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Partial(shares, own, np.where(own > least, (on_y - shares.T @ with_y) / own, np.nan))


def with_treatment(design: ModelFrame, solution: Solution, treatment: Array, effects: Absorber, y: Array) -> Solution:
    """The linear fit of a design with another treatment (N,); `effects` absorbs its fixed effects, `y` is within them.

    Raises NoVariation if the treatment does not vary within fixed effects and controls.
    """
    place, x = solution.treatment, solution.x.copy()
    x[:, place] = effects.residual(np.asarray(treatment, dtype=np.float64)) if effects.counts else treatment
    products = gram(x, y)
    others, least = [j for j in range(x.shape[1]) if j != place], CONSTANT * float(spread(treatment))
    if not (products[place, place] > least and left_of(products, place, others) > least):
        raise NoVariation("the treatment that remains does not vary within effects and controls")
    bread = inverse(products[:-1, :-1])
    estimate = bread @ products[:-1, -1]
    residual = y - x @ estimate
    dispersion = float(np.einsum("i,i->", residual, residual)) / (len(y) - len(estimate) - solution.absorbed)
    made = replace(solution, estimate=estimate, bread=bread, x=x, scores=Scores(x, residual), dispersion=dispersion)
    return replace(made, predictor=design.y - residual)


@dataclass(frozen=True)
class GroupWithin:
    """Columns of a group within its fixed effects, x (N, p) and y (N, q), and what makes many models of them."""

    group: Group
    absorber: Absorber
    x: Array
    y: Array

    @classmethod
    def of(cls, group: Group) -> "GroupWithin":
        """Take the fixed effects off all columns of a group."""
        made = absorber(group.effects, group.rows)
        x, y = (made.residual(np.ascontiguousarray(part, dtype=np.float64)) for part in (group.x, group.y))
        return cls(group, made, x, y)

    @cached_property
    def cross(self) -> Array:
        """Cross-products of regressors, (p, p)."""
        return gram(self.x)

    @cached_property
    def with_y(self) -> Array:
        """Cross-products of regressors and outcomes, (p, q)."""
        return np.asarray(self.x.T @ self.y)

    @cached_property
    def spread(self) -> Array:
        """Sums of squares about the mean of regressors as they came, (p,)."""
        return spread(self.group.x)

    @cached_property
    def varies(self) -> Flags:
        """Whether more than rounding is left of each regressor, (p,)."""
        return np.asarray(np.diag(self.cross) > CONSTANT * self.spread)

    def _places(self, choice: Choice) -> tuple[int, int, Codes]:
        """Columns of a choice: outcome, treatment, and its controls that vary."""
        names = self.group.names
        controls = np.array([names.index(t) for t in choice.controls if self.varies[names.index(t)]], dtype=np.int64)
        return self.group.outcomes.index(choice.outcome), names.index(choice.treatment), controls

    def influence(self, choice: Choice) -> tuple[float, Array]:
        """The estimate of a model, and what each dyad (G,) contributes to its error."""
        outcome, at, used = self._places(choice)
        shares = np.linalg.solve(
            self.cross[np.ix_(used, used)], np.column_stack([self.cross[used, at], self.with_y[used, outcome]])
        )
        left = self.x[:, at] - self.x[:, used] @ shares[:, 0]
        residual = self.y[:, outcome] - self.x[:, used] @ shares[:, 1]
        size = float(left @ left)
        slope = float(left @ residual) / size
        scores = left * (residual - slope * left) / size
        by_dyad = np.bincount(self.group.pairs.dyad, scores, minlength=len(self.group.pairs.low))
        return slope, np.asarray(by_dyad, dtype=np.float64)

    def coefficients(self, treatments: Array, choices: Sequence[Choice]) -> Array:
        """Coefficients (K, len(choices)) of drawn treatments (N, K); missing where one does not vary."""
        left = self.absorber.residual(treatments)
        on_x, on_y, size = self.x.T @ left, self.y.T @ left, np.einsum("ij,ij->j", left, left)
        made = np.empty((treatments.shape[1], len(choices)))
        for k, choice in enumerate(choices):
            outcome, at, used = self._places(choice)
            cross, with_y, least = (
                self.cross[np.ix_(used, used)],
                self.with_y[used, outcome],
                CONSTANT * self.spread[at],
            )
            made[:, k] = partial_out(cross, with_y, on_x[used], on_y[outcome], size, least).coefficient
        return made
