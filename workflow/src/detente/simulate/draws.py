"""Random streams: one a component of the world, so that none depends on how much another draws."""

from zlib import crc32

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]


def stream(seed: int, component: str) -> np.random.Generator:
    """Return the generator of one named component of the world drawn from `seed`."""
    return np.random.default_rng([seed, crc32(component.encode("ascii"))])


def logistic(log_odds: Floats) -> Floats:
    """Probability of given log-odds."""
    return 1.0 / (1.0 + np.exp(-log_odds))


def log_odds(probability: float) -> float:
    """Log-odds of a probability."""
    return float(np.log(probability / (1.0 - probability)))
