"""What an estimator is: one decorated function `fit(design) → Solution`, usable by name at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Required, TypedDict, Unpack

import numpy as np

from detente.base.errors import RankDeficient, UnknownEstimator, choices
from detente.base.numerics import SINGULAR
from detente.base.types import Array, Codes
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame

Link = Literal["identity", "logit", "probit", "cloglog", "log"]
Engine = Literal["linear", "logit"]
Uses = Literal["nothing", "absorbs", "conditions", "averages", "groups"]
# What scores of rows and a bread give; `LINEAR` what leverages give besides. "cluster" is by any factors, "dyad" one.
ROBUST = frozenset({"classical", "hc0", "hc1", "cluster", "dyad", "dyadic"})
LINEAR = ROBUST | {"hc2", "hc3"}


@dataclass(frozen=True)
class Solution:
    """Coefficients of one model and what any sandwich covariance of them needs; it uses n of the design's N rows.

    terms k names; estimate (k,); `scores` contributions of each row to the score; bread
    (k, k) inverse of minus the Hessian of the objective; x (n, k) regressors as the model has them; `treatment` index
    of the treatment among terms. `predictor` (n,) linear predictor, absorbed effects included, None where they are not
    estimated; `link` from predictor to mean. `rows` (n,) places in the design of the rows used, None if all. `absorbed`
    parameters that are not among the terms; `dispersion` factor of the bread in the classical covariance. `dropped`
    terms without variation once effects are absorbed; `flags` what a reader must know, in words.
    """

    terms: tuple[str, ...]
    estimate: Array
    scores: Scores
    bread: Array
    x: Array
    link: Link
    treatment: int
    dropped: tuple[str, ...]
    converged: bool
    predictor: Array | None = None
    rows: Codes | None = None
    absorbed: int = 0
    dispersion: float = 1.0
    iterations: int = 0
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Label:
    """What an estimator is called.

    `short` in a column head, `long` inside a sentence; `sentence` says what it compares and whose it is; `unit` of its
    coefficients.
    """

    short: str
    long: str
    sentence: str
    unit: str = "log-odds"


class Declared(TypedDict, total=False):
    """What the file of an estimator declares of it, beside its name and label; see `Estimator`."""

    link: Required[Link]
    covariances: Required[frozenset[str]]
    reference: Required[str]
    uses: Uses
    fixed_effects: tuple[str, ...]
    gap: Callable[[ModelFrame, Solution], float] | None
    engine: Engine | None
    index_model: object
    needs_instruments: bool
    relative: bool


@dataclass(frozen=True)
class Estimator:
    """A registered estimator: what it can do is asked of these fields, never of its name.

    `link` from linear predictor to mean. `uses` says what it does with `ModelFrame.fixed_effects`: "nothing" (it
    refuses them), "absorbs" any number of them, "conditions" on the first, "averages" the regressors within the first,
    or takes the first for "groups" of correlated rows. `fixed_effects` are those that a study gives it. `covariances`
    are the kinds that it supports. `reference` names the independent implementation that each fit is compared with;
    `gap` returns the largest relative difference of a coefficient from it, None where the fit is the library's own or
    tests alone compare. `engine` fits many specifications of one sample at once, if there is one. `index_model` gives
    score and weight of a row from its linear predictor, which refits under a null need. `needs_instruments` for
    endogenous regressors. `relative` if it compares two values of the outcome, so that it predicts no risk.
    """

    name: str
    fit: Callable[..., Solution]
    label: Label
    link: Link
    covariances: frozenset[str]
    reference: str
    uses: Uses = "nothing"
    fixed_effects: tuple[str, ...] = ()
    gap: Callable[[ModelFrame, Solution], float] | None = None
    engine: Engine | None = None
    index_model: Any = None
    needs_instruments: bool = False
    relative: bool = False

    @property
    def module(self) -> str:
        """Name of the module that holds it, from the package on."""
        return self.fit.__module__.removeprefix("detente.")

    @property
    def least_squares(self) -> bool:
        """Whether it is least squares of the outcome on the regressors, within fixed effects."""
        return self.engine == "linear"

    @property
    def absorbs_dyads(self) -> bool:
        """Whether what is fixed in a dyad drops out of a study's model."""
        return self.uses in ("absorbs", "conditions") and "dyad" in self.fixed_effects

    @property
    def compares_within_dyads(self) -> bool:
        """Whether its coefficients compare each dyad with itself."""
        return self.absorbs_dyads or (self.uses == "averages" and "dyad" in self.fixed_effects)


REGISTRY: dict[str, Estimator] = {}


def estimator(
    name: str, label: Label, **declared: Unpack[Declared]
) -> Callable[[Callable[..., Solution]], Callable[..., Solution]]:
    """Register the decorated function under `name`; it takes a model frame, and options of its own by keyword."""

    def register(function: Callable[..., Solution]) -> Callable[..., Solution]:
        REGISTRY[name] = Estimator(name, function, label, **declared)
        return function

    return register


def with_fixed_effects(design: ModelFrame, estimator: Estimator, chosen: tuple[str, ...] | None = None) -> ModelFrame:
    """The model frame with the fixed effects that a study gives the estimator, or with those `chosen`.

    In a directed panel, the fixed effect of a dyad is that of a directed one.
    """
    names = estimator.fixed_effects if chosen is None else chosen
    if "directed_dyad" in design.clusters:
        names = tuple("directed_dyad" if name == "dyad" else name for name in names)
    return replace(design, fixed_effects={name: design.factor(name) for name in names})


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
