"""Conditional logit: the exact likelihood of which rows of a group are events given how many (Chamberlain 1980)."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from detente.base.errors import EstimationError, NoVariation
from detente.base.types import Array, Codes, Places
from detente.stats.contract import Label, Solution, check_rank, estimator
from detente.stats.covariance import Scores, number
from detente.stats.frame import ModelFrame
from detente.stats.kernels import absorption
from detente.stats.kernels import conditional as kernel
from detente.stats.likelihood.maximum import NEARER, Objective, Point, find_maximum, newton
from detente.stats.likelihood.separation import refuse_separation_within
from detente.stats.linear.regressors import Stalled
from detente.stats.linear.within import gram

# A column whose largest distance from its group means is below this share of its largest value is fixed in groups.
FIXED = 1e-12
# Rows from which the search begins on a part of the groups, the share taken, and how near it must come.
LARGE, PART, NEAR = 50_000, 4, 1.0


@dataclass(frozen=True)
class Grouped:
    """Rows sorted by group: x (n, k) less group means over `scale` (k,), and y (n,).

    Group g is from `start[g]` to `start[g + 1]`. `order` (n,) places of the sorted rows among those used, `rows` (n,)
    places in the design of the rows used, in order. `reach` (k,) largest absolute value of each column of x; `terms`
    k names; `dropped` those that are fixed within groups; `flags` say what was left out.
    """

    x: Array
    y: Array
    start: Places
    order: Places
    rows: Codes
    scale: Array
    reach: Array
    terms: tuple[str, ...]
    dropped: tuple[str, ...]
    flags: tuple[str, ...]

    def in_order(self, values: Array) -> Array:
        """Values (n, …) of the sorted rows in the order of the design."""
        if (self.order[1:] > self.order[:-1]).all():
            return values
        out = np.empty_like(values)
        out[self.order] = values
        return out


def grouped(design: ModelFrame, *, informative: bool) -> Grouped:
    """Sort, centre and scale the rows of a design by its one factor; if `informative`, where the outcome varies.

    Raises NoVariation if outcome or treatment does not vary within any group; RankDeficient if regressors are linearly
    dependent within groups, naming them; EstimationError if a regressor is missing or infinite in a row that is used.
    """
    factor, effect = next(iter(design.fixed_effects.items()))
    _, group = number(effect)
    size, events = np.bincount(group), np.bincount(group, weights=design.y)
    varies = (events > 0) & (events < size)
    if not varies.any():
        raise NoVariation(f"the outcome varies within none of the {len(size):,} levels of {factor}")
    kept = varies if informative else np.ones(len(size), dtype=bool)
    rows = np.flatnonzero(kept[group])
    order, start = absorption.group((np.cumsum(kept) - 1)[group[rows]].astype(np.int32), int(kept.sum()))
    places = rows[order]
    x = np.ascontiguousarray(design.x[places], dtype=np.float64)
    before, after = kernel.center(x, start)
    if not np.isfinite(before).all():
        guilty = ", ".join(repr(t) for t, b in zip(design.terms, before, strict=True) if not np.isfinite(b))
        raise EstimationError(f"values that are missing or infinite in {guilty}: leave these rows out first")
    free = after > FIXED * before
    if not free[0]:
        where = f"the {len(start) - 1:,} levels of {factor}" + (" whose outcome does" if informative else "")
        raise NoVariation(f"the treatment {design.terms[0]!r} does not vary within {where}")
    terms = tuple(t for t, f in zip(design.terms, free, strict=True) if f)
    x = x if free.all() else np.ascontiguousarray(x[:, free])
    cross = gram(x)
    check_rank(cross, terms)
    scale = np.sqrt(np.diag(cross) / len(x))
    x /= scale
    unused, groups = len(design.y) - len(rows), int((~kept).sum())
    silent = f"{unused:,} rows in {groups:,} levels of {factor} whose outcome never varies say nothing about the"
    return Grouped(
        x=x,
        y=np.asarray(design.y[places], dtype=np.float64),
        start=start,
        order=order,
        rows=rows,
        scale=scale,
        reach=after[free] / scale,
        terms=terms,
        dropped=tuple(t for t, f in zip(design.terms, free, strict=True) if not f),
        flags=(f"{silent} coefficients",) if unused else (),
    )


@estimator(
    "clogit",
    Label(
        "Cond. logit",
        "conditional logit",
        "A logit that conditions on how many onsets each dyad has (Chamberlain 1980); it compares each dyad with "
        "itself, learns nothing from dyads without an onset, and has no risks, as dyad effects are never estimated.",
    ),
    link="logit",
    outcome="binary",
    uses="conditions",
    fixed_effects=("dyad",),
    covariances=frozenset({"classical", "cluster", "dyad", "dyadic"}),
    statistics={
        "log_likelihood": lambda fit: log_likelihood(fit.design, fit.solution.estimate),
        "null_log_likelihood": lambda fit: log_likelihood(fit.design, np.zeros(len(fit.solution.estimate))),
    },
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

    Raises Separation if some combination of regressors puts the events of every group at one end, naming the terms to
    blame; NotConverged if no maximum is found.
    """
    data = grouped(design, informative=True)
    expected: Array = np.empty(len(data.y))
    # Its last call, at the maximum, leaves there the chances of an event given how many a group has.
    objective = _objective(data.x, data.y, data.start, expected)
    start = _from_a_part(data) if len(data.y) > LARGE else np.zeros(len(data.terms))
    refuse = partial(refuse_separation_within, data.y, data.x, data.start, data.terms, "clogit")
    found = find_maximum(objective, lambda: newton(objective, start, close=NEARER), data.reach, refuse, "clogit")
    x = data.x
    x *= data.scale
    kernel.recenter(x, expected * (1 - expected), data.start)
    x, residual = data.in_order(x), data.in_order(data.y - expected)
    return Solution(
        terms=data.terms,
        estimate=found.estimate / data.scale,
        scores=Scores(x, residual),
        bread=found.bread / np.outer(data.scale, data.scale),
        x=x,
        link="logit",
        dropped=data.dropped,
        rows=data.rows,
        iterations=found.steps,
        flags=data.flags,
    )


def log_likelihood(design: ModelFrame, estimate: Array) -> float:
    """Conditional log-likelihood of the design at `estimate` (k,), in the order of the terms that clogit keeps."""
    data = grouped(design, informative=True)
    return _objective(data.x, data.y, data.start, np.empty(len(data.y)))(estimate * data.scale).value


def _objective(x: Array, y: Array, start: Places, expected: Array) -> Objective:
    def at(beta: Array) -> Point:
        gradient, information = np.zeros(len(beta)), np.zeros((len(beta), len(beta)))
        value = kernel.evaluate(x, y, start, beta, expected, gradient, information)
        return Point(value, gradient, information)

    return at


def _from_a_part(data: Grouped) -> Array:
    """Where the search ends on every fourth group, or zero if these have no maximum."""
    chosen = np.arange(0, len(data.start) - 1, PART)
    size = np.diff(data.start)[chosen]
    begin = np.r_[0, np.cumsum(size)].astype(np.int32)
    rows = np.arange(begin[-1]) + np.repeat(data.start[chosen] - begin[:-1], size)
    origin = np.zeros(len(data.terms))
    try:
        objective = _objective(data.x[rows], data.y[rows], begin, np.empty(len(rows)))
        return newton(objective, origin, close=NEAR).estimate
    except Stalled:
        return origin
