"""Whether a headline bears being looked at closely.

`examine` gives power, sensitivity to confounders, negative controls, influence, randomisation tests and other designs
of one claim as an `Examination`. Predictions, interval coverage and the scores of a simulated world stand beside it.
"""

from detente.study.robustness.coverage import COVERAGE, JUDGED, ORDER, SCENARIOS, SCORE, coverage, score
from detente.study.robustness.designs import DESIGNS, Design
from detente.study.robustness.examine import Extent, Record, examine
from detente.study.robustness.frames import EXAMINED, PREDICTION, SCHEMAS, SEPARATION, Examination
from detente.study.robustness.prediction import ALL, BASE, ROLLING, forecast, separation, task
from detente.study.robustness.schemes import schemes

__all__ = [
    "ALL", "BASE", "COVERAGE", "DESIGNS", "EXAMINED", "JUDGED", "ORDER", "PREDICTION", "ROLLING", "SCENARIOS",
    "SCHEMAS", "SCORE", "SEPARATION", "Design", "Examination", "Extent", "Record", "coverage", "examine", "forecast",
    "schemes", "score", "separation", "task",
]  # fmt: skip
