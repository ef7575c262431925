"""From linear predictor to mean outcome, and the mean's first two derivatives, for every link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from detente.estimators.base import Link

Array = npt.NDArray[np.floating[Any]]
LARGEST_INDEX = 700.0


@dataclass(frozen=True)
class Curve:
    """Mean outcome at some predictors, and its first and second derivative there; three arrays of one shape."""

    mean: Array
    slope: Array
    bend: Array


def _identity(eta: Array) -> Curve:
    return Curve(eta, np.ones_like(eta), np.zeros_like(eta))


def _logit(eta: Array) -> Curve:
    risk = 1 / (1 + np.exp(np.minimum(-eta, LARGEST_INDEX)))
    slope = risk * (1 - risk)
    return Curve(risk, slope, slope * (1 - 2 * risk))


def _probit(eta: Array) -> Curve:
    slope = np.exp(-(eta**2) / 2) / np.sqrt(2 * np.pi)
    return Curve(ndtr(eta), slope, -eta * slope)


def _cloglog(eta: Array) -> Curve:
    hazard = np.exp(np.minimum(eta, LARGEST_INDEX))
    slope = hazard * np.exp(-hazard)
    return Curve(-np.expm1(-hazard), slope, slope * (1 - hazard))


def _log(eta: Array) -> Curve:
    mean = np.exp(np.minimum(eta, LARGEST_INDEX))
    return Curve(mean, mean, mean)


CURVES: Mapping[Link, Callable[[Array], Curve]] = {
    "identity": _identity,
    "logit": _logit,
    "probit": _probit,
    "cloglog": _cloglog,
    "log": _log,
}
