"""What a workflow plans with of a multiverse: its shards and what they need, without a specification in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from detente.base.units import Unit
from detente.study.config import Project, Study
from detente.study.multiverse.grid import Grid, Variant, each_grid


@dataclass(frozen=True)
class Part:
    """One shard: how many specifications, their declared cost in microseconds, and a digest of what they are."""

    specifications: int
    cost: int
    digest: str


@dataclass(frozen=True)
class Outline:
    """The multiverse of one claim as `Grid`, its variants counted and done with."""

    claim: str
    nodes: Mapping[str, tuple[str, ...]]
    variables: Mapping[Unit, Sequence[str]]
    years: tuple[int, int]
    reach: int
    parts: tuple[Part, ...]

    @property
    def specifications(self) -> int:
        """How many there are."""
        return sum(part.specifications for part in self.parts)


def outlines_of(project: Project, study: Study) -> Iterator[Outline]:
    """Outlines of the claims that a study examines, of which one at a time is expanded; raises as `grids_of`."""
    return map(outline, each_grid(project, study))


def outline(grid: Grid) -> Outline:
    """The outline of a multiverse."""
    parts = tuple(Part(len(part), grid.cost(part), _digest(part)) for part in grid.shards())
    return Outline(grid.claim, grid.nodes, grid.variables, grid.years, grid.reach, parts)


def _digest(part: Sequence[Variant]) -> str:
    """What changes if a specification of a shard does, or what is said of its options."""
    said = [[v.spec_id, v.options, v.estimand, v.equivalent] for v in part]
    return sha256(json.dumps(sorted(said), ensure_ascii=False).encode("utf-8")).hexdigest()
