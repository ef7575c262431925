"""Effects by exposure to a treatment since its first switch, for treatments that switch on and off at will.

De Chaisemartin and D'Haultfœuille (2024), "Difference-in-differences estimators of intertemporal treatment effects",
Review of Economics and Statistics; estimators by their names there. Units whose treatment has changed for the first
time are compared with units of the same first treatment whose own has not changed yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np

from detente.base.errors import NoControls, NoSwitches, ShortPanel, UnknownOption, choices
from detente.base.numbering import number
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.comparisons import ALONE, Alone, Comparison, centred, difference
from detente.stats.causal.effects import Contrast, EventStudy, Weights
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.covariance import Covariance, Vcov

Switchers = Literal["both", "in", "out"]
SWITCHERS: dict[str, str] = {"both": "first switches", "in": "first switches on", "out": "first switches off"}


@dataclass(frozen=True)
class FirstSwitches(EventStudy):
    """Effects of a first switch, with `total` (k,): weights of the effects in the average total effect.

    `doses` (k, L): mean distance of the treatment from the first one in the period of each effect, in the one before,
    and so on back to that of the switch, and 0 before it.
    """

    takes_levels: ClassVar[bool] = True
    total: Array = field(default_factory=lambda: np.empty(0), repr=False)
    doses: Array = field(default_factory=lambda: np.empty((0, 0)), repr=False)

    def per_unit(self, delay: int = 0) -> FirstSwitches:
        """Effects over the treatment that they sum up since the switch (their DID_ℓ^n).

        Where treatment works `delay` periods later, effects sum up that of as many periods less; those before it
        works are over that of the switch's period. Raises UnknownOption for a delay below zero.
        """
        if delay < 0:
            raise UnknownOption(f"delay={delay}: it is a whole number of periods from 0 on")
        length = np.where(self.horizon >= 0, self.horizon + 1, -1 - self.horizon)
        counted = np.arange(self.doses.shape[1]) >= np.minimum(delay, length - 1)[:, None]
        scale = 1 / (self.doses * counted).sum(axis=1)
        return replace(
            self,
            estimand=f"{self.estimand}, per unit of treatment",
            estimate=self.estimate * scale,
            influence=self.influence * scale,
            weights=None if self.weights is None else replace(self.weights, left=self.weights.left * scale),
            total=self.total / scale,
        )

    def average_total_effect(self, vcov: str | Vcov | Covariance | None = None) -> Contrast:
        """Effect of one unit of treatment for one period, summed over the periods after it (their δ̂).

        Effects of all cells over the treatment in these cells beyond the first one.
        """
        return self.contrast(self.total, vcov)


def first_switch_effects(
    panel: TreatmentPanel,
    *,
    effects: int = 1,
    placebos: int = 0,
    switchers: Switchers = "both",
    normalised: bool = False,
    alone: Alone = "pooled",
    cluster: str | None = None,
) -> FirstSwitches:
    """Effects of having been exposed for 1 … `effects` periods to a treatment other than the first one.

    A unit first switches at F, in or out: to more or less treatment than at first. Effect ℓ, at horizon ℓ − 1, is
    Y(F−1+ℓ) − Y(F−1) less the mean of the same difference among units of the same first treatment that have not
    switched by F−1+ℓ (their DID_ℓ), signed as an effect of more treatment; placebo ℓ, at horizon −1−ℓ, compares
    Y(F−1−ℓ) − Y(F−1) among the same units (DID_ℓ^pl). `normalised` effects are over the treatment that they sum up:
    mean difference between the treatment so far and the first one (DID_ℓ^n). A unit that has had both more and less
    treatment than at first is left out from there on (design restriction 2).

    Influence is centred within cohorts of one first treatment, date and size of the first switch, and among controls
    of one period, times √(n/(n−1)) for a cohort of n. `alone`: what a cohort of one is centred on,
    "pooled" with its controls, or "left out" of the variance, as DIDmultiplegtDYN 2.1 has it. `cluster`: a factor of
    the panel by which n is counted; units by default.

    A missing treatment before the last one known before F is that of the start, after F that of F; a unit whose
    treatment is missing just before F has no known date: it is a control until then.

    Raises UnknownOption for options that are not known, or more placebos than effects; ShortPanel if the panel has
    fewer periods, or no comparison as long; NoSwitches, NoControls if there is nothing to compare.
    """
    _check(panel, effects, placebos, switchers, alone)
    paths = _paths(panel)
    horizons = np.concatenate([-1 - np.arange(placebos, 0, -1), np.arange(effects)])
    wanted = paths.of(switchers)
    made = [_comparison(paths, wanted, int(at)) for at in horizons]
    _check_made(paths, wanted, horizons, made)
    owner = panel.factor("unit" if cluster is None else cluster)
    doses = np.stack([_doses(paths, one, int(at), effects) for one, at in zip(made, horizons, strict=True)])
    influence = [centred(one, paths.cohort, owner, alone) for one in made]
    study = FirstSwitches(
        design=f"{SWITCHERS[switchers]} (de Chaisemartin and D'Haultfœuille 2024)",
        estimand="ATT by exposure",
        horizon=horizons,
        estimate=np.array([one.estimate for one in made]),
        influence=np.stack(influence, axis=1),
        share=np.stack([np.bincount(one.unit, one.switch, panel.units) / one.treated for one in made], axis=1),
        weights=_weights(made, panel.outcome.shape),
        treated=np.array([one.treated for one in made]),
        controls=np.array([len(one.place) - one.treated for one in made]),
        panel=panel,
        details=_details(paths, wanted, made, horizons),
        notes=_notes(alone, cluster),
        total=_total(made, doses[:, 0], horizons),
        doses=doses,
    )
    return study.per_unit() if normalised else study


def _check(panel: TreatmentPanel, effects: int, placebos: int, switchers: str, alone: str) -> None:
    if switchers not in SWITCHERS:
        raise UnknownOption(f"switchers={switchers!r} is not known; {choices(switchers, SWITCHERS)}")
    if alone not in ALONE:
        raise UnknownOption(f"alone={alone!r} is not known; {choices(alone, ALONE)}")
    if effects < 1 or not 0 <= placebos <= effects:
        raise UnknownOption(
            f"effects={effects}, placebos={placebos}: at least one effect, and no more placebos than it"
        )
    periods = len(panel.periods)
    if periods < max(effects, 2 * placebos) + 1:
        raise ShortPanel(
            f"the panel has {periods} periods: at most {periods - 1} effects, and {(periods - 1) // 2} placebos, "
            f"have a first treatment before them; effects={effects} and placebos={placebos} were asked for"
        )


@dataclass(frozen=True)
class _Paths:
    """What each unit's treatment says of it, U units in T periods.

    `outcome` (U, T) where it is of use; `usable` (U, T) where outcome and treatment are known; `change` (U, T) of the
    treatment from its first value; `first` (U,) the period of the first switch, T if there is none; `base` (U,) code of
    the first treatment; `sign` (U,) 1 in, −1 out, 0 none; `cohort` (U,) code of first treatment, date and size of
    switch; `undated` units whose switch has no known date.
    """

    outcome: Array
    usable: Flags
    change: Array
    first: Codes
    base: Codes
    sign: Array
    cohort: Codes
    undated: int

    def of(self, switchers: str) -> Flags:
        """Flags (U,) of the units whose first switch is studied."""
        return np.asarray((self.sign > 0) & (switchers != "out") | (self.sign < 0) & (switchers != "in"))

    @cached_property
    def cell(self) -> Codes:
        """Codes (U, T) of first treatment and period."""
        periods = self.outcome.shape[1]
        return np.asarray(self.base[:, None] * periods + np.arange(periods))


def _paths(panel: TreatmentPanel) -> _Paths:
    treatment, outcome = panel.treatment.copy(), panel.outcome.copy()
    units, periods = treatment.shape
    every, when = np.arange(units), np.arange(periods)
    known = ~np.isnan(treatment)
    start = known.argmax(axis=1)
    base = treatment[every, start]
    both = np.logical_or.accumulate(known & (treatment > base[:, None]), axis=1)
    both &= np.logical_or.accumulate(known & (treatment < base[:, None]), axis=1)
    treatment[both], outcome[both], known = np.nan, np.nan, known & ~both
    switched = known & (treatment != base[:, None])
    first = np.where(switched.any(axis=1), switched.argmax(axis=1), periods)
    before = known & (when < first[:, None])
    last = periods - 1 - before[:, ::-1].argmax(axis=1)
    undated = (first < periods) & (last < first - 1)
    first = np.where(undated, periods, first)
    outcome[(when < start[:, None]) | ((first == periods)[:, None] & (when > last[:, None]))] = np.nan
    outcome[~known.any(axis=1)] = np.nan
    switches = first < periods
    after = treatment[every, np.minimum(first, periods - 1)]
    filled = np.where(when < first[:, None], base[:, None], after[:, None])
    between = (when > start[:, None]) & ((when < last[:, None]) | (switches[:, None] & (when > first[:, None])))
    treatment = np.where(np.isnan(treatment) & between, filled, treatment)
    levels = np.stack([base, first, np.where(switches, after, np.inf)])
    return _Paths(
        outcome=outcome,
        usable=~np.isnan(outcome) & ~np.isnan(treatment),
        change=treatment - base[:, None],
        first=first,
        base=np.unique(base, return_inverse=True)[1].reshape(-1),
        sign=np.where(switches, np.sign(after - base), 0.0),
        cohort=np.unique(levels, axis=1, return_inverse=True)[1].reshape(-1),
        undated=int(undated.sum()),
    )


def _comparison(paths: _Paths, wanted: Flags, horizon: int) -> Comparison:
    """The comparison of a horizon; a placebo stands in the cells of the effect as long, where it is known."""
    length = horizon + 1 if horizon >= 0 else -1 - horizon
    when = np.arange(paths.outcome.shape[1])
    change = difference(paths.outcome, 0, length)
    usable = paths.usable & ~np.isnan(change)
    late, early = (0, length) if horizon >= 0 else (2 * length, length)
    found = change if horizon >= 0 else difference(paths.outcome, late, early)
    cell = paths.cell
    size = int(cell.max()) + 1
    control = usable & (when < paths.first[:, None])
    matched = np.bincount(cell[control], minlength=size)[cell] > 0
    switch = usable & wanted[:, None] & (when == paths.first[:, None] - 1 + length) & matched
    control &= ~np.isnan(found)
    others = np.bincount(cell[control], minlength=size)
    switch &= ~np.isnan(found) & (others[cell] > 0)
    signed = np.where(switch, paths.sign[:, None], 0.0)
    control &= np.bincount(cell[switch], minlength=size)[cell] > 0
    total = np.bincount(cell[switch], signed[switch], minlength=size)
    weight = signed - np.where(control, total[cell] / np.maximum(others[cell], 1), 0.0)
    weight /= max(int(switch.sum()), 1)
    used = np.flatnonzero(switch | control)
    return Comparison(
        used,
        len(when),
        found.ravel()[used],
        late,
        early,
        switch.ravel()[used],
        weight.ravel()[used],
        cell.ravel()[used],
    )


def _check_made(paths: _Paths, wanted: Flags, horizons: Codes, made: list[Comparison]) -> None:
    """Raise NoSwitches, NoControls or ShortPanel where a horizon has no comparison."""
    units, periods = paths.outcome.shape
    if not wanted.any():
        raise NoSwitches(
            f"none of {units:,} units in {periods} periods has such a first switch ({paths.undated:,} switch after a "
            "missing treatment); take switchers='both', more periods, or a treatment that changes"
        )
    compared = {int(at): one.treated > 0 for at, one in zip(horizons, made, strict=True)}
    if not compared[0]:
        raise NoControls(
            f"none of {int(wanted.sum()):,} first switches has outcomes on both sides of it and a unit of the same "
            "first treatment that has not switched by then; widen the sample, or add units that never switch"
        )
    if missing := [at for at, found in compared.items() if not found]:
        effects = next(at for at in range(len(compared) + 1) if not compared.get(at, False))
        placebos = next(at for at in range(len(compared) + 1) if not compared.get(-2 - at, False))
        raise ShortPanel(
            f"no first switch has a comparison at horizon {missing[0]}; effects={effects} and placebos={placebos} "
            "are the most that have one"
        )


def _doses(paths: _Paths, one: Comparison, horizon: int, longest: int) -> Array:
    """Mean distance (longest,) of the treatment from the first one, of the cells averaged, from theirs back to F."""
    length = horizon + 1 if horizon >= 0 else -1 - horizon
    unit, when = np.divmod(one.place[one.switch], one.periods)
    so_far = np.abs(np.stack([paths.change[unit, when - back] for back in range(length)]))
    return np.pad(np.nan_to_num(so_far).mean(axis=1), (0, longest - length))


def _total(made: list[Comparison], exposure: Array, horizons: Codes) -> Array:
    """Weights (k,) of effects in the average total effect: switches over the treatment of all."""
    count = np.array([one.treated for one in made]) * (horizons >= 0)
    return np.asarray(count / float(count @ exposure))


def _weights(made: list[Comparison], shape: tuple[int, int]) -> Weights:
    units, periods = shape
    columns: Array = np.zeros((len(made), units * periods))
    for column, one in zip(columns, made, strict=True):
        # A cell's difference reaches back within its unit.
        for back, sign in ((one.late, 1), (one.early, -1)):
            column[one.place - back] += sign * one.weight
    kept = np.flatnonzero(columns.any(axis=0))
    return Weights(np.ascontiguousarray(columns[:, kept].T), unit=kept // periods, units=units)


def _details(paths: _Paths, wanted: Flags, made: list[Comparison], horizons: Codes) -> dict[str, float]:
    after = [one for one, at in zip(made, horizons, strict=True) if at >= 0]
    return {
        "units that switch": float(wanted.sum()),
        "switches without a known date": float(paths.undated),
        "observations": float(len(number(np.concatenate([one.place for one in after]))[0])),
        "effects averaged": float(sum(one.treated for one in after)),
    }


def _notes(alone: str, cluster: str | None) -> tuple[str, ...]:
    where = "centred with its controls" if alone == "pooled" else "left out of the variance"
    counted = "units" if cluster is None else cluster
    return (f"variance centred within cohorts counted by {counted}, one alone {where}",)
