"""What is said of a claim: a pure function of its numbers, by a rule fixed before any result (docs/verdicts.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from detente.base.numerics import LEVEL, POWER
from detente.study.estimation.verdict import Verdict, verdict

Strength = Literal["robust", "fragile", "untested"]
Outcome = Literal["pass", "fail", "not made"]

ALPHA = 1 - LEVEL
# Share of the equivalent specifications that must say the same.
MULTIVERSE_SHARE = 0.80
# A confounder as strong as the strongest control must leave the interval on its side of zero.
BENCHMARK_TIMES = 1.0
CHECKS = (
    "power", "multiverse", "joint", "family", "randomisation", "benchmark", "negative_controls", "influence",
)  # fmt: skip
# Checks without which a verdict is called untested, by verdict.
NEEDED: Mapping[Verdict, tuple[str, ...]] = {
    "lowers": CHECKS,
    "raises": CHECKS,
    "negligible": ("power", "multiverse", "benchmark", "influence"),
    "inconclusive": (),
}
COLUMNS = ("claim", "verdict", "strength", "label", "passed", "failed", "not_made", "reasons")
CHECK_COLUMNS = ("claim", "check", "outcome", "value", "threshold", "reason")


@dataclass(frozen=True)
class Numbers:
    """The tidy numbers that a verdict rests on; not a number, or None, where one was not computed.

    The headline: estimate, std_error, df of the effect on risk, `smallest_effect` the smallest effect of interest, all
    in onsets a dyad-year. `power` at the smallest effect of interest; `multiverse_share` of equivalent specifications
    that are significant with the headline's sign (for "negligible": that are negligible too); `joint_p` of their median
    under permuted treatments; `family_p` Romano and Wolf's; `randomisation_p` the claim's own; `benchmark_low`,
    `benchmark_high` the interval beside a confounder as strong as the strongest control (for "negligible": the one that
    reaches furthest, the bias going either way); `negative_control_p` p-values of all negative controls, not a number
    for one that could not be fitted; `influence_flips` verdicts among refits without a state, an exercise series, a
    region or an era that differ from the headline's.
    """

    estimate: float
    std_error: float
    df: float
    smallest_effect: float
    power: float = math.nan
    multiverse_share: float = math.nan
    joint_p: float = math.nan
    family_p: float = math.nan
    randomisation_p: float = math.nan
    benchmark_low: float = math.nan
    benchmark_high: float = math.nan
    negative_control_p: Sequence[float] | None = None
    influence_flips: int | None = None


@dataclass(frozen=True)
class Check:
    """One check: what came of it, the number that was judged, what it was judged by, and the sentence for a reader."""

    name: str
    outcome: Outcome
    value: float
    threshold: float
    reason: str


@dataclass(frozen=True)
class ClaimVerdict:
    """A verdict, how far it can be leaned on, and every check behind it, failed or not."""

    verdict: Verdict
    strength: Strength
    checks: tuple[Check, ...]

    @property
    def label(self) -> str:
        """The words that are printed: "lowers · fragile"; an inconclusive one has no second word."""
        return self.verdict if self.verdict == "inconclusive" else f"{self.verdict} · {self.strength}"

    @property
    def reasons(self) -> str:
        """The sentences of the checks that failed."""
        return "; ".join(c.reason for c in self.checks if c.outcome == "fail")

    def named(self, outcome: Outcome) -> str:
        """Names of the checks with an outcome."""
        return ", ".join(c.name for c in self.checks if c.outcome == outcome)


def claim_verdict(numbers: Numbers) -> ClaimVerdict:
    """The verdict of a claim.

    First from the headline alone (`detente.study.estimation`): negligible, lowers, raises or inconclusive. Then every
    check that bears on that verdict: robust if all needed ones are made and pass, fragile if one fails, untested if
    none fails and one is missing. A check never turns a verdict into another.
    """
    found = verdict(numbers.estimate, numbers.std_error, numbers.df, numbers.smallest_effect)
    checks = tuple(_CHECKS[name](numbers, found) for name in CHECKS if name in NEEDED[found])
    outcomes = [check.outcome for check in checks]
    strength: Strength = "fragile" if "fail" in outcomes else "untested" if "not made" in outcomes else "robust"
    return ClaimVerdict(found, "untested" if found == "inconclusive" else strength, checks)


def verdict_frames(claims: Mapping[str, Numbers]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row a claim, columns `COLUMNS`, and one row a check, columns `CHECK_COLUMNS`."""
    rows, checks = [], []
    for claim, numbers in claims.items():
        made = claim_verdict(numbers)
        lists = (made.named("pass"), made.named("fail"), made.named("not made"))
        rows.append((claim, made.verdict, made.strength, made.label, *lists, made.reasons))
        checks += [(claim, c.name, c.outcome, c.value, c.threshold, c.reason) for c in made.checks]
    return pd.DataFrame(rows, columns=list(COLUMNS)), pd.DataFrame(checks, columns=list(CHECK_COLUMNS))


def _judged(name: str, value: float | None, passes: bool, threshold: float, reason: str) -> Check:
    if value is None or math.isnan(value):
        return Check(name, "not made", math.nan, threshold, f"{name.replace('_', ' ')}: not made")
    return Check(name, "pass" if passes else "fail", float(value), threshold, reason)


def _power(n: Numbers, found: Verdict) -> Check:
    del found
    said = f"power at the smallest effect of interest is {n.power:.0%}, below {POWER:.0%}"
    return _judged("power", n.power, n.power >= POWER, POWER, said)


def _multiverse(n: Numbers, found: Verdict) -> Check:
    del found
    said = f"{n.multiverse_share:.0%} of equivalent specifications agree, fewer than {MULTIVERSE_SHARE:.0%}"
    passes = n.multiverse_share >= MULTIVERSE_SHARE
    return _judged("multiverse", n.multiverse_share, passes, MULTIVERSE_SHARE, said)


def _p(name: str, value: float, words: str) -> Check:
    return _judged(name, value, value <= ALPHA, ALPHA, f"{words} is {value:.3f}, above {ALPHA:.2f}")


def _benchmark(n: Numbers, found: Verdict) -> Check:
    """The adjusted interval must stay on its side of zero; of a negligible effect, within the smallest of interest."""
    low, high = n.benchmark_low, n.benchmark_high
    if found == "negligible":
        edge, threshold = max(abs(low), abs(high)), n.smallest_effect
        said = "a confounder as strong as the strongest control would move the estimate beyond the smallest effect"
        return _judged("benchmark", edge, edge < threshold, threshold, said)
    edge = high if found == "lowers" else low
    passes = edge < 0 if found == "lowers" else edge > 0
    said = "beside a confounder as strong as the strongest control the interval reaches zero"
    return _judged("benchmark", edge, passes, 0.0, said)


def _negative_controls(n: Numbers, found: Verdict) -> Check:
    """One rejection after Holm is a failure; without any, a control that could not be fitted leaves it unmade."""
    del found
    values = n.negative_control_p or ()
    smallest = holm(values)
    said = f"a negative control, where there can be no effect, shows one (p = {smallest:.3f} after Holm)"
    if smallest > ALPHA and any(map(math.isnan, values)):
        return _judged("negative_controls", None, False, ALPHA, said)
    return _judged("negative_controls", smallest, smallest > ALPHA, ALPHA, said)


def holm(values: Sequence[float]) -> float:
    """Holm's smallest adjusted p-value; those that are missing are counted, but cannot be the smallest."""
    known = [p for p in values if not math.isnan(p)]
    return min(1.0, len(values) * min(known)) if known else math.nan


def _influence(n: Numbers, found: Verdict) -> Check:
    flips = None if n.influence_flips is None else float(n.influence_flips)
    said = f"{n.influence_flips} refits without a state, series, region or era do not say {found!r}"
    return _judged("influence", flips, flips == 0, 0.0, said)


_CHECKS = {
    "power": _power,
    "multiverse": _multiverse,
    "joint": lambda n, _: _p("joint", n.joint_p, "p of the median of equivalent specifications"),
    "family": lambda n, _: _p("family", n.family_p, "p within the family (Romano and Wolf)"),
    "randomisation": lambda n, _: _p("randomisation", n.randomisation_p, "p of the randomisation test"),
    "benchmark": _benchmark,
    "negative_controls": _negative_controls,
    "influence": _influence,
}
