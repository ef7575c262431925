"""How selective the unobserved would have to be: Oster's δ of a linear fit, and the E-value of a risk ratio."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.polynomial import Polynomial

from detente.base.errors import EstimationError, UnsupportedEstimator
from detente.base.numerics import INDEFINITE, REAL, TINY, interval
from detente.base.types import Array
from detente.stats import Fit, get
from detente.stats.effects import log_risk_ratio
from detente.stats.linear import gram, left_of, outcome_within
from detente.study.robustness.frames import EVALUE, SELECTION

# Of Oster (2019, p. 189): results of randomised trials mostly survive this much.
R_MAX_TIMES = 1.3


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
    """E-values of the risk ratio of a fit's treatment, with the interval of its covariance.

    Raises NoRisk, EstimationError if the model has no risk ratio.
    """
    effect = log_risk_ratio(fit.solution, fit.design.y, fit.design.treatment)
    ends = interval(effect.value, fit.vcov.std_error(effect.gradient), fit.vcov.df)
    return e_values(*(math.exp(v) for v in (effect.value, *ends)))
