"""Who can fight whom, when: spine, joins, variables, spells, onset at risk."""

from detente.panel.build import LEAD_IN, Panel, build_panel
from detente.panel.variables import catalogue

__all__ = ["LEAD_IN", "Panel", "build_panel", "catalogue"]
