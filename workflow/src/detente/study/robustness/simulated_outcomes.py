"""Simulated onsets for the rows of a design: the risk of each row, and shocks that all dyads of a state share."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from detente.base.errors import NoDyads
from detente.base.types import Array, Codes
from detente.stats import ModelFrame, check_outcome, get

# Of log shocks: variances and correlations from year to year beyond these are noise of small samples.
MOST_VARIANCE, MOST_PERSISTENCE = 1.0, 0.95
# The highest risk that a row is given before shocks.
HIGHEST = 0.95


@dataclass(frozen=True)
class OnsetProcess:
    """How onsets come about in the rows of a design; every row keeps its dyad, year, treatment and controls.

    An onset has the probability `risk` (N,) · exp(u_it + u_jt − `variance`): u is a normal shock of variance `variance`
    to a state in a year, of all its dyads at once, which follows itself with correlation `persistence`. `a`, `b`,
    `year` (N,) places of states and years, of which there are `states` and `years`.
    """

    risk: Array
    variance: float
    persistence: float
    a: Codes
    b: Codes
    year: Codes
    states: int
    years: int

    def shocks(self, generator: np.random.Generator, count: int) -> Array:
        """Factors (N, count) of mean one on the rows' risks."""
        fresh = generator.standard_normal((self.years, self.states, count)) * math.sqrt(self.variance)
        for t in range(1, self.years):
            fresh[t] = self.persistence * fresh[t - 1] + math.sqrt(1 - self.persistence**2) * fresh[t]
        log = fresh[self.year, self.a]
        log += fresh[self.year, self.b]
        log -= self.variance
        return np.asarray(np.exp(log, out=log))

    def mean(self, risk: Array) -> Array:
        """Mean probability (N,) of an onset in rows of this risk (N,), as no probability exceeds one."""
        if not self.variance:
            return np.minimum(risk, 1.0)
        spread = math.sqrt(2 * self.variance)
        with np.errstate(divide="ignore"):
            log = np.log(risk)
        below = risk * ndtr((-log - self.variance) / spread)
        return np.asarray(below + ndtr((log - self.variance) / spread))


def onset_process(design: ModelFrame) -> OnsetProcess:
    """The process that a design's own outcomes speak for, as if its treatment had no effect.

    A row's risk is that of a pooled logit of its controls, without the treatment, under weak priors so that it exists
    (Gelman et al. 2008); times how many more onsets there were in its year than predicted; times its dyad's own
    proneness, shrunken to one by how far dyads differ (gamma frailty, empirical Bayes). Shocks are as large, and as
    lasting, as the residuals of dyads that share one state and a year, or two years running, go together.

    Raises NoDyads if the rows have no two sides and a year; UnsuitableOutcome, NoVariation if the outcome is not 0 or
    1, or the same in all rows.
    """
    if design.side1 is None or design.side2 is None or design.time is None:
        raise NoDyads("rows are not dyad-years: name their columns, sides=(side1, side2) and time")
    check_outcome(design.y, "binary")
    pairs = design.pairs
    years, year = np.unique(design.time, return_inverse=True)
    risk = _in_years(_predicted(design), design.y, year)
    risk = np.minimum(_in_dyads(risk, design.y, pairs.dyad), HIGHEST)
    a, b = pairs.low[pairs.dyad], pairs.high[pairs.dyad]
    bare = OnsetProcess(risk, 0.0, 0.0, a, b, year.astype(np.int64), pairs.states, len(years))
    # Products of residuals over products of risks are exp(covariance) − 1 of log shocks so many years apart.
    same, next_year = (
        _shared(bare, years, pairs.dyad, design.y - risk, lag) / _shared(bare, years, pairs.dyad, risk, lag)
        for lag in (0, 1)
    )
    variance = min(math.log1p(max(same, 0.0)), MOST_VARIANCE)
    lasting = math.log1p(max(next_year, 0.0)) / variance if variance else 0.0
    return OnsetProcess(risk, variance, min(lasting, MOST_PERSISTENCE), a, b, bare.year, bare.states, bare.years)


def _predicted(design: ModelFrame) -> Array:
    """Risks (N,) of a pooled logit of the controls alone; the base rate if none varies."""
    varies = [j for j in range(1, design.x.shape[1]) if np.ptp(design.x[:, j]) > 0]
    if not varies:
        return np.full(len(design.y), float(design.y.mean()))
    terms = tuple(design.terms[j] for j in varies)
    bare = ModelFrame(
        design.y, np.ascontiguousarray(design.x[:, varies]), terms, design.side1, design.side2, design.time
    )
    predictor = get("cauchy_logit").fit(bare).predictor
    assert predictor is not None
    return np.asarray(1 / (1 + np.exp(-predictor)))


def _in_years(risk: Array, y: Array, year: npt.NDArray[np.intp]) -> Array:
    """Risks that add up to the onsets of each year, one onset of the mean kind added to both."""
    ratio = (np.bincount(year, y) + 1) / (np.bincount(year, risk) + 1)
    made = risk * ratio[year]
    return np.asarray(made * (y.sum() / made.sum()))


def _in_dyads(risk: Array, y: Array, dyad: Codes) -> Array:
    """Risks times (κ + onsets)/(κ + predicted onsets) of the dyad, 1/κ the variance of dyads' proneness by moments."""
    onsets, predicted = np.bincount(dyad, y), np.bincount(dyad, risk)
    spread = float(((onsets - predicted) ** 2 - predicted).sum() / (predicted**2).sum())
    if spread <= 0:
        return risk
    made = risk * ((1 / spread + onsets) / (1 / spread + predicted))[dyad]
    return np.asarray(made * (y.sum() / made.sum()))


def _shared(process: OnsetProcess, years: Codes, dyad: Codes, values: Array, lag: int) -> float:
    """Sum of products over all pairs of rows of different dyads that share one state, the second `lag` years later."""
    span, calendar = int(years.max() - years.min()) + 1, years[process.year] - years.min()

    def summed(codes: Codes) -> Array:
        """Sums by code and calendar year, with empty years behind the last."""
        wide = span + lag
        sums = np.bincount(codes * wide + calendar, values, minlength=(int(codes.max()) + 1) * wide)
        return np.asarray(sums.reshape(-1, wide), dtype=np.float64)

    def together(table: Array) -> float:
        return float((table[:, : span - lag] * table[:, lag:span]).sum())

    by_state = np.zeros((process.states, span + lag))
    for side in (process.a, process.b):
        part = summed(side)
        by_state[: len(part)] += part
    # Products within one dyad, which both of its states hold.
    return together(by_state) - 2 * together(summed(dyad))
