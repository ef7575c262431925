"""Other treatments in the place of a linear model's own, each with its dyadic-robust standard error.

By Frisch and Waugh (1933): with x̃ the treatment and ỹ the outcome once fixed effects and controls are taken out, the
estimate is b = Σ x̃ỹ / Σ x̃², and the score of dyad d is S_d = P_d − b Q_d, where P_d and Q_d are its sums of x̃ỹ and x̃².
So a pass over the rows makes the estimate, its variances and their degrees of freedom of many treatments at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from detente.base.numbering import Pairs
from detente.base.numerics import NO_VARIANCE
from detente.base.types import Array, Codes, Flags
from detente.stats.covariance import state_totals
from detente.stats.kernels import partial as kernel
from detente.stats.kernels.partial import Explained


@dataclass(frozen=True)
class Replaced:
    """Estimates of K treatments, each in the place of a model's own, for q outcomes.

    estimate (q, K), missing where a treatment does not vary within fixed effects and controls; covariances (q, q, K) of
    a treatment's estimates: `dyadic` (Aronow, Samii and Assenova 2015) before any repair, and `dyad`, clustered by
    dyad, without a small-sample factor; `df` (K,) effective degrees of freedom of the dyadic one (`Satterthwaite`).
    """

    estimate: Array
    dyadic: Array
    dyad: Array
    df: Array

    def statistic(self, null: float = 0.0) -> Array:
        """The dyadic t (K,) of the first outcome, less `null` times the second one if there is one.

        Missing where the treatment does not vary, or its dyadic variance is not positive by more than rounding.
        """
        estimate, dyadic, dyad = self.along(null)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(dyadic > NO_VARIANCE * dyad, estimate / np.sqrt(dyadic), np.nan)

    def along(self, null: float = 0.0) -> tuple[Array, Array, Array]:
        """Estimate, and dyadic and clustered variance, (K,) each, of the first outcome less `null` times the second."""
        weight = np.array([1.0, -null])[: len(self.estimate)]
        variances = (np.einsum("i,j,ijk->k", weight, weight, v) for v in (self.dyadic, self.dyad))
        return (weight @ self.estimate, *variances)

    @classmethod
    def joined(cls, parts: Sequence["Replaced"], count: int) -> "Replaced":
        """The first `count` treatments of several blocks."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(p, name) for p in parts], axis=-1)[..., :count] for name in names))


@dataclass(frozen=True)
class Beside:
    """What a linear model has beside its treatment, within fixed effects.

    x (N, p), of which the columns `controls` (m,) are in the model, and its cross-products `cross` (p, p); `outcomes`
    (N, q) and their products `with_outcomes` (p, q) with x; `pairs` the dyads of the rows; `least` sum of squares of a
    treatment that is no more than rounding.
    """

    x: Array
    cross: Array
    controls: Codes
    outcomes: Array
    with_outcomes: Array
    pairs: Pairs
    least: float

    def replaced(self, treatments: Array | Flags, explained: Explained, products: Array) -> Replaced:
        """Estimates of treatments (N, K), numbers or flags, of which effects have `explained` a part.

        `products` (p, K) of x with them: as x is within effects, these are the same of what effects leave of them.
        """
        sums = np.zeros((len(self.pairs.low), 1 + self.aims.shape[1], treatments.shape[1]))
        kernel.by_dyad(
            treatments, explained, self.x, self.controls, self._shares(products), self.aims, (self.pairs.dyad, sums)
        )
        return self._estimated(sums[:, 0], sums[:, 1:])

    @cached_property
    def aims(self) -> Array:
        """What controls leave of outcomes, (N, q)."""
        return np.ascontiguousarray(self.outcomes - self.x[:, self.controls] @ self._shares(self.with_outcomes))

    def _shares(self, products: Array) -> Array:
        """Of controls (m, .) in columns, from their `products` (p, .) with x."""
        cross = self.cross[np.ix_(self.controls, self.controls)]
        scale = 1 / np.sqrt(np.diag(cross))
        slopes = np.linalg.solve(cross * np.outer(scale, scale), scale[:, None] * products[self.controls])
        return np.ascontiguousarray(scale[:, None] * slopes)

    def _estimated(self, squares: Array, products: Array) -> Replaced:
        """Estimates from sums by dyad: x̃² (G, K), and x̃ỹ (G, q, K)."""
        size, shape = squares.sum(axis=0), products.shape[1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            estimate = np.where(size > self.least, products.sum(axis=0) / size, np.nan)
            scores = (products - estimate * squares[:, None]) / size
            by_state = state_totals(scores.reshape(len(scores), -1), self.pairs).reshape(-1, *shape)
            dyad, shared = (np.einsum("dik,djk->ijk", part, part) for part in (scores, by_state))
            own = scores[~self.pairs.two]
            twice = dyad - np.einsum("dik,djk->ijk", own, own)
            common = np.square(state_totals(squares, self.pairs)).sum(axis=0)
            common -= np.square(self.pairs.between(squares)).sum(axis=0)
            return Replaced(estimate, shared - twice, dyad, size**2 / common)
