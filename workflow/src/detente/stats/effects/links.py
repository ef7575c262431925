"""From linear predictor to mean outcome, and the mean's first two derivatives, for every link."""

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
from scipy.special import ndtr

from detente.base.types import Array
from detente.stats.contract import Link

LARGEST_INDEX = 700.0


class Curve:
    """Mean outcome at some predictors, and its first and second derivative there; arrays of one shape."""

    def __init__(self, eta: Array) -> None:
        self.eta = eta
        self.mean = self._mean()
        self.slope = self._slope()

    def _mean(self) -> Array:
        return self.eta

    def _slope(self) -> Array:
        return np.ones_like(self.eta)

    @cached_property
    def bend(self) -> Array:
        """The second derivative, made when asked for."""
        return np.zeros_like(self.eta)


class _Logit(Curve):
    def _mean(self) -> Array:
        odds = np.exp(np.minimum(-self.eta, LARGEST_INDEX))
        odds += 1
        return np.divide(1.0, odds, out=odds)

    def _slope(self) -> Array:
        slope = 1 - self.mean
        slope *= self.mean
        return slope

    @cached_property
    def bend(self) -> Array:
        return self.slope * (1 - 2 * self.mean)


class _Probit(Curve):
    def _mean(self) -> Array:
        return np.asarray(ndtr(self.eta))

    def _slope(self) -> Array:
        return np.asarray(np.exp(-(self.eta**2) / 2) / np.sqrt(2 * np.pi))

    @cached_property
    def bend(self) -> Array:
        return -self.eta * self.slope


class _Cloglog(Curve):
    def _mean(self) -> Array:
        self.hazard = np.exp(np.minimum(self.eta, LARGEST_INDEX))
        return np.asarray(-np.expm1(-self.hazard))

    def _slope(self) -> Array:
        return np.asarray(self.hazard * np.exp(-self.hazard))

    @cached_property
    def bend(self) -> Array:
        return np.asarray(self.slope * (1 - self.hazard))


class _Log(Curve):
    def _mean(self) -> Array:
        return np.asarray(np.exp(np.minimum(self.eta, LARGEST_INDEX)))

    def _slope(self) -> Array:
        return self.mean

    @cached_property
    def bend(self) -> Array:
        return self.mean


CURVES: Mapping[Link, Callable[[Array], Curve]] = {
    "identity": Curve,
    "logit": _Logit,
    "probit": _Probit,
    "cloglog": _Cloglog,
    "log": _Log,
}
