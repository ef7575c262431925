"""Logit penalised by Jeffreys' prior (Firth 1993): finite under separation, without first-order bias."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy

from detente.base.errors import EstimationError, NotConverged, UnknownVariable, choices
from detente.base.numerics import END, NEAR, RELATIVE_END, SETTLED_FIRTH, SETTLED_HELD
from detente.base.types import Array, Flags
from detente.stats.conditioning import well_conditioned
from detente.stats.contract import Label, Solution, estimator, get
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.kernels import firth as kernel
from detente.stats.likelihood.binary import from_regressors
from detente.stats.likelihood.maximum import LARGE, Objective, Point, newton, part_of
from detente.stats.likelihood.separation import separated
from detente.stats.linear.regressors import Regressors, Stalled, chunks, inverse, regressors
from detente.stats.linear.within import gram
from detente.stats.profile import Profile

Bread = Literal["expected", "augmented", "observed"]
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


def _separated(design: ModelFrame) -> tuple[str, ...]:
    data = regressors(design)
    return separated(design.y, data.x, data.terms)


def _conditioned(design: ModelFrame) -> ModelFrame:
    """The design as it was fitted; the test of all slopes together is the same."""
    made = well_conditioned(design)
    return design if made is None else made[0]


def calibration(p: Array, y: Array) -> str:
    """What a reader of predicted risks must know: their mean over the base rate."""
    ratio = float(p.mean() / y.mean())
    return f"mean predicted risk is {ratio:.3f} times the base rate: Jeffreys' prior draws risks towards one half"


def penalised(y: Array, x: Array, beta: Array, weights: Array | None = None) -> Penalised:
    """The penalised log-likelihood of rows (weighted by `weights` (n,) if given) at `beta` (k,).

    Raises Stalled if the information is singular.
    """
    n, k = x.shape
    p, rows, by_row = np.empty(n), np.empty((2, n)), np.empty(0) if weights is None else weights
    information = np.zeros((k, k))
    value = kernel.weigh_rows(x, y, by_row, beta, p, information)
    gradient = kernel.adjust_rows(x, y, by_row, p, _root(information), rows)
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
    return np.asarray(here.information - (0.5 * bend - 0.5 * np.einsum("aij,bji->ab", turned, turned)))


@dataclass(frozen=True)
class _Profile:
    """The maximum of the penalised likelihood, and maxima of it with some coefficients held."""

    y: Array
    data: Regressors
    estimate: Array
    top: Penalised

    def held(self, place: Array, free: Flags) -> tuple[Array, float]:
        """Coefficients (k,) that maximise among the `free` ones, the others as in `place`; how far the value falls."""
        whole = _objective(self.y, self.data.x)

        def filled(values: Array) -> Array:
            out = place.copy()
            out[free] = values
            return out

        def at(values: Array) -> Point:
            here = whole(filled(values))
            return Point(here.value, here.gradient[free], here.information[np.ix_(free, free)])

        best = filled(newton(at, place[free], close=SETTLED_HELD).estimate) if free.any() else place
        return best, self.top.value - penalised(self.y, self.data.x, best).value


def _profile(design: ModelFrame, terms: Sequence[str]) -> _Profile:
    get("firth").check(design)
    data, y = regressors(design), np.ascontiguousarray(design.y, dtype=np.float64)
    for term in terms:
        if term not in data.terms:
            raise UnknownVariable(f"the model has no term {term!r}; {choices(term, data.terms)}")
    estimate, top, _ = _maximise(y, data.x)
    return _Profile(y, data, estimate, top)


def profile_interval(design: ModelFrame, term: str, level: float = 0.95) -> tuple[float, float]:
    """Interval of a coefficient of `firth` from the profile of its penalised likelihood (Heinze and Schemper 2002).

    The values at which twice the fall of the maximised penalised likelihood is the quantile of χ² with one degree of
    freedom. Each end costs some ten fits.

    Raises UnknownVariable if `term` is none of the model; NotConverged if an end is not found within 64 standard
    errors; other refusals as in `firth`.
    """
    profile = _profile(design, (term,))
    j, estimate = profile.data.terms.index(term), profile.estimate
    free = np.arange(len(estimate)) != j
    error = float(np.sqrt(inverse(profile.top.information)[j, j]))
    fall = float(scipy.stats.chi2.ppf(level, 1)) / 2
    nearest = {"start": estimate}

    def excess(value: float) -> float:
        nearest["start"], fallen = profile.held(np.where(free, nearest["start"], value), free)
        return fall - fallen

    def end(sign: float) -> float:
        reach, nearest["start"] = 1.0, estimate
        while excess(estimate[j] + sign * reach * error) > 0:
            reach *= 2
            if reach > WIDEST:
                raise NotConverged(f"profile of {term!r}: no end of the interval within {WIDEST:.0f} standard errors")
        near = 0.0 if reach == 1.0 else reach / 2
        between = (estimate[j] + sign * near * error, estimate[j] + sign * reach * error)
        return float(scipy.optimize.brentq(excess, *between, xtol=END, rtol=RELATIVE_END))

    return end(-1.0), end(1.0)


def penalised_fall(design: ModelFrame, terms: Sequence[str]) -> float:
    """Twice the fall of the maximised penalised likelihood of `firth` where `terms` are zero: a likelihood-ratio χ².

    The penalty stays that of the whole model (Heinze and Schemper 2002; R logistf). Refusals as in `profile_interval`.
    """
    profile = _profile(design, terms)
    free = np.array([t not in terms for t in profile.data.terms])
    return 2 * profile.held(np.where(free, profile.estimate, 0.0), free)[1]


def _objective(y: Array, x: Array, weights: Array | None = None) -> Objective:
    """The penalised likelihood with the information for leverages held fixed: that of the data where all are small."""

    def at(beta: Array) -> Point:
        here = penalised(y, x, beta, weights)
        small = float(here.leverage.max()) < SMALL
        information = here.information if small else augmented(x, here, 1.0 if weights is None else weights)
        return Point(here.value, here.gradient, information)

    return at


def _maximise(y: Array, x: Array) -> tuple[Array, Penalised, int]:
    """Estimate (k,), the likelihood there, and steps; with many rows from the estimate of a part of them."""
    start: Array = np.zeros(x.shape[1])
    start[0] = np.log(y.mean() / (1 - y.mean()))
    if len(y) > LARGE:
        keep, weights = part_of(y)
        with suppress(Stalled):
            start = newton(_objective(y[keep], x[keep], weights[keep]), start, close=NEAR).estimate
    try:
        found = newton(_objective(y, x), start, close=SETTLED_FIRTH)
        return found.estimate, penalised(y, x, found.estimate), found.steps
    except Stalled:
        raise NotConverged("firth found no maximum of the penalised likelihood") from None


@estimator(
    "firth",
    Label(
        "Firth logit",
        "penalised logit",
        "A pooled logit whose likelihood is penalised (Firth 1993), so that estimates exist where a treatment "
        "predicts peace perfectly.",
    ),
    link="logit",
    outcome="binary",
    statistics={"penalised_lr_chi2": lambda fit: penalised_fall(_conditioned(fit.design), fit.solution.terms[1:])},
    elsewhere=("logistf", "firthlogit"),
    equivariant="span",
    profile=Profile(_separated, profile_interval, penalised_fall),
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

    With many rows an event the three agree. Wald intervals can be far off where the data are separated or nearly so: a
    fit with the classical covariance has those of the penalised likelihood's profile for terms that separate them.

    Raises NoVariation, RankDeficient as `logit`; EstimationError if the observed information is not positive definite;
    NotConverged if the adjusted score is not zero where the search stopped.
    """
    data, y = regressors(design), np.ascontiguousarray(design.y, dtype=np.float64)
    estimate, here, steps = _maximise(y, data.x)
    try:
        information = observed(data.x, here) if bread == "observed" else here.information
        made = inverse(augmented(data.x, here) if bread == "augmented" else information)
    except Stalled:
        raise EstimationError(
            f"firth: the {bread} information is not positive definite; use bread='expected'"
        ) from None
    flags = (calibration(here.p, y),)
    return from_regressors(data, estimate, Scores(data.x, here.left), made, iterations=steps, flags=flags)
