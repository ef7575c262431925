"""What is known where the truth is: interval coverage of a planted effect, and the verdicts on a simulated world.

Coverage is by kind of covariance, of outcomes drawn again and again for one design; scores set the claims ledger's
signs, intervals and verdicts beside the effects that were planted.
"""

import math
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from detente.base.frames import Column, FrameSchema, count, number, share, text
from detente.base.numerics import Number, critical, monte_carlo_error
from detente.base.types import Array
from detente.stats.resampling import KINDS, Model, refit
from detente.study.estimation import VERDICTS, not_wrong

Draw = Callable[[np.random.Generator, int], Array]
# The larger of two errors, which is no covariance estimator of the package.
LARGER = "larger_of_dyadic_and_dyad"
# The estimates' own standard deviation, which no analyst knows.
SPREAD = "spread"
ORDER = (*KINDS, LARGER, SPREAD)
# Treatment and state shocks of a simulated world, its shocks as large as can be, and a treatment of whole states.
SCENARIOS = ("own", "strong", "shared")
# Outcomes drawn at once.
BLOCK = 50
_JUDGED = {
    "vcov": Column("str", "covariance estimator", allowed=ORDER),
    "df": number("degrees of freedom"),
    "draws": Column("any", "outcomes drawn"),
    "covers": share("interval coverage"),
    "covers_error": number("its Monte Carlo error", low=0),
    "std_error": number("mean standard error", low=0),
    "spread": number("standard deviation of the estimates", low=0),
    "ratio": number("the former over the latter", low=0),
    "length": number("mean length of intervals", low=0),
    "undefined": Column("any", "draws without an interval"),
    "mean_estimate": number("mean of the estimates"),
}
JUDGED = tuple(_JUDGED)
COVERAGE = FrameSchema(
    "coverage",
    {
        **_JUDGED,
        "scenario": Column("str", "where treatment and state shocks come from", allowed=SCENARIOS),
        "sample": text("sample"),
        "state_shock": number("standard deviation of the shocks of states", low=0),
        "planted": Column("float64", "the effect"),
        "failure": text("why there is no coverage"),
        **{name: count(f"{name} of the model") for name in ("rows", "dyads", "states")},
        "claim": text("the claim"),
    },
    key=("scenario", "sample", "vcov"),
    checks={"covers, or a reason why not": lambda f: f["covers"].notna() | (f["failure"] != "")},
)
SCORE = FrameSchema(
    "score",
    {
        "code": text("of the claim"),
        "claim": text("the claim"),
        "label": text("what it is called"),
        "planted": number("planted effect, difference in onset risk"),
        "estimate": number("of the headline"),
        "std_error": number("its standard error", low=0),
        "sign": Column("any", "whether the headline has the planted sign, missing if no effect was planted"),
        "covered": Column("bool", "whether its interval holds the planted effect"),
        "specifications": count("equivalent specifications"),
        "share_covering": share("share of these whose interval holds it"),
        "share_sign": share("share of these with the planted sign"),
        "verdict": Column("str", "of the claim", allowed=VERDICTS),
        "right": Column("bool", "whether the verdict fits the planted effect, see `not_wrong`"),
    },
    key=("claim",),
)


def coverage(model: Model, draw: Draw, truth: float, draws: int, generator: np.random.Generator) -> pd.DataFrame:
    """Draw outcomes for the rows of a model, fit it to each, and judge the intervals of its treatment.

    The estimand is the coefficient of the treatment. With regressors fixed, its expectation is exactly `truth` if the
    mean of the outcome is `truth` times the treatment, and else a dyad's own, a year's, or linear in the controls: the
    effect is then the same for every row, and nothing hangs on how rows are weighed. `draw` makes outcomes, (N, count).
    Returns one row per kind of `ORDER`, columns `JUDGED`; an interval that does not exist holds nothing.
    """
    parts = [refit(model, draw(generator, min(BLOCK, draws - start))) for start in range(0, draws, BLOCK)]
    estimates = np.concatenate([part.estimate for part in parts])
    errors = {kind: np.concatenate([part.errors[kind] for part in parts]) for kind in KINDS}
    errors |= {LARGER: np.fmax(errors["dyadic"], errors["dyad"]), SPREAD: np.full(draws, estimates.std(ddof=1))}
    df = {**model.degrees, LARGER: model.groups["states"] - 1, SPREAD: math.inf}
    rows = []
    for kind in ORDER:
        row = judged(estimates - truth, errors[kind], df[kind])
        lengths = {"ratio": row["std_error"] / row["spread"], "length": 2 * critical(df[kind]) * row["std_error"]}
        more = {"vcov": kind, "df": df[kind], "draws": draws, "mean_estimate": float(estimates.mean())}
        rows.append(row | lengths | more)
    return pd.DataFrame(rows)[list(JUDGED)]


def judged(deviations: Array, errors: Array, df: Number) -> dict[str, float]:
    """Interval coverage and more, of estimates less the truth (B,) and errors (B,); with no error, none is covered.

    `df`: degrees of freedom of all draws, or of each (B,).
    """
    draws, exist = len(deviations), np.isfinite(errors)
    covers = float((np.abs(deviations) <= errors * critical(df)).mean())
    return {
        "covers": covers,
        "covers_error": monte_carlo_error(covers, draws),
        "std_error": float(errors[exist].mean()) if exist.any() else math.nan,
        "spread": float(deviations.std(ddof=1)) if draws > 1 else math.nan,
        "undefined": int((~exist).sum()),
    }


def score(ledger: pd.DataFrame, multiverse: pd.DataFrame, planted: Mapping[str, float]) -> pd.DataFrame:
    """One row per claim with a planted effect (difference in onset risk, by claim) and an estimate, as `SCORE`."""
    estimated = ledger[ledger["estimate"].notna() & ledger["claim"].isin(list(planted))]
    rows = [_scored(row, multiverse, planted[row["claim"]]) for row in estimated.to_dict("records")]
    return SCORE.frame(rows).astype({"sign": "boolean"})


def _scored(row: Mapping[Hashable, Any], multiverse: pd.DataFrame, truth: float) -> tuple[Any, ...]:
    mine = multiverse[(multiverse["claim"] == row["claim"]) & multiverse["equivalent"] & (multiverse["error"] == "")]
    holds = (mine["conf_low"] <= truth) & (truth <= mine["conf_high"])
    covered = row["conf_low"] <= truth <= row["conf_high"]
    sign = row["estimate"] * truth > 0 if truth else None
    same = float((mine["estimate"] * truth > 0).mean()) if truth else math.nan
    values = (truth, row["estimate"], row["std_error"], sign, covered)
    shares = (len(mine), float(holds.mean()), same)
    right = not_wrong(str(row["verdict"]), truth, float(row["smallest_effect"]))
    return (row["code"], row["claim"], row["label"], *values, *shares, row["verdict"], right)
