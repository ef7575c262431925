"""Outcome and regressors within absorbed effects: what is left of them, what is not, and what a reader must know."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detente.base.errors import EstimationError, NoVariation
from detente.base.numerics import ABSORBED, CONSTANT, CONSTANT_SQUARE
from detente.base.types import Array, Codes, Flags
from detente.stats.contract import Solution
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.kernels import products as kernel
from detente.stats.linear.absorb import Absorber, absorber
from detente.stats.linear.regressors import CHUNK, inverse, regressors, varying


@dataclass(frozen=True)
class Within:
    """y (N,) and x (N, k) within effects, or as they are with a constant first if there are none.

    `terms` k names, `treatment` its index among them; `dropped` those that do not vary; `cross` (k, k) and `with_y`
    (k,) their cross-products.
    """

    y: Array
    x: Array
    terms: tuple[str, ...]
    treatment: int
    dropped: tuple[str, ...]
    cross: Array
    with_y: Array
    absorber: Absorber


def within(design: ModelFrame) -> Within:
    """Take the design's effects off its outcome and regressors.

    Raises NoVariation if outcome or treatment does not vary within effects; RankDeficient if the regressors that vary
    are linearly dependent, naming them; EstimationError if a value is not finite.
    """
    if not design.fixed_effects:
        return _pooled(design)
    made = absorber(design.fixed_effects, len(design.y))
    rounding = floor(design.x, design.y, design.terms)
    x, y = made.residual(design.x), made.residual(design.y)
    products = gram(x, y)
    varies = np.diag(products) > rounding
    if not varies[0] or not varies[-1]:
        what = "outcome" if not varies[-1] else f"treatment {design.terms[0]!r}"
        raise NoVariation(f"the {what} does not vary within {named(design.fixed_effects)} in {len(design.y):,} rows")
    kept, terms, dropped, cross = varying(products[:-1, :-1], varies[:-1], design.terms)
    x = x if len(kept) == x.shape[1] else np.ascontiguousarray(x[:, kept])
    return Within(y, x, terms, 0, dropped, cross, products[kept, -1], made)


@dataclass(frozen=True)
class Data:
    """Rows used: y (n,), x (n, k) within unweighted effects, `terms`, those `dropped`, a predictor to start from."""

    y: Array
    x: Array
    terms: tuple[str, ...]
    dropped: tuple[str, ...]
    start: Array
    absorber: Absorber


def data_within(
    design: ModelFrame, rows: Codes, effects: Mapping[str, Codes], start: Callable[[Array, Mapping[str, Codes]], Array]
) -> Data:
    """Regressors of some rows within effects, unweighted: the same span, near zero, so that weights lose no digits.

    Raises NoVariation if the treatment does not vary within the effects; RankDeficient if the regressors that do are
    linearly dependent.
    """
    whole = len(rows) == len(design.y)
    y, x = (design.y, design.x) if whole else (design.y[rows], design.x[rows])
    made = absorber(effects, len(y))
    lowest = floor(x, y, design.terms)[:-1]
    x = made.residual(x)
    cross = gram(x)
    varies = np.diag(cross) > lowest
    if not varies[0]:
        where = f"within {named(design.fixed_effects)} in the {len(y):,} rows whose outcome does"
        raise NoVariation(f"the treatment {design.terms[0]!r} does not vary {where}")
    kept, terms, dropped, _ = varying(cross, varies, design.terms)
    x = x if len(kept) == x.shape[1] else np.ascontiguousarray(x[:, kept])
    return Data(y, x, terms, dropped, start(y, effects), made)


def _pooled(design: ModelFrame) -> Within:
    data = regressors(design)
    if np.ptp(design.y) == 0:
        raise NoVariation(f"the outcome is {design.y[0]:g} in all {len(design.y):,} rows")
    y = np.array(design.y, dtype=np.float64)
    products = gram(data.x, y)
    nothing = absorber((), len(y))
    return Within(y, data.x, data.terms, data.treatment, data.dropped, products[:-1, :-1], products[:-1, -1], nothing)


def gram(*parts: Array, weights: Array | None = None) -> Array:
    """Cross-products (K, K) of the columns of `parts`, (N, .) or (N,), side by side; weighted if `weights` (N,).

    In blocks of fixed size, each the product of a matrix with its own transpose: so it comes out the same, to the
    last bit, on any number of threads.
    """
    widths = [1 if p.ndim == 1 else p.shape[1] for p in parts]
    edges = np.cumsum([0, *widths])
    block, total = np.empty((CHUNK, edges[-1])), np.zeros((edges[-1], edges[-1]))
    rows = len(parts[0])
    for s in range(0, rows, CHUNK):
        here = block[: min(CHUNK, rows - s)]
        for part, low, high in zip(parts, edges[:-1], edges[1:], strict=True):
            here[:, low:high] = part[s : s + CHUNK].reshape(len(here), -1)
        if weights is not None:
            here *= np.sqrt(weights[s : s + CHUNK])[:, None]
        total += here.T @ here
    return total


def floor(x: Array, y: Array, terms: Sequence[str]) -> Array:
    """Sums of squares (K + 1,) within effects of the columns of x (N, K) and of y (N,) that are no more than rounding.

    Raises EstimationError if a value is not finite, naming the columns.
    """
    columns = [np.ascontiguousarray(part, dtype=np.float64) for part in (x, y[:, None])]
    about_zero, about_mean = np.concatenate([kernel.spread(part) for part in columns], axis=1)
    if not np.isfinite(about_zero).all():
        guilty = [repr(t) for t, ok in zip((*terms, "the outcome"), np.isfinite(about_zero), strict=True) if not ok]
        raise EstimationError(f"values that are missing or infinite in {', '.join(guilty)}: leave these rows out first")
    return np.asarray(np.maximum(CONSTANT * about_mean, CONSTANT_SQUARE * about_zero))


def named(effects: Iterable[str]) -> str:
    """Effects in words: dyad and year effects."""
    names = list(effects)
    return f"{' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))} effects"


def notes(made: Absorber) -> tuple[str, ...]:
    """What a reader must know of absorbed effects."""
    said = []
    if alone := int(made.alone.sum()):
        what = "rows are the only one of a level of their effects: they say nothing, and no cluster or state is counted"
        what += " for them"
        said.append(f"{alone:,} {what}")
    if not made.direct and len(made.counts) > 2:
        bound = f"{made.parameters:,} absorbed parameters are an upper bound"
        said.append(f"{bound}: dependence among {len(made.counts)} effects is counted for the two largest")
    if not made.direct:
        said.append(f"effects absorbed by iteration, to a relative {ABSORBED:g}")
    return tuple(said)


def linear_solution(
    design: ModelFrame, data: Within, estimate: Array, bread: Array, scores: Scores, flags: Sequence[str] = ()
) -> Solution:
    """A linear model of the design as estimators return it; `scores` hold its residuals (N,)."""
    residual, absorbed = scores.residual, data.absorber.parameters
    assert residual is not None
    df = degrees_left(len(residual), len(data.terms), absorbed)
    dispersion = float(np.einsum("i,i->", residual, residual)) / df
    made = Solution(data.terms, estimate, scores, bread, data.x, "identity", data.treatment, data.dropped)
    said = (*notes(data.absorber), *flags)
    made = replace(made, absorbed=absorbed, dispersion=dispersion, flags=said, silent=data.absorber.silent)
    return replace(made, predictor=design.y - residual)


def refined(x: Array, residual: Array, bread: Array, estimate: Array) -> Array:
    """Coefficients (k,) after two steps from residuals (n,), which are changed in place.

    They bring back the digits that cross-products lost (Björck 1996, section 6.6.5).
    """
    for _ in range(2):
        step = bread @ np.einsum("ij,i->j", x, residual)
        kernel.least_squares_residual(x, residual, step, residual)
        estimate = estimate + step
    return estimate


def degrees_left(rows: int, terms: int, absorbed: int) -> int:
    """Rows less parameters; raises EstimationError if none is left."""
    if rows <= terms + absorbed:
        raise EstimationError(
            f"{rows:,} rows for {terms:,} coefficients and {absorbed:,} absorbed effects: no degree of freedom is left"
        )
    return rows - terms - absorbed


def outcome_within(design: ModelFrame, solution: Solution) -> Array:
    """The outcome (N,) of a linear fit within its fixed effects."""
    assert solution.predictor is not None
    return np.asarray(design.y - solution.predictor + solution.x @ solution.estimate)


def spread(columns: Array) -> Array:
    """Sums of squares about the mean, (K,) of columns (N, K) or a number of one (N,)."""
    return np.asarray(np.square(columns - columns.mean(axis=0)).sum(axis=0))


def projected(x: Array, outcomes: Array | Flags) -> Array:
    """Products (B, K) of outcomes (N, B), numbers or flags, most of them zero, with columns x (N, K)."""
    if outcomes.dtype == bool:
        return kernel.project_flags(x, np.flatnonzero(outcomes), outcomes.shape[1])
    return kernel.project(x, outcomes.astype(np.float64, copy=False))


def left_of(products: Array, column: int, out: Sequence[int]) -> float:
    """Sum of squares of a column, other columns taken `out`, from cross-products (K, K) of all."""
    if not out:
        return float(products[column, column])
    along = products[list(out), column]
    return float(products[column, column] - along @ inverse(products[np.ix_(out, out)]) @ along)


def with_treatment(design: ModelFrame, solution: Solution, treatment: Array, effects: Absorber, y: Array) -> Solution:
    """The linear fit of a design with another treatment (N,); `effects` absorbs its fixed effects, `y` is within them.

    Raises NoVariation if the treatment does not vary within fixed effects and controls.
    """
    place, x = solution.treatment, solution.x.copy()
    x[:, place] = effects.residual(np.asarray(treatment, dtype=np.float64)) if effects.counts else treatment
    products = gram(x, y)
    others, least = [j for j in range(x.shape[1]) if j != place], CONSTANT * float(spread(treatment))
    if not (products[place, place] > least and left_of(products, place, others) > least):
        raise NoVariation("the treatment that remains does not vary within effects and controls")
    bread = inverse(products[:-1, :-1])
    estimate = bread @ products[:-1, -1]
    residual = y - x @ estimate
    dispersion = float(np.einsum("i,i->", residual, residual)) / (len(y) - len(estimate) - solution.absorbed)
    made = replace(solution, estimate=estimate, bread=bread, x=x, scores=Scores(x, residual), dispersion=dispersion)
    return replace(made, predictor=design.y - residual)
