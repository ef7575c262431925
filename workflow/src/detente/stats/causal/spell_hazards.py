"""The hazard that conflict recurs, by discrete-time models of spells of peace, and what a treatment does to it.

Beck, Katz and Tucker (1998), "Taking time seriously", American Journal of Political Science 42: 1260–1288; Carter and
Signorino (2010), "Back to the future", Political Analysis 18: 271–292, for the cubic baseline.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from detente.base.errors import EmptySample, Separation, UnknownOption, UnknownVariable, choices
from detente.base.numerics import LEVEL, interval, two_sided
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.spells import Spells
from detente.stats.covariance import Vcov
from detente.stats.effects.risk import Effect, average_marginal_effect
from detente.stats.fitting import Fit, Printed, fit
from detente.stats.frame import ModelFrame

POLYNOMIALS = {"constant": 0, "linear": 1, "cubic": 3}
WAY_OUT = (
    "the exact test has a p-value and an interval where no estimate exists, exact_log_rank(spells), and "
    "estimator='firth', vcov='classical' a penalised estimate"
)


@dataclass(frozen=True)
class Hazard(Printed):
    """A discrete-time hazard model: `fit` its coefficients, `effect` on the mean risk of a period, in probability."""

    fit: Fit
    effect: Effect = field(repr=False)
    spells: Spells = field(repr=False)

    @property
    def risk_difference(self) -> float:
        """Mean hazard of all periods at risk with the treatment less that without it (observed values)."""
        return self.effect.value

    def table(self, level: float = LEVEL) -> pd.DataFrame:
        """Two rows, the coefficient and the risk difference: quantity, estimate, std_error, statistic, …, interval.

        Errors of the difference are by the delta method; NaN where the covariance leaves no variance.
        """
        unit = np.eye(len(self.fit.terms))[self.fit.terms.index(self.spells.name)]
        coefficient = float(self.fit.estimate @ unit)
        rows = {
            "coefficient": self._row(coefficient, unit, level),
            "risk difference": self._row(self.effect.value, self.effect.gradient, level),
        }
        if self.spells.name in self.fit.profiled:
            place = self.fit.terms.index(self.spells.name)
            low, high = self.fit.conf_int(level).to_numpy(dtype=np.float64)[place]
            own = {"p_value": float(self.fit.p_value[place]), "conf_low": float(low), "conf_high": float(high)}
            rows["coefficient"] |= own
        return pd.DataFrame([{"quantity": what, **row} for what, row in rows.items()])

    def _row(self, value: float, gradient: Array, level: float) -> dict[str, float]:
        vcov = self.fit.vcov
        error = vcov.std_error(gradient) if vcov.exists(gradient) else math.nan
        df = vcov.df(gradient)
        low, high = interval(value, error, df, level)
        statistic = value / error
        tests = {"statistic": statistic, "df": df, "p_value": float(two_sided(statistic, df))}
        return {"estimate": value, "std_error": error, **tests, "conf_low": low, "conf_high": high}

    def _printed(self) -> tuple[str, pd.DataFrame, list[str]]:
        counts = "; ".join(f"{what} {count:,}" for what, count in self.spells.counts.items())
        notes = [f"Spells: {counts}", f"Periods at risk: {self.fit.nobs:,}", f"Standard errors: {self.fit.vcov}"]
        out = [f"{reason} {rows:,}" for reason, rows in self.fit.attrition if rows]
        notes += [f"Rows left out: {'; '.join(out)}"] if out else []
        return (
            f"Hazard of recurrence, {self.fit.estimator}: {self.spells.name}",
            self.table(),
            [*notes, *self.fit.flags],
        )


def hazard_model(
    spells: Spells,
    estimator: str = "logit",
    *,
    baseline: str | Sequence[int] = "cubic",
    covariates: Sequence[str] = (),
    vcov: str | Vcov | None = None,
    ssc: str = "detente",
) -> Hazard:
    """A discrete-time hazard of the treatment, by an estimator of `detente.stats`: "logit", or "cloglog".

    The `baseline` is a polynomial of periods since the start, "cubic", "linear" or "constant"; or the first periods
    of groups of periods with one hazard each: (1, 2, 3, 6) are periods 1, 2, 3–5, and 6 and later. The covariance is
    that of `fit`: dyadic-robust where units are dyads, else clustered by unit; factors are "dyad", "unit", "spell",
    "year" and those of the panel. Periods with a covariate missing are left out, and counted.

    Raises NoSwitches, NoControls if no period at risk is treated, or none untreated; Separation with the way out, as
    where no treated spell ended; UnknownOption for another baseline; UnknownVariable for a covariate not in the
    panel; EmptySample if no period at risk has all covariates; what `fit` raises otherwise.
    """
    for name in covariates:
        if name not in spells.covariates:
            raise UnknownVariable(f"the spells have no covariate {name!r}; {choices(name, spells.covariates)}")
    spells.require_both()
    chosen = {name: spells.covariates[name] for name in covariates}
    known = ~np.any([np.isnan(values) for values in chosen.values()], axis=0) & np.ones(len(spells.ended), dtype=bool)
    if not known.any():
        raise EmptySample(
            f"none of {len(known):,} periods at risk has all of {', '.join(chosen)}; take other covariates"
        )
    columns = {spells.name: spells.treatment, **chosen, **baseline_columns(spells.period, baseline)}
    frame = _frame(spells, columns, known)
    chosen_vcov = vcov or ("unit" if spells.panel.sides is None else "dyadic")
    try:
        made = fit(frame, estimator=estimator, vcov=chosen_vcov, ssc=ssc)
    except Separation as error:
        raise Separation(f"{error}; {_apart(frame)}; {WAY_OUT}") from error
    return Hazard(made, average_marginal_effect(made.solution, frame.y, frame.treatment), spells)


def _frame(spells: Spells, columns: Mapping[str, Array], known: Flags) -> ModelFrame:
    unit, sides = spells.unit[known], spells.panel.sides
    return ModelFrame(
        y=spells.ended[known],
        x=np.column_stack([values[known] for values in columns.values()]),
        terms=tuple(columns),
        side1=None if sides is None else sides[0, unit],
        side2=None if sides is None else sides[1, unit],
        time=spells.panel.periods[spells.place[known]],
        clusters={"spell": spells.spell[known], **{f: codes[unit] for f, codes in spells.panel.factors.items()}},
        attrition=(("periods at risk with a covariate missing", int((~known).sum())),),
    )


def _apart(frame: ModelFrame) -> str:
    treated = frame.treatment == 1
    return (
        f"of {int(treated.sum()):,} treated periods at risk {int(frame.y[treated].sum()):,} end a spell, of "
        f"{int((~treated).sum()):,} untreated ones {int(frame.y[~treated].sum()):,}"
    )


def baseline_columns(period: Codes, baseline: str | Sequence[int]) -> dict[str, Array]:
    """Regressors (N,) by name of a baseline hazard of periods (N,) since the start; raises UnknownOption."""
    values = np.asarray(period, dtype=np.float64)
    if isinstance(baseline, str):
        if baseline not in POLYNOMIALS:
            raise UnknownOption(
                f"baseline {baseline!r} is not known; {choices(baseline, POLYNOMIALS)}, or the first periods of groups"
            )
        powers = ("period", "period squared", "period cubed")
        return {powers[p]: values ** (p + 1) for p in range(POLYNOMIALS[baseline])}
    first = list(baseline)
    whole = all(isinstance(each, int | np.integer) for each in first)
    if not first or not whole or first[0] != 1 or any(b <= a for a, b in pairwise(first)):
        raise UnknownOption(f"baseline={baseline!r}: the first periods of groups are whole, increase, and begin with 1")
    group = np.searchsorted(first, values, side="right") - 1
    ends = [f"–{after - 1}" if after - 1 > begin else "" for begin, after in pairwise(first)]
    names = tuple(f"periods {begin}{end}" for begin, end in zip(first, [*ends, "+"], strict=True))
    return {names[g]: (group == g).astype(np.float64) for g in range(1, len(first))}
