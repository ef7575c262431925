"""What a row of a panel is."""

from typing import Literal, get_args

Unit = Literal["dyad-year", "directed-dyad-year", "state-year"]
UNITS: tuple[Unit, ...] = get_args(Unit)
DYADS: Unit = "dyad-year"
