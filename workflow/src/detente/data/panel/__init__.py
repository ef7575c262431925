"""Panels of pairs of states and of states: who can fight whom, when, and every variable, declared as a function.

`build` makes one from the names of sources, `build_panel` from tidy frames that are at hand; `catalogue` says what a
panel of some sources offers, `panel_size` how large it would be. `with_lags`, `kept` and `with_names` add other years,
choose rows and name states. Nothing here knows of claims, models or studies.
"""

from detente.data.panel.build import (
    LEAD_IN,
    Built,
    build,
    build_panel,
    chosen,
    panel_size,
    state_list,
    wanted,
    whole_attrition,
)
from detente.data.panel.catalogue import (
    OF_STATES,
    STATES,
    UNITS,
    Entry,
    Panel,
    Unit,
    catalogue,
    codebook,
    contrasts,
    described,
    expansions,
    panel_schema,
)
from detente.data.panel.named import key_labels, with_names
from detente.data.panel.outcomes import CODINGS, DURATIONS, GRID
from detente.data.panel.partners import pairs
from detente.data.panel.shape import Shift, around, condition_names, kept, narrowed, shifts, with_lags
from detente.data.panel.size import WAY, Size, size_of

__all__ = [
    "CODINGS",
    "DURATIONS",
    "GRID",
    "LEAD_IN",
    "OF_STATES",
    "STATES",
    "UNITS",
    "WAY",
    "Built",
    "Entry",
    "Panel",
    "Shift",
    "Size",
    "Unit",
    "around",
    "build",
    "build_panel",
    "catalogue",
    "chosen",
    "codebook",
    "condition_names",
    "contrasts",
    "described",
    "expansions",
    "kept",
    "key_labels",
    "narrowed",
    "pairs",
    "panel_schema",
    "panel_size",
    "shifts",
    "size_of",
    "state_list",
    "wanted",
    "whole_attrition",
    "with_lags",
    "with_names",
]
