"""Negative binomial regression (NB2) by maximum likelihood, its dispersion a parameter like the others."""

import numpy as np
from scipy.special import digamma, gammaln, polygamma

from detente.base.errors import NotConverged, NoVariation
from detente.base.types import Array
from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.binary import likelihood as of_index
from detente.stats.likelihood.maximum import STILL, Objective, Point, check_score, newton
from detente.stats.likelihood.poisson import POISSON
from detente.stats.likelihood.separation import refuse_zeros
from detente.stats.linear.regressors import Regressors, Stalled, inverse, regressors

LARGEST_INDEX = 300.0
# Overdispersion exp(−9) adds a thousandth to the standard deviation of a count of sixteen: as good as none. The search
# keeps inside the outer bounds.
NO_MORE = -9.0
LEAST_LOG, LARGEST_LOG = -15.0, 50.0


@estimator(
    "negbin",
    Label(
        "Neg. binomial",
        "negative binomial regression",
        "A regression of counts that vary more than a Poisson’s (Cameron and Trivedi 1986); it compares different "
        "dyads.",
        "logs of the count",
    ),
    link="log",
    outcome="count",
    covariances=ROBUST,
    statistics={"log_likelihood": lambda f: likelihood(f.design.y, f.solution.x[:, :-1])(f.solution.estimate).value},
    reference="statsmodels NegativeBinomial and Stata's nbreg, in tests",
)
def negbin(design: ModelFrame) -> Solution:
    """Counts with mean μ = exp(xβ) and variance μ + αμ² (Cameron and Trivedi 1986, NB2).

    Terms are the constant, the regressors and "ln(alpha)", whose column of `x` is zero. Scores and observed information
    are those of all of them, so that any sandwich counts α as estimated.

    Raises NoVariation if outcome or treatment do not vary, or the counts vary no more than Poisson's: α is then zero
    and has no log; RankDeficient as `logit` does; Separation if every count is zero in rows that some regressors set
    apart, naming them; NotConverged if no maximum is found.
    """
    y, data = design.y, regressors(design)
    objective, start = likelihood(y, data.x), _start(y, data)
    try:
        found = newton(objective, start, concave=False)
        bread = inverse(objective(found.estimate).information)
    except Stalled:
        refuse_zeros(y, data.x, data.terms, "negbin")
        _refuse_poisson(float(start[-1]))
        raise NotConverged("negbin found no maximum of the likelihood") from None
    if float(np.abs(found.last[:-1]) @ data.reach) > STILL:
        refuse_zeros(y, data.x, data.terms, "negbin")
    _refuse_poisson(float(found.estimate[-1]))
    predictor = data.x @ found.estimate[:-1]
    slope, shape = _slopes(y, predictor, found.estimate[-1])
    scores = check_score(Scores(np.column_stack([data.x * slope[:, None], shape])), "negbin")
    return Solution(
        terms=(*data.terms, "ln(alpha)"),
        estimate=found.estimate,
        scores=scores,
        bread=bread,
        x=np.column_stack([data.x, np.zeros(len(y))]),
        link="log",
        treatment=data.treatment,
        dropped=data.dropped,
        predictor=predictor,
        iterations=found.steps,
    )


def _refuse_poisson(log_alpha: float) -> None:
    if log_alpha <= NO_MORE:
        raise NoVariation("the counts vary no more than a Poisson's: alpha is zero and has no logarithm; use poisson")


def _start(y: Array, data: Regressors) -> Array:
    """Poisson's coefficients, and α from the squared residuals (Cameron and Trivedi 1990)."""
    first = np.zeros(len(data.terms))
    first[0] = np.log(y.mean())
    try:
        beta = newton(of_index(POISSON, y, data.x), first).estimate
    except Stalled:
        beta = first
    mean = np.exp(np.minimum(data.x @ beta, LARGEST_INDEX))
    moment = float(np.sum((y - mean) ** 2 - y) / np.sum(mean**2))
    start: Array = np.r_[beta, np.log(moment) if moment > 0 else NO_MORE]
    return start


def _slopes(y: Array, eta: Array, log_alpha: float) -> tuple[Array, Array]:
    """Derivatives of each row's log-likelihood in η and in ln α."""
    m, mean = np.exp(-log_alpha), np.exp(np.minimum(eta, LARGEST_INDEX))
    slope: Array = (y - mean) / (1 + mean / m)
    in_m = digamma(y + m) - digamma(m) - np.log1p(mean / m) + (mean - y) / (m + mean)
    shape: Array = -m * in_m
    return slope, shape


def likelihood(y: Array, x: Array) -> Objective:
    """Log-likelihood of (β, ln α), with m = 1/α: Γ(y + m)/Γ(m)/y! (m/(m + μ))ᵐ (μ/(m + μ))ʸ."""

    def at(theta: Array) -> Point:
        log_alpha = float(theta[-1])
        if not LEAST_LOG <= log_alpha <= LARGEST_LOG:
            k = len(theta)
            return Point(-np.inf, np.zeros(k), np.eye(k))
        m, eta = np.exp(-log_alpha), np.minimum(x @ theta[:-1], LARGEST_INDEX)
        mean = np.exp(eta)
        tail = np.log1p(mean / m)
        value = gammaln(y + m) - gammaln(m) - gammaln(y + 1) - (y + m) * tail + y * (eta + log_alpha)
        slope, shape = _slopes(y, eta, log_alpha)
        spread = (1 + mean / m) ** 2
        curve = mean * (1 + y / m) / spread
        cross = mean * (y - mean) / m / spread
        in_m = -shape / m
        in_mm = polygamma(1, y + m) - polygamma(1, m) + mean / (m * (m + mean)) - (mean - y) / (m + mean) ** 2
        corner = -(m * in_m + m**2 * in_mm).sum()
        side = cross @ x
        information = np.block([[(x * curve[:, None]).T @ x, side[:, None]], [side[None, :], np.array([[corner]])]])
        return Point(float(value.sum()), np.r_[slope @ x, shape.sum()], information)

    return at
