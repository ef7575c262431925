"""Worlds of dyads whose treatments switch, with effects that are known and shocks that states share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from detente.base.types import Array, Codes
from detente.stats.causal import EventStudy, TreatmentPanel

# The effect h periods after a switch on, of the dyads that switched in a period (each an array, of one shape).
Path = Callable[[Codes, Codes], Array]


def growing_path(since: Codes, cohort: Codes) -> Array:
    """1 in the period of the switch, half as much more in each after it, in every cohort."""
    return np.asarray(1 + 0.5 * since + 0 * cohort)


def constant_path(since: Codes, cohort: Codes) -> Array:
    """1 whenever treated."""
    return np.ones(np.broadcast_shapes(since.shape, cohort.shape))


def differing_path(late: int) -> Path:
    """1, and 1.5 more a period, in dyads that switch before the period `late`; 0.3 in others: above zero in all."""

    def path(since: Codes, cohort: Codes) -> Array:
        return np.where(cohort < late, 1.0 + 1.5 * since, 0.3)

    return path


@dataclass(frozen=True)
class SwitchingWorld:
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
    path: Path = growing_path
    carry: int = 0
    ahead: float = 0.0
    trend: float = 0.0
    factor: float = 0.0
    uneven: float = 0.0
    shock: float = 0.3
    noise: float = 0.3


@dataclass(frozen=True)
class SwitchingPanel:
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


def simulate_switching(world: SwitchingWorld, seed: int | Sequence[int]) -> SwitchingPanel:
    """Draw a panel of such a world; the same seed has the same luck in worlds of one size."""
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
    return SwitchingPanel(complete_panel(outcome, treatment, np.stack([low, high])), effect, first)


def complete_panel(
    outcome: Array, treatment: Array, sides: Codes, covariates: dict[str, Array] | None = None
) -> TreatmentPanel:
    """A panel of outcomes (U, T), all of them observed, of dyads with `sides` (2, U)."""
    return TreatmentPanel(
        periods=np.arange(outcome.shape[1]),
        outcome=outcome,
        treatment=treatment,
        covariates=covariates or {},
        observed=np.ones(outcome.shape, dtype=bool),
        factors={"unit": np.arange(len(outcome))},
        sides=sides,
    )


def _staying(world: SwitchingWorld, lean: Array, rng: np.random.Generator) -> Array:
    """Treatment (U, T): dyads of open states are treated more often, when is drawn."""
    ever = lean + rng.standard_normal(len(lean)) > np.quantile(lean, world.never)
    if not world.never:
        ever[:] = True
    start = np.where(ever, rng.choice(world.starts, len(lean)), world.periods)
    return np.asarray(np.arange(world.periods) >= start[:, None], dtype=np.float64)


def _switching(world: SwitchingWorld, lean: Array, rng: np.random.Generator) -> Array:
    """Treatment (U, T): none in the first period, then on and off, more often on in dyads of open states."""
    found = np.zeros((len(lean), world.periods))
    on = world.on / (1 + np.exp(-lean))
    for t in range(1, world.periods):
        draw = rng.random(len(lean))
        found[:, t] = np.where(found[:, t - 1] == 1, draw > 0.4, draw < on)
    return found


def _effects(world: SwitchingWorld, treatment: Array) -> Array:
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
