"""Cross-products of regressors within clusters, in one pass over rows and a fixed order of sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.floating[Any]]
Codes = npt.NDArray[np.int64]


@njit(cache=True)
def cluster_products(
    x: Array, direction: Array, residual: Array, group: Codes, along: Array, by_residual: Array, by_along: Array
) -> None:
    """Put x @ direction into `along` (N,); add x times residual, and x times that, by group to the others (G, K).

    x (N, K), direction (K,), residual (N,), group (N,) numbers from 0.
    """
    rows, columns = x.shape
    for r in range(rows):
        row, left, g = x[r], residual[r], group[r]
        value = 0.0
        for k in range(columns):
            value += row[k] * direction[k]
        along[r] = value
        first, second = by_residual[g], by_along[g]
        for k in range(columns):
            first[k] += row[k] * left
            second[k] += row[k] * value


def warm() -> None:
    """Compile for the types that bootstraps use."""
    x, group = np.ones((2, 1)), np.array([0, 1])
    cluster_products(x, np.ones(1), np.ones(2), group, np.empty(2), np.zeros((2, 1)), np.zeros((2, 1)))
