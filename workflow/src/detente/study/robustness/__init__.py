"""Whether a headline bears being looked at closely.

`examine` gives power, sensitivity to confounders, negative controls, influence, randomisation tests and other designs
of one claim as an `Examination`. Predictions, interval coverage and the scores of a simulated world stand beside it.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.study.robustness.beside import compared, effect_from, switching
    from detente.study.robustness.designs import DESIGNS, Design, with_needs
    from detente.study.robustness.examining import Extent, Record, examine
    from detente.study.robustness.frames import EXAMINED, OF_DESIGNS, PREDICTION, SCHEMAS, SEPARATION, Examination
    from detente.study.robustness.intervals import COVERAGE, JUDGED, ORDER, SCENARIOS, SCORE, coverage, score
    from detente.study.robustness.negative_controls import examined_models
    from detente.study.robustness.prediction import ALL, BASE, ROLLING, forecast, separation, task
    from detente.study.robustness.randomising import by_events, schemes
    from detente.study.robustness.suited import lacking
    from detente.study.robustness.tried_designs import DESIGN_COVERAGE, SETTINGS, design_coverage

__all__ = [
    "ALL", "BASE", "COVERAGE", "DESIGNS", "DESIGN_COVERAGE", "EXAMINED", "JUDGED", "OF_DESIGNS", "ORDER",
    "PREDICTION", "ROLLING", "SCENARIOS", "SCHEMAS", "SCORE", "SEPARATION", "SETTINGS", "Design", "Examination",
    "Extent", "Record", "by_events", "compared", "coverage", "design_coverage", "effect_from", "examine",
    "examined_models", "forecast", "lacking", "schemes", "score", "separation", "switching", "task", "with_needs",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
