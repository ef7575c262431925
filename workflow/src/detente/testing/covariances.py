"""The contract of covariances of coefficients, for those of the project and for one of your own."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from detente.base.types import Array, Flags
from detente.stats import REGISTRY, Fit, ModelFrame, Vcov, fit, subset
from detente.testing.panels import example_frame

CLOSE = 1e-8
Dependent = Callable[[ModelFrame], Flags]


def _share_a_state(frame: ModelFrame) -> Flags:
    one, two = frame.factor("side1"), frame.factor("side2")
    pairs = [a[:, None] == b for a in (one, two) for b in (one, two)]
    return np.asarray(np.logical_or.reduce(pairs))


def _within(name: str) -> Dependent:
    return lambda frame: frame.factor(name)[:, None] == frame.factor(name)


DEPENDENT: dict[str, Dependent] = {
    "hc0": lambda frame: np.eye(len(frame.y), dtype=bool),
    "dyadic": _share_a_state,
    **{name: _within(name) for name in ("dyad", "year", "side1")},
}
"""Which rows of a frame depend on one another, by covariance."""


def check_covariance(vcov: str | Vcov, dependent: Dependent | None = None, *, estimator: str = "lpm") -> None:
    """Check that a covariance is one: what every standard error, table and test relies on.

    Its matrix is symmetric and positive semi-definite after repair, and says in words how it was made. It does not
    depend on the order of the rows, on which of two states comes first, or on how states are numbered; coefficients of
    a regressor in other units have the variance of these units. Without a small-sample correction it is the sum of
    products of scores over all pairs of rows that may depend on one another, if it is told which: `dependent` says so
    of a frame, (n, n); it is known for hc0, dyadic and clusters by dyad, year or side.

    Raises AssertionError with the name of the covariance and what it breaks.

    Examples
    --------
    >>> check_covariance("dyadic")
    """
    name = vcov if isinstance(vcov, str) else vcov.name
    frame = example_frame(REGISTRY[estimator])
    made = fit(frame, estimator=estimator, vcov=vcov)
    faults = [*_matrix(made), *_invariance(made, vcov), *_double_sum(made, name, dependent or DEPENDENT.get(name))]
    assert not faults, f"covariance {name!r}: {'; '.join(faults)}"


def _matrix(made: Fit) -> Iterator[str]:
    matrix = made.vcov.matrix
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T, rtol=CLOSE):
        yield "its matrix is not finite and symmetric"
    if np.linalg.eigvalsh(matrix / np.outer(made.std_errors, made.std_errors))[0] < -CLOSE:
        yield "its matrix has a negative eigenvalue"
    if not made.vcov.ssc:
        yield "it does not say how it was made"
    if not made.vcov.df > 0:
        yield f"it has {made.vcov.df} degrees of freedom"


def _invariance(made: Fit, vcov: str | Vcov) -> Iterator[str]:
    frame, errors = made.design, made.std_errors

    def again(changed: ModelFrame) -> Array:
        return fit(changed, estimator=made.estimator, vcov=vcov).std_errors

    assert frame.side1 is not None
    assert frame.side2 is not None
    order = np.random.default_rng(2).permutation(len(frame.y))
    if not np.allclose(again(subset(frame, order)), errors, rtol=CLOSE):
        yield "it depends on the order of the rows"
    numbered = replace(frame, side1=900 - frame.side1, side2=900 - frame.side2)
    if not np.allclose(again(numbered), errors, rtol=CLOSE):
        yield "it depends on how states are numbered"
    if "side" not in str(vcov):
        swapped = replace(frame, side1=frame.side2, side2=frame.side1)
        if not np.allclose(again(swapped), errors, rtol=CLOSE):
            yield "it depends on which of two states comes first"
    units = replace(frame, x=frame.x * np.r_[1.0, 10.0, 1.0])
    if not np.allclose(again(units)[1] * 10, errors[1], rtol=CLOSE):
        yield "the standard error of a regressor in other units is not in these units"


def _double_sum(made: Fit, name: str, dependent: Dependent | None) -> Iterator[str]:
    if dependent is None:
        return
    solution, scores = made.solution, made.solution.scores.whole
    rows = np.arange(len(made.design.y)) if solution.rows is None else solution.rows
    meat = scores.T @ dependent(subset(made.design, rows)) @ scores
    found = made.with_vcov(name, "none").vcov.unrepaired
    if not np.allclose(found, solution.bread @ meat @ solution.bread, rtol=1e-6, atol=1e-14):
        yield "it is not the sum over the pairs of rows that depend on one another"
