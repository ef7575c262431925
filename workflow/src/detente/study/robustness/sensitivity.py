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

from detente.base.errors import EstimationError, UnsupportedEstimator
from detente.base.numerics import LEVEL, SHORTEST, critical, interval
from detente.base.types import Array
from detente.stats import Fit, confounding, get
from detente.stats.linear import gram, left_of, outcome_within
from detente.study.robustness.frames import BOUNDS, CONTOURS, EXTREMES, SENSITIVITY

TIMES = (1.0, 2.0, 3.0)
# Shares of what is left of the outcome that an extreme confounder explains.
SHARES = (1.0, 0.75, 0.5)
POINTS = 41


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

    @property
    def critical(self) -> float:
        """Critical t at 5 % beside a confounder."""
        return critical(self.beside)

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
        degrees=float(fit.vcov.df),
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
    threshold = treatment.critical * treatment.error / treatment.classical / math.sqrt(treatment.df - 1)
    row = {
        "term": treatment.term,
        "estimate": treatment.estimate,
        "std_error": treatment.error,
        "t": t,
        "df": treatment.degrees,
        "critical": treatment.critical,
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


def strongest(frame: pd.DataFrame, estimate: float, times: float = 1.0) -> pd.Series:
    """The row of `bounds` whose interval comes nearest to zero, or furthest beyond it, at `times` the benchmark.

    Raises EstimationError if no benchmark has a bound.
    """
    rows = _at(frame, times)
    edge = rows["conf_low"] if estimate >= 0 else -rows["conf_high"]
    return rows.iloc[int(edge.to_numpy().argmin())]


def furthest(frame: pd.DataFrame, estimate: float, times: float = 1.0) -> tuple[str, float, float]:
    """Benchmark and interval (low, high) that reach furthest from zero, the bias going either way.

    `bounds` takes the bias off the estimate; a confounder that hides an effect adds it.

    Raises EstimationError if no benchmark has a bound.
    """
    rows = _at(frame, times)
    away = 2 * (estimate - rows["estimate"])
    both = pd.concat([rows, rows.assign(conf_low=rows["conf_low"] + away, conf_high=rows["conf_high"] + away)])
    edge = both[["conf_low", "conf_high"]].abs().max(axis=1)
    row = both.iloc[int(edge.to_numpy().argmax())]
    return str(row["benchmark"]), float(row["conf_low"]), float(row["conf_high"])


def _at(frame: pd.DataFrame, times: float) -> pd.DataFrame:
    rows = frame[(frame["times"] == times) & (frame["failure"] == "")]
    if rows.empty:
        raise EstimationError(f"no benchmark has a bound at {times:g} times its strength")
    return rows


def contours(treatment: Treatment) -> pd.DataFrame:
    """Adjusted estimate and t on a square grid of strengths, to a quarter beyond robustness value and bounds."""
    known = bounds(treatment)[["r2dz_x", "r2yz_dx"]].max().max()
    value = float(sensitivity(treatment)["rv"].iloc[0])
    axis = _axis(max(value, 0.0 if math.isnan(known) else float(known)))
    rows = []
    for r2yz_dx in axis:
        for r2dz_x in axis:
            estimate, error = treatment.adjusted(r2dz_x, r2yz_dx)
            rows.append((r2dz_x, r2yz_dx, estimate, estimate / error))
    return CONTOURS.frame(rows)


def extreme(treatment: Treatment) -> pd.DataFrame:
    """Adjusted estimate if a confounder explains 100, 75 or 50 % of what is left of the outcome, as `EXTREMES`."""
    shares = [share for share, _ in treatment.benchmarks.values()]
    axis = _axis(max([confounding.partial_r2(treatment.estimate / treatment.classical, treatment.df), *shares]))
    return EXTREMES.frame([(y, d, treatment.adjusted(d, y)[0]) for y in SHARES for d in axis])


def _axis(known: float) -> list[float]:
    """Strengths from none to a quarter beyond those that are known."""
    return [float(v) for v in np.linspace(0.0, max(min(0.95, 1.25 * known), SHORTEST), POINTS)]
