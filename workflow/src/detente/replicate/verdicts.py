"""How a printed number and ours compare: the rules of an audit.

Our number is rounded as software rounds, half-up or half-even, to the digits that were printed. A whole number is met
or not. One unit off in the last printed digit is told apart from a number that is met, and is no more than that where
the distance is small relative to the number as well: 1 is not "one off" for 0.0186.
"""

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from typing import Literal, get_args

from detente.base.numerics import LEAST_DIGITS
from detente.replicate.notation import Printed
from detente.replicate.schema import Model
from detente.replicate.targets import Target, Tolerance

Status = Literal[
    "exact", "last digit", "within tolerance", "different, explained", "infeasible", "data not at hand",
    "different", "no longer differs", "wrong bytes",
]  # fmt: skip
STATUSES: tuple[Status, ...] = get_args(Status)
# What a reviewer must look at: a number that differs for no stated reason, a stated reason that no longer holds, data
# that are not those of the pin.
FAILING: tuple[Status, ...] = ("different", "no longer differs", "wrong bytes")
# Digits of the largest and the smallest double, so that no subtraction rounds.
DIGITS = 1500


def compare(ours: float, target: Target, model: Tolerance | None = None) -> tuple[Status, str]:
    """Status of a number and the reason for it.

    Exact: ours rounds to the printed digits, half-up or half-even. Last digit: one unit off in the last printed digit,
    and relatively near (`nearly`). Within tolerance: within what target or model state, for the reason that they
    state; a whole number is never. A number that is declared to differ and is not exact is explained; one that is
    declared to and is exact "no longer differs", which is an error of the file.
    """
    if target.told.bound and math.isfinite(ours):
        status, reason = _bounded(ours, target.told), ""
    else:
        status, reason = _measured(ours, target, target.within or model)
    if not target.differs:
        return status, reason
    return ("no longer differs" if status == "exact" else "different, explained"), target.differs


def compare_stars(p_value: float, target: Target, model: Model) -> tuple[Status, str]:
    """Status of the stars behind a number, or of their absence, by our p-value and the levels of the model."""
    reached = [(level, stars) for stars, level in model.stars.items() if p_value < level]
    ours, theirs = min(reached)[1] if reached else "", target.told.stars
    if ours == theirs:
        return ("no longer differs", target.stars_differ) if target.stars_differ else ("exact", "")
    if target.stars_differ:
        return "different, explained", target.stars_differ
    return "different", f"by our p-value it has {ours or 'no stars'}"


def difference(ours: float, printed: Printed) -> float:
    """Ours less the printed number, to a thousandth of its last digit: beyond is the rounding of double precision."""
    if not math.isfinite(ours):
        return math.nan
    with localcontext(prec=DIGITS):
        return float((Decimal(repr(ours)) - printed.value).quantize(printed.unit / 1000)) + 0.0


def _bounded(ours: float, printed: Printed) -> Status:
    bound = float(printed.value)
    return "exact" if (ours <= bound if printed.bound == "<" else ours >= bound) else "different"


def _measured(ours: float, target: Target, tolerance: Tolerance | None) -> tuple[Status, str]:
    printed = target.told
    if not math.isfinite(ours):
        return "different", "ours does not exist"
    theirs = float(printed.value)
    near = rounded(ours, printed)
    other_sign = printed.number.startswith("-") and ours > 0
    if printed.value in near and not other_sign:
        return "exact", ""
    if other_sign or printed.whole:
        return "different", "printed below zero, ours is above" if other_sign else "a whole number is met or not"
    if nearly(ours, printed, near):
        return "last digit", "one off in the last printed digit"
    distance = abs(ours - theirs)
    if tolerance and distance <= max(tolerance.absolute, tolerance.relative * abs(theirs)):
        return "within tolerance", tolerance.because
    return "different", ""


def rounded(ours: float, printed: Printed) -> set[Decimal]:
    """A finite number to the printed digits, half-up and half-even, by its shortest decimal form and by its bits."""
    with localcontext(prec=DIGITS):
        forms = (Decimal(repr(ours)), Decimal(ours))
        return {form.quantize(printed.unit, rule) for form in forms for rule in (ROUND_HALF_UP, ROUND_HALF_EVEN)}


def nearly(ours: float, printed: Printed, near: set[Decimal]) -> bool:
    """Whether a number is one unit off in the last printed digit, and relatively near.

    Near is 10 % of a number printed to one or two significant digits, 1 % of three, 0.1 % of four, and so on; of one
    printed as zero, nothing.
    """
    theirs, unit = printed.value, printed.unit
    if not theirs or not any(abs(each - theirs) == unit for each in near):
        return False
    significant = theirs.adjusted() - unit.adjusted() + 1
    return abs(Decimal(repr(ours)) - theirs) <= abs(theirs) * Decimal(10) ** (1 - max(significant, LEAST_DIGITS))
