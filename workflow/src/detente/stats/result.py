"""What a user holds after a fit: estimates, their covariance and its recipe, and what became of the rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from detente.base.numerics import LEVEL, critical, two_sided
from detente.base.types import Array
from detente.stats.contract import Estimated, Solution
from detente.stats.covariance import Covariance, Vcov, covariance
from detente.stats.frame import ModelFrame
from detente.stats.jackknife import jackknife
from detente.stats.parts import read, sandwich_parts
from detente.stats.printing import fit_html, fit_text
from detente.stats.registry import get

LABELS: Mapping[str, str] = {
    "log_likelihood": "Log-likelihood",
    "null_log_likelihood": "Log-likelihood of constants alone",
    "penalised_lr_chi2": "Penalised likelihood-ratio χ²",
}


@dataclass(frozen=True)
class Fit:
    """One fitted model.

    terms k names; estimate (k,); `vcov` their covariance and how it was made; `nobs` observations, of `dyads`
    and `states` (None if rows are not dyads), `events` the sum of an outcome that counts (None otherwise); `attrition`
    (reason, rows) excluded, in order; `flags` what a reader must know. `solution`, `design` and `options` are what it
    was made from.
    """

    terms: tuple[str, ...]
    estimate: Array
    vcov: Covariance
    estimator: str
    ssc: str
    nobs: int
    dyads: int | None
    states: int | None
    events: int | None
    attrition: tuple[tuple[str, int], ...]
    converged: bool
    flags: tuple[str, ...]
    solution: Solution = field(repr=False)
    design: ModelFrame = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    outcome: str = "outcome"

    @property
    def std_errors(self) -> Array:
        """Standard errors (k,); NaN where the covariance leaves a coefficient no variance."""
        unit = np.eye(len(self.terms))
        return np.array([self.vcov.std_error(u) if self.vcov.exists(u) else math.nan for u in unit])

    @property
    def statistic(self) -> Array:
        """Estimates over standard errors, (k,)."""
        return self.estimate / self.std_errors

    @property
    def p_value(self) -> Array:
        """Two-sided p-values (k,), by the distribution that the recipe names."""
        return np.asarray(two_sided(self.statistic, self.vcov.df))

    def conf_int(self, level: float = LEVEL) -> pd.DataFrame:
        """Intervals: `conf_low` and `conf_high` by term."""
        margin = critical(self.vcov.df, level) * self.std_errors
        bounds = {"conf_low": self.estimate - margin, "conf_high": self.estimate + margin}
        return pd.DataFrame(bounds, index=pd.Index(self.terms, name="term"))

    def table(self, level: float = LEVEL) -> pd.DataFrame:
        """One row per term: term, estimate, std_error, statistic, p_value, conf_low, conf_high."""
        bounds = self.conf_int(level)
        columns = {
            "term": list(self.terms),
            "estimate": self.estimate,
            "std_error": self.std_errors,
            "statistic": self.statistic,
            "p_value": self.p_value,
            "conf_low": bounds["conf_low"].to_numpy(),
            "conf_high": bounds["conf_high"].to_numpy(),
        }
        return pd.DataFrame(columns)

    def with_vcov(self, vcov: str | Vcov, ssc: str | None = None) -> Fit:
        """The same fit under another covariance; nothing is refitted, except by a jackknife.

        Raises UnsupportedCovariance, NoDyads, TooFewStates, TooFewClusters, UnknownVariable as `fit`.
        """
        ssc = self.ssc if ssc is None else ssc
        made = made_covariance(vcov, self.design, self.solution, self.estimator, ssc, self.options)
        return replace(self, vcov=made, ssc=ssc)

    def __str__(self) -> str:
        """A summary that prints the recipe of the standard errors."""
        return fit_text(self)

    def _repr_html_(self) -> str:
        """The same for notebooks."""
        return fit_html(self)

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """Coefficients as maketables (and through it great_tables) reads them."""
        names = {
            "estimate": "b", "std_error": "se", "statistic": "t", "p_value": "p",
            "conf_low": "ci95l", "conf_high": "ci95u",
        }  # fmt: skip
        return self.table(0.95).rename(columns=names).set_index("term").rename_axis("Coefficient")

    def __maketables_stat__(self, key: str) -> int | float | str | None:
        """A statistic of the model for maketables, of those its estimator declares too; None if there is none."""
        for name, made in get(self.estimator).statistics.items():
            if name == key:
                return made(Estimated(self.design, self.solution, self.options))
        return {
            "N": self.nobs,
            "dyads": self.dyads,
            "states": self.states,
            "events": self.events,
            "se_type": str(self.vcov),
            "estimator": self.estimator,
        }.get(key)

    @property
    def __maketables_depvar__(self) -> str:
        return self.outcome

    @property
    def __maketables_fixef_string__(self) -> str | None:
        return "+".join(self.design.fixed_effects) or None

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        return {"dyads": "Dyads", "states": "States", "events": "Events", "estimator": "Estimator", **LABELS}

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        counts = [key for key in ("N", "dyads", "states", "events") if self.__maketables_stat__(key) is not None]
        return [*counts, *get(self.estimator).statistics, "estimator", "se_type"]

    @property
    def __maketables_vcov_info__(self) -> dict[str, Any]:
        return {"vcov_type": self.vcov.kind, "clustervar": None}


def made_covariance(
    name: str | Vcov, design: ModelFrame, solution: Solution, estimator: str, ssc: str, options: Mapping[str, Any]
) -> Covariance:
    """The covariance of a solution by the name of its recipe."""
    registered = get(estimator)
    recipe = read(name, design, registered)
    if recipe.kind == "jackknife":
        return jackknife(design, lambda part: registered.fit(part, **options), solution, ssc)
    return covariance(recipe, sandwich_parts(design, solution), ssc)
