"""What a dyad has been through: disputes ever, how its last crisis was handled, how fast power shifted between it."""

import numpy as np
import numpy.typing as npt

from detente.base.types import Array
from detente.data.panel.derived import Spell, declared, follows, lookback
from detente.data.sources import BY_DYAD

AFTERMATH_YEARS = 5
SHIFT_YEARS = 5
Codes = npt.NDArray[np.int64]


@lookback("Dispute in this or any earlier year (GML 2.2.1)", role="description")
def disputed_ever(ccode1: Codes, ccode2: Codes, ongoing_gml: Array) -> Array:
    """Whether a dispute was under way this year or in any year before since disputes are coded."""
    fought = np.cumsum(ongoing_gml == 1)
    first = _first_row(ccode1, ccode2)
    before = np.where(first > 0, fought[np.maximum(first - 1, 0)], 0)
    return np.where(np.isnan(ongoing_gml), np.nan, fought > before)


@lookback(
    "Last crisis of this year and the five before was mediated (1) or not (0), dyads that had one (ICB 13)",
    role="treatment",
    assigned=BY_DYAD,
)
def crisis_mediated(ccode1: Codes, ccode2: Codes, year: Codes, ongoing_icb: Array, mediated_icb: Array) -> Array:
    """Whether the dyad's last crisis, of this year or the five before, was mediated; missing if it had none."""
    row = np.arange(len(year))
    last = np.maximum.accumulate(np.where(ongoing_icb == 1, row, -1))
    at = np.maximum(last, 0)
    recent = (last >= _first_row(ccode1, ccode2)) & (year - year[at] <= AFTERMATH_YEARS)
    return np.where(recent & ~np.isnan(ongoing_icb), mediated_icb[at], np.nan)


@lookback("Change in the balance of capabilities over five years", "share")
def capability_shift(ccode1: Codes, ccode2: Codes, year: Codes, cinc_1: Array, cinc_2: Array) -> Array:
    """By how much a state's share of the two states' capabilities has changed in five years, either way."""
    both = cinc_1 + cinc_2
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(both > 0, cinc_1 / both, np.nan)
    shift = np.full(len(share), np.nan)
    shift[SHIFT_YEARS:] = np.abs(share[SHIFT_YEARS:] - share[:-SHIFT_YEARS])
    return np.where(follows(ccode1, ccode2, year, SHIFT_YEARS), shift, np.nan)


def _first_row(ccode1: Codes, ccode2: Codes) -> Codes:
    """Number of the first row of the same dyad, (N,)."""
    fresh = np.ones(len(ccode1), dtype=bool)
    fresh[1:] = (ccode1[1:] != ccode1[:-1]) | (ccode2[1:] != ccode2[:-1])
    return np.maximum.accumulate(np.where(fresh, np.arange(len(fresh)), 0)).astype(np.int64)


PAST = declared(globals(), Spell)
