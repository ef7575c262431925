"""Inference for event studies by resampling: units or states drawn with replacement, treatments assigned again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np

from detente.base.errors import EstimationError, IndefiniteCovariance, NoDyads, TooFewDraws, UnknownOption, choices
from detente.base.numerics import TIE, percentiles, share_of_draws
from detente.base.types import Array, Codes
from detente.stats.causal.effects import EventStudy
from detente.stats.causal.panel import TreatmentPanel

BY = ("unit", "states")
# Share of draws without an estimate above which those that have one say little of the spread.
MOST_LOST = 0.1


@dataclass(frozen=True)
class Resampled:
    """Effects (B, k) in B bootstrap samples; `words` how they were drawn; `lost` draws without any treated cell."""

    draws: Array = field(repr=False)
    words: str
    lost: int

    @property
    def std_errors(self) -> Array:
        """Standard deviations of the draws, (k,)."""
        return np.asarray(self.draws.std(axis=0, ddof=1))

    def conf_int(self, level: float = 0.95) -> Array:
        """Percentile intervals, (2, k)."""
        return percentiles(self.draws, level)


def bootstrap(study: EventStudy, *, by: Literal["unit", "states"], draws: int = 999, seed: int = 0) -> Resampled:
    """Draw units, or states with all dyads between those drawn, and average their comparisons again.

    Comparisons are kept as they were made: matched sets are not matched again, counterfactuals not fitted again (Imai,
    Kim and Wang 2023, section 4). A dyad of states drawn m and m' times counts m × m' times (Snijders and Borgatti
    1999). The estimate of a draw is a ratio, its denominator the share of treated cells drawn.

    Raises UnknownOption for another `by`; NoDyads for states where units are no dyads; TooFewDraws if more than a tenth
    of the draws have no treated cell.
    """
    if by not in BY:
        raise UnknownOption(f"by={by!r} is not known; {choices(by, BY)}")
    if by == "states" and study.panel.sides is None:
        raise NoDyads("a bootstrap over states needs units that are dyads")
    found = np.full((draws, len(study.horizon)), np.nan)
    for draw in range(draws):
        times = _times(study.panel, by, np.random.default_rng([seed, draw]))
        mass = times @ study.share
        with np.errstate(divide="ignore", invalid="ignore"):
            found[draw] = np.where(mass > 0, study.estimate + (times @ study.influence) / mass, np.nan)
    lost = int(np.isnan(found).any(axis=1).sum())
    if lost > MOST_LOST * draws or draws - lost < 2:
        raise TooFewDraws(f"{lost:,} of {draws:,} draws by {by} have no treated cell at some horizon")
    words = f"bootstrap by {by}, {draws - lost:,} draws, comparisons kept as made"
    return Resampled(found[~np.isnan(found).any(axis=1)], words, lost)


def _times(panel: TreatmentPanel, by: str, rng: np.random.Generator) -> Array:
    """How often each unit is drawn, (U,)."""
    if by == "unit":
        return np.bincount(rng.integers(0, panel.units, panel.units), minlength=panel.units).astype(np.float64)
    pairs = panel.pairs
    drawn = np.bincount(rng.integers(0, pairs.states, pairs.states), minlength=pairs.states)
    return np.asarray((drawn[pairs.low] * drawn[pairs.high])[pairs.dyad], dtype=np.float64)


class Assignment(Protocol):
    """How nature assigns a treatment."""

    @property
    def name(self) -> str:
        """The scheme in words."""

    def drawn(self, panel: TreatmentPanel, rng: np.random.Generator) -> Array:
        """A treatment (U, T), NaN where it is missing."""


@dataclass(frozen=True)
class Relabelled:
    """Treatment networks of states given to other states; units that a relabelled dyad is not among are missing.

    `groups` (n,) codes of states, by `panel.pairs`, within which labels are exchanged; None for all.
    """

    groups: Codes | None = None

    @property
    def name(self) -> str:
        """The scheme in words."""
        return "states' places in the treatment network exchanged" + ("" if self.groups is None else " within groups")

    def drawn(self, panel: TreatmentPanel, rng: np.random.Generator) -> Array:
        """The treatment (U, T) of the dyad whose places the unit's states take."""
        if panel.sides is None:
            raise NoDyads("labels of states are exchanged where units are dyads")
        states, ends = np.unique(panel.sides, return_inverse=True)
        ends = ends.reshape(2, -1)
        given = np.arange(len(states))
        groups = np.zeros(len(states), dtype=np.int64) if self.groups is None else self.groups
        for group in np.unique(groups):
            members = np.flatnonzero(groups == group)
            given[members] = rng.permutation(members)
        table = np.full(len(states) ** 2, -1)
        table[ends[0] * len(states) + ends[1]] = np.arange(panel.units)
        # An undirected dyad may stand the other way round after the exchange.
        low, high = given[ends[0]], given[ends[1]]
        place = table[low * len(states) + high]
        place = np.where(place < 0, table[high * len(states) + low], place)
        taken = np.where((place >= 0)[:, None], panel.treatment[np.maximum(place, 0)], np.nan)
        return np.asarray(np.where(np.isnan(panel.treatment), np.nan, np.where(np.isnan(taken), 0.0, taken)))


@dataclass(frozen=True)
class Permuted:
    """A test of no effect by treatments assigned again: the mean effect from the switch on, and its draws (B,)."""

    observed: float
    draws: Array = field(repr=False)
    words: str

    @property
    def p_value(self) -> float:
        """Two-sided; the observed assignment counts among the draws."""
        return share_of_draws(np.abs(self.draws) >= abs(self.observed) * (1 - TIE))

    @property
    def p_two_tails(self) -> float:
        """Twice the smaller share of draws as far or further on one side: for draws that are not centred at zero."""
        slack = TIE * abs(self.observed)
        tails = (self.draws <= self.observed + slack, self.draws >= self.observed - slack)
        return min(1.0, 2 * min(map(share_of_draws, tails)))


def permutation_test(
    design: Callable[[TreatmentPanel], EventStudy],
    panel: TreatmentPanel,
    scheme: Assignment,
    *,
    draws: int = 199,
    seed: int = 0,
) -> Permuted:
    """Assign the treatment again, apply the design to it, and compare t statistics of the mean effect.

    The statistic is studentised by the design's default covariance (Wu and Ding 2021). Assignments to which the design
    has no estimate, or leaves no variance, are left out and counted: had nature made one, it would have been refused.
    Raises TooFewDraws if none has a statistic; IndefiniteCovariance if the observed one has no variance.
    """
    found = np.array([_statistic(design, panel, scheme, seed, draw) for draw in range(draws)])
    average = design(panel).average()
    if np.isnan(average.std_error):
        raise IndefiniteCovariance("the covariance leaves the mean effect no variance: it has no t to compare")
    kept = found[~np.isnan(found)]
    lost = len(found) - len(kept)
    if not len(kept):
        raise TooFewDraws(f"none of {draws:,} assignments has an estimate and a variance")
    left_out = f"; {lost:,} without an estimate or a variance left out" if lost else ""
    return Permuted(average.estimate / average.std_error, kept, f"{len(kept):,} assignments, {scheme.name}{left_out}")


def _statistic(
    design: Callable[[TreatmentPanel], EventStudy], panel: TreatmentPanel, scheme: Assignment, seed: int, draw: int
) -> float:
    drawn = scheme.drawn(panel, np.random.default_rng([seed, draw]))
    try:
        average = design(replace(panel, treatment=drawn)).average()
    except EstimationError:
        return float("nan")
    return average.estimate / average.std_error
