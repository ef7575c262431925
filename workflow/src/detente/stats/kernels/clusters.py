"""Sums and cross-products of regressors within clusters, in one pass over rows and a fixed order of sums."""

import numpy as np
from numba import njit

from detente.base.types import Array, Codes


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


@njit(cache=True)
def add_rows(x: Array, weights: Array, group: Codes, out: Array) -> None:
    """Add rows x (N, K), times `weights` (N,) unless that is (0,), to `out` (G, K) by group (N,), numbers from 0."""
    weighted = len(weights) > 0
    for r in range(len(x)):
        row, of, w = x[r], out[group[r]], weights[r] if weighted else 1.0
        for k in range(len(row)):
            of[k] += row[k] * w


def warm() -> None:
    """Compile for the types that covariances and bootstraps use."""
    x, group = np.ones((2, 1)), np.array([0, 1])
    add_rows(x, np.empty(0), group, np.zeros((2, 1)))
    cluster_products(x, np.ones(1), np.ones(2), group, np.empty(2), np.zeros((2, 1)), np.zeros((2, 1)))
