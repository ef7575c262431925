"""Matched sets: cells of the same period and treatment history, of which some switch and others do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np

from detente.base.errors import NoControls, ShortPanel, UnknownOption, choices
from detente.base.numbering import number
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.panel import TreatmentPanel, lagged
from detente.stats.causal.timing import no_switches, require_binary

Estimand = Literal["ATT", "ART", "ATC", "ATE"]
ESTIMANDS = ("ATT", "ART", "ATC", "ATE")
OUTCOMES = ("common", "each")
# Differences are from the period before the switch.
BASE = -1
# Histories are codes to the base of three: treated, not treated, missing.
LONGEST = 30


@dataclass(frozen=True)
class Window:
    """What cells of one matched set share, and which periods they need.

    `history` periods before the switch in which treatment is the same; `leads` last period after it with an effect.
    `placebo` whether there are effects before the switch, in the periods of the history. `outcomes` that cells must
    have: "common", those of all effects, so that all are of the same sets, as in PanelMatch 3.1.1; "each", for an
    effect its own and that of the base period, so that each is of all the sets that have it. `delay` periods after
    which treatment works: outcomes of as many of the first ones of the history follow from treatment before it, and are
    no placebos. `match_missing` whether a
    missing treatment matches a missing one; else histories have none. `forbid_reversal` whether cells keep their
    treatment through all leads. `steady` periods before the switch without treatment, or with it for switches off.
    `exact` covariates that are the same in all periods of the history and in that of the switch. `events` a covariate
    that numbers the event, such as an exercise, that assigns treatment to a cell, missing where there is none: cells of
    the event that a focal cell is of are no controls of it.
    """

    history: int = 4
    leads: int = 0
    placebo: bool = False
    match_missing: bool = True
    forbid_reversal: bool = False
    steady: int = 1
    exact: tuple[str, ...] = ()
    events: str | None = None
    outcomes: str = "common"
    delay: int = 0

    def __post_init__(self) -> None:
        """Raise UnknownOption if a number of periods is not possible, or a word is not known."""
        if self.outcomes not in OUTCOMES:
            raise UnknownOption(f"outcomes={self.outcomes!r} is not known; {choices(self.outcomes, OUTCOMES)}")
        if not 1 <= self.history <= LONGEST:
            raise UnknownOption(f"history={self.history}: treatment is matched over 1 to {LONGEST} periods")
        if self.leads < 0:
            raise UnknownOption(
                f"leads={self.leads}: effects are from the switch on; for those before set placebo=True"
            )
        if not 1 <= self.steady <= self.history:
            raise UnknownOption(f"steady={self.steady} is not between 1 and the history of {self.history} periods")
        if self.delay < 0:
            raise UnknownOption(f"delay={self.delay}: it is a whole number of periods from 0 on")
        if self.placebo and self.history < 2 + self.delay:
            raise UnknownOption(
                f"placebo effects need a history of {2 + self.delay} periods or more: the last one is the base"
            )

    @property
    def horizons(self) -> Codes:
        """Periods since the switch of the effects: placebos, without the base at -1, then the switch and its leads."""
        before = range(self.delay - self.history, BASE) if self.placebo else range(0)
        return np.array([*before, *range(self.leads + 1)], dtype=np.int64)

    @property
    def together(self) -> list[tuple[int, ...]]:
        """Horizons whose effects are of the same sets."""
        every = tuple(map(int, self.horizons))
        return [every] if self.outcomes == "common" else [(horizon,) for horizon in every]


@dataclass(frozen=True)
class Sets:
    """m focal cells, each with the C controls of its group: the cells of its period and history that do the other.

    Focal cells are those that the effect is of: switches, or for ATC cells that stay without treatment. `unit`,
    `period` places (m,) of focal cells in the panel, `group` (m,) theirs among G; `control` (C,) units that group g has
    from `start[g]` to `start[g + 1]`, in `year` (G,). `sign` −1 if controls are the treated ones. `attrition` (reason,
    focal cells left out), in order.
    """

    estimand: str
    unit: Codes
    period: Codes
    group: Codes
    control: Codes
    start: Codes
    year: Codes
    sign: int
    attrition: tuple[tuple[str, int], ...] = field(default=())

    @cached_property
    def size(self) -> Codes:
        """Controls of each group, (G,)."""
        return np.diff(self.start)

    @cached_property
    def of_control(self) -> Codes:
        """Group of each control, (C,)."""
        return np.repeat(np.arange(len(self.year)), self.size)

    @cached_property
    def focal(self) -> Codes:
        """Focal cells in each group, (G,)."""
        return np.bincount(self.group, minlength=len(self.year)).astype(np.int64)

    @cached_property
    def when(self) -> Codes:
        """Period of each control, (C,)."""
        return self.year[self.of_control]

    def place(self, span: int) -> Codes:
        """Places (C,) of controls among cells of a panel of `span` periods: one for a cell in several sets."""
        return np.asarray(self.control * span + self.when)

    def at_controls(self, values: Array, shift: int = 0) -> Array:
        """Values (U, T) of controls (C,), `shift` periods after that of the switch; NaN beyond the panel's ends."""
        return _at(values, self.control, self.when + shift)

    def at_focal(self, values: Array, shift: int = 0) -> Array:
        """The same of focal cells, (m,)."""
        return _at(values, self.unit, self.period + shift)


def _at(values: Array, unit: Codes, period: Codes) -> Array:
    # Of places in one row, as two indices take twice as long.
    span = values.shape[1]
    found: Array = values.ravel().take(unit * span + period, mode="clip")
    if not 0 <= period.min(initial=0) <= period.max(initial=0) < span:
        found[(period < 0) | (period >= span)] = np.nan
    return found


def find_sets(
    panel: TreatmentPanel, estimand: str, window: Window, present: Flags | None = None
) -> Iterator[tuple[tuple[int, ...], Sets]]:
    """Matched sets of one estimand, ATT, ART or ATC (Imai, Kim and Wang 2023, equation 6), in time linear in cells.

    They come with the horizons of the effects that they are for: cells have their outcomes, and that of the base
    period. `present` (U, T) where there is what a refinement needs, everywhere if None.

    Raises ShortPanel if the panel has fewer periods than the window; NoSwitches if no cell is focal; NoControls if none
    has a control, with what was lost on the way; UnsuitableTreatment if it has values other than 0 and 1;
    UnknownVariable for a covariate that the panel has not.
    """
    span = panel.outcome.shape[1]
    needed = window.history + window.leads + 1
    if needed > span:
        raise ShortPanel(
            f"a history of {window.history} periods, the switch and {window.leads} leads need {needed} periods, and "
            f"the panel has {span}: shorten history or leads"
        )
    require_binary(panel)
    treatment = 1 - panel.treatment if estimand == "ART" else panel.treatment
    candidates = _candidates(panel, treatment, estimand, window)
    candidates.alone("no other unit of the same history does the other")
    for horizons in window.together:
        cells = replace(candidates, lost=[*candidates.lost])
        for reason, held in _needs(panel, treatment, window, horizons):
            cells.keep(reason, held.ravel()[cells.place])
            cells.alone(f"all others: {reason}")
        for name in window.exact:
            cells.same(panel.covariate(name), window.history)
            cells.alone(f"no other unit of the same {name}")
        if present is not None:
            cells.keep("covariates missing", present.ravel()[cells.place])
            cells.alone("all others: covariates missing")
        sets = cells.grouped(estimand)
        if window.events is not None:
            sets = _of_other_events(sets, panel.covariate(window.events), window.events)
        yield horizons, sets


@dataclass
class _Cells:
    """Cells that may be in a set: `place` (N,) in the panel of `span` periods, whether `focal`, `key` (N,) of a set."""

    place: Codes
    focal: Flags
    key: Codes
    span: int
    lost: list[tuple[str, int]]

    def keep(self, reason: str, ok: Flags) -> None:
        """Leave out cells (N,) that are not `ok`."""
        self.lost.append((reason, int((self.focal & ~ok).sum())))
        self.place, self.focal, self.key = self.place[ok], self.focal[ok], self.key[ok]

    def alone(self, reason: str) -> None:
        """Leave out cells whose set has no focal cell, or no control; NoControls if none is left."""
        _, code = number(self.key)
        sets = int(code.max()) + 1 if len(code) else 0
        both = (np.bincount(code[self.focal], minlength=sets) > 0) & (
            np.bincount(code[~self.focal], minlength=sets) > 0
        )
        self.keep(reason, both[code])
        if not len(self.place):
            said = "; ".join(f"{count:,} ({why})" for why, count in self.lost if count)
            raise NoControls(
                f"no switch is left with a unit to compare it with. Switches left out: {said}. A shorter history, "
                "fewer leads or fewer conditions leave more"
            )

    def same(self, values: Array, history: int) -> None:
        """Let cells share a set only where values (U, T) are the same in the period and its history, none missing."""
        distinct, code = np.unique(values, return_inverse=True)
        code = code.reshape(-1).astype(np.int64)
        known = ~np.isnan(values).ravel()
        ok = np.ones(len(self.place), dtype=bool)
        for back in range(history + 1):
            ok &= known[self.place - back]
            self.key = number(self.key)[1] * len(distinct) + code[self.place - back]
        self.keep("a value to match exactly on is missing", ok)

    def grouped(self, estimand: str) -> Sets:
        """The sets, in order of their keys, cells in order of units."""
        _, code = number(self.key)
        order = np.argsort(code, kind="stable")
        place, focal, code = self.place[order], self.focal[order], code[order]
        unit, period = place // self.span, place % self.span
        first = np.flatnonzero(np.diff(code, prepend=-1))
        start = np.r_[0, np.cumsum(np.bincount(code[~focal], minlength=len(first)))]
        return Sets(
            estimand=estimand,
            unit=unit[focal],
            period=period[focal],
            group=code[focal],
            control=unit[~focal],
            start=start.astype(np.int64),
            year=period[first],
            sign=-1 if estimand == "ATC" else 1,
            attrition=tuple((why, count) for why, count in self.lost if count),
        )


def _candidates(panel: TreatmentPanel, treatment: Array, estimand: str, window: Window) -> _Cells:
    """Cells without treatment the period before, their history in the panel, keyed by period and history."""
    before = lagged(treatment, 1)
    switches = (before == 0) & (treatment == 1)
    focal = (before == 0) & (treatment == 0) if estimand == "ATC" else switches
    if not switches.any():
        raise no_switches(panel, "off" if estimand == "ART" else "on")
    state = np.where(np.isnan(treatment), 2, treatment).astype(np.int64)
    inside = np.arange(state.shape[1]) >= window.history
    key = np.zeros(state.shape, dtype=np.int64)
    whole = np.ones(state.shape, dtype=bool)
    for back in range(1, window.history + 1):
        key[:, back:] += state[:, :-back] * 3 ** (back - 1)
        whole[:, back:] &= state[:, :-back] != 2
    key = key * state.shape[1] + np.arange(state.shape[1])
    place = np.flatnonzero((before == 0) & (state != 2) & inside)
    early = int((focal & ~inside).sum())
    cells = _Cells(place, focal.ravel()[place], key.ravel()[place], state.shape[1], [])
    cells.lost.append((f"in the first {window.history} periods of the panel", early))
    if not window.match_missing:
        cells.keep("treatment missing in the history", whole.ravel()[place])
    steady = np.ones(state.shape, dtype=bool)
    for back in range(2, window.steady + 1):
        steady &= lagged(treatment, back) == 0
    if window.steady > 1:
        cells.keep(f"not {window.steady} periods in the state before the switch", steady.ravel()[cells.place])
    return cells


def _needs(panel: TreatmentPanel, treatment: Array, window: Window, horizons: Iterable[int]) -> list[tuple[str, Flags]]:
    """What cells (U, T) must have besides for effects at horizons, with the reason that those without are left out."""
    known = (~np.isnan(panel.outcome)).astype(np.float64)
    at = sorted({BASE, *map(int, horizons)})
    whole = np.logical_and.reduce([lagged(known, -horizon) == 1 for horizon in at])
    run = at[-1] - at[0] == len(at) - 1
    said = f"from {at[0]} to {at[-1]:+d}" if run else f"at {at[0]} and {at[-1]:+d}"
    needs = [(f"outcomes not known {said}", np.asarray(whole))]
    if window.forbid_reversal:
        kept = np.ones(known.shape, dtype=bool)
        for ahead in range(1, at[-1] + 1):
            kept &= lagged(treatment, -ahead) == treatment
        needs.append(("treatment changes within the leads", kept))
    return needs


def _of_other_events(sets: Sets, events: Array, name: str) -> Sets:
    """Sets whose controls are of another event than the focal cell: one set for each event that is on both sides."""
    codes = np.unique(events[~np.isnan(events)], return_inverse=True)[1]
    table = np.full(events.shape, -1.0)
    table[~np.isnan(events)] = codes
    own, others = sets.at_focal(table).astype(np.int64), sets.at_controls(table).astype(np.int64)
    span = int(table.max()) + 2
    of_controls = (sets.of_control * span + others)[others >= 0]
    clash = (own >= 0) & np.isin(sets.group * span + own, of_controls)
    keys, code = np.unique((sets.group * span + own)[clash], return_inverse=True)
    group = sets.group.copy()
    group[clash] = len(sets.year) + code
    parts = [sets.control]
    for key in keys:
        g, event = divmod(int(key), span)
        inside = slice(sets.start[g], sets.start[g + 1])
        parts.append(sets.control[inside][others[inside] != event])
    start = np.r_[sets.start, sets.start[-1] + np.cumsum([len(part) for part in parts[1:]], dtype=np.int64)]
    year = np.r_[sets.year, sets.year[keys // span]]
    return _whole(replace(sets, group=group, control=np.concatenate(parts), start=start, year=year), name)


def _whole(sets: Sets, name: str) -> Sets:
    """The sets that have focal cells and controls; NoControls if there is none."""
    whole = (sets.size > 0) & (sets.focal > 0)
    kept = whole[sets.group]
    if not kept.any():
        raise NoControls(
            f"all controls are of the event, by {name!r}, of their switch: there is no other to compare with"
        )
    renumbered = np.cumsum(whole) - 1
    lost = ((f"no control of another event by {name}", int((~kept).sum())),) if not kept.all() else ()
    return replace(
        sets,
        unit=sets.unit[kept],
        period=sets.period[kept],
        group=renumbered[sets.group[kept]].astype(np.int64),
        control=sets.control[whole[sets.of_control]],
        start=np.r_[0, np.cumsum(sets.size[whole])].astype(np.int64),
        year=sets.year[whole],
        attrition=(*sets.attrition, *lost),
    )
