"""Table of out-of-sample prediction: how good each model is, and what it gains over geography and peace years."""

import math
from collections.abc import Mapping
from typing import Any

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, MISSING, count, decimal
from detente.report.models import keyed
from detente.report.tables.keys import key
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


@exhibit(kind="table", name="prediction", page="robustness", place="prediction", order=1, needs=("prediction",))
def prediction(evidence: Evidence) -> Table:
    """Out-of-sample prediction: each model's metrics, and what each instrument adds."""
    frame = evidence.frame("prediction")
    found = keyed(frame, "scheme", "model", "metric")
    rows = []
    for scheme in dict.fromkeys(frame["scheme"]):
        cell = frame[frame["scheme"] == scheme].iloc[0]
        size = f"{count(cell['rows'])} dyad-years, {count(cell['events'])} onsets"
        rows.append(Row(f"{_HEADINGS.get(scheme, scheme)} ({size})"))
        for model, label in models_of(evidence).items():
            if (scheme, model, _GAIN) in found:
                mine = {metric: found[scheme, model, metric] for metric in METRICS}
                values = (decimal(_TIMES.get(m, 1.0) * r["value"], METRICS[m][1]) for m, r in mine.items())
                keys = tuple(key("prediction", r, "scheme", "model", "metric") for r in mine.values())
                rows.append(Row(label, (*values, _gain(mine[_GAIN])), keys))
    heads = (Column(name, "Calibration" if m.startswith("calibration") else "") for m, (name, _) in METRICS.items())
    draws = count(float(frame["draws"].max()))
    notes = (
        "Pooled logits of peace years (a cubic), contiguity and distance, and of these with what is named, on the same "
        "dyad-years; no model has seen what it predicts. PR-AUC: average precision, the share of onsets if risks were "
        "random. Brier and log score: lower is better. Calibration: slope and constant of a logit of onsets on "
        "predicted log odds, 1 and 0 if predictions are right.",
        f"Gain: over the base model, {INTERVAL} over {draws} draws of weights of states.",
    )
    title, columns = "Out-of-sample prediction", (*heads, Column("Gain in PR-AUC"))
    return Table("prediction", title, "Model", columns, tuple(rows), notes, evidence.simulated, dense=True)


def _gain(row: Mapping[str, Any]) -> str:
    if math.isnan(row["gain"]):
        return MISSING
    digits = METRICS[_GAIN][1]
    return f"{decimal(row['gain'], digits)} ({decimal(row['gain_low'], digits)} to {decimal(row['gain_high'], digits)})"


def models_of(evidence: Evidence) -> dict[str, str]:
    """Models of the prediction → label, in order of print."""
    return {BASE: "Geography and peace years", **evidence.examined, ALL: "All instruments"}
