"""The contract of estimators, for those of the project and for one of your own."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from detente.base.errors import EstimationError, UnsupportedEffects, UnsupportedInstruments
from detente.stats import REGISTRY, Estimated, Estimator, Link, ModelFrame, Solution, Statistic, fit, get, subset
from detente.stats.covariance import KINDS
from detente.testing.panels import example_frame

NAMED = {"cluster": "dyad"}
CLOSE = 1e-6


def check_estimator(estimator: str | Callable[..., Solution], frame: ModelFrame | None = None, **options: Any) -> None:
    """Check that an estimator keeps what covariances, studies and tables rely on.

    It is declared in full. Its solution has the shapes that `Solution` says, finite, with a bread that is symmetric and
    positive, and scores that sum to zero at the estimate. Fitted twice it is the same to the last bit, in whatever
    order the rows come it is the same to rounding, and the frame is left as it was. Every covariance and statistic that
    it declares can be made, and what it does not take (fixed effects, instruments, missing values, a treatment that
    never varies) is refused by a named error.

    `estimator` is its name, or the function under `@estimator`, with its own `options`. It is fitted on `frame`, which
    has its fixed effects; on a small simulated panel of dyad-years with a 0/1 outcome if there is none.

    Raises AssertionError with the name of the estimator and what it breaks.

    Examples
    --------
    >>> check_estimator("felogit", bias="analytical")
    """
    found = _registered(estimator)
    given = example_frame(found) if frame is None else frame
    for faults in (_declaration(found), _solution(found, given, options), _refusals(found, given, options)):
        for fault in faults:
            raise AssertionError(f"estimator {found.name!r}: {fault}")


def _registered(estimator: str | Callable[..., Solution]) -> Estimator:
    if isinstance(estimator, str):
        return get(estimator)
    own = [known for known in REGISTRY.values() if known.fit is estimator]
    assert own, f"{estimator!r} is not registered: decorate it with @estimator"
    return own[0]


def _declaration(found: Estimator) -> Iterator[str]:
    for part in ("short", "long", "sentence", "unit"):
        if not getattr(found.label, part):
            yield f"its label has no {part!r}"
    if not found.label.sentence.endswith("."):
        yield "the sentence of its label does not end"
    if not found.reference:
        yield "it names no reference implementation"
    if found.link not in get_args(Link):
        yield f"its link {found.link!r} is none of {', '.join(get_args(Link))}"
    if not found.covariances or not found.covariances <= {*KINDS, "dyad"}:
        yield f"its covariances {sorted(found.covariances)} are not among {', '.join(KINDS)}"
    if found.fixed_effects and found.uses == "nothing":
        yield "it is given fixed effects that it has no use for"


def _solution(found: Estimator, frame: ModelFrame, options: dict[str, Any]) -> Iterator[str]:
    before = frame.y.copy(), frame.x.copy()
    solution = found.fit(frame, **options)
    yield from _shapes(solution, frame)
    spread = np.sqrt((solution.scores.whole**2).sum(axis=0))
    if (np.abs(solution.scores.whole.sum(axis=0)) > CLOSE * np.where(spread > 0, spread, 1)).any():
        yield "its scores do not sum to zero at the estimate"
    again = found.fit(frame, **options)
    if not np.array_equal(solution.estimate, again.estimate) or not np.array_equal(solution.bread, again.bread):
        yield "two fits of the same frame differ"
    order = np.random.default_rng(1).permutation(len(frame.y))
    turned = found.fit(subset(frame, order), **options)
    if not np.allclose(turned.estimate, solution.estimate, rtol=CLOSE, atol=CLOSE):
        yield "its estimate depends on the order of the rows"
    if not (np.array_equal(before[0], frame.y) and np.array_equal(before[1], frame.x)):
        yield "it changes the frame that it is given"
    for statistic, made in found.statistics.items():
        if statistic not in get_args(Statistic):
            yield f"its statistic {statistic!r} is none of {', '.join(get_args(Statistic))}"
        elif not np.isfinite(made(Estimated(frame, solution, options))):
            yield f"its {statistic} is not finite"
    for kind in sorted(found.covariances):
        vcov = fit(frame, estimator=found.name, vcov=NAMED.get(kind, kind), **options).vcov
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
    if not np.allclose(solution.bread, solution.bread.T, rtol=CLOSE) or np.linalg.eigvalsh(solution.bread)[0] <= 0:
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
        tried.append(
            ("fixed effects", replace(frame, fixed_effects={"year": frame.factor("year")}), UnsupportedEffects)
        )
    if not found.needs_instruments:
        tried.append(("an endogenous regressor", replace(frame, endogenous=frame.terms[:1]), UnsupportedInstruments))
    for what, changed, error in tried:
        try:
            fit(changed, estimator=found.name, vcov="dyad", **options)
        except error:
            continue
        yield f"it takes {what} without an error"
