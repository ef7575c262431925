"""The linear core, and the estimators on it: least squares within fixed effects, with and without instruments.

Demeaning, cross-products and their rounding are here. Estimators are declared by one decorator and found
by the registry.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.stats.linear.absorb import Absorber, absorber
    from detente.stats.linear.instrumental import anderson_rubin
    from detente.stats.linear.regressors import Regressors, Stalled, inverse
    from detente.stats.linear.within import degrees_left, floor, gram, named, notes

__all__ = [
    "Absorber",
    "Regressors",
    "Stalled",
    "absorber",
    "anderson_rubin",
    "degrees_left",
    "floor",
    "gram",
    "inverse",
    "named",
    "notes",
]
__getattr__, __dir__ = on_demand(__name__)
