"""Panels of pairs of states and of states: who can fight whom, when, and every variable, declared as a function.

`build` makes one from the names of sources, `build_panel` from tidy frames that are at hand; `catalogue` says what a
panel of some sources offers, `panel_size` how large it would be. `with_lags`, `with_spells`, `kept` and
`with_identifiers` add other years, count years since an event, choose rows and name states. Nothing here knows of
claims, models or studies.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.data.panel.building import (
        EVERYTHING,
        LEAD_IN,
        Built,
        build,
        build_panel,
        chosen,
        panel_size,
        source_named,
        state_list,
        wanted,
        whole_attrition,
    )
    from detente.data.panel.kadic import FAR_KM, NEAR_KM, great_circle_km
    from detente.data.panel.named import Identifier, check_identifiers, key_labels, with_identifiers, with_names
    from detente.data.panel.offering import (
        EXPRESSED,
        OF_STATES,
        STATES,
        Entry,
        Panel,
        catalogue,
        codebook,
        contrasts,
        described,
        expansions,
        panel_schema,
        with_parts,
    )
    from detente.data.panel.outcomes import CODINGS, DURATIONS, GRID, follows, peace_years
    from detente.data.panel.partners import EXERCISES, pairs
    from detente.data.panel.shape import (
        Shift,
        around,
        condition_names,
        kept,
        narrowed,
        shifts,
        spell_of,
        with_expressed,
        with_lags,
        with_spells,
    )
    from detente.data.panel.size import WAY, Size, size_of
    from detente.data.panel.span import check_window

__all__ = [
    "CODINGS",
    "DURATIONS",
    "EVERYTHING",
    "EXERCISES",
    "EXPRESSED",
    "FAR_KM",
    "GRID",
    "LEAD_IN",
    "NEAR_KM",
    "OF_STATES",
    "STATES",
    "WAY",
    "Built",
    "Entry",
    "Identifier",
    "Panel",
    "Shift",
    "Size",
    "around",
    "build",
    "build_panel",
    "catalogue",
    "check_identifiers",
    "check_window",
    "chosen",
    "codebook",
    "condition_names",
    "contrasts",
    "described",
    "expansions",
    "follows",
    "great_circle_km",
    "kept",
    "key_labels",
    "narrowed",
    "pairs",
    "panel_schema",
    "panel_size",
    "peace_years",
    "shifts",
    "size_of",
    "source_named",
    "spell_of",
    "state_list",
    "wanted",
    "whole_attrition",
    "with_expressed",
    "with_identifiers",
    "with_lags",
    "with_names",
    "with_parts",
    "with_spells",
]
__getattr__, __dir__ = on_demand(__name__)
