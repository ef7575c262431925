"""Small-sample conventions, in one table: which factor, which degrees of freedom, which distribution.

N rows, K parameters (absorbed ones included), G clusters. Packages differ exactly here; docs/standard-errors.md has it
in words. Sources: Stata 18 manual, `regress` and `_robust`; sandwich 3.1 `vcovCL`, `vcovHC` with lmtest's `coeftest`;
statsmodels 0.15 `stats/sandwich_covariance.py`, `base/covtype.py`; linearmodels 7.1 `panel/covariance.py`, `model.py`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from detente.base.errors import EstimationError, UnsupportedCovariance, choices

Groups = Literal["", "own", "fewest"]
Share = Literal["", "N/(N−K)", "(N−1)/(N−K)", "N/(N−1)"]
Nested = Literal["counted", "left out", "left out if alone"]
Distribution = Literal["clusters", "residual", "normal"]


@dataclass(frozen=True)
class Rule:
    """What one piece of software does by default, for linear models or for likelihoods.

    `hc1` factor of that covariance; `groups` whether clusters are multiplied by G/(G−1), each part of a multiway
    covariance by its own G or all by the fewest; `share` the factor beside it; `nested` whether absorbed effects inside
    the clusters count in K; `clustered` distribution of a clustered statistic, t with G − 1 or N − K df or the normal
    one; `rows` that of the classical and heteroskedastic ones.
    """

    hc1: Share
    groups: Groups
    share: Share
    nested: Nested
    clustered: Distribution
    rows: Distribution


_HC1: Share = "N/(N−K)"
_STATA: Share = "(N−1)/(N−K)"
TABLE: Mapping[str, tuple[Rule | None, Rule | None]] = {
    #                    hc1        groups    share    nested     clustered   rows
    "detente": (
        Rule(_HC1, "own", "", "counted", "clusters", "residual"),
        Rule(_HC1, "own", "", "counted", "clusters", "normal"),
    ),
    "none": (Rule("", "", "", "counted", "normal", "normal"), Rule("", "", "", "counted", "normal", "normal")),
    "stata": (
        Rule(_HC1, "fewest", _STATA, "left out", "clusters", "residual"),
        Rule("N/(N−1)", "fewest", "", "counted", "normal", "normal"),
    ),
    "r-sandwich": (
        Rule(_HC1, "own", _STATA, "counted", "residual", "residual"),
        Rule(_HC1, "own", "", "counted", "normal", "normal"),
    ),
    "statsmodels": (
        Rule(_HC1, "own", _STATA, "counted", "normal", "normal"),
        Rule("", "own", _STATA, "counted", "normal", "normal"),
    ),
    "linearmodels": (Rule(_HC1, "", _HC1, "left out if alone", "residual", "residual"), None),
}
CONVENTIONS = tuple(TABLE)
# Software that has no dyadic covariance has no convention for it.
DYADIC = ("detente", "none")


def rule(ssc: str, *, linear: bool) -> Rule:
    """The rule of a convention; raises UnsupportedCovariance if there is none of this name, or none for likelihoods."""
    if ssc not in TABLE:
        raise UnsupportedCovariance(f"small-sample correction {ssc!r} is not known; {choices(ssc, TABLE)}")
    found = TABLE[ssc][0 if linear else 1]
    if found is None:
        legal = choices(ssc, [name for name, rules in TABLE.items() if rules[1] is not None])
        raise UnsupportedCovariance(f"small-sample correction {ssc!r} is for linear models only; {legal}")
    return found


def check_dyadic(ssc: str, *, linear: bool) -> None:
    """Raise UnsupportedCovariance where software of a convention has neither a dyadic covariance nor a jackknife."""
    rule(ssc, linear=linear)
    if ssc not in DYADIC:
        raise UnsupportedCovariance(f"small-sample correction {ssc!r} has no dyadic covariance; {choices(ssc, DYADIC)}")


def share(name: Share, rows: int, parameters: int) -> float:
    """A factor by its name; raises EstimationError if there are no more rows than parameters."""
    if not name:
        return 1.0
    used = 1 if name == "N/(N−1)" else parameters
    if rows <= used:
        raise EstimationError(f"{rows} rows for {parameters} parameters leave nothing to estimate a variance from")
    return (rows - 1 if name == "(N−1)/(N−K)" else rows) / (rows - used)


def group_factors(rule: Rule, groups: Sequence[int], fewest: int) -> list[float]:
    """G/(G−1) of each part of a multiway covariance; 1 where the convention has none."""
    if not rule.groups:
        return [1.0] * len(groups)
    counts = groups if rule.groups == "own" else [fewest] * len(groups)
    return [g / (g - 1) for g in counts]


def factors(rule: Rule, ways: int, parameters: int) -> str:
    """The small-sample factors of a covariance of so many cluster variables, in words."""
    groups = "G/(G−1)" if rule.groups else ""
    if groups and ways > 1:
        groups += " of each part" if rule.groups == "own" else " of the fewest clusters"
    share = f"{rule.share} with K = {parameters}" if rule.share else ""
    named = " and ".join(filter(None, (groups, share)))
    return f"factor {named}" if named else "no small-sample factor"


def degrees(distribution: Distribution, *, residual: float, clusters: float = math.nan) -> float:
    """Degrees of freedom; infinite for the normal distribution."""
    return {"clusters": clusters, "residual": residual, "normal": math.inf}[distribution]
