"""Numbers that describe the rows of a model: means, medians, counts, shares and cells of cross-tables."""

from collections.abc import Callable, Mapping

import numpy as np

from detente.base.errors import EstimationError
from detente.base.expressions import evaluate
from detente.base.types import Array
from detente.replicate.models import Fitted


def _values(fitted: Fitted, text: str | float) -> Array:
    """Values of an expression in the rows that the model uses, those that are missing left out."""
    assert fitted.design.rows is not None
    values = evaluate(str(text), fitted.table)[fitted.design.rows]
    values = values if fitted.solution.rows is None else values[fitted.solution.rows]
    return np.asarray(values[~np.isnan(values)])


def _of(summary: Callable[[Array], float]) -> Callable[[Fitted, str], float]:
    def made(fitted: Fitted, text: str) -> float:
        values = _values(fitted, text)
        if not len(values):
            raise EstimationError(f"{text!r} is missing in every row")
        return float(summary(values))

    return made


def _count(fitted: Fitted, condition: str) -> float:
    return float((_values(fitted, condition) != 0).sum())


def _share(fitted: Fitted, condition: str, among: str = "1 == 1") -> float:
    """Share of rows of which a condition is true, among those of which another is."""
    rows = _count(fitted, among)
    if not rows:
        raise EstimationError(f"{among!r} is true of no row: there is no share")
    return _count(fitted, f"({condition}) and ({among})") / rows


DESCRIPTIVE: Mapping[str, Callable[..., float]] = {
    "mean": _of(lambda v: float(v.mean())),
    "median": _of(lambda v: float(np.median(v))),
    "sd": _of(lambda v: float(v.std(ddof=1))),
    "min": _of(lambda v: float(v.min())),
    "max": _of(lambda v: float(v.max())),
    "sum": _of(lambda v: float(v.sum())),
    "count": _count,
    "share": _share,
}
