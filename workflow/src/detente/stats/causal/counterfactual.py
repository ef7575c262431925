"""Outcomes without treatment, fitted on untreated cells."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from detente.base.numerics import PULLED
from detente.base.types import Array, Flags
from detente.stats.causal.low_rank import Pull, low_rank
from detente.stats.causal.twoway import TwoWay


@dataclass(frozen=True)
class Beyond:
    """What goes beyond fixed effects: `factors`, or a `penalty` on their number; neither by default."""

    factors: int = 0
    penalty: float | None = None

    def __bool__(self) -> bool:
        """Whether anything does."""
        return self.factors > 0 or self.penalty is not None

    def __str__(self) -> str:
        """In words, behind the fixed effects."""
        if self.penalty is not None:
            return f", matrix completion with penalty {self.penalty:g}"
        return f", {self.factors} factors" if self.factors else ""


@dataclass(frozen=True)
class Learnt:
    """What a sum of predictions is learnt from: `weights` (U, T) of outcomes, what each of the `units` (U,) adds."""

    weights: Array
    units: Array


@dataclass(frozen=True)
class Counterfactual:
    """A fit on untreated cells and what it predicts.

    `values` (U, T) everywhere, and `difference` (U, T) of outcomes from them; `reached` (U, T) where the fit determines
    them; `common` (U, T) the part of factors; `slopes` (p,) of covariates; `sigma` the standard deviation of residuals
    from fixed effects, by degrees of freedom; `words` what was fitted.
    """

    two: TwoWay
    outcome: Array = field(repr=False)
    beyond: Beyond
    values: Array = field(repr=False)
    common: Array = field(repr=False)
    slopes: Array
    sigma: float

    @cached_property
    def difference(self) -> Array:
        """Outcomes less what is predicted, (U, T)."""
        return self.outcome - self.values

    @property
    def fit(self) -> Flags:
        """Cells (U, T) of the fit."""
        return self.two.cells

    @property
    def reached(self) -> Flags:
        """Cells (U, T) whose prediction the fit determines."""
        return self.two.reached

    @property
    def linear(self) -> bool:
        """Whether predictions are linear in outcomes."""
        return not self.beyond

    @property
    def words(self) -> str:
        """What was fitted."""
        slopes = f" and {len(self.slopes)} covariates" if len(self.slopes) else ""
        return f"fixed effects of unit and period{slopes}{self.beyond}"

    def learnt(self, target: Array) -> Learnt:
        """How the sum of `target` (U, T) × predictions depends on outcomes and on units.

        Beyond fixed effects it is found by pulling at what is predicted: a fit that is to make the sum large, too, by a
        little, moves its values by the derivative with respect to outcomes, and each unit's part of what the fit makes
        small by minus that with respect to how often the unit counts, as all are the gradients of the two times the
        inverse Hessian.
        """
        if self.linear:
            of_unit, of_other = self.two.targets(target)
            found = self.two.solve(of_unit[:, None], of_other[:, None])
            weights = self.two.fitted(found)
            return Learnt(weights, (weights * np.where(self.fit, self.difference, 0.0)).sum(axis=1))
        size = PULLED * self.sigma / float(np.linalg.norm(target))
        (one, up), (other, down) = (self._pulled(sign * size * target) for sign in (1, -1))
        units = np.where(self.two.per_unit > 0, (down - up) / (2 * size), 0.0)
        units[self.two.per_unit > 0] -= units.sum() / float((self.two.per_unit > 0).sum())
        return Learnt(np.where(self.fit, (one - other) / (2 * size), 0.0), units)

    def _pulled(self, weights: Array) -> tuple[Array, Array]:
        """Predictions (U, T) that are pulled at, and each unit's part (U,) of squares and penalty."""
        beyond = self.beyond
        made = low_rank(self.two, self.outcome, beyond.factors, beyond.penalty, Pull(weights, self.common))
        values = self.two.values(made.found) + made.common
        squares = np.where(self.fit, self.outcome - values, 0.0) ** 2
        bound = 0.0 if beyond.penalty is None else beyond.penalty * values.size
        return values, (squares.sum(axis=1) + bound * made.lengths) / 2


def counterfactual(two: TwoWay, outcome: Array, beyond: Beyond) -> Counterfactual:
    """Fit the outcome (U, T) on the cells of `two`; raises NotConverged where factors are not found."""
    found = two.fit(outcome)
    common: Array = np.zeros(outcome.shape)
    residual = (outcome - two.values(found))[two.cells]
    df = int(two.cells.sum()) - two.rank
    sigma = math.sqrt(float(residual @ residual) / df) if df > 0 else math.nan
    if beyond:
        made = low_rank(two, outcome, beyond.factors, beyond.penalty)
        found, common = made.found, made.common
    slopes = found.other[two.size - len(two.covariates) :, 0]
    return Counterfactual(two, outcome, beyond, two.values(found) + common, common, slopes, sigma)
