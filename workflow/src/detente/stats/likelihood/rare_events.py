"""Logits of rare events: less their bias (King and Zeng 2001), or with Cauchy priors (Gelman and others 2008)."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import scipy

from detente.base.errors import EstimationError
from detente.base.types import Array
from detente.stats.contract import Estimated, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.binary import LOGIT, from_regressors, likelihood, maximise, objective
from detente.stats.likelihood.maximum import Point, Search, check_score, reports, settle
from detente.stats.linear.regressors import inverse, regressors


def _log_likelihood(fit: Estimated) -> float:
    """Of the logit before bias is taken off, rows weighted if the model weights them (as R's glm counts it)."""
    y, tau = fit.design.y, fit.options.get("tau")
    weighted = tau is not None and fit.options.get("correction") == "weighting"
    return maximise(LOGIT, y, regressors(fit.design), outcome_weights(y, tau) if weighted else None).point.value


@estimator(
    "king_zeng",
    Label(
        "Rare events",
        "rare-events logit",
        "A pooled logit corrected for the bias that rare events bring (King and Zeng 2001).",
    ),
    link="logit",
    outcome="binary",
    statistics=reports(_log_likelihood),
    objective=partial(objective, LOGIT),
    elsewhere=("relogit",),
    equivariant="span",
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
    weights, weighted = outcome_weights(y, tau), tau is not None and correction == "weighting"
    found = maximise(LOGIT, y, data, weights if weighted else None)
    p = scipy.special.expit(data.x @ found.estimate)
    scores = check_score(Scores(data.x, weights * (y - p) if weighted else y - p), "king_zeng")
    estimate = found.estimate - (bias(data.x, y, p, weights) if unbias else 0.0)
    estimate[0] -= scipy.special.logit(y.mean()) - scipy.special.logit(tau) if tau is not None and not weighted else 0.0
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


def outcome_weights(y: Array, tau: float | None) -> Array:
    """What each row stands for, (N,): τ/ȳ for an event and (1 − τ)/(1 − ȳ) for none; 1 if rows are the population."""
    if tau is None:
        return np.ones(len(y))
    if not 0 < tau < 1:
        raise EstimationError(f"tau = {tau:g}, the share of events in the population, must lie between 0 and 1")
    share = y.mean()
    return np.asarray(np.where(y == 1, tau / share, (1 - tau) / (1 - share)))


def bias(x: Array, y: Array, p: Array, weights: Array) -> Array:
    """(XᵀWX)⁻¹XᵀWξ with ξ = Q((1 + w)p − w)/2, Q the diagonal of X(XᵀWX)⁻¹Xᵀ (King and Zeng 2001, eq. 14).

    `weights` (N,) what each row stands for; w is that of an event, 1 where τ is not used.
    """
    spread = weights * p * (1 - p)
    bread = inverse((x * spread[:, None]).T @ x)
    leverage = np.einsum("ij,ij->i", x @ bread, x)
    event = float(weights[y == 1][0])
    xi = 0.5 * leverage * ((1 + event) * p - event)
    return np.asarray(bread @ (x.T @ (spread * xi)))


@dataclass(frozen=True)
class Prior:
    """Independent Cauchy priors of linear functions of the coefficients: `rows` (k, k) @ β over `scale` (k,)."""

    rows: Array
    scale: Array

    def at(self, beta: Array) -> Point:
        """Log density less its constant, gradient and minus the Hessian."""
        z = (self.rows @ beta) / self.scale
        first = -2 * z / (1 + z**2) / self.scale
        curvature = 2 * (1 - z**2) / (1 + z**2) ** 2 / self.scale**2
        return Point(-float(np.log1p(z**2).sum()), first @ self.rows, (self.rows.T * curvature) @ self.rows)


@estimator(
    "cauchy_logit",
    Label(
        "Cauchy logit",
        "logit with Cauchy priors",
        "A pooled logit with weakly informative priors (Gelman, Jakulin, Pittau and Su 2008), so that estimates "
        "exist where a treatment predicts peace perfectly.",
    ),
    link="logit",
    outcome="binary",
    equivariant="units",
    reference="brute-force maximisation of the posterior by scipy, in tests",
)
def cauchy_logit(design: ModelFrame, *, scale: float = 2.5, scale_intercept: float = 10.0) -> Solution:
    """Posterior mode of a logit: finite where a regressor separates the outcome, pulled towards zero elsewhere.

    A regressor of two values is centred and made to differ by 1, any other centred and divided by two standard
    deviations; coefficients of these have Cauchy(0, `scale`) priors, and the constant at the means of all regressors
    Cauchy(0, `scale_intercept`). Estimates are in the units of the regressors. (R's arm::bayesglm puts the prior on the
    constant at zero of all regressors.)

    A row's score is that of its likelihood plus an N-th of the prior's gradient, so that scores sum to zero at the
    mode; bread is the inverse of minus the Hessian of the log posterior. A sandwich of the two is that of a penalised
    M-estimator: the spread of the mode in repeated samples, not its distance from the truth, as the shrinkage is not
    in it. The classical covariance is the normal approximation to the posterior.

    Raises EstimationError if a scale is not positive; NotConverged if no mode is found; RankDeficient, NoVariation as
    `logit` does.
    """
    if min(scale, scale_intercept) <= 0:
        raise EstimationError("the scales of the priors must be positive")
    data, y = regressors(design), design.y
    prior, rows = standardised(data.x, scale, scale_intercept), likelihood(LOGIT, y, data.x)

    def posterior(beta: Array) -> Point:
        here, belief = rows(beta), prior.at(beta)
        return Point(here.value + belief.value, here.gradient + belief.gradient, here.information + belief.information)

    start = np.zeros(len(data.terms))
    start[0] = LOGIT.index(float(y.mean()))
    found = settle(Search(posterior, start), data.reach, "cauchy_logit", concave=False)
    residual, pull = LOGIT.slopes(data.x @ found.estimate, y).first, prior.at(found.estimate).gradient / len(y)
    scores = check_score(Scores(data.x * residual[:, None] + pull), "cauchy_logit")
    said = f"Cauchy(0, {scale:g}) priors on standardised regressors, Cauchy(0, {scale_intercept:g}) on the constant"
    return from_regressors(data, found.estimate, scores, found.bread, iterations=found.steps, flags=(said,))


def standardised(x: Array, scale: float, scale_intercept: float) -> Prior:
    """The priors of a constant and regressors `x` (N, k), as `cauchy_logit` says."""
    low, high, mean = x.min(axis=0), x.max(axis=0), x.mean(axis=0)
    two = np.array([bool(((c == a) | (c == b)).all()) for c, a, b in zip(x.T, low, high, strict=True)])
    rows = np.diag(np.where(two, high - low, 2 * x.std(axis=0)))
    rows[0] = mean
    return Prior(rows, np.r_[scale_intercept, np.full(x.shape[1] - 1, scale)])
