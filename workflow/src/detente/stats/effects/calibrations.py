"""Whether a model predicts as many onsets as there are: in all, and among rows of low and of high predicted risk."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, NoRisk
from detente.base.types import Array
from detente.stats.fitting import Fit, Printed
from detente.stats.links import Curve
from detente.stats.registry import get

PROBABILITIES = ("logit", "probit", "cloglog")


@dataclass(frozen=True)
class Calibration(Printed):
    """Mean predicted risk beside the base rate.

    `groups` one row per group of predicted risk, from low to high: group, rows, predicted_low, predicted_high,
    predicted (mean), events, observed (rate), ratio of predicted to observed (NaN without events). `impossible` rows
    whose prediction is below zero, or above one where the outcome is 0 or 1.
    """

    predicted: float
    observed: float
    groups: pd.DataFrame
    impossible: int
    flags: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """Mean predicted risk over the base rate: 1 for a calibrated model."""
        return self.predicted / self.observed

    @property
    def largest_gap(self) -> float:
        """Largest distance of mean predicted risk from the observed rate in a group."""
        return float((self.groups["predicted"] - self.groups["observed"]).abs().max())

    def _printed(self) -> tuple[str, pd.DataFrame, list[str]]:
        means = f"Mean predicted {self.predicted:.5f}, base rate {self.observed:.5f}"
        title = f"{means}: {self.ratio:.3f} times as many predicted as observed"
        rows = int(self.groups["rows"].sum())
        said = [f"{self.impossible:,} of {rows:,} predictions are no possible risk"] if self.impossible else []
        return title, self.groups, [*said, *self.flags]


def calibration(fit: Fit, groups: int = 10) -> Calibration:
    """Compare predicted risks with outcomes, in all and by quantile of predicted risk.

    Rows of the same predicted risk are never put apart, so that there may be fewer groups. A likelihood with a
    canonical link and a constant is calibrated in all by its own first-order condition; penalised, conditional and
    shrunken ones need not be (a Firth logit with dyad effects predicts several times the base rate).

    Raises NoRisk if the model has no absolute risk; EstimationError if fewer than two groups are asked for.
    """
    if groups < 2:
        raise EstimationError(f"{groups} groups of predicted risk: it takes at least 2")
    solution = fit.solution
    if solution.predictor is None:
        raise NoRisk("this model has no absolute risk to calibrate: it conditions its effects out")
    y = fit.design.y if solution.rows is None else fit.design.y[solution.rows]
    risk = Curve(solution.link, solution.predictor).mean
    if solution.link in PROBABILITIES:
        y = _as_event(fit, y)
    highest = 1.0 if y.max() <= 1 else np.inf
    unused = len(fit.design.y) - len(y)
    left = (f"over the {len(y):,} rows that the fit uses, not the {unused:,} others",) if unused else ()
    return Calibration(
        predicted=float(risk.mean()),
        observed=float(y.mean()),
        groups=_grouped(risk, y, groups),
        impossible=int(((risk < 0) | (risk > highest)).sum()),
        flags=(*fit.flags, *left),
    )


def _as_event(fit: Fit, y: Array) -> Array:
    """The outcome as the event whose probability is predicted: for ordered values, more than the lowest."""
    if get(fit.estimator).relative:
        raise NoRisk("multinomial logit predicts one value given one of two: there is no base rate to compare with")
    return y if y.min() >= 0 and y.max() <= 1 else (y > y.min()).astype(np.float64)


def _grouped(risk: Array, y: Array, groups: int) -> pd.DataFrame:
    """Groups of about as many rows each, in order of predicted risk; rows of one risk stay together."""
    order = np.argsort(risk, kind="stable")
    sorted_risk, cumulated = risk[order], np.r_[0.0, np.cumsum(y[order])]
    summed = np.r_[0.0, np.cumsum(sorted_risk)]
    cuts = np.searchsorted(sorted_risk, sorted_risk[(np.arange(1, groups) * len(risk)) // groups], side="left")
    ends = np.unique(np.r_[0, cuts, len(risk)])
    low, high = ends[:-1], ends[1:]
    rows, events = high - low, cumulated[high] - cumulated[low]
    predicted, observed = (summed[high] - summed[low]) / rows, events / rows
    return pd.DataFrame(
        {
            "group": np.arange(1, len(rows) + 1),
            "rows": rows,
            "predicted_low": sorted_risk[low],
            "predicted_high": sorted_risk[high - 1],
            "predicted": predicted,
            "events": events.astype(np.int64) if np.array_equal(events, np.round(events)) else events,
            "observed": observed,
            "ratio": np.divide(predicted, observed, out=np.full(len(rows), np.nan), where=observed > 0),
        }
    )
