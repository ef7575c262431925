"""What bootstraps over clusters share: weights of clusters, p-values of draws, and ends of confidence sets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np

from detente.base.errors import (
    TooFewClusters,
    TooFewDraws,
    UnknownOption,
    UnknownVariable,
    UnsupportedCovariance,
    choices,
)
from detente.base.types import Array, Codes
from detente.stats.covariance import Vcov, number, parse
from detente.stats.covariance.vcov import FACTORS
from detente.stats.parts import factors_of
from detente.stats.result import Fit

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


@dataclass(frozen=True)
class Plan:
    """Which clusters are drawn, and how: rows' numbers `group` (n,) of the G clusters of the factor `name`."""

    name: str
    group: Codes
    clusters: int
    weights: Weights
    draws: int
    seed: int

    @property
    def enumerated(self) -> bool:
        """Whether all vectors of ±1 are no more than the draws asked for: then each is taken once."""
        return self.weights == "rademacher" and self.clusters <= 30 and 2**self.clusters <= self.draws

    def blocks(self) -> Iterator[Array]:
        """Weights (b, G) of clusters, some draws at a time, the same whatever is done with them."""
        points = POINTS[self.weights]
        if self.enumerated:
            everything = np.array(list(product(points, repeat=self.clusters)))
            for s in range(0, len(everything), BLOCK):
                yield everything[s : s + BLOCK]
            return
        random = np.random.default_rng(self.seed)
        for s in range(0, self.draws, BLOCK):
            size = (min(BLOCK, self.draws - s), self.clusters)
            yield points[random.integers(0, len(points), size=size, dtype=np.int8)]

    @property
    def flags(self) -> tuple[str, ...]:
        """What a reader must know of few clusters."""
        said, g = [], self.clusters
        if self.enumerated:
            said.append(f"all {2**g:,} vectors of weights, {2 ** (g - 1):,} but for sign, taken once each")
        if g < FEW:
            more = "; Webb's weights give more distinct statistics" if self.weights == "rademacher" else ""
            said.append(f"{g} clusters of {self.name!r} are few for a bootstrap{more}")
        return tuple(said)

    def said(self, drawn: Array) -> str:
        """Draws and weights in words."""
        return f"{len(drawn):,} draws, {self.weights} weights"


def plan(fit: Fit, clusters: str | Vcov | None, weights: Weights, draws: int, seed: int) -> Plan:
    """A plan to draw the clusters of one factor; None for that of the fit's covariance if it is one, else the dyad.

    Raises UnsupportedCovariance if it is not one factor; TooFewClusters, TooFewDraws if there are fewer than two
    clusters, or no draws; UnknownOption if there is no such distribution of weights.
    """
    if weights not in POINTS:
        raise UnknownOption(f"weights {weights!r} are not known; {choices(weights, POINTS)}")
    if draws < 1:
        raise TooFewDraws(f"{draws} draws: a bootstrap needs at least 1, and 999 for a p-value to be read")
    known = (*factors_of(fit.design), *FACTORS)
    if clusters is None:
        clusters = fit.vcov.kind if fit.vcov.kind in known else "dyad"
    recipe = parse(clusters, known)
    if recipe.kind != "cluster" or len(recipe.factors) != 1:
        legal = choices(recipe.name, {*fit.design.fixed_effects, *FACTORS})
        raise UnsupportedCovariance(f"a bootstrap draws clusters of one factor, not {recipe.name!r}; {legal}")
    name, rows = recipe.factors[0], fit.solution.rows
    codes = fit.design.factor(name)
    distinct, group = number(codes if rows is None else codes[rows])
    if len(distinct) < 2:
        raise TooFewClusters(f"a bootstrap over 1 cluster of {name!r}; it needs at least 2")
    return Plan(name, group, len(distinct), weights, draws, seed)


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

    `p_at`: p-value of the null that is so far from the estimate; `tolerance` in standard errors, of where it rejects.
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
