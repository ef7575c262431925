"""Whether effects that should be none are small enough: equivalence tests of placebo and carry-over effects.

A placebo effect that differs from zero by no more than chance may still be large. Hartman and Hidalgo (2018, "An
equivalence approach to balance and placebo tests", American Journal of Political Science 62) turn the burden of proof
round; Liu, Wang and Xu (2024, section 4) apply it to counterfactual estimators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy

from detente.base.errors import ShortPanel, UnknownOption, choices
from detente.base.numerics import EQUIVALENCE_LEVEL
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.effects import Contrast, EventStudy
from detente.stats.covariance import Vcov

# Hartman and Hidalgo's bound, in standard deviations of the residuals; their F test's, in standard deviations of F.
BOUND, F_BOUND = 0.36, 0.5
PERIODS: dict[str, Callable[[Codes], Flags]] = {"before": lambda h: h < 0, "after": lambda h: h >= 0}


@dataclass(frozen=True)
class Equivalence:
    """Effects that should be none, against a `bound` in units of the outcome.

    `range` the smallest bound that all 90 % intervals lie within; `tost` p-value of two one-sided tests at each of
    `horizon` (k,), of which the largest, `p_value`, is that of all; `pooled` the mean effect, each cell alike, with
    `pooled_tost`; `f`, `f_p_value` of no effect at all, and `f_tost` of effects that are larger than F's own bound.
    """

    bound: float
    range: float
    horizon: Codes
    tost: Array
    pooled: Contrast
    pooled_tost: float
    f: float
    f_p_value: float
    f_tost: float
    _frame: pd.DataFrame = field(repr=False)

    @property
    def p_value(self) -> float:
        """Of an effect beyond the bound at any horizon: the largest p-value (Berger 1982)."""
        return float(self.tost.max())

    def table(self) -> pd.DataFrame:
        """One row per horizon: horizon, estimate, std_error, 90 % interval conf_low to conf_high, bound, tost."""
        return self._frame


def equivalence(
    study: EventStudy, bound: float | None = None, periods: str = "before", vcov: str | Vcov | None = None
) -> Equivalence:
    """Test that effects "before" the switch, or "after" it (carry-over), lie within `bound`.

    By default the bound is 0.36 standard deviations of the residuals of the fit on untreated cells.

    Raises UnknownOption for another word, or if the design has no such deviation and no bound is given; ShortPanel if
    the study has no effect in these periods.
    """
    if periods not in PERIODS:
        raise UnknownOption(f"periods={periods!r} is not known; {choices(periods, PERIODS)}")
    if bound is None:
        if "sigma" not in study.details:
            raise UnknownOption("this design has no residuals to take a bound from: give one in units of the outcome")
        bound = BOUND * study.details["sigma"]
    if not bound > 0:
        raise UnknownOption(f"bound={bound!r}: it is a number above 0, in units of the outcome")
    chosen = np.flatnonzero(PERIODS[periods](study.horizon))
    if not len(chosen):
        raise ShortPanel(f"the study has no effect {periods} the switch: ask for some when making it")
    made = study.covariance(vcov)
    unit = np.eye(len(study.horizon))
    found = [study.contrast(unit[i], made, EQUIVALENCE_LEVEL) for i in chosen]
    weight = np.where(np.isin(np.arange(len(unit)), chosen), study.treated, 0)
    pooled = study.contrast(weight / weight.sum(), made)
    tost = np.array([_tost(each, bound) for each in found])
    frame = pd.DataFrame([vars(each) for each in found])[["estimate", "std_error", "conf_low", "conf_high"]]
    frame = frame.assign(bound=bound, tost=tost)
    frame.insert(0, "horizon", study.horizon[chosen])
    reach = float(np.abs(frame[["conf_low", "conf_high"]].to_numpy()).max())
    block, count = made.matrix[np.ix_(chosen, chosen)], int(study.treated[chosen].max())
    f, f_p, f_tost = _joint(study.estimate[chosen], block, count)
    return Equivalence(bound, reach, study.horizon[chosen], tost, pooled, _tost(pooled, bound), f, f_p, f_tost, frame)


def _tost(found: Contrast, bound: float) -> float:
    """The larger p-value of two one-sided tests (Schuirmann 1987); NaN without a standard error."""
    if not found.std_error > 0:
        return float("nan")
    far = (abs(found.estimate) - bound) / found.std_error
    return float(scipy.special.ndtr(far) if np.isinf(found.df) else scipy.special.stdtr(found.df, far))


def _joint(estimate: Array, block: Array, count: int) -> tuple[float, float, float]:
    """Hotelling's F of k effects on `count` cells, p-value of none, and of effects beyond its bound (Wellek 2010)."""
    k = int(np.linalg.matrix_rank(block, hermitian=True))
    rest = count - k
    if not k or rest <= 0:
        return (float("nan"),) * 3
    distance = float(estimate @ np.linalg.pinv(block, hermitian=True) @ estimate)
    f = distance * rest / ((count - 1) * k)
    return f, float(scipy.special.fdtrc(k, rest, f)), float(scipy.special.ncfdtr(k, rest, count * F_BOUND**2, f))
