"""Maximum likelihood of a logit with any number of effects: iteratively reweighted least squares, effects absorbed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from detente.base.errors import NotConverged, NoVariation, Separation
from detente.base.types import Array, Codes
from detente.stats.covariance import number
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.maximum import MOST_HALVINGS, MOST_STEPS, listing
from detente.stats.likelihood.separation_within import refuse_separation_within
from detente.stats.linear.regressors import Stalled, inverse
from detente.stats.linear.within import Data, data_within, gram, named

# Squared distance to the maximum, in standard errors, at which the search ends.
SETTLED = 1e-16
# Index beyond which weights no longer fall: chances are zero or one to rounding.
LARGEST_INDEX = 35.0
# Separation: little is left to gain, each step gains hardly less than the one before, and yet rows move this far.
FLAT, SLOW, LONG = 1e-6, 10.0, 0.5
# Move of a row, or largest move by a regressor, at the end of a search that counts as without end.
ENDLESS = 0.1


@dataclass(frozen=True)
class Informative:
    """Rows (n,) of a design that say something about the coefficients, their effects, and why others do not."""

    rows: Codes
    effects: Mapping[str, Codes]
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Fitted:
    """The maximum: estimate (k,), predictor (n,), x (n, k) within weighted effects, information (k, k).

    `change` (k,) and `move` (n,) are what a further step would add to estimate and predictor; `steps` those taken.
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


def fit_within(design: ModelFrame) -> Fitted:
    """Maximum likelihood on rows that say something about the coefficients; refusals as in `felogit`."""
    kept = _informative(design, np.arange(len(design.y)), ())
    while True:
        found = _search(data_within(design, kept.rows, kept.effects, _effects_alone), kept)
        moving = np.abs(found.move) > ENDLESS
        if not moving.any():
            return found
        _refuse_separation(found, int(moving.sum()))
        lost = f"{int(moving.sum()):,} rows that the effects alone predict perfectly say nothing about the coefficients"
        kept = _informative(design, kept.rows[~moving], (*kept.flags, lost))


def _refuse_separation(found: Fitted, rows: int) -> None:
    """Raise Separation if regressors still move the predictor where the search ended.

    With one factor, linear programs name a smallest set of terms; with several, all that move are named.
    """
    data = found.data
    reach = np.abs(found.change) * np.abs(data.x).max(axis=0)
    guilty = [t for t, r in zip(data.terms, reach, strict=True) if r > ENDLESS]
    if not guilty:
        return
    if len(data.absorber.counts) == 1:
        order, start = data.absorber.order, data.absorber.start
        refuse_separation_within(data.y[order], data.x[order], start, data.terms, "felogit")
        raise NotConverged("felogit: the search still moves where it ended, though the data are not separated")
    one = len(guilty) == 1
    raise Separation(
        f"{listing(guilty)}, with the effects, {'predicts' if one else 'together predict'} the outcome perfectly "
        f"in {rows:,} of {len(data.y):,} rows: {'its' if one else 'their'} felogit "
        f"{'coefficient is' if one else 'coefficients are'} infinite"
    )


def _informative(design: ModelFrame, rows: Codes, flags: tuple[str, ...]) -> Informative:
    """Leave out levels of effects whose outcome never varies, again and again until none is left.

    Raises
    ------
    NoVariation
        If no row is left.
    """
    lost: dict[str, tuple[int, int]] = {}
    while True:
        before = len(rows)
        for name, codes in design.fixed_effects.items():
            levels, place = number(codes[rows])
            events = np.bincount(place, design.y[rows], minlength=len(levels))
            same = (events == 0) | (events == np.bincount(place, minlength=len(levels)))
            if same.any():
                dropped = same[place]
                seen = lost.get(name, (0, 0))
                lost[name] = (seen[0] + int(dropped.sum()), seen[1] + int(same.sum()))
                rows = rows[~dropped]
        if len(rows) == before:
            break
    if not len(rows):
        raise NoVariation(f"no row is left where the outcome varies within {named(design.fixed_effects)}")
    said = tuple(
        f"{count:,} rows in {levels:,} levels of {name} whose outcome never varies say nothing about the coefficients"
        for name, (count, levels) in lost.items()
    )
    return Informative(rows, {n: c[rows] for n, c in design.fixed_effects.items()}, (*flags, *said))


def _effects_alone(y: Array, effects: Mapping[str, Codes]) -> Array:
    """A predictor (n,) from rates by level, half an event added: that of effects alone if they were balanced."""
    predictor = np.full(len(y), np.log(y.mean() / (1 - y.mean())) * (1 - len(effects)))
    for codes in effects.values():
        levels, place = number(codes)
        events, rows = np.bincount(place, y, minlength=len(levels)), np.bincount(place, minlength=len(levels))
        predictor += np.log((events + 0.5) / (rows - events + 0.5))[place]
    return predictor


def _search(data: Data, kept: Informative) -> Fitted:
    """Newton's method with step halving; the effects' part of each step is solved for with the coefficients'.

    Under separation steps never end: each moves some rows by about one, and gains a share 1/e of the one before.
    """
    y, k = data.y, data.x.shape[1]
    working = np.empty((len(y), k + 1))
    working[:, :k] = data.x
    predictor, estimate = data.start, np.zeros(k)
    value, before = _value(y, predictor), np.inf
    for steps in range(MOST_STEPS):
        p, weights = _chances(predictor)
        working[:, k] = (y - p) / weights
        within = data.absorber.weigh(weights).residual(working)
        products = gram(within, weights=weights)
        change = _solved(products[:k, :k], products[:k, k])
        move = working[:, k] - within[:, k] + within[:, :k] @ change
        gain = float(np.einsum("i,i,i->", weights, move, move))
        endless = gain < FLAT and gain > before / SLOW and np.abs(move).max() > LONG
        if gain < SETTLED or endless:
            x = np.ascontiguousarray(within[:, :k])
            return Fitted(data, kept, estimate, predictor, x, products[:k, :k], change, move, steps)
        share = 1.0
        for _ in range(MOST_HALVINGS):
            there = predictor + share * move
            reached = _value(y, there)
            if reached >= value - 1e-12 * (1 + abs(value)):
                break
            share /= 2
        else:
            raise NotConverged("felogit: no step raises the likelihood")
        predictor, estimate, value, before = there, estimate + share * change, reached, gain
    raise NotConverged(f"felogit took more than {MOST_STEPS} steps")


def _solved(information: Array, target: Array) -> Array:
    if not len(target):
        return np.empty(0)
    try:
        solved: Array = inverse(information) @ target
    except Stalled:
        raise NotConverged("felogit: the information became singular") from None
    return solved


def _chances(predictor: Array) -> tuple[Array, Array]:
    """Chances p (n,) and weights p (1 − p) (n,), which stay positive."""
    p = expit(predictor)
    low = expit(-np.minimum(np.abs(predictor), LARGEST_INDEX))
    return p, low * (1 - low)


def _value(y: Array, predictor: Array) -> float:
    return float(np.sum(y * predictor - np.logaddexp(0, predictor)))


def effects_anew(fitted: Fitted, estimate: Array) -> Array:
    """Predictor (n,) at other coefficients, effects at their maximum given these."""
    data = fitted.data
    offset = fitted.predictor + data.x @ (estimate - fitted.estimate)
    bare = replace(data, x=np.empty((len(data.y), 0)), terms=(), start=offset)
    return _search(bare, fitted.kept).predictor
