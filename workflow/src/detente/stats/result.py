"""What a user holds after a fit: estimates, their covariance and its recipe, and what became of the rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from detente.base.numerics import LEVEL
from detente.stats import show
from detente.stats.covariance import Covariance, Recipe, covariance
from detente.stats.estimator import Solution
from detente.stats.frame import ModelFrame
from detente.stats.ingredients import ingredients, read
from detente.stats.registry import get
from detente.stats.resampling.jackknife import jackknife

Array = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Fit:
    """One fitted model.

    terms k names; estimate (k,); `covariance` with its recipe; n rows used, of `dyads` and `states` (None if rows are
    no dyads), `events` the sum of an outcome that counts (None otherwise); `attrition` (reason, rows) left out, in
    order; `flags` what a reader must know. `solution`, `design` and `options` are what it was made from.
    """

    terms: tuple[str, ...]
    estimate: Array
    covariance: Covariance
    estimator: str
    small_sample: str
    n: int
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
        """Standard errors (k,); not a number where the covariance leaves a coefficient no variance."""
        unit = np.eye(len(self.terms))
        return np.array([self.covariance.std_error(u) if self.covariance.exists(u) else math.nan for u in unit])

    @property
    def statistic(self) -> Array:
        """Estimates over standard errors, (k,)."""
        return self.estimate / self.std_errors

    @property
    def p(self) -> Array:
        """Two-sided p-values (k,), by the distribution that the recipe names."""
        return np.asarray(2 * stats.t.sf(np.abs(self.statistic), self.covariance.df))

    def conf_int(self, level: float = LEVEL) -> pd.DataFrame:
        """Intervals: `ci_low` and `ci_high` by term."""
        margin = float(stats.t.ppf((1 + level) / 2, self.covariance.df)) * self.std_errors
        bounds = {"ci_low": self.estimate - margin, "ci_high": self.estimate + margin}
        return pd.DataFrame(bounds, index=pd.Index(self.terms, name="term"))

    def table(self, level: float = LEVEL) -> pd.DataFrame:
        """One row a term: term, estimate, std_error, statistic, p, ci_low, ci_high."""
        bounds = self.conf_int(level)
        columns = {
            "term": list(self.terms),
            "estimate": self.estimate,
            "std_error": self.std_errors,
            "statistic": self.statistic,
            "p": self.p,
            "ci_low": bounds["ci_low"].to_numpy(),
            "ci_high": bounds["ci_high"].to_numpy(),
        }
        return pd.DataFrame(columns)

    def with_covariance(self, covariance: str | Recipe, small_sample: str | None = None) -> Fit:
        """The same fit under another covariance; nothing is refitted, except by a jackknife.

        Raises
        ------
        UnsupportedCovariance, NoDyads, TooFewStates, TooFewClusters, UnknownVariable
            As `fit`.
        """
        convention = self.small_sample if small_sample is None else small_sample
        made = made_covariance(covariance, self.design, self.solution, self.estimator, convention, self.options)
        return replace(self, covariance=made, small_sample=convention)

    def __str__(self) -> str:
        """A summary that prints the recipe of the standard errors."""
        return show.text(self)

    def _repr_html_(self) -> str:
        """The same for notebooks."""
        return show.html(self)

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """Coefficients as maketables (and through it great_tables) reads them."""
        names = {
            "estimate": "b", "std_error": "se", "statistic": "t", "ci_low": "ci95l", "ci_high": "ci95u",
        }  # fmt: skip
        return self.table(0.95).rename(columns=names).set_index("term").rename_axis("Coefficient")

    def __maketables_stat__(self, key: str) -> int | float | str | None:
        """A statistic of the model for maketables; None if there is none of the name."""
        return {
            "N": self.n,
            "dyads": self.dyads,
            "states": self.states,
            "events": self.events,
            "se_type": str(self.covariance),
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
        return {"dyads": "Dyads", "states": "States", "events": "Events", "estimator": "Estimator"}

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        known = ("N", "dyads", "states", "events", "estimator", "se_type")
        return [key for key in known if self.__maketables_stat__(key) is not None]

    @property
    def __maketables_vcov_info__(self) -> dict[str, Any]:
        return {"vcov_type": self.covariance.kind, "clustervar": None}


def made_covariance(
    name: str | Recipe,
    design: ModelFrame,
    solution: Solution,
    estimator: str,
    small_sample: str,
    options: Mapping[str, Any],
) -> Covariance:
    """The covariance of a solution by the name of its recipe."""
    registered = get(estimator)
    recipe = read(name, design, registered)
    if recipe.kind == "jackknife":
        return jackknife(design, lambda part: registered.fit(part, **options), solution, small_sample)
    return covariance(recipe, ingredients(design, solution), small_sample)
