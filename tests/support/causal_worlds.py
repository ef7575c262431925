"""Worlds of dyads in which confounders follow from treatments, and treatments work through mediators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detente.base.types import Array
from detente.simulate.switching_worlds import complete_panel
from detente.stats.causal import TreatmentPanel


@dataclass(frozen=True)
class Confounded:
    """What confounds over time: x follows from the treatment before, and goes before the next one and the outcome.

    outcome = `now` × treatment + `before` × the last treatment + `by` × x + shocks; x = `fed` × the last treatment +
    noise. So the effect of the last treatment, all its ways together, is before + by × fed.
    """

    now: float = 1.0
    before: float = 0.5
    by: float = 0.8
    fed: float = 0.6
    states: int = 30
    periods: int = 10
    shock: float = 0.3
    # Log-odds of treatment per unit of x.
    drives: float = 0.8

    @property
    def truth(self) -> Array:
        """Effects of the treatment of the period, and of the one before."""
        return np.array([self.now, self.before + self.by * self.fed])


def confounded(world: Confounded, seed: int) -> TreatmentPanel:
    """A panel with the covariate x."""
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(world.states, 1)
    shape = (len(low), world.periods)
    treatment, x = np.zeros(shape), np.zeros(shape)
    last = np.zeros(len(low))
    for t in range(world.periods):
        x[:, t] = world.fed * last + rng.standard_normal(len(low))
        odds = world.drives * x[:, t] + 0.5 * last - 0.8
        last = treatment[:, t] = (rng.random(len(low)) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    shocks = world.shock * rng.standard_normal((world.states, world.periods))
    before = np.column_stack([np.zeros(len(low)), treatment[:, :-1]])
    outcome = world.now * treatment + world.before * before + world.by * x + shocks[low] + shocks[high]
    outcome += 0.5 * rng.standard_normal(shape)
    return complete_panel(outcome, treatment, np.stack([low, high]), {"x": x})


# Direct effect, what z adds to the outcome, what the treatment adds to z, what the mediator adds.
DIRECT, BY_Z, TO_Z, BY_M = 1.0, 0.8, 0.5, 0.7


def mediated(seed: int, states: int = 30, periods: int = 6) -> TreatmentPanel:
    """A treatment that works directly, through a mediator m, and through z, which m and the outcome follow from.

    The effect with m held fixed is DIRECT + BY_Z × TO_Z.
    """
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(states, 1)
    shape = (len(low), periods)
    open_ = rng.standard_normal(states)
    lean = 0.5 * (open_[low] + open_[high])
    treatment = (rng.random(shape) < 1 / (1 + np.exp(-lean))[:, None]).astype(np.float64)
    z = TO_Z * treatment + rng.standard_normal(shape)
    m = 0.6 * treatment + z + rng.standard_normal(shape)
    shocks = 0.3 * rng.standard_normal((states, periods))
    outcome = DIRECT * treatment + BY_M * m + BY_Z * z + shocks[low] + shocks[high] + 0.5 * rng.standard_normal(shape)
    return complete_panel(outcome, treatment, np.stack([low, high]), {"z": z, "m": m})
