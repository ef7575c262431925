"""Generalised estimating equations: rows of a group correlated, all alike or the less the further apart in time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit, ndtr

from detente.base.errors import NotConverged, NoVariation
from detente.base.types import Array
from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.binary import LOGIT, PROBIT
from detente.stats.likelihood.maximum import binary_outcome, check_score, known, only_effect
from detente.stats.likelihood.separation import refuse_separation
from detente.stats.likelihood.working import STRUCTURES, Groups, Structure, sort_groups
from detente.stats.linear.regressors import Regressors, Stalled, inverse, regressors

GeeLink = Literal["logit", "probit", "identity"]
Correlation = Literal["exchangeable", "ar1"]
Convention = Literal["liang_zeger", "stata"]
# Squared distance to the solution, in model standard errors.
CLOSE = 1e-20
MOST_ROUNDS = 300
# Rounds whose steps are combined, and rounds before that.
MEMORY, WARM_UP = 5, 3


@dataclass(frozen=True)
class _Family:
    """From index to mean, its derivative in the index, and from mean to variance."""

    mean: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    variance: Callable[[Array], Array]


def _bernoulli(mean: Array) -> Array:
    return np.maximum(mean * (1 - mean), 1e-300)


FAMILIES: dict[str, _Family] = {
    "logit": _Family(expit, lambda eta: expit(eta) * expit(-eta), _bernoulli),
    "probit": _Family(ndtr, lambda eta: np.exp(-(eta**2) / 2) / np.sqrt(2 * np.pi), _bernoulli),
    "identity": _Family(lambda eta: eta, np.ones_like, np.ones_like),
}


@estimator(
    "gee",
    Label(
        "GEE",
        "population-averaged logit",
        "A logit by estimating equations with a working correlation within dyads (Liang and Zeger 1986); it compares "
        "different dyads.",
    ),
    link="logit",
    uses="groups",
    fixed_effects=("dyad",),
    covariances=ROBUST - {"hc0", "hc1"},
    reference="statsmodels GEE and Stata's xtgee, in tests",
)
def gee(
    design: ModelFrame,
    *,
    working: Correlation = "exchangeable",
    link: GeeLink = "logit",
    convention: Convention = "liang_zeger",
) -> Solution:
    """Population-averaged model with a working correlation within the one factor of the design (Liang and Zeger 1986).

    Solves Σ DᵀV⁻¹(y − μ) = 0 over groups, V = A^½ R(ρ) A^½. A row's score is its part of a group's sum, which alone has
    meaning: cluster by the groups, or coarser. Bread inverts the expected information ΣDᵀV⁻¹D. The classical covariance
    believes in R, with dispersion 1 for binary outcomes.

    Parameters
    ----------
    working
        "exchangeable", or "ar1" by `design.factor("year")`: ρ^|t − s|.
    link
        "logit", "probit" (binary outcomes) or "identity" (variance constant).
    convention
        ρ from Pearson residuals r. "liang_zeger": mean product of pairs over mean square, the number of parameters
        taken off both counts (as Stata 6, and `nmp` later). "stata": [Σrr′/pairs]/[Σr²/N], and AR(1) in the order of
        rows whatever the gaps (its `force`). The G/(G − 1) of its robust errors is the cluster covariance's own.

    Raises
    ------
    UnsupportedEffects
        Unless there is one factor; for "ar1" also if a group has two rows of a year.
    NoVariation, NotConverged
        As `logit` does; also if no two rows share a group, or ρ is no correlation. Its other errors as well.
    """
    _check(design.y, working, link, convention)
    data = regressors(design)
    groups = _groups(design, working, convention)
    less = 0 if convention == "stata" else len(data.terms)
    equations = _Equations(design.y[groups.order], data.x[groups.order], groups, STRUCTURES[working], link, less)
    try:
        end, rounds = _iterate(equations, _start(design.y, link, len(data.terms)))
    except Stalled:
        _refuse(design.y, data, link)
        raise NotConverged(f"gee did not settle in {MOST_ROUNDS} rounds") from None
    scores = np.empty_like(data.x)
    scores[groups.order] = end.scores
    check_score(Scores(scores), "gee")
    return Solution(
        terms=data.terms,
        estimate=end.beta,
        scores=Scores(scores),
        bread=inverse(end.information),
        x=data.x,
        link=link,
        treatment=data.treatment,
        dropped=data.dropped,
        converged=True,
        predictor=data.x @ end.beta,
        dispersion=end.square / (len(scores) - less) if link == "identity" else 1.0,
        iterations=rounds,
        flags=(f"working correlation {working}, ρ = {end.rho:.4f}, in {len(groups.size):,} groups ({convention})",),
    )


def _check(y: Array, working: str, link: str, convention: str) -> None:
    known(working, tuple(STRUCTURES), "working")
    known(link, tuple(FAMILIES), "link")
    known(convention, ("liang_zeger", "stata"), "convention")
    if link != "identity":
        binary_outcome(y)
    elif np.ptp(y) == 0:
        raise NoVariation(f"the outcome is {y[0]:g} in all {len(y):,} rows")


def _groups(design: ModelFrame, working: str, convention: str) -> Groups:
    group = only_effect(design, "gee", "correlates rows within")
    time = design.factor("year") if working == "ar1" else None
    return sort_groups(group, time, spaced=convention != "stata")


def _refuse(y: Array, data: Regressors, link: str) -> None:
    if link != "identity":
        refuse_separation(y, data.x, data.terms, link)


def _start(y: Array, link: str, k: int) -> Array:
    mean = float(y.mean())
    start = np.zeros(k)
    if link == "identity":
        start[0] = mean
    else:
        start[0] = (LOGIT if link == "logit" else PROBIT).index(mean)
    return start


@dataclass(frozen=True)
class _Place:
    """The equations at β: ρ there, scores (N, k) in sorted order, ΣDᵀV⁻¹D (k, k), Σr², and the next step (k,)."""

    beta: Array
    rho: float
    scores: Array
    information: Array
    square: float
    step: Array

    @property
    def distance(self) -> float:
        """Squared length of the step in model standard errors."""
        return float(self.step @ self.information @ self.step)


@dataclass(frozen=True)
class _Equations:
    y: Array
    x: Array
    groups: Groups
    structure: Structure
    link: str
    less: int

    def at(self, beta: Array, rho: float | None = None) -> _Place:
        """Everything at β, with ρ from its residuals unless given."""
        family = FAMILIES[self.link]
        eta = self.x @ beta
        mean = family.mean(eta)
        spread = np.sqrt(family.variance(mean))
        r = (self.y - mean) / spread
        if rho is None:
            rho = self.structure.parameter(r, self.groups, self.less)
        d = self.x * (family.slope(eta) / spread)[:, None]
        solved = self.structure.solve(np.column_stack([d, r]), self.groups, rho)
        information = d.T @ solved[:, :-1]
        information = (information + information.T) / 2
        scores = d * solved[:, -1:]
        return _Place(beta, rho, scores, information, float(r @ r), inverse(information) @ scores.sum(axis=0))


def _iterate(equations: _Equations, start: Array) -> tuple[_Place, int]:
    """Fisher scoring with ρ renewed at every step, sped up by combining the last steps (Anderson 1965)."""
    place = equations.at(start, 0.0)
    betas: list[Array] = []
    steps: list[Array] = []
    for rounds in range(1, MOST_ROUNDS + 1):
        if rounds <= WARM_UP:
            place = equations.at(place.beta + place.step, 0.0 if rounds < WARM_UP else None)
            continue
        if place.distance < CLOSE:
            return place, rounds
        betas, steps = [*betas[-MEMORY:], place.beta], [*steps[-MEMORY:], place.step]
        there = equations.at(_combined(betas, steps, place.information))
        if not there.distance <= 4 * place.distance:
            betas, steps = [], []
            there = equations.at(place.beta + place.step)
        place = there
    raise Stalled


def _combined(betas: list[Array], steps: list[Array], information: Array) -> Array:
    """The place where past steps, combined to the shortest in standard errors, would lead."""
    plain = betas[-1] + steps[-1]
    if len(betas) < 2:
        return plain
    root = np.sqrt(np.diag(information))
    by = np.diff(np.array(steps), axis=0).T
    share = np.linalg.lstsq(by * root[:, None], steps[-1] * root, rcond=1e-10)[0]
    result: Array = plain - (np.diff(np.array(betas), axis=0).T + by) @ share
    return result
