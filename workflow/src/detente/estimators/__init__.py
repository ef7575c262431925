"""One file an estimator, over one absorber; a registry of plain functions with a declared contract."""

from detente.estimators import linear, logit
from detente.estimators.base import REGISTRY, Estimator, Fit, estimator, get
from detente.estimators.linear import reference_gap

__all__ = ["REGISTRY", "Estimator", "Fit", "estimator", "get", "linear", "logit", "reference_gap"]
