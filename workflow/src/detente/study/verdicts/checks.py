"""The verdict on a claim, by a rule fixed before any result (docs/verdicts.md), and the checks behind it.

Each check is declared once: its question, its threshold, the verdicts that need it, its wording.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal

import numpy as np

from detente.base.numerics import LEVEL, POWER, critical
from detente.study.estimation import Verdict, verdict
from detente.study.verdicts.answers import ALPHA

Outcome = Literal["pass", "fail", "not made"]
Strength = Literal["robust", "fragile", "untested"]
Judged = tuple[float | None, bool, float, str]

# Share of the equivalent specifications that must agree.
MULTIVERSE_SHARE = 0.80
# A confounder as strong as the strongest control must leave the interval on its side of zero.
BENCHMARK_TIMES = 1.0
# Other designs that must be there to agree.
FEWEST_DESIGNS = 2
EFFECTS: tuple[Verdict, ...] = ("lowers", "raises")
CLAIMED: tuple[Verdict, ...] = (*EFFECTS, "negligible")


@dataclass(frozen=True)
class VerdictInputs:
    """The numbers that a verdict rests on; NaN, or None, where one was not computed.

    The headline: estimate, std_error, df of the effect on risk, `smallest_effect` the smallest effect of interest and
    `difference_error` the standard error of an effect less it (None: it is known), all in onsets per dyad-year.
    `power_at_smallest` is power at it; `multiverse_share` of equivalent specifications that are significant with the
    headline's sign (for "negligible": that are negligible too); `p_joint` of their median under re-randomised
    treatments; `p_family` Romano and Wolf's; `p_randomisation` the claim's own; `benchmark_low`, `benchmark_high` the
    interval beside a confounder as strong as the strongest control (for "negligible": the one that reaches furthest,
    the bias going either way); `negative_control_p` p-values of all negative controls, NaN for one that could not be
    fitted; `flips` refits without a state, an exercise series, a region or an era whose verdict differs from the
    headline's; `other_designs` designs of another comparison that have an interval and whose placebos do not reject,
    `designs_against` those of them whose interval lies on the other side of zero (for "negligible": beyond the smallest
    effect of interest).
    """

    estimate: float
    std_error: float
    df: float
    smallest_effect: float
    difference_error: float | None = None
    power_at_smallest: float = math.nan
    multiverse_share: float = math.nan
    p_joint: float = math.nan
    p_family: float = math.nan
    p_randomisation: float = math.nan
    benchmark_low: float = math.nan
    benchmark_high: float = math.nan
    negative_control_p: tuple[float, ...] | None = None
    flips: int | None = None
    other_designs: int | None = None
    designs_against: int | None = None


@dataclass(frozen=True)
class Result:
    """What came of one check: the number that was judged, what it was judged by, and a sentence for the reader."""

    name: str
    outcome: Outcome
    value: float
    threshold: float
    reason: str


@dataclass(frozen=True)
class Check:
    """One check of a verdict.

    `label` stands above its column in the figure of the claims ledger, `passes_if` in the table of docs/verdicts.md;
    `needed_for` the verdicts that are untested without it; `judge` gives the number, whether it passes, what it is
    judged by, and the sentence for one that fails; `added` the day on which it was added, where claims had been
    registered before.
    """

    name: str
    label: str
    passes_if: str
    needed_for: tuple[Verdict, ...]
    judge: Callable[[VerdictInputs, Verdict], Judged]
    added: str = ""

    def __call__(self, inputs: VerdictInputs, verdict: Verdict) -> Result:
        """Judge the numbers of a claim with this verdict."""
        value, passes, threshold, reason = self.judge(inputs, verdict)
        if value is None or math.isnan(value):
            return Result(self.name, "not made", math.nan, threshold, f"{self.words}: not made")
        return Result(self.name, "pass" if passes else "fail", float(value), threshold, reason)

    @property
    def words(self) -> str:
        """The name as it is printed."""
        return self.name.replace("_", " ")

    @property
    def rule(self) -> str:
        """When it passes, and since when it is asked, where claims had been registered before."""
        return f"{self.passes_if}. Added on {self.added}" if self.added else self.passes_if


CHECKS: dict[str, Check] = {}
"""Every check by name, in the order in which they are printed."""


def check(
    *, label: str, passes_if: str, needed_for: tuple[Verdict, ...], added: str = ""
) -> Callable[[Callable[[VerdictInputs, Verdict], Judged]], Check]:
    """Declare a check; its name is the function's. Raises ValueError if `added` is no day."""
    if added:
        date.fromisoformat(added)

    def declare(judge: Callable[[VerdictInputs, Verdict], Judged]) -> Check:
        CHECKS[judge.__name__] = Check(judge.__name__, label, passes_if, needed_for, judge, added)
        return CHECKS[judge.__name__]

    return declare


def needed(verdict: Verdict) -> list[Check]:
    """Checks without which a verdict is untested."""
    return [each for each in CHECKS.values() if verdict in each.needed_for]


def added_since(day: str) -> list[Check]:
    """Checks that were added after a day, on which claims were registered."""
    return [each for each in CHECKS.values() if each.added > day]


def documented() -> str:
    """The table of docs/verdicts.md."""
    heads = ("check", "passes if", "lowers, raises", "negligible")
    rows = [
        (c.words, c.rule, *("needed" if v in c.needed_for else "" for v in ("lowers", "negligible")))
        for c in CHECKS.values()
    ]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row).rstrip() + " |" for row in rows)]) + "\n"


@cache
def holm(values: tuple[float, ...]) -> float:
    """Holm's (1979) smallest adjusted p-value; one that is missing counts as a test that does not reject.

    Kept, as `multipletests` collects all garbage of the process in each of its calls.
    """
    from statsmodels.stats.multitest import multipletests

    p = np.asarray(values, dtype=np.float64)
    return math.nan if np.isnan(p).all() else float(multipletests(np.nan_to_num(p, nan=1.0), method="holm")[1].min())


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _at_most_alpha(value: float, words: str) -> Judged:
    return value, value <= ALPHA, ALPHA, f"{words} is {value:.3f}, above {ALPHA:.2f}"


@check(
    label="power",
    passes_if=f"the design finds the smallest effect of interest in {_percent(POWER)} of planted draws or more, and by "
    f"its observed dyadic error too; or the {_percent(LEVEL)} interval lies beyond the smallest effect of interest "
    "(Murphy and Myors 1999)",
    needed_for=CLAIMED,
)
def power(n: VerdictInputs, _: Verdict) -> Judged:
    """Whether the design could have found the smallest effect of interest, or has found a larger one."""
    reason = (
        f"power at the smallest effect of interest is {n.power_at_smallest:.0%}, below {POWER:.0%}, and the interval "
        "does not lie beyond that effect"
    )
    error = n.std_error if n.difference_error is None else n.difference_error
    larger = abs(n.estimate) - critical(n.df) * error > n.smallest_effect
    return n.power_at_smallest, n.power_at_smallest >= POWER or larger, POWER, reason


@check(
    label="multiverse",
    passes_if=f"{_percent(MULTIVERSE_SHARE)} or more of the equivalent specifications agree: their estimate has the "
    "sign of the verdict and an interval that excludes zero; for *negligible*, they are negligible themselves. Those "
    "without an interval do not agree",
    needed_for=CLAIMED,
)
def multiverse(n: VerdictInputs, _: Verdict) -> Judged:
    """Whether equivalent specifications agree."""
    reason = f"{n.multiverse_share:.0%} of equivalent specifications agree, fewer than {MULTIVERSE_SHARE:.0%}"
    return n.multiverse_share, n.multiverse_share >= MULTIVERSE_SHARE, MULTIVERSE_SHARE, reason


@check(
    label="joint test",
    passes_if=f"p of the median t of those equivalent specifications whose treatment can be re-randomised is not above "
    f"{ALPHA:.2f} (Simonsohn, Simmons and Nelson 2020)",
    needed_for=EFFECTS,
)
def joint(n: VerdictInputs, _: Verdict) -> Judged:
    """Whether the median of equivalent specifications is more than chance."""
    return _at_most_alpha(n.p_joint, "p of the median t of equivalent specifications")


@check(
    label="family",
    passes_if=f"p within the claim's declared family is not above {ALPHA:.2f} (Romano and Wolf 2005)",
    needed_for=EFFECTS,
)
def family(n: VerdictInputs, _: Verdict) -> Judged:
    """Whether the claim stands among those that are judged together."""
    return _at_most_alpha(n.p_family, "p within the family (Romano and Wolf)")


@check(
    label="randomisation",
    passes_if=f"p of the claim's own randomisation test is not above {ALPHA:.2f}, by the scheme that suits its "
    "treatment ([below](#draws))",
    needed_for=EFFECTS,
)
def randomisation(n: VerdictInputs, _: Verdict) -> Judged:
    """Whether the treatment, re-randomised, would give as much."""
    return _at_most_alpha(n.p_randomisation, "p of the randomisation test")


@check(
    label="benchmark",
    passes_if=f"beside a confounder {BENCHMARK_TIMES:g} time as strong as the strongest observed control, the "
    f"{_percent(LEVEL)} interval stays on its side of zero; for *negligible*, within ± the smallest effect of "
    "interest, whichever way each confounder pushes it (Cinelli and Hazlett 2020)",
    needed_for=CLAIMED,
)
def benchmark(n: VerdictInputs, verdict: Verdict) -> Judged:
    """Whether a confounder like the strongest control would undo the verdict."""
    low, high = n.benchmark_low, n.benchmark_high
    if verdict == "negligible":
        reason = "a confounder as strong as the strongest control would move the estimate beyond the smallest effect"
        edge = max(abs(low), abs(high))
        return edge, edge < n.smallest_effect, n.smallest_effect, reason
    reason = "beside a confounder as strong as the strongest control the interval reaches zero"
    edge = high if verdict == "lowers" else low
    return edge, edge < 0 if verdict == "lowers" else edge > 0, 0.0, reason


@check(
    label="negative control",
    passes_if=f"no negative control rejects at {_percent(ALPHA)}, all of them taken together (Holm 1979): the lead of "
    "the treatment, a distant partner, a distant adversary, each beside the treatment; one that does not exist leaves "
    "the check unmade",
    needed_for=EFFECTS,
)
def negative_controls(n: VerdictInputs, _: Verdict) -> Judged:
    """Whether what does not work goes with the outcome; one that does not exist leaves the check unmade."""
    values = n.negative_control_p or ()
    smallest = holm(values)
    reason = f"a negative control goes with the outcome beside the treatment (p = {smallest:.3f} after Holm)"
    unmade = smallest > ALPHA and any(map(math.isnan, values))
    return None if unmade else smallest, smallest > ALPHA, ALPHA, reason


@check(
    label="influence",
    passes_if="no refit without one state, one region, one era or, of joint exercises, one series has another verdict",
    needed_for=CLAIMED,
)
def influence(n: VerdictInputs, verdict: Verdict) -> Judged:
    """Whether the verdict hangs on one part of the data."""
    reason = f"{n.flips} refits without a state, series, region or era do not say {verdict!r}"
    return None if n.flips is None else float(n.flips), n.flips == 0, 0.0, reason


@check(
    label="designs agree",
    passes_if=f"{FEWEST_DESIGNS} or more other designs (matching, imputation, first switches, cohorts) have an "
    f"interval and placebos that do not reject at {_percent(ALPHA)}, and none of these has its {_percent(LEVEL)} "
    "interval on the other side of zero; for *negligible*, none has it beyond the smallest effect of interest; one "
    "that has fails the check, however many designs there are",
    needed_for=CLAIMED,
    added="2026-11-29",
)
def designs_agree(n: VerdictInputs, _: Verdict) -> Judged:
    """Whether a design of other assumptions, none of which its placebos reject, says the opposite."""
    reason = f"{n.designs_against} of {n.other_designs} other designs whose placebos do not reject say the opposite"
    few = n.other_designs is None or n.other_designs < FEWEST_DESIGNS
    value = None if n.designs_against is None or (few and not n.designs_against) else float(n.designs_against)
    return value, not n.designs_against, 0.0, reason


@dataclass(frozen=True)
class ClaimVerdict:
    """A verdict, how far it can be leaned on, and the result of every check behind it."""

    verdict: Verdict
    strength: Strength
    checks: tuple[Result, ...]

    @property
    def reasons(self) -> str:
        """The sentences of the checks that failed."""
        return "; ".join(c.reason for c in self.checks if c.outcome == "fail")

    def named(self, outcome: Outcome) -> str:
        """Names of the checks with an outcome."""
        return ", ".join(c.name for c in self.checks if c.outcome == outcome)


def claim_verdict(inputs: VerdictInputs) -> ClaimVerdict:
    """The verdict of a claim.

    First from the headline alone (`detente.study.estimation`): negligible, lowers, raises or inconclusive. Then every
    check that this verdict needs: robust if all are made and pass, fragile if one fails, untested if none fails and one
    is missing. A check never turns a verdict into another.
    """
    found = verdict(inputs.estimate, inputs.std_error, inputs.df, inputs.smallest_effect, inputs.difference_error)
    checks = tuple(check(inputs, found) for check in needed(found))
    outcomes = [check.outcome for check in checks]
    strength: Strength = "fragile" if "fail" in outcomes else "untested" if "not made" in outcomes else "robust"
    return ClaimVerdict(found, "untested" if found == "inconclusive" else strength, checks)
