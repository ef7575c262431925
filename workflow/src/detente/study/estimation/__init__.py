"""From a model frame to tidy estimates.

`estimate` fits a specification and gives one row per term, quantity and covariance, or a named failure.
A verdict follows from interval and smallest effect of interest.
"""

from detente.study.estimation.schema import ATTRITION, ESTIMATES, FAILURES, VERDICTS, Verdict, not_wrong, verdict
from detente.study.estimation.tidy import Estimates, estimate

__all__ = [
    "ATTRITION", "ESTIMATES", "FAILURES", "VERDICTS", "Estimates", "Verdict", "estimate", "not_wrong", "verdict",
]  # fmt: skip
