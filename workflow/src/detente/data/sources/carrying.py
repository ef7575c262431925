"""Sources whose last coded year stands for later ones, as nothing that they code is known to have changed since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from detente.data.sources.steps import yearly

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Carried:
    """`until`: last year for which the last coded one stands; `why` nothing has changed in between, in words."""

    until: int
    why: str

    def said(self, last: int) -> str:
        """What is said of values of which `last` is the last coded year."""
        return f"carried on from {last} to {self.until}"


def carried_rows(frame: pd.DataFrame, key: Sequence[str], last: int, until: int) -> tuple[pd.DataFrame, int]:
    """Rows of the year `last` again in every year up to `until`, sorted by `key`; and how many rows are added."""
    lasting = frame[frame["year"] == last]
    years = np.full(len(lasting), last + 1), np.full(len(lasting), until)
    more = yearly(lasting, *map(pd.Series, years)).astype(frame.dtypes.to_dict())
    whole = pd.concat([frame, more], ignore_index=True).sort_values(list(key), ignore_index=True)
    return whole, len(more)


def carried_spells(spells: pd.DataFrame, last: int, until: int) -> tuple[pd.DataFrame, int]:
    """Spells that end on the last day of the year `last`, lasting to that of `until`; and how many of them there are.

    `spells`: one row per spell, `end` as yyyymmdd.
    """
    lasting = spells["end"] == _last_day(last)
    return spells.assign(end=spells["end"].mask(lasting, _last_day(until))), int(lasting.sum())


def _last_day(year: int) -> int:
    return year * 10_000 + 1231
