"""What bootstraps over clusters share: weights of clusters, p-values of draws, and ends of confidence sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from detente.covariance import Recipe, number, parse
from detente.covariance.recipe import FACTORS
from detente.errors import TooFewClusters, TooFewDraws, UnknownOption, UnknownVariable, UnsupportedCovariance, choices
from detente.inference.ingredients import factors_of
from detente.inference.result import Fit

Array = npt.NDArray[np.floating[Any]]
Codes = npt.NDArray[np.int64]
Weights = Literal["rademacher", "webb"]
# Six points with mean 0 and variance 1 (Webb 2014), for few clusters.
WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])
POINTS = {"rademacher": np.array([-1.0, 1.0]), "webb": WEBB}
# Draws made at a time.
BLOCK = 128
# Statistics this close, relative to their size, are equal: draws that repeat the sample are so but for rounding.
TIE = 1e-9
# Clusters below which draws are few, or weights of two points give few distinct statistics.
FEW = 12
# Standard errors from the estimate beyond which a confidence set counts as unbounded: ties are lost in rounding there.
FARTHEST = 512.0
ROUNDING = 1e-14


def place_of(fit: Fit, term: str | None) -> int:
    """Place of a term among the fit's, or of the treatment; raises UnknownVariable naming the nearest."""
    if term is None:
        return fit.solution.treatment
    if term not in fit.terms:
        raise UnknownVariable(f"the fit has no term {term!r}; {choices(term, fit.terms)}")
    return fit.terms.index(term)


def one_factor(fit: Fit, clusters: str | Recipe | None) -> tuple[str, Codes, int]:
    """Name of the factor that a bootstrap goes by, and the rows' numbers (n,) of their clusters, G in all.

    None takes that of the fit's covariance if it is clustered by one factor, else the dyad.

    Raises
    ------
    UnsupportedCovariance
        If it is not one factor.
    TooFewClusters
        If there are fewer than two clusters.
    """
    if clusters is None:
        known = fit.covariance.kind
        clusters = known if known in (*factors_of(fit.design), *FACTORS) else "dyad"
    recipe = parse(clusters, (*factors_of(fit.design), *FACTORS))
    if recipe.kind != "cluster" or len(recipe.factors) != 1:
        raise UnsupportedCovariance(
            f"a bootstrap draws clusters of one factor, not {recipe.name!r}; {choices(recipe.name, _legal(fit))}"
        )
    name, rows = recipe.factors[0], fit.solution.rows
    codes = fit.design.factor(name)
    distinct, group = number(codes if rows is None else codes[rows])
    if len(distinct) < 2:
        raise TooFewClusters(f"a bootstrap over 1 cluster of {name!r}; it needs at least 2")
    return name, group, len(distinct)


def _legal(fit: Fit) -> set[str]:
    return {f for f in (*factors_of(fit.design), *FACTORS) if f in fit.design.effects or f in FACTORS}


def checked_weights(weights: str, draws: int) -> Array:
    """The points of a distribution of weights.

    Raises
    ------
    UnknownOption
        If there is no such distribution.
    TooFewDraws
        If there is no draw.
    """
    if weights not in POINTS:
        raise UnknownOption(f"weights {weights!r} are not known; {choices(weights, POINTS)}")
    if draws < 1:
        raise TooFewDraws(f"{draws} draws: a bootstrap needs at least 1, and 999 for a p-value to be read")
    return POINTS[weights]


def enumerable(weights: str, clusters: int, draws: int) -> bool:
    """Whether all vectors of weights are no more than the draws asked for: then each is taken once."""
    return weights == "rademacher" and clusters <= 30 and 2**clusters <= draws


def weight_blocks(weights: str, clusters: int, draws: int, seed: int) -> Iterator[Array]:
    """Weights (b, G) of clusters, some draws at a time, the same whatever is done with them."""
    points = POINTS[weights]
    if enumerable(weights, clusters, draws):
        everything = np.array(list(product(points, repeat=clusters)))
        for s in range(0, len(everything), BLOCK):
            yield everything[s : s + BLOCK]
        return
    random = np.random.default_rng(seed)
    for s in range(0, draws, BLOCK):
        yield points[random.integers(0, len(points), size=(min(BLOCK, draws - s), clusters), dtype=np.int8)]


def few_clusters(name: str, clusters: int, weights: str, enumerated: bool) -> tuple[str, ...]:
    """What a reader must know of few clusters."""
    said = []
    if enumerated:
        said.append(f"all {2**clusters:,} vectors of weights, {2 ** (clusters - 1):,} but for sign, taken once each")
    if clusters < FEW:
        more = "; Webb's weights give more distinct statistics" if weights == "rademacher" else ""
        said.append(f"{clusters} clusters of {name!r} are few for a bootstrap{more}")
    return tuple(said)


def share_beyond(draws: Array, statistic: float) -> float:
    """Share of draws (B,) at least as far from zero as the statistic, ties counted."""
    return float(np.mean(np.abs(draws) >= abs(statistic) * (1 - TIE)))


def share_strictly_beyond(draws: Array, statistic: float) -> float:
    """The same, ties not counted: what boottest and wildboottest print."""
    return float(np.mean(np.abs(draws) > abs(statistic) * (1 + TIE)))


def said(p: float, draws: int) -> str:
    """A p-value in words: none is below one in the number of draws."""
    return f"p = {p:.4f}" if p else f"p < {1 / draws:.2g}"


def confidence_end(
    p_at: Callable[[float], float], std_error: float, side: int, level: float, tolerance: float = 1e-12
) -> float:
    """How far from the estimate a test at `level` first rejects, on one side; infinite if it never does.

    Parameters
    ----------
    p_at
        p-value of the null that is so far from the estimate; `tolerance` in standard errors, of where it rejects.
    """
    inside, outside = 0.0, side * std_error
    while p_at(outside) > 1 - level:
        inside, outside = outside, 2 * outside
        if abs(outside) > FARTHEST * std_error:
            return side * np.inf
    while abs(outside - inside) > max(tolerance * std_error, ROUNDING * abs(outside)):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if p_at(middle) > 1 - level else (inside, middle)
    return outside
