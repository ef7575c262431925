"""Specification, samples, roles and lags → design matrix."""

from detente.study.design.matrix import build_design, in_sample
from detente.study.design.roles import check_claims
from detente.study.design.specification import (
    Specification,
    as_json,
    from_json,
    lagged,
    specification,
    specifications,
)

__all__ = [
    "Specification",
    "as_json",
    "build_design",
    "check_claims",
    "from_json",
    "in_sample",
    "lagged",
    "specification",
    "specifications",
]
