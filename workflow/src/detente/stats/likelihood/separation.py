"""Separation: whether regressors predict the outcome perfectly, in all rows or within groups, by linear programming."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

from detente.base.errors import NotConverged, Separation
from detente.base.numerics import MOST_PROGRAMS, NOTHING_GAINED, ZERO
from detente.base.types import Array, Codes, Flags, Places
from detente.stats.kernels import conditional as kernel

# Rows of the first program, and rows added to it at a time.
BATCH = 2000


@dataclass(frozen=True)
class Direction:
    """A direction d (k,) in which the likelihood never falls, and rows or groups (N,) that it predicts perfectly."""

    weights: Array
    perfect: Flags


@dataclass(frozen=True)
class _Judged:
    """What a direction does in each row or group: the least it adds, whether it adds anything, rows to constrain."""

    least: Array
    apart: Flags
    rows: Callable[[Codes], Array]


def refuse_separation(y: Array, x: Array, terms: tuple[str, ...], model: str) -> None:
    """Raise Separation, naming a smallest set of terms, if the maximum-likelihood estimate does not exist.

    It does not exist if and only if some d ≠ 0 has (2y − 1) x·d ≥ 0 in every row (Albert and Anderson 1984), which
    holds for every binary model with a log-concave link.
    """
    found = _widest(_scaled(x) * (2 * y - 1)[:, None], terms)
    if found is not None:
        raise Separation(_blame(found, y, x, terms, model))


def separated(y: Array, x: Array, terms: tuple[str, ...]) -> tuple[str, ...]:
    """Terms of a smallest set that predicts outcomes 0 and 1 (N,) perfectly, none if none does; the constant aside."""
    found = _widest(_scaled(x) * (2 * y - 1)[:, None], terms)
    weights = np.zeros(len(terms)) if found is None else np.abs(found.weights)
    return tuple(t for t, w in zip(terms, weights, strict=True) if w > ZERO and t != "intercept")


def predicted_perfectly(y: Array, x: Array) -> Flags:
    """Rows (N,) whose outcome, 0 or 1, a direction that predicts none wrongly predicts perfectly: infinite log-odds."""
    found = _widest(_scaled(x) * (2 * y - 1)[:, None], tuple(map(str, range(x.shape[1]))))
    return np.zeros(len(y), dtype=bool) if found is None else found.perfect


def refuse_zeros(y: Array, x: Array, terms: tuple[str, ...], model: str) -> None:
    """Raise Separation, naming a smallest set of terms, if the maximum-likelihood estimate of a count does not exist.

    It does not if and only if some d ≠ 0 has x·d = 0 wherever y > 0, and x·d ≤ 0, not always 0, wherever y = 0 (Santos
    Silva and Tenreyro 2010).
    """
    scaled, some = _scaled(x), y > 0
    found = _widest(np.concatenate([-scaled[~some], scaled[some], -scaled[some]]), terms)
    if found is not None:
        guilty = [t for t, w in zip(terms, np.abs(found.weights), strict=True) if w > ZERO and t != "intercept"]
        blame_zeros(guilty, int(found.perfect.sum()), len(y), {"log": "Poisson"}.get(model, model))


def refuse_separation_within(y: Array, x: Array, start: Places, terms: tuple[str, ...], model: str) -> None:
    """Raise Separation, naming a smallest set of terms, if the estimate within groups does not exist.

    x (n, k) and y (n,) are sorted by group, group g from `start[g]` to `start[g + 1]`. The estimate does not exist if
    and only if some d ≠ 0 has x·d of every event at least as large as that of every other row of its group: that holds
    given the number of events in a group (Albert and Anderson 1984, applied to differences) and with an intercept for
    each group as well.
    """
    scaled = _scaled(x)
    found = _smallest(lambda free: direction_within(y, scaled, start, free), terms)
    if found is not None:
        names = [t for t, w in zip(terms, np.abs(found.weights), strict=True) if w > ZERO]
        one = len(names) == 1
        raise Separation(
            f"{_listing(names)} {'sets' if one else 'together set'} events apart from the other rows in "
            f"{int(found.perfect.sum()):,} of {len(start) - 1:,} groups and {'is' if one else 'are'} never lower for "
            f"an event: {_infinite(names, model)}"
        )


def blame_zeros(terms: list[str], rows: int, total: int, model: str) -> None:
    """Raise Separation: terms that predict zeros perfectly in some rows."""
    raise Separation(perfect(terms, f"an outcome of zero perfectly in {rows:,} of {total:,} rows", model))


def perfect(names: list[str], what: str, model: str, beside: str = "") -> str:
    """That some terms, `beside` others, predict `what`, so that their coefficients are infinite."""
    verb = "predicts" if len(names) == 1 else "together predict"
    return f"{_listing(names)}{beside} {verb} {what}: {_infinite(names, model)}"


def _infinite(names: list[str], model: str) -> str:
    return f"its {model} coefficient is infinite" if len(names) == 1 else f"their {model} coefficients are infinite"


def _listing(names: list[str]) -> str:
    """Names in quotes: 'a', 'b' and 'c'."""
    quoted = [repr(n) for n in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _scaled(x: Array) -> Array:
    largest = np.abs(x).max(axis=0)
    return np.asarray(x / np.where(largest > 0, largest, 1.0))


def _smallest(find: Callable[[Flags], Direction | None], terms: tuple[str, ...]) -> Direction | None:
    """A separating direction that no term can be taken out of; the constant stays."""
    free = np.ones(len(terms), dtype=bool)
    found = find(free)
    for j in reversed(range(len(terms))):
        if found is None or terms[j] == "intercept":
            continue
        free[j] = False
        if abs(found.weights[j]) > ZERO:
            simpler = find(free) if free.any() else None
            free[j] = simpler is None
            found = simpler or found
    return found


def _widest(signed: Array, terms: tuple[str, ...]) -> Direction | None:
    """The sum of directions among the terms of a smallest one that predicts the most rows (N,) perfectly."""
    found = _smallest(lambda free: separating_direction(signed, free, np.ones(len(signed), dtype=bool)), terms)
    if found is None:
        return None
    free = (np.abs(found.weights) > ZERO) | np.array([t == "intercept" for t in terms])
    while not found.perfect.all():
        other = separating_direction(signed, free, ~found.perfect)
        if other is None or not (other.perfect & ~found.perfect).any():
            break
        found = Direction(found.weights + other.weights, found.perfect | other.perfect)
    return found


def separating_direction(signed: Array, free: Flags, wanted: Flags) -> Direction | None:
    """A separating direction among the `free` (k,) coordinates that predicts `wanted` (N,) rows, None if none does.

    `signed` (N, k) rows times ±1 by outcome. The program maximises the mean of signed.d over wanted rows and d in
    [−1, 1] subject to signed.d ≥ 0 in all.
    """
    columns = signed[:, free]
    first = np.unique(np.linspace(0, len(signed) - 1, min(BATCH, len(signed))).astype(np.int64))

    def judged(d: Array) -> _Judged:
        reached = columns @ d
        return _Judged(reached, reached > ZERO, lambda add: columns[add])

    return _solved(columns[wanted].mean(axis=0), columns[first], judged, free)


def direction_within(y: Array, x: Array, start: Places, free: Flags) -> Direction | None:
    """A separating direction among the `free` (k,) coordinates, None if there is none.

    The program maximises the sum over groups of the mean difference of events and others, no pair of an event and
    another row of its group differing the wrong way: the worst pair of each group is constrained.
    """
    columns = np.ascontiguousarray(x[:, free])
    events, rows = np.add.reduceat(y, start[:-1]), np.diff(start)
    of_events = np.add.reduceat(columns * y[:, None], start[:-1], axis=0)
    of_others = np.add.reduceat(columns, start[:-1], axis=0) - of_events
    differences = of_events / events[:, None] - of_others / (rows - events)[:, None]

    def judged(d: Array) -> _Judged:
        index = columns @ d
        low, high, other_low, other_high = kernel.extremes(index, y, start)
        apart = index[high] - index[other_low] > ZERO
        return _Judged(index[low] - index[other_high], apart, lambda add: columns[low[add]] - columns[other_high[add]])

    return _solved(differences.mean(axis=0), np.empty((0, columns.shape[1])), judged, free)


def _solved(gain: Array, rows: Array, judged: Callable[[Array], _Judged], free: Flags) -> Direction | None:
    """The direction that gains most, its constraints `rows` added as they are found broken.

    A maximum of zero under some of them proves that there is no direction under all.
    """
    for _ in range(MOST_PROGRAMS):
        program = scipy.optimize.linprog(-gain, A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1), method="highs")
        if program.x is None:
            break
        found = judged(program.x)
        broken = np.flatnonzero(found.least < -ZERO)
        if -program.fun <= NOTHING_GAINED or (not len(broken) and not found.apart.any()):
            return None
        if not len(broken):
            weights = np.zeros(len(free))
            weights[free] = program.x
            return Direction(weights, found.apart)
        worst = broken[np.argsort(found.least[broken], kind="stable")[:BATCH]]
        rows = np.concatenate([rows, found.rows(worst)])
    raise NotConverged("whether the regressors predict the outcome perfectly could not be decided")


def _blame(found: Direction, y: Array, x: Array, terms: tuple[str, ...], model: str) -> str:
    guilty = [j for j in np.flatnonzero(np.abs(found.weights) > ZERO) if terms[j] != "intercept"]
    names = [terms[j] for j in guilty]
    column = x[:, guilty[0]] if guilty else x[:, 0]
    rows = int(found.perfect.sum())
    if len(guilty) == 1 and np.isin(column, (0.0, 1.0)).all() and len(np.unique(column[found.perfect])) == 1:
        how = "no onset" if not y[found.perfect].any() else "nothing but onsets"
        side = column[found.perfect][0]
        return f"{names[0]!r} = {side:.0f} has {how} in {rows:,} dyad-years: {_infinite(names, model)}"
    kind = "completely" if rows == len(y) else "quasi-completely"
    return perfect(names, f"the outcome perfectly in {rows:,} of {len(y):,} rows ({kind} separated)", model)
