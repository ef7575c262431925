"""Scores and bread → covariance, for dependence within clusters and among dyads that share a state."""

from detente.stats.covariance.meats import cluster_meat, dyadic_meat, multiway_meat
from detente.stats.covariance.pairs import Pairs, number, number_dyads
from detente.stats.covariance.sandwich import NO_VARIANCE, Covariance, SandwichParts, covariance, sandwich, semidefinite
from detente.stats.covariance.scores import Scores, totals
from detente.stats.covariance.ssc import CONVENTIONS
from detente.stats.covariance.vcov import (
    FACTORS,
    KINDS,
    Vcov,
    classical,
    cluster,
    dyadic,
    hc0,
    hc1,
    hc2,
    hc3,
    jackknife,
    parse,
)

__all__ = [
    "CONVENTIONS",
    "FACTORS",
    "KINDS",
    "NO_VARIANCE",
    "Covariance",
    "Pairs",
    "SandwichParts",
    "Scores",
    "Vcov",
    "classical",
    "cluster",
    "cluster_meat",
    "covariance",
    "dyadic",
    "dyadic_meat",
    "hc0",
    "hc1",
    "hc2",
    "hc3",
    "jackknife",
    "multiway_meat",
    "number",
    "number_dyads",
    "parse",
    "sandwich",
    "semidefinite",
    "totals",
]
