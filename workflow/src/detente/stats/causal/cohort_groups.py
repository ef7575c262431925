"""Who is compared with whom in effects by cohort and period, told by groups of units that are alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detente.base.types import Array, Codes, Flags


@dataclass(frozen=True)
class CohortGroups:
    """G groups of units of one cohort whose outcomes are known in the same periods: `group` (U,) of each unit.

    `order` units by group, whose first places are `first` (G,); `size` (G,) their numbers; `start` (G,) of the cohort;
    `known` (T, G); `outcome` (T, U) in that order, 0 where it is not known.
    """

    group: Codes
    order: Codes
    first: Codes
    size: Codes
    start: Codes
    known: Flags
    outcome: Array

    def change(self, period: int, base: int) -> Array:
        """Change of outcomes between two periods, (U,), units by group."""
        return np.asarray(self.outcome[period] - self.outcome[base])

    def totals(self, change: Array) -> Array:
        """Sums by group (G,) of what there is by unit, units by group."""
        return np.asarray(np.add.reduceat(change, self.first))

    def spread(self, by_group: Array) -> Array:
        """What there is by group (G,) for each unit, (U,), units by group."""
        return np.repeat(by_group, self.size)

    def means(self, period: int, base: int, member: Flags, control: Flags) -> tuple[Array, Array]:
        """Weights (G,) of a unit's change in the difference of mean changes, and the mean (G,) it is less."""
        totals = self.totals(self.change(period, base))
        n, m = self.size[member].sum(), self.size[control].sum()
        one, other = totals[member].sum() / n, totals[control].sum() / m
        return member / n - control / m, member * one + control * other


def cohort_groups(outcome: Array, cells: Flags, start: Codes) -> CohortGroups:
    """Units of outcomes (U, T), of which `cells` are known, by cohort (U,) and by the periods they are known in.

    Units without any are a group like others, none of whose cells is known.
    """
    packed = np.packbits(cells, axis=1)
    keys = np.column_stack([start.astype(">u4").view(np.uint8).reshape(len(start), -1), packed])
    whole = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.shape[1]))).ravel()
    _, some, group, size = np.unique(whole, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(group, kind="stable")
    kept = np.where(cells, outcome, 0.0)[order]
    return CohortGroups(
        group=group,
        order=order,
        first=np.cumsum(size) - size,
        size=size,
        start=start[some],
        known=np.ascontiguousarray(cells[some].T),
        outcome=np.ascontiguousarray(kept.T),
    )


@dataclass(frozen=True)
class Compared:
    """K comparisons by groups of units, (U,) the `group` of each.

    `weights` (K, G) of a unit's change, `treated` (K, G), `size` (K,) treated units. What units add to the errors is
    their weight times what their change is above the mean of their side, `added` (K, G), among `units`; given
    covariates, by which no two units are alike, `units` is None and `added` (K, U) what they add.
    """

    group: Codes
    weights: Array
    treated: Flags
    size: Array
    added: Array
    units: CohortGroups | None

    def influence(self, share: Array, period: Codes, base: Codes) -> Array:
        """What each unit adds to the errors of averages, (k, U), with shares (k, K) of comparisons of two periods."""
        if self.units is None:
            return np.asarray(share @ self.added)
        made = np.zeros((len(share), len(self.group)))
        for k in np.flatnonzero(share.any(axis=0)):
            weights = self.weights[k]
            added = self.units.change(period[k], base[k]) * self.units.spread(weights)
            added -= self.units.spread(weights * self.added[k])
            for i in np.flatnonzero(share[:, k]):
                made[i] += share[i, k] * added
        found = np.empty_like(made)
        found[:, self.units.order] = made
        return found

    def cells(self, share: Array, period: Codes, base: Codes, periods: int) -> Array:
        """Weights (k, T, G) of outcomes of a unit of each group in averages with shares (k, K)."""
        found = np.zeros((len(share), periods, self.weights.shape[1]))
        for k, of_group in enumerate(self.weights):
            for i in np.flatnonzero(share[:, k]):
                found[i, period[k]] += share[i, k] * of_group
                found[i, base[k]] -= share[i, k] * of_group
        return found
