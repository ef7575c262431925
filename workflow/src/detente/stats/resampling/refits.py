"""One linear model fitted to any number of outcomes, with standard errors of its treatment by kind of covariance."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from detente.base.errors import EstimationError, TooFewStates
from detente.base.numerics import NO_VARIANCE
from detente.base.types import Array, Codes
from detente.stats.contract import with_fixed_effects
from detente.stats.covariance import FEWEST_STATES, Pairs, number, semidefinite, totals
from detente.stats.frame import ModelFrame
from detente.stats.jackknife import subset
from detente.stats.kernels import products as kernel
from detente.stats.linear.regressors import inverse
from detente.stats.linear.within import Within, degrees_left, within
from detente.stats.registry import get

# Names of recipes, as `detente.stats.covariance` has them.
KINDS = ("classical", "hc1", "dyad", "side1+side2", "dyad+year", "dyadic", "jackknife")
# Differences of sums of squares, which may need repair.
DIFFERENCES = ("side1+side2", "dyad+year", "dyadic")


@dataclass(frozen=True)
class Model:
    """The LPM with dyad and year effects of one design: N rows, k terms, n states.

    `data` regressors within effects, (N, k); `bread` (k, k); `pairs` and `year` (N,) of the rows; `moves` (N, n)
    weights of an outcome in the moves of the estimate without each state in turn, None where one has no estimate.
    """

    data: Within
    bread: Array
    pairs: Pairs
    year: Codes
    moves: Array | None

    @cached_property
    def df(self) -> int:
        """Rows less parameters, N − K."""
        return degrees_left(len(self.data.x), len(self.data.terms), self.data.absorber.parameters)

    @cached_property
    def years(self) -> int:
        """Number of years."""
        return int(self.year.max()) + 1

    @cached_property
    def sides(self) -> tuple[int, int]:
        """How many states are the lower, and how many the higher one of some dyad."""
        return len(np.unique(self.pairs.low)), len(np.unique(self.pairs.high))

    @cached_property
    def influence(self) -> Array:
        """What each outcome adds to the estimate of the treatment, (N,)."""
        return np.asarray(self.data.x @ self.bread[:, self.data.treatment])

    @cached_property
    def degrees(self) -> dict[str, float]:
        """Degrees of freedom by kind."""
        states, dyads = self.pairs.states - 1, len(self.pairs.low) - 1
        made = {"classical": self.df, "hc1": self.df, "dyad": dyads, "side1+side2": min(self.sides) - 1}
        return {**made, "dyad+year": min(dyads, self.years - 1), "dyadic": states, "jackknife": states}

    @cached_property
    def satterthwaite(self) -> float:
        """Degrees of freedom of the dyadic variance V of the treatment, 2 E(V)² / Var(V), were rows normal and alike.

        With weights z, E = σ²Σz² and Var = 2σ⁴ Σ z_r² z_s² over all pairs of rows that share a state: Satterthwaite's
        approximation as Bell and McCaffrey (2002) have it for clusters, the fit's own leverage left out.
        """
        squares = (self.influence**2)[:, None]
        by_dyad = totals(squares, self.pairs.dyad, len(self.pairs.low))
        by_state = sum(totals(by_dyad, side, self.pairs.states) for side in (self.pairs.low, self.pairs.high))
        return float(squares.sum() ** 2 / (np.square(by_state).sum() - np.square(by_dyad).sum()))


@dataclass(frozen=True)
class Refits:
    """Estimates of B outcomes, (B,), and their standard errors by kind, (B,) each; NaN where none exists."""

    estimate: Array
    errors: Mapping[str, Array]


def prepared(design: ModelFrame, *, jackknife: bool = True) -> Model:
    """Absorb and invert what all outcomes share; the jackknife costs a fit a state, and 4 bytes a row and state.

    Raises NoVariation, RankDeficient, EstimationError, TooFewStates if the model cannot be fitted, or there are fewer
    than five states.
    """
    full = with_fixed_effects(design, get("lpm"))
    data, pairs = within(full), design.pairs
    if pairs.states < FEWEST_STATES:
        raise TooFewStates(f"inference from {pairs.states} states; it needs at least {FEWEST_STATES}")
    model = Model(data, inverse(data.cross), pairs, number(full.factor("year"))[1], None)
    try:
        return replace(model, moves=leave_out(full, model)) if jackknife else model
    except EstimationError:
        return model


def leave_out(design: ModelFrame, model: Model) -> Array:
    """Weights (N, n) of outcomes in the moves of the estimate without each state.

    A control that no longer varies without a state is left out there, which the jackknife of a study refuses. In single
    precision: what that adds is a ten-millionth of a standard error.

    Raises EstimationError if the treatment has no estimate without some state.
    """
    pairs = model.pairs
    weights = np.repeat(-model.influence.astype(np.float32)[:, None], pairs.states, axis=1)
    for state in range(pairs.states):
        kept = np.flatnonzero((pairs.low[pairs.dyad] != state) & (pairs.high[pairs.dyad] != state))
        part = within(subset(design, kept))
        weights[kept, state] += part.x @ inverse(part.cross)[:, part.treatment]
    return weights


def refit(model: Model, outcomes: Array) -> Refits:
    """Fit each column of `outcomes` (N, B)."""
    estimates = kernel.project(model.data.x, outcomes) @ model.bread
    n, estimate = model.pairs.states, estimates[:, model.data.treatment]
    moves = np.full((len(estimate), n), math.nan) if model.moves is None else kernel.project(model.moves, outcomes)
    jackknife = np.sqrt((n - 1) / n * np.square(moves).sum(axis=1))
    return Refits(estimate, {**_sandwiches(model, outcomes, estimates), "jackknife": jackknife})


def _sandwiches(model: Model, outcomes: Array, estimates: Array) -> dict[str, Array]:
    """Standard errors of the treatment by kind, (B,) each, given the coefficients (B, k) of each outcome.

    The recipes are those of `detente.stats.covariance`: factors, repair, and what counts as no variance.
    """
    pairs, x, place = model.pairs, model.data.x, model.data.treatment
    left, dyads, years = model.data.absorber.residual(outcomes), len(pairs.low), model.years
    by_dyad, by_year, lower, squares = kernel.score_totals(
        x, left, np.ascontiguousarray(estimates.T), pairs.dyad, model.year, dyads, years
    )
    rows = len(left)
    low, high = (totals(by_dyad.reshape(dyads, -1), side, pairs.states) for side in (pairs.low, pairs.high))
    by_low, by_high = (side.reshape(-1, *by_dyad.shape[1:]) for side in (low, high))
    alone, dyad = _symmetric(lower), _squares(by_dyad)
    first, second = (_grown(_squares(s), n) for s, n in zip((by_low, by_high), model.sides, strict=True))
    meats = {
        "hc1": rows / model.df * alone,
        "dyad": _grown(dyad, dyads),
        "side1+side2": first + second - _grown(dyad, dyads),
        "dyad+year": _grown(dyad, dyads) + _grown(_squares(by_year), years) - _grown(alone, rows),
        "dyadic": _squares(by_low + by_high) - dyad,
    }
    yardstick = NO_VARIANCE * (model.bread @ alone @ model.bread)[:, place, place]
    found = {"classical": np.sqrt(squares / model.df * model.bread[place, place])}
    for kind, meat in meats.items():
        unrepaired = model.bread @ meat @ model.bread
        variances = np.array([semidefinite(v)[0] for v in unrepaired]) if kind in DIFFERENCES else unrepaired
        exists = unrepaired[:, place, place] > yardstick
        found[kind] = np.sqrt(np.where(exists, variances[:, place, place], math.nan))
    return found


def _squares(sums: Array) -> Array:
    """Cross-products (B, k, k) of sums (G, k, B)."""
    by_outcome = np.ascontiguousarray(np.moveaxis(sums, 2, 0))
    return np.asarray(by_outcome.transpose(0, 2, 1) @ by_outcome)


def _symmetric(lower: Array) -> Array:
    """Whole matrices (B, k, k) of their lower triangles (k, k, B)."""
    halves = np.moveaxis(lower, 2, 0)
    diagonal = halves * np.eye(len(lower))
    return np.asarray(halves + halves.transpose(0, 2, 1) - diagonal)


def _grown(meat: Array, groups: int) -> Array:
    """Times G/(G − 1)."""
    return groups / (groups - 1) * meat
