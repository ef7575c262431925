"""Other treatments in the place of a linear model's own, each with its dyadic-robust standard error.

By Frisch and Waugh (1933): with x̃ the treatment and ỹ the outcome once fixed effects and controls are taken out, the
estimate is b = Σ x̃ỹ / Σ x̃², and the score of dyad d is S_d = P_d − b Q_d, where P_d and Q_d are its sums of x̃ỹ and x̃².
So a pass over the rows makes the estimate, its variances and their degrees of freedom of many treatments at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from detente.base.numbering import Pairs
from detente.base.numerics import NO_VARIANCE
from detente.base.types import Array, Codes
from detente.stats.covariance import state_totals
from detente.stats.kernels import partial as kernel


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

    x (N, p), of which the columns `controls` (m,) are in the model, and its cross-products `cross` (p, p); `pairs` the
    dyads of the rows; `least` sum of squares of a treatment that is no more than rounding.
    """

    x: Array
    cross: Array
    controls: Codes
    pairs: Pairs
    least: float

    def replaced(self, columns: Array, outcomes: int, products: Array | None = None) -> Replaced:
        """Estimates of treatments for outcomes: the columns (N, K + q) within fixed effects, the last `outcomes` q.

        `products` (p, K + q) of x with the columns, if they are at hand.
        """
        on_x = self.x.T @ columns if products is None else products
        cross = self.cross[np.ix_(self.controls, self.controls)]
        scale = 1 / np.sqrt(np.diag(cross))
        slopes = np.linalg.solve(cross * np.outer(scale, scale), scale[:, None] * on_x[self.controls])
        shares = np.ascontiguousarray(scale[:, None] * slopes)
        sums = np.zeros((len(self.pairs.low), 1 + outcomes, columns.shape[1] - outcomes))
        kernel.by_dyad(columns, self.x, self.controls, shares, self.pairs.dyad, sums)
        return self._estimated(sums[:, 0], sums[:, 1:])

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
