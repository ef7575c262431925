"""Which k-ads share a state, and sums over all pairs of them: the dyadic-robust sandwich for groups of any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from detente.base.errors import NoDyads
from detente.base.numbering import number
from detente.base.types import Array, Codes, Flags
from detente.stats.kernels.shared_members import take_repeats


@dataclass(frozen=True)
class Sharing:
    """Members of k-ads: `incidence` (G, n) whether each state is in each k-ad, sparse."""

    incidence: Any

    @classmethod
    def of(cls, kads: Codes, states: Codes) -> Sharing:
        """Of members (M,): number of the k-ad, from 0 to G − 1, and code of the state.

        Raises NoDyads if a k-ad has no member.
        """
        (codes, place), row = number(states), np.asarray(kads, dtype=np.int64)
        shape = (int(row.max(initial=-1)) + 1, len(codes))
        made = scipy.sparse.csr_matrix((np.ones(len(row)), (row, place)), shape=shape)
        made.data[:] = 1
        if (empty := np.flatnonzero(np.diff(made.indptr) == 0)).size or not len(row):
            raise NoDyads(f"a k-ad needs members: number {empty[0] if empty.size else 0} has none")
        return cls(made)

    def __len__(self) -> int:
        """K-ads, G."""
        return int(self.incidence.shape[0])

    def of_rows(self, kept: Flags | Codes) -> Sharing:
        """Those of some k-ads."""
        return Sharing(self.incidence[kept])

    def states_of(self, kept: Flags) -> int:
        """How many states the k-ads of `kept` (G,) have."""
        return int((np.asarray(self.incidence[kept].sum(axis=0)) > 0).sum())

    def within(self, values: Array, strata: Codes) -> Array:
        """For each k-ad the sum of values (G,) over those of its stratum that share a state with it, itself too."""
        codes, out = number(strata)[1], np.empty(len(self))
        order = np.argsort(codes, kind="stable")
        for kads in np.split(order, np.cumsum(np.bincount(codes))[:-1]):
            out[kads] = self.of_rows(kads).sums(values[kads, None])[:, 0]
        return out

    def sums(self, values: Array) -> Array:
        """For each k-ad the sum of values (G, p) over all k-ads that share a state with it, itself among them, (G, p).

        Each such k-ad counts once, however many states it shares.
        """
        whole = np.ascontiguousarray(values, dtype=np.float64)
        both = (self.incidence, self.incidence.tocsc())
        start, member, first, group = (part.astype(np.int32) for held in both for part in (held.indptr, held.indices))
        # Sums over the states of a k-ad of those over the k-ads of a state, less those that were met again.
        out = np.ascontiguousarray(self.incidence @ (self.incidence.T @ whole))
        take_repeats(start, member, first, group, whole, out)
        return out


def kadic_meat(scores: Array, sharing: Sharing) -> Array:
    """Sum of s_g s_hᵀ over all pairs (g, h) of k-ads that share a state or are one and the same, (p, p).

    `scores` (G, p). Of k-ads of two states it is the dyadic-robust meat (Aronow, Samii and Assenova 2015), which is an
    inclusion–exclusion of sums by state and by dyad; for larger groups that would go through all subsets of members,
    and the sum over pairs is the same. It can be indefinite, as that.
    """
    meat = scores.T @ sharing.sums(scores)
    return np.asarray((meat + meat.T) / 2)


def effective_kads(squares: Array, sharing: Sharing) -> float:
    """Degrees of freedom (Σ z²)² / Σ z_g² z_h² over pairs that share a state; `squares` z² (G,); NaN if all are 0.

    As `covariance.effective` has it for dyads: what the outcome of each k-ad adds to the estimate's variance.
    """
    shared = float(squares @ sharing.sums(squares[:, None])[:, 0])
    return float(squares.sum()) ** 2 / shared if shared > 0 else float("nan")
