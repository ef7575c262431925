"""Whether instruments of military diplomacy help to foresee onsets that a model has not seen."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from pydantic import Field

from detente.base.errors import ConfigError
from detente.base.lags import lag
from detente.base.strict import Identifier, Strict
from detente.data.panel import DURATIONS
from detente.stats import ModelFrame
from detente.study.config.claims import CLAIMS
from detente.study.described.contract import Finding, Found, Line, Task
from detente.study.described.panels import needs, panel_with
from detente.study.described.registry import method
from detente.study.design import duration_terms
from detente.study.robustness import ALL, BASE, ROLLING, forecast
from detente.study.robustness.prediction import LEFT_OUT
from detente.study.robustness.prediction import Task as Predicted
from detente.study.robustness.scores import Ranked, average_precision

GEOGRAPHY = ("contiguous", "log_distance")
JUDGED = "pr_auc"
NUMBERS = ["value", "gain", "gain_low", "gain_high", "rows", "events", "draws", "states"]
UNITS = {
    "pr_auc": "area under precision and recall (0 to 1)",
    "brier": "Brier score, positive if better",
    "log_score": "log score, positive if better",
}


class Options(Strict):
    """Outcome, sample and instruments by what they are called, all measured `lag` years before the outcome."""

    outcome: Identifier = "onset_gml"
    sample: Identifier = Field(default="politically_relevant", description="Variable that is 1 for dyads in it.")
    instruments: dict[str, Identifier] = Field(min_length=2)
    lag: int = Field(default=1, ge=1, le=5)
    first_years: int = Field(default=10, ge=2, description="Years that a model has seen before it predicts the next.")
    draws: int = Field(default=400, ge=100, description="Draws of weights of states.")


def _variables(options: Options) -> list[str]:
    if options.outcome not in DURATIONS:
        raise ConfigError(f"{CLAIMS} › described › outcome: {options.outcome!r} has no peace years")
    return [options.outcome, options.sample, DURATIONS[options.outcome], *GEOGRAPHY, *options.instruments.values()]


@method("foresight", Options, lambda options: needs(_variables(options)))
def foresight(task: Task[Options]) -> Found:
    """Gain of all instruments, and of each, over geography and peace years, in predictions of later years.

    Pooled logits and the bootstrap of states are those of `forecast`, and so are the errors that it raises.
    """
    options = task.options
    made = forecast(_predicted(task), first_years=options.first_years, draws=options.draws, seed=task.seed)
    findings = [
        _gain(made.metrics, ROLLING, ALL, JUDGED, "All instruments, later years", judged=True),
        *(_gain(made.metrics, ROLLING, name, JUDGED, f"{name}, later years") for name in options.instruments),
        _gain(made.metrics, LEFT_OUT, ALL, JUDGED, "All instruments, other dyads"),
        _gain(made.metrics, ROLLING, ALL, "brier", "All instruments, later years, by Brier score"),
        _gain(made.metrics, ROLLING, ALL, "log_score", "All instruments, later years, by log score"),
    ]
    return Found(findings, _by_year(made.predictions))


def _predicted(task: Task[Options]) -> Predicted:
    """Rows of the sample at risk with geography, peace years and every instrument known."""
    options = task.options
    panel = panel_with(task.tidy, _variables(options), task.claim.window, (options.lag, 0))
    years = DURATIONS[options.outcome]
    base = {name: panel[name].to_numpy() for name in GEOGRAPHY} | duration_terms(
        years, panel[years].to_numpy(), "cubic"
    )
    instruments = {said: lag(panel, name, options.lag) for said, name in options.instruments.items()}
    columns = pd.DataFrame({**base, **instruments})
    keep = panel["in_window"] & (panel[options.sample] == 1) & panel[options.outcome].notna()
    keep &= columns.notna().all(axis=1)
    one, other, year = (panel.loc[keep, name].to_numpy(dtype=np.int64) for name in ("ccode1", "ccode2", "year"))
    known = columns[keep].to_numpy(dtype=np.float64)
    x, treatments = known[:, : len(base)], known[:, len(base) :].T
    y = panel.loc[keep, options.outcome].to_numpy(dtype=np.float64)
    frame = ModelFrame(y, x, tuple(base), one, other, year, rows=np.flatnonzero(keep.to_numpy()))
    return Predicted(frame, x, dict(zip(instruments, treatments, strict=True)))


def _gain(
    metrics: pd.DataFrame, scheme: str, model: str, metric: str, quantity: str, *, judged: bool = False
) -> Finding:
    """What a model has over the base in a metric; its interval is of the draws."""
    of = metrics[(metrics["scheme"] == scheme) & (metrics["metric"] == metric)].set_index("model")
    own, base = (
        dict(zip(NUMBERS, of.loc[at, NUMBERS].to_numpy(dtype=np.float64), strict=True)) for at in (model, BASE)
    )
    return Finding(
        quantity, UNITS[metric], own["gain"], own["gain_low"], own["gain_high"],
        int(own["rows"]), "dyad-years predicted", judged=judged,
        note=f"{base['value']:.4f} without, {own['value']:.4f} with; {int(own['events'])} onsets; percentiles of "
        f"{int(own['draws'])} draws of weights of {int(own['states'])} states, models not fitted again",
    )  # fmt: skip


def _by_year(predictions: pd.DataFrame) -> list[Line]:
    """Average precision of each year's predictions, and the share of onsets, which a ranking at random has."""
    later = predictions[predictions["scheme"] == ROLLING]
    title = "Average precision of the year's predictions (0 to 1)"
    lines = []
    for model, said in ((BASE, "geography and peace years"), (ALL, "with all instruments")):
        of = later[later["model"] == model]
        years = [int(year) for year in np.unique(of["year"])]
        lines.append(Line(title, said, "line", years, [_precision(of[of["year"] == year]) for year in years]))
    share = later[later["model"] == BASE].groupby("year")["outcome"].mean()
    return [*lines, Line(title, "at random: share of onsets", "line", list(share.index), list(share))]


def _precision(rows: pd.DataFrame) -> float:
    y = rows["outcome"].to_numpy()
    if y.min() == y.max():
        return math.nan
    return average_precision(Ranked(y, rows["risk"].to_numpy()), np.ones(len(y)))
