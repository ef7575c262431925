"""Whether a headline bears being looked at closely.

`examine` gives power, sensitivity to confounders, negative controls, influence and randomisation tests of one claim as
an `Examination`. Predictions, interval coverage and the scores of a simulated world stand beside it.
"""

from detente.study.robustness.coverage import JUDGED, ORDER, SCENARIOS, coverage, coverage_schema
from detente.study.robustness.drawing import schemes
from detente.study.robustness.examine import Record, examine
from detente.study.robustness.frames import EXAMINED, PREDICTION, SEPARATION, Examination
from detente.study.robustness.prediction import ALL, BASE, ROLLING, forecast, separation, task
from detente.study.robustness.scoring import score

__all__ = [
    "ALL",
    "BASE",
    "EXAMINED",
    "JUDGED",
    "ORDER",
    "PREDICTION",
    "ROLLING",
    "SCENARIOS",
    "SEPARATION",
    "Examination",
    "Record",
    "coverage",
    "coverage_schema",
    "examine",
    "forecast",
    "schemes",
    "score",
    "separation",
    "task",
]
