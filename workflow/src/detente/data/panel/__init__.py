"""Panels of pairs of states and of states: who can fight whom, when, and every variable, declared as a function.

`build` makes one from the names of sources, `build_panel` from tidy frames that are at hand; `catalogue` says what a
panel of some sources offers. Nothing here knows of claims, models or studies.
"""

from detente.data.panel.build import LEAD_IN, Built, build, build_panel, chosen, whole_attrition
from detente.data.panel.catalogue import (
    MAJOR,
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
from detente.data.panel.outcomes import CODINGS, DURATIONS, GRID
from detente.data.panel.partners import pairs

__all__ = [
    "CODINGS",
    "DURATIONS",
    "GRID",
    "LEAD_IN",
    "MAJOR",
    "STATES",
    "UNITS",
    "Built",
    "Entry",
    "Panel",
    "Unit",
    "build",
    "build_panel",
    "catalogue",
    "chosen",
    "codebook",
    "contrasts",
    "described",
    "expansions",
    "pairs",
    "panel_schema",
    "whole_attrition",
]
