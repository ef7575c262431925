"""Leverages of absorbed effects, which HC2 and HC3 need beside those of the regressors."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from detente.base.errors import UnsupportedCovariance
from detente.base.types import Array, Codes
from detente.stats.covariance import number


def effects_leverage(effects: Sequence[Codes]) -> Array:
    """Diagonal (n,) of the projection on full sets of dummies of one or two factors (n,).

    The dummies of the first are orthogonal: 1/n_g. The second adds what is left of its dummies within the first, by
    the pseudo-inverse of a matrix of its own size: put the larger factor first.

    Raises UnsupportedCovariance if there are more than two factors.
    """
    if len(effects) > 2:
        raise UnsupportedCovariance("HC2 and HC3 take at most two absorbed effects; use hc1, cluster or dyadic")
    levels, first = number(effects[0])
    count = np.bincount(first, minlength=len(levels)).astype(np.float64)
    if len(effects) == 1:
        return np.asarray(1 / count[first])
    others, second = number(effects[1])
    shape = (len(levels), len(others))
    table = sparse.coo_array((np.ones(len(first)), (first, second)), shape=shape).tocsr()
    share = (table.multiply(1 / count[:, None])).toarray()
    inverse = np.linalg.pinv(np.diag(np.bincount(second, minlength=len(others)).astype(np.float64)) - table.T @ share)
    spread = share @ inverse
    within = np.diag(inverse)[second] - 2 * spread[first, second] + np.einsum("ij,ij->i", spread, share)[first]
    return np.asarray(1 / count[first] + within)
