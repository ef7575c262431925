"""One file an estimator, over one absorber; a registry of plain functions with a declared contract."""

from detente.estimators import linear, logit
from detente.estimators.base import REGISTRY, Estimator, Fit, estimator, get

__all__ = ["REGISTRY", "Estimator", "Fit", "estimator", "get", "linear", "logit"]
