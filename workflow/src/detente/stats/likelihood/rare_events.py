"""Rare-events logit: bias correction, and correction for sampling on the outcome (King and Zeng 2001)."""

from functools import partial
from typing import Literal

import numpy as np
from scipy.special import expit, logit

from detente.base.errors import EstimationError
from detente.base.types import Array
from detente.stats.contract import ROBUST, Estimated, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.binary import LOGIT, from_regressors, maximise, objective
from detente.stats.likelihood.maximum import Maximum, check_score, reports
from detente.stats.linear.regressors import Regressors, inverse, regressors


def _log_likelihood(fit: Estimated) -> float:
    """Of the logit before bias is taken off, rows weighted if the model weights them (as R's glm counts it)."""
    used = {name: fit.options[name] for name in ("tau", "correction") if name in fit.options}
    return _maximise(fit.design, regressors(fit.design), **used)[0].point.value


@estimator(
    "king_zeng",
    Label(
        "Rare events",
        "rare-events logit",
        "A pooled logit corrected for the bias that rare events bring (King and Zeng 2001).",
    ),
    link="logit",
    outcome="binary",
    covariances=ROBUST,
    statistics=reports(_log_likelihood),
    objective=partial(objective, LOGIT),
    reference="Zelig 5.1.7's relogit and Stata's relogit, in tests",
)
def king_zeng(
    design: ModelFrame,
    *,
    tau: float | None = None,
    correction: Literal["prior", "weighting"] = "prior",
    convention: Literal["zelig", "stata"] = "zelig",
    unbias: bool = True,
) -> Solution:
    """Logit less the leading term of its bias in small samples, with scores and bread of the likelihood's maximum.

    The estimate is a smooth function of that maximum with derivative 1 + O(1/N); `predictor` is the estimate's own.

    `tau`: share of events in the population where rows were sampled by outcome; None if they are the population.
    `correction`: "prior" moves the constant by ln((1 − τ)/τ · ȳ/(1 − ȳ)); "weighting" weights events by τ/ȳ and the
    rest by (1 − τ)/(1 − ȳ), and only a robust covariance is then right. `convention`: "zelig" leaves the bread as it
    is; "stata" multiplies every variance by (N/(N + k))², which its relogit does. `unbias`: False for the correction of
    sampling alone.
    Raises EstimationError if tau is not between 0 and 1; Separation, RankDeficient, NoVariation, NotConverged as
    `logit` does.
    """
    data, y = regressors(design), design.y
    found, weights = _maximise(design, data, tau=tau, correction=correction)
    weighted = correction == "weighting" and tau is not None
    p = expit(data.x @ found.estimate)
    scores = check_score(Scores(data.x, weights * (y - p) if weighted else y - p), "king_zeng")
    estimate = found.estimate - (bias(data.x, y, p, weights) if unbias else 0.0)
    estimate[0] -= logit(y.mean()) - logit(tau) if tau is not None and not weighted else 0.0
    shrink = len(y) / (len(y) + len(data.terms)) if convention == "stata" else 1.0
    said = []
    if tau is not None:
        said.append(f"corrected by {'weights' if weighted else 'the constant'} to a population share of {tau:.3g}")
    if weighted:
        said.append("weighted rows: the classical covariance does not hold, take a robust one")
    if shrink < 1:
        said.append(f"Stata's relogit: variances times {shrink**2:.6f}, (N/(N + k))²")
    other = {"dispersion": shrink, "iterations": found.steps, "flags": tuple(said)}
    return from_regressors(data, estimate, scores, found.bread * shrink, **other)


def _maximise(
    design: ModelFrame, data: Regressors, tau: float | None = None, correction: str = "prior"
) -> tuple[Maximum, Array]:
    """The maximum of the likelihood, and what rows stand for, (N,), which weights them if `correction` says so."""
    weights = outcome_weights(design.y, tau)
    used = weights if correction == "weighting" and tau is not None else None
    return maximise(LOGIT, design.y, data, used), weights


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
