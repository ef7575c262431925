"""One linear model fitted to any number of outcomes, with standard errors of its treatment by kind of covariance."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from detente.base.errors import EstimationError, TooFewStates
from detente.base.numerics import NO_VARIANCE
from detente.base.types import Array, Codes
from detente.stats.contract import with_fixed_effects
from detente.stats.covariance import (
    FEWEST_STATES,
    Pairs,
    effective,
    leverage_adjustments,
    number,
    semidefinite,
    state_totals,
    totals,
)
from detente.stats.frame import ModelFrame
from detente.stats.kernels import products as kernel
from detente.stats.linear.regressors import inverse
from detente.stats.linear.within import Within, degrees_left, within
from detente.stats.parts import subset
from detente.stats.registry import get


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
    def groups(self) -> dict[str, int]:
        """How many rows, dyads, years and states say something, and states that are the lower, or higher one of a dyad.

        Rows that effects leave nothing of count as rows alone.
        """
        silent, year = self.data.absorber.silent, self.year
        spoken = self.pairs.dyad if silent is None else self.pairs.dyad[~silent]
        dyads, years = np.unique(spoken), np.unique(year if silent is None else year[~silent])
        low, high = np.unique(self.pairs.low[dyads]), np.unique(self.pairs.high[dyads])
        sides = {"low": len(low), "high": len(high), "states": len(np.union1d(low, high))}
        return {"rows": len(year), "dyad": len(dyads), "year": len(years), **sides}

    @cached_property
    def influence(self) -> Array:
        """What each outcome adds to the estimate of the treatment, (N,)."""
        return np.asarray(self.data.x @ self.bread[:, self.data.treatment])

    @cached_property
    def adjustments(self) -> tuple[Array, Array]:
        """What score totals of states (n, k, k) and of dyads (D, k, k) are adjusted by for leverage."""
        return leverage_adjustments(self.data.x, self.bread, self.pairs)

    @cached_property
    def degrees(self) -> dict[str, float]:
        """Degrees of freedom by kind."""
        return {kind: of(self) for kind, of in DEGREES.items()}

    @cached_property
    def effective(self) -> float:
        """Effective degrees of freedom of the treatment's dyadic variance, as `covariance.Satterthwaite` has them."""
        return effective(self.influence**2, self.pairs)


# What refits report, by name of covariance estimator, and its degrees of freedom.
DEGREES: Mapping[str, Callable[[Model], float]] = {
    "classical": lambda m: m.df,
    "hc1": lambda m: m.df,
    "dyad": lambda m: m.groups["dyad"] - 1,
    "side1+side2": lambda m: min(m.groups["low"], m.groups["high"]) - 1,
    "dyad+year": lambda m: min(m.groups["dyad"], m.groups["year"]) - 1,
    "dyadic": lambda m: m.effective,
    "dyadic(df=states)": lambda m: m.groups["states"] - 1,
    "dyadic_cr2": lambda m: m.effective,
    "jackknife": lambda m: m.effective,
    "dyadic_jackknife": lambda m: m.effective,
}
KINDS = tuple(DEGREES)


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
    model = Model(data, inverse(data.cross), pairs, number(full.factor("year"))[1], None)
    if (states := model.groups["states"]) < FEWEST_STATES:
        raise TooFewStates(f"inference from {states} states; it needs at least {FEWEST_STATES}")
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
    sandwiches, jackknife = _sandwiches(model, outcomes, estimates), (n - 1) / n * np.square(moves).sum(axis=1)
    # What a dyad has of its own, which both of its states hold: the variance clustered by dyad, without its factor. As
    # only the treatment's moves are known, this error is that before repair.
    twice = sandwiches["dyad"] ** 2 * (model.groups["dyad"] - 1) / model.groups["dyad"]
    left = np.where(jackknife > twice, jackknife - twice, math.nan)
    return Refits(estimate, sandwiches | {"jackknife": np.sqrt(jackknife), "dyadic_jackknife": np.sqrt(left)})


def _sandwiches(model: Model, outcomes: Array, estimates: Array) -> dict[str, Array]:
    """Standard errors of the treatment by kind, (B,) each, given the coefficients (B, k) of each outcome.

    Factors, repair, and what counts as no variance are those of `detente.stats.covariance`.
    """
    pairs, groups, place = model.pairs, model.groups, model.data.treatment
    left, dyads, years = model.data.absorber.residual(outcomes), len(pairs.low), int(model.year.max()) + 1
    by_dyad, by_year, lower, squares = kernel.score_totals(
        model.data.x, left, np.ascontiguousarray(estimates.T), pairs.dyad, model.year, dyads, years
    )
    flat = by_dyad.reshape(dyads, -1)
    low, high, of_state = (
        made.reshape(-1, *by_dyad.shape[1:])
        for made in (*(totals(flat, side, pairs.states) for side in (pairs.low, pairs.high)), state_totals(flat, pairs))
    )
    of_states, of_dyads = model.adjustments
    sums = {"dyad": by_dyad, "year": by_year, "low": low, "high": high}
    plain = {"rows": _symmetric(lower), **{by: _squares(total) for by, total in sums.items()}}
    grown = {by: groups[by] / (groups[by] - 1) * plain[by] for by in plain}
    differences = {
        "side1+side2": grown["low"] + grown["high"] - grown["dyad"],
        "dyad+year": grown["dyad"] + grown["year"] - grown["rows"],
        "dyadic": _squares(of_state) - _squares(pairs.between(by_dyad)),
        "dyadic_cr2": _squares(of_states @ of_state) - _squares(pairs.between(of_dyads @ by_dyad)),
    }
    meats = {"hc1": groups["rows"] / model.df * plain["rows"], "dyad": grown["dyad"], **differences}
    yardstick = NO_VARIANCE * (model.bread @ plain["rows"] @ model.bread)[:, place, place]
    found = {"classical": np.sqrt(squares / model.df * model.bread[place, place])}
    for kind, meat in meats.items():
        unrepaired = model.bread @ meat @ model.bread
        variances = np.array([semidefinite(v)[0] for v in unrepaired]) if kind in differences else unrepaired
        exists = unrepaired[:, place, place] > yardstick
        found[kind] = np.sqrt(np.where(exists, variances[:, place, place], math.nan))
    return found | {"dyadic(df=states)": found["dyadic"]}


def _squares(sums: Array) -> Array:
    """Cross-products (B, k, k) of sums (G, k, B)."""
    by_outcome = np.ascontiguousarray(np.moveaxis(sums, 2, 0))
    return np.asarray(by_outcome.transpose(0, 2, 1) @ by_outcome)


def _symmetric(lower: Array) -> Array:
    """Whole matrices (B, k, k) of their lower triangles (k, k, B)."""
    halves = np.moveaxis(lower, 2, 0)
    diagonal = halves * np.eye(len(lower))
    return np.asarray(halves + halves.transpose(0, 2, 1) - diagonal)
