"""Who can fight whom, when: spine, joins, variables, spells, onset at risk."""

from detente.lags import lag
from detente.panel.build import LEAD_IN, Panel, build_panel
from detente.panel.catalogue import STATES, UNITS, Entry, Unit, catalogue
from detente.panel.codebook import codebook, described
from detente.panel.schema import panel_schema
from detente.panel.tool import Built, build, chosen

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
    "lag",
    "panel_schema",
]
