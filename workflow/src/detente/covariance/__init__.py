"""Scores and bread → covariance: dyadic-robust, and clustered by dyad beside it."""

from detente.covariance.sandwich import KINDS, Covariance, cluster_meat, dyadic_meat, number_dyads, sandwich, totals

__all__ = ["KINDS", "Covariance", "cluster_meat", "dyadic_meat", "number_dyads", "sandwich", "totals"]
