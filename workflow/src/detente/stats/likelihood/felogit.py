"""Logit with any number of effects absorbed, unconditional: by maximum likelihood, or corrected for its bias."""

from dataclasses import replace
from typing import Literal

import numpy as np
import scipy

from detente.base.errors import EstimationError, NotConverged, Separation
from detente.base.numerics import FLAT_ABSORBED, LONG, SLOW
from detente.base.types import Array, Codes, Flags
from detente.stats.contract import Label, Solution, estimator
from detente.stats.covariance import number
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.absorbed import Family, Fitted, fit_within, search, solution
from detente.stats.likelihood.separation import perfect, refuse_separation_within
from detente.stats.linear.regressors import inverse

# Index beyond which weights no longer fall: chances are zero or one to rounding.
LARGEST_INDEX = 35.0
UNCORRECTED = "standard errors are those of the uncorrected estimate"


def _weight(predictor: Array) -> Array:
    low = scipy.special.expit(-np.minimum(np.abs(predictor), LARGEST_INDEX))
    return np.asarray(low * (1 - low))


def _refuse(found: Fitted, guilty: list[str], rows: int) -> None:
    """With one factor, linear programs name a smallest set of terms; with several, all that move are named."""
    data = found.data
    if len(data.absorber.counts) == 1:
        order, start = data.absorber.order, data.absorber.start
        refuse_separation_within(data.y[order], data.x[order], start, data.terms, "felogit")
        raise NotConverged("felogit: the search still moves where it ended, though the data are not separated")
    what = f"the outcome perfectly in {rows:,} of {len(data.y):,} rows"
    raise Separation(perfect(guilty, what, "felogit", ", with the effects,"))


FAMILY = Family(
    name="felogit",
    link="logit",
    silent="never varies",
    perfect="perfectly",
    still=0.1,
    index=lambda total, rows: np.asarray(np.log((total + 0.5) / (rows - total + 0.5))),
    mean=lambda predictor: np.asarray(scipy.special.expit(predictor)),
    weight=_weight,
    value=lambda y, predictor: float(np.sum(y * predictor - np.logaddexp(0, predictor))),
    says_nothing=lambda total, rows: np.asarray((total == 0) | (total == rows)),
    endless=lambda gain, before, longest: gain < FLAT_ABSORBED and gain > before / SLOW and longest > LONG,
    refuse=_refuse,
)


@estimator(
    "felogit",
    Label(
        "FE logit",
        "logit with dyad and year effects",
        "A logit with an intercept for each dyad and year; it compares each dyad with itself, learns nothing from "
        "dyads without an onset, and is biased where a dyad has few years (Hahn and Newey 2004).",
    ),
    link="logit",
    outcome="binary",
    uses="absorbs",
    factors="some",
    fixed_effects=("dyad", "year"),
    elsewhere=("feglm", "alpaca"),
    reference="statsmodels Logit on dummies, in tests",
)
def felogit(design: ModelFrame, *, bias: Literal["none", "analytical", "splitpanel"] = "none") -> Solution:
    """Logit with an intercept for every level of any number of effects, estimated, not conditioned out.

    Levels whose outcome never varies are left out, as are rows that the effects alone predict perfectly; `rows` are
    those used. `x` and the scores are regressors within effects under the weights p (1 − p): what a coefficient moves
    in the predictor once the effects have adapted. Observed information.

    With T rows a group the estimate is off by a factor of about T/(T − 1) (2 if T = 2: Andersen 1970). `bias` is

    - "none": maximum likelihood;
    - "analytical": less its bias of order 1/T, −½ S⁻¹ Σ w′ x̃ (1/W_i + 1/W_t …) with x̃ the regressors within effects,
      w′ the derivative of w = p (1 − p) in the index, W sums of w by level and S = Σ w x̃ x̃ᵀ (Hahn and Newey 2004;
      Fernández-Val 2009, static; Fernández-Val and Weidner 2016 for several effects): regressors strictly exogenous;
    - "splitpanel": twice the estimate less the mean of those of the two halves of each group's years (Dhaene and
      Jochmans 2015), both roundings of halves averaged if a number of years is odd. The halves must be alike: with rare
      events many groups vary in one half only, see the flag.

    A corrected estimate has the scores and bread of the maximum, as both corrections are of smaller order than the
    standard error; `predictor` is that of the corrected coefficients with effects estimated again.

    Raises EstimationError if "splitpanel" has no years, or a half has no estimate, saying which; otherwise as
    `fit_within`.
    """
    fitted = fit_within(FAMILY, design)
    made = solution(FAMILY, fitted)
    if bias == "none":
        return made
    moved, flag = analytical(fitted) if bias == "analytical" else splitpanel(design, fitted)
    estimate = fitted.estimate + moved
    offset = fitted.predictor + fitted.data.x @ moved
    alone = replace(fitted.data, x=np.empty((len(offset), 0)), terms=(), start=offset)
    predictor = search(FAMILY, alone, fitted.kept).predictor
    return replace(made, estimate=estimate, predictor=predictor, flags=(*made.flags, flag))


def analytical(fitted: Fitted) -> tuple[Array, str]:
    """What to add to the estimate, (k,), as `felogit` says, and what a reader must know."""
    p = scipy.special.expit(fitted.predictor)
    weight = p * (1 - p)
    spread = np.zeros(len(p))
    for place in (number(codes)[1] for codes in fitted.kept.effects.values()):
        spread += (1 / np.bincount(place, weight))[place]
    moved: Array = 0.5 * inverse(fitted.information) @ ((weight * (1 - 2 * p) * spread) @ fitted.x)
    return moved, f"corrected for bias of order 1/T by its formula; {UNCORRECTED}"


def splitpanel(design: ModelFrame, fitted: Fitted) -> tuple[Array, str]:
    """What to add to the estimate, (k,): the estimate less the mean of the halves' estimates; and a flag."""
    if design.time is None:
        raise EstimationError("splitpanel halves the years of each group: the design has none; name the column of time")
    rows = fitted.kept.rows
    below, above = _halves(next(iter(fitted.kept.effects.values())), design.time[rows])
    splits = [below] if np.array_equal(below, above) else [below, above]
    fits = [
        _half(design, fitted, rows[half == side], f"{'second' if side else 'first'} half")
        for half in splits
        for side in (False, True)
    ]
    used = [len(f.kept.rows) for f in fits]
    flag = f"corrected for bias of order 1/T by half-panels, which use {min(used):,} to {max(used):,} rows of"
    return fitted.estimate - np.mean([f.estimate for f in fits], axis=0), f"{flag} {len(rows):,}; {UNCORRECTED}"


def _halves(group: Codes, year: Codes) -> tuple[Flags, Flags]:
    """Whether a row is in the second half of its group's years, (n,), odd numbers rounded down and up."""
    _, place = number(group)
    order, size = np.lexsort((year, place)), np.bincount(place)
    rank = np.empty(len(place), dtype=np.int64)
    rank[order] = np.arange(len(place)) - np.r_[0, np.cumsum(size)[:-1]][place[order]]
    half: Codes = size[place]
    return rank >= half // 2, rank >= (half + 1) // 2


def _half(design: ModelFrame, fitted: Fitted, rows: Codes, name: str) -> Fitted:
    """The fit to a half."""
    terms = fitted.data.terms
    columns = np.array([design.terms.index(t) for t in terms])
    effects = {n: c[rows] for n, c in design.fixed_effects.items()}
    part = replace(design, y=design.y[rows], x=design.x[np.ix_(rows, columns)], terms=terms, fixed_effects=effects)
    try:
        found = fit_within(FAMILY, part)
    except EstimationError as error:
        raise type(error)(f"splitpanel, {name} of each group's years: {error}") from error
    if found.data.dropped:
        lost = ", ".join(found.data.dropped)
        raise EstimationError(f"splitpanel: {lost} does not vary within effects in the {name} of each group's years")
    return found
