"""Panels of pairs of states and of states: who can fight whom, when, and every variable, declared as a function.

`build` makes one from the names of sources, `build_panel` from tidy frames that are at hand; `catalogue` says what a
panel of some sources offers. Nothing here knows of claims, models or studies.
"""

from detente.data.panel.build import LEAD_IN, Panel, build_panel
from detente.data.panel.catalogue import STATES, UNITS, Entry, Unit, catalogue, contrasts
from detente.data.panel.codebook import codebook, described
from detente.data.panel.schema import panel_schema
from detente.data.panel.tool import Built, build, chosen

__all__ = [
    "LEAD_IN",
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
    "panel_schema",
]
