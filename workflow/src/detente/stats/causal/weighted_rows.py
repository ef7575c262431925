"""Weighted least squares of rows of a panel, with what each row adds to the error of its coefficients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detente.base.errors import NoVariation
from detente.base.types import Array, Codes
from detente.stats.causal.effects import Weights
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.checks import check_rank
from detente.stats.covariance import Covariance, Information, SandwichParts, Vcov, covariance, number_dyads, parse


@dataclass(frozen=True)
class Earlier:
    """An earlier regression's part in a later one: `influence` and `of_outcome` (R, q) of the coefficients passed on.

    `passed` (q, K) change of the later coefficients by each of them.
    """

    influence: Array
    of_outcome: Array
    passed: Array


@dataclass(frozen=True)
class WeightedRows:
    """Coefficients (K,) of `terms`, from R rows of units (R,): `x` (R, K), `residual` and `weight` (R,).

    `bread` (K, K) inverse of weighted cross-products; `earlier` the part of a regression that the outcome is from.
    """

    terms: tuple[str, ...]
    estimate: Array
    unit: Codes = field(repr=False)
    x: Array = field(repr=False)
    weight: Array = field(repr=False)
    residual: Array = field(repr=False)
    bread: Array = field(repr=False)
    earlier: Earlier | None = field(default=None, repr=False)

    def places(self, terms: Iterable[str]) -> Codes:
        """The places (k,) of some terms."""
        return np.array([self.terms.index(term) for term in terms], dtype=np.int64)

    def of_outcome(self, columns: Codes) -> Array:
        """Weights (R, k) of the outcomes of rows in some coefficients."""
        own = self.x @ self.bread[:, columns] * self.weight[:, None]
        return own if self.earlier is None else own - self.earlier.of_outcome @ self.earlier.passed[:, columns]

    def influence(self, columns: Codes) -> Array:
        """What each row adds to the error of some coefficients, (R, k)."""
        own = self.x @ self.bread[:, columns] * (self.weight * self.residual)[:, None]
        return own if self.earlier is None else own - self.earlier.influence @ self.earlier.passed[:, columns]

    def covariance(self, panel: TreatmentPanel, vcov: str | Vcov, ssc: str = "detente") -> Covariance:
        """Covariance (K, K) of the coefficients: "hc0", "hc1", "dyadic", "unit", or a factor of the panel.

        Raises as `detente.stats.covariance.covariance`.
        """
        sides, every = panel.sides, np.arange(len(self.terms))
        parts = SandwichParts(
            self.influence(every),
            np.eye(len(self.terms)),
            linear=True,
            pairs=lambda: panel.pairs if sides is None else number_dyads(*sides[:, self.unit]),
            factor=lambda name: panel.factor(name)[self.unit],
            information=Information(self.of_outcome(every)),
        )
        known = [*panel.factors, *(() if sides is None else ("dyad",))]
        return covariance(parse(vcov, known), parts, ssc)


def weighted_rows(
    y: Array, columns: Mapping[str, Array], weight: Array, unit: Codes, *, needed: int = 1
) -> WeightedRows:
    """Least squares of y (R,) on a constant and columns (R,), the first `needed` of them treatments, by weights (R,).

    Columns that never vary are dropped. Raises NoVariation if a treatment never varies; RankDeficient if columns
    depend on one another, naming them.
    """
    for name in list(columns)[:needed]:
        if np.ptp(columns[name]) == 0:
            raise NoVariation(
                f"{name!r} is {columns[name][0]:g} in all {len(y):,} rows that have an outcome and a past"
            )
    kept = {name: column for name, column in columns.items() if np.ptp(column) > 0}
    terms = ("intercept", *kept)
    x = np.column_stack([np.ones(len(y)), *kept.values()])
    centred = x[:, 1:] - np.average(x[:, 1:], axis=0, weights=weight)
    check_rank(centred.T @ (centred * weight[:, None]), terms[1:])
    cross = x.T @ (x * weight[:, None])
    scale = 1 / np.sqrt(np.diag(cross))
    bread = np.linalg.inv(cross * np.outer(scale, scale)) * np.outer(scale, scale)
    estimate = bread @ (x.T @ (weight * y))
    estimate = estimate + bread @ (x.T @ (weight * (y - x @ estimate)))
    return WeightedRows(terms, estimate, unit, x, weight, y - x @ estimate, bread)


def study_fields(fit: WeightedRows, panel: TreatmentPanel, terms: Sequence[str]) -> dict[str, Any]:
    """What an event study says of some coefficients: horizon, estimate, influence, share, weights and counts."""
    places = fit.places(terms)
    influence = fit.influence(places)
    share = np.bincount(fit.unit, fit.weight, panel.units) / fit.weight.sum()
    return {
        "horizon": np.arange(len(terms)),
        "estimate": fit.estimate[places],
        "influence": np.stack([np.bincount(fit.unit, one, panel.units) for one in influence.T], axis=1),
        "share": np.repeat(share[:, None], len(terms), axis=1),
        "weights": Weights(fit.of_outcome(places), unit=fit.unit, units=panel.units),
        "treated": np.count_nonzero(fit.x[:, places], axis=0),
        "controls": np.count_nonzero(fit.x[:, places] == 0, axis=0),
        "panel": panel,
    }
