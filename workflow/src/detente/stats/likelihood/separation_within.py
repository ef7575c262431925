"""Separation within groups: whether some combination of regressors puts the events of every group at one end."""

from dataclasses import dataclass

import numpy as np

from detente.base.errors import NotConverged, Separation
from detente.base.types import Array, Places
from detente.stats.kernels import conditional as kernel
from detente.stats.likelihood.maximum import listing
from detente.stats.likelihood.separation import BATCH, MOST_ROUNDS, ZERO


@dataclass(frozen=True)
class Direction:
    """A direction d (k,) in which the likelihood never falls, and in how many `groups` it sets events apart."""

    weights: Array
    groups: int


def refuse_separation_within(y: Array, x: Array, start: Places, terms: tuple[str, ...], model: str) -> None:
    """Raise Separation, naming a smallest set of terms, if the estimate within groups does not exist.

    x (n, k) and y (n,) are sorted by group, group g from `start[g]` to `start[g + 1]`. The estimate does not exist if
    and only if some d ≠ 0 has x·d of every event at least as large as that of every other row of its group: that holds
    given the number of events in a group (Albert and Anderson 1984, applied to differences) and with an intercept for
    each group as well.
    """
    largest = np.abs(x).max(axis=0)
    scaled = x / np.where(largest > 0, largest, 1.0)
    free = np.ones(len(terms), dtype=bool)
    found = direction_within(y, scaled, start, free)
    if found is None:
        return
    for j in reversed(range(len(terms))):
        free[j] = False
        if abs(found.weights[j]) <= ZERO:
            continue
        simpler = direction_within(y, scaled, start, free) if free.any() else None
        free[j] = simpler is None
        found = simpler or found
    names = [t for t, w in zip(terms, np.abs(found.weights), strict=True) if w > ZERO]
    one = len(names) == 1
    raise Separation(
        f"{listing(names)} {'sets' if one else 'together set'} events apart from the other rows in {found.groups:,} of "
        f"{len(start) - 1:,} groups and {'is' if one else 'are'} never lower for an event: "
        f"{'its' if one else 'their'} {model} {'coefficient is' if one else 'coefficients are'} infinite"
    )


def direction_within(y: Array, x: Array, start: Places, free: Array) -> Direction | None:
    """A separating direction among the `free` (k,) coordinates, None if there is none.

    A linear program: maximise the sum over groups of the mean difference of events and others, no pair of an event and
    another row of its group differing the wrong way. Pairs are added as they are found broken, the worst of each group.
    """
    from scipy.optimize import linprog

    columns = np.ascontiguousarray(x[:, free])
    gain = _differences(y, columns, start).mean(axis=0)
    pairs = np.empty((0, columns.shape[1]))
    for _ in range(MOST_ROUNDS):
        program = linprog(-gain, A_ub=-pairs, b_ub=np.zeros(len(pairs)), bounds=(-1, 1), method="highs")
        if program.x is None:
            break
        index = columns @ program.x
        low, high, other_low, other_high = kernel.extremes(index, y, start)
        worst = index[low] - index[other_high]
        apart = index[high] - index[other_low] > ZERO
        broken = np.flatnonzero(worst < -ZERO)
        if -program.fun <= 1e-12 or (not len(broken) and not apart.any()):
            return None
        if not len(broken):
            weights = np.zeros(len(free))
            weights[free] = program.x
            return Direction(weights, int(apart.sum()))
        add = broken[np.argsort(worst[broken], kind="stable")[:BATCH]]
        pairs = np.concatenate([pairs, columns[low[add]] - columns[other_high[add]]])
    raise NotConverged("whether the regressors predict the outcome perfectly within groups could not be decided")


def _differences(y: Array, x: Array, start: Places) -> Array:
    """Mean of events less mean of the other rows, by group, (G, k)."""
    events = np.add.reduceat(y, start[:-1])
    of_events = np.add.reduceat(x * y[:, None], start[:-1], axis=0)
    of_all = np.add.reduceat(x, start[:-1], axis=0)
    others = np.diff(start) - events
    result: Array = of_events / events[:, None] - (of_all - of_events) / others[:, None]
    return result
