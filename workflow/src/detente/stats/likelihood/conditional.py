"""Conditional logit: the exact likelihood of which rows of a group are events given how many (Chamberlain 1980)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from detente.base.errors import NotConverged
from detente.base.types import Array, Places
from detente.stats.contract import Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.kernels import conditional as kernel
from detente.stats.likelihood.binary import DIVERGED, MOST_POLISHES, NEARER, SETTLED
from detente.stats.likelihood.grouping import Grouped, grouped
from detente.stats.likelihood.maximum import STILL, Point, direction, newton
from detente.stats.likelihood.separation_within import refuse_separation_within
from detente.stats.linear.regressors import Stalled, inverse

# Rows from which the search begins on a part of the groups, the share taken, and how near it must come.
LARGE, PART, NEAR = 50_000, 4, 1.0
COVARIANCES = frozenset({"classical", "cluster", "dyad", "dyadic"})


@estimator(
    "clogit",
    Label(
        "Cond. logit",
        "conditional logit",
        "A logit that conditions on how many onsets each dyad has (Chamberlain 1980); it compares each dyad with "
        "itself, learns nothing from dyads without an onset, and has no risks, as dyad effects are never estimated.",
    ),
    link="logit",
    uses="conditions",
    fixed_effects=("dyad",),
    covariances=COVARIANCES,
    reference="R survival clogit, Stata clogit and enumeration, in tests",
)
def clogit(design: ModelFrame) -> Solution:
    """Exact conditional logit within the levels of one factor; observed information.

    Groups whose outcome never varies say nothing and are left out, as are terms that are fixed within groups; `rows`
    are those used. A row's score is its regressors times what its outcome differs from its expectation given the number
    of events in the group. Only sums of scores over groups have a meaning of their own: regressors are centred so that
    shifting one within a group changes no row's score. Covariances therefore allow for dependence within groups at
    least: clusters that contain them, or dyads that share a state.

    Intercepts are conditioned out and never estimated: there is no `predictor`, and `link` "logit" is that of odds
    ratios within a group. Risks, and effects on risk, do not exist; cre_logit or felogit have them.

    Raises
    ------
    UnsupportedEffects
        If the design has no factor, or more than one.
    UnsuitableOutcome, NoVariation
        If the outcome is not 0 or 1; if outcome or treatment does not vary within any group.
    RankDeficient
        If regressors are linearly dependent within groups, naming them.
    Separation
        If some combination of regressors puts the events of every group at one end, naming the terms to blame.
    NotConverged
        If no maximum is found.
    """
    data = grouped(design, "clogit conditions on", informative=True)
    found = _maximise(data)
    x = data.x
    x *= data.scale
    kernel.recenter(x, found.expected * (1 - found.expected), data.start)
    x, residual = data.in_order(x), data.in_order(data.y - found.expected)
    return Solution(
        terms=data.terms,
        estimate=found.estimate / data.scale,
        scores=Scores(x, residual),
        bread=found.bread / np.outer(data.scale, data.scale),
        x=x,
        link="logit",
        treatment=0,
        dropped=data.dropped,
        converged=True,
        rows=data.rows,
        iterations=found.steps,
        flags=data.flags,
    )


def log_likelihood(design: ModelFrame, estimate: Array) -> float:
    """Conditional log-likelihood of the design at `estimate` (k,), in the order of the terms that clogit keeps."""
    data = grouped(design, "clogit conditions on", informative=True)
    return _evaluate(data.x, data.y, data.start, estimate * data.scale, np.empty(len(data.y))).value


def _evaluate(x: Array, y: Array, start: Places, beta: Array, expected: Array) -> Point:
    gradient, information = np.zeros(len(beta)), np.zeros((len(beta), len(beta)))
    value = kernel.evaluate(x, y, start, beta, expected, gradient, information)
    return Point(value, gradient, information)


def _objective(x: Array, y: Array, start: Places) -> Callable[[Array], Point]:
    expected = np.empty(len(y))
    return lambda beta: _evaluate(x, y, start, beta, expected)


@dataclass(frozen=True)
class _Found:
    """The maximum: estimate (k,), inverse information (k, k), chances (n,) of an event given how many there are."""

    estimate: Array
    bread: Array
    expected: Array
    steps: int


def _maximise(data: Grouped) -> _Found:
    """Newton's method from zero, or, with many rows, from where it ends on a part of the groups; down to rounding."""
    origin, expected = np.zeros(len(data.terms)), np.empty(len(data.y))
    try:
        start = _from_a_part(data) if len(data.y) > LARGE else origin
        found = newton(_objective(data.x, data.y, data.start), start, close=NEARER)
        estimate, settled = found.estimate, False
        for _ in range(MOST_POLISHES):
            here = _evaluate(data.x, data.y, data.start, estimate, expected)
            step = direction(here)
            settled = float(step @ here.gradient) < SETTLED
            if settled:
                break
            estimate = np.add(estimate, step)
        bread = inverse(here.information)
    except Stalled:
        settled = False
    if not settled or _suspicious(data, step, bread):
        refuse_separation_within(data.y, data.x, data.start, data.terms, "clogit")
    if not settled:
        raise NotConverged("clogit found no maximum, though the data are not separated")
    return _Found(estimate, bread, expected, found.steps + 1)


def _suspicious(data: Grouped, step: Array, bread: Array) -> bool:
    """Whether the search still moves where it ended, or a coefficient is all but undetermined."""
    moving = float(np.abs(step) @ data.reach) > STILL
    return moving or bool(np.max(np.sqrt(np.diag(bread)) * data.reach) > DIVERGED)


def _from_a_part(data: Grouped) -> Array:
    """Where the search ends on every fourth group, or zero if these have no maximum."""
    chosen = np.arange(0, len(data.start) - 1, PART)
    size = np.diff(data.start)[chosen]
    begin = np.r_[0, np.cumsum(size)].astype(np.int32)
    rows = np.arange(begin[-1]) + np.repeat(data.start[chosen] - begin[:-1], size)
    origin = np.zeros(len(data.terms))
    try:
        found = newton(_objective(data.x[rows], data.y[rows], begin), origin, close=NEAR)
    except Stalled:
        return origin
    return found.estimate
