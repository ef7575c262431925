"""What estimators ask of outcomes and regressors before they fit."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from detente.base.errors import EstimationError, NoVariation, RankDeficient, UnsuitableOutcome
from detente.base.numerics import BLAMED, SINGULAR
from detente.base.types import Array

Outcome = Literal["any", "binary", "amount", "count", "levels"]


def check_outcome(y: Array, kind: Outcome) -> None:
    """Refuse an outcome (N,) that is not of a kind.

    Raises EstimationError if a value is not finite; UnsuitableOutcome if it is not 0 or 1, negative, or no count where
    it must be; NoVariation if it does not vary, or an amount is zero in all rows.
    """
    if not np.isfinite(y.sum()):
        raise EstimationError("values that are missing or infinite in the outcome: leave these rows out first")
    if kind == "binary" and not ((y == 0) | (y == 1)).all():
        raise UnsuitableOutcome("the outcome must be 0 or 1 in every row")
    if kind == "amount" and not y.min() >= 0:
        raise UnsuitableOutcome(f"the outcome is negative in {int((y < 0).sum()):,} rows: Poisson counts from zero")
    if kind == "count" and (y.min() < 0 or not (y == np.round(y)).all()):
        raise UnsuitableOutcome("the outcome must be a count: 0, 1, 2 … in every row")
    if kind != "any" and y.min() == y.max() and not (kind == "amount" and y.any()):
        raise NoVariation(f"the outcome is {y[0]:g} in all {len(y):,} rows")


def check_rank(cross: Array, terms: Sequence[str]) -> None:
    """Raise RankDeficient, naming the terms that depend on one another, unless `cross` (k, k) has full rank."""
    scale = np.sqrt(np.diag(cross))
    scale[scale == 0] = 1.0
    values, vectors = np.linalg.eigh(cross / np.outer(scale, scale))
    if values[0] <= SINGULAR * values[-1]:
        guilty = [t for t, weight in zip(terms, np.abs(vectors[:, 0]), strict=True) if weight > BLAMED]
        raise RankDeficient(f"linearly dependent regressors: {', '.join(guilty)}; drop one of them")
