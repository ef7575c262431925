"""The linear core, and the estimators on it: least squares within fixed effects, with and without instruments.

Demeaning, cross-products and their rounding, coefficients from what fixed effects and controls leave (Frisch and
Waugh), and many models of the same rows are here, once.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.stats.linear.absorb import Absorber, absorber
    from detente.stats.linear.group import Choice, Found, Group, GroupWithin
    from detente.stats.linear.instrumental import anderson_rubin
    from detente.stats.linear.left_out import Remaining, without_dyads
    from detente.stats.linear.many import linear_models
    from detente.stats.linear.regressors import Stalled, inverse
    from detente.stats.linear.replaced import Beside, Replaced
    from detente.stats.linear.within import gram, left_of, outcome_within, with_treatment

__all__ = [
    "Absorber", "Beside", "Choice", "Found", "Group", "GroupWithin", "Remaining", "Replaced", "Stalled", "absorber",
    "anderson_rubin", "gram", "inverse", "left_of", "linear_models", "outcome_within", "with_treatment",
    "without_dyads",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
