"""Absorbing dyad and year effects exactly: within dyads, then the year block by its Schur complement."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from detente.covariance import totals

Array = npt.NDArray[np.floating[Any]]
Codes = npt.NDArray[np.int64]


def absorb_two_way(values: Array, first: Codes, second: Codes) -> Array:
    """Residuals of each column of `values` (N, k) on full sets of dummies of two factors.

    Means within the first factor go by subtraction; what remains of the second is solved for exactly with a matrix
    of its own size (years: tens), so that there is no iteration and no tolerance. `first` should be the larger factor.
    """
    _, f = np.unique(first, return_inverse=True)
    _, s = np.unique(second, return_inverse=True)
    count = np.bincount(f).astype(np.float64)
    within = values - (totals(values, f, len(count)) / count[:, None])[f]
    table = sparse.coo_array((np.ones(len(f)), (f, s))).tocsr()
    block = np.diag(np.bincount(s).astype(np.float64)) - (table.T @ table.multiply(1 / count[:, None])).toarray()
    effect = np.linalg.lstsq(block, totals(within, s, len(block)), rcond=None)[0]
    residual: Array = within - effect[s] + ((table @ effect) / count[:, None])[f]
    return residual
