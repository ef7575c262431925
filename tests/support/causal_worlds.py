"""Worlds of dyads whose treatments switch, with effects that are known and shocks that states share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from detente.base.types import Array, Codes
from detente.stats.causal import EventStudy, TreatmentPanel

# The effect h periods after a switch on, of the dyads that switched in a period (each an array, of one shape).
Path = Callable[[Codes, Codes], Array]


def growing(since: Codes, cohort: Codes) -> Array:
    """1 in the period of the switch, half as much more in each after it, in every cohort."""
    return np.asarray(1 + 0.5 * since + 0 * cohort)


def constant(since: Codes, cohort: Codes) -> Array:
    """1 whenever treated."""
    return np.ones(np.broadcast_shapes(since.shape, cohort.shape))


def fading(since: Codes, cohort: Codes) -> Array:
    """Grows fast in dyads that switch early, and is small in those that switch late; above zero in all."""
    return np.where(cohort < 4, 1.0 + 1.5 * since, 0.3)


@dataclass(frozen=True)
class World:
    """What a world is like; outcome = dyad + period + shocks of both states + effect + noise.

    `stays` or ends and comes again; `starts` the periods that treatments that stay start in, and about the share of
    dyads `never` treated; `on` twice the chance that one that comes and goes begins, in a dyad of usual openness.
    `carry` periods after a treatment has ended in which its last effect lasts; `ahead` the effect in the period before
    a switch on. `trend` a period of dyads that are ever treated, beyond that of others; `factor` size of a common path
    that dyads load on, those that are treated the more. `uneven` standard deviation of dyads' effects, each a multiple
    of the path's. Shocks of states last one period, and open states switch more.
    """

    states: int = 30
    periods: int = 10
    stays: bool = True
    starts: tuple[int, ...] = (3, 5, 7)
    never: float = 0.4
    on: float = 0.18
    path: Path = growing
    carry: int = 0
    ahead: float = 0.0
    trend: float = 0.0
    factor: float = 0.0
    uneven: float = 0.0
    shock: float = 0.3
    noise: float = 0.3


@dataclass(frozen=True)
class Simulated:
    """A panel, the `effect` (U, T) on each cell, the period `first` (U,) of the first switch, T if there is none."""

    panel: TreatmentPanel
    effect: Array
    first: Codes

    def truth(self, study: EventStudy) -> Array:
        """Mean effect of the cells that a study of treatments that stay averages at each horizon from 0 on, else 0."""
        found = np.zeros(len(study.horizon))
        for k, horizon in enumerate(study.horizon):
            if horizon >= 0:
                at = np.clip(self.first + horizon, 0, self.effect.shape[1] - 1)
                found[k] = study.share[:, k] @ self.effect[np.arange(len(at)), at]
        return found

    @property
    def treated_mean(self) -> float:
        """Mean effect of all treated cells."""
        return float(self.effect[self.panel.treatment == 1].mean())


def simulated(world: World, seed: int) -> Simulated:
    """A panel of such a world."""
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(world.states, 1)
    open_ = rng.standard_normal(world.states)
    lean = 0.5 * (open_[low] + open_[high])
    treatment = _staying(world, lean, rng) if world.stays else _switching(world, lean, rng)
    first = np.where(treatment.any(axis=1), treatment.argmax(axis=1), world.periods)
    effect = _effects(world, treatment) * (1 + world.uneven * rng.standard_normal(len(low)))[:, None]
    shocks = world.shock * rng.standard_normal((world.states, world.periods))
    time = np.arange(world.periods)
    ever = first < world.periods
    outcome = lean[:, None] + 0.2 * time + shocks[low] + shocks[high] + effect
    outcome += world.trend * np.outer(ever, time)
    if world.factor:
        loading = rng.standard_normal(len(low)) + ever
        outcome += world.factor * np.outer(loading, np.cumsum(rng.standard_normal(world.periods)))
    outcome += world.noise * rng.standard_normal(outcome.shape)
    return Simulated(_panel(outcome, treatment, np.stack([low, high])), effect, first)


def _panel(
    outcome: Array, treatment: Array, sides: Codes, covariates: dict[str, Array] | None = None
) -> TreatmentPanel:
    return TreatmentPanel(
        periods=np.arange(outcome.shape[1]),
        outcome=outcome,
        treatment=treatment,
        covariates=covariates or {},
        observed=np.ones(outcome.shape, dtype=bool),
        factors={"unit": np.arange(len(outcome))},
        sides=sides,
    )


def _staying(world: World, lean: Array, rng: np.random.Generator) -> Array:
    """Treatment (U, T): dyads of open states are treated more often, when is drawn."""
    ever = lean + rng.standard_normal(len(lean)) > np.quantile(lean, world.never)
    if not world.never:
        ever[:] = True
    start = np.where(ever, rng.choice(world.starts, len(lean)), world.periods)
    return np.asarray(np.arange(world.periods) >= start[:, None], dtype=np.float64)


def _switching(world: World, lean: Array, rng: np.random.Generator) -> Array:
    """Treatment (U, T): none in the first period, then on and off, more often on in dyads of open states."""
    found = np.zeros((len(lean), world.periods))
    on = world.on / (1 + np.exp(-lean))
    for t in range(1, world.periods):
        draw = rng.random(len(lean))
        found[:, t] = np.where(found[:, t - 1] == 1, draw > 0.4, draw < on)
    return found


def _effects(world: World, treatment: Array) -> Array:
    """Effects (U, T) by periods since the switch on, of periods after the end, and of the one before the start."""
    found = np.zeros(treatment.shape)
    since, cohort, gone, last = (np.zeros(len(treatment), dtype=np.int64) for _ in range(4))
    last = last.astype(np.float64)
    for t in range(treatment.shape[1]):
        on = treatment[:, t] == 1
        begins = on & (treatment[:, t - 1] == 0) if t else on
        since = np.where(begins, 0, since + 1)
        cohort = np.where(begins, t, cohort)
        gone = np.where(on, 0, gone + 1)
        last = np.where(on, world.path(since, cohort), last)
        found[:, t] = np.where(on | (gone <= world.carry), last, 0.0)
    soon = (treatment[:, 1:] == 1) & (treatment[:, :-1] == 0)
    found[:, :-1] += world.ahead * soon
    return found


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
    return _panel(outcome, treatment, np.stack([low, high]), {"x": x})


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
    return _panel(outcome, treatment, np.stack([low, high]), {"z": z, "m": m})
