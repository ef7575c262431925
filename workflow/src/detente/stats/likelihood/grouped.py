"""Logits with one factor: conditional on events by group (Chamberlain 1980), or Firth's with an intercept for each."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import scipy

from detente.base.errors import EstimationError, NotConverged, NoVariation
from detente.base.numerics import FIXED, HALVINGS, MOST_STEPS, NEAR_GROUPS, NEARER, SETTLED, TINY
from detente.base.types import Array, Codes, Places
from detente.stats.checks import check_rank
from detente.stats.contract import Label, Solution, estimator
from detente.stats.covariance import Information, Scores, number
from detente.stats.frame import ModelFrame
from detente.stats.kernels import absorption, conditional, firth
from detente.stats.likelihood import maximum
from detente.stats.likelihood.firth import calibration
from detente.stats.likelihood.separation import refuse_separation_within
from detente.stats.linear.absorb import NONE
from detente.stats.linear.regressors import Stalled, inverse
from detente.stats.linear.within import gram

# Rows from which the search begins on a part of the groups, and the share taken.
LARGE, PART = 50_000, 4


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

    def solution(self, estimate: Array, scores: Scores, bread: Array, **other: Any) -> Solution:
        """The solution in the units of the design, its regressors those of `scores`, with what `other` says of it."""
        bread = bread / np.outer(self.scale, self.scale)
        given = {"link": "logit", "dropped": self.dropped} | other
        return Solution(self.terms, estimate / self.scale, scores, bread, scores.x, **given)

    def within(self, weights: Array) -> Array:
        """Regressors (n, k) of the design, in its order, less group means under weights (n,); what x holds is lost."""
        self.x[:] *= self.scale
        center(self.x, self.start, np.maximum(weights, TINY))
        return self.in_order(self.x)


def center(x: Array, start: Places, weights: Array = NONE) -> None:
    """Take group means under positive `weights` (n,) off the sorted rows of x (n, k), in place."""
    order, levels = np.arange(len(x), dtype=np.int32), np.empty((len(x), 0), dtype=np.int32)
    absorption.center(x, weights, order, start, levels, x, np.empty((0, x.shape[1])))


def _reach(x: Array) -> Array:
    """Largest absolute value of each column, (k,)."""
    return np.asarray(np.maximum(x.max(axis=0), -x.min(axis=0)))


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
    before = _reach(x)
    if not np.isfinite(before).all():
        guilty = ", ".join(repr(t) for t, b in zip(design.terms, before, strict=True) if not np.isfinite(b))
        raise EstimationError(f"values that are missing or infinite in {guilty}: leave these rows out first")
    center(x, start)
    after = _reach(x)
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
    dropped = tuple(t for t, f in zip(design.terms, free, strict=True) if not f)
    unused, groups = len(design.y) - len(rows), int((~kept).sum())
    silent = f"{unused:,} rows in {groups:,} levels of {factor} whose outcome never varies say nothing about the"
    flags = (f"{silent} coefficients",) if unused else ()
    y = np.asarray(design.y[places], dtype=np.float64)
    return Grouped(x, y, start, order, rows, scale, after[free] / scale, terms, dropped, flags)


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
    elsewhere=("conditional_logit", "xtlogit"),
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
    found = maximum.find_maximum(
        objective, lambda: maximum.newton(objective, start, close=NEARER), data.reach, refuse, "clogit"
    )
    weights = expected * (1 - expected)
    scores = Scores(data.within(weights), data.in_order(data.y - expected))
    other = {"rows": data.rows, "iterations": found.steps, "flags": data.flags}
    # Given how many events a group of n rows has, they vary n/(n − 1) times as much; exactly so if all are as likely.
    size = np.repeat(np.diff(data.start), np.diff(data.start))
    information = Information(scores.x, data.in_order(weights * size / (size - 1)))
    return data.solution(found.estimate, scores, found.bread, information=information, **other)


def log_likelihood(design: ModelFrame, estimate: Array) -> float:
    """Conditional log-likelihood of the design at `estimate` (k,), in the order of the terms that clogit keeps."""
    data = grouped(design, informative=True)
    return _objective(data.x, data.y, data.start, np.empty(len(data.y)))(estimate * data.scale).value


def _objective(x: Array, y: Array, start: Places, expected: Array) -> maximum.Objective:
    def at(beta: Array) -> maximum.Point:
        gradient, information = np.zeros(len(beta)), np.zeros((len(beta), len(beta)))
        value = conditional.evaluate(x, y, start, beta, expected, gradient, information)
        return maximum.Point(value, gradient, information)

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
        return maximum.newton(objective, origin, close=NEAR_GROUPS).estimate
    except Stalled:
        return origin


@estimator(
    "firth_fe",
    Label(
        "FE Firth logit",
        "penalised logit with dyad effects",
        "A penalised logit with an intercept for each dyad, dyads without an onset among them (Cook, Hays and "
        "Franzese 2020); its risks are too high where onsets are rare.",
    ),
    link="logit",
    outcome="binary",
    uses="absorbs",
    factors="one",
    fixed_effects=("dyad",),
    reference="the dense penalised likelihood with dummies, in tests",
)
def firth_fe(design: ModelFrame, *, bread: Literal["expected", "augmented"] = "expected") -> Solution:
    """Logit with an intercept for each level of one factor that maximises l + ½ log |I|, I over all parameters.

    Groups whose outcome never varies are kept: their intercepts are finite. `x` and the scores are regressors less
    group means under the weights of the bread, w = p (1 − p) if "expected", w (1 + h) if "augmented" (see `firth`);
    bread is that of `firth` with dummies, the coefficients' part. A group's mean predicted risk exceeds its share of
    events by about (½ − p) over its rows: where events are rare the mean risk is a multiple of the base rate (see the
    flag), so that coefficients are a point on the curve and predicted risks no headline.

    Raises NoVariation, RankDeficient as `clogit`; NotConverged if no maximum is found.
    """
    data = grouped(design, informative=False)
    # Without regressors, half an event is added to each group, and half another, exactly.
    events, rows = np.add.reduceat(data.y, data.start[:-1]), np.diff(data.start)
    start: Array = np.r_[np.zeros(len(data.terms)), scipy.special.logit((events + 0.5) / (rows + 1))]
    here, step, steps = _search(data, start)
    information, weights = here.information, here.p * (1 - here.p)
    if bread == "augmented":
        information, weights = step.working, weights * (1 + step.leverage)
    k = len(data.terms)
    predictor = data.in_order(data.x @ here.place[:k] + np.repeat(here.place[k:], np.diff(data.start)))
    scores = maximum.check_score(Scores(data.within(weights), data.in_order(step.left)), "firth_fe")
    size = np.repeat(np.diff(data.start), np.diff(data.start))
    other = {"predictor": predictor, "absorbed": len(data.start) - 1, "iterations": steps}
    other["silent"] = data.in_order(size == 1) if (size == 1).any() else None
    return data.solution(here.place[:k], scores, inverse(information), flags=(calibration(here.p, data.y),), **other)


@dataclass(frozen=True)
class _Here:
    """The penalised likelihood at a place, (k + G,) coefficients and intercepts: chances (n,), information (k, k)."""

    place: Array
    value: float
    p: Array
    information: Array


@dataclass(frozen=True)
class _Step:
    """Newton's step under the `working` information (k, k), and its inner product with the gradient.

    Leverages and adjusted residuals `left` (n,) of where it starts.
    """

    leverage: Array
    left: Array
    working: Array
    step: Array
    gain: float


def _at(data: Grouped, place: Array) -> _Here:
    k = len(data.terms)
    p, information = np.empty(len(data.y)), np.zeros((k, k))
    value = firth.weigh(data.x, data.y, data.start, place[:k], place[k:], p, information)
    sign, size = np.linalg.slogdet(information)
    return _Here(place, value + 0.5 * float(size) if sign > 0 else -np.inf, p, information)


def _step(data: Grouped, here: _Here, *, curved: bool) -> _Step:
    rows, working = np.empty((2, len(data.y))), np.zeros_like(here.information)
    residuals = firth.adjust(data.x, data.y, data.start, here.p, inverse(here.information), rows)
    of_groups = firth.curvature(data.x, data.start, here.p, rows[0], curved, working)
    weights, means = of_groups[:, 0], of_groups[:, 1:]
    score = np.einsum("ij,i->j", data.x, rows[1]) - np.einsum("gj,g->j", means, residuals)
    beta = inverse(working) @ score
    gain = float(beta @ score + np.sum(residuals**2 / weights))
    return _Step(rows[0], rows[1], working, np.r_[beta, residuals / weights - means @ beta], gain)


def _search(data: Grouped, place: Array) -> tuple[_Here, _Step, int]:
    """Newton's method with step halving: where it ends, the step from there with leverages held fixed, and steps taken.

    Where the curvature of the intercepts' penalty leaves no information, or no step that climbs, leverages are held
    fixed: that always climbs, but slowly where many groups have no event.
    """
    here = _at(data, place)
    with suppress(Stalled):
        for steps in range(MOST_STEPS):
            there = None
            for curved in (True, False):
                try:
                    step = _step(data, here, curved=curved)
                except Stalled:
                    continue
                if step.gain < SETTLED:
                    return here, _step(data, here, curved=False), steps
                there = _climb(data, here, step.step)
                if there is not None:
                    break
            if there is None:
                break
            here = there
    raise NotConverged("firth_fe found no maximum of the penalised likelihood")


def _climb(data: Grouped, here: _Here, step: Array) -> _Here | None:
    """The first place along the step where the objective is no lower."""
    places = (_at(data, here.place + share * step) for share in HALVINGS)
    return next((there for there in places if maximum.climbs(here.value, there.value)), None)
