"""Regressors of a model frame, with a constant or without, and the inverse of their cross-products."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detente.base.errors import EstimationError, NoVariation
from detente.base.numerics import UNDETERMINED
from detente.base.types import Array, Codes, Flags
from detente.stats.checks import check_rank
from detente.stats.frame import ModelFrame

# Rows worked on at a time: x and its weighted copy stay in the processor's cache.
CHUNK = 8192


class Stalled(Exception):
    """There is no next step: the caller says why in the terms of its model."""


@dataclass(frozen=True)
class Regressors:
    """x (N, k), row by row in memory, with its k `terms`; `treatment` its index; `dropped` columns that never vary.

    `reach` (k,) largest absolute value of each column.
    """

    x: Array
    terms: tuple[str, ...]
    treatment: int
    dropped: tuple[str, ...]
    reach: Array


def regressors(design: ModelFrame, *, intercept: bool = True) -> Regressors:
    """Regressors of a design, a constant first, without columns that never vary.

    Raises EstimationError if outcome or regressors hold a value that is not finite; NoVariation if the treatment never
    varies; RankDeficient if columns depend on one another, naming them.
    """
    low, high, cross = _spread(design)
    varies, lead = high > low, int(intercept)
    if not varies[0]:
        raise NoVariation(f"the treatment {design.terms[0]!r} is {low[0]:g} in all {len(design.y):,} rows")
    kept, names, dropped, _ = varying(cross, varies, design.terms)
    x = np.empty((len(design.y), len(kept) + lead))
    x[:, :lead] = 1.0
    x[:, lead:] = design.x if len(kept) == design.x.shape[1] else design.x[:, kept]
    reach = np.r_[np.ones(lead), np.maximum(np.abs(low), np.abs(high))[kept]]
    return Regressors(x, (*["intercept"][:lead], *names), lead, dropped, reach)


def varying(cross: Array, varies: Flags, terms: Sequence[str]) -> tuple[Codes, tuple[str, ...], tuple[str, ...], Array]:
    """Places and names of columns that vary, names of the others, and cross-products (k, k) of those that do.

    Raises RankDeficient if these are linearly dependent, naming them.
    """
    kept = np.flatnonzero(varies)
    names, dropped = (tuple(t for t, v in zip(terms, varies, strict=True) if v == wanted) for wanted in (True, False))
    check_rank(cross := cross[np.ix_(kept, kept)], names)
    return kept, names, dropped, cross


def _spread(design: ModelFrame) -> tuple[Array, Array, Array]:
    """Least and largest value (k,) of each column, and their sums of squares and products about the means (k, k)."""
    x, origin = design.x, design.x[:CHUNK].mean(axis=0)
    low, high, total = x[0].copy(), x[0].copy(), np.zeros(x.shape[1])
    cross = np.zeros((x.shape[1], x.shape[1]))
    for s in chunks(len(x)):
        part = x[s] - origin
        # Laid out by column: numpy is slow on extremes of many short rows.
        columns = np.ascontiguousarray(x[s].T)
        np.minimum(low, columns.min(axis=1), out=low)
        np.maximum(high, columns.max(axis=1), out=high)
        total += np.ones(len(part)) @ part
        cross += part.T @ part
    finite = np.isfinite(total)
    if not finite.all() or not np.isfinite(design.y.sum()):
        guilty = [repr(t) for t, f in zip(design.terms, finite, strict=True) if not f] or ["the outcome"]
        raise EstimationError(f"values that are missing or infinite in {', '.join(guilty)}: leave these rows out first")
    return low, high, cross - np.outer(total, total) / len(x)


def chunks(n: int, size: int = CHUNK) -> list[slice]:
    """Slices that cover n rows."""
    return [slice(s, min(s + size, n)) for s in range(0, n, size)]


def inverse(information: Array) -> Array:
    """Inverse of a positive definite matrix (k, k), whatever the units of its rows.

    Raises Stalled if it is not positive definite, or not finite.
    """
    diagonal = np.diag(information)
    if not diagonal.min() > 0:
        raise Stalled
    scale = 1 / np.sqrt(diagonal)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = information * np.outer(scale, scale)
    if not np.isfinite(scaled).all():
        raise Stalled
    values, vectors = np.linalg.eigh(scaled)
    if values[0] <= UNDETERMINED * values[-1]:
        raise Stalled
    return np.asarray((vectors / values) @ vectors.T * np.outer(scale, scale))
