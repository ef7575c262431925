"""What an estimator is: one decorated function `fit(design) → Solution`, usable by name at once."""

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from numbers import Real
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import numpy as np

from detente.base.errors import (
    NotReproduced,
    UnknownEstimator,
    UnknownOption,
    UnsupportedEffects,
    UnsupportedInstruments,
    choices,
)
from detente.base.numerics import AGREEMENT
from detente.base.types import Array, Codes, Flags
from detente.stats.checks import Outcome, check_outcome
from detente.stats.columns import Levels
from detente.stats.conditioning import Basis, far, well_conditioned
from detente.stats.covariance import Information, Scores
from detente.stats.frame import ModelFrame
from detente.stats.profile import NO_PROFILE, Profile

Link = Literal["identity", "logit", "probit", "cloglog", "log"]
Engine = Literal["linear", "logit"]
Uses = Literal["nothing", "absorbs", "conditions", "averages", "groups"]
Statistic = Literal["log_likelihood", "null_log_likelihood", "penalised_lr_chi2"]
# What scores of rows and a bread give; `LINEAR` what leverages give besides. "cluster" is by any factors, "dyad" one.
ROBUST = frozenset({"classical", "hc0", "hc1", "cluster", "dyad", "dyadic"})
LINEAR = ROBUST | {"hc2", "hc3", "dyadic_cr2"}
ONE_FACTOR = {"conditions": "conditions on", "averages": "averages within", "groups": "correlates rows within"}


@dataclass(frozen=True)
class Solution:
    """Coefficients of one model and what any sandwich covariance of them needs; it uses n of the design's N rows.

    terms k names; estimate (k,); `scores` contributions of each row to the score; bread
    (k, k) inverse of minus the Hessian of the objective; x (n, k) regressors as the model has them; `treatment` index
    of the treatment among terms. `predictor` (n,) linear predictor, absorbed effects included, None where they are not
    estimated; `link` from predictor to mean. `rows` (n,) places in the design of the rows used, None if all. `absorbed`
    parameters that are not among the terms; `dispersion` factor of the bread in the classical covariance. `dropped`
    terms without variation once effects are absorbed; `flags` what a reader must know, in words. `silent` (n,) rows
    used that say nothing of the coefficients, None if there is none; `information` of the rows where it is not the
    regressors' under the working weights of the link. `turned` the same in another basis where regressors are
    ill-conditioned, from which covariances are made.
    """

    terms: tuple[str, ...]
    estimate: Array
    scores: Scores
    bread: Array
    x: Array
    link: Link
    treatment: int = 0
    dropped: tuple[str, ...] = ()
    converged: bool = True
    predictor: Array | None = None
    rows: Codes | None = None
    absorbed: int = 0
    dispersion: float = 1.0
    iterations: int = 0
    flags: tuple[str, ...] = ()
    silent: Flags | None = None
    information: Information | None = None
    turned: "Turned | None" = None


@dataclass(frozen=True)
class Turned:
    """Solution and design in a basis in which no digits are lost; the matrix (k, k) that takes coefficients back."""

    solution: Solution
    design: ModelFrame
    back: Array


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


@dataclass(frozen=True)
class Estimated:
    """A model frame, the solution of an estimator, and the options it was fitted with: what statistics are of."""

    design: ModelFrame
    solution: Solution
    options: Mapping[str, Any]


Report = Callable[[Estimated], float]


@dataclass(frozen=True)
class Compared:
    """An independent implementation by name, and the largest relative difference of a coefficient from its own.

    The difference is NaN where tests alone compare.
    """

    reference: str
    gap: float


Gap = Callable[[ModelFrame, Solution], Compared]


def _undecorated(design: ModelFrame) -> Solution:
    raise NotImplementedError


@dataclass(frozen=True)
class Estimator:
    """An estimator, registered under its name by decorating its function: `@estimator("name", Label(…), link=…, …)`.

    What it can do is asked of these fields, never of its name. `fit` takes a model frame, and options of its own by
    keyword; options, fixed effects, instruments and outcome are checked by what is declared before the decorated
    function is called, and an option annotated as `Literal` takes its values alone.

    `link` from linear predictor to mean. `outcome` what it may be: "any" number, "binary", an "amount" from zero on, a
    "count", or at least two "levels". `uses` says what it does with `ModelFrame.fixed_effects`: "nothing" (it
    refuses them), "absorbs" them, "conditions" on the first, "averages" the regressors within the first, or takes the
    first for "groups" of correlated rows; `factors` how many it takes. `fixed_effects` are those that a study gives it.
    `covariances` are the kinds that it supports, if not those that scores and a bread give; `statistics` those of a fit
    that it reports, by name. `reference` names the independent implementations that its fits are compared with; `gap`
    compares one fit, and says with which of them, None where tests alone compare. `engine` fits many specifications of
    one sample at once, if there is one. `index_model` gives score and weight of a row from its linear predictor, which
    refits under a null need. `objective` its `likelihood.Search` for outcome (n,) and regressors (n, k).
    `needs_instruments` for endogenous regressors. `relative` if it compares two values of the outcome, so that it
    predicts no risk. `equivariant` says what leaves its fit the same, so that ill-conditioned regressors are fitted in
    another basis: other regressors of the same "span" beside its constant, or their "units" and origins alone.
    `profile` of its likelihood, for separated terms. `elsewhere` names that other software has for it.
    """

    name: str
    label: Label
    link: Link = field(kw_only=True)
    covariances: frozenset[str] = field(default=ROBUST, kw_only=True)
    reference: str = field(kw_only=True)
    outcome: Outcome = "any"
    uses: Uses = "nothing"
    factors: Literal["any", "some", "one"] = "any"
    fixed_effects: tuple[str, ...] = ()
    statistics: Mapping[Statistic, Report] = field(default_factory=dict)
    gap: Gap | None = None
    engine: Engine | None = None
    index_model: Any = None
    objective: Callable[[Array, Array], Any] | None = None
    needs_instruments: bool = False
    relative: bool = False
    equivariant: Literal["", "units", "span"] = ""
    profile: Profile = NO_PROFILE
    elsewhere: tuple[str, ...] = ()
    fit: Callable[..., Solution] = _undecorated

    def __call__(self, function: Callable[..., Solution]) -> Callable[..., Solution]:
        """Register the estimator with a function that fits it."""

        @wraps(function)
        def checked(design: ModelFrame, **options: Any) -> Solution:
            self.check_options(options)
            self.check(design)
            absorbs = self.uses == "absorbs" and bool(design.fixed_effects)
            mixed = self.equivariant == "span"
            made = well_conditioned(design, mixed=mixed) if self.equivariant and not absorbs else None
            if made is None:
                return function(design, **options)
            return _taken_back(function(made[0], **options), design, *made)

        REGISTRY[self.name] = replace(self, fit=checked)
        return checked

    @property
    def module(self) -> str:
        """Name of the module that holds it, from the package on."""
        return self.fit.__module__.removeprefix("detente.")

    @property
    def least_squares(self) -> bool:
        """Whether it is least squares of the outcome on the regressors, within fixed effects."""
        return self.engine == "linear"

    @property
    def levels(self) -> Levels:
        """Whether its outcome may have categories: none, ordered ones, or any."""
        return "none" if self.outcome != "levels" else "any" if self.relative else "ordered"

    @property
    def needs_effects(self) -> bool:
        """Whether it cannot be fitted without fixed effects, or groups of rows."""
        return self.uses in ONE_FACTOR or self.factors != "any"

    @property
    def absorbs_dyads(self) -> bool:
        """Whether what is fixed in a dyad drops out of a study's model."""
        return self.uses in ("absorbs", "conditions") and "dyad" in self.fixed_effects

    @property
    def compares_within_dyads(self) -> bool:
        """Whether its coefficients compare each dyad with itself."""
        return self.absorbs_dyads or (self.uses == "averages" and "dyad" in self.fixed_effects)

    def compared(self, design: ModelFrame, fit: Solution) -> Compared:
        """Compare a fit with its reference; raises NotReproduced if a coefficient is off by more than 1e-6.

        Other software loses digits of regressors far from zero: it is given the basis that the fit was made in, or,
        where effects absorb the constant, regressors less their means.
        """
        if self.gap is None:
            return Compared(self.reference, math.nan)
        if fit.turned is not None:
            return self.gap(fit.turned.design, fit.turned.solution)
        if fit.absorbed and far(design.x).any():
            design = replace(design, x=design.x - design.x.mean(axis=0))
        return self.gap(design, fit)

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raise UnknownOption, naming the nearest, unless it has these options and their values are legal."""
        legal = dict(list(inspect.signature(get(self.name).fit).parameters.items())[1:])
        for name, value in options.items():
            if name not in legal:
                raise UnknownOption(f"estimator {self.name!r} has no option {name!r}; {choices(name, legal)}")
            values = get_args(legal[name].annotation) if get_origin(legal[name].annotation) is Literal else ()
            if values and value not in values:
                raise UnknownOption(f"{name} {value!r} is not known; {choices(value, values)}")
            _check_kind(name, value, legal[name].annotation)

    def check(self, design: ModelFrame) -> None:
        """Refuse a design that the estimator does not take.

        Raises UnsupportedEffects, UnsupportedInstruments if it has fixed effects or endogenous regressors and the
        estimator uses none, or too many or too few; EstimationError, UnsuitableOutcome, NoVariation if the outcome is
        not finite, not of the kind that the estimator models, or does not vary.
        """
        self.check_effects(design.fixed_effects)
        if design.endogenous and not self.needs_instruments:
            raise UnsupportedInstruments(
                f"estimator {self.name!r} takes no instruments ({', '.join(design.endogenous)} is endogenous); "
                f"those that do: {_those(lambda e: e.needs_instruments)}"
            )
        check_outcome(design.y, self.outcome)

    def check_effects(self, given: Mapping[str, Codes]) -> None:
        """Raise UnsupportedEffects if the estimator uses no fixed effects, or more or fewer than are given."""
        one = self.uses in ONE_FACTOR or self.factors == "one"
        if self.uses == "nothing" and given:
            raise UnsupportedEffects(
                f"estimator {self.name!r} takes no fixed effects, but got {', '.join(given)}; "
                f"those that absorb: {_those(lambda e: e.uses == 'absorbs')}"
            )
        if one and len(given) != 1:
            does = ONE_FACTOR.get(self.uses, self.uses)
            raise UnsupportedEffects(
                f"{self.name} {does} one factor, such as the dyad; given: {' × '.join(given) or 'none'}"
            )
        if self.factors == "some" and not given:
            pooled = _those(lambda e: e.uses == "nothing" and e.link == self.link)
            raise UnsupportedEffects(f"{self.name} absorbs effects and got none; estimators without effects: {pooled}")


REGISTRY: dict[str, Estimator] = {}
estimator = Estimator


def _check_kind(name: str, value: Any, kind: Any) -> None:
    """Raise UnknownOption for what is no number, or neither True nor False, where an option is annotated so."""
    kinds = get_args(kind) or (kind,)
    if kinds == (bool,) and not isinstance(value, bool):
        raise UnknownOption(f"{name} {value!r} is neither True nor False")
    number = type(value) is not bool and isinstance(value, Real) and not math.isnan(value)
    if float in kinds and not number and not (value is None and NoneType in kinds):
        raise UnknownOption(f"{name} {value!r} is no number")


def _taken_back(solution: Solution, design: ModelFrame, turned: ModelFrame, basis: Basis) -> Solution:
    """A solution of the design turned into a basis, as one of the regressors as they came."""
    extended = basis.parameters(solution.terms, design.terms)
    back = np.asarray(extended, dtype=np.float64)
    into = np.linalg.inv(back)
    x = solution.x @ into
    for i, term in enumerate(solution.terms):
        if term in design.terms:
            raw = design.x[:, design.terms.index(term)]
            x[:, i] = raw if solution.rows is None else raw[solution.rows]
    scores, known = solution.scores, solution.information
    scored = x if scores.x is solution.x else scores.x @ into
    if known is not None:
        right = known.right @ into if known.right is not None and known.right.ndim == 2 else known.right
        known = Information(known.left @ into, right)
    return replace(
        solution,
        estimate=np.asarray(extended @ solution.estimate, dtype=np.float64),
        scores=replace(scores, x=scored),
        bread=np.asarray(extended @ solution.bread @ extended.T, dtype=np.float64),
        x=x,
        information=known,
        turned=Turned(solution, turned, back),
    )


def _those(wanted: Callable[[Estimator], bool]) -> str:
    return ", ".join(sorted(e.name for e in REGISTRY.values() if wanted(e))) or "none"


def with_fixed_effects(design: ModelFrame, estimator: Estimator, chosen: tuple[str, ...] | None = None) -> ModelFrame:
    """The model frame with the fixed effects that a study gives the estimator, or with those `chosen`."""
    names = estimator.fixed_effects if chosen is None else chosen
    return replace(design, fixed_effects={name: design.factor(name) for name in names})


def get(name: str) -> Estimator:
    """Return the estimator called `name`; raises UnknownEstimator naming the nearest one if there is none."""
    if name not in REGISTRY:
        for registered in REGISTRY.values():
            if name in registered.elsewhere:
                raise UnknownEstimator(f"estimator {name!r} is called {registered.name!r} here")
        raise UnknownEstimator(f"estimator {name!r} is not registered; {choices(name, REGISTRY)}")
    return REGISTRY[name]


def agreed(name: str, reference: str, gap: float) -> Compared:
    """A comparison of the estimator called `name` with its reference; raises NotReproduced if the gap exceeds 1e-6."""
    if not gap <= AGREEMENT:
        raise NotReproduced(f"{name} differs from {reference} by {gap:.1e} (at most {AGREEMENT:.0e} is rounding)")
    return Compared(reference, gap)
