"""The contracts of estimators and of covariances of their coefficients, for those of the project and for your own."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, get_args

import numpy as np

from detente import stats
from detente.base.errors import EstimationError, UnsupportedEffects, UnsupportedInstruments
from detente.base.numerics import SAME, SAME_ERROR, SAME_MEAT
from detente.base.types import Array, Flags
from detente.stats import Estimator, Fit, ModelFrame, Solution, fit, subset
from detente.stats.covariance import KINDS

# Of fits made twice, and of covariances made twice.
STATES, YEARS = 14, 8
Dependent = Callable[[ModelFrame], Flags]


def example_frame(estimator: Estimator, seed: int = 7) -> ModelFrame:
    """A model frame of dyad-years with a 0/1 outcome and treatment, two controls, and shocks to states.

    It has the fixed effects that the estimator declares, and an instrument of the treatment if it needs one.
    """
    rng = np.random.default_rng(seed)
    side1, side2 = (np.repeat(side, YEARS) + 2 for side in np.triu_indices(STATES, 1))
    year = np.tile(np.arange(YEARS), len(side1) // YEARS)
    shock, moved = rng.normal(0, 0.1, (2, STATES + 2, YEARS))
    common = shock[side1, year] + shock[side2, year]
    lever = rng.normal(size=len(year))
    chosen = 0.35 + moved[side1, year] + moved[side2, year] + 0.2 * lever
    treatment, binary = rng.random(len(year)) < chosen, rng.random(len(year)) < 0.4
    control = rng.normal(size=len(year)) + common
    risk = np.clip(0.3 - 0.1 * treatment + 0.05 * control + common, 0.02, 0.98)
    x = np.column_stack([treatment, control, binary]).astype(np.float64)
    y = (rng.random(len(year)) < risk).astype(np.float64)
    made = ModelFrame(y, x, ("treatment", "control", "binary"), side1, side2, year + 1990)
    if estimator.needs_instruments:
        made = replace(made, endogenous=("treatment",), instruments=lever[:, None])
    return stats.with_fixed_effects(made, estimator)


def check_estimator(estimator: str | Callable[..., Solution], frame: ModelFrame | None = None, **options: Any) -> None:
    """Check that an estimator keeps what covariances, studies and tables rely on.

    It is declared in full, with the references that its fits are compared with. Its solution has the shapes that
    `Solution` says, finite, with a bread that is symmetric and positive, and scores that sum to zero at the estimate.
    Fitted twice it is the same to the last bit, in whatever order the rows come it is the same to rounding, and the
    frame is left as it was. Every covariance and statistic that it declares can be made, and what it does not take
    (fixed effects, instruments, missing values, a treatment that never varies) is refused by a named error.

    `estimator` is its name, or the function under `@estimator`, with its own `options`. It is fitted on `frame`, which
    has its fixed effects; on a small simulated panel of dyad-years with a 0/1 outcome if there is none.

    Raises AssertionError with the name of the estimator and what it breaks.

    Examples
    --------
    >>> check_estimator("felogit", bias="analytical")
    """
    own = (known for known in stats.REGISTRY.values() if known.fit is estimator)
    found = stats.get(estimator) if isinstance(estimator, str) else next(own, None)
    assert found, f"{estimator!r} is not registered: decorate it with @estimator"
    given = example_frame(found) if frame is None else frame
    of_fits = (check(found, given, options) for check in (_solution, _comparison, _refusals))
    for fault in chain(_declaration(found), *of_fits):
        raise AssertionError(f"estimator {found.name!r}: {fault}")


def _declaration(found: Estimator) -> Iterator[str]:
    for part in ("short", "long", "sentence", "unit"):
        if not getattr(found.label, part):
            yield f"its label has no {part!r}"
    if not found.label.sentence.endswith("."):
        yield "the sentence of its label does not end"
    if not found.reference:
        yield "it names no reference implementation"
    if found.link not in get_args(stats.Link):
        yield f"its link {found.link!r} is none of {', '.join(get_args(stats.Link))}"
    if not found.covariances or not found.covariances <= {*KINDS, "dyad"}:
        yield f"its covariances {sorted(found.covariances)} are not among {', '.join(KINDS)}"
    if found.fixed_effects and found.uses == "nothing":
        yield "it is given fixed effects that it has no use for"


def _comparison(found: Estimator, frame: ModelFrame, options: dict[str, Any]) -> Iterator[str]:
    used = found.compared(frame, found.fit(frame, **options)).reference
    if used not in found.reference:
        yield f"a fit was compared with {used!r}, which its reference {found.reference!r} does not name"


def _solution(found: Estimator, frame: ModelFrame, options: dict[str, Any]) -> Iterator[str]:
    before = frame.y.copy(), frame.x.copy()
    solution = found.fit(frame, **options)
    yield from _shapes(solution, frame)
    spread = np.sqrt((solution.scores.whole**2).sum(axis=0))
    if (np.abs(solution.scores.whole.sum(axis=0)) > SAME * np.where(spread > 0, spread, 1)).any():
        yield "its scores do not sum to zero at the estimate"
    again = found.fit(frame, **options)
    if not np.array_equal(solution.estimate, again.estimate) or not np.array_equal(solution.bread, again.bread):
        yield "two fits of the same frame differ"
    order = np.random.default_rng(1).permutation(len(frame.y))
    turned = found.fit(subset(frame, order), **options)
    if not np.allclose(turned.estimate, solution.estimate, rtol=SAME, atol=SAME):
        yield "its estimate depends on the order of the rows"
    if not (np.array_equal(before[0], frame.y) and np.array_equal(before[1], frame.x)):
        yield "it changes the frame that it is given"
    for statistic, made in found.statistics.items():
        if statistic not in get_args(stats.Statistic):
            yield f"its statistic {statistic!r} is none of {', '.join(get_args(stats.Statistic))}"
        elif not np.isfinite(made(stats.Estimated(frame, solution, options))):
            yield f"its {statistic} is not finite"
    for kind in sorted(found.covariances):
        vcov = fit(frame, estimator=found.name, vcov="dyad" if kind == "cluster" else kind, **options).vcov
        if not np.isfinite(vcov.matrix).all() or not str(vcov):
            yield f"its {kind} covariance is not finite, or does not say how it was made"


def _shapes(solution: Solution, frame: ModelFrame) -> Iterator[str]:
    k, n = len(solution.terms), len(frame.y) if solution.rows is None else len(solution.rows)
    for name, shape in {"estimate": (k,), "bread": (k, k), "x": (n, k)}.items():
        value = getattr(solution, name)
        if value.shape != shape:
            yield f"{name} has shape {value.shape} where {shape} is due"
        elif not np.isfinite(value).all():
            yield f"{name} is not finite"
    if len(solution.scores) != n:
        yield f"it has {len(solution.scores):,} scores for the {n:,} rows that it uses"
    if len(set(solution.terms)) < k:
        yield "two of its terms have one name"
    if frame.terms[0] not in solution.terms[solution.treatment]:
        yield f"`treatment` leads to {solution.terms[solution.treatment]!r}, not to {frame.terms[0]!r}"
    if not np.allclose(solution.bread, solution.bread.T, rtol=SAME) or np.linalg.eigvalsh(solution.bread)[0] <= 0:
        yield "its bread is not symmetric and positive"
    if not solution.converged:
        yield "it returns what did not converge"


def _refusals(found: Estimator, frame: ModelFrame, options: dict[str, Any]) -> Iterator[str]:
    missing, constant = frame.x.copy(), frame.x.copy()
    used = found.fit(frame, **options).rows
    missing[0 if used is None else used[0], 1], constant[:, 0] = np.nan, 1.0
    tried: list[tuple[str, ModelFrame, type[Exception]]] = [
        ("a missing value", replace(frame, x=missing), EstimationError),
        ("a treatment that never varies", replace(frame, x=constant), EstimationError),
    ]
    if found.uses == "nothing":
        factor = {"year": frame.factor("year")}
        tried.append(("fixed effects", replace(frame, fixed_effects=factor), UnsupportedEffects))
    if not found.needs_instruments:
        tried.append(("an endogenous regressor", replace(frame, endogenous=frame.terms[:1]), UnsupportedInstruments))
    for what, changed, error in tried:
        try:
            fit(changed, estimator=found.name, vcov="dyad", **options)
        except error:
            continue
        yield f"it takes {what} without an error"


def _share_a_state(frame: ModelFrame) -> Flags:
    sides = [frame.factor("side1"), frame.factor("side2")]
    pairs = [a[:, None] == b for a in sides for b in sides]
    return np.asarray(np.logical_or.reduce(pairs))


def _share(factor: str, frame: ModelFrame) -> Flags:
    return np.asarray(frame.factor(factor)[:, None] == frame.factor(factor))


DEPENDENT: dict[str, Dependent] = {
    "hc0": lambda frame: np.eye(len(frame.y), dtype=bool),
    "dyadic": _share_a_state,
    **{name: partial(_share, name) for name in ("dyad", "year", "side1")},
}
"""Which rows of a frame depend on one another, by covariance."""


def check_covariance(vcov: str | stats.Vcov, dependent: Dependent | None = None, *, estimator: str = "lpm") -> None:
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
    frame = example_frame(stats.REGISTRY[estimator])
    made = fit(frame, estimator=estimator, vcov=vcov)
    faults = [*_matrix(made), *_invariance(made, vcov), *_double_sum(made, name, dependent or DEPENDENT.get(name))]
    assert not faults, f"covariance {name!r}: {'; '.join(faults)}"


def _matrix(made: Fit) -> Iterator[str]:
    matrix = made.vcov.matrix
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T, rtol=SAME_ERROR):
        yield "its matrix is not finite and symmetric"
    if np.linalg.eigvalsh(matrix / np.outer(made.std_errors, made.std_errors))[0] < -SAME_ERROR:
        yield "its matrix has a negative eigenvalue"
    if not made.vcov.ssc:
        yield "it does not say how it was made"
    if not (made.df > 0).all():
        yield f"its coefficients have {', '.join(f'{df:g}' for df in made.df)} degrees of freedom"


def _invariance(made: Fit, vcov: str | stats.Vcov) -> Iterator[str]:
    frame, errors = made.design, made.std_errors

    def again(changed: ModelFrame) -> Array:
        return fit(changed, estimator=made.estimator, vcov=vcov).std_errors

    order = np.random.default_rng(2).permutation(len(frame.y))
    if not np.allclose(again(subset(frame, order)), errors, rtol=SAME_ERROR):
        yield "it depends on the order of the rows"
    one, two = frame.factor("side1"), frame.factor("side2")
    numbered = replace(frame, side1=900 - one, side2=900 - two)
    if not np.allclose(again(numbered), errors, rtol=SAME_ERROR):
        yield "it depends on how states are numbered"
    if "side" not in str(vcov):
        swapped = replace(frame, side1=two, side2=one)
        if not np.allclose(again(swapped), errors, rtol=SAME_ERROR):
            yield "it depends on which of two states comes first"
    units = replace(frame, x=frame.x * np.r_[1.0, 10.0, 1.0])
    if not np.allclose(again(units)[1] * 10, errors[1], rtol=SAME_ERROR):
        yield "the standard error of a regressor in other units is not in these units"


def _double_sum(made: Fit, name: str, dependent: Dependent | None) -> Iterator[str]:
    if dependent is None:
        return
    solution, scores = made.solution, made.solution.scores.whole
    rows = np.arange(len(made.design.y)) if solution.rows is None else solution.rows
    meat = scores.T @ dependent(subset(made.design, rows)) @ scores
    found = made.with_vcov(name, "none").vcov.unrepaired
    if not np.allclose(found, solution.bread @ meat @ solution.bread, rtol=SAME, atol=SAME_MEAT):
        yield "it is not the sum over the pairs of rows that depend on one another"
