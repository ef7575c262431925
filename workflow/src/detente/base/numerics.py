"""Levels, thresholds and tolerances, once."""

from __future__ import annotations

# Intervals, and the two one-sided tests at 5 % whose interval is the 90 % one (Schuirmann 1987).
LEVEL = 0.95
EQUIVALENCE_LEVEL = 0.90
# An effect of 1.96 + 0.84 standard errors is found four times in five by a two-sided test at 5 % (Bloom 1995).
POWER = 0.80
MDE_FACTOR = 2.8
