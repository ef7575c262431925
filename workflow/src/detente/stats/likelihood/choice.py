"""Ordered and multinomial logit by maximum likelihood, with scores of every parameter."""

from dataclasses import dataclass, replace

import numpy as np
import scipy

from detente.base.errors import UnsuitableOutcome
from detente.base.types import Array, Codes
from detente.stats.contract import Estimated, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.binary import from_regressors
from detente.stats.likelihood.maximum import Point, Search, check_score, no_maximum, reports, settle
from detente.stats.likelihood.separation import refuse_separation
from detente.stats.linear.regressors import regressors


def ordered_objective(y: Array, x: Array) -> Search:
    """The search for coefficients of `x` (n, k) and cuts, from the shares of the values."""
    level = np.unique(y, return_inverse=True)[1]
    k, cuts = x.shape[1], int(level.max())

    def at(theta: Array) -> Point:
        if (np.diff(theta[k:]) <= 0).any():
            return Point(-np.inf, np.zeros(len(theta)), np.eye(len(theta)))
        r = _rows(theta, level, x)
        information = np.zeros((len(theta), len(theta)))
        bend = r.upper_upper + 2 * r.upper_lower + r.lower_lower
        information[:k, :k] = -(x * bend[:, None]).T @ x
        for j in range(cuts):
            below, above = level == j, level == j + 1
            side = (r.upper_upper + r.upper_lower)[below] @ x[below] + (r.lower_lower + r.upper_lower)[above] @ x[above]
            information[k + j, :k] = information[:k, k + j] = side
            information[k + j, k + j] = -r.upper_upper[below].sum() - r.lower_lower[above].sum()
            if j:
                information[k + j, k + j - 1] = information[k + j - 1, k + j] = -r.upper_lower[below].sum()
        gradient = np.r_[-(r.upper + r.lower) @ x, _by_cut(r, level, cuts).sum(axis=0)]
        return Point(float(r.value.sum()), gradient, information)

    start = np.r_[np.zeros(k), scipy.special.logit(np.cumsum(np.bincount(level))[:-1] / len(level))]
    return Search(at, start, np.r_[np.arange(k), np.full(cuts, -1)])


def _ordered_log_likelihood(fit: Estimated) -> float:
    x = fit.solution.x[:, : 1 - len(np.unique(fit.design.y))]
    return ordered_objective(fit.design.y, x).objective(fit.solution.estimate).value


@estimator(
    "ordered_logit",
    Label(
        "Ordered logit",
        "ordered logit",
        "Proportional odds of the ordered values of the outcome (McCullagh 1980), with an onset a logit; it compares "
        "different dyads.",
    ),
    link="logit",
    outcome="levels",
    statistics=reports(_ordered_log_likelihood),
    objective=ordered_objective,
    elsewhere=("ologit", "polr"),
    equivariant="span",
    reference="statsmodels OrderedModel and Stata's ologit, in tests",
)
def ordered_logit(design: ModelFrame) -> Solution:
    """Proportional odds of the sorted values of the outcome: Pr(y ≤ j) = Λ(cut_j − xβ) (McCullagh 1980).

    Terms are the regressors, then "cut1" …; observed information. The column of "cut1" in `x` is −1 and those of the
    other cuts are 0, so that `predictor` with the logit link is the probability of more than the lowest value, and
    effects on risk are effects on that.

    Raises Separation if regressors put rows above some cut apart from those below it, naming them; NoVariation,
    RankDeficient, NotConverged as `logit` does.
    """
    data = regressors(design, intercept=False)
    values, level = np.unique(design.y, return_inverse=True)
    k, cuts = len(data.terms), len(values) - 1

    def refuse() -> None:
        x, terms = np.column_stack([np.ones(len(level)), data.x]), ("intercept", *data.terms)
        for cut in range(cuts):
            refuse_separation((level > cut).astype(np.float64), x, terms, "ordered logit")

    reach = np.r_[data.reach, np.ones(cuts)]
    found = settle(ordered_objective(design.y, data.x), reach, "ordered_logit", refuse)
    rows = _rows(found.estimate, level, data.x)
    scores = np.column_stack([data.x * -(rows.upper + rows.lower)[:, None], _by_cut(rows, level, cuts)])
    x = np.zeros((len(level), k + cuts))
    x[:, :k], x[:, k] = data.x, -1.0
    both = replace(data, x=x, terms=(*data.terms, *(f"cut{j}" for j in range(1, cuts + 1))))
    flags = (f"{len(values)} ordered values; risks are of more than {values[0]:g}",)
    checked = check_score(Scores(scores), "ordered_logit")
    return from_regressors(both, found.estimate, checked, found.bread, iterations=found.steps, flags=flags)


@dataclass(frozen=True)
class _Rows:
    """Of each row's l = log(Λ(u) − Λ(v)), u its upper and v its lower cut less the index: value, derivatives (n,)."""

    value: Array
    upper: Array
    lower: Array
    upper_upper: Array
    lower_lower: Array
    upper_lower: Array


def _rows(theta: Array, level: Codes, x: Array) -> _Rows:
    k = x.shape[1]
    eta, bounds = x @ theta[:k], np.r_[-np.inf, theta[k:], np.inf]
    u, v = bounds[level + 1] - eta, bounds[level] - eta
    cdf_u, cdf_v = scipy.special.expit(u), scipy.special.expit(v)
    # Differences of upper tails where both are near one.
    chance = np.where(v > 0, scipy.special.expit(-v) - scipy.special.expit(-u), cdf_u - cdf_v)
    with np.errstate(divide="ignore", invalid="ignore"):
        up, low = cdf_u * scipy.special.expit(-u) / chance, -cdf_v * scipy.special.expit(-v) / chance
        return _Rows(np.log(chance), up, low, up * (1 - 2 * cdf_u) - up**2, low * (1 - 2 * cdf_v) - low**2, -up * low)


def _by_cut(rows: _Rows, level: Codes, cuts: int) -> Array:
    """Scores (n, cuts): a cut is the upper bound of the value below it and the lower bound of the one above."""
    at = np.arange(cuts)
    return np.asarray(rows.upper[:, None] * (level[:, None] == at) + rows.lower[:, None] * (level[:, None] == at + 1))


def _values(y: Array, base: float | None, equation: float | None = None) -> tuple[Array, Codes, int]:
    """Values of the outcome, the base first, each row's place among them, and that of the equation among the others."""
    values, level = np.unique(y, return_inverse=True)
    first = _legal("base", base, values)
    order = np.argsort(values != first, kind="stable")
    values, level = values[order], np.argsort(order)[level]
    return values, level, int(np.flatnonzero(values[1:] == _legal("equation", equation, values[1:]))[0])


def _legal(what: str, value: float | None, legal: Array) -> float:
    """The value, the first one if None; raises UnsuitableOutcome if it is not legal."""
    if value is not None and value not in legal:
        raise UnsuitableOutcome(f"{what} {value:g} is not one of {', '.join(f'{v:g}' for v in legal)}")
    return float(legal[0]) if value is None else value


def multinomial_objective(y: Array, x: Array, base: float | None = None) -> Search:
    """The search for constants and coefficients of `x` (n, k), by equation, from the shares of the values."""
    _, level, _ = _values(y, base)
    with_one = np.column_stack([np.ones(len(y)), x])
    equations, k = int(level.max()), with_one.shape[1]

    def at(theta: Array) -> Point:
        apart, chance, total = _apart(level, with_one, theta)
        chosen = np.einsum("ij,ij->i", with_one, np.vstack([np.zeros(k), theta.reshape(equations, k)])[level])
        information = np.empty((equations * k, equations * k))
        for i in range(equations):
            for j in range(equations):
                w = chance[:, i] * (float(i == j) - chance[:, j])
                information[i * k : (i + 1) * k, j * k : (j + 1) * k] = (with_one * w[:, None]).T @ with_one
        return Point(float((chosen - total).sum()), (apart.T @ with_one).ravel(), information)

    start, counts = np.zeros((equations, k)), np.bincount(level)
    start[:, 0] = np.log(counts[1:] / counts[0])
    return Search(at, start.ravel(), np.tile(np.arange(-1, k - 1), equations))


def _multinomial_log_likelihood(fit: Estimated) -> float:
    base, made = fit.options.get("base"), fit.solution
    values, _, place = _values(fit.design.y, base, fit.options.get("equation"))
    k = len(made.terms) // (len(values) - 1)
    x = made.x[:, place * k + 1 : (place + 1) * k]
    return multinomial_objective(fit.design.y, x, base).objective(made.estimate).value


@estimator(
    "multinomial_logit",
    Label(
        "Multin. logit",
        "multinomial logit",
        "Log-odds of each value of the outcome (McFadden 1974), with an onset a logit; it compares different dyads.",
    ),
    link="logit",
    outcome="levels",
    statistics=reports(_multinomial_log_likelihood),
    objective=multinomial_objective,
    elsewhere=("mlogit", "multinom"),
    equivariant="span",
    reference="statsmodels MNLogit and Stata's mlogit, in tests",
    relative=True,
)
def multinomial_logit(design: ModelFrame, *, base: float | None = None, equation: float | None = None) -> Solution:
    """Log odds of each value of the outcome against the base, linear in a constant and the regressors.

    Terms are "intercept[v]", then the regressors "term[v]", for each value v but the base. `x` and `predictor` are
    those of one equation; with the logit link they give the chance of its value rather than the base, given either.

    `base`: value that others are compared with; the lowest if None. `equation`: value whose equation holds the
    coefficient of the treatment; the lowest but the base if None.
    Raises UnsuitableOutcome if `base` or `equation` is not a value of the outcome; Separation if regressors put rows of
    a value apart from those of the base, naming them; NoVariation, RankDeficient, NotConverged as `logit` does.
    """
    values, level, place = _values(design.y, base, equation)
    data = regressors(design)
    k, equations = len(data.terms), len(values) - 1

    def refuse() -> None:
        for j in range(1, len(values)):
            rows = (level == 0) | (level == j)
            refuse_separation((level[rows] == j).astype(np.float64), data.x[rows], data.terms, "multinomial logit")
        # Values may be apart by less than a separating direction must show, or the likelihood be flat.
        raise no_maximum("multinomial_logit")

    search = multinomial_objective(design.y, data.x[:, 1:], base)
    found = settle(search, np.tile(data.reach, equations), "multinomial_logit", refuse)
    apart = _apart(level, data.x, found.estimate)[0]
    scores = np.concatenate([data.x * apart[:, [j]] for j in range(equations)], axis=1)
    x = np.zeros_like(scores)
    x[:, place * k : (place + 1) * k] = data.x
    terms = tuple(f"{t}[{v:g}]" for v in values[1:] for t in data.terms)
    both = replace(data, x=x, terms=terms, treatment=place * k + data.treatment)
    flags = (f"risks are of {values[place + 1]:g} rather than {values[0]:g}, given one of the two",)
    checked = check_score(Scores(scores), "multinomial_logit")
    return from_regressors(both, found.estimate, checked, found.bread, iterations=found.steps, flags=flags)


def _apart(level: Codes, x: Array, theta: Array) -> tuple[Array, Array, Array]:
    """Outcome less its chance (n, equations); chances of the values but the base; log of the sum of odds (n,)."""
    slopes = theta.reshape(-1, x.shape[1])
    index = x @ slopes.T
    top = np.maximum(index.max(axis=1), 0.0)
    odds = np.exp(index - top[:, None])
    total = odds.sum(axis=1) + np.exp(-top)
    chance = odds / total[:, None]
    apart: Array = (level[:, None] == np.arange(1, len(slopes) + 1)) - chance
    return apart, chance, top + np.log(total)
