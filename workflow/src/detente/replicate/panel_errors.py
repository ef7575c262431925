"""Covariances that published panels use and no study here does: Driscoll and Kraay's, and panel-corrected errors.

Named in `vcov`: "driscoll_kraay(3)" with its lags, "pcse(country)" with the unit. Both are of linear models with time.
Statistics have the normal distribution, or t with the degrees of freedom that "df=40" as a further word says.
"""

import math
import re
from collections.abc import Callable, Mapping

import numpy as np

from detente.base.errors import UnsupportedCovariance, choices
from detente.base.types import Array, Codes
from detente.stats import ModelFrame, Solution
from detente.stats.covariance import Covariance, number, semidefinite

NAMED = re.compile(r"(?P<kind>driscoll_kraay|pcse)\((?P<argument>[^()]+)\)")
# Factors of conventions that are known for them, of rows, parameters.
FACTORS: Mapping[str, Callable[[int, int], float]] = {
    "none": lambda *_: 1.0,
    "linearmodels": lambda rows, parameters: rows / (rows - parameters),
}


def with_degrees(vcov: str, words: str) -> tuple[list[str], float]:
    """Words of a covariance's name without `df=…`, and its degrees of freedom, infinite if it says none.

    Raises UnsupportedCovariance for degrees of freedom that are no number above 0, which such a covariance defines not.
    """
    parts = [part.strip() for part in words.split(",")]
    asked = [part.partition("=")[2].strip() for part in parts if part.startswith("df=")]
    if any(not re.fullmatch(r"\d+(\.\d+)?", value) or not float(value) for value in asked) or len(asked) > 1:
        raise UnsupportedCovariance(
            f"{vcov}: df {', '.join(asked)!r} is not defined for it: leave it out for the normal distribution, or give "
            "a number above 0, such as that of rows less parameters"
        )
    return [part for part in parts if not part.startswith("df=")], float(asked[0]) if asked else math.inf


def distribution(df: float) -> str:
    """The distribution of statistics in words."""
    return "normal distribution" if math.isinf(df) else f"t with {df:g} df"


def unit_of(vcov: str) -> tuple[str, ...]:
    """The column that a covariance of this module goes by."""
    found = NAMED.fullmatch(vcov)
    return (with_degrees(vcov, found["argument"])[0][0],) if found and found["kind"] == "pcse" else ()


def panel_covariance(design: ModelFrame, solution: Solution, vcov: str, ssc: str) -> Covariance:
    """The covariance (k, k) by its name.

    Raises UnsupportedCovariance if the model is not linear, has no time, or the convention none for it.
    """
    found = NAMED.fullmatch(vcov)
    assert found is not None
    if solution.link != "identity" or solution.scores.residual is None:
        raise UnsupportedCovariance(f"{vcov} is of linear models")
    if design.time is None:
        raise UnsupportedCovariance(f"{vcov} needs time: declare `panel` of the data")
    if ssc not in FACTORS:
        raise UnsupportedCovariance(f"small-sample correction {ssc!r} is not known for {vcov}; {choices(ssc, FACTORS)}")
    (argument, *others), df = with_degrees(vcov, found["argument"])
    if others:
        raise UnsupportedCovariance(f"{vcov}: {others[0]!r} is not known; legal is df=40")
    rows = slice(None) if solution.rows is None else solution.rows
    time = number(design.time[rows])[1]
    if found["kind"] == "driscoll_kraay":
        lags = _lags(argument)
        meat, words = _driscoll_kraay(solution.scores.whole, time, lags), f"Driscoll–Kraay with {lags} lags"
    else:
        unit = number(design.factor(argument)[rows])[1]
        meat, words = _pcse(solution.scores.x, solution.scores.residual, unit, time), "panel-corrected"
    parameters = len(solution.estimate) + solution.absorbed
    made = FACTORS[ssc](len(solution.scores), parameters) * solution.bread @ meat @ solution.bread
    scores = solution.scores.whole
    independent = solution.bread @ (scores.T @ scores) @ solution.bread
    matrix, repair = semidefinite(made)
    return Covariance(matrix, made, independent, found["kind"], df, f"{words}, {distribution(df)}", repair)


def _lags(text: str) -> int:
    if not re.fullmatch(r"\s*\d+\s*", text):
        raise UnsupportedCovariance(f"driscoll_kraay({text}): its lags must be a whole number")
    return int(text)


def _driscoll_kraay(scores: Array, time: Codes, lags: int) -> Array:
    """Meat of scores summed by period, with Bartlett's weights (Driscoll and Kraay 1998)."""
    totals = np.zeros((int(time.max()) + 1, scores.shape[1]))
    np.add.at(totals, time, scores)
    meat = totals.T @ totals
    for lag in range(1, min(lags, len(totals) - 1) + 1):
        product = totals[lag:].T @ totals[:-lag]
        meat += (1 - lag / (lags + 1)) * (product + product.T)
    return np.asarray(meat)


def _pcse(x: Array, residual: Array, unit: Codes, time: Codes) -> Array:
    """Meat of contemporaneous covariances of units, over the periods that both have (Beck and Katz 1995)."""
    shape = int(time.max()) + 1, int(unit.max()) + 1
    errors, there = np.zeros(shape), np.zeros(shape)
    np.add.at(errors, (time, unit), residual)
    np.add.at(there, (time, unit), 1.0)
    if there.max() > 1:
        raise UnsupportedCovariance("panel-corrected errors need each unit once a period")
    sigma = (errors.T @ errors) / np.maximum(there.T @ there, 1.0)
    meat = np.zeros((x.shape[1], x.shape[1]))
    for period in range(shape[0]):
        at = np.flatnonzero(time == period)
        meat += x[at].T @ sigma[np.ix_(unit[at], unit[at])] @ x[at]
    return meat
