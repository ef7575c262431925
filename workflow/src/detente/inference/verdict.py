"""Power beside every estimate, and the verdict that follows from interval and smallest effect of interest."""

from __future__ import annotations

from typing import Literal

from scipy import stats

Verdict = Literal["lowers", "raises", "negligible", "inconclusive"]
# 1.96 + 0.84: a two-sided test at 5 % detects an effect of this many standard errors four times in five.
MDE_FACTOR = 2.8


def minimum_detectable_effect(std_error: float) -> float:
    """Effect that a 5 % test detects with 80 % power."""
    return MDE_FACTOR * std_error


def verdict(estimate: float, std_error: float, df: float, smallest_effect: float) -> Verdict:
    """Judge an effect on risk.

    negligible: the 90 % interval lies within ± smallest_effect, that is, two one-sided tests at 5 % reject effects as
    large (Schuirmann 1987); else lowers or raises: the 95 % interval excludes zero; else inconclusive.
    """
    inner = stats.t.ppf(0.95, df) * std_error
    if abs(estimate) + inner < smallest_effect:
        return "negligible"
    outer = stats.t.ppf(0.975, df) * std_error
    if abs(estimate) > outer:
        return "lowers" if estimate < 0 else "raises"
    return "inconclusive"
