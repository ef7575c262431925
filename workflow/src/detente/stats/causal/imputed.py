"""Counterfactuals imputed from untreated cells: effects of treatments that switch on, end, and switch on again.

Borusyak, Jaravel and Spiess (2024, "Revisiting event-study designs", Review of Economic Studies 91); Liu, Wang and Xu
(2024, "A practical guide to counterfactual estimators", American Journal of Political Science 68).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from detente.base.errors import NoControls, ShortPanel, UnknownOption, choices
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.counterfactual import Beyond, Counterfactual, counterfactual
from detente.stats.causal.effects import EventStudy, Weights
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.causal.timing import NEVER, Clock, no_switches, require_binary, since_off, since_on
from detente.stats.causal.twoway import TwoWay

SWITCHES = ("on", "off")
PLACEBOS = ("held out", "fitted", "regression")
AVERAGES = ("cohort", "horizon")


@dataclass(frozen=True)
class Imputed:
    """What is imputed.

    `switch` that time is counted from: "on", or "off" (carry-over: what remains after the treatment has ended).
    `before` and `after` the switch, periods: effects at horizons −before to `after`, None for as many as there are.
    `static`: one effect of all treated cells instead, those treated from the start among them. `covariates` by name.
    `untreated` cells at a horizon (before a switch on, after a switch off) are compared with a fit that leaves them
    all out ("held out": Liu, Wang and Xu's placebo and carry-over tests), with the fit that they are part of
    ("fitted": their default plot), or have dummies in it ("regression": Borusyak, Jaravel and Spiess, test 1).
    `washout` periods after a treatment ended that no counterfactual is fitted on. `fewest` untreated periods that a
    unit is fitted from, at least one more than factors. `averages` that stand in for each cell's own effect in the
    variance: of the cells of a switch in one period, "cohort", or of all at a horizon, "horizon", which is the more
    conservative. `factors` beside the fixed effects (interactive fixed effects), or a `penalty` on the nuclear norm of
    what is beside them (matrix completion), over units × periods, as fect's lambda.
    """

    switch: str = "on"
    before: int = 0
    after: int | None = None
    static: bool = False
    covariates: tuple[str, ...] = ()
    untreated: str = "held out"
    washout: int = 0
    fewest: int = 1
    averages: str = "cohort"
    factors: int = 0
    penalty: float | None = None

    def __post_init__(self) -> None:
        """Raise UnknownOption for a value that is not legal."""
        for name, legal in (("switch", SWITCHES), ("untreated", PLACEBOS), ("averages", AVERAGES)):
            value = getattr(self, name)
            if value not in legal:
                raise UnknownOption(f"{name}={value!r} is not known; {choices(value, legal)}")
        for name, least in (("before", 0), ("after", 0), ("washout", 0), ("fewest", 1), ("factors", 0)):
            number = getattr(self, name)
            if not (number is None and name == "after") and (not isinstance(number, int) or number < least):
                raise UnknownOption(f"{name}={number!r}: it is a whole number from {least} on")
        if self.penalty is not None and (not self.penalty > 0 or self.factors):
            raise UnknownOption(f"penalty={self.penalty!r}: it is a number above 0, and stands in the place of factors")
        if self.untreated == "regression" and (self.factors or self.penalty is not None):
            raise UnknownOption("untreated='regression' is for fixed effects alone: write 'held out' or 'fitted'")
        if self.static and (self.before or self.after is not None or self.switch == "off"):
            raise UnknownOption("static=True is one effect of all treated cells: before, after, switch='off' are not")


@dataclass(frozen=True)
class _Cells:
    """Cells (U, T): `usable` with all values, `fit` untreated ones, `clock` their time; horizons are `wanted`."""

    usable: Flags
    fit: Flags
    clock: Clock
    wanted: Codes
    panel: TreatmentPanel
    options: Imputed

    def at(self, horizon: int) -> Flags:
        if self.options.static:
            return np.asarray(self.usable & (self.panel.treatment == 1))
        return np.asarray(self.usable & (self.clock.horizon == horizon))

    def untreated(self, horizon: int) -> bool:
        """Whether cells at a horizon are untreated."""
        return (horizon >= 0) == (self.options.switch == "off")

    @cached_property
    def cohort(self) -> Codes:
        """Codes (U, T) of switch and period; cells without a switch are one cohort."""
        periods = len(self.panel.periods)
        switch = np.where(self.clock.switch == NEVER, 0, self.clock.switch + 1)
        return np.asarray(switch * periods + np.arange(periods))

    @property
    def held(self) -> Flags:
        """Untreated cells at horizons that are wanted."""
        ends = [h for h in self.wanted if self.untreated(int(h)) and not self.options.static]
        return np.isin(self.clock.horizon, ends)


@dataclass(frozen=True)
class _Effect:
    """An effect: the estimate, weights (U, T) of outcomes, what each unit adds (U,), its cells (U, T)."""

    estimate: float
    weights: Array
    added: Array
    cells: Flags


def imputation(panel: TreatmentPanel, options: Imputed | None = None) -> EventStudy:
    """Mean difference of outcomes from what fixed effects of unit and period, fitted on untreated cells, predict.

    The variance is Borusyak, Jaravel and Spiess's conservative one (2024, section 4.3): cell (i, t) adds its weight
    v_it times its residual in the fit, or times its effect less the average effect of its cohort and horizon. Cells
    whose counterfactual the fit does not determine, as those of units never untreated, are left out and counted.

    Raises NoSwitches; NoControls if nothing is untreated, or no counterfactual is determined; ShortPanel if no cell is
    at a horizon that was asked for; RankDeficient if covariates are fixed in units or periods; UnknownVariable.
    """
    options = options or Imputed()
    cells = _cells(panel, options)
    whole = _fitted(cells, cells.fit)
    other = whole
    held = cells.held & cells.fit
    if options.untreated == "held out" and held.any():
        other = _fitted(cells, cells.fit & ~held)
    effects: list[_Effect] = []
    horizons: list[int] = []
    regression = _regression(cells) if options.untreated == "regression" and held.any() else {}
    for horizon in map(int, cells.wanted):
        made = whole if options.static or not cells.untreated(horizon) else other
        effect = regression.get(horizon) or _effect(cells, made, horizon)
        if effect is not None:
            effects.append(effect)
            horizons.append(horizon)
    _require(cells, horizons, whole)
    return _study(cells, whole, horizons, effects)


def _cells(panel: TreatmentPanel, options: Imputed) -> _Cells:
    require_binary(panel)
    covariates = [panel.covariate(name) for name in options.covariates]
    usable = ~np.isnan(panel.outcome) & ~np.isnan(panel.treatment)
    for x in covariates:
        usable &= ~np.isnan(x)
    clock = (since_on if options.switch == "on" else since_off)(panel.treatment)
    if not (usable & (panel.treatment == 1)).any() or not (options.static or clock.known.any()):
        raise no_switches(panel, options.switch)
    ended = since_off(panel.treatment).horizon
    fit = usable & (panel.treatment == 0) & ~((ended >= 0) & (ended < options.washout))
    if not fit.any():
        raise NoControls(
            f"no cell is untreated with outcome and covariates known: {int(usable.sum()):,} cells are treated; "
            "imputation is fitted on untreated cells: take more units or periods, or a shorter washout"
        )
    fit &= (fit.sum(axis=1) >= max(options.fewest, options.factors + 1))[:, None]
    return _Cells(usable, fit, clock, _wanted(clock, usable, options), panel, options)


def _wanted(clock: Clock, usable: Flags, options: Imputed) -> Codes:
    if options.static:
        return np.zeros(1, dtype=np.int64)
    there = clock.horizon[usable & clock.known]
    if not len(there):
        return np.empty(0, dtype=np.int64)
    last = int(there.max()) if options.after is None else options.after
    if -options.before < there.min() or last > there.max():
        raise ShortPanel(
            f"horizons {-options.before} to {last} are asked for; known cells are {-int(there.min())} periods before "
            f"to {int(there.max())} after a switch {options.switch}: take fewer, or more periods"
        )
    return np.arange(-options.before, last + 1)


def _fitted(cells: _Cells, fit: Flags) -> Counterfactual:
    names, options = cells.options.covariates, cells.options
    if not fit.any():
        raise NoControls(
            f"no untreated cell remains once those at horizons {-options.before} to {options.after} are held out: ask "
            "for fewer, or write untreated='fitted'"
        )
    two = TwoWay(fit, [cells.panel.covariate(name) for name in names], names)
    two.check_covariates()
    return counterfactual(two, cells.panel.outcome, Beyond(options.factors, options.penalty))


def _effect(cells: _Cells, made: Counterfactual, horizon: int) -> _Effect | None:
    """The mean difference from the counterfactual at a horizon; None if it has no cell."""
    target = cells.at(horizon) & made.reached
    count = int(target.sum())
    if not count:
        return None
    learnt, own = made.learnt(target / count), np.where(target, made.difference, 0.0)
    outside = target & ~made.fit
    if outside.any():
        own[outside] -= _averages(cells, outside, made.difference)
    added = own.sum(axis=1) / count - learnt.units
    return _Effect(float(made.difference[target].mean()), target / count - learnt.weights, added, target)


def _averages(cells: _Cells, target: Flags, difference: Array) -> Array:
    """Mean difference of the cohort that each cell of the target is in, or of them all."""
    values = difference[target]
    if cells.options.averages == "horizon":
        return np.full(len(values), values.mean())
    place = _joined(cells.cohort[target])
    return np.asarray((np.bincount(place, values) / np.bincount(place))[place])


def _joined(cohort: Codes) -> Codes:
    """Numbers of cohorts, those of one cell taken together, and with the largest other one if they are one cell."""
    _, place, size = np.unique(cohort, return_inverse=True, return_counts=True)
    place = np.where(size[place] == 1, len(size), place)
    if int((size == 1).sum()) == 1 and len(size) > 1:
        place[place == len(size)] = size.argmax()
    return np.unique(place, return_inverse=True)[1]


def _regression(cells: _Cells) -> dict[int, _Effect]:
    """Coefficients of dummies for untreated cells by horizon, beside the fixed effects (test 1, equation 10)."""
    wanted = [int(h) for h in cells.wanted if cells.untreated(int(h))]
    place = np.full(cells.clock.horizon.shape, -1)
    for i, horizon in enumerate(wanted):
        place[cells.fit & (cells.clock.horizon == horizon)] = i
    names = cells.options.covariates
    two = TwoWay(cells.fit, [cells.panel.covariate(n) for n in names], names, place, len(wanted))
    first = len(cells.panel.periods)
    if not two.determined[first : first + len(wanted)].all():
        raise NoControls(
            "dummies of periods before a switch depend on the fixed effects: no unit is untreated without one of them; "
            "ask for fewer, or write untreated='held out'"
        )
    found = two.fit(cells.panel.outcome)
    residual = np.where(cells.fit, cells.panel.outcome - two.values(found), 0.0)
    made = two.solve(np.zeros((len(cells.fit), len(wanted))), np.eye(two.size)[:, first : first + len(wanted)])
    effects = {}
    for i, horizon in enumerate(wanted):
        weights = two.fitted(made, i)
        effects[horizon] = _Effect(
            float(found.other[first + i, 0]), weights, (weights * residual).sum(axis=1), place == i
        )
    return effects


def _require(cells: _Cells, horizons: list[int], whole: Counterfactual) -> None:
    """Raise NoControls if no effect has a counterfactual; ShortPanel if one that was asked for has none."""
    asked = set(map(int, cells.wanted))
    if cells.options.after is None:
        asked = {h for h in asked if h < 0}
    if not any(h >= 0 for h in horizons):
        treated = int((cells.usable & (cells.panel.treatment == 1)).sum())
        raise NoControls(
            f"no counterfactual is determined for {treated:,} treated cells: their units are never untreated, or their "
            f"periods have no untreated unit ({int(whole.fit.sum()):,} cells are fitted); take more units or periods"
        )
    if lacking := sorted(asked - set(horizons)):
        raise ShortPanel(
            f"no cell at horizon {lacking[0]} has a counterfactual; there are effects at {horizons[0]} to "
            f"{horizons[-1]}: ask for these"
        )


def _study(cells: _Cells, whole: Counterfactual, horizons: list[int], effects: list[_Effect]) -> EventStudy:
    panel, options = cells.panel, cells.options
    rows = cells.usable & (whole.fit | np.any([e.cells for e in effects], axis=0))
    unit = np.nonzero(rows)[0]
    left = np.stack([e.weights[rows] for e in effects], axis=1)
    count = np.array([int(e.cells.sum()) for e in effects])
    treated = cells.usable & (panel.treatment == 1)
    gone = treated & ~whole.reached
    details, notes = _overall(cells, whole, treated & ~gone), []
    if gone.any():
        units = int(gone.any(axis=1).sum())
        notes.append(f"{int(gone.sum()):,} treated cells of {units:,} units without a counterfactual are left out")
    if (alone := _alone(cells, effects)) and options.averages == "cohort":
        notes.append(
            f"{alone:,} treated cells alone in their cohort and horizon are compared with one another in the variance; "
            "averages='horizon' compares all cells at a horizon, and is the more conservative"
        )
    names = {"on": "ATT", "off": "ATT until and after the treatment ends"}
    return EventStudy(
        design=f"imputation, {whole.words}",
        estimand=names[options.switch],
        horizon=np.array(horizons),
        estimate=np.array([e.estimate for e in effects]),
        influence=np.stack([e.added for e in effects], axis=1),
        share=np.stack([e.cells.sum(axis=1) for e in effects], axis=1) / count,
        weights=Weights(left, unit=unit, units=panel.units) if whole.linear else None,
        treated=count,
        controls=np.full(len(horizons), int(whole.fit.sum())),
        panel=panel,
        details=details,
        notes=tuple(notes),
    )


def _alone(cells: _Cells, effects: list[_Effect]) -> int:
    """Cells outside the fit that no other cell shares cohort and horizon with."""
    outside = [cells.cohort[effect.cells & ~cells.fit] for effect in effects]
    return sum(int((np.unique(codes, return_counts=True)[1] == 1).sum()) for codes in outside)


def _overall(cells: _Cells, whole: Counterfactual, treated: Flags) -> dict[str, float]:
    """Mean effects over treated cells and over units, standard deviation of the fit's residuals, slopes."""
    effect = np.where(treated, cells.panel.outcome - whole.values, 0.0)
    count = treated.sum(axis=1)
    by_unit = effect.sum(axis=1)[count > 0] / count[count > 0]
    return {
        "att": float(effect.sum() / max(treated.sum(), 1)),
        "att_by_unit": float(by_unit.mean()) if len(by_unit) else float("nan"),
        "sigma": whole.sigma,
        **{f"slope of {name}": float(b) for name, b in zip(cells.options.covariates, whole.slopes, strict=True)},
    }
