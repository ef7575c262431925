"""What a multiverse will take, told before it starts: processor time by what is run, memory, and time on some cores."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from detente.base.units import Unit
from detente.study.config import Study
from detente.study.design import REGRESSION, Specification, in_sample
from detente.study.multiverse.cost import COSTS, across, kind_of, own_cost, pairs_of, rows_of, shared_by
from detente.study.multiverse.grid import Grid, Variant
from detente.study.multiverse.needs import needed, years_of

# What a process takes before it has data, in bytes: Python and the libraries that fit models.
LOADED = 300_000_000
# Matrices of regressors that are in memory at once while rows are fitted, as copies of the largest model's.
COPIES = 6
# Bytes of a number.
NUMBER = 8
# Terms that years at peace and the treatment are beside the controls.
OTHER_TERMS = 4


@dataclass(frozen=True)
class Size:
    """Pairs of states in a year, as declared; rows of panels by unit; rows in a year by unit and sample, if counted."""

    pairs: int
    panels: Mapping[Unit, int]
    shares: Mapping[tuple[Unit, str], float] = field(default_factory=dict)

    def rows(self, spec: Specification) -> int:
        """Rows of a specification: those of its sample in its years, before any is lost to what is not coded."""
        share = self.shares.get((spec.claim.unit, spec.sample.name))
        if share is None:
            return rows_of(spec, self.pairs)
        return int(share * (spec.window[1] - spec.window[0] + 1))

    def typical(self, grids: Sequence[Grid]) -> int:
        """Rows of the middle specification."""
        found = sorted(self.rows(v.specification) for grid in grids for v in grid.variants)
        return found[len(found) // 2]


def size_of(study: Study, grids: Sequence[Grid], panels: Mapping[Unit, pd.DataFrame]) -> Size:
    """Sizes: counted where a panel is there, with its key and the columns that samples ask for, else as declared."""
    pairs = pairs_of(study)
    years = years_of(study, grids)
    span = years[1] - years[0] + 1 + years[2]
    units = {unit for grid in grids for unit in grid.variables}
    rows = {unit: len(panels[unit]) if unit in panels else pairs * span * across(unit) for unit in units}
    samples = {v.specification.sample.name: v.specification.sample for grid in grids for v in grid.variants}
    shares = {}
    for unit, panel in panels.items():
        for name, sample in samples.items():
            years_in = panel.loc[in_sample(panel, sample), "year"]
            shares[unit, name] = len(years_in) / max(years_in.nunique(), 1)
    return Size(pairs, rows, shares)


@dataclass(frozen=True)
class Kind:
    """Specifications of one kind and unit: how many, and their processor seconds with their share of what is shared."""

    count: int = 0
    seconds: float = 0.0

    def more(self, count: int, seconds: float) -> Kind:
        """With some more."""
        return Kind(self.count + count, self.seconds + seconds)


@dataclass(frozen=True)
class Budget:
    """What shards take: by kind and unit, and `reading` panels; `seconds` and `memory` (bytes) of each by `names`."""

    kinds: Mapping[tuple[str, Unit], Kind]
    reading: float
    names: Sequence[str]
    seconds: Sequence[float]
    memory: Sequence[int]

    def on(self, cores: int) -> float:
        """Seconds until the last of the shards ends, each core taking the next in their order when it is free."""
        return last_end(self.seconds, cores)


def last_end(seconds: Sequence[float], workers: int) -> float:
    """When the last of some jobs ends that are begun in their order, each by the worker that is free first.

    At most (1 − 1/workers) of the longest above the sum over `workers`, which none can beat (Graham 1969).
    """
    free = [0.0] * min(workers, max(len(seconds), 1))
    for each in seconds:
        heapq.heapreplace(free, free[0] + each)
    return max(free)


def budget_of(grids: Sequence[Grid], size: Size, scale: Mapping[str, float]) -> Budget:
    """What the multiverses of claims take on a machine on which a declared second of a kind takes `scale` of one.

    Of a kind that was not measured, the mean of those that were.
    """
    kinds: dict[tuple[str, Unit], Kind] = {}
    names, seconds, memory, reading = [], [], [], 0.0
    for grid in grids:
        for i, part in enumerate(grid.shards()):
            found = _by_kind(part, size, scale)
            for key, one in found.items():
                kinds[key] = kinds.get(key, Kind()).more(one.count, one.seconds)
            names.append(f"{grid.claim}.{i}")
            units = {v.specification.claim.unit for v in part}
            read = sum(_scaled("panel", COSTS["panel"].of(size.panels.get(unit, 0)), scale) for unit in units)
            reading += read
            seconds.append(sum(one.seconds for one in found.values()) + read)
            memory.append(_memory([v.specification for v in part], size))
    return Budget(kinds, reading, names, seconds, memory)


def _by_kind(part: Sequence[Variant], size: Size, scale: Mapping[str, float]) -> dict[tuple[str, Unit], Kind]:
    kinds: dict[tuple[str, Unit], Kind] = {}
    seen = set()
    for spec in (v.specification for v in part):
        rows, kind = size.rows(spec), kind_of(spec)
        own = _scaled(kind, own_cost(spec, rows), scale)
        # A design's rows are its own; of a regression, the first that has them pays for all.
        if (key := shared_by(spec)) not in seen and spec.design == REGRESSION:
            seen.add(key)
            own += _scaled("rows", COSTS["rows"].of(rows), scale)
        at = kind, spec.claim.unit
        kinds[at] = kinds.get(at, Kind()).more(1, own)
    return kinds


def _scaled(kind: str, cost: int, scale: Mapping[str, float]) -> float:
    mean = sum(scale.values()) / len(scale)
    return cost / 1e6 * scale.get(kind, mean)


def _memory(specs: Sequence[Specification], size: Size) -> int:
    """Bytes of the process that fits a shard: the libraries, a panel while it is read, then copies of regressors."""
    most = 0
    for unit, names in needed(specs).items():
        mine = [s for s in specs if s.claim.unit == unit]
        panel = NUMBER * size.panels.get(unit, 0) * len(names)
        rows = max(map(size.rows, mine))
        terms = OTHER_TERMS + max(len(s.controls) for s in mine)
        most = max(most, panel + max(panel, NUMBER * rows * (len(names) + COPIES * terms)))
    return LOADED + most
