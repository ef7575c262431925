"""A world of dyads that can grow: more years, more states of as many dyads each, or more dyads of the same states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detente.stats import Fit, ModelFrame, fit, get, with_fixed_effects


@dataclass(frozen=True)
class Growing:
    """States on a ring, each with `degree` dyads to its neighbours, over years.

    Treatments of dyads last, with a correlation of `stay` from year to year, and go together in a state, as do
    outcomes, whose shocks are `shock` of the `risk` and last with 0.5.
    """

    states: int = 40
    years: int = 15
    degree: int = 6
    stay: float = 0.8
    risk: float = 0.2
    shock: float = 0.4

    def drawn(self, rng: np.random.Generator) -> ModelFrame:
        """One row per dyad-year; the treatment has no effect."""
        near = self.degree // 2
        one = np.repeat(np.arange(self.states), near)
        two = (one + np.tile(np.arange(1, near + 1), self.states)) % self.states
        shock = self.shock * self.risk * self._lasting(rng, self.states, 0.5)
        liking, own = self._lasting(rng, self.states, self.stay), self._lasting(rng, len(one), self.stay)
        treated = liking[:, one] + liking[:, two] + 1.4 * own > 0.7
        risk = self.risk + shock[:, one] + shock[:, two]
        y = rng.random(risk.shape) < np.clip(risk, 0, 1)
        sides = (np.tile(side, self.years) for side in (one, two))
        year = np.repeat(np.arange(self.years), len(one))
        return ModelFrame(y.ravel().astype(float), treated.reshape(-1, 1).astype(float), ("d",), *sides, year)

    def fitted(self, rng: np.random.Generator) -> Fit:
        """The headline's model of a draw."""
        return headline(self.drawn(rng))

    def _lasting(self, rng: np.random.Generator, units: int, correlation: float) -> np.ndarray:
        out = rng.normal(size=(self.years, units))
        for t in range(1, self.years):
            out[t] = correlation * out[t - 1] + np.sqrt(1 - correlation**2) * out[t]
        return out


def headline(design: ModelFrame) -> Fit:
    """The LPM with dyad and year effects and dyadic errors."""
    return fit(with_fixed_effects(design, get("lpm")), estimator="lpm", vcov="dyadic")
