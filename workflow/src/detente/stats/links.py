"""From linear predictor to mean outcome, and the mean's first two derivatives, for every link."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy

from detente.base.types import Array
from detente.stats.contract import Link

LARGEST_INDEX = 700.0


@dataclass(frozen=True)
class Shape:
    """The mean as a function of the predictor; its slope, of these two; its second derivative, of all three."""

    mean: Callable[[Array], Array]
    slope: Callable[[Array, Array], Array]
    bend: Callable[[Array, Array, Array], Array]


def _exponential(eta: Array) -> Array:
    return np.asarray(np.exp(np.clip(eta, -LARGEST_INDEX, LARGEST_INDEX)))


SHAPES: Mapping[Link, Shape] = {
    "identity": Shape(lambda eta: eta, lambda eta, _: np.ones_like(eta), lambda eta, _, __: np.zeros_like(eta)),
    "logit": Shape(
        lambda eta: 1.0 / (_exponential(-eta) + 1),
        lambda _, mean: (1 - mean) * mean,
        lambda _, mean, slope: slope * (1 - 2 * mean),
    ),
    "probit": Shape(
        lambda eta: np.asarray(scipy.special.ndtr(eta)),
        lambda eta, _: np.exp(-(eta**2) / 2) / np.sqrt(2 * np.pi),
        lambda eta, _, slope: -eta * slope,
    ),
    "cloglog": Shape(
        lambda eta: -np.expm1(-_exponential(eta)),
        lambda eta, _: _exponential(eta) * np.exp(-_exponential(eta)),
        lambda eta, _, slope: slope * (1 - _exponential(eta)),
    ),
    "log": Shape(_exponential, lambda _, mean: mean, lambda _, mean, __: mean),
}


@dataclass(frozen=True)
class Curve:
    """Mean outcome at some predictors, and its derivatives there, made when asked for; arrays of one shape."""

    link: Link
    eta: Array

    @cached_property
    def mean(self) -> Array:
        """The mean outcome."""
        return SHAPES[self.link].mean(self.eta)

    @cached_property
    def slope(self) -> Array:
        """Its derivative in the predictor."""
        return SHAPES[self.link].slope(self.eta, self.mean)

    @cached_property
    def bend(self) -> Array:
        """Its second derivative."""
        return SHAPES[self.link].bend(self.eta, self.mean, self.slope)
