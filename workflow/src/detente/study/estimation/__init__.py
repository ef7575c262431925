"""From a model frame to tidy estimates.

`estimate` fits a specification and gives one row per term, quantity and covariance, or a named failure.
A verdict follows from interval and smallest effect of interest.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.study.estimation.schema import (
        ATTRITION,
        ESTIMATES,
        FAILURES,
        VERDICTS,
        Band,
        Verdict,
        as_risk,
        not_wrong,
        verdict,
    )
    from detente.study.estimation.tidy import NO_BASE_RISK, Estimates, designed, estimate
    from detente.study.estimation.windows import WINDOWS, in_windows

__all__ = [
    "ATTRITION", "ESTIMATES", "FAILURES", "NO_BASE_RISK", "VERDICTS", "WINDOWS", "Band", "Estimates", "Verdict",
    "as_risk", "designed", "estimate", "in_windows", "not_wrong", "verdict",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
