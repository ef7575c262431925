"""Firth's logit with one factor absorbed: equal to dummies, at the cost of none."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import logit

from detente.base.errors import NotConverged
from detente.base.types import Array
from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.kernels import conditional
from detente.stats.kernels import firth as kernel
from detente.stats.likelihood.conditional import Grouped, grouped
from detente.stats.likelihood.firth import calibration
from detente.stats.likelihood.maximum import HALVINGS, MOST_STEPS, check_score, climbs
from detente.stats.linear.regressors import Stalled, inverse

# Squared distance to the maximum, in standard errors, at which the search ends.
SETTLED = 1e-18


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
    covariances=ROBUST,
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
    start: Array = np.r_[np.zeros(len(data.terms)), logit((events + 0.5) / (rows + 1))]
    try:
        here = _search(data, start)
    except Stalled:
        raise NotConverged("firth_fe found no maximum of the penalised likelihood") from None
    information, weights = here.information, here.p * (1 - here.p)
    if bread == "augmented":
        information, weights = here.working, weights * (1 + here.leverage)
    k = len(data.terms)
    predictor = data.x @ here.place[:k] + np.repeat(here.place[k:], np.diff(data.start))
    x = data.x
    x *= data.scale
    conditional.recenter(x, weights, data.start)
    x = data.in_order(x)
    return Solution(
        terms=data.terms,
        estimate=here.place[:k] / data.scale,
        scores=check_score(Scores(x, data.in_order(here.left)), "firth_fe"),
        bread=inverse(information) / np.outer(data.scale, data.scale),
        x=x,
        link="logit",
        dropped=data.dropped,
        predictor=data.in_order(predictor),
        absorbed=len(data.start) - 1,
        iterations=here.steps,
        flags=(calibration(here.p, data.y),),
    )


@dataclass(frozen=True)
class _Here:
    """The penalised likelihood at one place, (k + G,) coefficients and then intercepts.

    Chances p, leverages and adjusted residuals `left` (n,); informations (k, k).
    `step` is Newton's under the working information, `gain` its inner product with the gradient.
    """

    place: Array
    value: float
    p: Array
    leverage: Array
    left: Array
    information: Array
    working: Array
    step: Array
    gain: float
    steps: int = 0


def _value(data: Grouped, place: Array, p: Array, information: Array) -> float:
    """Penalised log-likelihood at a place; fills p (n,) and the information (k, k)."""
    information[:] = 0.0
    value = kernel.weigh(
        data.x, data.y, data.start, place[: len(information)], place[len(information) :], p, information
    )
    sign, size = np.linalg.slogdet(information)
    return value + 0.5 * float(size) if sign > 0 else -np.inf


def _step(data: Grouped, place: Array, value: float, p: Array, information: Array, *, curved: bool) -> _Here:
    """Leverages, adjusted scores and Newton's step at a place."""
    rows, working = np.empty((2, len(p))), np.zeros_like(information)
    residuals = kernel.adjust(data.x, data.y, data.start, p, inverse(information), rows)
    of_groups = kernel.curvature(data.x, data.start, p, rows[0], curved, working)
    weights, means = of_groups[:, 0], of_groups[:, 1:]
    score = np.einsum("ij,i->j", data.x, rows[1]) - np.einsum("gj,g->j", means, residuals)
    beta = inverse(working) @ score
    gain = float(beta @ score + np.sum(residuals**2 / weights))
    step: Array = np.r_[beta, residuals / weights - means @ beta]
    return _Here(place, value, p, rows[0], rows[1], information.copy(), working, step, gain)


def _search(data: Grouped, place: Array) -> _Here:
    """Newton's method with step halving; raises Stalled if it does not arrive.

    Where the curvature of the intercepts' penalty leaves no information, or no step that climbs, leverages are held
    fixed: that always climbs, but slowly where many groups have no event.
    """
    p: Array = np.empty(len(data.y))
    information: Array = np.zeros((len(data.terms), len(data.terms)))
    value = _value(data, place, p, information)
    for steps in range(MOST_STEPS):
        moved = None
        for curved in (True, False):
            try:
                here = _step(data, place, value, p, information, curved=curved)
            except Stalled:
                if not curved:
                    raise
                continue
            if here.gain < SETTLED:
                return replace(_step(data, place, value, p, information, curved=False), steps=steps)
            moved = _climb(data, here)
            if moved is not None:
                break
            value = _value(data, place, p, information)
        if moved is None:
            raise Stalled
        place, value, p, information = moved
    raise Stalled


def _climb(data: Grouped, here: _Here) -> tuple[Array, float, Array, Array] | None:
    """The first place along the step where the objective is no lower, with its value, chances and information."""
    p, information = np.empty_like(here.p), np.empty_like(here.information)
    for share in HALVINGS:
        there = here.place + share * here.step
        value = _value(data, there, p, information)
        if climbs(here.value, value):
            return there, value, p, information
    return None
