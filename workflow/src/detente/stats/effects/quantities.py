"""Functions of the coefficients with their intervals: by the delta method, or by draws of the coefficients."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from detente.base.numerics import LEVEL, critical, two_sided
from detente.base.types import Array
from detente.stats.covariance import Covariance
from detente.stats.printing import Printed

Scale = Literal["identity", "log", "logit"]
SHOWN: Mapping[Scale, Callable[[Array], Array]] = {"identity": lambda v: v, "log": np.exp, "logit": expit}
# Derivative of what is shown in what is on the scale.
STRETCH: Mapping[Scale, Callable[[Array], Array]] = {
    "identity": np.ones_like,
    "log": lambda v: v,
    "logit": lambda v: v * (1 - v),
}
# A singular covariance is drawn from by its eigenvectors, down to this share of the largest eigenvalue.
SINGULAR = 1e-14


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
        """One row per quantity: labels, estimate, std_error, statistic and p (of no effect), conf_low, conf_high."""
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
    def _errors(self) -> Array:
        """Standard errors (m,) on the scale of the intervals."""
        variance = np.einsum("ij,jk,ik->i", self.gradient, self.vcov.matrix, self.gradient)
        return np.asarray(np.where(self._exists, np.sqrt(np.maximum(variance, 0)), math.nan))

    def _interval(self, level: float) -> tuple[Array, Array]:
        tail, shown = (1 - level) / 2, SHOWN[self.scale]
        if self.simulated is None:
            margin = critical(self.vcov.df, level) * self._errors
            return shown(self.value - margin), shown(self.value + margin)
        low, high = np.quantile(self.simulated, [tail, 1 - tail], axis=1)
        return np.where(self._exists, shown(low), math.nan), np.where(self._exists, shown(high), math.nan)

    def _tests(self) -> dict[str, Array]:
        """Statistic and two-sided p of no effect; of draws, twice the smaller share on one side of none."""
        if self.simulated is None:
            with np.errstate(divide="ignore", invalid="ignore"):
                statistic = self.value / self._errors
            return {"statistic": statistic, "p_value": two_sided(statistic, self.vcov.df)}
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
    scale = np.sqrt(np.diag(covariance.matrix))
    scale[scale == 0] = 1.0
    correlation = covariance.matrix / np.outer(scale, scale)
    normal = np.random.default_rng(seed).standard_normal((draws, len(estimate)))
    try:
        root = np.linalg.cholesky(correlation)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(correlation)
        root = vectors * np.sqrt(np.where(values > SINGULAR * values[-1], values, 0.0))
    return np.asarray(estimate + (normal @ root.T) * scale)
