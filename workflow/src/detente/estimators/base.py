"""What an estimator is: one decorated function `fit(design) → Fit`, usable by name at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detente.design import Design
from detente.errors import RankDeficient, UnknownEstimator, choices

Array = npt.NDArray[np.floating[Any]]
ROBUST = frozenset({"dyadic", "dyad"})
SINGULAR = 1e-10


@dataclass(frozen=True)
class Fit:
    """Coefficients of one model and what any sandwich covariance of them needs.

    terms k names; estimate (k,); scores (N, k) contributions of each row to the score; bread (k, k) inverse of minus
    the Hessian of the objective; x (N, k) regressors as the model has them; link "identity" or "logit";
    `treatment` index of the treatment among terms; `dropped` terms without variation once effects are absorbed.
    """

    terms: tuple[str, ...]
    estimate: Array
    scores: Array
    bread: Array
    x: Array
    link: str
    treatment: int
    dropped: tuple[str, ...]
    converged: bool


@dataclass(frozen=True)
class Estimator:
    """A registered estimator.

    `reference` names the independent implementation that each fit is compared with; `gap` returns the largest relative
    difference of a coefficient from it, None where the fit is the library's own.
    """

    name: str
    fit: Callable[[Design], Fit]
    absorbs_dyads: bool
    covariances: frozenset[str]
    reference: str
    gap: Callable[[Design, Fit], float] | None

    @property
    def module(self) -> str:
        """Name of the module that holds it."""
        return self.fit.__module__.split(".")[-1]


REGISTRY: dict[str, Estimator] = {}


def estimator(
    name: str,
    *,
    absorbs_dyads: bool,
    covariances: frozenset[str],
    reference: str,
    gap: Callable[[Design, Fit], float] | None = None,
) -> Callable[[Callable[[Design], Fit]], Callable[[Design], Fit]]:
    """Register the decorated function under `name`."""

    def register(function: Callable[[Design], Fit]) -> Callable[[Design], Fit]:
        REGISTRY[name] = Estimator(name, function, absorbs_dyads, covariances, reference, gap)
        return function

    return register


def get(name: str) -> Estimator:
    """Return the estimator called `name`; raises UnknownEstimator naming the nearest one if there is none."""
    if name not in REGISTRY:
        raise UnknownEstimator(f"estimator {name!r} is not registered; {choices(name, REGISTRY)}")
    return REGISTRY[name]


def check_rank(cross: Array, terms: Sequence[str]) -> None:
    """Raise RankDeficient, naming the terms that depend on one another, unless `cross` (k, k) has full rank."""
    scale = np.sqrt(np.diag(cross))
    scale[scale == 0] = 1.0
    values, vectors = np.linalg.eigh(cross / np.outer(scale, scale))
    if values[0] <= SINGULAR * values[-1]:
        guilty = [t for t, weight in zip(terms, np.abs(vectors[:, 0]), strict=True) if weight > 1e-3]
        raise RankDeficient(f"linearly dependent regressors: {', '.join(guilty)}; drop one of them")
