"""Panels of the variables that a method names, with the years before and after that it reaches to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from detente.base.errors import ConfigError, choices
from detente.base.units import Unit
from detente.data.panel import STATES, build_panel, catalogue
from detente.data.sources import REGISTRY
from detente.study.config.claims import CLAIMS


def needs(variables: Iterable[str], unit: Unit = "dyad-year") -> list[str]:
    """Sources that variables are made from; raises ConfigError naming a variable that no panel of the unit has."""
    found, entries = {STATES}, catalogue(list(REGISTRY.values()), unit)
    for name in variables:
        if name not in entries:
            legal = choices(name, entries)
            raise ConfigError(f"{CLAIMS} › described: no panel of {unit}s has {name!r}; {legal}")
        found |= set(entries[name].sources)
    return sorted(found)


def panel_with(
    tidy: Mapping[str, pd.DataFrame],
    variables: Iterable[str],
    window: tuple[int, int],
    around: tuple[int, int],
    unit: Unit = "dyad-year",
) -> pd.DataFrame:
    """Rows of the window and of `around` years before and after, sorted by key; `in_window` says which are which.

    Raises ConfigError as `needs` and `build_panel` do.
    """
    names = list(dict.fromkeys(variables))
    of = set(needs(names, unit))
    modules = [REGISTRY[slug] for slug in REGISTRY if slug in of]
    return build_panel(tidy, modules, window, unit=unit, lead_in=around, variables=names).frame
