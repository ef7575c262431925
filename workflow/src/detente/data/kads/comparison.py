"""Groups of states that did nothing together, drawn to compare k-ads with: choice-based sampling (Poast 2010).

All groups of 39 of 190 states cannot be listed, so that observed k-ads are all kept and others are sampled. They are of
the same year and size and, by default, of as many states of each region. A group that lies inside an observed k-ad of
the year is no comparison: all its members took part. Every group of a stratum is drawn with the same probability,
without replacement, and that probability is recorded, so that the sample stands for all groups (King & Zeng 2001).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product
from math import comb, log, prod

import numpy as np

from detente.base.errors import ConfigError
from detente.base.types import Codes, Flags
from detente.data.kads.groups import Group, Observed
from detente.data.regions import region
from detente.data.sources.base import Entries

# Strata of at most so many groups are listed in full; in larger ones groups are drawn, at most so many for each wanted.
LISTED, MOST_DRAWS = 5_000, 200
MOST_COMPARISONS = 100


@dataclass(frozen=True)
class Sampling:
    """How comparisons are drawn.

    `draws` for each observed k-ad; `by_region`: with as many states of each region, else of any; `relevant`: only
    groups that politically relevant pairs link to a whole, observed ones too; `seed` of all draws.
    """

    draws: int = 5
    by_region: bool = True
    relevant: bool = False
    seed: int = 20100418

    def __post_init__(self) -> None:
        if not 1 <= self.draws <= MOST_COMPARISONS:
            raise ConfigError(
                f"comparisons for each k-ad must be from 1 to {MOST_COMPARISONS}; found {self.draws}: more than a few "
                "dozen add next to nothing to precision"
            )


@dataclass(frozen=True)
class Stratum:
    """K-ads of one year, size and composition: those `observed`, with how many events; those `drawn` to compare.

    `population`: log of how many groups the drawn ones stand for.
    """

    year: int
    observed: Mapping[Group, int]
    drawn: Sequence[Group]
    population: float

    @property
    def inclusion(self) -> float:
        """Log of the probability with which a comparison was drawn."""
        return log(len(self.drawn)) - self.population if self.drawn else float("nan")


def strata(
    observed: Observed, sampling: Sampling, relevant: Mapping[int, Flags] | None = None
) -> tuple[list[Stratum], Entries]:
    """Strata of all years, and what is to be said of them in the attrition log.

    `relevant`: for each year, which pairs (n, n) of the pool are politically relevant, where that is asked for.
    """
    found: list[Stratum] = []
    lonely = short = apart = 0
    for year, groups in observed.groups.items():
        together = [*groups, *observed.surmised.get(year, ())]
        pool = _Pool.of(year, observed.pools[year], together, None if relevant is None else relevant[year])
        kept = {g: n for g, n in groups.items() if pool.whole(np.array([pool.places(g)]))[0]}
        apart += len(groups) - len(kept)
        by_composition: dict[tuple[int, ...], dict[Group, int]] = {}
        for group, events in kept.items():
            by_composition.setdefault(pool.composition(group, sampling.by_region), {})[group] = events
        for composition, mine in by_composition.items():
            made = pool.stratum(composition, mine, sampling)
            lonely += len(mine) if not made.drawn else 0
            short += 0 < len(made.drawn) < sampling.draws * len(mine)
            found.append(made)
    entries: Entries = [
        ("dropped", "politically relevant pairs do not link its states", "observed k-ads", apart),
        ("kept", "no other group of its year, size and regions: nothing to compare it with", "observed k-ads", lonely),
        (
            "kept",
            "fewer groups of its year, size and regions than were asked for: all that were found",
            "strata",
            short,
        ),
    ]
    return found, entries


@dataclass(frozen=True)
class _Pool:
    """States of a year that groups are drawn from: `codes` (n,), their `regions` (n,), and who took no part in what.

    `outside` (n, E) whether a state took no part in each observed k-ad or surmised group; `linked` (n, n) relevant
    pairs, if asked.
    """

    year: int
    codes: Codes
    regions: Codes
    outside: Flags
    linked: Flags | None

    @classmethod
    def of(cls, year: int, codes: Codes, groups: Sequence[Group], linked: Flags | None) -> _Pool:
        regions = np.unique(region(codes), return_inverse=True)[1]
        outside = np.ones((len(codes), len(groups)), dtype=bool)
        for at, group in enumerate(groups):
            outside[np.searchsorted(codes, group), at] = False
        return cls(year, codes, regions, outside, linked)

    def places(self, group: Group) -> list[int]:
        return [int(place) for place in np.searchsorted(self.codes, group)]

    def composition(self, group: Group, by_region: bool) -> tuple[int, ...]:
        """How many of its states are of each region, or of all of them."""
        if not by_region:
            return (len(group),)
        return tuple(np.bincount(self.regions[self.places(group)], minlength=self.regions.max() + 1).tolist())

    def stratum(self, composition: tuple[int, ...], mine: Mapping[Group, int], sampling: Sampling) -> Stratum:
        """Draw the comparisons of a composition; the stream of each stratum is its own."""
        parts = [np.flatnonzero(self.regions == r) for r in range(len(composition))]
        parts = parts if len(composition) > 1 or sampling.by_region else [np.arange(len(self.codes))]
        rng = np.random.default_rng([sampling.seed, self.year, *composition])
        every, wanted = (
            prod(comb(len(p), k) for p, k in zip(parts, composition, strict=True)),
            sampling.draws * len(mine),
        )
        if every <= LISTED:
            rows = self._eligible(_listed(parts, composition))
            chosen = rng.permutation(len(rows))[:wanted]
            drawn, population = rows[np.sort(chosen)], log(len(rows)) if len(rows) else float("-inf")
        else:
            drawn, share = self._drawn(parts, composition, wanted, rng)
            population = log(every) + log(share) if len(drawn) else float("-inf")
        return Stratum(self.year, mine, [tuple(self.codes[row].tolist()) for row in drawn], population)

    def _drawn(
        self, parts: Sequence[Codes], composition: tuple[int, ...], wanted: int, rng: np.random.Generator
    ) -> tuple[Codes, float]:
        """Groups (C, k) drawn until there are as many as `wanted`, and the share of all groups that may be drawn."""
        found, tried, passed = np.empty((0, sum(composition)), dtype=np.int64), 0, 0
        while len(found) < wanted and tried < MOST_DRAWS * wanted:
            rows = _random(parts, composition, 2 * wanted, rng)
            kept = self._eligible(rows)
            tried, passed = tried + len(rows), passed + len(kept)
            _, first = np.unique(np.concatenate([found, kept]), axis=0, return_index=True)
            found = np.concatenate([found, kept])[np.sort(first)]
        return found[:wanted], passed / max(tried, 1)

    def _eligible(self, rows: Codes) -> Codes:
        """Groups (C, k) that lie inside no observed k-ad, and that relevant pairs link where that is asked for."""
        member = np.zeros((len(rows), len(self.codes)), dtype=np.float32)
        member[np.arange(len(rows))[:, None], rows] = 1
        beyond = member @ self.outside.astype(np.float32)
        return rows[(beyond > 0).all(axis=1) & self.whole(rows)]

    def whole(self, rows: Codes) -> Flags:
        """Whether relevant pairs link all states of each group (C, k); yes where relevance is not asked for."""
        if self.linked is None or not len(rows):
            return np.ones(len(rows), dtype=bool)
        near = self.linked[rows[:, :, None], rows[:, None, :]]
        reached = np.zeros(rows.shape, dtype=bool)
        reached[:, 0] = True
        for _ in range(rows.shape[1] - 1):
            reached |= (near & reached[:, None, :]).any(axis=2)
        return np.asarray(reached.all(axis=1))


def _listed(parts: Sequence[Codes], composition: tuple[int, ...]) -> Codes:
    """All groups (C, k) with so many states of each part, each ascending."""
    choices: Iterator[tuple[tuple[int, ...], ...]] = product(
        *(combinations(part.tolist(), k) for part, k in zip(parts, composition, strict=True))
    )
    rows = [list(chain.from_iterable(choice)) for choice in choices]
    return np.sort(np.array(rows, dtype=np.int64).reshape(len(rows), sum(composition)), axis=1)


def _random(parts: Sequence[Codes], composition: tuple[int, ...], count: int, rng: np.random.Generator) -> Codes:
    """Random groups (`count`, k), each ascending; the same group may come twice."""
    chosen = [
        part[np.argsort(rng.random((count, len(part))), axis=1)[:, :k]]
        for part, k in zip(parts, composition, strict=True)
    ]
    return np.sort(np.concatenate(chosen, axis=1), axis=1)
