"""From a model frame to tidy estimates.

`estimate` fits a specification and gives one row per term, quantity and covariance, or a named failure.
A verdict follows from interval and smallest effect of interest.
"""

from detente.study.estimation.schema import ATTRITION, ESTIMATES, FAILURES
from detente.study.estimation.tidy import Estimates, estimate
from detente.study.estimation.verdict import not_wrong

__all__ = ["ATTRITION", "ESTIMATES", "FAILURES", "Estimates", "estimate", "not_wrong"]
