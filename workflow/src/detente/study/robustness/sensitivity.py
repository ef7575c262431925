"""How strong a confounder would have to be: robustness values, benchmarks, contours, Oster's δ and E-values of a fit.

Cinelli and Hazlett (2020) write the bias of least squares as SE·√df·√(R²·R²), in which SE·√df is no more than the
ratio of two residual standard deviations: it is the classical standard error by algebra, whatever errors are made of.
So estimates are adjusted with the classical error and the residual degrees of freedom N − K, and their intervals and t
statistics with the covariance of the fit: its standard error times √((1 − R²_Y)/(1 − R²_D)·df/(df − 1)), as if the
confounder left the dependence among dyads what it is, and its own degrees of freedom (of the dyadic one n − 1). With
the classical covariance all numbers are those of sensemakr.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.polynomial import Polynomial

from detente.base.errors import EstimationError, UnsupportedEstimator
from detente.base.numerics import INDEFINITE, LEVEL, REAL, SHORTEST, TINY, critical, interval
from detente.base.types import Array
from detente.stats import Fit, confounding, get
from detente.stats.effects import log_risk_ratio
from detente.stats.linear import gram, left_of, outcome_within
from detente.study.robustness.frames import BOUNDS, CONTOURS, EVALUE, EXTREMES, SELECTION, SENSITIVITY

TIMES = (1.0, 2.0, 3.0)
# Shares of what is left of the outcome that an extreme confounder explains.
SHARES = (1.0, 0.75, 0.5)
POINTS = 41
# Of Oster (2019, p. 189): results of randomised trials mostly survive this much.
R_MAX_TIMES = 1.3


@dataclass(frozen=True)
class Treatment:
    """What sensitivity needs of a linear fit.

    `estimate` of the treatment; `error` its standard error under the covariance of the fit, which has `degrees` of
    freedom; `classical` the classical standard error with `df` = N − K; `benchmarks` by name the partial R² of observed
    controls with the treatment (given the other controls) and with the outcome (given these and the treatment).
    """

    term: str
    estimate: float
    error: float
    degrees: float
    classical: float
    df: float
    vcov: str
    benchmarks: Mapping[str, tuple[float, float]]

    @property
    def beside(self) -> float:
        """Degrees of freedom beside a confounder, which takes a residual one but no state."""
        return self.degrees - 1 if self.degrees == self.df else self.degrees

    def adjusted(self, r2dz_x: float, r2yz_dx: float) -> tuple[float, float]:
        """Estimate and standard error had a confounder of this strength been in the model."""
        moved = confounding.adjusted_estimate(self.estimate, self.classical, self.df, r2dz_x=r2dz_x, r2yz_dx=r2yz_dx)
        return moved, confounding.adjusted_std_error(self.error, self.df, r2dz_x=r2dz_x, r2yz_dx=r2yz_dx)


def treatment_of(fit: Fit, benchmarks: Mapping[str, Sequence[str]] | None = None) -> Treatment:
    """What sensitivity needs of an LPM.

    `benchmarks`: terms by name of benchmark; if None each control, powers of one (`x`, `x_2`, `x_3`) together.
    Raises UnsupportedEstimator if the fit is not least squares; EstimationError if a benchmark names no control of the
    fit.
    """
    solution = fit.solution
    if not get(fit.estimator).least_squares:
        raise UnsupportedEstimator(f"the bias of a confounder is that of least squares, not of {fit.estimator!r}")
    place = solution.treatment
    named = benchmark_groups(fit.terms, place) if benchmarks is None else benchmarks
    controls = set(fit.terms) - {fit.terms[place]}
    if unknown := sorted({t for terms in named.values() for t in terms} - controls):
        raise EstimationError(f"benchmarks must be controls of the fit; these are none: {', '.join(unknown)}")
    products = gram(solution.x, outcome_within(fit.design, solution))
    return Treatment(
        term=fit.terms[place],
        estimate=float(fit.estimate[place]),
        error=float(fit.vcov.std_error(np.eye(len(fit.terms))[place])),
        degrees=float(fit.df[place]),
        classical=math.sqrt(solution.dispersion * solution.bread[place, place]),
        df=float(fit.nobs - len(fit.terms) - solution.absorbed),
        vcov=fit.vcov.kind,
        benchmarks={n: _partials(products, place, [fit.terms.index(t) for t in terms]) for n, terms in named.items()},
    )


def benchmark_groups(terms: Sequence[str], treatment: int) -> dict[str, list[str]]:
    """Controls by name, powers with what they are powers of; the constant and the treatment are none.

    Nor are the two factors of a treatment that is a product: they share its variance by construction.
    """
    found: dict[str, list[str]] = {}
    for j, term in enumerate(terms):
        if j != treatment and term not in ("intercept", "Intercept", *terms[treatment].split("_x_")):
            base = re.sub(r"_[2-9]$", "", term)
            found.setdefault(base if base in terms else term, []).append(term)
    return found


def _partials(products: Array, place: int, group: list[int]) -> tuple[float, float]:
    """Partial R² of a group of controls with the treatment, and with the outcome, the last of the columns."""
    outcome = len(products) - 1
    rest = [j for j in range(outcome) if j != place and j not in group]

    def share(column: int, out: list[int]) -> float:
        before, after = left_of(products, column, out), left_of(products, column, sorted([*out, *group]))
        return min(max((before - after) / before, 0.0), 1.0)

    return share(place, rest), share(outcome, [place, *rest])


def sensitivity(treatment: Treatment, q: float = 1.0) -> pd.DataFrame:
    """One row of `SENSITIVITY`, for a confounder that brings the estimate down by the share `q`.

    Partial R² and `rv` do not depend on the covariance. `rv_substituted`, with the fit's t in the place of the
    classical one, is what is often printed with robust errors: a t statistic in the unit of a partial R².
    """
    t, classical = treatment.estimate / treatment.error, treatment.estimate / treatment.classical
    strength = q * abs(classical) / math.sqrt(treatment.df)
    limit = critical(treatment.beside)
    threshold = limit * treatment.error / treatment.classical / math.sqrt(treatment.df - 1)
    row = {
        "term": treatment.term,
        "estimate": treatment.estimate,
        "std_error": treatment.error,
        "t": t,
        "df": treatment.degrees,
        "critical": limit,
        "vcov": treatment.vcov,
        "std_error_classical": treatment.classical,
        "t_classical": classical,
        "df_residual": treatment.df,
        "partial_r2": confounding.partial_r2(classical, treatment.df),
        "rv": confounding.robustness_value(classical, treatment.df, q),
        "rv_alpha": confounding.robustness(strength, threshold),
        "rv_alpha_classical": confounding.robustness_value(classical, treatment.df, q, 1 - LEVEL),
        "rv_substituted": confounding.robustness_value(t, treatment.df, q),
        "q": q,
    }
    return SENSITIVITY.frame([row])


def bounds(treatment: Treatment, times: Sequence[float] = TIMES) -> pd.DataFrame:
    """Estimates beside a confounder so many times as strong as each benchmark, as `BOUNDS`.

    A confounder that would explain more than there is has no estimate but a `failure`.
    """
    pairs = [(name, k) for name in treatment.benchmarks for k in times]
    return BOUNDS.frame([_bound(treatment, name, k) for name, k in pairs])


def _bound(treatment: Treatment, name: str, times: float) -> dict[str, Any]:
    row: dict[str, Any] = {"benchmark": name, "times": times, "failure": ""}
    try:
        shares = confounding.bound_from_benchmark(*treatment.benchmarks[name], times)
        estimate, error = treatment.adjusted(*shares)
    except EstimationError as problem:
        return row | {"failure": str(problem)}
    low, high = interval(estimate, error, treatment.beside)
    row |= {"r2dz_x": shares[0], "r2yz_dx": shares[1], "estimate": estimate, "std_error": error}
    t = estimate / error if error > 0 else math.copysign(math.inf, estimate)
    return row | {"t": t, "conf_low": low, "conf_high": high}


def contours(treatment: Treatment) -> pd.DataFrame:
    """Adjusted estimate and t on a square grid of strengths, to a quarter beyond robustness value and bounds."""
    known = bounds(treatment)[["r2dz_x", "r2yz_dx"]].max().max()
    value = float(sensitivity(treatment)["rv"].iloc[0])
    axis = _axis(max(value, 0.0 if math.isnan(known) else float(known)))
    cells = [(r2dz_x, r2yz_dx, *treatment.adjusted(r2dz_x, r2yz_dx)) for r2yz_dx in axis for r2dz_x in axis]
    return CONTOURS.frame((d, y, estimate, estimate / error) for d, y, estimate, error in cells)


def extreme(treatment: Treatment) -> pd.DataFrame:
    """Adjusted estimate if a confounder explains 100, 75 or 50 % of what is left of the outcome, as `EXTREMES`."""
    shares = [share for share, _ in treatment.benchmarks.values()]
    axis = _axis(max([confounding.partial_r2(treatment.estimate / treatment.classical, treatment.df), *shares]))
    return EXTREMES.frame([(y, d, treatment.adjusted(d, y)[0]) for y in SHARES for d in axis])


def _axis(known: float) -> list[float]:
    """Strengths from none to a quarter beyond those that are known."""
    return [float(v) for v in np.linspace(0.0, max(min(0.95, 1.25 * known), SHORTEST), POINTS)]


@dataclass(frozen=True)
class Moments:
    """Estimates of a short and of a long regression, and what they leave (Oster 2019).

    `short`, `r2_short` without controls, `long`, `r2` with them; variances: `outcome`, `treatment`, and `left` of the
    treatment given the controls. All within what both have, the absorbed effects.
    """

    short: float
    r2_short: float
    long: float
    r2: float
    outcome: float
    treatment: float
    left: float

    def delta(self, r_max: float, target: float = 0.0) -> float:
        """Selection on what is unobserved, over that on what is observed, which puts the effect at `target`.

        Oster (2019, proposition 3). |δ| > 1: the unobserved must matter more than all that is observed. A negative δ:
        it must pull the other way. Infinite if nothing does.
        """
        number, other = (float(cubic(self.long - target)) for cubic in self._cubics(r_max))
        return number / other if other else math.copysign(math.inf, number)

    def effects(self, r_max: float, delta: float = 1.0) -> list[float]:
        """Effects that a δ is compatible with, nearest to the long estimate first: real roots of `number − δ · other`.

        With δ = 1 the cubic terms cancel.
        """
        number, other = (np.asarray(cubic.coef, dtype=np.float64) for cubic in self._cubics(r_max))
        unit = max(abs(self.long), abs(self.short), TINY)
        # In units of the estimate, so that what is left of a coefficient that cancels can be told from the others.
        scaled: Array = (number - delta * other) * np.power(unit, np.arange(4.0))
        roots = Polynomial(scaled).trim(INDEFINITE * np.abs(scaled).max()).roots()
        real = roots[np.abs(roots.imag) <= REAL * np.maximum(np.abs(roots), REAL)].real * unit
        return sorted((self.long - float(v) for v in real), key=lambda effect: abs(effect - self.long))

    def _cubics(self, r_max: float) -> tuple[Polynomial, Polynomial]:
        """Numerator and denominator of δ in ν, the long estimate less the effect."""
        gained, missing = (self.r2 - self.r2_short) * self.outcome, (r_max - self.r2) * self.outcome
        moved, x, t = self.short - self.long, self.treatment, self.left
        number = (0.0, gained * t + x * t * moved**2, 2 * t * moved * x, x * t - t**2)
        other = (missing * moved * x, missing * (x - t), t * moved * x, x * t - t**2)
        return Polynomial(number), Polynomial(other)


def moments(fit: Fit) -> Moments:
    """The moments of an LPM beside the same without its controls; effects stay in both.

    Raises UnsupportedEstimator if the fit is not least squares; EstimationError if it has no control.
    """
    solution, place = fit.solution, fit.solution.treatment
    if not get(fit.estimator).least_squares or solution.predictor is None:
        raise UnsupportedEstimator(f"Oster's δ is of least squares, not of {fit.estimator!r}")
    x, residual = solution.x, fit.design.y - solution.predictor
    constant = [j for j, term in enumerate(fit.terms) if term == "intercept"]
    controls = [j for j in range(x.shape[1]) if j != place and j not in constant]
    if not controls:
        raise EstimationError("the model has no control: there is no selection on observables to compare with")
    y = outcome_within(fit.design, solution)
    products = gram(*(v - v.mean(axis=0) if constant else v for v in (x[:, place], x[:, controls], y)))
    of_d, of_y, with_y = float(products[0, 0]), float(products[-1, -1]), float(products[0, -1])
    n = len(y)
    return Moments(
        short=with_y / of_d,
        r2_short=with_y**2 / of_d / of_y,
        long=float(fit.estimate[place]),
        r2=1 - float(np.einsum("i,i->", residual, residual)) / of_y,
        outcome=of_y / n,
        treatment=of_d / n,
        left=left_of(products, 0, range(1, len(products) - 1)) / n,
    )


def oster(fit: Fit) -> pd.DataFrame:
    """δ for an effect of zero, and the effect were δ = 1, with R² at most 1.3 times as large, and at most 1.

    R² are within the absorbed effects, as these are in both models.
    Returns two rows, of `SELECTION`; `roots` all effects that δ = 1 allows, `beta_star` the nearest to the estimate.
    """
    found = moments(fit)
    rules = {f"{R_MAX_TIMES:g} × R²": min(1.0, R_MAX_TIMES * found.r2), "1": 1.0}
    rows = []
    for rule, r_max in rules.items():
        effects = found.effects(r_max)
        numbers = (found.short, found.r2_short, found.long, found.r2, found.delta(r_max))
        rows.append((rule, r_max, *numbers, next(iter(effects), math.nan), "; ".join(f"{e:.6g}" for e in effects)))
    return SELECTION.frame(rows)


def e_value(ratio: float) -> float:
    """Smallest risk ratio that a confounder must have with both treatment and outcome to explain away a risk ratio.

    R + √(R(R − 1)) of R ≥ 1, or of 1/R (VanderWeele and Ding 2017).
    Raises EstimationError if the ratio is not positive.
    """
    if not ratio > 0:
        raise EstimationError(f"a risk ratio must be positive (found {ratio:g})")
    size = max(ratio, 1 / ratio)
    return size + math.sqrt(size * (size - 1))


def e_values(ratio: float, low: float, high: float) -> pd.DataFrame:
    """E-value of a risk ratio and of the limit of its interval nearer to one: 1 if the interval has one in it."""
    limit = 1.0 if low <= 1 <= high else e_value(high if ratio < 1 else low)
    return EVALUE.frame([(ratio, low, high, e_value(ratio), limit)])


def e_values_of(fit: Fit) -> pd.DataFrame:
    """E-values of a fit's risk ratio, under its covariance; raises NoRisk, EstimationError if it has none."""
    effect = log_risk_ratio(fit.solution, fit.design.y, fit.design.treatment)
    ends = interval(effect.value, fit.vcov.std_error(effect.gradient), fit.vcov.df(effect.gradient))
    return e_values(*(math.exp(v) for v in (effect.value, *ends)))
