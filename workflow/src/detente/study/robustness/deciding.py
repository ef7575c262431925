"""What would decide: how much more of a record brings the detectable effect down to the smallest effect of interest.

Years, dyads, states and onsets grow alone, each by a factor m. What that does to the variance V of the estimate and to
its degrees of freedom is measured where the record shows it, and else assumed; `docs/verdicts.md` derives it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import scipy

from detente.base.errors import EstimationError, NoDyads
from detente.base.frames import Column, FrameSchema, count, number, text
from detente.base.numbering import intersect
from detente.base.numerics import critical, detectable
from detente.base.types import Array
from detente.stats import Fit, ModelFrame, get
from detente.stats.effects import risk_without_treatment
from detente.study.estimation import NO_BASE_RISK, as_risk
from detente.study.robustness.contributions import Contributions, contributions

# Numbers of blocks that the years are cut into, and the fewest years of one.
PARTS, FEWEST_YEARS = (1, 2, 3), 5
# The largest factor that is looked for.
FARTHEST = 1e6
SHARED = "what the dyads of a state share does not shrink"
CERTAIN = "more onsets than there are treated dyad-years"

RESOURCES = ("years", "dyads", "states", "onsets")
DECIDING = FrameSchema(
    "deciding",
    {
        "resource": Column("str", "what grows, all else of the record held", allowed=RESOURCES),
        "have": count("how many of it the headline's observations have; of dyads and their states, those that switch"),
        "mde": number("minimum detectable effect", low=0),
        "smallest_effect": number("smallest effect of interest", low=0),
        "multiple": number("how many times as many bring the first down to the second", low=1),
        "basis": Column("str", "of the law by which the variance shrinks", allowed=("measured", "derived", "assumed")),
        "shrinking": number("of years, dyads: observed share of the variance that shrinks as 1/m"),
        "shrinking_error": number("its standard error, of years", low=0),
        "limit": text("why no number is enough"),
    },
    key=("resource",),
    checks={"a number, or a reason why not": lambda f: f["multiple"].notna() | (f["limit"] != "")},
)


@dataclass(frozen=True)
class Growth:
    """How the variance shrinks as years grow by m: a `share` as 1/m, the rest as 1/m²; the `error` of that share.

    Within effects of dyads the information in T years is of order T (1 − c/T), and sums of autocovariances, if these
    fade, lose at the ends of the record as much again: so T·V is linear in 1/T up to its square.
    """

    share: float = 1.0
    error: float = math.nan

    @property
    def contradicted(self) -> bool:
        """Whether the record contradicts, at 5 %, that the variance shrinks as 1/m, by a law that falls throughout."""
        return abs(self.share - 1) > critical(math.inf) * self.error and 0 < self.share < 2


@dataclass(frozen=True)
class Headline:
    """What decides what a headline can find: standard error, degrees of freedom, and the effect that is to be found."""

    error: float
    df: float
    smallest: float

    @property
    def detectable(self) -> float:
        """The minimum detectable effect."""
        return detectable(self.df) * self.error

    @property
    def lacking(self) -> float:
        """How many times smaller the variance has to be, its degrees of freedom held."""
        return (self.detectable / self.smallest) ** 2

    def years(self, growth: Growth) -> dict[str, Any]:
        """More years of the same dyads, and so the same degrees of freedom: as 1/m, unless that is contradicted."""
        w = growth.share if growth.contradicted else 1.0
        found = _crossing(lambda m: self.lacking * (w / m + (1 - w) / m**2) - 1)
        basis = "measured" if growth.contradicted else "assumed"
        return {"multiple": found, "basis": basis, "shrinking": growth.share, "shrinking_error": growth.error}

    def dyads(self, made: Contributions) -> dict[str, Any]:
        """More dyads of the same states: of V, what is of single dyads shrinks, what dyads of a state share does not.

        Of degrees of freedom 1 / (Σ A_i² − Σ B_d²), A and B shares of information by state and dyad, the second sum
        shrinks too.
        """
        found_share = made.own / made.variance
        own = min(found_share, 1.0)
        by_state = float(np.square(made.by_state(made.information)).sum())
        by_dyad = float(np.square(made.pairs.between(made.information)).sum())

        def lacking(m: float) -> float:
            df = self.df * (by_state - by_dyad) / (by_state - by_dyad / m)
            return detectable(df) * self.error * math.sqrt(own / m + 1 - own) - self.smallest

        found = _crossing(lacking)
        limit = SHARED if math.isnan(found) else ""
        return {"multiple": found, "basis": "derived", "shrinking": found_share, "limit": limit}

    def states(self) -> dict[str, Any]:
        """More states, each with as many dyads: V shrinks as 1/m, and degrees of freedom grow as m."""
        found = _crossing(lambda m: detectable(self.df * m) * self.error / math.sqrt(m) - self.smallest)
        return {"multiple": found, "basis": "derived"}

    def onsets(self, risk: float, base: float) -> dict[str, Any]:
        """Every risk m times as high: V grows as mp(1 − mp), and the smallest effect of interest as m."""
        found = self.lacking / (1 - risk + self.lacking * risk)
        certain = found * base > 1
        return {"multiple": math.nan if certain else found, "basis": "derived", "limit": CERTAIN if certain else ""}


def deciding(whole: Fit, smallest_effect: float) -> pd.DataFrame:
    """One row per thing that could grow, as `DECIDING`: how often the record would have to hold it.

    `whole`: the headline, an LPM with dyad and year effects; `smallest_effect`: of interest, over base risk.
    Raises EstimationError if the treatment has no variance or no base risk; NoDyads if rows are not dyad-years.
    """
    design, place = whole.design, whole.solution.treatment
    if design.time is None:
        raise NoDyads("rows have no year")
    error, df = float(whole.std_errors[place]), float(whole.df[place])
    made = contributions(design, whole.solution)
    if not (math.isfinite(error) and made.variance > 0):
        raise EstimationError("the dyadic covariance leaves the treatment no variance that could shrink")
    base = as_risk(risk_without_treatment(whole.solution, design.y, design.treatment).value)
    if math.isnan(base):
        raise EstimationError(f"{NO_BASE_RISK}: there is no smallest effect of interest to find")
    headline = Headline(error, df, smallest_effect * base)
    rows = {
        "years": headline.years(growth_of_years(whole)),
        "dyads": headline.dyads(made),
        "states": headline.states(),
        "onsets": headline.onsets(float(design.y.mean()), base),
    }
    have = _held(design)
    common = {"mde": headline.detectable, "smallest_effect": headline.smallest, "limit": ""}
    return DECIDING.frame(common | {"resource": name, "have": have[name]} | _floored(row) for name, row in rows.items())


def _floored(row: Mapping[str, Any]) -> dict[str, Any]:
    """No less than the record itself."""
    return {**row, "multiple": max(row["multiple"], 1.0) if math.isfinite(row["multiple"]) else math.nan}


def _held(design: ModelFrame) -> dict[str, int]:
    """What the record holds of each; of dyads and their states, those that are treated in some years and not in all."""
    pairs, treated = design.pairs, design.treatment > 0
    treated_share = np.bincount(pairs.dyad, treated) / np.bincount(pairs.dyad)
    switching = (treated_share > 0) & (treated_share < 1)
    return {
        "years": len(np.unique(design.factor("year"))),
        "dyads": int(switching.sum()),
        "states": len(np.union1d(pairs.low[switching], pairs.high[switching])),
        "onsets": int(design.y.sum()),
    }


def _crossing(lacking: Callable[[float], float]) -> float:
    """The factor at which what is lacking, which falls as it grows, is none; missing where it never is."""
    if lacking(1.0) <= 0:
        return 1.0
    if lacking(FARTHEST) > 0:
        return math.nan
    return float(np.exp(scipy.optimize.brentq(lambda log: lacking(math.exp(log)), 0.0, math.log(FARTHEST))))


def growth_of_years(whole: Fit) -> Growth:
    """The law by which the variance shrinks, from blocks of years: the whole record, its halves and its thirds.

    V of a block of T/k years over k V of the whole is 1 + (1 − share)(k − 1): the slope by least squares, its error by
    the jackknife over states, each left out of all blocks at once. As if years were independent where blocks are too
    short, or some variance is not positive.
    """
    logs = [_in_parts(whole, parts) for parts in PARTS]
    found = [(k - 1, log - math.log(k)) for k, log in zip(PARTS, logs, strict=True) if log is not None]
    if len(found) < 2 or logs[0] is None:
        return Growth()
    k, log = np.array([k for k, _ in found]), np.stack([log for _, log in found])
    shares = 1 - k @ (np.exp(log - log[0]) - 1) / (k @ k)
    without = shares[1:]
    n = len(without)
    return Growth(float(shares[0]), math.sqrt((n - 1) / n * float(np.square(without - without.mean()).sum())))


def _in_parts(whole: Fit, parts: int) -> Array | None:
    """Log variance of an estimate from one block of years, of so many, (1 + n,): as it is, and without each state.

    One model of all rows with effects of their own in each block, so that blocks that say little count for little: its
    variance, products of rows of different blocks left out, is that of a typical block over their number. None where
    blocks are too short, the treatment does not vary in them, a state holds all information, or a variance is not
    positive.
    """
    design = whole.design
    years, year = np.unique(design.factor("year"), return_inverse=True)
    if parts > 1 and len(years) // parts < FEWEST_YEARS:
        return None
    block = np.repeat(np.arange(parts), [len(part) for part in np.array_split(years, parts)])[year]
    own = {name: intersect(codes, block) for name, codes in design.fixed_effects.items()}
    cut = replace(design, fixed_effects=own)
    try:
        solution = whole.solution if parts == 1 else get(whole.estimator).fit(cut)
    except EstimationError:
        return None
    pieces = [contributions(cut, solution, block == place) for place in range(parts)]
    left = 1 - np.sum([piece.by_state(piece.information) for piece in pieces], axis=0)
    if (left <= 0).any():
        return None
    without = np.sum([piece.without_each_state() for piece in pieces], axis=0) / left**2
    variance = sum(piece.variance for piece in pieces)
    every = parts * np.concatenate([[variance], without])
    return np.log(every) if (every > 0).all() else None
