"""What a fit says about risk: marginal effects, risk ratios, first differences and curves, under any covariance.

Every number is an average over the rows that the fit used, each at its observed values but for what is set (Hanmer and
Kalkan 2013). Powers and interactions of a regressor move with it, and levels of a category exclude each other. Where
effects are absorbed, rows keep theirs: gradients let them adapt to the coefficients, as in the estimate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from detente.base.errors import EstimationError
from detente.base.numerics import LEVEL, interval, percentiles, two_sided
from detente.base.types import Array
from detente.stats.covariance import Covariance
from detente.stats.effects.averages import Average, Predictor, at_draws, averages, predictor
from detente.stats.effects.through import Through, derived, mean_effect, mean_effect_at, through
from detente.stats.fitting import Fit, Printed
from detente.stats.normal import normal_draws

Values = Mapping[str, float]
# Labels, and an average of each; or two, those of the second half to be taken off.
Wanted = tuple[Sequence[Mapping[str, object]], Sequence[Average]]
POINTS = 21
Scale = Literal["identity", "log", "logit"]
SHOWN: Mapping[Scale, Callable[[Array], Array]] = {
    "identity": lambda v: v,
    "log": np.exp,
    "logit": lambda v: np.asarray(scipy.special.expit(v)),
}
# Derivative of what is shown in what is on the scale.
STRETCH: Mapping[Scale, Callable[[Array], Array]] = {
    "identity": np.ones_like,
    "log": lambda v: v,
    "logit": lambda v: v * (1 - v),
}


@dataclass(frozen=True)
class Quantities(Printed):
    """m functions of the coefficients, a row each.

    labels m rows that say what each is; `value` (m,) and `gradient` (m, k) on the `scale` on which an interval is
    symmetric: a ratio's logarithm, a risk's log odds; `simulated` (m, B) their values, on that scale, at draws of the
    coefficients, None for the delta method. `tested` whether zero on the scale means no effect.
    """

    title: str
    labels: pd.DataFrame
    value: Array
    gradient: Array
    scale: Scale
    tested: bool
    vcov: Covariance
    simulated: Array | None
    flags: tuple[str, ...]

    @property
    def estimate(self) -> Array:
        """The numbers as they are read, (m,)."""
        return SHOWN[self.scale](self.value)

    @property
    def std_error(self) -> Array:
        """Standard errors (m,) of the numbers as they are read; NaN where the covariance leaves none."""
        if self.simulated is not None:
            return np.asarray(np.where(self._exists, SHOWN[self.scale](self.simulated).std(axis=1, ddof=1), math.nan))
        return np.asarray(STRETCH[self.scale](self.estimate) * self._errors)

    def under(self, covariance: Covariance) -> Quantities:
        """The same by the delta method under another covariance."""
        return replace(self, vcov=covariance, simulated=None)

    def table(self, level: float = LEVEL) -> pd.DataFrame:
        """One row per quantity: labels, estimate, std_error, statistic, df and p (of no effect), interval."""
        low, high = self._interval(level)
        tests = self._tests() if self.tested else {}
        numbers = {"estimate": self.estimate, "std_error": self.std_error, **tests, "conf_low": low, "conf_high": high}
        return self.labels.assign(**numbers)

    def _printed(self) -> tuple[str, pd.DataFrame, list[str]]:
        made = f"Intervals of {100 * LEVEL:.0f} %: {self.method}; {self.vcov}"
        return self.title, self.table(), [made, *self.flags]

    @property
    def method(self) -> str:
        """How intervals are made, in words."""
        if self.simulated is None:
            on = {"identity": "", "log": " on the scale of logs", "logit": " on the scale of log odds"}[self.scale]
            return f"delta method{on}"
        return f"percentiles of {self.simulated.shape[1]:,} draws of the coefficients from N(b, V)"

    @property
    def _exists(self) -> npt.NDArray[np.bool_]:
        return np.array([self.vcov.exists(g) or not g.any() for g in self.gradient])

    @property
    def df(self) -> Array:
        """Degrees of freedom of the statistics, (m,); infinite for the normal distribution."""
        return np.array([self.vcov.df(g) for g in self.gradient])

    @property
    def _errors(self) -> Array:
        """Standard errors (m,) on the scale of the intervals."""
        variance = np.einsum("ij,jk,ik->i", self.gradient, self.vcov.matrix, self.gradient)
        return np.asarray(np.where(self._exists, np.sqrt(np.maximum(variance, 0)), math.nan))

    def _interval(self, level: float) -> tuple[Array, Array]:
        shown = SHOWN[self.scale]
        if self.simulated is None:
            low, high = interval(self.value, self._errors, self.df, level)
            return shown(low), shown(high)
        low, high = (np.where(self._exists, shown(end), math.nan) for end in percentiles(self.simulated.T, level))
        return low, high

    def _tests(self) -> dict[str, Array]:
        """Statistic and two-sided p of no effect; of draws, twice the smaller share on one side of none."""
        if self.simulated is None:
            with np.errstate(divide="ignore", invalid="ignore"):
                statistic = self.value / self._errors
            return {"statistic": statistic, "df": self.df, "p_value": two_sided(statistic, self.df)}
        draws = self.simulated.shape[1]
        beyond = np.minimum((self.simulated <= 0).sum(axis=1), (self.simulated >= 0).sum(axis=1))
        statistic = self.value / self.simulated.std(axis=1, ddof=1)
        p = np.minimum(1.0, 2 * (beyond + 1) / (draws + 1))
        return {
            "statistic": np.where(self._exists, statistic, math.nan),
            "p_value": np.where(self._exists, p, math.nan),
        }


def draw_coefficients(estimate: Array, covariance: Covariance, draws: int, seed: int) -> Array:
    """`draws` coefficients (B, k) from N(b, V), V possibly singular (King, Tomz and Wittenberg 2000)."""
    return np.asarray(estimate + normal_draws(covariance.matrix, draws, np.random.default_rng(seed)))


@dataclass(frozen=True)
class Draws:
    """How many draws of the coefficients, and from which seed; in place of the delta method."""

    number: int = 1000
    seed: int = 0


def marginal_effects(
    fit: Fit, terms: Iterable[str] | None = None, *, at: Values | None = None, simulate: Draws | None = None
) -> Quantities:
    """Average marginal effect on risk of regressors: of one that is 0 or 1 the change, of another the derivative.

    `terms`: names of regressors; all that can be moved by themselves if None. A variable of a formula that enters it
    through functions, as x in `x + exp(x)` or `log(x)`, is moved through all terms, under its own name. `at`: other
    regressors set to values in every row. `simulate`: draws of the coefficients for intervals, not the delta method.
    Raises NoRisk if the model has no absolute risk, as conditional logit; UnknownVariable if a name is no regressor of
    the fit.
    """
    of = predictor(fit.solution, fit.design)
    found = derived(of, fit.written)
    asked = [*(n for n in of.bases if not _functions(fit, of, n)), *found] if terms is None else list(terms)
    by_formula = [n for n in asked if n in found and fit.written is not None and fit.written.numeric(n)]
    asked = [n for n in asked if n not in by_formula and (terms is not None or n not in found)]
    _refuse_functions(fit, of, [*asked, *(at or {})])
    if at and by_formula:
        raise EstimationError(
            f"the effect of {by_formula[0]!r} through functions is at observed values: leave out `at`"
        )
    fixed, binary = of.settings(at), of.structure.binary
    columns = {n: of.column(n) for n in asked if of.column(n) not in fixed}
    labels = [{"term": n, "change": "0 to 1" if binary[j] else "derivative"} for n, j in columns.items()]
    wanted = [Average(fixed, **{"change_in" if binary[j] else "derivative_in": j}) for j in columns.values()]
    moved = [through(of, fit.written, n) for n in by_formula] if fit.written is not None else []
    return _made(fit, of, (labels, wanted), "Average marginal effects on risk", "identity", simulate, moved)


def _functions(fit: Fit, of: Predictor, column: str) -> dict[str, tuple[str, ...]]:
    """Variables of a column that also enter the formula through functions, with all columns made of each."""
    found = derived(of, fit.written)
    own = () if fit.written is None else fit.written.variables.get(column, ())
    return {variable: found[variable] for variable in own if variable in found}


def _refuse_functions(fit: Fit, of: Predictor, names: Iterable[str]) -> None:
    """Raise EstimationError if a regressor cannot be moved by itself, as others are functions of the same variable."""
    for name in names:
        for variable, columns in _functions(fit, of, name).items():
            beside = ", ".join(columns)
            raise EstimationError(
                f"{variable!r} enters by {beside}: {name!r} does not move alone; marginal_effects move all"
            )


def first_differences(
    fit: Fit, changes: Mapping[str, tuple[float, float]], *, at: Values | None = None, simulate: Draws | None = None
) -> Quantities:
    """Mean risk with a regressor at its second value in every row, less that with it at its first.

    `changes`: by regressor, from which value to which. `at` and `simulate` as in `marginal_effects`.
    """
    of = predictor(fit.solution, fit.design)
    _refuse_functions(fit, of, [*changes, *(at or {})])
    return _made(fit, of, _between(of, changes, at), "First differences of mean risk", "identity", simulate)


def risk_ratios(
    fit: Fit,
    changes: Mapping[str, tuple[float, float]] | None = None,
    *,
    at: Values | None = None,
    simulate: Draws | None = None,
) -> Quantities:
    """The same as a ratio, tested and given its interval on the scale of logs.

    `changes` None takes every regressor: from 0 to 1 if it is no other, else from its mean to a standard deviation
    above it.

    Raises EstimationError if a mean risk is not positive, as in linear models: the ratio does not exist.
    """
    of = predictor(fit.solution, fit.design)
    if changes is None:
        changes = {n: (0.0, 1.0) if of.structure.binary[j] else _deviation(of, j) for n, j in of.bases.items()}
    _refuse_functions(fit, of, [*changes, *(at or {})])
    return _made(fit, of, _between(of, changes, at), "Ratios of mean risks", "log", simulate)


def risk_curve(
    fit: Fit,
    term: str,
    values: Sequence[float] | None = None,
    *,
    at: Values | None = None,
    simulate: Draws | None = None,
) -> Quantities:
    """Mean risk with a regressor at each of some values in every row.

    Intervals are made on the scale of log odds, or of logs for a count, so that they stay where risks can be; those of
    linear models on that of the risk. Where effects are absorbed by a linear model, the mean outcome is taken as known.

    `values`: where to predict; None for 0 and 1, or 21 values over the range that the regressor has.
    """
    of = predictor(fit.solution, fit.design)
    _refuse_functions(fit, of, [term, *(at or {})])
    column, s = of.column(term), of.structure
    if values is None:
        low, high = float(s.low[column]), float(s.high[column])
        values = [0.0, 1.0] if s.binary[column] else [float(v) for v in np.linspace(low, high, POINTS)]
    labels = [{"term": term, "value": float(v)} for v in values]
    wanted = [Average(of.settings(at) | of.level(column, float(v))) for v in values]
    link = fit.solution.link
    scale: Scale = "identity" if link == "identity" else "log" if link == "log" else "logit"
    return _made(fit, of, (labels, wanted), f"Mean risk by {term}", scale, simulate)


def _deviation(of: Predictor, column: int) -> tuple[float, float]:
    """A regressor's mean, and a standard deviation above it."""
    values = of.source[:, column] if of.rows is None else of.source[of.rows, column]
    mean = float(values.mean())
    return mean, mean + float(values.std(ddof=1))


def _between(of: Predictor, changes: Mapping[str, tuple[float, float]], at: Values | None) -> Wanted:
    fixed, ends = of.settings(at), {of.column(name): change for name, change in changes.items()}
    labels = [{"term": name, "from": float(low), "to": float(high)} for name, (low, high) in changes.items()]
    high = [Average(fixed | of.level(j, float(high))) for j, (_, high) in ends.items()]
    return labels, high + [Average(fixed | of.level(j, float(low))) for j, (low, _) in ends.items()]


def _made(
    fit: Fit,
    of: Predictor,
    asked: Wanted,
    title: str,
    scale: Scale,
    simulate: Draws | None,
    moved: Sequence[Through] = (),
) -> Quantities:
    """All averages in one pass, then what is asked of them; behind them variables `moved` through a formula."""
    labels, wanted = asked
    risks, slopes = averages(of, wanted)
    with np.errstate(divide="ignore", invalid="ignore"):
        outcome, gradient = _put(risks, scale), slopes / STRETCH[scale](risks)[:, None]
    if not np.isfinite(outcome).all():
        worst = float(risks[~np.isfinite(outcome)][0])
        raise EstimationError(f"a mean risk is {worst:.4f}: it has no ratio and no odds; use first_differences")
    unused = len(fit.design.y) - of.n
    excluded = f"averages are over the {of.n:,} rows that the fit uses, not the {unused:,} others"

    more = [mean_effect(of, one) for one in moved]

    def contrasted(values: Array) -> Array:
        return values if len(values) == len(labels) else values[: len(labels)] - values[len(labels) :]

    simulated = None
    if simulate is not None:
        draws = draw_coefficients(fit.estimate, fit.vcov, simulate.number, simulate.seed)
        simulated = contrasted(_put(at_draws(of, wanted, draws), scale))
        simulated = np.vstack([simulated, *(mean_effect_at(of, one, draws)[None] for one in moved)])
        if not np.isfinite(simulated).all():
            raise EstimationError("some draws put a mean risk where none can be: there is no ratio; use differences")
    return Quantities(
        title=f"{title}: {fit.outcome}, {fit.estimator}",
        labels=pd.DataFrame([*labels, *({"term": one.variable, "change": one.change} for one in moved)]),
        value=np.append(contrasted(outcome), [value for value, _ in more]),
        gradient=np.vstack([contrasted(gradient), *(along[None] for _, along in more)]),
        scale=scale,
        tested=bool(labels or moved) and not (labels and "value" in labels[0]),
        vcov=fit.vcov,
        simulated=simulated,
        flags=(*fit.flags, *([excluded] if unused else [])),
    )


def _put(risk: Array, scale: Scale) -> Array:
    """Mean risks on a scale; not finite where they do not exist there."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return {"identity": risk, "log": np.log(risk), "logit": np.log(risk) - np.log1p(-risk)}[scale]
