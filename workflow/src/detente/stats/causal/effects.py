"""Effects by periods since a switch, in one form for every design, with inference for dependence among dyads.

A design is an average over treated cells of linear comparisons of outcomes. It hands over what each unit adds to each
effect (its influence), so that every covariance of `detente.stats.covariance` follows from sums over units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy

from detente.base.errors import EstimationError, NoDyads, UnknownOption, UnsuitableTreatment
from detente.base.numerics import LEVEL, interval, two_sided
from detente.base.types import Array, Codes
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.covariance import Covariance, Information, SandwichParts, Vcov, covariance, parse
from detente.stats.fitting import Printed
from detente.stats.normal import normal_draws

# Draws of the largest of several t statistics.
BAND_DRAWS = 20_000


@dataclass(frozen=True)
class Weights(Information):
    """Weights of outcomes in effects: `left` (R, k), with the `unit` (R,) that each outcome is of, `units` in all.

    `like` (U,): where outcomes of several units weigh alike, which of those `units` each unit of the panel weighs like;
    None: they are the panel's own.
    """

    unit: Codes = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    units: int = 0
    like: Codes | None = None

    def along(self, direction: Array) -> Array:
        """Sums of squared weights by unit, (U,), of a combination of the effects (k,)."""
        combined: Array = self.left @ direction
        return self._of_units(np.bincount(self.unit, combined * combined, self.units))

    def _of_units(self, found: Array | Codes) -> Array:
        return np.asarray(found if self.like is None else found[self.like], dtype=np.float64)


@dataclass(frozen=True)
class Contrast:
    """A linear combination of effects: estimate, standard error, degrees of freedom, p-value and interval."""

    estimate: float
    std_error: float
    df: float
    p_value: float
    conf_low: float
    conf_high: float


@dataclass(frozen=True)
class EventStudy(Printed):
    """Effects by periods since a switch.

    `design` and `estimand` ("ATT", "ART", …) in words. `horizon` (k,) periods since the switch, 0 its own period,
    negative ones placebos; `estimate` (k,). `influence` (U, k) what each unit adds to the estimate's error: sums to
    zero over units for an average of comparisons. `share` (U, k) of the cells averaged that are the unit's, summing to
    1. `weights` of the outcomes, None where the design is not linear in them: degrees of freedom then follow from
    squared influence. `treated` and `controls` (k,) cells that are averaged and those they are compared with.
    `details` numbers of the design by name; `notes` what a reader must know.
    """

    design: str
    estimand: str
    horizon: Codes
    estimate: Array
    influence: Array = field(repr=False)
    share: Array = field(repr=False)
    weights: Weights | None = field(repr=False)
    treated: Codes
    controls: Codes
    panel: TreatmentPanel = field(repr=False)
    details: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    # Whether the design takes a treatment of values other than 0 and 1.
    takes_levels: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Raise EstimationError if shapes do not agree; UnsuitableTreatment if the design takes no such treatment."""
        if not self.takes_levels and not self.panel.binary:
            raise UnsuitableTreatment(f"{self.design} needs a treatment of 0 and 1, and {self.panel.names[1]!r} is not")
        k, units = len(self.horizon), self.panel.units
        right = {"estimate": (k,), "influence": (units, k), "share": (units, k), "treated": (k,), "controls": (k,)}
        for name, shape in right.items():
            if (found := getattr(self, name).shape) != shape:
                raise EstimationError(f"{name} has the shape {found}; {k} effects of {units:,} units need {shape}")

    @cached_property
    def parts(self) -> SandwichParts:
        """Influence as scores, with a bread of one."""
        # They know the panel and not the study, whose tables are free as soon as nothing uses it.
        panel = self.panel
        return SandwichParts(
            self.influence,
            np.eye(len(self.horizon)),
            pairs=lambda: panel.pairs,
            factor=panel.factor,
            silent=np.asarray(~self.influence.any(axis=1)),
            information=self.weights or Information(self.influence),
        )

    @property
    def default_vcov(self) -> str:
        """Dyadic where units are dyads, else clustered by unit."""
        return "unit" if self.panel.sides is None else "dyadic"

    def covariance(self, vcov: str | Vcov | None = None, ssc: str = "detente") -> Covariance:
        """Covariance of the effects: "dyadic" by default for dyads, "unit", "dyad", or a factor of the panel.

        Raises UnsupportedCovariance, NoDyads, TooFewStates, TooFewClusters as `detente.stats.covariance.covariance`.
        """
        factors = [*self.panel.factors, *(() if self.panel.sides is None else ("dyad",))]
        asked = parse(self.default_vcov if vcov is None else vcov, factors)
        if asked.kind not in ("dyadic", "cluster"):
            raise UnknownOption(f"covariance {asked.name!r}: a design has 'dyadic', 'unit', 'dyad' or a factor")
        if asked.kind == "dyadic" and self.panel.sides is None:
            raise NoDyads("units are not dyads: use 'unit', or name the columns of two sides when making the panel")
        return covariance(asked, self.parts, ssc)

    def contrast(self, gradient: Array, vcov: str | Vcov | Covariance | None = None, level: float = LEVEL) -> Contrast:
        """A linear combination of the effects, `gradient` (k,); NaN where the covariance leaves it no variance."""
        made = vcov if isinstance(vcov, Covariance) else self.covariance(vcov)
        estimate = float(gradient @ self.estimate)
        error = made.std_error(gradient) if made.exists(gradient) else float("nan")
        df = made.df(gradient)
        p = float(two_sided(np.float64(estimate) / error, df)) if error > 0 else float("nan")
        return Contrast(estimate, error, df, p, *interval(estimate, error, df, level))

    def average(self, vcov: str | Vcov | Covariance | None = None, level: float = LEVEL) -> Contrast:
        """The mean of the effects from the switch on, each horizon alike."""
        after = self.horizon >= 0
        if not after.any():
            raise EstimationError("no effect from the switch on: there is nothing to average")
        return self.contrast(after / after.sum(), vcov, level)

    def table(self, vcov: str | Vcov | None = None, level: float = LEVEL, seed: int = 0) -> pd.DataFrame:
        """One row per horizon.

        Columns: horizon, estimate, std_error, statistic, df, p_value, conf_low, conf_high; band_low, band_high of a
        band that holds all effects at once; treated and controls.
        """
        made = self.covariance(vcov)
        rows = [self.contrast(unit, made, level) for unit in np.eye(len(self.horizon))]
        frame = pd.DataFrame([vars(row) for row in rows])
        margin = self.band_critical(made, level, seed) * frame["std_error"]
        return pd.DataFrame(
            {
                "horizon": self.horizon,
                "estimate": frame["estimate"],
                "std_error": frame["std_error"],
                "statistic": frame["estimate"] / frame["std_error"],
                **{name: frame[name] for name in ("df", "p_value", "conf_low", "conf_high")},
                "band_low": frame["estimate"] - margin,
                "band_high": frame["estimate"] + margin,
                "treated": self.treated,
                "controls": self.controls,
            }
        )

    def band_critical(self, made: Covariance, level: float = LEVEL, seed: int = 0) -> float:
        """Standard errors on each side of a band that holds all effects (Montiel Olea and Plagborg-Møller 2019).

        The quantile of the largest absolute t of the effects, jointly t with their covariance and the fewest degrees of
        freedom among them; effects without variance are left out. NaN if none has any.
        """
        unit = np.eye(len(self.horizon))
        kept = [i for i in range(len(unit)) if made.exists(unit[i])]
        if not kept:
            return float("nan")
        block = made.matrix[np.ix_(kept, kept)]
        errors = np.sqrt(np.diag(block))
        rng = np.random.default_rng(seed)
        largest = np.abs(normal_draws(block, BAND_DRAWS, rng) / errors).max(axis=1)
        df = min(made.df(unit[i]) for i in kept)
        if np.isfinite(df):
            largest /= np.sqrt(rng.chisquare(df, BAND_DRAWS) / df)
        return float(np.quantile(largest, level))

    def pretest(self, vcov: str | Vcov | None = None) -> tuple[float, float]:
        """F statistic and p-value of no placebo effect at any horizon below zero; NaN if there is none.

        Hotelling's T² of q effects and ν degrees of freedom, the fewest among them: F = T² (ν − q + 1) / (ν q), with q
        and ν − q + 1. The covariance of many effects from few states is too uncertain for a plain F, which finds
        placebo effects where there are none. NaN if ν is below q: then no such test exists.
        """
        before = np.flatnonzero(self.horizon < 0)
        made = self.covariance(vcov)
        unit = np.eye(len(self.horizon))
        before = np.array([i for i in before if made.exists(unit[i])], dtype=np.int64)
        if not len(before):
            return float("nan"), float("nan")
        block, found = made.matrix[np.ix_(before, before)], self.estimate[before]
        rank = int(np.linalg.matrix_rank(block, hermitian=True))
        distance = float(found @ np.linalg.pinv(block, hermitian=True) @ found)
        df = min(made.df(unit[i]) for i in before)
        if np.isinf(df):
            return distance / rank, float(scipy.special.chdtrc(rank, distance))
        rest = df - rank + 1
        if rest <= 0:
            return float("nan"), float("nan")
        statistic = distance * rest / (df * rank)
        return statistic, float(scipy.special.fdtrc(rank, rest, statistic))

    def _printed(self) -> tuple[str, pd.DataFrame, list[str]]:
        made = self.covariance()
        outcome, treatment = self.panel.names
        return f"{self.design}, {self.estimand}: {outcome} on {treatment}", self.table(), [str(made), *self.notes]
