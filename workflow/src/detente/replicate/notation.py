"""A number as a table prints it: its digits, its sign, a bound such as "< 0.001", and stars."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
WHOLE = re.compile(r"[+-]?\d+\.?")
# As tables write them: minus signs, marks between thousands.
MINUS = str.maketrans(dict.fromkeys("\N{MINUS SIGN}\N{EN DASH}\N{FIGURE DASH}\N{HYPHEN}\N{NON-BREAKING HYPHEN}", "-"))
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}([,\u00a0\u202f\u2009 ]\d{3})+(\.\d*)?")
WRITTEN = re.compile(
    r"(?:p\s*)?(?P<bound>[<>=≤≥]?)\s*(?P<number>.+?)\s*(?P<percent>%?)\s*(?P<stars>\*{1,4}|[†‡+]{1,2}|\^[a-z])?"
)
INTERVAL = re.compile(r"[\[(]?\s*(?P<low>[^,;\[\]()]+?)\s*(?:,|;|to|\s-\s)\s*(?P<high>[^,;\[\]()]+?)\s*[\])]?")
Bound = Literal["", "<", ">"]


@dataclass(frozen=True)
class Printed:
    """What a printed text says: a `number` in Python's digits, what it bounds, and the stars behind it."""

    number: str
    bound: Bound = ""
    stars: str = ""

    @property
    def whole(self) -> bool:
        """Whether it was printed without decimals."""
        return WHOLE.fullmatch(self.number) is not None

    @property
    def value(self) -> Decimal:
        """The number."""
        return Decimal(self.number)

    @property
    def unit(self) -> Decimal:
        """One step of its last digit."""
        return unit(self.number)


def unit(number: str) -> Decimal:
    """Value of one step of the last printed digit: 0.0001 of "-.1260", 1e-11 of "1.76e-09", 1 of "20990".

    Raises ValueError if the text is no finite number.
    """
    try:
        exponent = Decimal(number).as_tuple().exponent
    except InvalidOperation as error:
        raise ValueError(f"{number!r} is no number") from error
    if not isinstance(exponent, int):
        raise ValueError(f"{number!r} is no finite number")
    return Decimal(1).scaleb(min(exponent, 0) if "e" not in number.lower() else exponent)


@cache
def printed(text: str) -> Printed:
    """What a text as printed says: "-.1260", "−.13", "39,996", "12.5 %", "(0.12)", "0.31***", "p < 0.001".

    Raises ValueError if it is none of these.
    """
    plain = text.strip().translate(MINUS)
    if re.fullmatch(r"\([^()]*\)|\[[^\[\]]*\]", plain):
        plain = plain[1:-1].strip()
    found = WRITTEN.fullmatch(plain)
    number = found["number"] if found else ""
    if THOUSANDS.fullmatch(number):
        number = re.sub(r"[^\d.+-]", "", number)
    if found is None or not NUMBER.fullmatch(number):
        raise ValueError(f'{text!r} is no printed number, such as "-.1260", "1.76e-09", "39,996", "< 0.001" or 20990')
    if found["percent"]:
        number = f"{Decimal(number).scaleb(-2):f}"
    unit(number)
    bounds: Mapping[str, Bound] = {"<": "<", "≤": "<", ">": ">", "≥": ">"}
    return Printed(number, bounds.get(found["bound"], ""), found["stars"] or "")


def digits(value: object) -> object:
    """A printed number as text, for a field of a file: a float has lost the digits that it was printed to.

    Raises ValueError as `printed`.
    """
    if isinstance(value, float):
        raise ValueError(f'{value!r}: put a printed number in quotes, so that its digits are kept (such as "-.1260")')
    if isinstance(value, bool) or value is None:
        raise ValueError(f"{value!r} is no number")
    printed(str(value))
    return str(value)


def with_ends(numbers: Any) -> Any:
    """Printed numbers of a term, with an `interval` such as "[-0.12, 0.34]" as its two ends."""
    if not isinstance(numbers, Mapping) or "interval" not in numbers:
        return numbers
    found = INTERVAL.fullmatch(str(numbers["interval"]).strip().translate(MINUS))
    if found is None:
        raise ValueError(f'{numbers["interval"]!r} is no interval, such as "[-0.12, 0.34]" or "-0.12 to 0.34"')
    rest = {name: value for name, value in numbers.items() if name != "interval"}
    return {**rest, "conf_low": found["low"], "conf_high": found["high"]}
