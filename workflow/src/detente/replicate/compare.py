"""A printed number and ours: exact, within tolerance, or different."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from detente.replicate.schema import Target, Tolerance

Status = Literal[
    "exact",
    "within tolerance",
    "different, explained",
    "different",
    "no longer differs",
    "infeasible",
    "data not at hand",
]
STATUSES: tuple[Status, ...] = get_args(Status)
# What a reviewer must look at: a number that differs for no stated reason, or a stated reason that no longer holds.
FAILING: tuple[Status, ...] = ("different", "no longer differs")
# Of what rounding may add to a half of the last printed digit.
ROUNDING = Decimal("1e-9")


def unit(printed: str) -> Decimal:
    """Value of one step of the last printed digit: 0.0001 of "-.1260", 1e-11 of "1.76e-09", 1 of "20990".

    Raises
    ------
    ValueError
        If the text is no finite number.
    """
    try:
        exponent = Decimal(printed).as_tuple().exponent
    except InvalidOperation as error:
        raise ValueError(f"{printed!r} is no number") from error
    if not isinstance(exponent, int):
        raise ValueError(f"{printed!r} is no finite number")
    return Decimal(1).scaleb(min(exponent, 0) if "e" not in printed.lower() else exponent)


def steps(ours: float, printed: str) -> Decimal:
    """How many steps of the last printed digit ours is away, unrounded."""
    return abs(Decimal(repr(ours)) - Decimal(printed)) / unit(printed)


def compare(ours: float, target: Target, model: Tolerance | None = None) -> tuple[Status, str]:
    """Status of a number and the reason for it.

    Exact: equal when rounded to the printed digits. Within tolerance: one off in the last printed digit, or within
    what target or model state, for the reason that they state. A number that is declared to differ and is not exact
    is explained; one that is declared to and is exact "no longer differs", which is an error of the file.
    """
    status, reason = _measured(ours, target.printed, target.within or model)
    if not target.differs:
        return status, reason
    return ("no longer differs" if status == "exact" else "different, explained"), target.differs


def _measured(ours: float, printed: str, tolerance: Tolerance | None) -> tuple[Status, str]:
    if not math.isfinite(ours):
        return "different", "ours does not exist"
    away = steps(ours, printed)
    if away <= Decimal("0.5") + ROUNDING:
        return "exact", ""
    if away <= Decimal("1.5") + ROUNDING:
        return "within tolerance", "one off in the last printed digit"
    distance = abs(ours - float(printed))
    if tolerance and distance <= max(tolerance.absolute, tolerance.relative * abs(float(printed))):
        return "within tolerance", tolerance.because
    return "different", ""
