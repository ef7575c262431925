"""Rare-events logit: bias correction, and correction for sampling on the outcome (King and Zeng 2001)."""

from typing import Literal

import numpy as np
from scipy.special import expit, logit

from detente.base.errors import EstimationError
from detente.base.types import Array
from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.binary import LOGIT, likelihood, maximise
from detente.stats.likelihood.maximum import binary_outcome, check_score, known, refuse_effects
from detente.stats.linear.regressors import inverse, regressors

Correction = Literal["prior", "weighting"]
Convention = Literal["zelig", "stata"]


@estimator(
    "king_zeng",
    Label(
        "Rare events",
        "rare-events logit",
        "A pooled logit corrected for the bias that rare events bring (King and Zeng 2001).",
    ),
    link="logit",
    covariances=ROBUST,
    reference="Zelig 5.1.7's relogit and Stata's relogit, in tests",
)
def king_zeng(
    design: ModelFrame,
    *,
    tau: float | None = None,
    correction: Correction = "prior",
    convention: Convention = "zelig",
    unbias: bool = True,
) -> Solution:
    """Logit less the leading term of its bias in small samples, with scores and bread of the likelihood's maximum.

    The estimate is a smooth function of that maximum with derivative 1 + O(1/N); `predictor` is the estimate's own.

    Parameters
    ----------
    tau
        Share of events in the population where rows were sampled by outcome; None if they are the population.
    correction
        "prior" moves the constant by ln((1 − τ)/τ · ȳ/(1 − ȳ)); "weighting" weights events by τ/ȳ and the rest by
        (1 − τ)/(1 − ȳ), and only a robust covariance is then right.
    convention
        "zelig" leaves the bread as it is; "stata" multiplies every variance by (N/(N + k))², which its relogit does.
    unbias
        False for the correction of sampling alone.

    Raises
    ------
    EstimationError
        If tau is not between 0 and 1, or an option is not known.
    UnsupportedEffects, Separation, RankDeficient, NoVariation, NotConverged
        As `logit` does.
    """
    refuse_effects(design, "king_zeng")
    _check(design.y, correction, convention)
    data, y = regressors(design), design.y
    weights = outcome_weights(y, tau)
    used = weights if correction == "weighting" and tau is not None else None
    found = maximise(LOGIT, y, data, used)
    p = expit(data.x @ found.estimate)
    scores = Scores(data.x, y - p if used is None else used * (y - p))
    check_score(scores, "king_zeng")
    bread = inverse(likelihood(LOGIT, y, data.x, used)(found.estimate).information)
    estimate = found.estimate - (bias(data.x, y, p, weights) if unbias else 0.0)
    estimate[0] -= logit(y.mean()) - logit(tau) if tau is not None and used is None else 0.0
    shrink = len(y) / (len(y) + len(data.terms)) if convention == "stata" else 1.0
    return Solution(
        terms=data.terms,
        estimate=estimate,
        scores=scores,
        bread=bread * shrink,
        x=data.x,
        link="logit",
        treatment=data.treatment,
        dropped=data.dropped,
        converged=True,
        predictor=data.x @ estimate,
        dispersion=shrink,
        iterations=found.steps,
        flags=_flags(tau, used is not None, shrink),
    )


def _check(y: Array, correction: str, convention: str) -> None:
    known(correction, ("prior", "weighting"), "correction")
    known(convention, ("zelig", "stata"), "convention")
    binary_outcome(y)


def _flags(tau: float | None, weighted: bool, shrink: float) -> tuple[str, ...]:
    said = []
    if tau is not None:
        said.append(f"corrected by {'weights' if weighted else 'the constant'} to a population share of {tau:.3g}")
    if weighted:
        said.append("weighted rows: the classical covariance does not hold, take a robust one")
    if shrink < 1:
        said.append(f"Stata's relogit: variances times {shrink**2:.6f}, (N/(N + k))²")
    return tuple(said)


def outcome_weights(y: Array, tau: float | None) -> Array:
    """What each row stands for, (N,): τ/ȳ for an event and (1 − τ)/(1 − ȳ) for none; 1 if rows are the population."""
    if tau is None:
        return np.ones(len(y))
    if not 0 < tau < 1:
        raise EstimationError(f"tau = {tau:g}, the share of events in the population, must lie between 0 and 1")
    share = y.mean()
    result: Array = np.where(y == 1, tau / share, (1 - tau) / (1 - share))
    return result


def bias(x: Array, y: Array, p: Array, weights: Array) -> Array:
    """(XᵀWX)⁻¹XᵀWξ with ξ = Q((1 + w)p − w)/2, Q the diagonal of X(XᵀWX)⁻¹Xᵀ (King and Zeng 2001, eq. 14).

    `weights` (N,) what each row stands for; w is that of an event, 1 where τ is not used.
    """
    spread = weights * p * (1 - p)
    bread = inverse((x * spread[:, None]).T @ x)
    leverage = np.einsum("ij,ij->i", x @ bread, x)
    event = float(weights[y == 1][0])
    xi = 0.5 * leverage * ((1 + event) * p - event)
    shift: Array = bread @ (x.T @ (spread * xi))
    return shift
