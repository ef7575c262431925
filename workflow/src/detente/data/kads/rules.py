"""What a k-ad has of what its pairs have: one rule for each variable, declared here once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from detente.base.types import Array, Codes
from detente.data.sources import Variable

Rule = Literal["any", "share", "mean", "min", "max"]
WORDS: Mapping[Rule, str] = {
    "any": "of any two members",
    "share": "share of pairs of members",
    "mean": "mean over pairs of members",
    "min": "lowest of all pairs of members",
    "max": "highest of all pairs of members",
}
# One rivalry or one major power makes a group what it is; the weakest democracy, the worst imbalance and the shortest
# peace govern its risk as they do that of two states; pacts and borders are counted by pair.
RULES: Mapping[str, Rule] = {
    "rivalry": "any",
    "major_power": "any",
    "democracy_low": "min",
    "polity5_low": "min",
    "vdem_low": "min",
    "gdp_per_head_low": "min",
    "capability_ratio": "max",
    "log_distance": "mean",
}
_PEACE = "peace_years"


def rule_of(variable: Variable) -> Rule:
    """The rule of a variable of pairs: as declared; else years at peace the lowest, 0/1 the share, others the mean."""
    if variable.name in RULES:
        return RULES[variable.name]
    if variable.name.startswith(_PEACE):
        return "min"
    return "share" if variable.unit == "0/1" else "mean"


def combined(values: Array, start: Codes, rule: Rule) -> Array:
    """Values (P,) of pairs, those of one k-ad after another from `start` (G,) on, by a rule, (G,).

    Missing where the value of any pair is, but for "any", which is 1 where one pair is known to have it.
    """
    counts = np.diff(np.append(start, len(values)))
    unknown = np.add.reduceat(np.isnan(values).astype(np.float64), start) > 0
    if rule == "any":
        there = np.add.reduceat((values > 0).astype(np.float64), start) > 0
        return np.where(there, 1.0, np.where(unknown, np.nan, 0.0))
    known = np.where(np.isnan(values), 0.0, values)
    made = {"min": np.minimum, "max": np.maximum}.get(rule, np.add).reduceat(known, start)
    return np.where(unknown, np.nan, made if rule in ("min", "max") else made / counts)
