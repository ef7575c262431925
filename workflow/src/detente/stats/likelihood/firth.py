"""Logit penalised by Jeffreys' prior (Firth 1993): finite under separation, without first-order bias."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

from detente.base.errors import EstimationError, NotConverged, UnknownOption, UnknownVariable, choices
from detente.base.types import Array
from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.kernels import firth_rows as kernel
from detente.stats.likelihood.binary import FRACTION, LARGE, NEAR, NEARER
from detente.stats.likelihood.maximum import Point, binary_outcome, direction, newton, refuse_effects
from detente.stats.linear.regressors import Stalled, chunks, inverse, regressors
from detente.stats.linear.within import gram

Bread = Literal["expected", "augmented", "observed"]
BREADS: tuple[Bread, ...] = ("expected", "augmented", "observed")
# Squared distance to the maximum, in standard errors, at which the search ends; steps that may lead from near to there.
SETTLED = 1e-20
MOST_POLISHES = 20
# Largest leverage that is small: it slows the search by less than it costs to allow for.
SMALL = 0.01
# Standard errors away at which the search for the end of an interval begins and ends.
WIDEST = 64.0


@dataclass(frozen=True)
class Penalised:
    """The penalised log-likelihood at one place: p and leverages h (n,), residuals y − p + h (½ − p), (n,).

    `information` (k, k) expected, XᵀWX; `gradient` (k,).
    """

    value: float
    p: Array
    leverage: Array
    left: Array
    gradient: Array
    information: Array


@estimator(
    "firth",
    Label(
        "Firth logit",
        "penalised logit",
        "A pooled logit whose likelihood is penalised (Firth 1993), so that estimates exist where a treatment "
        "predicts peace perfectly.",
    ),
    link="logit",
    covariances=ROBUST,
    reference="R brglm2 AS_mean and logistf, in tests",
)
def firth(design: ModelFrame, *, bread: Bread = "expected") -> Solution:
    """Pooled logit with a constant that maximises l + ½ log |XᵀWX|; terms are the constant and the regressors.

    A row's score is its part of the adjusted score (Firth 1993), x (y − p + h (½ − p)), h its leverage: these sum to
    zero at the estimate, those of the likelihood do not. `bread` is the inverse of

    - "expected": XᵀWX at the estimate, the Fisher information without the penalty (R brglm2; Heinze and Schemper 2002);
    - "augmented": the same with weights w (1 + h), the information of the data that the penalty adds to (R logistf;
      standard errors smaller by up to a tenth where leverages are large);
    - "observed": minus the Hessian of the penalised log-likelihood, in O(N k³).

    With many rows an event the three agree. Wald intervals can be far off where the data are separated or nearly so:
    `profile_interval` has those of the penalised likelihood.

    Raises
    ------
    UnsupportedEffects
        If the design has effects; firth_fe absorbs one.
    UnsuitableOutcome, NoVariation, RankDeficient
        As `logit`.
    NotConverged
        If the adjusted score is not zero where the search stopped.
    """
    refuse_effects(design, "firth")
    checked_bread(bread, BREADS)
    binary_outcome(design.y)
    data, y = regressors(design), np.ascontiguousarray(design.y, dtype=np.float64)
    estimate, here, steps = _maximise(y, data.x)
    try:
        made = inverse(_information(bread, data.x, here))
    except Stalled:
        raise EstimationError(
            f"firth: the {bread} information is not positive definite; use bread='expected'"
        ) from None
    return Solution(
        terms=data.terms,
        estimate=estimate,
        scores=Scores(data.x, here.left),
        bread=made,
        x=data.x,
        link="logit",
        treatment=data.treatment,
        dropped=data.dropped,
        converged=True,
        predictor=data.x @ estimate,
        iterations=steps,
        flags=(calibration(here.p, y),),
    )


def _information(bread: Bread, x: Array, here: Penalised) -> Array:
    if bread == "observed":
        return observed(x, here)
    return augmented(x, here) if bread == "augmented" else here.information


def checked_bread(bread: str, legal: tuple[str, ...]) -> None:
    """Raise UnknownOption unless the bread is known."""
    if bread not in legal:
        raise UnknownOption(f"bread {bread!r} is not known; {choices(bread, legal)}")


def calibration(p: Array, y: Array) -> str:
    """What a reader of predicted risks must know: their mean over the base rate."""
    ratio = float(p.mean() / y.mean())
    return f"mean predicted risk is {ratio:.3f} times the base rate: Jeffreys' prior draws risks towards one half"


def penalised(y: Array, x: Array, beta: Array, weights: Array | None = None) -> Penalised:
    """The penalised log-likelihood of rows (weighted by `weights` (n,) if given) at `beta` (k,).

    Raises
    ------
    Stalled
        If the information is singular.
    """
    n, k = x.shape
    p, rows, by_row = np.empty(n), np.empty((2, n)), np.empty(0) if weights is None else weights
    information = np.zeros((k, k))
    value = kernel.weigh(x, y, by_row, beta, p, information)
    gradient = kernel.adjust(x, y, by_row, p, _root(information), rows)
    value += 0.5 * float(np.linalg.slogdet(information)[1])
    return Penalised(value, p, rows[0], rows[1], gradient, information)


def _root(information: Array) -> Array:
    """Lower triangular R (k, k) with RᵀR the inverse; raises Stalled if there is none."""
    inverse(information)
    scale = 1 / np.sqrt(np.diag(information))
    try:
        root = np.linalg.inv(np.linalg.cholesky(information * np.outer(scale, scale)))
    except np.linalg.LinAlgError:
        raise Stalled from None
    return np.asarray(np.tril(root) * scale)


def augmented(x: Array, here: Penalised, weights: Array | float = 1.0) -> Array:
    """The information (k, k) with weights w (1 + h), of rows weighted by `weights` (n,)."""
    return gram(x, weights=here.p * (1 - here.p) * (weights + here.leverage))


def observed(x: Array, here: Penalised) -> Array:
    """Minus the Hessian (k, k) of the penalised log-likelihood.

    With A the inverse information, w′ and w″ derivatives of w in the index and T_a = Σ w′ x_a x xᵀ, the penalty has
    ½ tr(A ∂²I) − ½ tr(A T_a A T_b), where ∂²I = Σ w″ x xᵀ x_a x_b.
    """
    k = x.shape[1]
    within = inverse(here.information)
    w = here.p * (1 - here.p)
    first, second = w * (1 - 2 * here.p), w * (1 - 6 * w)
    third, bend = np.zeros((k, k * k)), np.zeros((k, k))
    for s in chunks(len(x)):
        part = x[s]
        pairs = (part[:, :, None] * part[:, None, :]).reshape(len(part), k * k)
        third += (part * first[s, None]).T @ pairs
        lengths = np.einsum("ij,ij->i", part @ within, part)
        bend += (part * (second[s] * lengths)[:, None]).T @ part
    turned = np.array([within @ t.reshape(k, k) for t in third])
    penalty = 0.5 * bend - 0.5 * np.einsum("aij,bji->ab", turned, turned)
    result: Array = here.information - penalty
    return result


def profile_interval(design: ModelFrame, term: str, level: float = 0.95) -> tuple[float, float]:
    """Interval of a coefficient of `firth` from the profile of its penalised likelihood (Heinze and Schemper 2002).

    The values at which twice the fall of the maximised penalised likelihood is the quantile of χ² with one degree of
    freedom. Each end costs some ten fits.

    Raises
    ------
    UnknownVariable
        If `term` is none of the model.
    UnsupportedEffects, UnsuitableOutcome, NoVariation, RankDeficient
        As `firth`.
    NotConverged
        If an end is not found within 64 standard errors.
    """
    refuse_effects(design, "firth")
    binary_outcome(design.y)
    data, y = regressors(design), np.ascontiguousarray(design.y, dtype=np.float64)
    if term not in data.terms:
        raise UnknownVariable(f"the model has no term {term!r}; {choices(term, data.terms)}")
    j = data.terms.index(term)
    estimate, top, _ = _maximise(y, data.x)
    free = np.arange(len(estimate)) != j
    error = float(np.sqrt(inverse(top.information)[j, j]))
    fall = float(chi2.ppf(level, 1)) / 2
    nearest = {"start": estimate}

    def excess(value: float) -> float:
        start = np.where(free, nearest["start"], value)
        best = newton(_constrained(y, data.x, start, free), start[free], close=1e-14).estimate
        nearest["start"] = _filled(start, free, best)
        return penalised(y, data.x, nearest["start"]).value - top.value + fall

    def end(sign: float) -> float:
        reach, nearest["start"] = 1.0, estimate
        while excess(estimate[j] + sign * reach * error) > 0:
            reach *= 2
            if reach > WIDEST:
                raise NotConverged(f"profile of {term!r}: no end of the interval within {WIDEST:.0f} standard errors")
        between = (estimate[j] + sign * reach * error / 2, estimate[j] + sign * reach * error)
        if reach == 1.0:
            between = (estimate[j], between[1])
        return float(brentq(excess, *between, xtol=1e-10, rtol=1e-12))

    return end(-1.0), end(1.0)


def penalised_fall(design: ModelFrame, terms: Sequence[str]) -> float:
    """Twice the fall of the maximised penalised likelihood of `firth` where `terms` are zero: a likelihood-ratio χ².

    The penalty stays that of the whole model (Heinze and Schemper 2002; R logistf).

    Raises
    ------
    UnknownVariable
        If one of them is none of the model.
    UnsupportedEffects, UnsuitableOutcome, NoVariation, RankDeficient
        As `firth`.
    """
    refuse_effects(design, "firth")
    binary_outcome(design.y)
    data, y = regressors(design), np.ascontiguousarray(design.y, dtype=np.float64)
    for term in terms:
        if term not in data.terms:
            raise UnknownVariable(f"the model has no term {term!r}; {choices(term, data.terms)}")
    estimate, top, _ = _maximise(y, data.x)
    free = np.array([t not in terms for t in data.terms])
    start = np.where(free, estimate, 0.0)
    if free.any():
        best = newton(_constrained(y, data.x, start, free), start[free], close=1e-14).estimate
        start = _filled(start, free, best)
    return 2 * (top.value - penalised(y, data.x, start).value)


def _constrained(y: Array, x: Array, place: Array, free: Array) -> Callable[[Array], Point]:
    """The penalised likelihood as a function of the free coefficients, the others as in `place`."""
    whole = _objective(y, x)

    def at(values: Array) -> Point:
        here = whole(_filled(place, free, values))
        return Point(here.value, here.gradient[free], here.information[np.ix_(free, free)])

    return at


def _filled(place: Array, free: Array, values: Array) -> Array:
    out = place.copy()
    out[free] = values
    return out


def _objective(y: Array, x: Array, weights: Array | None = None) -> Callable[[Array], Point]:
    """The penalised likelihood with the information for leverages held fixed: that of the data where all are small."""

    def at(beta: Array) -> Point:
        return _point(x, penalised(y, x, beta, weights), 1.0 if weights is None else weights)

    return at


def _point(x: Array, here: Penalised, weights: Array | float = 1.0) -> Point:
    small = float(here.leverage.max()) < SMALL
    return Point(here.value, here.gradient, here.information if small else augmented(x, here, weights))


def _maximise(y: Array, x: Array) -> tuple[Array, Penalised, int]:
    """Estimate (k,), the likelihood there, and steps; with many rows from the estimate of a part of them."""
    start: Array = np.zeros(x.shape[1])
    start[0] = np.log(y.mean() / (1 - y.mean()))
    try:
        if len(y) > LARGE:
            start = _from_a_part(y, x, start)
        found = newton(_objective(y, x), start, close=NEARER)
        estimate = found.estimate
        for polish in range(MOST_POLISHES):
            here = penalised(y, x, estimate)
            step = direction(_point(x, here))
            if float(step @ here.gradient) < SETTLED:
                return estimate, here, found.steps + polish
            estimate = np.add(estimate, step)
    except Stalled:
        pass
    raise NotConverged("firth found no maximum of the penalised likelihood")


def _from_a_part(y: Array, x: Array, start: Array) -> Array:
    """Where the search ends on every eighth row and all of the rarer outcome, weighted to stand for all."""
    rare = float(y.mean() < 0.5)
    keep = np.zeros(len(y), dtype=bool)
    keep[::FRACTION] = True
    weights = np.full(len(y), float(FRACTION))
    if min(y.mean(), 1 - y.mean()) < 1 / FRACTION:
        keep |= y == rare
        weights[y == rare] = 1.0
    try:
        return newton(_objective(y[keep], x[keep], weights[keep]), start, close=NEAR).estimate
    except Stalled:
        return start
