"""From a solution and its design to what covariances are made from, and to the jackknife, which fits again."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np

from detente.base.errors import EstimationError, NoDyads, TooFewStates, UnsupportedCovariance, choices
from detente.base.numbering import Pairs, nested, number, number_dyads
from detente.base.numerics import TINY
from detente.base.types import Array, Codes
from detente.stats.contract import Estimator, Solution
from detente.stats.covariance import (
    FACTORS,
    FEWEST_STATES,
    KINDS,
    OF_STATES,
    Covariance,
    Information,
    SandwichParts,
    Vcov,
    cluster_meat,
    effects_leverage,
    of_rows,
    of_states,
    parse,
    semidefinite,
)
from detente.stats.frame import ModelFrame
from detente.stats.links import Curve

# Kinds that refit any estimator, so that none has to declare them.
REFITTED = frozenset(kind for kind, make in KINDS.items() if make is None)


def sandwich_parts(design: ModelFrame, solution: Solution) -> SandwichParts:
    """SandwichParts for the rows that the solution uses; dyads and factors are numbered when asked for."""
    if solution.turned is not None:
        return replace(sandwich_parts(design, solution.turned.solution), back=solution.turned.back)
    linear = solution.link == "identity"

    def used(codes: Codes) -> Codes:
        return codes if solution.rows is None else codes[solution.rows]

    effects = {name: used(codes) for name, codes in design.fixed_effects.items()} if solution.absorbed else {}
    share = solution.absorbed / len(solution.scores)
    return SandwichParts(
        scores=solution.scores,
        bread=solution.bread,
        dispersion=solution.dispersion,
        x=solution.x if linear else None,
        absorbed=solution.absorbed,
        fixed_effects=effects,
        linear=linear,
        pairs=lambda: used_pairs(design, solution),
        factor=lambda name: used(design.factor(name)),
        effect_leverage=lambda: effects_leverage(list(effects.values())) if effects else share,
        silent=solution.silent,
        information=information_of(solution),
    )


def information_of(solution: Solution) -> Information:
    """What a solution says, else of a linear model its regressors', of one with a predictor under working weights.

    Working weights are slope² / variance of the mean outcome, which the link says: p (1 − p) of a 0 or 1, the mean of a
    count. A model of several equations has no such weights: squares of its scores stand for them.
    """
    x = solution.scores.x
    if solution.information is not None:
        return solution.information
    if solution.link == "identity" or solution.scores.residual is None:
        return Information(x)
    if solution.predictor is None:
        return Information(solution.scores.whole)
    curve = Curve(solution.link, solution.predictor)
    variance = curve.mean if solution.link == "log" else np.maximum(curve.mean * (1 - curve.mean), TINY)
    return Information(x, curve.slope**2 / variance)


def used_pairs(design: ModelFrame, solution: Solution) -> Pairs:
    """Dyads of the rows that the solution uses, and their states."""
    rows = solution.rows
    if rows is None or design.side1 is None or design.side2 is None:
        return design.pairs
    return number_dyads(design.side1[rows], design.side2[rows])


def factors_of(design: ModelFrame) -> tuple[str, ...]:
    """Names that `ModelFrame.factor` knows."""
    sides = () if design.side1 is None else ("dyad", "side1", "side2")
    year = () if design.time is None else ("year",)
    return (*design.fixed_effects, *design.clusters, *sides, *year)


def read(name: str | Vcov, design: ModelFrame, estimator: Estimator) -> Vcov:
    """The covariance estimator of a name, if design and estimator have what it needs.

    Raises UnsupportedCovariance if the name is not known, or the estimator does not support its kind; NoDyads if it
    goes by dyads and the rows are none.
    """
    factors = factors_of(design)
    vcov = parse(name, (*factors, *FACTORS))
    declared = estimator.covariances | REFITTED
    clustered = bool({"cluster", "dyad"} & declared)
    if vcov.kind not in declared and not (vcov.kind == "cluster" and clustered):
        legal = {k for k in KINDS if k in declared and k != "cluster"} | (set(factors) if clustered else set())
        joined = " (factors may be joined by '+')" if clustered else ""
        raise UnsupportedCovariance(
            f"estimator {estimator.name!r} does not support covariance {vcov.name!r}; "
            f"{choices(vcov.name, legal)}{joined}"
        )
    by_sides = {"dyad", "side1", "side2"} & set(vcov.factors) - set(factors)
    if design.side1 is None and (by_sides or vcov.kind in OF_STATES):
        raise NoDyads(f"{vcov.name!r} needs rows with two sides: name their two columns, dyadic(side1, side2)")
    _refuse_split_groups(vcov, design, estimator)
    return vcov


def _refuse_split_groups(vcov: Vcov, design: ModelFrame, estimator: Estimator) -> None:
    """Scores of a model of whole groups have a meaning only summed over each."""
    if estimator.uses not in ("groups", "conditions") or not design.fixed_effects:
        return
    name, group = next(iter(design.fixed_effects.items()))
    for factor in {"dyadic": ("dyad",), "cluster": vcov.factors}.get(vcov.kind, ()):
        if not nested(group, design.factor(factor)):
            raise UnsupportedCovariance(
                f"estimator {estimator.name!r} needs clusters of whole groups of {name!r}, which {factor!r} splits"
            )


def jackknife(
    design: ModelFrame, estimate: Callable[[ModelFrame], Solution], solution: Solution, vcov: Vcov, ssc: str = "detente"
) -> Covariance:
    """(n − 1)/n · Σ_g (b₍g₎ − b)(b₍g₎ − b)ᵀ over the n states g, each left out with all its dyads.

    Where the double sum of the dyadic-robust covariance is ΣUUᵀ − ΣSSᵀ (U by state, S by dyad), this has ΣUUᵀ alone:
    it is positive semi-definite and larger, up to √2 in the standard error if only rows of one dyad depend on each
    other. It costs one fit a state. Delete-a-group jackknife on the nodes of a network: Frank and Snijders (1994). Of
    the kind "dyadic_jackknife", the variance clustered by dyad, ΣSSᵀ, is taken off, as the double sum does.

    `estimate`: the estimator with its options; `solution` its fit to the whole design.
    Raises NoDyads, TooFewStates if the rows are no dyads, or of fewer than five states; EstimationError if the model
    without some state has no estimate, naming the state.
    """
    states, _ = states_of(design, "jackknife")
    bare = replace(design, clusters={})
    moves = np.array([_without(bare, estimate, solution, int(state)) for state in states])
    unrepaired = (len(states) - 1) / len(states) * (moves.T @ moves)
    given = sandwich_parts(design, solution)
    _, degrees, words = of_states(vcov, given, ssc, "jackknife")
    named = f"jackknife over {len(states)} states, factor (n−1)/n"
    if vcov.kind == "dyadic_jackknife":
        pairs = given.pairs()
        twice = pairs.two[pairs.dyad]
        meat = cluster_meat(of_rows(given.scores).of(twice), pairs.dyad[twice])[0]
        unrepaired = unrepaired - given.left @ meat @ given.right
        named += ", less the variance clustered by dyad"
    matrix, repair = semidefinite(unrepaired)
    independent = given.left @ of_rows(given.scores).gram @ given.right
    return Covariance(matrix, unrepaired, independent, vcov.name, degrees, f"{named}, {words}", repair)


def states_of(design: ModelFrame, what: str) -> tuple[Codes, Codes]:
    """States (n,), and the numbers (2, N) of the two of each row, for a jackknife or bootstrap over states.

    Raises NoDyads, TooFewStates if the rows are no dyads, or of fewer than five states.
    """
    if design.side1 is None or design.side2 is None:
        raise NoDyads(f"a {what} over states needs rows with two sides: name their two columns, dyadic(side1, side2)")
    states, ends = number(np.concatenate([design.side1, design.side2]))
    if len(states) < FEWEST_STATES:
        raise TooFewStates(f"{what} over {len(states)} states; it needs at least {FEWEST_STATES}")
    return states, ends.reshape(2, -1)


def _without(design: ModelFrame, estimate: Callable[[ModelFrame], Solution], solution: Solution, state: int) -> Array:
    kept = np.flatnonzero((design.side1 != state) & (design.side2 != state))
    try:
        found = estimate(subset(design, kept))
    except EstimationError as error:
        raise type(error)(f"jackknife without state {state}: {error}") from error
    if found.terms != solution.terms:
        lost = ", ".join(set(solution.terms) - set(found.terms))
        raise EstimationError(f"jackknife without state {state}: {lost} no longer has an estimate")
    return np.asarray(found.estimate - solution.estimate)


def subset(design: ModelFrame, kept: Codes) -> ModelFrame:
    """The design of some of its rows."""

    def part(value: Any) -> Any:
        return value[kept] if isinstance(value, np.ndarray) else {name: codes[kept] for name, codes in value.items()}

    names = [f.name for f in fields(design)]
    by_row = {n: getattr(design, n) for n in names if n not in ("terms", "endogenous", "attrition")}
    return replace(design, **{n: part(v) for n, v in by_row.items() if v is not None})
