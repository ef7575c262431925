"""Comparisons of switches with controls of one first treatment and period, and what each unit adds to their error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from detente.base.types import Array, Codes, Flags

Alone = Literal["pooled", "left out"]
ALONE = ("pooled", "left out")


@dataclass(frozen=True)
class Comparison:
    """One effect: m cells that are compared, of units in `periods` periods.

    `place` (m,) of a cell, that of its unit times periods plus that of its period, in order; `difference` (m,) of
    outcomes, those `late` less those `early` periods before the cell; `switch` (m,) whether a cell switches, others
    being controls; `weight` (m,) in the effect; `cell` (m,) codes of those that are compared with each other.
    """

    place: Codes
    periods: int
    difference: Array
    late: int
    early: int
    switch: Flags
    weight: Array
    cell: Codes

    @property
    def unit(self) -> Codes:
        """Units, (m,)."""
        return self.place // self.periods

    @property
    def treated(self) -> int:
        """Cells that are averaged."""
        return int(self.switch.sum())

    @property
    def estimate(self) -> float:
        """The effect."""
        return float(self.weight @ self.difference)


def difference(outcome: Array, late: int, early: int) -> Array:
    """Y(t − late) − Y(t − early), (U, T); NaN where there is none."""
    periods, most = outcome.shape[1], max(late, early)
    made = np.full_like(outcome, np.nan)
    if most < periods:
        made[:, most:] = outcome[:, most - late : periods - late] - outcome[:, most - early : periods - early]
    return made


def centred(one: Comparison, cohort: Codes, owner: Codes, alone: str) -> Array:
    """What each unit adds to the error of an effect, (U,): weights times differences less the mean of their cohort.

    Switches are centred within their `cohort` (U,), controls within their cell, each times √(n/(n−1)) for n members,
    counted by `owner` (U,). One that is alone is centred on the mean of switches and controls of its cell, if these are
    two or more, or else on zero; or is "left out" (de Chaisemartin and D'Haultfœuille 2024, companion on variances).
    """
    unit = one.unit
    pooled = _Groups.of(one, np.ones(len(unit), dtype=bool), one.cell, owner[unit])
    found = np.zeros(len(cohort))
    for flags, codes in ((one.switch, cohort[unit]), (~one.switch, one.cell)):
        own, cell = _Groups.of(one, flags, codes, owner[unit]), one.cell[flags]
        mean, size = own.mean[codes[flags]], own.size[codes[flags]]
        single = size < 2
        if alone == "pooled":
            mean = np.where(single, np.where(pooled.size[cell] >= 2, pooled.mean[cell], 0.0), mean)
            size = np.where(single, pooled.size[cell], size)
        factor = np.where(size >= 2, np.sqrt(size / np.maximum(size - 1, 1)), 1.0)
        factor[single & (alone != "pooled")] = 0.0
        found += np.bincount(unit[flags], one.weight[flags] * factor * (one.difference[flags] - mean), len(cohort))
    return found


@dataclass(frozen=True)
class _Groups:
    """Means of differences, and numbers of owners, of cells by code."""

    mean: Array
    size: Codes

    @classmethod
    def of(cls, one: Comparison, flags: Flags, codes: Codes, owners: Codes) -> _Groups:
        code, owner = codes[flags], owners[flags]
        top, width = int(codes.max()) + 1, int(owners.max()) + 1
        count = np.bincount(code, minlength=top)
        mean = np.bincount(code, one.difference[flags], top) / np.maximum(count, 1)
        # Sorted here, as np.unique takes twenty times as long.
        pairs = np.sort(code * width + owner)
        distinct = pairs[np.diff(pairs, prepend=-1) > 0]
        return cls(mean, np.bincount(distinct // width, minlength=top))
