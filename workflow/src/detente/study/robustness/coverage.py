"""How often intervals hold a planted effect: outcomes drawn again and again for one design, by kind of covariance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from detente.base.numerics import critical
from detente.base.types import Array
from detente.stats.resampling import KINDS, Model, refit

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

Draw = Callable[[np.random.Generator, int], Array]
# What may repair dyadic errors where states are few, and is no recipe of the package.
FEW_STATES = (
    "dyadic_factor",
    "dyadic_satterthwaite",
    "larger_of_dyadic_and_dyad",
    "jackknife_less_dyad",
    "jackknife_less_dyad_satterthwaite",
)
# The estimates' own standard deviation, which no analyst knows.
SPREAD = "spread"
ORDER = (*KINDS, *FEW_STATES, SPREAD)
JUDGED = (
    "vcov", "df", "draws", "covers", "covers_error", "std_error", "spread", "ratio", "length", "undefined",
    "mean_estimate",
)  # fmt: skip
# Treatment and state shocks of a simulated world, its shocks as large as can be, and a treatment of whole states.
SCENARIOS = ("own", "strong", "shared")
# Outcomes drawn at once.
BLOCK = 50


def coverage_schema() -> DataFrameSchema:
    """Shares within 0 and 1; a cell without numbers says why."""
    import pandera.pandas as pa

    columns = {name: pa.Column(nullable=True) for name in JUDGED}
    columns |= {
        "claim": pa.Column(str),
        "scenario": pa.Column(checks=pa.Check.isin(SCENARIOS)),
        "sample": pa.Column(str),
        "state_shock": pa.Column("float64", nullable=True, checks=pa.Check.ge(0)),
        "planted": pa.Column("float64"),
        "rows": pa.Column("int64", checks=pa.Check.ge(0)),
        "dyads": pa.Column("int64", checks=pa.Check.ge(0)),
        "states": pa.Column("int64", checks=pa.Check.ge(0)),
        "failure": pa.Column(str),
        "vcov": pa.Column(checks=pa.Check.isin(ORDER)),
        "covers": pa.Column("float64", nullable=True, checks=pa.Check.in_range(0, 1)),
        "ratio": pa.Column("float64", nullable=True, checks=pa.Check.ge(0)),
    }
    told = pa.Check(lambda f: f["covers"].notna() | (f["failure"] != ""), name="covers, or a reason why not")
    return pa.DataFrameSchema(columns, checks=[told], strict=True, unique=["scenario", "sample", "vcov"])


def coverage(model: Model, draw: Draw, truth: float, draws: int, generator: np.random.Generator) -> pd.DataFrame:
    """Draw outcomes for the rows of a model, fit it to each, and judge the intervals of its treatment.

    The estimand is the coefficient of the treatment. With regressors fixed, its expectation is exactly `truth` if the
    mean of the outcome is `truth` times the treatment, and else a dyad's own, a year's, or linear in the controls: the
    effect is then the same for every row, and nothing hangs on how rows are weighed.

    `draw`: from a generator and a count to outcomes, (N, count). Returns one row per kind of `ORDER`, columns `JUDGED`:
    the share of intervals that hold the truth and its Monte Carlo error, mean standard error, standard deviation of the
    estimates, the ratio of the two, mean length; and the mean estimate. An interval that does not exist holds nothing;
    `undefined` counts these.
    """
    parts = [refit(model, draw(generator, min(BLOCK, draws - start))) for start in range(0, draws, BLOCK)]
    estimates = np.concatenate([part.estimate for part in parts])
    errors = {kind: np.concatenate([part.errors[kind] for part in parts]) for kind in KINDS}
    errors |= few_states(errors, model)
    errors[SPREAD] = np.full(draws, estimates.std(ddof=1))
    df = {**dict.fromkeys(FEW_STATES, model.degrees["dyadic"]), **model.degrees, SPREAD: math.inf}
    df |= {kind: model.satterthwaite for kind in FEW_STATES if kind.endswith("satterthwaite")}
    rows = [{"vcov": kind, **_judged(estimates, errors[kind], df[kind], truth)} for kind in ORDER]
    return pd.DataFrame(rows)[list(JUDGED)]


def few_states(errors: Mapping[str, Array], model: Model) -> dict[str, Array]:
    """Standard errors of `FEW_STATES`, from those of the recipes.

    The jackknife over states holds the scores of each dyad twice, once by either state: the variance clustered by dyad,
    without its factor, is taken off, as the dyadic double sum does.
    """
    n, dyads = model.pairs.states, len(model.pairs.low)
    dyadic, dyad = errors["dyadic"], errors["dyad"]
    variance = errors["jackknife"] ** 2 - dyad**2 * (dyads - 1) / dyads
    less = np.sqrt(np.where(variance > 0, variance, math.nan))
    made = (dyadic * math.sqrt(n / (n - 1)), dyadic, np.fmax(dyadic, dyad), less, less)
    return dict(zip(FEW_STATES, made, strict=True))


def _judged(estimates: Array, errors: Array, df: float, truth: float) -> dict[str, float]:
    draws, spread = len(estimates), float(estimates.std(ddof=1))
    margin = errors * critical(df)
    covers = float((np.abs(estimates - truth) <= margin).mean())
    exist = np.isfinite(errors)
    mean, length = (float(v[exist].mean()) if exist.any() else math.nan for v in (errors, 2 * margin))
    return {
        "df": df,
        "draws": draws,
        "covers": covers,
        "covers_error": math.sqrt(covers * (1 - covers) / draws),
        "std_error": mean,
        "spread": spread,
        "ratio": mean / spread,
        "length": length,
        "undefined": int((~exist).sum()),
        "mean_estimate": float(estimates.mean()),
    }
