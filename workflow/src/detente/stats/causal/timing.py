"""Periods since a treatment switches on or off, and until it does, in tables of units by periods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detente.base.errors import NoSwitches, UnsuitableTreatment
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.panel import TreatmentPanel

# No switch to count from: never treated, treated from the start, or untreated for good.
NEVER = -(10**6)


@dataclass(frozen=True)
class Clock:
    """Periods since the nearest switch of the cell's own spell.

    `horizon` (U, T): 0 in the switch's period, 1 in the next one, and so on until the treatment changes again; −1 in
    the last period before a switch, and back to the change before it. `switch` (U, T) the place of that switch among
    the periods. NEVER where no switch begins or ends the cell's spell.
    """

    horizon: Codes
    switch: Codes

    @property
    def known(self) -> Flags:
        """Cells (U, T) that have a switch to count from."""
        return np.asarray(self.horizon != NEVER)


def carried(treatment: Array) -> Array:
    """The treatment (U, T), what is missing filled with the last value before it; NaN before the first value."""
    place = np.where(np.isnan(treatment), -1, np.arange(treatment.shape[1]))
    last = np.maximum.accumulate(place, axis=1)
    return np.asarray(np.where(last < 0, np.nan, np.take_along_axis(treatment, np.maximum(last, 0), axis=1)))


def since_on(treatment: Array) -> Clock:
    """Periods since the treatment (U, T) switched on, or until it does; a gap keeps the value before it."""
    filled = carried(treatment)
    periods = filled.shape[1]
    on = np.zeros(filled.shape, dtype=bool)
    on[:, 1:] = (filled[:, 1:] == 1) & (filled[:, :-1] == 0)
    at = np.arange(periods)
    last = np.maximum.accumulate(np.where(on, at, -1), axis=1)
    upcoming = np.minimum.accumulate(np.where(on, at, periods)[:, ::-1], axis=1)[:, ::-1]
    switch = np.where(filled == 1, last, upcoming)
    known = ~np.isnan(filled) & (switch >= 0) & (switch < periods)
    return Clock(np.where(known, at - switch, NEVER), np.where(known, switch, NEVER))


def since_off(treatment: Array) -> Clock:
    """Periods since the treatment (U, T) ended, or until it does."""
    return since_on(1 - treatment)


def require_binary(panel: TreatmentPanel) -> None:
    """Raise UnsuitableTreatment if the treatment has values other than 0 and 1."""
    if not panel.binary:
        raise UnsuitableTreatment(
            f"{panel.names[1]!r} has values other than 0 and 1; this design is for switches: compare it with a bound"
        )


def require_absorbing(panel: TreatmentPanel, design: str) -> None:
    """Raise UnsuitableTreatment if the treatment ends in some unit."""
    require_binary(panel)
    filled = carried(panel.treatment)
    ends = (filled[:, :-1] == 1) & (filled[:, 1:] == 0)
    if ends.any():
        raise UnsuitableTreatment(
            f"{panel.names[1]!r} ends {int(ends.sum()):,} times in {int(ends.any(axis=1).sum()):,} units; {design} is "
            "for treatments that stay: study its first switch (treated from then on), or use imputation(), which "
            "takes treatments that end"
        )


def cohorts(panel: TreatmentPanel, design: str) -> Codes:
    """Place (U,) of the period from which each unit is treated: 0 from the start, the number of periods if never.

    Units treated when first observed have the place of that period. Raises UnsuitableTreatment if the treatment ends;
    NoSwitches if it is never switched on.
    """
    require_absorbing(panel, design)
    treated = carried(panel.treatment) == 1
    found = np.where(treated.any(axis=1), treated.argmax(axis=1), treated.shape[1])
    if not since_on(panel.treatment).horizon.max(initial=NEVER) >= 0:
        raise no_switches(panel, "on")
    return np.asarray(found)


def no_switches(panel: TreatmentPanel, direction: str) -> NoSwitches:
    """The error of a treatment that never switches in a direction, "on" or "off"."""
    treated, untreated = int((panel.treatment == 1).sum()), int((panel.treatment == 0).sum())
    return NoSwitches(
        f"{panel.names[1]!r} never switches {direction} within a unit: {treated:,} cells are treated and {untreated:,} "
        f"untreated in {panel.units:,} units; take more periods or units, or another treatment"
    )
