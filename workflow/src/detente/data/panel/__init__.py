"""Who can fight whom, when: spine, joins, variables, spells, onset at risk."""

from detente.data.panel.build import LEAD_IN, Panel, build_panel
from detente.data.panel.catalogue import STATES, UNITS, Entry, Unit, catalogue
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
    "described",
    "panel_schema",
]
