"""Generalised estimating equations: rows of a group correlated, equally or the less the further apart in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr

from detente.design import Design
from detente.errors import NotConverged, NoVariation, UnsupportedEffects, choices
from detente.estimators.base import ROBUST, Array, Link, Solution, estimator
from detente.estimators.likelihood import (
    Regressors,
    Stalled,
    binary_outcome,
    check_score,
    inverse,
    only_effect,
    regressors,
)
from detente.estimators.separation import refuse_separation
from detente.estimators.working import CONVENTIONS, STRUCTURES, Groups, Working, correlation, order_groups

TOLERANCE = 1e-10
MOST_ROUNDS = 200
BOUND = 30.0


@dataclass(frozen=True)
class _Mean:
    """From index to mean, its derivative in the index, and variance from mean."""

    mean: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    variance: Callable[[Array], Array]


def _bernoulli(mean: Array) -> Array:
    return np.maximum(mean * (1 - mean), 1e-300)


MEANS: dict[str, _Mean] = {
    "logit": _Mean(expit, lambda eta: expit(eta) * expit(-eta), _bernoulli),
    "probit": _Mean(ndtr, lambda eta: np.exp(-(eta**2) / 2) / np.sqrt(2 * np.pi), _bernoulli),
    "identity": _Mean(lambda eta: eta, np.ones_like, np.ones_like),
}


@estimator(
    "gee",
    uses="groups",
    effects=("dyad",),
    covariances=ROBUST,
    reference="statsmodels GEE and Stata's xtgee, in tests",
)
def gee(
    design: Design,
    *,
    correlation: str = "exchangeable",  # noqa: A002
    link: Link = "logit",
    convention: str = "liang_zeger",
) -> Solution:
    """placeholder"""
    raise NotImplementedError
