"""How good predicted risks are: ranking, distance and calibration, with weights on rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from detente.base.errors import EstimationError
from detente.base.numerics import CALIBRATED, MOST_CALIBRATING, NEAREST
from detente.base.types import Array, Codes


@dataclass(frozen=True)
class Ranked:
    """Outcomes `y` (N,), 0 or 1, and predicted risks `p` (N,), made ready to be judged under any weights of rows.

    Raises EstimationError unless both outcomes are there and risks lie within 0 and 1.
    """

    y: Array
    p: Array

    def __post_init__(self) -> None:
        if not ((self.y == 0) | (self.y == 1)).all() or self.y.min() == self.y.max():
            raise EstimationError("predictions are judged by outcomes of 0 and 1, of which both must be there")
        if not ((self.p >= 0) & (self.p <= 1)).all():
            raise EstimationError("predicted risks must lie within 0 and 1")

    @cached_property
    def order(self) -> Codes:
        """Rows from the highest risk down."""
        return np.argsort(-self.p, kind="stable")

    @cached_property
    def runs(self) -> tuple[Codes, Codes]:
        """First and last places in `order` of the runs of equal risks that have an event in them, (R,) each."""
        ordered = self.p[self.order]
        starts = np.r_[0, np.flatnonzero(np.diff(ordered)) + 1]
        ends = np.r_[starts[1:] - 1, len(ordered) - 1]
        some = np.add.reduceat(self.y[self.order], starts) > 0
        return starts[some], ends[some]

    @cached_property
    def events(self) -> tuple[Codes, Codes]:
        """Rows with an event from the highest risk down, and where in them each of `runs` begins."""
        places = np.flatnonzero(self.y[self.order])
        return self.order[places], np.searchsorted(places, self.runs[0])

    @cached_property
    def squares(self) -> Array:
        """Squared distances (N,) of risks from outcomes."""
        return np.asarray((self.p - self.y) ** 2)

    @cached_property
    def surprise(self) -> Array:
        """Minus logs (N,) of the probability given to what happened."""
        p = np.clip(self.p, NEAREST, 1 - NEAREST)
        return np.asarray(-np.where(self.y == 1, np.log(p), np.log1p(-p)))

    def counts(self, weights: Array) -> tuple[Array, Array, Array, float]:
        """Of each run, the weight of its events, of all rows before it, and of all up to its end; and of all rows."""
        (starts, ends), (rows, first) = self.runs, self.events
        cumulated = np.cumsum(weights[self.order])
        before = np.where(starts > 0, cumulated[starts - 1], 0.0)
        return np.add.reduceat(weights[rows], first), before, cumulated[ends], float(cumulated[-1])


def average_precision(ranked: Ranked, weights: Array) -> float:
    """Area under the curve of precision over recall, by steps: Σ (recallₖ − recallₖ₋₁) precisionₖ.

    Rows of one risk are called together. A ranking at random has the share of events.
    """
    events, _, upto, _ = ranked.counts(weights)
    return float(events @ (np.cumsum(events) / upto) / events.sum())


def roc_auc(ranked: Ranked, weights: Array) -> float:
    """Chance that a row with an event has a higher risk than one without, ties counting half."""
    events, before, upto, everything = ranked.counts(weights)
    found = np.cumsum(events)
    others = everything - found[-1]
    below, alike = others - (upto - found), (upto - before) - events
    return float(events @ (below + alike / 2) / (found[-1] * others))


def brier(ranked: Ranked, weights: Array) -> float:
    """Mean squared distance of risks from outcomes (Brier 1950); summed in one order, on any number of threads."""
    return float(np.einsum("i,i->", weights, ranked.squares) / weights.sum())


def log_score(ranked: Ranked, weights: Array) -> float:
    """Mean minus log of the probability given to what happened, natural logs; lower is better."""
    return float(np.einsum("i,i->", weights, ranked.surprise) / weights.sum())


def calibration(ranked: Ranked, weights: Array, *, slope: bool) -> float:
    """Slope of a logit of the outcome on the log odds of the risk (Cox 1958): 1 if calibrated, less if too bold.

    Without `slope` the constant of such a logit with a slope of 1: 0 if as many events are predicted as happen, below
    if too many. Missing where the search does not end.
    """
    p = np.clip(ranked.p, NEAREST, 1 - NEAREST)
    odds = np.log(p / (1 - p))
    x = np.column_stack([np.ones(len(p)), odds])[:, : 1 + slope]
    offset, beta = (np.zeros(len(p)) if slope else odds), np.array([0.0, 1.0])[: 1 + slope]
    for _ in range(MOST_CALIBRATING):
        fitted = 1 / (1 + np.exp(-np.clip(offset + x @ beta, -700, 700)))
        information = np.einsum("ij,i,ik->jk", x, weights * fitted * (1 - fitted), x)
        gradient = np.einsum("ij,i->j", x, weights * (ranked.y - fitted))
        step = np.linalg.lstsq(information, gradient, rcond=None)[0]
        beta = beta + np.clip(step, -2.0, 2.0)
        if float(gradient @ step) < CALIBRATED:
            return float(beta[-1])
    return np.nan


METRICS: Mapping[str, Callable[[Ranked, Array], float]] = {
    "pr_auc": average_precision,
    "roc_auc": roc_auc,
    "brier": brier,
    "log_score": log_score,
    "calibration_intercept": partial(calibration, slope=False),
    "calibration_slope": partial(calibration, slope=True),
}
# Metrics of which a model gains over another, and whether more is better.
GAINS: Mapping[str, bool] = {"pr_auc": True, "roc_auc": True, "brier": False, "log_score": False}
