"""Specification, samples, roles and lags → design matrix."""

from detente.design.matrix import SAMPLES, Design, build_design, in_sample
from detente.design.roles import check_claims
from detente.design.specification import Specification, as_json, from_json, lagged, specification, specifications
from detente.lags import lag

__all__ = [
    "SAMPLES",
    "Design",
    "Specification",
    "as_json",
    "build_design",
    "check_claims",
    "from_json",
    "in_sample",
    "lag",
    "lagged",
    "specification",
    "specifications",
]
