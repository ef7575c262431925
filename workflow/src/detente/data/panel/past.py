"""What a dyad has been through: disputes ever, how its last crisis was handled, how fast power shifted between it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detente.base.types import Array
from detente.data.panel.derived import Columns, Spell
from detente.data.sources import Variable

AFTERMATH_YEARS = 5
SHIFT_YEARS = 5


def disputed_ever(p: Columns) -> Array:
    """Whether a dispute was under way this year or in any year before since disputes are coded; rows sorted by key."""
    fought = np.cumsum(p["ongoing_gml"] == 1)
    first = _first_row(p)
    before = np.where(first > 0, fought[np.maximum(first - 1, 0)], 0)
    return np.where(np.isnan(p["ongoing_gml"]), np.nan, fought > before)


def crisis_mediated(p: Columns) -> Array:
    """Whether the dyad's last crisis, of this year or the five before, was mediated; missing if it had none."""
    row = np.arange(len(p["year"]))
    last = np.maximum.accumulate(np.where(p["ongoing_icb"] == 1, row, -1))
    at = np.maximum(last, 0)
    recent = (last >= _first_row(p)) & (p["year"] - p["year"][at] <= AFTERMATH_YEARS)
    return np.where(recent & ~np.isnan(p["ongoing_icb"]), p["mediated_icb"][at], np.nan)


def capability_shift(p: Columns) -> Array:
    """By how much a state's share of the two states' capabilities has changed in five years, either way."""
    both = p["cinc_1"] + p["cinc_2"]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(both > 0, p["cinc_1"] / both, np.nan)
    shift = np.full(len(share), np.nan)
    same = np.zeros(len(share), dtype=bool)
    later, earlier = slice(SHIFT_YEARS, None), slice(None, -SHIFT_YEARS)
    same[later] = np.logical_and.reduce(
        [p["ccode1"][later] == p["ccode1"][earlier], p["ccode2"][later] == p["ccode2"][earlier]]
    ) & (p["year"][later] - p["year"][earlier] == SHIFT_YEARS)
    shift[later] = np.abs(share[later] - share[earlier])
    return np.where(same, shift, np.nan)


def _first_row(p: Columns) -> npt.NDArray[np.int64]:
    """Number of the first row of the same dyad, (N,)."""
    fresh = np.ones(len(p["year"]), dtype=bool)
    fresh[1:] = (p["ccode1"][1:] != p["ccode1"][:-1]) | (p["ccode2"][1:] != p["ccode2"][:-1])
    return np.maximum.accumulate(np.where(fresh, np.arange(len(fresh)), 0)).astype(np.int64)


PAST: tuple[Spell, ...] = (
    Spell(
        Variable("disputed_ever", "Dispute in this or any earlier year (GML 2.2.1)", "0/1", "measure", "description"),
        ("ongoing_gml",),
        disputed_ever,
    ),
    Spell(
        Variable(
            "crisis_mediated",
            "Last crisis of this year and the five before was mediated (1) or not (0), dyads that had one (ICB 13)",
            "0/1",
            "measure",
            "treatment",
        ),
        ("ongoing_icb", "mediated_icb"),
        crisis_mediated,
    ),
    Spell(
        Variable(
            "capability_shift", "Change in the balance of capabilities over five years", "share", "measure", "control"
        ),
        ("cinc_1", "cinc_2"),
        capability_shift,
    ),
)
