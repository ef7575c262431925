"""What unobserved confounders of a given strength would do to an estimate (Cinelli and Hazlett 2020; Oster 2019).

Strengths are partial R²; bounds compare them with observed regressors. Nothing here refits a model.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.stats.sensitivity import confounding
    from detente.stats.sensitivity.confounding import (
        adjusted_estimate,
        adjusted_std_error,
        bound_from_benchmark,
        partial_r2,
        robustness,
        robustness_value,
    )

__all__ = [
    "adjusted_estimate", "adjusted_std_error", "bound_from_benchmark", "confounding", "partial_r2", "robustness",
    "robustness_value",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
