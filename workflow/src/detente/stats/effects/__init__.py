"""What a treatment does to the mean of the outcome, from any fit of `detente.stats`.

`marginal_effects`, `risk_ratios`, `risk_curve` and `first_differences` have standard errors by the delta method;
`calibration` compares predicted with observed risk. Estimators without a prediction are refused by name.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.stats.effects.calibrations import calibration
    from detente.stats.effects.predictions import first_differences, marginal_effects, risk_curve, risk_ratios
    from detente.stats.effects.risk import (
        Effect,
        average_marginal_effect,
        difference_error,
        less_effect,
        log_risk_ratio,
        risk_without_treatment,
    )

__all__ = [
    "Effect", "average_marginal_effect", "calibration", "difference_error", "first_differences", "less_effect",
    "log_risk_ratio", "marginal_effects", "risk_curve", "risk_ratios", "risk_without_treatment",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
