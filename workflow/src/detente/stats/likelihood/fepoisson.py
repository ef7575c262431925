"""Poisson with any number of effects absorbed: iteratively reweighted least squares."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from detente.base.errors import NotConverged, NoVariation, UnsupportedEffects
from detente.base.types import Array, Codes
from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.maximum import STILL, check_score
from detente.stats.likelihood.poisson import LARGEST_INDEX, blame, checked, refuse_unsuitable
from detente.stats.linear.linear import without_dummies
from detente.stats.linear.regressors import Stalled, inverse
from detente.stats.linear.within import Data, data_within, gram, named, notes

# Squared distance to the maximum, in standard errors, at which the search ends.
SETTLED = 1e-16
# The same at which a row that a step still moves is separated: the standard error of its predictor is above 30.
NEAR = 1e-9
LEAST_INDEX = -300.0
# Of rows that link blocks by outcomes of zero alone: their means fade until, weighted, they link no more.
FADED = math.log(1e-6)
MOST_STEPS = 100
MOST_HALVINGS = 40


def absorbed_gap(design: ModelFrame, fit: Solution) -> float:
    """How far a fit is from the conditions of its maximum, checked on the data as they came.

    The likelihood is concave in coefficients and effects together, so that a point is its maximum if the predictor is
    a sum of regressors and effects (what SciPy's LSMR leaves of it, less xb, on explicit dummies is zero), and if the
    residuals y − μ are orthogonal to every dummy (as a share of the outcomes of its level) and every regressor (as a
    step, relative to the coefficient and its standard error). The largest of the three.

    Raises
    ------
    NotReproduced
        If it exceeds 1e-6.
    """
    rows = np.arange(len(design.y)) if fit.rows is None else fit.rows
    used = replace(design, fixed_effects={name: codes[rows] for name, codes in design.fixed_effects.items()})
    x = design.x[rows][:, [design.terms.index(t) for t in fit.terms]]
    assert fit.predictor is not None
    y, left = design.y[rows], design.y[rows] - np.exp(fit.predictor)
    apart = [
        float(np.max(np.abs(without_dummies(used, fit.predictor - x @ fit.estimate)) / (1 + np.abs(fit.predictor))))
    ]
    for codes in used.fixed_effects.values():
        _, level = np.unique(codes, return_inverse=True)
        apart.append(float(np.max(np.abs(np.bincount(level, left)) / np.bincount(level, y))))
    step = fit.bread @ np.einsum("ij,i->j", x, left)
    apart.append(float(np.max(np.abs(step) / (np.abs(fit.estimate) + np.sqrt(np.diag(fit.bread))))))
    return checked("fepoisson", "the maximum on explicit dummies", max(apart))


@dataclass(frozen=True)
class _Informative:
    """Rows (n,) of a design that say something about the coefficients, their effects, and why others do not."""

    rows: Codes
    effects: Mapping[str, Codes]
    flags: tuple[str, ...]


def _informative(design: ModelFrame, rows: Codes, flags: tuple[str, ...]) -> _Informative:
    """Leave out levels of effects whose outcome is always zero, again and again until none is left.

    Raises
    ------
    NoVariation
        If no row is left.
    """
    lost: dict[str, tuple[int, int]] = {}
    while True:
        before = len(rows)
        for name, codes in design.fixed_effects.items():
            levels, place = np.unique(codes[rows], return_inverse=True)
            zero = np.bincount(place, design.y[rows], minlength=len(levels)) == 0
            if zero.any():
                dropped = zero[place]
                seen = lost.get(name, (0, 0))
                lost[name] = (seen[0] + int(dropped.sum()), seen[1] + int(zero.sum()))
                rows = rows[~dropped]
        if len(rows) == before:
            break
    if not len(rows):
        raise NoVariation(f"no row is left where the outcome varies within {named(design.fixed_effects)}")
    said = tuple(
        f"{count:,} rows in {levels:,} levels of {name} whose outcome is always zero say nothing about the coefficients"
        for name, (count, levels) in lost.items()
    )
    return _Informative(rows, {n: c[rows] for n, c in design.fixed_effects.items()}, (*flags, *said))


@estimator(
    "fepoisson",
    Label(
        "FE Poisson",
        "Poisson regression with dyad and year effects",
        "A Poisson regression with dyad and year effects (Correia, Guimarães and Zylkin 2020); it compares each dyad "
        "with itself and learns nothing from dyads without an onset.",
        "logs of the risk",
    ),
    link="log",
    uses="absorbs",
    fixed_effects=("dyad", "year"),
    covariances=ROBUST,
    reference="first-order conditions on dummies, SciPy LSMR",
    gap=absorbed_gap,
)
def fepoisson(design: ModelFrame) -> Solution:
    """Poisson with any number of effects absorbed: iteratively reweighted least squares with weighted absorption.

    Levels whose outcome is always zero are left out, as are rows that the effects alone predict to be zero (Correia,
    Guimarães and Zylkin 2020); `rows` are those used. `x` and the scores are regressors within effects, weighted by
    the mean: what a coefficient moves in the predictor once the effects have adapted.

    Raises
    ------
    UnsupportedEffects
        If the design has no effects.
    UnsuitableOutcome, NoVariation
        If an outcome is negative; if outcome or treatment does not vary within effects.
    Separation
        If regressors and effects together predict outcomes of zero perfectly, naming the regressors.
    RankDeficient
        If regressors are linearly dependent.
    NotConverged
        If the score is not zero where the search stopped.
    """
    if not design.fixed_effects:
        raise UnsupportedEffects("fepoisson absorbs effects and got none; without effects use poisson")
    refuse_unsuitable(design.y)
    kept = _informative(design, np.arange(len(design.y)), ())
    while True:
        data = data_within(design, kept.rows, kept.effects, _effects_alone)
        found = _search(data)
        moving = np.abs(found.move) > STILL
        if not moving.any() and found.absorbed < data.absorber.parameters:
            moving = (data.y == 0) & (found.predictor < FADED)
        if not moving.any():
            return _solution(data, kept, found)
        reach = np.abs(found.change) * np.abs(data.x).max(axis=0)
        if guilty := [t for t, r in zip(data.terms, reach, strict=True) if r > STILL]:
            blame(guilty, int(moving.sum()), len(data.y))
        lost = (
            f"{int(moving.sum()):,} rows that the effects alone predict to be zero say nothing about the coefficients"
        )
        kept = _informative(design, kept.rows[~moving], (*kept.flags, lost))


def _effects_alone(y: Array, effects: Mapping[str, Codes]) -> Array:
    """A predictor (n,) from mean outcomes by level: what effects alone would give if they were balanced."""
    predictor = np.full(len(y), np.log(y.mean()) * (1 - len(effects)))
    for codes in effects.values():
        _, place = np.unique(codes, return_inverse=True)
        predictor += np.log(np.bincount(place, y) / np.bincount(place))[place]
    return predictor


@dataclass(frozen=True)
class _Found:
    """Where the search ended: estimate (k,), predictor (n,), x (n, k) within weighted effects, information (k, k).

    `change` (k,) and `move` (n,) are what a further step would add to estimate and predictor; `steps` those taken;
    `absorbed` parameters that the weights leave apart.
    """

    estimate: Array
    predictor: Array
    x: Array
    information: Array
    change: Array
    move: Array
    steps: int
    absorbed: int


def _search(data: Data) -> _Found:
    """Newton's method with step halving; the effects' part of each step is solved for with the coefficients'."""
    y, x = data.y, np.empty(data.x.shape)
    predictor, estimate = data.start, np.zeros(len(data.terms))
    mean = np.exp(predictor)
    value = _value(y, predictor, mean)
    for steps in range(MOST_STEPS):
        weighted = data.absorber.weigh(mean)
        weighted.residual(data.x, x)
        information = gram(x, weights=mean)
        change = _change(information, x, y, mean)
        move = weighted.fitted(y - mean) + x @ change
        gain = float(np.einsum("i,i,i->", mean, move, move))
        if gain < SETTLED or (gain < NEAR and np.abs(move).max() > STILL):
            return _Found(estimate, predictor, x, information, change, move, steps, weighted.parameters)
        share = 1.0
        for _ in range(MOST_HALVINGS):
            there = predictor + share * move
            mean = np.exp(np.clip(there, LEAST_INDEX, LARGEST_INDEX))
            reached = _value(y, there, mean)
            if reached >= value - 1e-12 * (1 + abs(value)):
                break
            share /= 2
        else:
            raise NotConverged("fepoisson: no step raises the likelihood")
        predictor, estimate, value = there, estimate + share * change, reached
    raise NotConverged(f"fepoisson took more than {MOST_STEPS} steps")


def _change(information: Array, x: Array, y: Array, mean: Array) -> Array:
    """Newton's step (k,) from the information (k, k), or from the rows if squaring them has lost its digits.

    `x` (n, k) regressors within weighted effects.
    """
    try:
        step: Array = inverse(information) @ np.einsum("ij,i->j", x, y - mean)
    except Stalled:
        root, scale = np.sqrt(mean), np.sqrt(np.diag(information))
        found, _, rank, _ = np.linalg.lstsq(x * root[:, None] / scale, (y - mean) / root, rcond=None)
        if rank < len(scale):
            raise NotConverged("fepoisson: a combination of regressors has no information left") from None
        step = found / scale
    return step


def _value(y: Array, predictor: Array, mean: Array) -> float:
    return float(np.sum(y * predictor - mean))


def _solution(data: Data, kept: _Informative, found: _Found) -> Solution:
    """The solution, one last step on: it moves nothing but the last digits."""
    predictor = found.predictor + found.move
    scores = Scores(found.x, data.y - np.exp(predictor))
    check_score(scores, "fepoisson")
    return Solution(
        terms=data.terms,
        estimate=found.estimate + found.change,
        scores=scores,
        bread=inverse(found.information),
        x=found.x,
        link="log",
        treatment=0,
        dropped=data.dropped,
        converged=True,
        predictor=predictor,
        rows=None if not kept.flags else kept.rows,
        absorbed=data.absorber.parameters,
        iterations=found.steps + 1,
        flags=(*kept.flags, *notes(data.absorber)),
    )
