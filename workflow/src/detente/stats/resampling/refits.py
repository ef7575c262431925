"""One linear model fitted to any number of outcomes, with standard errors of its treatment by kind of covariance."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from detente.base.errors import EstimationError, TooFewStates
from detente.base.numerics import NO_VARIANCE
from detente.base.types import Array, Codes, Flags
from detente.stats.contract import with_fixed_effects
from detente.stats.covariance import (
    FEWEST_STATES,
    Pairs,
    cross_products,
    effective,
    leverage_adjustments,
    number,
    repaired,
    state_totals,
    totals,
)
from detente.stats.frame import ModelFrame
from detente.stats.kernels import partial
from detente.stats.kernels import products as kernel
from detente.stats.kernels.partial import Explained
from detente.stats.linear.regressors import inverse
from detente.stats.linear.within import Within, degrees_left, projected, within
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

    def runs(self, count: int) -> Iterator["Refits"]:
        """Those of so many outcomes at a time."""
        for start in range(0, len(self.estimate), count):
            here = slice(start, start + count)
            yield Refits(self.estimate[here], {kind: errors[here] for kind, errors in self.errors.items()})


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


@dataclass(frozen=True)
class Less:
    """What is taken off: `values` (N, E), their `products` (E, k) with x, and x beside them, both within effects."""

    values: Array
    products: Array
    beside: Array

    @classmethod
    def of(cls, model: Model, values: Array) -> "Less":
        """Make values (N, E) ready to be taken off."""
        x = model.data.x
        return cls(values, values.T @ x, np.column_stack([x, model.data.absorber.residual(values)]))


def refit(model: Model, outcomes: Array | Flags, kinds: Collection[str] = KINDS, less: Less | None = None) -> Refits:
    """Fit each column of `outcomes` (N, B), numbers or flags; standard errors of those `kinds`.

    `less`: values (N, E) that are taken off, each off B / E columns side by side.
    """
    made = _Sums(model, outcomes, less or Less.of(model, np.zeros((len(outcomes), 1))))
    return Refits(made.estimates[:, model.data.treatment], {kind: made.error(kind) for kind in kinds})


@dataclass(frozen=True)
class _Sums:
    """Sums of scores of B outcomes (N, B), numbers or flags, what is taken off them `less`, made when they are needed.

    Factors, repair, and what counts as no variance are those of `detente.stats.covariance`.
    """

    model: Model
    outcomes: Array | Flags
    less: Less
    meats: dict[str, Array] = field(default_factory=dict)

    def error(self, kind: str) -> Array:
        """Standard errors of the treatment, (B,); missing where there is none."""
        kind = SAME.get(kind, kind)
        return self.moved(kind) if kind in MOVES else self.sandwich(kind)

    def moved(self, kind: str) -> Array:
        """Those from the moves of the estimate without each state."""
        model, n = self.model, self.model.pairs.states
        if model.moves is None:
            return np.full(len(self.estimates), math.nan)
        jackknife = (n - 1) / n * self.squared_moves
        if kind == "jackknife":
            return np.asarray(np.sqrt(jackknife))
        # What a dyad has of its own, which both of its states hold: the variance clustered by dyad, without its factor.
        # As only the treatment's moves are known, this error is that before repair.
        twice = self.sandwich("dyad") ** 2 * (model.groups["dyad"] - 1) / model.groups["dyad"]
        return np.asarray(np.sqrt(np.where(jackknife > twice, jackknife - twice, math.nan)))

    def sandwich(self, kind: str) -> Array:
        """Those from a meat between breads."""
        bread, place = self.model.bread, self.model.data.treatment
        if kind == "classical":
            return np.asarray(np.sqrt(self.squares.sum(axis=0) / self.model.df * bread[place, place]))
        unrepaired = bread @ MEATS[kind](self) @ bread
        variances = repaired(unrepaired)[0] if kind in DIFFERENCES else unrepaired
        exists = unrepaired[:, place, place] > NO_VARIANCE * self.by_dyad[1]
        return np.asarray(np.sqrt(np.where(exists, variances[:, place, place], math.nan)))

    @cached_property
    def estimates(self) -> Array:
        """Coefficients (B, k)."""
        return (projected(self.model.data.x, self.outcomes) - self._each(self.less.products)) @ self.model.bread

    def _each(self, of_values: Array) -> Array:
        """What belongs to values that are taken off (E, .), for each outcome (B, .)."""
        return np.repeat(of_values, self.outcomes.shape[1] // len(of_values), axis=0)

    @cached_property
    def _residual(self) -> tuple[Array | Flags, Explained, Array, Array]:
        """What residuals are made of: outcomes, what effects explain of them, what is taken off, and its slopes."""
        taken = np.concatenate([self.estimates, self._each(np.eye(len(self.less.products)))], axis=1)
        explained = self.model.data.absorber.explained(self.outcomes)
        return self.outcomes, explained, self.less.beside, np.ascontiguousarray(taken.T)

    @cached_property
    def squares(self) -> Array:
        """Squared residuals (N, B)."""
        left: Array = np.empty(self.outcomes.shape)
        partial.residuals(*self._residual, left)
        return np.square(left, out=left)

    @cached_property
    def squared_moves(self) -> Array:
        """Sums (B,) of the squared moves of the estimate without each state."""
        assert self.model.moves is not None
        moved = projected(self.model.moves, self.outcomes) - self._each(projected(self.model.moves, self.less.values))
        return np.asarray(np.square(moved).sum(axis=1))

    @cached_property
    def by_dyad(self) -> tuple[Array, Array]:
        """Totals (D, k, B) of scores by dyad, and the variance (B,) of the treatment if rows are independent."""
        return self._totals(self.model.pairs.dyad, len(self.model.pairs.low))

    @cached_property
    def of_state(self) -> Array:
        """Totals (n, k, B) of all dyads of each state."""
        return self._of_dyads(lambda flat: state_totals(flat, self.model.pairs))

    def grown(self, by: str) -> Array:
        """Meat (B, k, k) of sums by groups, in the factor of their number; "rows" are groups of their own."""
        if by not in self.meats:
            self.meats[by] = self._grown(by)
        return self.meats[by]

    def _grown(self, by: str) -> Array:
        pairs, count = self.model.pairs, self.model.groups[by]
        if by == "rows":
            meat = _symmetric(kernel.score_products(self.model.data.x, self.squares))
        elif by == "year":
            meat = cross_products(self._totals(self.model.year, int(self.model.year.max()) + 1)[0])
        elif by == "dyad":
            meat = cross_products(self.by_dyad[0])
        else:
            side = pairs.low if by == "low" else pairs.high
            meat = cross_products(self._of_dyads(lambda flat: totals(flat, side, pairs.states)))
        return np.asarray(count / (count - 1) * meat)

    def _totals(self, group: Codes, groups: int) -> tuple[Array, Array]:
        count = self.outcomes.shape[1]
        totals, squares = np.zeros((groups, self.model.data.x.shape[1], count)), np.zeros(count)
        sums = (np.ascontiguousarray(group, dtype=np.int64), totals, self.model.influence**2, squares)
        partial.scores(*self._residual, sums)
        return totals, squares

    def _of_dyads(self, summed: Callable[[Array], Array]) -> Array:
        made = self.by_dyad[0]
        return summed(made.reshape(len(made), -1)).reshape(-1, *made.shape[1:])


def _dyadic(sums: _Sums) -> Array:
    return cross_products(sums.of_state) - cross_products(sums.model.pairs.between(sums.by_dyad[0]))


def _dyadic_cr2(sums: _Sums) -> Array:
    of_states, of_dyads = sums.model.adjustments
    return cross_products(of_states @ sums.of_state) - cross_products(
        sums.model.pairs.between(of_dyads @ sums.by_dyad[0])
    )


MEATS: Mapping[str, Callable[[_Sums], Array]] = {
    "hc1": lambda s: (s.model.groups["rows"] - 1) / s.model.df * s.grown("rows"),
    "dyad": lambda s: s.grown("dyad"),
    "side1+side2": lambda s: s.grown("low") + s.grown("high") - s.grown("dyad"),
    "dyad+year": lambda s: s.grown("dyad") + s.grown("year") - s.grown("rows"),
    "dyadic": _dyadic,
    "dyadic_cr2": _dyadic_cr2,
}
# Meats that are differences, and may need repair.
DIFFERENCES = frozenset(MEATS) - {"hc1", "dyad"}
MOVES = ("jackknife", "dyadic_jackknife")
# What differs in its degrees of freedom alone.
SAME = {"dyadic(df=states)": "dyadic"}


def _symmetric(lower: Array) -> Array:
    """Whole matrices (B, k, k) of their lower triangles (k, k, B)."""
    halves = np.moveaxis(lower, 2, 0)
    diagonal = halves * np.eye(len(lower))
    return np.asarray(halves + halves.transpose(0, 2, 1) - diagonal)
