"""Scores and bread → covariance, for dependence within clusters and among dyads that share a state."""

from detente.base.numbering import Pairs, intersect, nested, number, number_dyads
from detente.stats.covariance.effective import Information, Satterthwaite, effective, effective_of_dyads, read_degrees
from detente.stats.covariance.sandwich import (
    FEWEST_STATES,
    Covariance,
    SandwichParts,
    no_variance,
    repaired,
    semidefinite,
)
from detente.stats.covariance.scores import (
    Scores,
    cluster_meat,
    cross_products,
    dyadic_meat,
    effects_leverage,
    leverage_adjustments,
    multiway_meat,
    of_rows,
    state_totals,
    totals,
)
from detente.stats.covariance.ssc import CONVENTIONS
from detente.stats.covariance.vcov import (
    FACTORS,
    KINDS,
    OF_STATES,
    Vcov,
    classical,
    cluster,
    covariance,
    dyadic,
    dyadic_cr2,
    dyadic_jackknife,
    hc0,
    hc1,
    hc2,
    hc3,
    jackknife,
    of_states,
    parse,
    sandwich,
)

__all__ = [
    "CONVENTIONS", "FACTORS", "FEWEST_STATES", "KINDS", "OF_STATES", "Covariance", "Information", "Pairs",
    "SandwichParts", "Satterthwaite", "Scores", "Vcov", "classical", "cluster", "cluster_meat", "covariance",
    "cross_products", "dyadic", "dyadic_cr2", "dyadic_jackknife", "dyadic_meat", "effective", "effective_of_dyads",
    "effects_leverage", "hc0", "hc1", "hc2", "hc3", "intersect", "jackknife", "leverage_adjustments", "multiway_meat",
    "nested", "no_variance", "number", "number_dyads", "of_rows", "of_states", "parse", "read_degrees", "repaired",
    "sandwich", "semidefinite", "state_totals", "totals",
]  # fmt: skip
