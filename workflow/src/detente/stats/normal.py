"""Draws from a normal distribution whose covariance may be singular, the same on every machine but for rounding."""

import numpy as np

from detente.base.numerics import DRAWN
from detente.base.types import Array


def normal_draws(covariance: Array, draws: int, rng: np.random.Generator) -> Array:
    """`draws` vectors (B, k) from N(0, V), V (k, k) positive semidefinite, in the units of V's variables.

    Standard normal numbers are multiplied by the symmetric square root of the correlations, which is a continuous
    function of them. Eigenvectors alone are not: rounding turns their signs, and those of equal eigenvalues at will, so
    that the same seed would give other draws. Eigenvalues that are zero but for rounding count as zero.
    """
    scale = np.sqrt(np.diag(covariance))
    divisor = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(divisor, divisor))
    root = (vectors * np.sqrt(np.where(values > DRAWN * values[-1], values, 0.0))) @ vectors.T
    return np.asarray((rng.standard_normal((draws, len(covariance))) @ root) * scale)
