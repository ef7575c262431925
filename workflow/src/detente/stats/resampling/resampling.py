"""What bootstraps over clusters share: weights of clusters, p-values of draws, and ends of confidence sets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

import numpy as np

from detente.base.errors import (
    TooFewClusters,
    TooFewDraws,
    UnknownOption,
    UnknownVariable,
    UnsupportedCovariance,
    choices,
)
from detente.base.numerics import COARSE, FARTHEST, FINE, LEVEL, ROUNDING, TIE
from detente.base.types import Array, Codes
from detente.stats.covariance import FACTORS, Vcov, cluster, number, parse
from detente.stats.fitting import Fit
from detente.stats.parts import factors_of

Weights = Literal["rademacher", "webb"]
# Six points with mean 0 and variance 1 (Webb 2014), for few clusters.
WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])
POINTS = {"rademacher": np.array([-1.0, 1.0]), "webb": WEBB}
# Draws made at a time.
BLOCK = 128
# Clusters below which draws are few, or weights of two points give few distinct statistics.
FEW = 12


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

    @property
    def said(self) -> str:
        """Draws and weights in words."""
        draws = 2**self.clusters if self.enumerated else self.draws
        return f"{draws:,} draws, {self.weights} weights"

    def std_error(self, fit: Fit, place: int) -> tuple[float, str]:
        """Standard error of a coefficient, clustered as the plan draws, and how it was made."""
        under = fit.with_vcov(cluster(self.name)).vcov
        return float(under.std_error(np.eye(len(fit.terms))[place])), under.ssc


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
    parsed = parse(clusters, known)
    if parsed.kind != "cluster" or len(parsed.factors) != 1:
        legal = choices(parsed.name, {*fit.design.fixed_effects, *FACTORS})
        raise UnsupportedCovariance(f"a bootstrap draws clusters of one factor, not {parsed.name!r}; {legal}")
    name, rows = parsed.factors[0], fit.solution.rows
    codes = fit.design.factor(name)
    distinct, group = number(codes if rows is None else codes[rows])
    if len(distinct) < 2:
        raise TooFewClusters(f"a bootstrap over 1 cluster of {name!r}; it needs at least 2")
    return Plan(name, group, len(distinct), weights, draws, seed)


# From a null to the statistic and the draws (B,) that it is compared with.
Tested = Callable[[float], tuple[float, Array]]


@dataclass(frozen=True)
class ClusterBootstrap:
    """A bootstrap test of one coefficient, over `clusters`.

    `statistic` (estimate − null)/std_error, clustered, or that of a score test; `draws` (B,) the same in bootstrap
    samples; `tested` both for any null, with the same weights; `imposed` whether the null was; `refits` whether each
    null costs a fit.
    """

    term: str
    null: float
    estimate: float
    std_error: float
    statistic: float
    clusters: int
    imposed: bool
    refits: bool
    ssc: str
    flags: tuple[str, ...]
    draws: Array = field(repr=False)
    tested: Tested = field(repr=False)

    @property
    def p_value(self) -> float:
        """Share of draws at least as far from zero as the statistic, ties counted."""
        return _share_beyond(self.statistic, self.draws)

    @property
    def p_strict(self) -> float:
        """The same without ties, as boottest prints it."""
        return float(np.mean(np.abs(self.draws) > abs(self.statistic) * (1 + TIE)))

    def p_of(self, null: float) -> float:
        """P-value of any null, with the same weights."""
        return _share_beyond(*self.tested(null))

    def conf_int(self, level: float = LEVEL) -> tuple[float, float]:
        """The nulls that are not rejected at 1 − level, infinite where nothing bounds them; two dozen are tried."""
        least = self.std_error * (COARSE if self.refits else FINE)
        return not_rejected(self.p_of, self.estimate, self.std_error, least, level)

    def __str__(self) -> str:
        """The test in words, its interval where it costs no fit."""
        p = f"p = {self.p_value:.4f}" if self.p_value else f"p < {1 / len(self.draws):.2g}"
        test = f"{self.term} = {self.null:g}: t = {self.statistic:.4f}, {p}"
        if not self.refits:
            low, high = self.conf_int()
            test += f"; {100 * LEVEL:.0f} % interval {low:.6g} to {high:.6g}"
        return "\n".join([f"{test} ({self.ssc})", *self.flags])


def not_rejected(
    p_of: Callable[[float], float], estimate: float, std_error: float, least: float, level: float = LEVEL
) -> tuple[float, float]:
    """Ends of the interval of nulls around an estimate that a test does not reject at 1 − level.

    `p_of` gives the p-value of a null; the ends are bisected, to `least`, once they are bracketed by doubling from one
    `std_error` on; infinite where nothing bounds them.
    """

    def end(side: int) -> float:
        inside, outside = 0.0, side * std_error
        while p_of(estimate + outside) > 1 - level:
            inside, outside = outside, 2 * outside
            if abs(outside) > FARTHEST * std_error:
                return side * np.inf
        while abs(outside - inside) > max(least, ROUNDING * abs(outside)):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if p_of(estimate + middle) > 1 - level else (inside, middle)
        return estimate + outside

    return end(-1), end(1)


def bootstrapped(
    fit: Fit, place: int, plan: Plan, std_error: float, tested: Tested, null: float, **said: Any
) -> ClusterBootstrap:
    """The test of the coefficient at this place among the fit's terms; `said` are further fields of the result."""
    statistic, draws = tested(null)
    given = (fit.terms[place], null, float(fit.estimate[place]), std_error, statistic, plan.clusters)
    return ClusterBootstrap(*given, flags=(*fit.flags, *plan.flags), draws=draws, tested=tested, **said)


def _share_beyond(statistic: float, draws: Array) -> float:
    return float(np.mean(np.abs(draws) >= abs(statistic) * (1 - TIE)))
