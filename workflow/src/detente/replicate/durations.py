"""Durations: proportional hazards without a shape (Cox 1972), and Weibull's in both metrics.

`failed` names the term that is 1 where a duration ends and 0 where it is censored, all end if there is none; `entry`
the one with the time from which it is observed. Neither is a regressor.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from detente.base.errors import ConfigError, NotConverged, choices
from detente.base.types import Array
from detente.replicate.estimators import CONSTANT
from detente.stats import ModelFrame, Solution, check_rank
from detente.stats.covariance import Scores
from detente.stats.likelihood import Point, Stalled, newton

Ties = Literal["breslow", "efron"]
DURATIONS = ("cox", "weibull")
LOG_SHAPE = "ln_p"


def cox(design: ModelFrame, *, failed: str = "", entry: str = "", ties: Ties = "breslow") -> Solution:
    """Proportional hazards of a duration (Cox 1972; Stata `stcox`, R `coxph`, whose ties are Efron's).

    Raises ConfigError for a name that is no term, or times that are none; NotConverged if no maximum is found.
    """
    spell = _spell(design, failed, entry)
    check_rank(spell.x.T @ spell.x, spell.terms)
    scale = np.sqrt((spell.x**2).mean(axis=0))
    scaled = replace(spell, x=spell.x / scale)
    try:
        theta = newton(lambda at: _partial(scaled, at, ties)[0], np.zeros(len(scale))).estimate / scale
    except Stalled as error:
        raise NotConverged("cox: no maximum is found; a regressor may predict who never ends") from error
    point, scores = _partial(spell, theta, ties)
    return Solution(
        terms=spell.terms,
        estimate=theta,
        scores=Scores(scores),
        bread=np.linalg.inv(point.information),
        x=spell.x,
        link="log",
    )


def weibull(
    design: ModelFrame, *, failed: str = "", entry: str = "", metric: Literal["hazard", "time"] = "hazard"
) -> Solution:
    """Weibull's hazard p tᵖ⁻¹ exp(xβ), whose last term is "ln_p" (Stata `streg, dist(weibull)`).

    `metric` "time" has −β/p, by which the logarithm of time moves (Stata's `time`, R's `survreg`, whose Log(scale) is
    −ln p). Raises as `cox`; RankDeficient if columns depend on one another.
    """
    made = _spell(design, failed, entry)
    if not made.status.any():
        raise NotConverged("no duration ends: its hazard has no maximum")
    whole = _with_constant(made)
    check_rank(whole.x.T @ whole.x, whole.terms)
    theta = _maximum(whole)
    point, scores = _at(whole, theta)
    turn = _turned(theta, metric)
    return Solution(
        terms=(*whole.terms, LOG_SHAPE),
        estimate=_in_metric(theta, metric),
        scores=Scores(scores @ np.linalg.inv(turn)),
        bread=turn @ np.linalg.inv(point.information) @ turn.T,
        x=np.column_stack([whole.x, np.zeros(len(whole.x))]),
        link="log",
        treatment=1,
    )


def log_likelihood(design: ModelFrame, estimate: Array, name: str, options: Mapping[str, Any]) -> float:
    """Log-likelihood of a solution, partial for `cox`."""
    spell = _spell(design, options.get("failed", ""), options.get("entry", ""))
    if name == "cox":
        return _partial(spell, estimate, options.get("ties", "breslow"))[0].value
    theta = estimate.copy()
    if options.get("metric", "hazard") == "time":
        theta[:-1] *= -np.exp(estimate[-1])
    return _at(_with_constant(spell), theta)[0].value


def null_log_likelihood(design: ModelFrame, name: str, options: Mapping[str, Any]) -> float:
    """Without regressors: no coefficient, or the constant and the shape."""
    spell = _spell(design, options.get("failed", ""), options.get("entry", ""))
    if name == "cox":
        return _partial(spell, np.zeros(len(spell.terms)), options.get("ties", "breslow"))[0].value
    alone = _with_constant(_Spell(spell.time, spell.start, spell.status, spell.x[:, :0], ()))
    return _at(alone, _maximum(alone))[0].value


def log_times(design: ModelFrame, options: Mapping[str, Any]) -> float:
    """Sum of the logarithms of the durations that end: by it Stata's log-likelihoods, of log time, are larger."""
    spell = _spell(design, options.get("failed", ""), options.get("entry", ""))
    return float(spell.status @ np.log(spell.time))


@dataclass(frozen=True)
class _Spell:
    """Times (n,) of the end or censoring of durations, and from which they are observed; whether they end; x (n, k)."""

    time: Array
    start: Array
    status: Array
    x: Array
    terms: tuple[str, ...]


def _spell(design: ModelFrame, failed: str, entry: str) -> _Spell:
    for name in filter(None, (failed, entry)):
        if name not in design.terms:
            raise ConfigError(f"{name!r} is none of the terms; {choices(name, design.terms)}")
    given = {name: design.x[:, design.terms.index(name)] for name in (failed, entry) if name}
    status = given.get(failed, np.ones(len(design.y)))
    start = given.get(entry, np.zeros(len(design.y)))
    if not np.isin(status, (0, 1)).all():
        raise ConfigError(f"{failed!r} must be 0 or 1 in every row: whether the duration ends")
    if (start < 0).any() or (design.y <= start).any():
        raise ConfigError("durations must be above 0, and above the time from which they are observed")
    terms = tuple(term for term in design.terms if term not in given)
    return _Spell(design.y, start, status, design.x[:, [design.terms.index(term) for term in terms]], terms)


def _partial(spell: _Spell, theta: Array, ties: Ties) -> tuple[Point, Array]:
    """Partial log-likelihood, gradient and minus the Hessian (Cox 1972), and score residuals (n, k) of rows.

    At risk at t are rows with start < t ≤ time, as in Stata and R. By Efron's ties, of d that end together the l-th
    leaves the risk set with l/d of the weight of all d (Therneau and Grambsch 2000, 3.3 and 4.6).
    """
    index = spell.x @ theta
    weight = np.exp(index - index.max())
    k = len(theta)
    value, information, scores = 0.0, np.zeros((k, k)), np.zeros(spell.x.shape)
    for time in np.unique(spell.time[spell.status == 1]):
        at = np.flatnonzero((spell.start < time) & (spell.time >= time))
        ends = (spell.time[at] == time) & (spell.status[at] == 1)
        x, w, d = spell.x[at], weight[at], int(ends.sum())
        totals, ending = _sums(x, w), _sums(x[ends], w[ends])
        moved, kept = np.zeros((2, k + 1)), np.zeros(k)
        for share, times in [(each / d, 1) for each in range(d)] if ties == "efron" else [(0.0, d)]:
            size, first, second = (whole - share * part for whole, part in zip(totals, ending, strict=True))
            mean = first / size
            value -= times * float(np.log(size))
            information += times * (second / size - np.outer(mean, mean))
            hazard = times / size * np.r_[1.0, mean]
            moved += np.array([hazard, (1 - share) * hazard])
            kept += times / d * mean
        value += float((index[at][ends] - index.max()).sum())
        own = np.where(ends[:, None], moved[1], moved[0])
        scores[at] -= w[:, None] * (x * own[:, :1] - own[:, 1:])
        scores[at[ends]] += x[ends] - kept
    return Point(value, scores.sum(axis=0), information), scores


def _sums(x: Array, weight: Array) -> tuple[Any, Array, Array]:
    """Sums of weights, of weighted regressors (k,), and of their products (k, k)."""
    weighted = x * weight[:, None]
    return weight.sum(), weighted.sum(axis=0), weighted.T @ x


def _with_constant(spell: _Spell) -> _Spell:
    x = np.column_stack([np.ones(len(spell.x)), spell.x])
    return _Spell(spell.time, spell.start, spell.status, x, (CONSTANT, *spell.terms))


def _at(spell: _Spell, theta: Array) -> tuple[Point, Array]:
    """Weibull's log-likelihood, gradient and minus the Hessian at (β, ln p); and the scores (n, k + 1)."""
    p, index = float(np.exp(np.minimum(theta[-1], 50.0))), spell.x @ theta[:-1]
    log_time, begun = np.log(spell.time), spell.start > 0
    log_start = np.log(np.where(begun, spell.start, 1.0))
    with np.errstate(over="ignore"):
        end, start = np.exp(index + p * log_time), np.where(begun, np.exp(index + p * log_start), 0.0)
    value = spell.status * (index + theta[-1] + (p - 1) * log_time) - end + start
    # Slopes of the cumulative hazard by ln p, once and twice.
    once = p * (end * log_time - start * log_start)
    twice = once + p**2 * (end * log_time**2 - start * log_start**2)
    scores = np.column_stack(
        [spell.x * (spell.status - end + start)[:, None], spell.status * (1 + p * log_time) - once]
    )
    side = once @ spell.x
    corner = np.array([[float((twice - spell.status * p * log_time).sum())]])
    information = np.block([[(spell.x * (end - start)[:, None]).T @ spell.x, side[:, None]], [side[None, :], corner]])
    return Point(float(value.sum()), scores.sum(axis=0), information), scores


def _maximum(spell: _Spell) -> Array:
    """Where Weibull's likelihood is largest (k + 1,), from constant hazards, on columns and times of size one."""
    scale, unit = np.sqrt((spell.x**2).mean(axis=0)), float(spell.time.mean())
    scaled = _Spell(spell.time / unit, spell.start / unit, spell.status, spell.x / scale, spell.terms)
    begin = np.zeros(len(scale) + 1)
    begin[0] = np.log(scaled.status.sum() / (scaled.time - scaled.start).sum())
    try:
        found = newton(lambda theta: _at(scaled, theta)[0], begin, concave=False).estimate
    except Stalled as error:
        raise NotConverged("weibull: no maximum is found") from error
    theta = found / np.r_[scale, 1.0]
    theta[0] -= np.exp(found[-1]) * np.log(unit)
    return np.asarray(theta)


def _in_metric(theta: Array, metric: str) -> Array:
    return theta if metric == "hazard" else np.r_[-theta[:-1] / np.exp(theta[-1]), theta[-1]]


def _turned(theta: Array, metric: str) -> Array:
    """Derivatives (k, k) of the coefficients of a metric by those of the hazard's."""
    turn = np.eye(len(theta))
    if metric == "time":
        p = np.exp(theta[-1])
        turn[:-1] /= -p
        turn[:-1, -1] = theta[:-1] / p
    return turn
