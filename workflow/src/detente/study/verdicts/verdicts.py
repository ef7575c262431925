"""The verdict on a claim: a pure function of its numbers, by a rule fixed before any result (docs/verdicts.md)."""

from dataclasses import dataclass
from typing import Literal

from detente.study.estimation.verdict import Verdict, verdict
from detente.study.verdicts.checks import Outcome, Result, VerdictInputs, needed

Strength = Literal["robust", "fragile", "untested"]


@dataclass(frozen=True)
class ClaimVerdict:
    """A verdict, how far it can be leaned on, and the result of every check behind it."""

    verdict: Verdict
    strength: Strength
    checks: tuple[Result, ...]

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


def claim_verdict(inputs: VerdictInputs) -> ClaimVerdict:
    """The verdict of a claim.

    First from the headline alone (`detente.study.estimation`): negligible, lowers, raises or inconclusive. Then every
    check that this verdict needs: robust if all are made and pass, fragile if one fails, untested if none fails and one
    is missing. A check never turns a verdict into another.
    """
    found = verdict(inputs.estimate, inputs.std_error, inputs.df, inputs.smallest_effect)
    checks = tuple(check(inputs, found) for check in needed(found))
    outcomes = [check.outcome for check in checks]
    strength: Strength = "fragile" if "fail" in outcomes else "untested" if "not made" in outcomes else "robust"
    return ClaimVerdict(found, "untested" if found == "inconclusive" else strength, checks)
