"""Power beside every estimate, and the verdict that follows from interval and smallest effect of interest."""

from typing import Literal

from detente.base.numerics import EQUIVALENCE_LEVEL, MDE_FACTOR, critical

Verdict = Literal["lowers", "raises", "negligible", "inconclusive"]


def minimum_detectable_effect(std_error: float) -> float:
    """Effect that a test at 5 % detects with 80 % power."""
    return MDE_FACTOR * std_error


def verdict(estimate: float, std_error: float, df: float, smallest_effect: float) -> Verdict:
    """Judge an effect on risk.

    negligible: the 90 % interval lies within ± smallest_effect, that is, two one-sided tests at 5 % reject effects as
    large (Schuirmann 1987); else lowers or raises: the 95 % interval excludes zero; else inconclusive.
    """
    inner = critical(df, EQUIVALENCE_LEVEL) * std_error
    if abs(estimate) + inner < smallest_effect:
        return "negligible"
    outer = critical(df) * std_error
    if abs(estimate) > outer:
        return "lowers" if estimate < 0 else "raises"
    return "inconclusive"


def not_wrong(verdict: str, planted: float, smallest_effect: float) -> bool:
    """Whether a verdict fits a planted effect: an inconclusive one is never wrong, it only says little."""
    if verdict == "inconclusive":
        return True
    if verdict == "negligible":
        return abs(planted) < smallest_effect
    return planted < 0 if verdict == "lowers" else planted > 0
