"""Exact log-rank tests of a treatment of spells, and the exact interval of its odds ratio, for few treated spells.

Mantel (1966), Cancer Chemotherapy Reports 50: 163–170, for the log-rank test; Thomas (1975), Computers and Biomedical
Research 8: 423–446, for exact tests and intervals of combined 2 × 2 tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd
import scipy

from detente.base.errors import (
    EstimationError,
    NoControls,
    NoVariation,
    UnknownOption,
    UnknownVariable,
    UnsuitableTreatment,
    choices,
)
from detente.base.numerics import LEVEL, TIE, share_of_draws
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.spells import Spells
from detente.stats.fitting import Printed

BY = ("risk sets", "spells")
# Assignments up to which all are enumerated.
MOST_ENUMERATED = 20_000


@dataclass(frozen=True)
class RiskSets:
    """K risk sets, the spells at risk in one period since the start (and stratum): counts (K,) of each.

    `size` spells at risk, `treated` of them, `ended` of all, `both` treated and ended; `place` (N,) the set of a row.
    """

    size: Codes
    treated: Codes
    ended: Codes
    both: Codes
    place: Codes

    @property
    def expected(self) -> Array:
        """Treated spells expected to end, (K,), were endings drawn from all at risk."""
        return np.asarray(self.ended * self.treated / self.size)

    @property
    def variance(self) -> Array:
        """Variances (K,) of the hypergeometric distribution."""
        n, m, d = self.size, self.treated, self.ended
        return np.asarray(d * m / n * (n - m) / n * (n - d) / np.maximum(n - 1, 1))


@dataclass(frozen=True)
class LogRank(Printed):
    """A log-rank test: treated spells that end, `observed` and `expected`, and exact p-values of no effect.

    `p_value` two-sided, by the distance from what is expected; `p_fewer`, `p_more` one-sided, of as few or as many
    endings of treated spells. `first`, `weights` (m,) the least number of them that the risk sets allow, and the
    probabilities of it and those after it.
    """

    observed: int
    expected: float
    variance: float
    p_value: float
    p_fewer: float
    p_more: float
    words: str
    first: int = field(repr=False)
    weights: Array = field(repr=False)

    @property
    def statistic(self) -> float:
        """Observed less expected, over the square root of the variance: approximately standard normal."""
        return (self.observed - self.expected) / math.sqrt(self.variance)

    @property
    def odds_ratio(self) -> float:
        """Conditional maximum-likelihood odds ratio of ending; 0 or infinite where as few or as many end as can."""
        k = np.arange(self.first, self.first + len(self.weights))
        return self._solved(lambda shares: float(shares @ k) - self.observed, math.nan)

    def conf_int(self, level: float = LEVEL) -> tuple[float, float]:
        """Exact interval of the odds ratio, its ends where a one-sided test has p = (1 − level) / 2.

        It holds the odds ratio of one common to all risk sets at least as often as its level; raises UnknownOption
        unless the level is between 0 and 1.
        """
        if not 0 < level < 1:
            raise UnknownOption(f"level {level:g} is not between 0 and 1: that of a 95 % interval is 0.95")
        tail, at = (1 - level) / 2, self.observed - self.first
        low = self._solved(lambda shares: float(shares[at:].sum()) - tail, 0.0)
        return low, self._solved(lambda shares: tail - float(shares[: at + 1].sum()), math.inf)

    def _solved(self, gap: Callable[[Array], float], beyond: float) -> float:
        """Odds ratio at which a function of the shares, which rises with it, is zero.

        `beyond` tells what is asked for where the observed number is the least (0) or the most (infinite) that can be.
        """
        at, last = self.observed - self.first, len(self.weights) - 1
        if at == 0 and beyond != math.inf:
            return 0.0
        if at == last and beyond != 0:
            return math.inf
        bound = 1.0
        while gap(self._shares(-bound)) > 0 or gap(self._shares(bound)) < 0:
            bound *= 2
        return math.exp(scipy.optimize.brentq(lambda log_odds: gap(self._shares(log_odds)), -bound, bound))

    def _shares(self, log_odds: float) -> Array:
        with np.errstate(divide="ignore"):
            logs = np.log(self.weights) + log_odds * np.arange(len(self.weights))
        shares = np.exp(logs - logs.max())
        return np.asarray(shares / shares.sum())

    def _printed(self) -> tuple[str, pd.DataFrame, list[str]]:
        low, high = self.conf_int()
        counts = {"observed": [self.observed], "expected": [self.expected], "statistic": [self.statistic]}
        tests = {"p_value": [self.p_value], "p_fewer": [self.p_fewer], "p_more": [self.p_more]}
        odds = {"odds_ratio": [self.odds_ratio], "conf_low": [low], "conf_high": [high]}
        return "Log-rank test of treated spells that end", pd.DataFrame({**counts, **tests, **odds}), [self.words]


def exact_log_rank(
    spells: Spells, *, by: str = "risk sets", strata: str | None = None, draws: int = 9999, seed: int = 0
) -> LogRank:
    """Whether treated spells end as often as others at risk in the same period since the start, and stratum.

    `by` "risk sets": in each, those that end are drawn from all at risk, given how many are at risk, treated, and end,
    so that treatments may change in a spell; the distribution of the number of treated ones is exact. `by` "spells":
    treatments are exchanged among spells of a stratum, all of them where there are at most 20,000 ways, else `draws`;
    this also needs treatment not to move when spells are censored, and treatments that stay. `strata` names a
    covariate, or a factor of the panel. Spells are independent under both: dyads that share a state may not be.

    Raises NoSwitches, NoControls if no period at risk is treated, or none untreated, or no risk set compares the two;
    NoVariation if no spell ends; UnknownOption, UnknownVariable for what is not known; EstimationError for strata that
    are missing or, by spells, change in one; UnsuitableTreatment, by spells, for a treatment that changes in one.
    """
    if by not in BY:
        raise UnknownOption(f"by={by!r} is not known; {choices(by, BY)}")
    spells.require_both()
    if not spells.ended.any():
        raise NoVariation(f"none of {spells.counts['spells']:,} spells ends: there are no endings to compare")
    stratum = _strata(spells, strata)
    sets = _risk_sets(spells, stratum)
    variance = float(sets.variance.sum())
    if not variance:
        raise NoControls(
            f"none of {len(sets.size):,} risk sets holds treated and untreated spells of which some end and some do not"
            "; take fewer strata, or more spells"
        )
    first, weights = _distribution(sets)
    observed, expected = int(sets.both.sum()), float(sets.expected.sum())
    if by == "risk sets":
        away, share = np.arange(first, first + len(weights)) - expected, _weighted(weights)
        words = f"exact, endings drawn within {int((sets.variance > 0).sum()):,} risk sets"
    else:
        away, share, words = _exchanged(spells, stratum, sets, draws, np.random.default_rng(seed))
    p, fewer, more = _tails(away, observed - expected, share)
    within = f", within strata of {strata}" if strata else ""
    return LogRank(observed, expected, variance, p, fewer, more, words + within, first, weights)


def _tails(away: Array, observed: float, share: Callable[[Flags], float]) -> tuple[float, float, float]:
    """P-values, two-sided, of as few and of as many, of distances (m,) from what is expected."""
    slack = TIE * max(1.0, abs(observed))
    beyond = np.abs(away) >= abs(observed) - slack
    return share(beyond), share(away <= observed + slack), share(away >= observed - slack)


def _weighted(weights: Array) -> Callable[[Flags], float]:
    return lambda beyond: min(1.0, float(weights @ beyond))


def _strata(spells: Spells, name: str | None) -> Codes:
    """Codes (N,) of strata."""
    if name is None:
        return np.zeros(len(spells.unit), dtype=np.int64)
    if name in spells.covariates:
        values = spells.covariates[name]
        if np.isnan(values).any():
            raise EstimationError(
                f"stratum {name!r} is missing in {int(np.isnan(values).sum()):,} of {len(values):,} periods at risk; "
                "fill it, or drop these rows"
            )
        return np.asarray(np.unique(values, return_inverse=True)[1])
    known = [*spells.covariates, *spells.panel.factors, *(["dyad"] if spells.panel.sides is not None else [])]
    if name not in known:
        raise UnknownVariable(f"the spells have no covariate or factor {name!r}; {choices(name, known)}")
    return np.asarray(np.unique(spells.panel.factor(name)[spells.unit], return_inverse=True)[1])


def _risk_sets(spells: Spells, stratum: Codes) -> RiskSets:
    place = np.unique(stratum * (int(spells.period.max()) + 1) + spells.period, return_inverse=True)[1]

    def total(of: Array) -> Codes:
        return np.bincount(place, weights=of).astype(np.int64)

    both = spells.treatment * spells.ended
    return RiskSets(np.bincount(place), total(spells.treatment), total(spells.ended), total(both), place)


def _distribution(sets: RiskSets) -> tuple[int, Array]:
    """Least number of treated spells that end, and the probabilities (m,) of it and those after it, without effect."""
    first, weights = 0, np.ones(1)
    for n, m, d in zip(sets.size, sets.treated, sets.ended, strict=True):
        low, high = max(0, m + d - n), min(m, d)
        first += int(low)
        if high > low:
            weights = np.convolve(weights, scipy.stats.hypergeom.pmf(np.arange(low, high + 1), n, m, d))
    return first, np.asarray(weights / weights.sum())


def _exchanged(
    spells: Spells, stratum: Codes, sets: RiskSets, draws: int, rng: np.random.Generator
) -> tuple[Array, Callable[[Flags], float], str]:
    """Distances of treated endings from those expected, treatments exchanged among the spells of a stratum."""
    start = np.unique(spells.spell, return_index=True)[1]
    fixed = ("treatment", spells.treatment, UnsuitableTreatment), ("stratum", stratum, EstimationError)
    for what, values, error in fixed:
        changed = np.unique(spells.spell[values != values[start][spells.spell]])
        if len(changed):
            raise error(
                f"the {what} changes in {len(changed):,} of {len(start):,} spells, and what it would have been after "
                "a spell's end is not known, so that spells cannot exchange it; say by='risk sets'"
            )
    scores = np.bincount(spells.spell, weights=spells.ended - (sets.ended / sets.size)[sets.place])
    treated, groups = spells.treatment[start] == 1, stratum[start]
    parts = [(scores[groups == g], int(treated[groups == g].sum())) for g in np.unique(groups)]
    ways = math.prod(math.comb(len(s), m) for s, m in parts)
    if ways <= MOST_ENUMERATED:
        sums = np.zeros(1)
        for part, m in parts:
            chosen = np.array(list(combinations(range(len(part)), m)), dtype=np.int64).reshape(-1, m)
            sums = np.add.outer(sums, part[chosen].sum(axis=1)).ravel()
        return sums, lambda beyond: float(np.mean(beyond)), f"exact, all {ways:,} exchanges of treatments among spells"
    drawn = sum(_drawn(part, m, draws, rng) for part, m in parts)
    return np.asarray(drawn), share_of_draws, f"{draws:,} draws of exchanges of treatments among spells"


def _drawn(scores: Array, treated: int, draws: int, rng: np.random.Generator) -> Array:
    """Sums (draws,) of the scores of as many spells as are treated."""
    return np.array([scores[rng.permutation(len(scores))[:treated]].sum() for _ in range(draws)])
