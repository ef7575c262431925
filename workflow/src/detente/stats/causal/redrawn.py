"""Treatments that events with many participants assign, drawn again event by event."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detente.base.errors import NoDyads
from detente.base.types import Array, Codes
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.resampling.redraw import KadRedraw, Redraw

# A panel, its events made ready to be drawn, and units and periods of its cells with a treatment.
_Made = tuple[TreatmentPanel, Redraw, tuple[Codes, ...]]


@dataclass(frozen=True)
class Redrawn:
    """Participants of events re-randomised, so that an event's dyads switch together (Poast 2010).

    `events` as `detente.stats.kad_redraw` takes them: those that make the panel's treatment, with who could have taken
    part. Its `lag` counts from the event to the period of the treatment.
    """

    events: KadRedraw
    _made: dict[int, _Made] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The scheme in words."""
        return self.events.name

    def drawn(self, panel: TreatmentPanel, rng: np.random.Generator) -> Array:
        """A treatment (U, T), NaN where it is missing.

        Raises NoDyads if units are no dyads; UnsuitableEvents if the events do not make the panel's treatment.
        """
        if panel.sides is None:
            raise NoDyads("participants of events are re-randomised where units are dyads")
        if id(panel) not in self._made:
            unit, period = known = np.nonzero(~np.isnan(panel.treatment))
            rows = panel.sides[:, unit], panel.periods[period], panel.treatment[known]
            self._made[id(panel)] = panel, self.events.of_rows(*rows), known
        _, redraw, known = self._made[id(panel)]
        values = np.empty(len(known[0]))
        redraw.draw(rng, values)
        table = np.full(panel.treatment.shape, np.nan)
        table[known] = values
        return table
