"""Poisson by maximum likelihood, pooled with a constant."""

import numpy as np

from detente.base.errors import NotConverged, NotReproduced, NoVariation, Separation, UnsuitableOutcome
from detente.base.types import Array
from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.binary import Binary, Slopes, likelihood
from detente.stats.likelihood.maximum import check_score, listing, newton, refuse_effects
from detente.stats.linear.regressors import Regressors, Stalled, inverse, regressors
from detente.stats.linear.within import gram

AGREEMENT = 1e-6
# Of regressors and directions scaled to at most 1: what is smaller is rounding.
ROUNDING = 1e-6
LARGEST_INDEX = 700.0


def _slopes(eta: Array, y: Array) -> Slopes:
    mean = np.exp(np.minimum(eta, LARGEST_INDEX))
    return Slopes(y * eta - mean, y - mean, mean)


POISSON = Binary("log", _slopes, lambda mean: float(np.log(mean)))


def pooled_gap(design: ModelFrame, fit: Solution) -> float:
    """Largest distance of a coefficient from statsmodels' maximum: one Newton step by its score and Hessian.

    Raises
    ------
    NotReproduced
        If it exceeds 1e-6 of size and standard error.
    """
    from statsmodels.discrete.discrete_model import Poisson

    model = Poisson(design.y, fit.x, check_rank=False)
    scale = np.sqrt(np.diag(fit.bread))
    hessian = np.asarray(model.hessian(fit.estimate)) * np.outer(scale, scale)
    step = scale * np.linalg.solve(-hessian, scale * np.asarray(model.score(fit.estimate)))
    return checked("poisson", "statsmodels' Poisson", float(np.max(np.abs(step) / (np.abs(fit.estimate) + scale))))


def checked(name: str, reference: str, gap: float) -> float:
    """The gap; raises NotReproduced if it exceeds 1e-6."""
    if not gap <= AGREEMENT:
        raise NotReproduced(f"{name} differs from {reference} by {gap:.1e} (at most {AGREEMENT:.0e} is rounding)")
    return gap


@estimator(
    "poisson",
    Label(
        "Poisson",
        "pooled Poisson regression",
        "A Poisson regression of all rows together, which needs the mean alone to be right (Gourieroux, Monfort and "
        "Trognon 1984); it compares different dyads.",
        "logs of the risk",
    ),
    link="log",
    covariances=ROBUST,
    reference="statsmodels Poisson",
    gap=pooled_gap,
    index_model=POISSON,
)
def poisson(design: ModelFrame) -> Solution:
    """Pooled Poisson with a constant; terms are the constant and the regressors; observed information.

    The outcome may be any number from zero on: with a robust covariance the estimate is that of the exponential mean
    (Gourieroux, Monfort and Trognon 1984).

    Raises
    ------
    UnsupportedEffects
        If the design has effects.
    UnsuitableOutcome, NoVariation
        If an outcome is negative; if the outcome is always zero, or the treatment never varies.
    Separation
        If some combination of regressors is constant wherever the outcome is positive and of one sign elsewhere.
    RankDeficient
        If regressors are linearly dependent.
    NotConverged
        If the score is not zero where the search stopped.
    """
    refuse_effects(design, "poisson")
    refuse_unsuitable(design.y)
    data = regressors(design)
    refuse_separation(design.y, data)
    start = np.zeros(len(data.terms))
    start[0] = np.log(design.y.mean())
    try:
        found = newton(likelihood(POISSON, design.y, data.x), start)
    except Stalled:
        raise NotConverged("poisson found no maximum, though the data are not separated") from None
    predictor = data.x @ found.estimate
    mean = np.exp(predictor)
    scores = Scores(data.x, design.y - mean)
    check_score(scores, "poisson")
    return Solution(
        terms=data.terms,
        estimate=found.estimate,
        scores=scores,
        bread=inverse(gram(data.x, weights=mean)),
        x=data.x,
        link="log",
        treatment=data.treatment,
        dropped=data.dropped,
        converged=True,
        predictor=predictor,
        iterations=found.steps,
    )


def refuse_unsuitable(y: Array) -> None:
    """Raise UnsuitableOutcome if an outcome is negative, NoVariation if all are zero."""
    if not y.min() >= 0:
        raise UnsuitableOutcome(f"the outcome is negative in {int((y < 0).sum()):,} rows: Poisson counts from zero")
    if not y.any():
        raise NoVariation(f"the outcome is 0 in all {len(y):,} rows")


def refuse_separation(y: Array, data: Regressors) -> None:
    """Raise Separation if the maximum does not exist, naming terms.

    It does not exist if and only if some combination z of the regressors is zero in every row with a positive outcome
    and z ≤ 0, not always zero, in the rest (Correia, Guimarães and Zylkin 2021, Proposition 1). Such z lie in the null
    space of the rows with a positive outcome, which is mostly empty.
    """
    scale = 1 / data.reach
    values, vectors = np.linalg.eigh(gram(data.x[y > 0] * scale) / (y > 0).sum())
    free = vectors[:, values <= 1e-12 * values[-1]]
    if not free.shape[1]:
        return
    rest = (data.x[y == 0] * scale) @ free
    rest /= np.abs(rest).max()
    found = _falling(rest)
    if found is None:
        return
    weights = free @ found
    guilty = [t for t, w in zip(data.terms, np.abs(weights), strict=True) if w > 1e-6 * np.abs(weights).max()]
    blame([t for t in guilty if t != "intercept"], int((rest @ found < -ROUNDING).sum()), len(y))


def _falling(rows: Array) -> Array | None:
    """A direction d (r,) with rows.d ≤ 0 in all of `rows` (N, r), and below zero in some; None if there is none."""
    from scipy.optimize import linprog

    different = np.unique(np.round(rows, 9), axis=0)
    total = different.sum(axis=0)
    program = linprog(total, A_ub=different, b_ub=np.zeros(len(different)), bounds=(-1, 1), method="highs")
    if program.x is None:
        raise NotConverged("whether the regressors predict zeros perfectly could not be decided")
    return program.x if program.fun < -ROUNDING else None


def blame(terms: list[str], rows: int, total: int) -> None:
    """Raise Separation: terms that predict zeros perfectly in some rows."""
    one = len(terms) == 1
    what = "its Poisson coefficient is" if one else "their Poisson coefficients are"
    raise Separation(
        f"{listing(terms)} {'predicts' if one else 'together predict'} an outcome of zero perfectly in {rows:,} of "
        f"{total:,} rows: {what} infinite"
    )
