"""Outcomes drawn again for dyad-years whose regressors stay as they are: the hazard of `risk`, shock by shock."""

from dataclasses import dataclass

import numpy as np

from detente.base.errors import ConfigError
from detente.simulate.risk import CRISIS, YEAR_SWING, draw_disposition, switch
from detente.simulate.settings import Floats, Ints, World
from detente.simulate.stage import build_stage

# A policy of a state, such as a mobilisation, starts and stops in a year with these probabilities.
POLICY_START, POLICY_STOP = 0.10, 0.20


@dataclass(frozen=True)
class Hazard:
    """Onset risk of N dyad-years: what is fixed, and how large are the shocks to it that every draw makes again.

    mean (N,) risk on average; `first`, `second`, `year` (N,) places of states and years among `states` and `years`;
    `state_shock` standard deviation of a state-year's shock; `year_swing` largest common shock of a year.
    """

    mean: Floats
    first: Ints
    second: Ints
    year: Ints
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

    def draw(self, generator: np.random.Generator, count: int) -> Floats:
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


def hazard(world: World, seed: int, a: Ints, b: Ints, year: Ints, planted: Floats) -> Hazard:
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


def policy(a: Ints, b: Ints, year: Ints, generator: np.random.Generator) -> Floats:
    """A treatment that states give all of their dyads: whether either of the two has its policy on, (N,)."""
    states, ends = np.unique(np.concatenate([a, b]), return_inverse=True)
    when = year - int(year.min())
    on = switch(np.full((len(states), int(when.max()) + 1), POLICY_START), POLICY_STOP, generator)
    first, second = ends[: len(a)], ends[len(a) :]
    return (on[first, when] | on[second, when]).astype(np.float64)
