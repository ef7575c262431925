"""What specifications cost, by what they run, before any is fitted; and shards of them that take about equally long.

`COSTS` is declared, and the same on every machine, so that shards are. They were measured on the observed record, study
`claims`, as processor time on one core of a shared machine; docs/performance.md has shards beside what they took.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, comb
from typing import TypeVar

from detente.base.units import Unit
from detente.stats import get
from detente.study.config import Study
from detente.study.design import REGRESSION, Specification

Item = TypeVar("Item")

# Covariances that come from products of columns, whatever the number of rows.
BY_PRODUCTS = ("dyad", "dyadic")
# Share of specifications that are fitted again by themselves.
CHECKED = 0.05
# What a shard may cost: fifteen declared seconds, beside which the second that a step takes to begin is little.
SHARD = 15_000_000
# Times what was told before that shards of the observed record took, but for those whose variables few rows have.
LEAST, MOST = 0.5, 2.0
# Pairs of states in a year of the observed record, on average: 897,706 dyad-years from 1946 to 2010.
PAIRS = 13_800
# Share of dyad-years that a sample with an expression is taken to hold: 0.4 % are rivals, 10 % politically relevant.
PART = 0.1


@dataclass(frozen=True)
class Cost:
    """Processor time: microseconds whatever the rows, and nanoseconds for each row."""

    once: int
    row: int = 0

    def of(self, rows: int) -> int:
        """Microseconds with so many rows."""
        return self.once + self.row * rows // 1000


COSTS = {
    # A panel is read, by its rows, and what samples use of it is copied.
    "panel": Cost(300_000, 1_200),
    # Rows that specifications share: columns, effects taken off, products of columns by dyad and state.
    "rows": Cost(4_000, 250),
    # A specification of these rows.
    "products": Cost(700),
    "over rows": Cost(2_500, 70),
    "by likelihood": Cost(2_000, 110),
    # One fitted again by itself.
    "again": Cost(5_000, 200),
    # A design for treatments that switch, its units by years among it. No treatment of the record suits the last two.
    "matching": Cost(30_000, 2_000),
    "imputation": Cost(20_000, 1_800),
    "first_switches": Cost(20_000, 1_000),
    "matching_ends": Cost(30_000, 1_000),
    "carry_over": Cost(20_000, 1_500),
    "staggered": Cost(20_000, 2_000),
    "event_study": Cost(20_000, 2_000),
}

LABELS = {
    "products": "linear, from products of columns",
    "over rows": "linear, by a pass over the rows",
    "by likelihood": "logit",
}
"""What kinds are called; a design has its own name."""


def kind_of(spec: Specification) -> str:
    """What of `COSTS` a specification runs: its design, or what fits its estimator and covariance."""
    if spec.design != REGRESSION:
        return spec.design
    if get(spec.estimator).engine != "linear":
        return "by likelihood"
    return "products" if spec.vcov[0] in BY_PRODUCTS else "over rows"


def pairs_of(study: Study) -> int:
    """Pairs of states that a study's world is taken to have in a year."""
    return PAIRS if study.simulation is None else comb(study.simulation.states, 2)


def across(unit: Unit) -> int:
    """Rows of a pair of states in a year."""
    return 2 if unit == "directed-dyad-year" else 1


def rows_of(spec: Specification, pairs: int) -> int:
    """Rows that a specification is taken to have, of a world with so many pairs of states in a year."""
    years = spec.window[1] - spec.window[0] + 1
    whole = pairs * years * across(spec.claim.unit)
    return int(whole * PART) if spec.sample.expression else whole


def own_cost(spec: Specification, rows: int) -> int:
    """Microseconds of a specification alone with so many rows, a twentieth of what it takes by itself included."""
    again = int(COSTS["again"].of(rows) * CHECKED) if spec.design == REGRESSION else 0
    return COSTS[kind_of(spec)].of(rows) + again


def shared_by(spec: Specification) -> tuple[object, ...]:
    """What specifications are alike in that share rows, as far as one can tell before looking."""
    claim, controls = spec.claim, frozenset((c.variable, c.lag) for c in spec.controls if c.role != "duration")
    sample = claim.unit, spec.sample.name, spec.effects, spec.window
    return *sample, kind_of(spec) == "over rows", spec.estimator, claim.outcome, claim.treatment, claim.lag, controls


def cost_of(run: Iterable[Specification], pairs: int) -> int:
    """Microseconds declared of a run of specifications: each by itself, and the rows that they share."""
    shared: dict[tuple[object, ...], int] = {}
    own = 0
    for spec in run:
        rows = rows_of(spec, pairs)
        own += own_cost(spec, rows)
        if spec.design == REGRESSION:
            shared.setdefault(shared_by(spec), COSTS["rows"].of(rows))
    return own + sum(shared.values())


def divided(runs: Sequence[Item], costs: Sequence[int], most: int = SHARD) -> list[list[Item]]:
    """Runs in their order, in as few parts of about the same cost as keep to `most`; no run is divided.

    A run is in the part in which the middle of its cost lies. Costs are whole numbers, so that parts are the same on
    every machine.
    """
    total = sum(costs)
    count = max(ceil(total / most), 1)
    parts: dict[int, list[Item]] = {}
    before = 0
    for run, cost in zip(runs, costs, strict=True):
        parts.setdefault((2 * before + cost) * count // (2 * total) if total else 0, []).append(run)
        before += cost
    return list(parts.values()) or [[]]
