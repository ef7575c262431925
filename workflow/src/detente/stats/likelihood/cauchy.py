"""Logit with weakly informative Cauchy priors (Gelman, Jakulin, Pittau and Su 2008)."""

from dataclasses import dataclass

import numpy as np

from detente.base.errors import EstimationError, NotConverged
from detente.base.types import Array
from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.binary import LOGIT, from_regressors, likelihood
from detente.stats.likelihood.maximum import Objective, Point, check_score, newton
from detente.stats.linear.regressors import Stalled, inverse, regressors


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
    covariances=ROBUST,
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
    prior = standardised(data.x, scale, scale_intercept)
    objective = posterior(likelihood(LOGIT, y, data.x), prior)
    start = np.zeros(len(data.terms))
    start[0] = LOGIT.index(float(y.mean()))
    try:
        found = newton(objective, start, concave=False)
        bread = inverse(objective(found.estimate).information)
    except Stalled:
        raise NotConverged("cauchy_logit found no mode of the posterior") from None
    residual, pull = LOGIT.slopes(data.x @ found.estimate, y).first, prior.at(found.estimate).gradient / len(y)
    scores = check_score(Scores(data.x * residual[:, None] + pull), "cauchy_logit")
    said = f"Cauchy(0, {scale:g}) priors on standardised regressors, Cauchy(0, {scale_intercept:g}) on the constant"
    return from_regressors(data, found.estimate, scores, bread, iterations=found.steps, flags=(said,))


def standardised(x: Array, scale: float, scale_intercept: float) -> Prior:
    """The priors of a constant and regressors `x` (N, k), as `cauchy_logit` says."""
    low, high, mean = x.min(axis=0), x.max(axis=0), x.mean(axis=0)
    two = np.array([bool(((c == a) | (c == b)).all()) for c, a, b in zip(x.T, low, high, strict=True)])
    rows = np.diag(np.where(two, high - low, 2 * x.std(axis=0)))
    rows[0] = mean
    return Prior(rows, np.r_[scale_intercept, np.full(x.shape[1] - 1, scale)])


def posterior(loglik: Objective, prior: Prior) -> Objective:
    """Log-likelihood plus log prior."""

    def at(beta: Array) -> Point:
        data, belief = loglik(beta), prior.at(beta)
        return Point(data.value + belief.value, data.gradient + belief.gradient, data.information + belief.information)

    return at
