"""Outcomes without treatment, fitted on untreated cells."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from detente.base.types import Array, Flags
from detente.stats.causal.twoway import TwoWay


@dataclass(frozen=True)
class Counterfactual:
    """A fit on untreated cells and what it predicts.

    `values` (U, T) everywhere, and `difference` (U, T) of outcomes from them; `reached` (U, T) where the fit determines
    them; `slopes` (p,) of covariates; `sigma` the standard deviation of residuals, by degrees of freedom; `words` what
    was fitted.
    """

    two: TwoWay
    values: Array = field(repr=False)
    difference: Array = field(repr=False)
    reached: Flags = field(repr=False)
    slopes: Array
    sigma: float
    words: str

    @property
    def fit(self) -> Flags:
        """Cells (U, T) of the fit."""
        return self.two.cells

    def weights(self, target: Array) -> Array:
        """Weights (U, T) of outcomes of the fit in the sum of `target` (U, T) × predictions."""
        of_unit, of_other = self.two.targets(target)
        found = self.two.solve(of_unit[:, None], of_other[:, None])
        return np.where(self.fit, self.two.values(found), 0.0)


def counterfactual(two: TwoWay, outcome: Array) -> Counterfactual:
    """Fit the outcome (U, T) on the cells of `two`."""
    found = two.fit(outcome)
    values = two.values(found)
    difference = outcome - values
    residual = difference[two.cells]
    df = int(two.cells.sum()) - two.rank
    sigma = math.sqrt(float(residual @ residual) / df) if df > 0 else math.nan
    slopes = found.other[two.size - len(two.covariates) :, 0]
    words = "fixed effects of unit and period" + (f" and {len(slopes)} covariates" if len(slopes) else "")
    return Counterfactual(two, values, difference, two.reached, slopes, sigma, words)
