"""Separation: whether some combination of regressors predicts the outcome perfectly, decided by linear programming."""

from dataclasses import dataclass

import numpy as np

from detente.base.errors import NotConverged, Separation
from detente.base.types import Array, Flags
from detente.stats.likelihood.maximum import listing

# Rows of the first program, and rows added to it at a time.
BATCH = 2000
MOST_ROUNDS = 200
# Of a direction scaled to at most 1 on regressors scaled to at most 1: what is smaller is rounding.
ZERO = 1e-6


@dataclass(frozen=True)
class Direction:
    """A direction d (k,) in which the likelihood never falls, and the rows (N,) that it predicts perfectly."""

    weights: Array
    perfect: Flags


def refuse_separation(y: Array, x: Array, terms: tuple[str, ...], model: str) -> None:
    """Raise Separation, naming a smallest set of terms, if the maximum-likelihood estimate does not exist.

    It does not exist if and only if some d ≠ 0 has (2y − 1) x·d ≥ 0 in every row (Albert and Anderson 1984), which
    holds for every binary model with a log-concave link.
    """
    largest = np.abs(x).max(axis=0)
    signed = (x / np.where(largest > 0, largest, 1.0)) * (2 * y - 1)[:, None]
    found = _smallest(signed, terms)
    if found is not None:
        raise Separation(_blame(found, y, x, terms, model))


def refuse_empty(y: Array, x: Array, terms: tuple[str, ...], model: str) -> None:
    """Raise Separation, naming a smallest set of terms, if the maximum-likelihood estimate of a count does not exist.

    It does not if and only if some d ≠ 0 has x·d = 0 wherever y > 0, and x·d ≤ 0, not always 0, wherever y = 0 (Santos
    Silva and Tenreyro 2010).
    """
    largest = np.abs(x).max(axis=0)
    scaled = x / np.where(largest > 0, largest, 1.0)
    some = y > 0
    found = _smallest(np.concatenate([-scaled[~some], scaled[some], -scaled[some]]), terms)
    if found is not None:
        names = [t for t, w in zip(terms, np.abs(found.weights) > ZERO, strict=True) if w and t != "intercept"]
        raise Separation(
            f"every count is zero in the {int(found.perfect.sum()):,} of {len(y):,} rows that {listing(names)} "
            f"set{'s' if len(names) == 1 else ''} apart: {'its' if len(names) == 1 else 'their'} {model} "
            f"{'coefficient is' if len(names) == 1 else 'coefficients are'} infinite"
        )


def _smallest(signed: Array, terms: tuple[str, ...]) -> Direction | None:
    """A separating direction that no term can be taken out of, predicting as many rows as its terms can."""
    free, everywhere = np.ones(len(terms), dtype=bool), np.ones(len(signed), dtype=bool)
    found = separating_direction(signed, free, everywhere)
    if found is None:
        return None
    for j in reversed(range(len(terms))):
        if terms[j] == "intercept":
            continue
        free[j] = False
        if abs(found.weights[j]) <= ZERO:
            continue
        simpler = separating_direction(signed, free, everywhere)
        free[j] = simpler is None
        found = simpler or found
    return _widened(found, signed, free)


def _widened(found: Direction, signed: Array, free: Flags) -> Direction:
    """The sum of separating directions among the free coordinates that predicts the most rows perfectly."""
    while not found.perfect.all():
        other = separating_direction(signed, free, ~found.perfect)
        if other is None or not (other.perfect & ~found.perfect).any():
            break
        found = Direction(found.weights + other.weights, found.perfect | other.perfect)
    return found


def separating_direction(signed: Array, free: Flags, wanted: Flags) -> Direction | None:
    """A separating direction among the `free` (k,) coordinates that predicts `wanted` (N,) rows, None if none does.

    `signed` (N, k) rows times ±1 by outcome. The program maximises the mean of signed.d over wanted rows and d in
    [−1, 1] subject to signed.d ≥ 0 in all, its constraints added as they are found broken: a maximum of zero under some
    of them proves that there is no direction under all.
    """
    from scipy.optimize import linprog

    columns = signed[:, free]
    gain = columns[wanted].mean(axis=0)
    rows = np.unique(np.linspace(0, len(signed) - 1, min(BATCH, len(signed))).astype(np.int64))
    for _ in range(MOST_ROUNDS):
        program = linprog(-gain, A_ub=-columns[rows], b_ub=np.zeros(len(rows)), bounds=(-1, 1), method="highs")
        if program.x is None:
            break
        reached = columns @ program.x
        broken = np.flatnonzero(reached < -ZERO)
        perfect = reached > ZERO
        if -program.fun <= 1e-12 or (not len(broken) and not perfect.any()):
            return None
        if not len(broken):
            weights = np.zeros(len(free))
            weights[free] = program.x
            return Direction(weights, perfect)
        worst = broken[np.argsort(reached[broken], kind="stable")[:BATCH]]
        rows = np.union1d(rows, worst)
    raise NotConverged("whether the regressors predict the outcome perfectly could not be decided")


def _blame(found: Direction, y: Array, x: Array, terms: tuple[str, ...], model: str) -> str:
    guilty = [j for j in np.flatnonzero(np.abs(found.weights) > ZERO) if terms[j] != "intercept"]
    names = [terms[j] for j in guilty]
    column = x[:, guilty[0]] if guilty else x[:, 0]
    rows = int(found.perfect.sum())
    if len(guilty) == 1 and np.isin(column, (0.0, 1.0)).all() and len(np.unique(column[found.perfect])) == 1:
        how = "no onset" if not y[found.perfect].any() else "nothing but onsets"
        side = column[found.perfect][0]
        return f"{names[0]!r} = {side:.0f} has {how} in {rows:,} dyad-years: its {model} coefficient is infinite"
    kind = "completely" if rows == len(y) else "quasi-completely"
    whose = "its" if len(names) == 1 else "their"
    plural = "coefficient is" if len(names) == 1 else "coefficients are"
    return (
        f"{listing(names)} {'predicts' if len(names) == 1 else 'together predict'} the outcome perfectly in {rows:,} "
        f"of {len(y):,} rows ({kind} separated): {whose} {model} {plural} infinite"
    )
