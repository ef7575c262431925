"""Intervals of a likelihood's profile, for terms whose Wald intervals are far off."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from detente.base.numerics import chi2_beyond
from detente.stats.frame import ModelFrame


@dataclass(frozen=True)
class Profile:
    """The profile of a likelihood.

    `separated` terms of a design that predict the outcome perfectly; `interval` of a term at a level; `fall` twice what
    the maximum falls by where terms are zero, a likelihood-ratio χ².
    """

    separated: Callable[[ModelFrame], tuple[str, ...]]
    interval: Callable[[ModelFrame, str, float], tuple[float, float]]
    fall: Callable[[ModelFrame, Sequence[str]], float]

    def p_value(self, design: ModelFrame, term: str) -> float:
        """P-value of no effect of a term."""
        return chi2_beyond(self.fall(design, (term,)))


NO_PROFILE = Profile(lambda _: (), lambda *_: (math.nan, math.nan), lambda *_: math.nan)


def said(separated: Sequence[str], *, used: bool) -> list[str]:
    """What a reader must know of separated terms, whose profile is `used` or not."""
    profile = "interval and p are of the penalised likelihood's profile, which takes rows as independent"
    wald = "its Wald interval is far off; under vcov='classical' it has that of the penalised likelihood's profile"
    return [f"{term} predicts the outcome perfectly: {profile if used else wald}" for term in separated]
