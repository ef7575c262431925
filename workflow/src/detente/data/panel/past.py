"""What a dyad has been through: exercises and disputes, how its last crisis was handled, how fast power shifted.

The last years of a treatment that switches on and off are one whole number a row (Imai, Kim & Wang 2023).
"""

import numpy as np

from detente.base.errors import PanelError
from detente.base.types import Array, Codes, Flags
from detente.data.panel.derived import Columns, Spell, declared, follows, lookback
from detente.data.sources import BY_DYAD

AFTERMATH_YEARS = 5
SHIFT_YEARS = 5
YEARS, MOST_YEARS = 5, 20
UNKNOWN = -1
PART = 10_000


def history(columns: Columns, variable: str, years: int = YEARS) -> Codes:
    """Code the `years` years before each row, the latest in the lowest bit and the oldest in the highest, (N,).

    00110, on three years ago and two years ago, is 6. A row is −1 where one of those years is missing or has no row:
    the dyad was not yet in the system, or its membership has a gap.

    `columns`: `ccode1`, `ccode2`, `year` and `variable` (0, 1 or missing), each (N,), sorted by key. Raises
    PanelError if the variable takes other values, keys are not sorted, or `years` is not from 1 to 20.
    """
    if not 1 <= years <= MOST_YEARS:
        raise PanelError(f"a history has 1 to {MOST_YEARS} years; asked for {years}")
    value = np.asarray(columns[variable], dtype=np.float64)
    on = value == 1
    known = on | (value == 0)
    if len(strange := value[~known & ~np.isnan(value)]):
        raise PanelError(f"the history of {variable!r} is one of on and off, 1 and 0; found {strange[0]:g}")
    code = np.zeros(len(value), dtype=np.int32)
    bits = on.astype(np.int32)
    for lag in range(1, years + 1):
        code[lag:] |= bits[:-lag] << (lag - 1)
    code[_unbroken(columns, known) < years] = UNKNOWN
    return code.astype(np.int64)


def _unbroken(columns: Columns, known: Flags) -> Codes:
    """How many years in a row, up to the year before, the dyad has rows whose value is known, (N,)."""
    one, other, year = (np.asarray(columns[c], dtype=np.int64) for c in ("ccode1", "ccode2", "year"))
    step = np.diff((one * PART + other) * PART + year)
    if (step <= 0).any():
        raise PanelError("a history needs rows sorted by ccode1, ccode2, year, each key once")
    broken = np.ones(len(known), dtype=bool)
    broken[1:] = (step != 1) | ~known[:-1]
    row = np.arange(len(known))
    return row - np.maximum.accumulate(np.where(broken, row, 0))


@lookback(
    f"Joint exercise in each of the {YEARS} years before: one bit a year, the latest in the lowest",
    f"code 0–{2**YEARS - 1}",
    "description",
)
def exercise_history(ccode1: Codes, ccode2: Codes, year: Codes, exercise_any: Array) -> Array:
    """The last years of exercises; missing where unknown."""
    columns = {"ccode1": ccode1, "ccode2": ccode2, "year": year, "exercise_any": exercise_any}
    code = history(columns, "exercise_any")
    return np.where(code == UNKNOWN, np.nan, code)


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
