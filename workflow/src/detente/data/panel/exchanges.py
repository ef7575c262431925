"""Exchanges of two states: what the United States give a partner, in dyads with them, and events of both together."""

import numpy as np

from detente.base.types import Array
from detente.data.panel.derived import Columns, Derived, Directed, declared, pairwise
from detente.data.panel.partners import UNITED_STATES
from detente.data.sources import BY_DYAD, BY_NETWORK, Variable, measure
from detente.data.sources.cooperation.us_missions import SOURCE as MISSIONS
from detente.data.sources.power.us_aid import SOURCE as AID


@pairwise("Share of cooperation in the events of both towards each other (ICEWS)", "share", assigned=BY_DYAD)
def icews_cooperation_both(
    icews_events_12: Array,
    icews_events_21: Array,
    icews_verbal_cooperation_12: Array,
    icews_verbal_cooperation_21: Array,
    icews_material_cooperation_12: Array,
    icews_material_cooperation_21: Array,
) -> Array:
    """Verbal and material cooperation over all events, both directions together; missing where there is no event."""
    verbal = icews_verbal_cooperation_12 + icews_verbal_cooperation_21
    material = icews_material_cooperation_12 + icews_material_cooperation_21
    events = icews_events_12 + icews_events_21
    return np.where(events > 0, (verbal + material) / np.where(events > 0, events, 1.0), np.nan)


def _named(v: Variable, suffix: str, words: str) -> Variable:
    assigned = BY_NETWORK if v.assigned else None
    return measure(f"{v.name}{suffix}", f"{v.label}, {words}", v.unit, assigned=assigned, codes=v.codes)


def _partner(v: Variable) -> Derived:
    """Of the partner, in dyads with the United States, whose code is the lower one of any; else missing."""

    def make(p: Columns) -> Array:
        return np.where(p["ccode1"] == UNITED_STATES, p[of], np.nan)

    of = f"{v.name}_2"
    return Derived(_named(v, "_dyad", "dyads with the United States"), (of,), make)


def _target(v: Variable) -> Directed:
    """Of the target, where the United States are the sender; else missing."""

    def make(p: Columns) -> Array:
        return np.where(p["ccode1"] == UNITED_STATES, p[of], np.nan)

    of = f"{v.name}_target"
    return Directed(_named(v, "_sent", "from the United States to the target"), (of,), make)


FROM_UNITED_STATES: tuple[Variable, ...] = tuple(v for v in (*AID.variables, *MISSIONS.variables) if v.assigned)
"""Of a state: what the United States give it, or have in it."""
with_united_states = tuple(map(_partner, FROM_UNITED_STATES))
sent_by_united_states = tuple(map(_target, FROM_UNITED_STATES))
EXCHANGES, SENT = declared(globals(), Derived), declared(globals(), Directed)
