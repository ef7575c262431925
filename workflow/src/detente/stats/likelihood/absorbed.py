"""Maximum likelihood with any number of effects absorbed: iteratively reweighted least squares, for any family."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from detente.base.errors import NotConverged, NoVariation
from detente.base.numerics import HALVINGS, MOST_STEPS, SETTLED_ABSORBED
from detente.base.types import Array, Codes, Flags
from detente.stats.contract import Link, Solution
from detente.stats.covariance import Scores, number
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.maximum import check_score, climbs
from detente.stats.linear.regressors import Stalled, inverse
from detente.stats.linear.within import Data, data_within, gram, named, notes


@dataclass(frozen=True)
class Informative:
    """Rows (n,) of a design that say something about the coefficients, their effects, and why others do not."""

    rows: Codes
    effects: Mapping[str, Codes]
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Fitted:
    """Where the search ended: estimate (k,), predictor (n,), x (n, k) within weighted effects, information (k, k).

    `change` (k,) and `move` (n,) are what a further step would add to estimate and predictor; `steps` those taken;
    `absorbed` parameters that the weights leave apart.
    """

    data: Data
    kept: Informative
    estimate: Array
    predictor: Array
    x: Array
    information: Array
    change: Array
    move: Array
    steps: int
    absorbed: int


@dataclass(frozen=True)
class Family:
    """What a model brings to the search.

    `index` predictor of levels from sums of outcomes and rows, (L,) each; `mean` and positive `weight` (n,) of rows at
    a predictor; `value` of the log-likelihood from outcomes and predictor. `says_nothing` whether levels say nothing
    about the coefficients, from sums and rows; `silent` and `perfect` say in words of which levels, and of which rows,
    nothing is learnt. A row that a step still moves by more than `still` where the search ended has no maximum, and one
    is missing where `faded` rows, from the fit, link blocks; `endless` whether steps will not end, from what one
    gains, what the one before gained, and its longest move. `refuse` raises Separation, blaming the terms that move
    the predictor of some rows.
    """

    name: str
    link: Link
    silent: str
    perfect: str
    still: float
    index: Callable[[Array, Array], Array]
    mean: Callable[[Array], Array]
    weight: Callable[[Array], Array]
    value: Callable[[Array, Array], float]
    says_nothing: Callable[[Array, Array], Flags]
    endless: Callable[[float, float, float], bool]
    refuse: Callable[[Fitted, list[str], int], None]
    faded: Callable[[Fitted], Flags] | None = None

    def moving(self, found: Fitted) -> Flags:
        """Rows (n,) that have no maximum."""
        moving = np.abs(found.move) > self.still
        if self.faded and not moving.any() and found.absorbed < found.data.absorber.parameters:
            return self.faded(found)
        return np.asarray(moving)


def fit_within(family: Family, design: ModelFrame) -> Fitted:
    """Maximum likelihood on rows that say something about the coefficients.

    Raises NoVariation if outcome or treatment does not vary within effects; Separation if regressors and effects
    together predict the outcome perfectly, naming the regressors; RankDeficient if regressors are linearly dependent
    within effects; NotConverged if the search does not end.
    """
    kept = _informative(family, design, np.arange(len(design.y)), ())
    while True:
        data = data_within(design, kept.rows, kept.effects, lambda y, effects: _effects_alone(family, y, effects))
        found = search(family, data, kept)
        moving = family.moving(found)
        rows = int(moving.sum())
        if not rows:
            return found
        reach = np.abs(found.change) * np.abs(data.x).max(axis=0)
        if guilty := [t for t, r in zip(data.terms, reach, strict=True) if r > family.still]:
            family.refuse(found, guilty, rows)
        lost = f"{rows:,} rows that the effects alone predict {family.perfect} say nothing about the coefficients"
        kept = _informative(family, design, kept.rows[~moving], (*kept.flags, lost))


def _informative(family: Family, design: ModelFrame, rows: Codes, flags: tuple[str, ...]) -> Informative:
    """Leave out levels of effects that say nothing, again and again until none is left."""
    lost: dict[str, Codes] = {}
    before = -1
    while len(rows) != before:
        before = len(rows)
        for name, codes in design.fixed_effects.items():
            place, total, size = _levels(codes[rows], design.y[rows])
            silent = family.says_nothing(total, size)
            if silent.any():
                dropped = silent[place]
                lost.setdefault(name, np.zeros(2, dtype=np.int64))[:] += dropped.sum(), silent.sum()
                rows = rows[~dropped]
    if not len(rows):
        raise NoVariation(f"no row is left where the outcome varies within {named(design.fixed_effects)}")
    said = tuple(
        f"{count:,} rows in {levels:,} levels of {name} whose outcome {family.silent} say nothing about the "
        "coefficients"
        for name, (count, levels) in lost.items()
    )
    return Informative(rows, {n: c[rows] for n, c in design.fixed_effects.items()}, (*flags, *said))


def _levels(codes: Codes, y: Array) -> tuple[Codes, Array, Array]:
    """Each row's level (n,), and outcome and rows of levels, (L,) each."""
    place = number(codes)[1]
    return place, np.bincount(place, y).astype(np.float64), np.bincount(place).astype(np.float64)


def _effects_alone(family: Family, y: Array, effects: Mapping[str, Codes]) -> Array:
    """A predictor (n,) from outcomes by level: that of effects alone if they were balanced."""
    whole = float(np.log(y.mean())) if family.link == "log" else float(np.log(y.mean() / (1 - y.mean())))
    predictor = np.full(len(y), whole * (1 - len(effects)))
    for codes in effects.values():
        place, *totals = _levels(codes, y)
        predictor += family.index(*totals)[place]
    return predictor


def search(family: Family, data: Data, kept: Informative) -> Fitted:
    """Newton's method with step halving; the effects' part of each step is solved for with the coefficients'.

    Under separation steps never end: each moves some rows by about one, and gains a share 1/e of the one before.
    """
    y, x = data.y, np.empty(data.x.shape)
    predictor, estimate, before = data.start, np.zeros(len(data.terms)), np.inf
    value = family.value(y, predictor)
    for steps in range(MOST_STEPS):
        left, weights = y - family.mean(predictor), family.weight(predictor)
        weighted = data.absorber.weigh(weights)
        weighted.residual(data.x, x)
        information = gram(x, weights=weights)
        change = _change(family, information, x, left, weights)
        move = weighted.fitted(left) + x @ change
        gain = float(np.einsum("i,i,i->", weights, move, move))
        if gain < SETTLED_ABSORBED or family.endless(gain, before, float(np.abs(move).max())):
            absorbed = weighted.parameters
            return Fitted(data, kept, estimate, predictor, x, information, change, move, steps, absorbed)
        for share in HALVINGS:
            there = predictor + share * move
            reached = family.value(y, there)
            if climbs(value, reached):
                break
        else:
            raise NotConverged(f"{family.name}: no step raises the likelihood")
        predictor, estimate, value, before = there, estimate + share * change, reached, gain
    raise NotConverged(f"{family.name} took more than {MOST_STEPS} steps")


def _change(family: Family, information: Array, x: Array, left: Array, weights: Array) -> Array:
    """Newton's step (k,) from the information (k, k), or from the rows if squaring them has lost its digits.

    `x` (n, k) regressors within weighted effects, `left` (n,) outcome less mean.
    """
    if not x.shape[1]:
        return np.empty(0)
    try:
        step: Array = inverse(information) @ np.einsum("ij,i->j", x, left)
    except Stalled:
        root, scale = np.sqrt(weights), np.sqrt(np.diag(information))
        found, _, rank, _ = np.linalg.lstsq(x * root[:, None] / scale, left / root, rcond=None)
        if rank < len(scale):
            raise NotConverged(f"{family.name}: a combination of regressors has no information left") from None
        step = found / scale
    return step


def solution(family: Family, found: Fitted) -> Solution:
    """The solution at the place where the search ended."""
    data, kept = found.data, found.kept
    return Solution(
        terms=data.terms,
        estimate=found.estimate,
        scores=check_score(Scores(found.x, data.y - family.mean(found.predictor)), family.name),
        bread=inverse(found.information),
        x=found.x,
        link=family.link,
        dropped=data.dropped,
        predictor=found.predictor,
        rows=None if not kept.flags else kept.rows,
        absorbed=data.absorber.parameters,
        iterations=found.steps,
        flags=(*kept.flags, *notes(data.absorber)),
        silent=data.absorber.silent,
    )
