"""Regressions of what happens among the members of k-ads, each weighted as one, robust to k-ads that share states.

`kad_lpm`: weighted least squares beside the effects of strata, with `kad_logit` for whether anything happens at all.
A k-ad that is drawn for one year has no past of its own, so that no effect of its own can be taken out: treated k-ads
are compared with others of their stratum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, NoVariation, RankDeficient, UnknownVariable, choices
from detente.base.numbering import number
from detente.base.numerics import CONSTANT, SINGULAR, interval, two_sided
from detente.base.types import Array, Codes
from detente.stats.covariance import Covariance
from detente.stats.kadic.covariance import Working, kadic_covariance
from detente.stats.kadic.sharing import Sharing
from detente.stats.likelihood.binary import LOGIT
from detente.stats.likelihood.maximum import Point, find_maximum, newton
from detente.stats.likelihood.separation import refuse_separation


@dataclass(frozen=True)
class KadRows:
    """Rows of k-ads: outcome `y` (G,), regressors by name (G,) each, the first the treatment, and who shares states.

    `weights` (G,) of each k-ad in sums, 1 if None; `strata` (G,) codes of effects that are absorbed, one if None;
    `exposure` (G,) pairs at risk, which the outcome's variance goes with (`spread`: its power of the exposure, −1 of a
    share, 1 of a count, 0 of neither); `offset` (G,) of the logit's index.
    """

    y: Array
    regressors: Mapping[str, Array]
    sharing: Sharing
    weights: Array | None = None
    strata: Codes | None = None
    exposure: Array | None = None
    spread: int = 0
    offset: Array | None = None
    x: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        x = np.column_stack([np.asarray(v, dtype=np.float64) for v in self.regressors.values()])
        object.__setattr__(self, "x", x)
        given = {"y": self.y, **self.regressors, "weights": self.w, "offset": self.offset, "exposure": self.exposure}
        for name, values in given.items():
            if values is not None and not np.isfinite(values).all():
                raise EstimationError(f"{name!r} has values that are missing or not finite; leave those k-ads out")
            if values is not None and len(values) != len(self.sharing):
                raise EstimationError(f"{name!r} has {len(values):,} rows, and there are {len(self.sharing):,} k-ads")
        if (self.w < 0).any() or not (self.w > 0).any():
            raise EstimationError("weights must not be negative, and not all of them zero")

    @property
    def w(self) -> Array:
        """Weights, (G,)."""
        return np.ones(len(self.y)) if self.weights is None else np.asarray(self.weights, dtype=np.float64)


@dataclass(frozen=True)
class KadFit:
    """Coefficients (k,) by name, their covariance, and what they were fitted to; `risk` (G,) of the logit."""

    terms: tuple[str, ...]
    estimate: Array
    covariance: Covariance
    rows: KadRows
    risk: Array | None = None

    def table(self) -> pd.DataFrame:
        """One row per term: estimate, std_error, df, statistic, p_value, conf_low, conf_high; missing if undefined."""
        rows = [self._row(name, self.estimate[at], np.eye(len(self.terms))[at]) for at, name in enumerate(self.terms)]
        return pd.DataFrame(rows)

    def effect(self, term: str) -> dict[str, Any]:
        """A coefficient of the LPM; of the logit the mean change in risk of rows whose `term` is 1, from 0.

        Its error is missing if the covariance leaves it no variance. Raises UnknownVariable if there is no such term.
        """
        if term not in self.terms:
            raise UnknownVariable(f"no regressor is called {term!r}; {choices(term, self.terms)}")
        at = self.terms.index(term)
        if self.risk is None:
            return self._row(term, self.estimate[at], np.eye(len(self.terms))[at])
        design = np.column_stack([np.ones(len(self.rows.y)), self.rows.x])
        treated = self.rows.x[:, at - 1] == 1
        weights = self.rows.w[treated] / self.rows.w[treated].sum()
        without = design[treated].copy()
        without[:, at] = 0
        shift = np.zeros(treated.sum()) if self.rows.offset is None else self.rows.offset[treated]
        high, low = (1 / (1 + np.exp(-(x @ self.estimate + shift))) for x in (design[treated], without))
        gradient = (weights * high * (1 - high)) @ design[treated] - (weights * low * (1 - low)) @ without
        return self._row(term, float(weights @ (high - low)), gradient)

    def _row(self, name: str, estimate: float, gradient: Array) -> dict[str, Any]:
        made, df = self.covariance, self.covariance.df(gradient)
        error = made.std_error(gradient) if made.exists(gradient) else math.nan
        low, high = interval(estimate, error, df)
        statistic = estimate / error
        return {
            "term": name, "estimate": float(estimate), "std_error": error, "df": df, "statistic": statistic,
            "p_value": float(two_sided(statistic, df)), "conf_low": low, "conf_high": high,
        }  # fmt: skip


def kad_lpm(rows: KadRows) -> KadFit:
    """Weighted least squares of the outcome on the regressors, effects of strata taken out, k-adic-robust.

    Raises NoVariation if the treatment does not vary within strata; RankDeficient if a regressor does not, or depends
    on others, naming it; TooFewStates if there are fewer than five.
    """
    w, terms = rows.w, tuple(rows.regressors)
    strata = np.zeros(len(w), dtype=np.int64) if rows.strata is None else number(rows.strata)[1]
    x, y = _within(rows.x, w, strata), _within(rows.y[:, None], w, strata)[:, 0]
    left = (w[:, None] * x**2).sum(axis=0)
    whole = (w[:, None] * rows.x**2).sum(axis=0)
    if left[0] <= CONSTANT * whole[0]:
        raise NoVariation(f"the treatment {terms[0]!r} does not vary within strata")
    if fixed := [name for name, a, b in zip(terms, left, whole, strict=True) if a <= CONSTANT * b]:
        raise RankDeficient(f"{', '.join(map(repr, fixed))} does not vary within strata: leave it out")
    bread = _inverse((w[:, None] * x).T @ x, terms)
    estimate = bread @ (x.T @ (w * y))
    scores = x * (w * (y - x @ estimate))[:, None]
    variance = np.ones(len(y)) if rows.exposure is None else np.maximum(rows.exposure, 1.0) ** rows.spread
    working = Working(x, bread @ (x * w[:, None]).T, variance, w, strata)
    made = kadic_covariance(scores, bread, rows.sharing, working, np.eye(len(terms))[0])
    return KadFit(terms, estimate, made, rows)


def kad_logit(rows: KadRows) -> KadFit:
    """Weighted logit of a 0/1 outcome on a constant and the regressors, k-adic-robust; strata play no part.

    Raises Separation, RankDeficient or NotConverged if there is no maximum; EstimationError if the outcome is not 0/1;
    TooFewStates if there are fewer than five states.
    """
    terms, w, y = ("intercept", *rows.regressors), rows.w, rows.y
    if not np.isin(y, (0.0, 1.0)).all() or y.min() == y.max():
        raise EstimationError("the outcome of a logit is 0 or 1, and both occur")
    x = np.column_stack([np.ones(len(y)), rows.x])
    _inverse((w[:, None] * x).T @ x, terms)
    shift = np.zeros(len(y)) if rows.offset is None else np.asarray(rows.offset, dtype=np.float64)

    def objective(beta: Array) -> Point:
        at = LOGIT.slopes(x @ beta + shift, y)
        information = (x * (w * at.curvature)[:, None]).T @ x
        return Point(float(w @ at.value), (w * at.first) @ x, information)

    start = np.r_[LOGIT.index(float(np.average(y, weights=w))) - float(np.average(shift, weights=w)), rows.x[0] * 0]
    refuse = partial(refuse_separation, y, x, terms, "logit")
    found = find_maximum(objective, partial(newton, objective, start), np.abs(x).max(axis=0), refuse, "logit")
    risk = 1 / (1 + np.exp(-(x @ found.estimate + shift)))
    scores = x * (w * (y - risk))[:, None]
    variance = risk * (1 - risk)
    working = Working(x * variance[:, None], found.bread @ (x * w[:, None]).T, variance, w)
    made = kadic_covariance(scores, found.bread, rows.sharing, working, np.eye(len(terms))[1])
    return KadFit(terms, found.estimate, made, rows, risk)


def _within(values: Array, weights: Array, strata: Codes) -> Array:
    """Values (G, p) less their weighted means by stratum; a stratum without weight is left as it is."""
    count = int(strata.max()) + 1
    weight = np.bincount(strata, weights, count)
    sums = np.column_stack([np.bincount(strata, weights * column, count) for column in values.T])
    means = sums / np.where(weight > 0, weight, 1.0)[:, None]
    return np.asarray(values - means[strata])


def _inverse(cross: Array, terms: tuple[str, ...]) -> Array:
    """Inverse of cross-products (k, k); raises RankDeficient, naming the terms that depend on one another."""
    scale = np.sqrt(np.diag(cross))
    values, vectors = np.linalg.eigh(cross / np.outer(scale, scale))
    if values[0] <= SINGULAR * values[-1]:
        named = [term for term, share in zip(terms, np.abs(vectors[:, 0]), strict=True) if share > math.sqrt(SINGULAR)]
        raise RankDeficient(f"{', '.join(map(repr, named))} depend on one another: leave one of them out")
    return np.asarray((vectors / values) @ vectors.T / np.outer(scale, scale))
