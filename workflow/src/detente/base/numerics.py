"""Levels, thresholds, quantiles and p-values, once."""

from functools import cache
from typing import Any

# Intervals, and the two one-sided tests at 5 % whose interval is the 90 % one (Schuirmann 1987).
LEVEL = 0.95
EQUIVALENCE_LEVEL = 0.90
# An effect of 1.96 + 0.84 standard errors is found four times in five by a two-sided test at 5 % (Bloom 1995).
POWER = 0.80
MDE_FACTOR = 2.8


@cache
def critical(df: float, level: float = LEVEL) -> float:
    """Standard errors on each side of an interval: a quantile of t, or of the normal where `df` is infinite."""
    from scipy import stats

    return float(stats.t.ppf((1 + level) / 2, df))


def two_sided(statistic: Any, df: float) -> Any:
    """Two-sided p-values of t statistics, of the normal distribution where `df` is infinite."""
    from scipy import stats

    return 2 * stats.t.sf(abs(statistic), df)
