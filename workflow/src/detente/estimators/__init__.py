"""One file an estimator, over one absorber; a registry of plain functions with a declared contract."""

from detente.estimators import linear, logit
from detente.estimators.base import REGISTRY, Estimator, Solution, estimator, get, with_effects

__all__ = ["REGISTRY", "Estimator", "Solution", "estimator", "get", "linear", "logit", "with_effects"]
