"""The contract of estimators and covariances, over the registry and over ones that break it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from detente.stats import REGISTRY, Label, ModelFrame, Solution, cluster, estimator
from detente.stats.contract import LINEAR
from detente.testing import check_covariance, check_estimator
from detente.testing.estimators import example_frame

LABEL = Label("Own", "an estimator of my own", "Least squares; it compares different dyads.")


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_every_estimator_keeps_the_contract(name: str) -> None:
    frame = example_frame(REGISTRY[name])
    # Counts that vary more than a Poisson's, which onsets never do.
    counts = np.random.default_rng(3).negative_binomial(1, 0.5, len(frame.y)).astype(float)
    check_estimator(name, replace(frame, y=counts) if name == "negbin" else None)


@pytest.mark.parametrize("name", ["hc0", "hc1", "hc2", "hc3", "classical", "dyad", "year", "dyad+year", "dyadic"])
def test_every_covariance_keeps_the_contract(name: str) -> None:
    check_covariance(name)


def test_a_covariance_is_told_which_rows_depend() -> None:
    check_covariance(cluster("side1"))
    with pytest.raises(AssertionError, match="covariance 'dyad': it is not the sum over the pairs of rows"):
        check_covariance("dyad", lambda frame: np.eye(len(frame.y), dtype=bool))


@pytest.fixture
def registered() -> Iterator[Callable[[Callable[[ModelFrame], Solution]], Callable[..., Solution]]]:
    """Registers a function for one test."""

    def register(function: Callable[[ModelFrame], Solution]) -> Callable[..., Solution]:
        declare = estimator("own", LABEL, link="identity", covariances=LINEAR, reference="a test")
        return declare(function)

    yield register
    REGISTRY.pop("own", None)


def least_squares(frame: ModelFrame) -> Solution:
    return REGISTRY["lpm"].fit(frame)


def test_an_estimator_of_ones_own_is_checked(registered: Callable[..., Callable[..., Solution]]) -> None:
    def own(frame: ModelFrame) -> Solution:
        return least_squares(frame)

    check_estimator(registered(own))


BREACHES: dict[str, Callable[[Solution], Solution]] = {
    "scores do not sum to zero": lambda s: replace(s, scores=replace(s.scores, residual=s.scores.residual + 1)),
    "bread is not symmetric and positive": lambda s: replace(s, bread=-s.bread),
    "estimate has shape": lambda s: replace(s, estimate=s.estimate[:-1]),
    "two of its terms have one name": lambda s: replace(s, terms=(s.terms[0],) * len(s.terms)),
    "leads to 'control'": lambda s: replace(s, treatment=s.treatment + 1),
}


@pytest.mark.fault("contracts")
@pytest.mark.parametrize("words", BREACHES)
def test_a_breach_is_named(words: str, registered: Callable[..., Callable[..., Solution]]) -> None:
    def broken(frame: ModelFrame) -> Solution:
        return BREACHES[words](least_squares(frame))

    with pytest.raises(AssertionError, match=f"^estimator 'own': .*{words}"):
        check_estimator(registered(broken))


@pytest.mark.fault("contracts")
def test_a_function_that_is_not_registered_is_refused() -> None:
    with pytest.raises(AssertionError, match="is not registered: decorate it"):
        check_estimator(least_squares)
