"""Weights by the inverse probability of the treatments that a unit has had (Robins, Hernán and Brumback 2000)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from detente.base.errors import NoSwitches, UnknownOption, choices
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.panel import TreatmentPanel, lagged
from detente.stats.frame import ModelFrame
from detente.stats.registry import get

Weighting = Literal["stabilised", "unstabilised", "none"]
WEIGHTING = ("stabilised", "unstabilised", "none")


@dataclass(frozen=True)
class TreatmentModel:
    """How likely a unit is treated in a period: a pooled logit, given its past (Blackwell and Glynn 2018).

    `confounders` covariates of the period that come before its treatment and may follow from earlier treatment: they
    stand in the denominator alone. `baseline` covariates stand in numerator and denominator, and so should be in the
    outcome model. `lags` treatments of so many periods before; `periods` whether each has its own constant. `start` the
    treatment before a unit's first period, None if it is not known: the first `lags` periods then have no weight.
    `weighting` "stabilised" by a numerator without confounders, "unstabilised", or "none"; `truncated` at these
    quantiles of the weights used, None not at all (Cole and Hernán 2008).

    Raises UnknownOption if values are not legal.
    """

    confounders: tuple[str, ...] = ()
    baseline: tuple[str, ...] = ()
    lags: int = 1
    periods: bool = True
    start: float | None = None
    weighting: Weighting = "stabilised"
    truncated: tuple[float, float] | None = (0.01, 0.99)

    def __post_init__(self) -> None:
        """Refuse values that are not legal."""
        if self.weighting not in WEIGHTING:
            raise UnknownOption(f"weighting={self.weighting!r} is not known; {choices(self.weighting, WEIGHTING)}")
        if self.lags < 0 or self.start not in (None, 0, 1):
            raise UnknownOption(f"lags={self.lags}, start={self.start}: lags are 0 or more, start is 0, 1 or None")
        if self.truncated is not None and not 0 <= self.truncated[0] < self.truncated[1] <= 1:
            raise UnknownOption(f"truncated={self.truncated}: two quantiles, the lower first, as (0.01, 0.99), or None")

    @property
    def said(self) -> str:
        """In words."""
        if self.weighting == "none" or self.truncated is None:
            return "no weights" if self.weighting == "none" else f"{self.weighting} weights"
        low, high = self.truncated
        return f"{self.weighting} weights, truncated at their quantiles {low:g} and {high:g}"


@dataclass(frozen=True)
class TreatmentWeights:
    """Weights (U, T) before truncation, NaN where a unit's past is not known, and the coefficients of both logits.

    `probability` (U, T) of the treatment had, by the denominator.
    """

    weight: Array
    probability: Array = field(repr=False)
    numerator: Mapping[str, float]
    denominator: Mapping[str, float]

    @cached_property
    def known(self) -> Flags:
        """Cells (U, T) that have a weight."""
        return np.asarray(~np.isnan(self.weight))


def treatment_weights(panel: TreatmentPanel, model: TreatmentModel) -> TreatmentWeights:
    """Π over a unit's periods so far of P(A | past treatment, baseline) / P(A | the same and confounders).

    Unstabilised weights have 1 above, and no weights are 1. The product begins at a unit's first period whose
    covariates are known, and ends with the last before one whose are not. Both logits are fitted on all cells known to
    the denominator.

    Raises UnknownVariable for covariates that the panel has not; NoSwitches if no cell has a known past; Separation if
    treatment is predicted perfectly: units that always or never could be treated have no common support, and are to be
    left out first.
    """
    above = _columns(panel, model, confounders=False)
    below = _columns(panel, model, confounders=True)
    known = ~np.isnan(panel.treatment) & ~np.any([np.isnan(column) for column in below.values()], axis=0)
    if not known.any():
        raise NoSwitches(
            f"no cell of {panel.units:,} units in {len(panel.periods)} periods has a known treatment, {model.lags} "
            "treatments before and covariates; take fewer lags, or say start=0"
        )
    lower, denominator = _fitted(panel, model, below, known)
    upper, numerator = _fitted(panel, model, above, known)
    had = panel.treatment == 1
    probability = np.where(had, lower, 1 - lower)
    above_it = {
        "stabilised": np.where(had, upper, 1 - upper),
        "unstabilised": np.ones(known.shape),
        "none": probability,
    }
    ratio = above_it[model.weighting] / probability
    return TreatmentWeights(_product(ratio), probability, numerator, denominator)


def past(panel: TreatmentPanel, back: int, start: float | None) -> Array:
    """The treatment (U, T) of `back` periods before; `start` before a unit's first row, NaN if that is None."""
    made = lagged(panel.treatment, back)
    if start is None or not back:
        return made
    first = np.where(panel.observed.any(axis=1), panel.observed.argmax(axis=1), len(panel.periods))
    # The period looked back to lies before the unit's first row.
    before = np.arange(len(panel.periods)) - back < first[:, None]
    return np.asarray(np.where(before & panel.observed, start, made))


def _columns(panel: TreatmentPanel, model: TreatmentModel, *, confounders: bool) -> dict[str, Array]:
    names = (*model.baseline, *(model.confounders if confounders else ()))
    treatment = panel.names[1]
    lags = {f"{treatment} lagged {back}": past(panel, back, model.start) for back in range(1, model.lags + 1)}
    return {**lags, **{name: panel.covariate(name) for name in names}} or {"constant": np.ones(panel.outcome.shape)}


def _fitted(
    panel: TreatmentPanel, model: TreatmentModel, columns: Mapping[str, Array], known: Flags
) -> tuple[Array, dict[str, float]]:
    """Probabilities of treatment (U, T), NaN where not known, and coefficients."""
    y = panel.treatment[known]
    when = np.nonzero(known)[1]
    x = {name: column[known] for name, column in columns.items() if name != "constant"}
    x |= period_dummies(when, panel.periods) if model.periods else {}
    made = np.full(known.shape, np.nan)
    if not x:
        made[known] = y.mean()
        return made, {"intercept": float(np.log(y.mean() / (1 - y.mean())))}
    names = sorted(x, key=lambda name: np.ptp(x[name]) == 0)
    fit = get("logit").fit(ModelFrame(y=y, x=np.column_stack([x[name] for name in names]), terms=tuple(names)))
    predictor = fit.x @ fit.estimate if fit.predictor is None else fit.predictor
    made[known] = 1 / (1 + np.exp(-predictor))
    return made, dict(zip(fit.terms, map(float, fit.estimate), strict=True))


def period_dummies(when: Codes, periods: Codes) -> dict[str, Array]:
    """Dummies of the periods (R,) that rows are of, all but the first one among them."""
    return {f"period {periods[at]}": (when == at).astype(np.float64) for at in np.unique(when)[1:]}


def _product(ratio: Array) -> Array:
    """Products (U, T) from each unit's first known cell to the last before one that is not."""
    known = ~np.isnan(ratio)
    begun = np.logical_or.accumulate(known, axis=1)
    return np.asarray(np.where(begun, np.cumprod(np.where(begun, ratio, 1.0), axis=1), np.nan))
