"""Honest intervals for event studies: effects if trends before the switch would have gone on, up to a bound.

Rambachan and Roth (2023), "A more credible approach to parallel trends", Review of Economic Studies 90: 2555–2591.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, ShortPanel, UnknownOption, choices
from detente.base.numerics import LEVEL, critical
from detente.stats.causal.effects import EventStudy
from detente.stats.causal.honest_magnitudes import TESTS, Moments, Test, magnitudes_set
from detente.stats.causal.honest_smoothness import smoothness_set
from detente.stats.covariance import Vcov
from detente.stats.fitting import Printed

Restriction = Literal["relative_magnitudes", "smoothness"]
RESTRICTIONS = {
    "relative_magnitudes": "differences in trends after up to the bound times the largest one before",
    "smoothness": "slopes of the difference in trends that change by up to the bound a period",
}
# Bounds beyond which a breakdown value is not looked for, times that it is bracketed closer.
FARTHEST, HALVINGS = 1024.0, 16


@dataclass(frozen=True)
class Honest(Printed):
    """Intervals of one target by bound, `table` with columns bound, conf_low, conf_high, and the one without a bound.

    `moments` the estimates and covariance that they are from; `words` how each was made.
    """

    moments: Moments = field(repr=False)
    restriction: Restriction
    level: float
    test: Test
    table: pd.DataFrame
    words: tuple[str, ...]

    @property
    def original(self) -> tuple[float, float]:
        """The interval if trends are parallel, by the same covariance."""
        margin = critical(float("inf"), self.level) * self.moments.std_error
        return self.moments.centre - margin, self.moments.centre + margin

    def interval(self, bound: float) -> tuple[float, float]:
        """Ends at another bound."""
        return interval_at(self.moments, self.restriction, bound, self.level, self.test)

    def breakdown(self, null: float = 0.0) -> float:
        """The largest bound at which the interval leaves out a value; 0 if none does, infinite if all up to 1024 do.

        Of smoothness the bound is in units of the outcome, and looked for up to 1024 standard errors of the target.
        """
        unit = 1.0 if self.restriction == "relative_magnitudes" else self.moments.std_error

        def leaves_out(bound: float) -> bool:
            low, high = self.interval(bound * unit)
            return null < low or null > high

        if not leaves_out(0.0):
            return 0.0
        low, high = 0.0, 1.0
        while leaves_out(high):
            low, high = high, 2 * high
            if high > FARTHEST:
                return float("inf")
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if leaves_out(middle) else (low, middle)
        return low * unit

    def _printed(self) -> tuple[str, pd.DataFrame, list[str]]:
        low, high = self.original
        plain = f"parallel trends: {low:.4g} to {high:.4g}; breakdown value {self.breakdown():.3g}"
        return f"Honest intervals: {RESTRICTIONS[self.restriction]}", self.table, [plain, *self.words]


def honest_intervals(
    study: EventStudy,
    restriction: Restriction = "relative_magnitudes",
    *,
    bounds: Sequence[float] = (0.5, 1.0, 1.5, 2.0),
    horizon: int | None = None,
    vcov: str | Vcov | None = None,
    level: float = LEVEL,
    test: Test = "hybrid",
) -> Honest:
    """Intervals for the mean effect, or that at one `horizon`, that allow for differences in trends up to each bound.

    Estimates before are differences from the period before the switch, whose own is zero: horizons −2, −3, … of a
    design with that base. "relative_magnitudes": |δ(t+1) − δ(t)| after the switch is up to the bound times the largest
    before (their Δ^RM); sets of values not rejected by the "hybrid" test, conditional with a least-favourable first
    stage, or the "conditional" one. "smoothness": |δ(t+1) − 2δ(t) + δ(t−1)| is up to the bound, in units of the outcome
    (Δ^SD); fixed-length intervals. Both take estimates as normal with a known covariance; where that of the target has
    few degrees of freedom, the covariance is made larger by the square of its t over the normal quantile.

    Raises UnknownOption for options that are not known; ShortPanel if there is no estimate before, or, for smoothness,
    none at the horizon; EstimationError if horizons are not consecutive around −1, or the period before the switch has
    an estimate of its own; IndefiniteCovariance where the target has no variance.
    """
    _check(restriction, bounds, test)
    moments, df = _moments(study, horizon, vcov, level)
    rows = [(bound, *interval_at(moments, restriction, bound, level, test)) for bound in bounds]
    how = f"{test} test" if restriction == "relative_magnitudes" else "fixed length"
    widened = f"normal, covariance for t with {df:.1f} df" if np.isfinite(df) else "normal"
    return Honest(
        moments=moments,
        restriction=restriction,
        level=level,
        test=test,
        table=pd.DataFrame(rows, columns=["bound", "conf_low", "conf_high"]),
        words=(f"{how}, {moments.before} periods before, {widened}", str(study.covariance(vcov))),
    )


def interval_at(
    moments: Moments, restriction: Restriction, bound: float, level: float, test: Test
) -> tuple[float, float]:
    """Ends of the interval of a target at one bound."""
    if restriction == "smoothness":
        return smoothness_set(moments, bound, level)
    return magnitudes_set(moments, bound, level, test)


def _check(restriction: str, bounds: Sequence[float], test: str) -> None:
    if restriction not in RESTRICTIONS:
        raise UnknownOption(f"restriction={restriction!r} is not known; {choices(restriction, RESTRICTIONS)}")
    if test not in TESTS:
        raise UnknownOption(f"test={test!r} is not known; {choices(test, TESTS)}")
    if not len(bounds) or not all(np.isfinite(bound) and bound >= 0 for bound in bounds):
        raise UnknownOption(f"bounds={tuple(bounds)}: one or more numbers that are 0 or larger")


def _moments(study: EventStudy, horizon: int | None, vcov: str | Vcov | None, level: float) -> tuple[Moments, float]:
    """Estimates in order of horizon, their covariance made larger for few degrees of freedom, and these."""
    order = np.argsort(study.horizon)
    horizons = [int(at) for at in study.horizon[order]]
    before, after = [at for at in horizons if at < 0], [at for at in horizons if at >= 0]
    if -1 in before:
        raise EstimationError(
            "the period before the switch has an estimate of its own; honest intervals need a design whose estimates "
            "are differences from that period, such as first_switch_effects with placebos"
        )
    if before != list(range(-1 - len(before), -1)) or after != list(range(len(after))) or not after:
        raise EstimationError(f"horizons {horizons} are not consecutive: they should be … −3, −2, 0, 1, …")
    if not before:
        raise ShortPanel("there is no estimate before the switch: ask the design for placebos")
    if horizon is not None and horizon not in after:
        raise UnknownOption(f"horizon={horizon} is none of those from the switch on: {after}")
    target = np.array([1 / len(after) if horizon is None else float(at == horizon) for at in after])
    gradient = np.zeros(len(horizons))
    gradient[order] = np.concatenate([np.zeros(len(before)), target])
    made = study.covariance(vcov)
    made.std_error(gradient)
    df = made.df(gradient)
    wider = (critical(df, level) / critical(float("inf"), level)) ** 2
    matrix = made.matrix[np.ix_(order, order)] * wider
    return Moments(study.estimate[order], matrix, len(before), target), df
