"""A fit without parts of its rows, each in turn."""

from collections.abc import Iterable, Iterator
from itertools import tee

import numpy as np

from detente.base.errors import EstimationError
from detente.base.types import Flags
from detente.stats.covariance import dyadic
from detente.stats.fitting import Fit, fit
from detente.stats.linear import Remaining, without_dyads
from detente.stats.parts import subset
from detente.stats.registry import get


def left_out(whole: Fit, parts: Iterable[Flags]) -> Iterator[Remaining]:
    """The treatment of a fit without each part, flags (N,) of its rows: what a fit of the others gives.

    Its estimator, covariance and options are those of the whole. Without whole dyads, a linear model under the dyadic
    covariance is not fitted again: it is the same to 1e-8 standard errors.
    """
    linear = get(whole.estimator).least_squares and (whole.vcov.kind, whole.ssc) == (dyadic().name, "detente")
    these, parts = tee(parts)
    found = without_dyads(whole.design, whole.solution, whole.vcov.kind, these) if linear else (None for _ in these)
    for part, made in zip(parts, found, strict=True):
        yield made or _refit(whole, part)


def _refit(whole: Fit, part: Flags) -> Remaining:
    design = subset(whole.design, np.flatnonzero(~part))
    try:
        made = fit(design, estimator=whole.estimator, vcov=whole.vcov.kind, ssc=whole.ssc, **whole.options)
    except EstimationError as error:
        return Remaining(error=error)
    place = made.solution.treatment
    return Remaining.of(float(made.estimate[place]), made.vcov, place)
