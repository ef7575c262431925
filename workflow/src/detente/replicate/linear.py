"""Linear panel models of published tables that no study here uses: weights, group means, random effects.

Each is least squares of transformed rows, constant included, so that every sandwich covariance applies. They take one
factor, the group, as `ModelFrame.fixed_effects`, and analytic weights (n,) (Stata's aweights: variance inverse to the
weight).
"""

import numpy as np

from detente.base.errors import EstimationError, UnsupportedEffects
from detente.base.types import Array, Codes
from detente.stats import ModelFrame, Solution, check_rank
from detente.stats.covariance import Scores, number

CONSTANT = "intercept"


def wls(design: ModelFrame, weights: Array | None) -> Solution:
    """Weighted least squares with a constant (Stata `regress [aweight]`, R `lm(weights=)`)."""
    root = np.sqrt(_positive(weights, len(design.y)))
    x = np.column_stack([np.ones(len(design.y)), design.x])
    return least_squares(design.y * root, x * root[:, None], design.terms)


def within(design: ModelFrame, weights: Array | None) -> Solution:
    """Fixed effects with Stata's constant: deviations from group means, the overall mean added (`xtreg, fe`)."""
    group, count = _group(design)
    w = _positive(weights, len(design.y))
    values = np.column_stack([design.y, design.x])
    total = np.bincount(group, w, count)
    means = np.column_stack([np.bincount(group, w * v, count) / total for v in values.T])
    moved = values - means[group] + (w @ values) / w.sum()
    root = np.sqrt(w)
    x = np.column_stack([np.ones(len(moved)), moved[:, 1:]]) * root[:, None]
    return least_squares(moved[:, 0] * root, x, design.terms, absorbed=count - 1)


def between(design: ModelFrame, weights: Array | None, *, by_size: bool = False) -> Solution:
    """Least squares of group means (`xtreg, be`); `by_size` weights groups by their rows (`wls`)."""
    group, count = _group(design)
    w = _positive(weights, len(design.y))
    total = np.bincount(group, w, count)
    means = np.column_stack([np.bincount(group, w * v, count) / total for v in (design.y, *design.x.T)])
    root = np.sqrt(np.bincount(group, minlength=count) if by_size else np.ones(count))
    x = np.column_stack([np.ones(count), means[:, 1:]]) * root[:, None]
    rows = np.unique(group, return_index=True)[1].astype(np.int64)
    return least_squares(means[:, 0] * root, x, design.terms, rows=rows)


def random_effects(design: ModelFrame, weights: Array | None) -> Solution:
    """Random effects by Swamy and Arora's variances, with the harmonic mean of group sizes (Stata `xtreg, re`)."""
    if weights is not None:
        raise EstimationError("random effects take no weights")
    group, count = _group(design)
    inside = within(design, None)
    means = between(design, None)
    size = np.bincount(group, minlength=count)
    own = inside.dispersion
    common = max(0.0, means.dispersion - own * float((1 / size).mean()))
    kept = 1 - np.sqrt(own / (size * common + own))
    values = np.column_stack([design.y, np.ones(len(group)), design.x])
    averages = np.column_stack([np.bincount(group, v, count) / size for v in values.T])
    moved = values - kept[group, None] * averages[group]
    return least_squares(moved[:, 0], moved[:, 1:], design.terms)


def least_squares(
    y: Array, x: Array, terms: tuple[str, ...], *, absorbed: int = 0, rows: Codes | None = None
) -> Solution:
    """Least squares of rows (n,) on columns (n, k), the first the constant, by QR.

    Raises
    ------
    RankDeficient
        If columns depend on one another, naming them.
    EstimationError
        If no degree of freedom is left.
    """
    named, df = (CONSTANT, *terms), len(y) - x.shape[1] - absorbed
    if df <= 0:
        raise EstimationError(f"{len(y):,} rows for {x.shape[1] + absorbed:,} parameters: no degree of freedom is left")
    check_rank(x.T @ x, named)
    q, r = np.linalg.qr(x)
    estimate = np.linalg.solve(r, q.T @ y)
    residual = y - x @ estimate
    inverse = np.linalg.inv(r)
    return Solution(
        terms=named,
        estimate=estimate,
        scores=Scores(x, residual),
        bread=inverse @ inverse.T,
        x=x,
        link="identity",
        treatment=1,
        dropped=(),
        converged=True,
        predictor=x @ estimate,
        rows=rows,
        absorbed=absorbed,
        dispersion=float(residual @ residual) / df,
    )


def _positive(weights: Array | None, rows: int) -> Array:
    if weights is None:
        return np.ones(rows)
    if not (weights > 0).all():
        raise EstimationError(f"weights must be positive; {int((~(weights > 0)).sum()):,} are not")
    return weights


def _group(design: ModelFrame) -> tuple[Codes, int]:
    if len(design.fixed_effects) != 1:
        raise UnsupportedEffects("this model needs one factor in `effects`: the group whose rows belong together")
    levels, group = number(next(iter(design.fixed_effects.values())))
    return group, len(levels)
