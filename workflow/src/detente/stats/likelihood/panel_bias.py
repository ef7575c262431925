"""Bias of order 1/T of logit with estimated effects: by formula, and by the two halves of each group's years."""

from dataclasses import replace

import numpy as np
from scipy.special import expit

from detente.base.errors import EstimationError
from detente.base.types import Array, Codes
from detente.stats.covariance import number
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.logit_within import Fitted, fit_within
from detente.stats.linear.regressors import inverse


def analytical(fitted: Fitted) -> tuple[Array, str]:
    """What to add to the estimate, (k,), as `felogit` says, and what a reader must know."""
    p = expit(fitted.predictor)
    weight = p * (1 - p)
    spread = np.zeros(len(p))
    for codes in fitted.kept.effects.values():
        _, place = number(codes)
        spread += (1 / np.bincount(place, weight))[place]
    moved: Array = 0.5 * inverse(fitted.information) @ ((weight * (1 - 2 * p) * spread) @ fitted.x)
    return (
        moved,
        "corrected for bias of order 1/T by its formula; standard errors are those of the uncorrected estimate",
    )


def splitpanel(design: ModelFrame, fitted: Fitted) -> tuple[Array, str]:
    """What to add to the estimate, (k,): the estimate less the mean of the halves' estimates.

    Raises
    ------
    EstimationError
        If the design has no years, or a half has no estimate of some term.
    """
    if design.time is None:
        raise EstimationError("splitpanel halves the years of each group: the design has none; name the column of time")
    rows = fitted.kept.rows
    first = next(iter(fitted.kept.effects.values()))
    below, above = _halves(first, design.time[rows])
    splits = [below] if np.array_equal(below, above) else [below, above]
    fits = [
        _half(design, fitted, rows[half == side], f"{'second' if side else 'first'} half")
        for half in splits
        for side in (False, True)
    ]
    used = min(len(f.kept.rows) for f in fits), max(len(f.kept.rows) for f in fits)
    flag = (
        f"corrected for bias of order 1/T by half-panels, which use {used[0]:,} to {used[1]:,} rows of {len(rows):,}; "
        "standard errors are those of the uncorrected estimate"
    )
    return fitted.estimate - np.mean([f.estimate for f in fits], axis=0), flag


def _halves(group: Codes, year: Codes) -> tuple[Array, Array]:
    """Whether a row is in the second half of its group's years, (n,), odd numbers rounded down and up."""
    _, place = number(group)
    order = np.lexsort((year, place))
    size = np.bincount(place)
    begin = np.r_[0, np.cumsum(size)[:-1]]
    rank = np.empty(len(place), dtype=np.int64)
    rank[order] = np.arange(len(place)) - begin[place[order]]
    half: Codes = size[place]
    return np.asarray(rank >= half // 2), np.asarray(rank >= (half + 1) // 2)


def _half(design: ModelFrame, fitted: Fitted, rows: Codes, name: str) -> Fitted:
    """The fit to a half."""
    columns = np.array([design.terms.index(t) for t in fitted.data.terms])
    part = replace(
        design,
        y=design.y[rows],
        x=design.x[np.ix_(rows, columns)],
        terms=fitted.data.terms,
        fixed_effects={n: c[rows] for n, c in design.fixed_effects.items()},
    )
    try:
        found = fit_within(part)
    except EstimationError as error:
        raise type(error)(f"splitpanel, {name} of each group's years: {error}") from error
    if found.data.dropped:
        lost = ", ".join(found.data.dropped)
        raise EstimationError(f"splitpanel: {lost} does not vary within effects in the {name} of each group's years")
    return found
