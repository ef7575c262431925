"""One file an estimator, over one absorber; a registry of plain functions with a declared contract."""

from detente.estimators import (
    binary,
    cauchy,
    fepoisson,
    gee,
    instrumental,
    linear,
    logit,
    multinomial,
    mundlak,
    negative_binomial,
    ordered,
    poisson,
    rare_events,
)
from detente.estimators.base import REGISTRY, Estimator, Solution, estimator, get, with_effects

__all__ = [
    "REGISTRY",
    "Estimator",
    "Solution",
    "binary",
    "cauchy",
    "estimator",
    "fepoisson",
    "gee",
    "get",
    "instrumental",
    "linear",
    "logit",
    "multinomial",
    "mundlak",
    "negative_binomial",
    "ordered",
    "poisson",
    "rare_events",
    "with_effects",
]
