"""How large a panel is, known before anything is joined."""

from dataclasses import dataclass

import numpy as np

from detente.base.memory import CELL, GIB, check_memory, memory
from detente.base.units import Unit
from detente.data.panel.spine import Spine

# Measured at their peaks, all sources, with 598 columns: 91,291 dyad-years (437 MB of cells) took 1,193 MB, 202,853
# (970 MB) 1,762 MB, which is 727 MB and 1.07 times the cells; 136 MB of it were taken when this is asked.
BESIDE = 6 * GIB // 10
"""Bytes that tidy sources and the past of all dyads take beside a panel."""
IN_MEMORY = 1.1
"""How many times its cells a panel takes while it is built."""
WAY = "ask for fewer --variables, sources (--add) or --years"


@dataclass(frozen=True)
class Size:
    """Rows of a unit, and columns, those of the key among them."""

    rows: int
    columns: int
    unit: Unit

    @property
    def bytes(self) -> int:
        """Bytes of all cells."""
        return self.rows * self.columns * CELL

    def check(self, times: float = IN_MEMORY, way: str = WAY) -> None:
        """Raise TooLarge if so many times the cells are more than the memory that is free."""
        work = f"a panel of {self.rows:,} {self.unit}s and {self.columns:,} columns"
        check_memory(int(self.bytes * times) + BESIDE, work, way, memory())


def size_of(spine: Spine, unit: Unit, columns: int) -> Size:
    """Size of the panel of a spine with so many columns."""
    pairs = int(np.count_nonzero(spine.together))
    rows = {"dyad-year": pairs, "directed-dyad-year": 2 * pairs, "state-year": int(np.count_nonzero(spine.present))}
    return Size(rows[unit], columns, unit)
