"""Marginal structural models of a treatment's history, by weights for its time-varying confounders.

Blackwell and Glynn (2018), "How to make causal inferences with time-series cross-sectional data under selection on
observables", American Political Science Review 112: 1067–1082, section on marginal structural models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from detente.base.errors import NoSwitches, UnknownOption
from detente.base.types import Array
from detente.stats.causal.effects import EventStudy
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.causal.treatment_weights import (
    TreatmentModel,
    TreatmentWeights,
    past,
    period_dummies,
    treatment_weights,
)
from detente.stats.causal.weighted_rows import WeightedRows, study_fields, weighted_rows
from detente.stats.covariance import Covariance, Vcov

# An effect of each year of treatment so far, or of treatments of so many periods before.
History = Literal["cumulative"] | int


@dataclass(frozen=True)
class Structural(EventStudy):
    """Effects of a treatment's history; `rows` the weighted regression that they are coefficients of.

    `numerator`, `denominator` the coefficients of the logits of treatment that the weights are from.
    """

    rows: WeightedRows | None = field(default=None, repr=False)
    numerator: Mapping[str, float] = field(default_factory=dict, repr=False)
    denominator: Mapping[str, float] = field(default_factory=dict, repr=False)

    @property
    def coefficients(self) -> dict[str, float]:
        """All coefficients of the outcome model, by term."""
        return {} if self.rows is None else dict(zip(self.rows.terms, map(float, self.rows.estimate), strict=True))

    def row_covariance(self, vcov: str | Vcov, ssc: str = "detente") -> Covariance:
        """Covariance of all coefficients, rows taken one by one: "hc0", "hc1", "dyadic", "unit" or a factor."""
        if self.rows is None:
            raise UnknownOption("an event study made without rows has no covariance of its rows")
        return self.rows.covariance(self.panel, vcov, ssc)


def marginal_structural_model(
    panel: TreatmentPanel,
    model: TreatmentModel | None = None,
    *,
    history: History = "cumulative",
    adjust: Sequence[str] = (),
    periods: bool = True,
) -> Structural:
    """Effects of past treatment on the outcome of a period, were every confounder of it held out by weights.

    The outcome of each unit and period is regressed on its `history`: the number of periods treated so far, or
    treatments of 0 … h periods before (horizon ℓ: the effect of treatment ℓ periods ago, those since held fixed);
    on covariates `adjust`, which come before all treatment; and on constants of `periods`. Rows are weighted by
    `treatment_weights` of the `model`, truncated at quantiles of the weights of rows used. The covariance takes weights
    as known, which overstates it if they are stabilised and the logits right (Robins 2000).

    Raises UnknownOption for another history; NoSwitches if no row has an outcome, a weight and a history; NoVariation,
    RankDeficient, Separation, UnknownVariable as the models do.
    """
    model = model or TreatmentModel()
    if history != "cumulative" and (not isinstance(history, int) or history < 0):
        raise UnknownOption(f"history={history!r}: 'cumulative', or a number of periods before, 0 or more")
    made = treatment_weights(panel, model)
    columns = _history(panel, history, model.start)
    covariates = {name: panel.covariate(name) for name in adjust}
    used = made.known & ~np.isnan(panel.outcome)
    used &= ~np.any([np.isnan(column) for column in (*columns.values(), *covariates.values())], axis=0)
    if not used.any():
        raise NoSwitches(
            f"none of {int((~np.isnan(panel.outcome)).sum()):,} cells with an outcome has a weight and a history of "
            "treatment; take fewer lags, or covariates that are known from a unit's first period on"
        )
    unit, when = np.nonzero(used)
    weight = _truncated(made.weight[used], model)
    x = {name: column[used] for name, column in {**columns, **covariates}.items()}
    x |= period_dummies(when, panel.periods) if periods else {}
    fit = weighted_rows(panel.outcome[used], x, weight, unit, needed=len(columns))
    effective = float(weight.sum() ** 2 / (weight @ weight))
    return Structural(
        design="marginal structural model (Blackwell and Glynn 2018)",
        estimand="effect of a period of treatment" if history == "cumulative" else "effects of past treatments",
        details={
            "rows": float(len(weight)),
            "effective sample size": effective,
            "mean weight": float(made.weight[used].mean()),
            "standard deviation of weights": float(made.weight[used].std(ddof=1)),
            "least weight": float(made.weight[used].min()),
            "largest weight": float(made.weight[used].max()),
            "least probability of the treatment had": float(np.nanmin(made.probability)),
        },
        notes=(f"{model.said}: effective sample size {effective:,.0f} of {len(weight):,} rows", _kept(made, panel)),
        rows=fit,
        numerator=made.numerator,
        denominator=made.denominator,
        **study_fields(fit, panel, list(columns)),
    )


def _kept(made: TreatmentWeights, panel: TreatmentPanel) -> str:
    outcome = ~np.isnan(panel.outcome)
    lost = int((outcome & ~made.known).sum())
    return f"{lost:,} of {int(outcome.sum()):,} outcomes have no weight, as a unit's past is not known"


def _history(panel: TreatmentPanel, history: History, start: float | None) -> dict[str, Array]:
    name = panel.names[1]
    if not isinstance(history, int):
        begun = np.logical_or.accumulate(~np.isnan(panel.treatment), axis=1)
        so_far = np.cumsum(np.where(begun, panel.treatment, 0.0), axis=1)
        return {f"{name} so far": np.where(begun, so_far, np.nan)}
    return {f"{name} lagged {back}" if back else name: past(panel, back, start) for back in range(history + 1)}


def _truncated(weight: Array, model: TreatmentModel) -> Array:
    if model.weighting == "none":
        return np.ones(len(weight))
    if model.truncated is None:
        return weight
    return np.asarray(np.clip(weight, *np.quantile(weight, model.truncated)))
