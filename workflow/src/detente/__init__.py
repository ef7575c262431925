"""Test claims about military diplomacy against the public record of interstate conflict.

`detente.fit`, covariance estimators (`detente.dyadic`, `detente.cluster`, …) and `detente.ModelFrame` are loaded when
they are first used, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.data import kads, panel
    from detente.stats import Fit, ModelFrame, fit
    from detente.stats.covariance import (
        Vcov,
        classical,
        cluster,
        dyadic,
        dyadic_cr2,
        dyadic_jackknife,
        hc0,
        hc1,
        hc2,
        hc3,
        jackknife,
    )
    from detente.stats.effects import calibration, first_differences, marginal_effects, risk_curve, risk_ratios
    from detente.stats.linear import anderson_rubin
    from detente.stats.resampling import (
        circular_shift,
        kad_redraw,
        randomisation_test,
        score_bootstrap,
        state_block_bootstrap,
        state_labels,
        wild_bootstrap,
    )

__version__ = "0.1.0"
__all__ = [
    "Fit",
    "ModelFrame",
    "Vcov",
    "anderson_rubin",
    "calibration",
    "circular_shift",
    "classical",
    "cluster",
    "dyadic",
    "dyadic_cr2",
    "dyadic_jackknife",
    "first_differences",
    "fit",
    "hc0",
    "hc1",
    "hc2",
    "hc3",
    "jackknife",
    "kad_redraw",
    "kads",
    "marginal_effects",
    "panel",
    "randomisation_test",
    "risk_curve",
    "risk_ratios",
    "score_bootstrap",
    "state_block_bootstrap",
    "state_labels",
    "wild_bootstrap",
]
__getattr__, __dir__ = on_demand(__name__)
