"""Who is dangerous to whom: dyads' lasting risk, threat, and the linear hazard of disputes.

For a dyad d = (i, j) that exists and has no dispute under way, in year t,

    P(onset_dt = 1) = base_d + year_t + threat_on_onset · R_{d,t−2} + Σ_c effect_c · T^c_{d,t−1} + u_it + u_jt

in probability, kept within [0.001, 0.9]. Because it is linear, a planted effect is the estimand of the linear
probability model with dyad and year effects in every sample: all dyads, relevant ones, contiguous ones.

Three choices keep the sum above its floor, where clipping would shrink the planted effects:

- base_d = base_risk · s_d · (1 + dyad_spread · z_d), where z_d = min(E, 4) − 1 and E is standard exponential: a long
  tail of dangerous dyads, and no dyad below base_risk · s_d · (1 − dyad_spread). s_d is 1 for relevant dyads and 0.75
  for remote ones. (A far lower risk of remote dyads could not bear a lowering of some points.)
- Shocks are crises: u_it = state_shock · (C_it − π) / √(π (1 − π)), C_it Bernoulli(π = 0.03). Mean 0 and
  standard deviation state_shock, yet never below −0.18 · state_shock. All dyads of a state share them,
  which is what makes the scores of dyads with a common state correlate.
- A treatment that lowers risk is open only to dyads whose risk can bear it, with every other treatment
  that they may get (`bears`). This sorts by base_d alone, which dyad effects absorb.

year_t is uniform within ± 5 % of base_risk. The share of dyad-years at risk that is clipped all the same is counted.

Threat R_dt (strategic rivalry) goes on and off by itself, whatever is done against it: it starts with probability 0.09,
0.03 or 0.004 a year in contiguous, other relevant and remote dyads, and ends with probability 0.20.

A dispute goes on for a second and a third year with probability 0.3 each, and no longer. Years that go on are
no onsets and not at risk.

`Hazard` draws outcomes again for dyad-years whose regressors stay as they are; a world does not need it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from detente.base.errors import ConfigError
from detente.base.types import Array, Codes, Flags
from detente.simulate.settings import CEILING, FLOOR, LONGEST_TAIL, World, stream
from detente.simulate.stage import Stage, build_stage

REMOTE_SHARE = 0.75
CRISIS = 0.03
YEAR_SWING = 0.05
RIVALRY_START = (0.09, 0.03, 0.004)
RIVALRY_STOP = 0.20
GOES_ON = 0.3
LONGEST_DISPUTE = 3
# A policy of a state, such as a mobilisation, starts and stops in a year with these probabilities.
POLICY_START, POLICY_STOP = 0.10, 0.20


@dataclass(frozen=True)
class Disposition:
    """A dyad's lasting risk: `z` standardised, `base` in probability (both D)."""

    z: Array
    base: Array


@dataclass(frozen=True)
class Disputes:
    """Disputes by dyad and year (D × T): `number` is 0 without a dispute; `clipped_share` of rows at risk."""

    onset: Flags
    number: Codes
    at_risk: Flags
    clipped_share: float


def draw_disposition(world: World, stage: Stage, seed: int) -> Disposition:
    """Draw z_d and base_d."""
    z = np.minimum(stream(seed, "disposition").exponential(1.0, len(stage.first)), LONGEST_TAIL) - 1.0
    share = np.where(stage.relevant, 1.0, REMOTE_SHARE)
    return Disposition(z, world.base_risk * share * (1.0 + world.dyad_spread * z))


def bears(world: World, disposition: Disposition, treatments: Iterable[str]) -> Flags:
    """Dyads (D) whose risk stays above the floor under all of `treatments` and the lowest shocks."""
    lowest_shock = world.state_shock * float(np.sqrt(CRISIS / (1 - CRISIS)))
    slack = FLOOR + YEAR_SWING * world.base_risk + 2 * lowest_shock
    lowered = sum(min(world.effects.get(name, 0.0), 0.0) for name in treatments)
    return disposition.base + lowered >= slack


def draw_threat(stage: Stage, seed: int) -> Flags:
    """Draw rivalry R (D × T)."""
    start = np.select([stage.contiguity > 0, stage.relevant], RIVALRY_START[:2], RIVALRY_START[2])
    chances = np.repeat(start[:, None], len(stage.years), axis=1)
    return switch(chances, RIVALRY_STOP, stream(seed, "threat"))


def switch(start: Array, stop: float, draw: np.random.Generator) -> Flags:
    """Two-state Markov process (D × T): off → on with probability `start`, on → off with `stop`."""
    luck = draw.random(start.shape)
    on = np.zeros(start.shape, dtype=bool)
    on[:, 0] = luck[:, 0] < start[:, 0]
    for t in range(1, start.shape[1]):
        on[:, t] = np.where(on[:, t - 1], luck[:, t] >= stop, luck[:, t] < start[:, t])
    return on


def draw_disputes(
    world: World, stage: Stage, disposition: Disposition, threat: Flags, treatments: Mapping[str, Flags], seed: int
) -> Disputes:
    """Run the hazard through the years; every array is D × T."""
    draw = stream(seed, "disputes")
    wanted = _risk(world, stage, disposition, threat, treatments, seed)
    risk = np.clip(wanted, FLOOR, CEILING)
    luck, endurance = draw.random(risk.shape), draw.random(risk.shape)
    onset, at_risk = np.zeros(risk.shape, dtype=bool), np.zeros(risk.shape, dtype=bool)
    number, age = np.zeros(risk.shape, dtype=np.int64), np.zeros(len(risk), dtype=np.int64)
    last = 0
    for t in range(risk.shape[1]):
        exists = stage.exists[:, t]
        going_on = exists & (age > 0) & (age < LONGEST_DISPUTE) & (endurance[:, t] < GOES_ON)
        at_risk[:, t] = exists & ~going_on
        onset[:, t] = at_risk[:, t] & (luck[:, t] < risk[:, t])
        new = np.flatnonzero(onset[:, t])
        number[going_on, t] = number[going_on, t - 1]
        number[new, t] = np.arange(last + 1, last + 1 + len(new))
        last += len(new)
        age = np.where(onset[:, t], 1, np.where(going_on, age + 1, 0))
    counted = at_risk & stage.studied
    return Disputes(onset, number, at_risk, float((wanted != risk)[counted].mean()))


def _risk(
    world: World, stage: Stage, disposition: Disposition, threat: Flags, treatments: Mapping[str, Flags], seed: int
) -> Array:
    """Onset risk before it is kept within bounds (D × T); in the first years of burn-in nothing is lagged."""
    draw = stream(seed, "shocks")
    crisis = draw.random(stage.member.shape) < CRISIS
    shock = world.state_shock * (crisis - CRISIS) / np.sqrt(CRISIS * (1 - CRISIS))
    swing = draw.uniform(-YEAR_SWING, YEAR_SWING, len(stage.years)) * world.base_risk
    risk: Array = disposition.base[:, None] + swing + shock[stage.first] + shock[stage.second]
    risk[:, 2:] += world.threat_on_onset * threat[:, :-2]
    for name, treated in treatments.items():
        risk[:, 1:] += world.effects.get(name, 0.0) * treated[:, :-1]
    return risk


@dataclass(frozen=True)
class Hazard:
    """Onset risk of N dyad-years: what is fixed, and how large are the shocks to it that every draw makes again.

    mean (N,) risk on average; `first`, `second`, `year` (N,) places of states and years among `states` and `years`;
    `state_shock` standard deviation of a state-year's shock; `year_swing` largest common shock of a year.
    """

    mean: Array
    first: Codes
    second: Codes
    year: Codes
    states: int
    years: int
    state_shock: float
    year_swing: float

    @property
    def strongest(self) -> float:
        """The largest `state_shock` under which every risk, whatever is drawn, is a probability."""
        down = (float(self.mean.min()) - self.year_swing) / (2 * float(np.sqrt(CRISIS / (1 - CRISIS))))
        up = (1 - float(self.mean.max()) - self.year_swing) / (2 * float(np.sqrt((1 - CRISIS) / CRISIS)))
        return min(down, up)

    def draw(self, generator: np.random.Generator, count: int) -> Array:
        """Draw outcomes (N, count), 0 or 1.

        Raises ConfigError if a risk could leave [0, 1], so that effects would not be planted in full.
        """
        if not 0 <= self.state_shock <= self.strongest:
            raise ConfigError(
                f"simulation: under state shocks of {self.state_shock:.3g} some risks are no probabilities, with these "
                "effects and this base risk"
            )
        crisis = generator.random((self.states * self.years, count)) < CRISIS
        shock = self.state_shock * (crisis - CRISIS) / np.sqrt(CRISIS * (1 - CRISIS))
        risk = generator.uniform(-self.year_swing, self.year_swing, (self.years, count))[self.year]
        risk += self.mean[:, None]
        risk += shock[self.first * self.years + self.year]
        risk += shock[self.second * self.years + self.year]
        return (generator.random(risk.shape) < risk).astype(np.float64)


def hazard(world: World, seed: int, a: Codes, b: Codes, year: Codes, planted: Array) -> Hazard:
    """The hazard of dyad-years (N,) of the world drawn from `seed`, with its own lasting risks of dyads.

    `a`, `b`: codes of the two states, as the world wrote them; `planted`: what regressors add to the risk, (N,).
    """
    stage = build_stage(world, seed)
    base = draw_disposition(world, stage, seed).base
    codes = stage.states["code"].to_numpy()
    first, second = (np.searchsorted(codes, side) for side in (np.minimum(a, b), np.maximum(a, b)))
    by_dyad = np.zeros((len(codes), len(codes)))
    by_dyad[stage.first, stage.second] = base
    start, end = int(year.min()), int(year.max())
    return Hazard(
        mean=by_dyad[first, second] + planted,
        first=first,
        second=second,
        year=year - start,
        states=len(codes),
        years=end - start + 1,
        state_shock=world.state_shock,
        year_swing=YEAR_SWING * world.base_risk,
    )


def policy(a: Codes, b: Codes, year: Codes, generator: np.random.Generator) -> Array:
    """A treatment that states give all of their dyads: whether either of the two has its policy on, (N,)."""
    states, ends = np.unique(np.concatenate([a, b]), return_inverse=True)
    when = year - int(year.min())
    on = switch(np.full((len(states), int(when.max()) + 1), POLICY_START), POLICY_STOP, generator)
    first, second = ends[: len(a)], ends[len(a) :]
    return (on[first, when] | on[second, when]).astype(np.float64)
