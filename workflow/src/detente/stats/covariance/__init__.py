"""Scores and bread → covariance, for dependence within clusters and among dyads that share a state."""

from detente.base.numbering import Pairs, intersect, nested, number, number_dyads
from detente.stats.covariance.sandwich import FEWEST_STATES, Covariance, SandwichParts, semidefinite
from detente.stats.covariance.scores import Scores, cluster_meat, dyadic_meat, effects_leverage, multiway_meat, totals
from detente.stats.covariance.ssc import CONVENTIONS
from detente.stats.covariance.vcov import (
    FACTORS,
    KINDS,
    Vcov,
    classical,
    cluster,
    covariance,
    dyadic,
    hc0,
    hc1,
    hc2,
    hc3,
    jackknife,
    parse,
    sandwich,
)

__all__ = [
    "CONVENTIONS", "FACTORS", "FEWEST_STATES", "KINDS", "Covariance", "Pairs", "SandwichParts", "Scores", "Vcov",
    "classical", "cluster", "cluster_meat", "covariance", "dyadic", "dyadic_meat", "effects_leverage", "hc0", "hc1",
    "hc2", "hc3", "intersect", "jackknife", "multiway_meat", "nested", "number", "number_dyads", "parse", "sandwich",
    "semidefinite", "totals",
]  # fmt: skip
