"""The jackknife over states: how far the estimate moves if one state, with all its dyads, had never been there."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from detente.base.errors import EstimationError, NoDyads, TooFewStates
from detente.base.types import Array, Codes
from detente.stats.contract import Solution
from detente.stats.covariance import FEWEST_STATES, Covariance, number
from detente.stats.covariance import ssc as corrections
from detente.stats.frame import ModelFrame


def jackknife(
    design: ModelFrame, estimate: Callable[[ModelFrame], Solution], solution: Solution, ssc: str = "detente"
) -> Covariance:
    """(n − 1)/n · Σ_g (b₍g₎ − b)(b₍g₎ − b)ᵀ over the n states g, each left out with all its dyads.

    Where the double sum of the dyadic-robust covariance is ΣUUᵀ − ΣSSᵀ (U by state, S by dyad), this has ΣUUᵀ alone:
    it is positive semi-definite and larger, up to √2 in the standard error if only rows of one dyad depend on each
    other. It costs one fit a state. Delete-a-group jackknife on the nodes of a network: Frank and Snijders (1994).

    `estimate`: the estimator with its options; `solution` its fit to the whole design.
    Raises NoDyads, TooFewStates if the rows are no dyads, or of fewer than five states; EstimationError if the model
    without some state has no estimate, naming the state.
    """
    states, _ = states_of(design, "jackknife")
    bare = replace(design, clusters={})
    moves = np.array([_without(bare, estimate, solution, int(state)) for state in states])
    matrix = (len(states) - 1) / len(states) * (moves.T @ moves)
    df = corrections.dyadic_degrees(ssc, len(states), linear=solution.link == "identity")
    said = f"jackknife over {len(states)} states, factor (n−1)/n, {corrections.said(df)}"
    return Covariance(matrix, matrix, solution.scores.sandwiched(solution.bread), "jackknife", df, said, "")


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


def subset(design: ModelFrame, kept: npt.NDArray[np.int64]) -> ModelFrame:
    """The design of some of its rows."""

    def part(value: Any) -> Any:
        return value[kept] if isinstance(value, np.ndarray) else {name: codes[kept] for name, codes in value.items()}

    names = [f.name for f in fields(design)]
    by_row = {n: getattr(design, n) for n in names if n not in ("terms", "endogenous", "attrition")}
    return replace(design, **{n: part(v) for n, v in by_row.items() if v is not None})
