"""Scores of rows, kept as regressors and residuals, so that their product is never in memory as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from detente.base.errors import EstimationError
from detente.base.types import Array, Codes
from detente.stats.kernels.clusters import add_rows

# Rows multiplied out at a time: they stay in the processor's cache.
BLOCK = 8192


@dataclass(frozen=True)
class Scores:
    """Contributions of n rows to a score: x (n, k) times `residual` (n,); x as it is where that is None."""

    x: Array
    residual: Array | None = None

    def __len__(self) -> int:
        """Rows, n."""
        return len(self.x)

    def _blocks(self) -> Iterator[Array]:
        for start in range(0, len(self.x), BLOCK):
            s = slice(start, start + BLOCK)
            yield self.x[s] if self.residual is None else self.x[s] * self.residual[s, None]

    @property
    def whole(self) -> Array:
        """The scores (n, k), multiplied out again each time."""
        return self.x if self.residual is None else self.x * self.residual[:, None]

    @property
    def extent(self) -> tuple[Array, Array]:
        """Sums (k,) over rows, and sums of squares."""
        total, square = np.zeros(self.x.shape[1]), np.zeros(self.x.shape[1])
        for block in self._blocks():
            total += block.sum(axis=0)
            square += np.einsum("ij,ij->j", block, block)
        return total, square

    def gram(self) -> Array:
        """Sum of outer products (k, k); the same to the last bit on any number of threads."""
        out = np.zeros((self.x.shape[1], self.x.shape[1]))
        for block in self._blocks():
            out += block.T @ block
        return out

    def along(self, direction: Array) -> Array:
        """Products (n,) with a direction (k,)."""
        made: Array = self.x @ direction
        return made if self.residual is None else made * self.residual

    def over(self, divisor: Array) -> Scores:
        """Each row divided by its own number (n,)."""
        if self.residual is None:
            return Scores(self.x / divisor[:, None])
        return replace(self, residual=self.residual / divisor)


def of_rows(scores: Scores | Array) -> Scores:
    """Scores, given as such or as an array (n, k)."""
    return scores if isinstance(scores, Scores) else Scores(scores)


def totals(scores: Scores | Array, groups: Codes, size: int) -> Array:
    """Sums of the scores of rows within each of `size` groups, (size, k), in one pass without sorting.

    Raises EstimationError if `groups` (n,) are not numbers from 0 to size − 1, one a row.
    """
    given = of_rows(scores)
    if len(groups) != len(given) or (len(groups) and not 0 <= groups.min() <= groups.max() < size):
        raise EstimationError(f"{len(given):,} rows need as many groups, numbered from 0 to {size - 1:,}")
    x, group = np.ascontiguousarray(given.x, dtype=np.float64), np.ascontiguousarray(groups, dtype=np.int64)
    weights = np.empty(0) if given.residual is None else np.ascontiguousarray(given.residual, dtype=np.float64)
    out = np.zeros((size, x.shape[1]))
    add_rows(x, weights, group, out)
    return out
