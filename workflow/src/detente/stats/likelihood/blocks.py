"""Passes over the rows of a group for many logits at once: likelihoods, effects on risk, and what covariances need.

Rows are gone through by blocks, so that no array holds a number for each row and model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from detente.base.numbering import Pairs
from detente.base.types import Array, Codes
from detente.stats.effects.risk import Effect
from detente.stats.kernels import blocks as kernel
from detente.stats.likelihood.binary import LOGIT
from detente.stats.likelihood.maximum import Point
from detente.stats.linear.group import picked
from detente.stats.linear.regressors import chunks
from detente.stats.links import Curve

# Rows worked on at a time: a few numbers of each for some dozens of models stay in the processor's cache.
BLOCK = 2048


@dataclass(frozen=True)
class Rows:
    """Columns z (N, K), and `blocks` of them, each (K + 1, n), column by column and with a column of zeros at its end.

    `weights` (N,) how many rows each stands for, None where it is one.
    """

    z: Array
    blocks: Sequence[Array]
    weights: Array | None = None

    @classmethod
    def of(cls, z: Array, weights: Array | None = None) -> "Rows":
        """Lay out rows by block."""
        blocks = [np.zeros((z.shape[1] + 1, s.stop - s.start)) for s in chunks(len(z), BLOCK)]
        for s, block in zip(chunks(len(z), BLOCK), blocks, strict=True):
            block[:-1] = z[s].T
        return cls(z, blocks, weights)

    @cached_property
    def reach(self) -> Array:
        """Largest absolute value of each column, (K,)."""
        return np.asarray(np.max([np.abs(block[:-1]).max(axis=1) for block in self.blocks], axis=0))


@dataclass(frozen=True)
class ByDyad:
    """What covariances of a logit are made from.

    `totals` (D, k) of scores by dyad, `products` (k, k) of the scores of rows, and `information` (D,), what the rows of
    each dyad add to that along a direction of the coefficients.
    """

    totals: Array
    products: Array
    information: Array


@dataclass(frozen=True)
class Logits:
    """M logits of the same rows: `outcome` is a column of these, `columns` (k,) those of each, the constant's first."""

    rows: Rows
    outcome: int
    columns: Sequence[Codes]

    def points(self, places: Sequence[Array]) -> list[Point]:
        """The log-likelihood of each at coefficients of its own (k,)."""
        columns, slopes = self._padded(places)
        value, gradient, products = np.zeros(len(slopes)), np.zeros(slopes.shape), _squares(slopes)
        for s, block, index in self._blocks(columns, slopes):
            made = LOGIT.slopes(index, block[self.outcome])
            rows = [made.value, made.first, made.curvature]
            if self.rows.weights is not None:
                rows = [numbers * self.rows.weights[s] for numbers in rows]
            value += rows[0].sum(axis=1)
            kernel.add_sums(block, columns, rows[1], gradient)
            kernel.add_products(block, columns, rows[2], products)
        found = zip(value.tolist(), gradient, _symmetric(products), self._sizes, strict=True)
        return [Point(level, slope[:k], square[:k, :k]) for level, slope, square, k in found]

    def effects(self, places: Sequence[Array], treatment: int) -> list[tuple[Effect, Effect | None]]:
        """As `average_marginal_effect` and `risk_without_treatment`, this one where rows are treated.

        `treatment` its place among the coefficients (k,) of each.
        """
        columns, slopes = self._padded(places)
        own, treatments = slopes[:, [treatment]].copy(), columns[:, treatment]
        slopes[:, treatment] = 0.0
        # Of all rows without treatment, of all with it, and of treated ones without.
        risk, gradient = np.zeros((3, len(slopes))), np.zeros((3, *slopes.shape))
        for _, block, index in self._blocks(columns, slopes):
            curves, above = (Curve("logit", index), Curve("logit", index + own)), block[treatments] > 0
            kept = [(curve.mean, curve.slope) for curve in curves]
            for i, (mean, slope) in enumerate([*kept, (kept[0][0] * above, kept[0][1] * above)]):
                risk[i] += mean.sum(axis=1)
                kernel.add_sums(block, columns, slope, gradient[i])
        # A treatment that is at one in every row is what the constant is.
        gradient[:, :, treatment] = 0.0
        gradient[1, :, treatment] = gradient[1, :, 0]
        treated = {of: int(np.count_nonzero(self.rows.z[:, of] > 0)) for of in set(treatments.tolist())}
        found: list[tuple[Effect, Effect | None]] = []
        for m, (of, k) in enumerate(zip(treatments.tolist(), self._sizes, strict=True)):
            without, others, base = (Effect(float(risk[i, m]), gradient[i, m, :k]) for i in range(3))
            effect = _over(Effect(others.value - without.value, others.gradient - without.gradient), len(self.rows.z))
            found.append((effect, _over(base, treated[of]) if treated[of] else None))
        return found

    def by_dyad(self, places: Sequence[Array], directions: Sequence[Array], pairs: Pairs) -> list[ByDyad]:
        """What covariances of each are made from: `directions` (k,) of its coefficients, and the dyads of the rows."""
        (columns, slopes), (_, along) = self._padded(places), self._padded(directions)
        products, dyads = _squares(slopes), len(pairs.low)
        totals, information = np.zeros((len(slopes), dyads, self.rows.z.shape[1])), np.zeros((len(slopes), dyads))
        indices = zip(self._blocks(columns, slopes), self._blocks(columns, along), strict=True)
        for (s, block, index), (_, _, moved) in indices:
            curve = Curve("logit", index)
            left = block[self.outcome] - curve.mean
            kernel.add_products(block, columns, left * left, products)
            kernel.add_totals(self.rows.z[s], left, pairs.dyad[s], totals)
            kernel.add_by_group(curve.slope * moved * moved, pairs.dyad[s], information)
        found = zip(self.columns, totals, _symmetric(products), information, strict=True)
        return [ByDyad(picked(total, of), square[: len(of), : len(of)], own) for of, total, square, own in found]

    @property
    def _sizes(self) -> list[int]:
        """Coefficients of each."""
        return [len(of) for of in self.columns]

    def _padded(self, given: Sequence[Array]) -> tuple[Codes, Array]:
        """Columns (M, W) and numbers (M, W) for each, padded with the column of zeros, and with zero."""
        width, none = max(self._sizes), self.rows.z.shape[1]
        columns = np.full((len(given), width + -width % kernel.FOUR), none)
        numbers = np.zeros(columns.shape)
        for m, (of, own) in enumerate(zip(self.columns, given, strict=True)):
            columns[m, : len(of)], numbers[m, : len(of)] = of, own
        return columns, numbers

    def _blocks(self, columns: Codes, slopes: Array) -> Iterator[tuple[slice, Array, Array]]:
        """Places of rows, their block, and the sums (M, n) of its columns times slopes."""
        for s, block in zip(chunks(len(self.rows.z), BLOCK), self.rows.blocks, strict=True):
            out = np.empty((len(slopes), block.shape[1]))
            kernel.combine(block, columns, slopes, out)
            yield s, block, out


def _over(total: Effect, count: int) -> Effect:
    return Effect(total.value / count, total.gradient / count)


def _squares(slopes: Array) -> Array:
    """Zeros (M, W, W)."""
    return np.zeros((*slopes.shape, slopes.shape[1]))


def _symmetric(lower: Array) -> Array:
    """Matrices (M, W, W) of which the lower triangle is filled."""
    return np.asarray(np.tril(lower) + np.tril(lower, -1).transpose(0, 2, 1))
