"""Block bootstrap over states: what the estimate would be if other states, with all their dyads, had been drawn."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, TooFewDraws
from detente.base.numerics import LEVEL, percentiles
from detente.base.types import Array, Codes
from detente.stats.covariance import Covariance, dyadic, intersect, nested, of_states
from detente.stats.fitting import Fit, plain
from detente.stats.frame import ModelFrame
from detente.stats.parts import sandwich_parts, states_of, subset
from detente.stats.registry import get

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
    states, ends = states_of(fit.design, "bootstrap")
    design = replace(fit.design, clusters={}, attrition=())
    found, lost = [], Counter[str]()
    estimate = get(fit.estimator).fit
    for draw in range(draws):
        chosen = np.random.default_rng([seed, draw]).integers(0, len(states), size=len(states))
        try:
            solution = estimate(_drawn(design, ends, np.bincount(chosen, minlength=len(states))), **fit.options)
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
    parts = sandwich_parts(fit.design, fit.solution)
    _, degrees, words = of_states(dyadic(), parts, "detente", "bootstrap")
    said = f"bootstrap over {len(states)} states, {len(found):,} draws, {words}"
    made = Covariance(matrix, matrix, fit.solution.scores.sandwiched(fit.solution.bread), KIND, degrees, said, "")
    return StateBootstrap(fit.terms, fit.estimate, made, dict(lost), fit.flags, np.array(found))


def _drawn(design: ModelFrame, ends: Codes, times: Codes) -> ModelFrame:
    """The design of states drawn so many `times` (n,): each row once for every pair of copies of its `ends` (2, N)."""
    first = np.cumsum(times) - times
    count = times[ends[0]] * times[ends[1]]
    rows = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    width = times[ends[1]][rows]
    a, b = first[ends[0]][rows] + place // width, first[ends[1]][rows] + place % width
    copies = np.minimum(a, b) * len(rows) + np.maximum(a, b)
    own = ((np.minimum(*ends) * len(times) + np.maximum(*ends), copies), (ends[0], a), (ends[1], b))

    def copied(codes: Codes) -> Codes:
        """Codes of an effect: levels within one dyad, or within one state, are the copies' own."""
        drawn = (intersect(codes[rows], copy) for factor, copy in own if nested(codes, factor))
        return next(drawn, codes[rows])

    effects = {name: copied(codes) for name, codes in design.fixed_effects.items()}
    return replace(subset(design, rows), side1=a, side2=b, rows=None, fixed_effects=effects)
