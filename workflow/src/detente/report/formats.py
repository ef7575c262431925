"""How numbers are printed: one function a kind of number, the same in tables, figures and text."""

import datetime
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from detente.base.numerics import LEVEL

MINUS = "\u2212"
MISSING = "–"
PER = 1000
"""Risks and effects on risk are printed as onsets per this many dyad-years."""

_WORDS = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def decimal(value: float, digits: int = 2) -> str:
    """Return `value` with fixed `digits`, thousands separated, a true minus sign and no negative zero."""
    if not math.isfinite(value):
        return MISSING
    rounded = round(value, digits) + 0.0
    return f"{rounded:,.{digits}f}".replace("-", MINUS)


def count(value: float) -> str:
    """Return a whole number with its thousands separated."""
    return decimal(value, 0)


def spelled(value: float) -> str:
    """Return a whole number up to twelve as a word, a larger one in digits."""
    whole = int(value)
    return _WORDS[whole] if 0 <= whole < len(_WORDS) else count(value)


def plural(number: float, noun: str, show: Callable[[float], str] = count) -> str:
    """Return a number with its noun: "1 claim", "four estimators"."""
    return f"{show(number)} {noun}{'' if number == 1 else 's'}"


def per_thousand(risk: float) -> str:
    """Return a probability, or a difference of probabilities, as onsets per 1,000 dyad-years."""
    return decimal(PER * risk, 2)


def bound(risk: float) -> str:
    """Return an end of an interval per 1,000 dyad-years, or that nothing bounds it where it is infinite."""
    return per_thousand(risk) if math.isfinite(risk) else "no bound"


def percent(share: float, digits: int = 0) -> str:
    """Return a share as a percentage, sign included."""
    text = decimal(100 * share, digits)
    return text if text == MISSING else f"{text}%"


INTERVAL = f"{percent(LEVEL)} interval"


def between(low: float, high: float) -> str:
    """Return the ends of an interval of risks, or a dash if there is none."""
    return f"{per_thousand(low)} to {per_thousand(high)}" if math.isfinite(low + high) else MISSING


def ratio(value: float) -> str:
    """Return a ratio with two digits; one of a thousand and more in powers of ten."""
    return scientific(value) if math.isfinite(value) and abs(value) >= 1000 else decimal(value, 2)


def multiple(value: float) -> str:
    """Return a ratio with two significant digits and a multiplication sign, for a label: ×4.1, ×0.94, ×41."""
    if not math.isfinite(value):
        return MISSING
    return f"×{decimal(value, max(0, 1 - math.floor(math.log10(abs(value)))) if value else 0)}"


def coefficient(value: float) -> str:
    """Return a coefficient with three digits, or in powers of ten if that would print as zero."""
    return scientific(value) if 0 < abs(value) < 0.0005 else decimal(value, 3)


def scientific(value: float) -> str:
    """Return `value` as 1.2×10⁻⁵."""
    if not math.isfinite(value) or value == 0:
        return decimal(value, 0)
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.replace('-', MINUS)}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def p_value(p: float) -> str:
    """Return a p-value with three digits, never as zero."""
    return "<0.001" if p < 0.001 else decimal(p, 3)


def year(value: float) -> str:
    """Return a year, which has no thousands separated."""
    return str(int(value))


def day(date: datetime.date) -> str:
    """Return a date in words: "31 January 2026"."""
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def checksum(sha256: str) -> str:
    """Return the first twelve digits of a checksum."""
    return sha256[:12]


def megabytes(size: float) -> str:
    """Return a number of bytes in kB or MB, whichever reads better."""
    return f"{decimal(size / 1e6, 1)} MB" if size >= 1e6 else f"{decimal(size / 1e3, 1)} kB"


def duration(seconds: float) -> str:
    """Return seconds in words: "48 s", "3 min 20 s"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{max(rest, 1)} s"


Number = dict[str, Any]


def number(value: float, show: Callable[[float], str]) -> Number:
    """Return a number of the text: its value (None if there is none) and how it is printed."""
    value = float(value)
    return {"value": value if math.isfinite(value) else None, "text": show(value)}


def numbered(values: Mapping[str, Any], show: Callable[[float], str], names: Iterable[str] = ()) -> dict[str, Number]:
    """Return each of the values as a number, or those that have the names."""
    return {name: number(values[name], show) for name in names or values}
