"""Table of out-of-sample prediction: how good each model is, and what it gains over geography and peace years."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence, keyed
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, count, decimal, percent
from detente.report.tables.table import Column, Row, Table
from detente.study.robustness import ALL, BASE

METRICS: Mapping[str, tuple[str, int]] = {
    "pr_auc": ("PR-AUC", 3),
    "roc_auc": ("ROC-AUC", 3),
    "brier": ("Brier × 100", 3),
    "log_score": ("Log score", 4),
    "calibration_slope": ("Slope", 2),
    "calibration_intercept": ("Constant", 2),
}
_TIMES = {"brier": 100.0}
_GAIN = "pr_auc"
_HEADINGS = {"rolling origin": "Each year from all before it", "dyads left out": "Dyads from other dyads"}


def prediction_table(frame: pd.DataFrame, models: Mapping[str, str], *, simulated: bool) -> Table:
    """Metrics of each model under each scheme, and its gain in PR-AUC with a 95 % interval.

    Parameters
    ----------
    frame
        `scheme`, `model`, `metric`, `value`, `gain`, `gain_low`, `gain_high`, `rows`, `events`, `draws`.
    models
        Model → label, in order of print.
    """
    found = keyed(frame, "scheme", "model", "metric")
    rows = []
    for scheme in dict.fromkeys(frame["scheme"]):
        cell = frame[frame["scheme"] == scheme].iloc[0]
        size = f"{count(cell['rows'])} dyad-years, {count(cell['events'])} onsets"
        rows.append(Row(f"{_HEADINGS.get(scheme, scheme)} ({size})"))
        for model, label in models.items():
            if (scheme, model, _GAIN) in found:
                mine = {metric: found[scheme, model, metric] for metric in METRICS}
                rows.append(Row(label, (*(_value(metric, row) for metric, row in mine.items()), _gain(mine[_GAIN]))))
    heads = [Column(name, "Calibration" if m.startswith("calibration") else "") for m, (name, _) in METRICS.items()]
    columns = (*heads, Column("Gain in PR-AUC"))
    draws = count(float(frame["draws"].max()))
    notes = (
        "Pooled logits of peace years (a cubic), contiguity and distance, and of these with what is named, on the same "
        "dyad-years; no model has seen what it predicts. PR-AUC: average precision, the share of onsets if risks were "
        "random. Brier and log score: lower is better. Calibration: slope and constant of a logit of onsets on "
        "predicted log odds, 1 and 0 if predictions are right.",
        f"Gain: over the base model, {percent(LEVEL)} interval over {draws} draws of weights of states.",
    )
    return Table("prediction", "Out-of-sample prediction", "Model", columns, tuple(rows), notes, simulated, dense=True)


def _value(metric: str, row: Mapping[str, Any]) -> str:
    return decimal(_TIMES.get(metric, 1.0) * row["value"], METRICS[metric][1])


def _gain(row: Mapping[str, Any]) -> str:
    if math.isnan(row["gain"]):
        return MISSING
    digits = METRICS[_GAIN][1]
    return f"{decimal(row['gain'], digits)} ({decimal(row['gain_low'], digits)} to {decimal(row['gain_high'], digits)})"


def models_of(evidence: Evidence) -> dict[str, str]:
    """Models of the prediction → label, in order of print."""
    return {BASE: "Geography and peace years", **evidence.examined, ALL: "All instruments"}


@exhibit(
    kind="table",
    name="prediction",
    caption="Out-of-sample prediction: each model's metrics, and what each instrument adds.",
    needs=("prediction",),
    page="robustness",
    place="prediction",
    order=1,
)
def prediction_of(evidence: Evidence) -> Table:
    """Out-of-sample prediction with each instrument of the study."""
    return prediction_table(evidence.frame("prediction"), models_of(evidence), simulated=evidence.simulated)
