"""Permutation tests of matched sets that hold the sets and draw who switches, as nature assigns the treatment."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from detente.base.errors import IndefiniteCovariance, TooFewDraws, UnknownOption
from detente.base.numbering import Pairs
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.matching_history import Matched, matched_sets
from detente.stats.causal.matching_sets import BASE, Window
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.causal.resampled import Assignment, Permuted
from detente.stats.kernels import switches as kernel


@dataclass(frozen=True)
class _Cells:
    """Cells (N,) of the sets of one horizon: place in the panel, unit, period, group of G, change since the base."""

    place: Codes
    unit: Codes
    period: Codes
    group: Codes
    change: Array
    groups: int

    def effect(self, switched: Flags, units: int) -> tuple[float, Array]:
        """The mean over cells that switch of their change less that of their group's others; influence (U,).

        `switched`: flags of the panel's cells. Influence is of changes less the mean change of the period's others, as
        in `Matched.study`.
        """
        cells = (self.place, self.unit, self.period, self.group, self.change)
        influence = np.zeros(units)
        sums = np.zeros((4, self.groups)), np.zeros((2, int(self.period.max(initial=-1)) + 1))
        return kernel.effect(cells, switched, *sums, influence), influence


def permuted_sets(
    panel: TreatmentPanel,
    estimand: str,
    window: Window,
    scheme: Assignment,
    *,
    first: int = 0,
    draws: int = 499,
    seed: int = 0,
) -> Permuted:
    """Test no effect of switches, within matched sets, by treatments that are assigned again.

    Sets are cells of one period and treatment history, as they are; what is drawn is which of them switch: those whose
    treatment in that period is another than before in a treatment that `scheme` draws. So the history is given, and no
    set is made again. The statistic is the mean effect at horizons from `first` on, each cell compared with all that do
    not switch in its set, over its standard error, dyadic where units are dyads, else by unit (Wu and Ding 2021). For
    `Redrawn` treatments, all dyads of an event are drawn together.

    Raises as `matched_sets`; UnknownOption for an estimand other than ATT and ART; TooFewDraws if no draw has a
    statistic; IndefiniteCovariance if the observed one has none.
    """
    if estimand not in ("ATT", "ART"):
        raise UnknownOption(f"estimand {estimand!r}: who switches is drawn for switches on, 'ATT', or off, 'ART'")
    matched = matched_sets(panel, estimand, replace(window, placebo=False))
    horizons = [horizon for horizon in map(int, matched.window.horizons) if horizon >= first]
    if not horizons:
        raise UnknownOption(f"first={first}: the window's last horizon is {window.leads}")
    parts = [_cells(matched, horizon) for horizon in horizons]
    switched_is = 1.0 if estimand == "ATT" else 0.0
    observed = _statistic(panel, parts, panel.treatment == switched_is)
    if np.isnan(observed):
        raise IndefiniteCovariance("the covariance leaves the mean effect no variance: it has no t to compare")
    found = np.array(
        [
            _statistic(panel, parts, scheme.drawn(panel, np.random.default_rng([seed, draw])) == switched_is)
            for draw in range(draws)
        ]
    )
    kept = found[~np.isnan(found)]
    if not len(kept):
        raise TooFewDraws(f"none of {draws:,} assignments has an estimate and a variance")
    lost = len(found) - len(kept)
    left_out = f"; {lost:,} without an estimate or a variance left out" if lost else ""
    return Permuted(observed, kept, f"{len(kept):,} assignments, {scheme.name}, sets as they are{left_out}")


def _cells(matched: Matched, horizon: int) -> _Cells:
    (part,) = matched.at[horizon]
    sets, outcome = part.sets, matched.panel.outcome
    span = outcome.shape[1]
    change = [at(outcome, horizon) - at(outcome, BASE) for at in (sets.at_focal, sets.at_controls)]
    unit = np.r_[sets.unit, sets.control]
    period = np.r_[sets.period, sets.when]
    group = np.r_[sets.group, sets.of_control]
    return _Cells(unit * span + period, unit, period, group, np.concatenate(change), len(sets.year))


def _statistic(panel: TreatmentPanel, parts: list[_Cells], switched: Flags) -> float:
    """The mean effect over its standard error; NaN if there is none."""
    made = [part.effect(switched.ravel(), panel.units) for part in parts]
    estimate = float(np.mean([effect for effect, _ in made]))
    influence = np.mean([added for _, added in made], axis=0)
    variance = _dyadic(panel.pairs, influence) if panel.sides is not None else float(influence @ influence)
    return estimate / np.sqrt(variance) if variance > 0 else float("nan")


def _dyadic(pairs: Pairs, influence: Array) -> float:
    """Σ over states of squared sums of their dyads, less Σ over dyads of squared sums (Aronow et al. 2015)."""
    dyads = np.bincount(pairs.dyad, influence, len(pairs.low))
    two = pairs.two
    states = np.bincount(pairs.low, dyads, pairs.states) + np.bincount(pairs.high[two], dyads[two], pairs.states)
    return float(states @ states - dyads[two] @ dyads[two])
