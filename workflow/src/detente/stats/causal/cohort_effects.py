"""Effects by cohort and period of treatments that stay, and their averages.

Callaway and Sant'Anna (2021, "Difference-in-differences with multiple time periods", Journal of Econometrics 225).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from detente.base.errors import NoControls, ShortPanel, UnknownOption, choices
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.cohort_groups import Compared, cohort_groups
from detente.stats.causal.effects import EventStudy, Weights
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.causal.timing import cohorts
from detente.stats.causal.twfe import usable, without_always_treated
from detente.stats.causal.two_periods import METHODS, TwoPeriods, two_periods

CONTROLS = ("never", "not yet")
BASES = ("varying", "universal")
AVERAGES = ("dynamic", "simple", "group", "calendar", "none")


@dataclass(frozen=True)
class Staggered:
    """What is compared with what.

    `controls`: units "never" treated, or those and the ones "not yet" treated in either period. `method` "dr" doubly
    robust, "reg" outcome regression, "ipw" inverse probability weighting: they differ where there are `covariates`, by
    name, of the earlier of the two periods. `base` period of placebos: "varying", the one before, or "universal", the
    last before the switch, which effects from the switch on are compared with in either case. `anticipation` periods
    before the switch in which units may act on it. `before` and `after`: horizons of averages by period since the
    switch, None for all.
    """

    controls: str = "never"
    method: str = "dr"
    covariates: tuple[str, ...] = ()
    base: str = "varying"
    anticipation: int = 0
    before: int | None = None
    after: int | None = None

    def __post_init__(self) -> None:
        """Raise UnknownOption for a value that is not legal."""
        for name, legal in (("controls", CONTROLS), ("method", METHODS), ("base", BASES)):
            value = getattr(self, name)
            if value not in legal:
                raise UnknownOption(f"{name}={value!r} is not known; {choices(value, legal)}")
        for name in ("anticipation", "before", "after"):
            number = getattr(self, name)
            if not (number is None and name != "anticipation") and (not isinstance(number, int) or number < 0):
                raise UnknownOption(f"{name}={number!r}: it is a whole number from 0 on")


@dataclass(frozen=True)
class GroupTime:
    """Effects of K pairs of a cohort and a period: places of these among the panel's periods, and of the `base` one.

    `estimate` (K,); `controls` (K,) their number; `compared` who is compared with whom.
    """

    cohort: Codes
    period: Codes
    base: Codes
    estimate: Array
    controls: Codes
    compared: Compared = field(repr=False)
    panel: TreatmentPanel = field(repr=False)
    options: Staggered
    notes: tuple[str, ...] = ()

    @cached_property
    def influence(self) -> Array:
        """What each unit adds to the error of each effect, (K, U)."""
        return self.compared.influence(np.eye(len(self.estimate)), self.period, self.base)

    @cached_property
    def weights(self) -> Array:
        """Weights of the change of each unit since the base period in each effect, (K, U)."""
        return np.asarray(self.compared.weights[:, self.compared.group])

    @cached_property
    def treated(self) -> Flags:
        """Whether each unit is of those whose effect it is, (K, U)."""
        return np.asarray(self.compared.treated[:, self.compared.group])

    @property
    def size(self) -> Array:
        """Treated units of each effect, (K,)."""
        return self.compared.size

    @property
    def horizon(self) -> Codes:
        """Periods since the switch, (K,)."""
        return self.period - self.cohort

    def study(self, average: str = "dynamic") -> EventStudy:
        """Averages by periods since the switch, "dynamic", or one of those that the paper names.

        "simple" over all treated cells; "group" over cohorts of their means over periods; "calendar" over periods of
        their means over cohorts; "none" leaves each cohort and period its own. Weights are numbers of treated units,
        whose part in the variance counts (their corollary 2). Raises UnknownOption for another word; ShortPanel for
        horizons that there are none of.
        """
        if average not in AVERAGES:
            raise UnknownOption(f"average={average!r} is not known; {choices(average, AVERAGES)}")
        after = self.horizon >= 0
        if average != "none" and not after.any():
            raise NoControls("no effect from the switch on has a control that is untreated then: take more units")
        if average == "none":
            count = len(self.estimate)
            return self._study(np.eye(count), np.zeros((count, self.compared.weights.shape[1])), self.horizon)
        if average == "dynamic":
            horizon = self._horizons()
            share, moved = zip(*(self._shared(self.horizon == h) for h in horizon), strict=True)
            return self._study(np.stack(share), np.stack(moved), horizon)
        by = {"simple": self._shared, "group": self._by_group, "calendar": self._by_calendar}[average]
        one, added = by(after)
        return self._study(one[None, :], added[None, :], np.zeros(1, dtype=np.int64))

    def table(self, vcov: str | None = None) -> pd.DataFrame:
        """One row per cohort and period, as `EventStudy.table`, with columns cohort and period before them."""
        found = self.study("none").table(vcov)
        found.insert(0, "cohort", self.panel.periods[self.cohort])
        found.insert(1, "period", self.panel.periods[self.period])
        return found

    def _horizons(self) -> Codes:
        there = np.unique(self.horizon)
        low = there[0] if self.options.before is None else -self.options.before
        high = there[-1] if self.options.after is None else self.options.after
        if low < there[0] or high > there[-1]:
            raise ShortPanel(
                f"horizons {low} to {high} are asked for; there are {there[0]} to {there[-1]}: take fewer, or more "
                "periods"
            )
        return there[(there >= low) & (there <= high)]

    def _shared(self, chosen: Flags) -> tuple[Array, Array]:
        """Weights (K,) by treated units, and what a unit of each group (G,) adds by being one of them."""
        size = self.size * chosen
        share = size / size.sum()
        mean = float(share @ self.estimate)
        return share, (self.estimate[chosen] - mean) @ self.compared.treated[chosen] / size.sum()

    def _by_group(self, after: Flags) -> tuple[Array, Array]:
        groups, treated = np.unique(self.cohort[after]), self.compared.treated
        within = np.array([(after & (self.cohort == g)) / (after & (self.cohort == g)).sum() for g in groups])
        member = np.stack([treated[after & (self.cohort == g)].any(axis=0) for g in groups])
        means, size = within @ self.estimate, member @ np.bincount(self.compared.group)
        share = size / size.sum()
        return share @ within, (means - share @ means) @ member / size.sum()

    def _by_calendar(self, after: Flags) -> tuple[Array, Array]:
        each = [self._shared(after & (self.period == t)) for t in np.unique(self.period[after])]
        return np.mean([share for share, _ in each], axis=0), np.mean([moved for _, moved in each], axis=0)

    def _parts(self, share: Array) -> Array:
        """Shares (G, k) of a unit of each group in averages (k, K)."""
        treated = self.compared.treated
        return np.stack([(row[row != 0] / self.size[row != 0]) @ treated[row != 0] for row in share], axis=1)

    def _study(self, share: Array, moved: Array, horizon: Codes) -> EventStudy:
        """An event study of averages (k, K), with what units of groups add (k, G) by being counted in them."""
        panel, size, compared = self.panel, self.size, self.compared
        cells = compared.cells(share, self.period, self.base, len(panel.periods))
        rows = cells.any(axis=0)
        words = "" if not self.options.covariates else f", {self.options.method}"
        influence = compared.influence(share, self.period, self.base)
        influence += moved[:, compared.group]
        return EventStudy(
            design=f"Callaway and Sant'Anna, controls {self.options.controls} treated{words}",
            estimand="ATT",
            horizon=np.asarray(horizon),
            estimate=share @ self.estimate,
            influence=influence.T,
            share=self._parts(share)[compared.group],
            weights=Weights(cells[:, rows].T, unit=np.nonzero(rows)[1], units=cells.shape[2], like=compared.group),
            treated=np.array([int(size[row != 0].sum()) for row in share]),
            controls=np.array([int(self.controls[row != 0].sum()) for row in share]),
            panel=panel,
            notes=self.notes,
        )


def staggered(panel: TreatmentPanel, options: Staggered | None = None, average: str = "dynamic") -> EventStudy:
    """Averages of the effects by cohort and period, by default by periods since the switch; see `group_time`."""
    return group_time(panel, options).study(average)


def group_time(panel: TreatmentPanel, options: Staggered | None = None) -> GroupTime:
    """Effects by cohort and period (their theorem 1): each cohort's change since its last untreated period.

    A comparison takes the units whose outcomes, and covariates of the earlier period, are known in both periods. Units
    treated in all their periods are left out.

    Raises UnsuitableTreatment if the treatment ends; NoSwitches; NoControls if no effect has a control, or covariates
    that treated and controls share; UnknownVariable.
    """
    options = options or Staggered()
    start = cohorts(panel, "this design")
    cells, notes = without_always_treated(panel, usable(panel, ()))
    never = start == len(panel.periods)
    if options.controls == "never" and not cells[never].any():
        raise NoControls(
            f"no unit is never treated ({int(cells.any(axis=1).sum()):,} switch): write controls='not yet', or take "
            "more units"
        )
    made = _Made(panel, options, cells, start)
    for cohort in np.unique(start[cells.any(axis=1) & ~never]):
        for period in range(len(panel.periods)):
            made.add(int(cohort), period)
    return made.finished(notes)


class _Made:
    """Effects as they are made, one after another; with covariates every unit is a group of its own."""

    def __init__(self, panel: TreatmentPanel, options: Staggered, cells: Flags, start: Codes) -> None:
        self.panel, self.options = panel, options
        self.covariates = [panel.covariate(name) for name in options.covariates]
        self.units = None if self.covariates else cohort_groups(panel.outcome, cells, start)
        self.group = np.arange(panel.units) if self.units is None else self.units.group
        self.known = cells.T if self.units is None else self.units.known
        self.start = start if self.units is None else self.units.start
        self.count = np.ones(panel.units, dtype=np.int64) if self.units is None else self.units.size
        self.pairs: list[tuple[int, int, int, int]] = []
        self.estimates: list[float] = []
        most = (len(np.unique(start)) * len(panel.periods), len(self.start))
        # Of each unit what it adds to the error; of each group the mean that changes are less.
        self.added, self.weights, self.treated = np.zeros(most), np.zeros(most), np.zeros(most, dtype=bool)
        self.unsupported = 0

    def add(self, cohort: int, period: int) -> None:
        """The effect of a cohort in a period, unless it has no base period, no treated unit or no control."""
        last = cohort - 1 - self.options.anticipation
        base = last if period > last or self.options.base == "universal" else period - 1
        if base < 0 or base == period:
            return
        member, control = self._compared(cohort, period, base)
        if not member.any() or not control.any():
            return
        k = len(self.pairs)
        if self.units is not None:
            self.weights[k], self.added[k] = self.units.means(period, base, member, control)
            estimate = float(self.added[k][member][0] - self.added[k][control][0])
        else:
            inside = member | control
            made = self._conditional(period, base, inside, member[inside])
            if made is None:
                self.unsupported += 1
                return
            self.added[k, inside], self.weights[k, inside], estimate = made.influence, made.weights, made.estimate
        self.treated[k] = member
        self.pairs.append((cohort, period, base, int(self.count[control].sum())))
        self.estimates.append(estimate)

    def _conditional(self, period: int, base: int, inside: Flags, member: Flags) -> TwoPeriods | None:
        """The effect given covariates, of the units inside (U,)."""
        change = self.panel.outcome[inside, period] - self.panel.outcome[inside, base]
        x = np.array([c[inside, min(base, period)] for c in self.covariates]).T
        return two_periods(change, member, x, self.options.method)

    def _compared(self, cohort: int, period: int, base: int) -> tuple[Flags, Flags]:
        """Groups (G,) of the cohort, and their controls, that are known in both periods."""
        known = self.known[period] & self.known[base]
        for x in self.covariates:
            known = known & ~np.isnan(x[:, min(base, period)])
        periods = len(self.panel.periods)
        bound = periods - 1 if self.options.controls == "never" else max(period, base) + self.options.anticipation
        return known & (self.start == cohort), known & (self.start > bound) & (self.start != cohort)

    def finished(self, notes: tuple[str, ...]) -> GroupTime:
        k = len(self.pairs)
        if not k:
            reason = "covariates predict the treatment or repeat one another" if self.unsupported else "no controls"
            raise NoControls(
                f"no effect of {self.panel.names[1]!r} can be compared in {self._cells():,} cells: {reason}; "
                "take more units, fewer covariates, or controls='not yet'"
            )
        if self.unsupported:
            notes = (*notes, f"{self.unsupported:,} effects without common support in covariates are left out")
        size = (self.treated[:k] @ self.count).astype(np.float64)
        lone = int((size == 1).sum())
        if lone:
            said = f"{lone:,} of {k:,} effects have one treated unit, whose own error is not in the variance"
            notes = (*notes, said)
        compared = Compared(self.group, self.weights[:k], self.treated[:k], size, self.added[:k], self.units)
        cohort, period, base, controls = np.array(self.pairs).T
        estimates = np.array(self.estimates)
        return GroupTime(cohort, period, base, estimates, controls, compared, self.panel, self.options, notes)

    def _cells(self) -> int:
        return int((self.known @ self.count).sum())
