"""The last years of a treatment that switches on and off, as one whole number a row (Imai, Kim & Wang 2023)."""

import numpy as np
import numpy.typing as npt

from detente.base.errors import PanelError
from detente.base.types import Array
from detente.data.panel.derived import Columns, Spell, declared, lookback

YEARS, MOST_YEARS = 5, 20
UNKNOWN = -1
PART = 10_000
Histories = npt.NDArray[np.int64]


def history(
    columns: Columns, variable: str, years: int = YEARS, *, pair: tuple[str, str] = ("ccode1", "ccode2")
) -> Histories:
    """Code the `years` years before each row, the latest in the lowest bit and the oldest in the highest, (N,).

    00110, on three years ago and two years ago, is 6. A row is −1 where one of those years is missing or has no row:
    the dyad was not yet in the system, or its membership has a gap.

    `columns`: the two parts of `pair`, `year` and `variable` (0, 1 or missing), each (N,), sorted by key. Raises
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
    code[_unbroken(columns, pair, known) < years] = UNKNOWN
    return code.astype(np.int64)


def _unbroken(columns: Columns, pair: tuple[str, str], known: npt.NDArray[np.bool_]) -> Histories:
    """How many years in a row, up to the year before, the dyad has rows whose value is known, (N,)."""
    one, other, year = (np.asarray(columns[c], dtype=np.int64) for c in (*pair, "year"))
    step = np.diff((one * PART + other) * PART + year)
    if (step <= 0).any():
        raise PanelError(f"a history needs rows sorted by {pair[0]}, {pair[1]}, year, each key once")
    broken = np.ones(len(known), dtype=bool)
    broken[1:] = (step != 1) | ~known[:-1]
    row = np.arange(len(known))
    return row - np.maximum.accumulate(np.where(broken, row, 0))


def text(codes: Histories, years: int = YEARS) -> npt.NDArray[np.str_]:
    """Histories as on/off strings, oldest year first ("00110"); "" where unknown."""
    names = np.array([*(f"{code:0{years}b}" for code in range(2**years)), ""])
    return names[codes]


@lookback(
    f"Joint exercise in each of the {YEARS} years before: one bit a year, the latest in the lowest",
    f"code 0–{2**YEARS - 1}",
    "description",
)
def exercise_history(ccode1: Histories, ccode2: Histories, year: Histories, exercise_any: Array) -> Array:
    """The last years of exercises; missing where unknown."""
    columns = {"ccode1": ccode1, "ccode2": ccode2, "year": year, "exercise_any": exercise_any}
    code = history(columns, "exercise_any")
    return np.where(code == UNKNOWN, np.nan, code)


HISTORIES = declared(globals(), Spell)
