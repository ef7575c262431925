"""What a row of a panel is."""

from collections.abc import Mapping
from typing import Literal, get_args

Unit = Literal["dyad-year", "directed-dyad-year", "state-year"]
UNITS: tuple[Unit, ...] = get_args(Unit)
DYADS: Unit = "dyad-year"
UNIT_KEYS: Mapping[str, tuple[str, ...]] = {
    "dyad-year": ("ccode1", "ccode2", "year"),
    "directed-dyad-year": ("ccode1", "ccode2", "year"),
    "state-year": ("ccode", "year"),
}
"""Columns that name a row of a panel, by its unit."""
