"""Block bootstrap over states: what the estimate would be if other states, with all their dyads, had been drawn."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, NoDyads, TooFewDraws, TooFewStates
from detente.base.numerics import LEVEL, percentiles
from detente.base.types import Array, Codes
from detente.stats.covariance import FEWEST_STATES, Covariance, intersect, nested, number
from detente.stats.frame import ModelFrame
from detente.stats.jackknife import subset
from detente.stats.registry import get
from detente.stats.result import Fit, plain

# Share of draws without an estimate above which those that have one say little of the spread.
MOST_LOST = 0.1
KIND = "state bootstrap"


@dataclass(frozen=True)
class StateBootstrap:
    """Estimates (B, k) of `terms` in B bootstrap samples of states, and their covariance.

    `lost` reasons, with counts, for which other draws have no estimate.
    """

    terms: tuple[str, ...]
    estimate: Array
    vcov: Covariance
    lost: Mapping[str, int]
    flags: tuple[str, ...]
    draws: Array = field(repr=False)

    def conf_int(self, level: float = LEVEL) -> pd.DataFrame:
        """Percentile intervals: `conf_low` and `conf_high` by term."""
        low, high = percentiles(self.draws, level)
        return pd.DataFrame({"conf_low": low, "conf_high": high}, index=pd.Index(self.terms, name="term"))

    def table(self, level: float = LEVEL) -> pd.DataFrame:
        """One row per term: term, estimate, std_error, bias (mean draw less estimate), conf_low, conf_high."""
        bounds = self.conf_int(level).reset_index(drop=True)
        bias = self.draws.mean(axis=0) - self.estimate
        columns = {"term": self.terms, "estimate": self.estimate, "std_error": self.vcov.std_errors, "bias": bias}
        return pd.DataFrame(columns).join(bounds)

    def __str__(self) -> str:
        """The table, and how it was made."""
        lost = [f"{count:,} draws without an estimate: {reason}" for reason, count in self.lost.items()]
        return plain("Percentile intervals", self.table(), [str(self.vcov), *lost, *self.flags])


def state_block_bootstrap(fit: Fit, *, draws: int = 199, seed: int = 0) -> StateBootstrap:
    """Draw as many states as there are, with replacement, take all dyads between those drawn, and fit again.

    A dyad of states drawn m and m' times is there m × m' times, each time as a dyad of its own, and a state is no dyad
    with its own copy (Snijders and Borgatti 1999; Davezies, D'Haultfœuille and Guyonvarch 2021 show that it is valid
    for exchangeable dyads). Effects of a dyad, or of a state, are those of the copies; others, as of years, are common.
    In its variance, what a dyad has of its own counts three times (twice in the jackknife's, once in the dyadic-robust
    one), and what comes from states once: it is the most cautious of the three.

    `fit` may be of any estimator, which is given its own options again; `replace(fit, vcov=found.vcov)` is
    the fit under this covariance.

    Raises NoDyads, TooFewStates if the rows are no dyads, or of fewer than five states; TooFewDraws if more than a
    tenth of the draws have no estimate, naming the commonest reason, or fewer than two are left.
    """
    design = fit.design
    if design.side1 is None or design.side2 is None:
        raise NoDyads("a bootstrap over states needs rows with two sides: name their two columns, dyadic(side1, side2)")
    states, ends = number(np.concatenate([design.side1, design.side2]))
    if len(states) < FEWEST_STATES:
        raise TooFewStates(f"bootstrap over {len(states)} states; it needs at least {FEWEST_STATES}")
    source = _Source(replace(design, clusters={}, attrition=()), ends.reshape(2, -1), len(states))
    found, lost = [], Counter[str]()
    estimate = get(fit.estimator).fit
    for draw in range(draws):
        chosen = np.random.default_rng([seed, draw]).integers(0, len(states), size=len(states))
        try:
            solution = estimate(source.drawn(chosen), **fit.options)
        except EstimationError as error:
            lost[type(error).__name__] += 1
            continue
        if solution.terms == fit.terms:
            found.append(solution.estimate)
        else:
            lost["a term has no estimate"] += 1
    if lost.total() > MOST_LOST * draws or len(found) < 2:
        why = f", most often: {lost.most_common(1)[0][0]}" if lost else ""
        raise TooFewDraws(f"{lost.total():,} of {draws:,} draws of states have no estimate{why}")
    matrix = np.atleast_2d(np.cov(np.array(found), rowvar=False))
    solution = fit.solution
    independent = solution.bread @ solution.scores.gram() @ solution.bread
    said = f"bootstrap over {len(states)} states, {len(found):,} draws, t with {len(states) - 1} df"
    made = Covariance(matrix, matrix, independent, KIND, float(len(states) - 1), said, "")
    return StateBootstrap(fit.terms, fit.estimate, made, dict(lost), fit.flags, np.array(found))


@dataclass(frozen=True)
class _Source:
    """A design, and the numbers (2, N) of the two states of its rows, of `states` in all."""

    design: ModelFrame
    ends: Codes
    states: int

    def drawn(self, chosen: Codes) -> ModelFrame:
        """The design of the states drawn: each row once for every pair of copies of its two states."""
        times = np.bincount(chosen, minlength=self.states)
        first = np.cumsum(times) - times
        count = times[self.ends[0]] * times[self.ends[1]]
        rows = np.repeat(np.arange(len(count)), count)
        place = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
        width = times[self.ends[1]][rows]
        a, b = first[self.ends[0]][rows] + place // width, first[self.ends[1]][rows] + place % width
        effects = {name: self._copied(codes, rows, a, b) for name, codes in self.design.fixed_effects.items()}
        return replace(subset(self.design, rows), side1=a, side2=b, rows=None, fixed_effects=effects)

    def _copied(self, codes: Codes, rows: Codes, a: Codes, b: Codes) -> Codes:
        """Codes of an effect: levels within one dyad, or within one state, are the copies' own."""
        low, high = np.minimum(*self.ends), np.maximum(*self.ends)
        if nested(codes, low * self.states + high):
            return intersect(codes[rows], np.minimum(a, b) * len(rows) + np.maximum(a, b))
        for side, copies in zip(self.ends, (a, b), strict=True):
            if nested(codes, side):
                return intersect(codes[rows], copies)
        return codes[rows]
