"""Models and inference for dyadic data: any estimator, with standard errors that allow for shared states.

`fit` takes a model frame or a formula and returns a `Fit`, which prints its coefficients and how their standard errors
were made; `check_…` of `detente.testing` say whether an estimator or covariance of your own keeps the contract.
Nothing here knows a state, a source, a claim or a study, and a name is loaded when it is first used.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.stats import confounding
    from detente.stats.checks import check_outcome, check_rank
    from detente.stats.contract import (
        Estimated,
        Estimator,
        Label,
        Link,
        Solution,
        Statistic,
        estimator,
        with_fixed_effects,
    )
    from detente.stats.covariance import Covariance, Pairs, SandwichParts, Scores, Vcov, number_dyads
    from detente.stats.covariance.vcov import (
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
        parse,
        sandwich,
    )
    from detente.stats.effects.calibrations import calibration
    from detente.stats.effects.predictions import first_differences, marginal_effects, risk_curve, risk_ratios
    from detente.stats.fitting import Fit, fit, made_covariance
    from detente.stats.frame import ModelFrame
    from detente.stats.leaving_out import left_out
    from detente.stats.linear import Remaining
    from detente.stats.linear.instrumental import anderson_rubin
    from detente.stats.links import Curve
    from detente.stats.parts import read, sandwich_parts, subset
    from detente.stats.registry import REGISTRY, WITH_ENGINE, get
    from detente.stats.resampling.bootstrap import state_block_bootstrap
    from detente.stats.resampling.randomisation import randomisation_test
    from detente.stats.resampling.redraw import kad_redraw
    from detente.stats.resampling.schemes import circular_shift, state_labels
    from detente.stats.resampling.wild import score_bootstrap, wild_bootstrap
    from detente.stats.specification import HEADLINE, Specification

__all__ = [
    "HEADLINE", "REGISTRY", "WITH_ENGINE", "Covariance", "Curve", "Estimated", "Estimator", "Fit", "Label", "Link",
    "ModelFrame", "Pairs", "Remaining", "SandwichParts", "Scores", "Solution", "Specification", "Statistic", "Vcov",
    "anderson_rubin", "calibration", "check_outcome", "check_rank", "circular_shift", "classical", "cluster",
    "confounding", "dyadic", "dyadic_cr2", "dyadic_jackknife", "estimator", "first_differences", "fit", "get", "hc0",
    "hc1", "hc2", "hc3", "jackknife", "kad_redraw", "left_out", "made_covariance", "marginal_effects", "number_dyads",
    "parse", "randomisation_test", "read", "risk_curve", "risk_ratios", "sandwich", "sandwich_parts", "score_bootstrap",
    "state_block_bootstrap", "state_labels", "subset", "wild_bootstrap", "with_fixed_effects",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
