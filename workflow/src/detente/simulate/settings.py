"""What a world is drawn from: its settings, and random streams, one per component, none of which moves another."""

from zlib import crc32

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from detente.base.strict import Identifier, Strict, Year
from detente.base.types import Array

FLOOR, CEILING = 0.001, 0.9
"""Between which every risk of a world is kept."""
LONGEST_TAIL = 4.0
"""Of what makes a dyad dangerous, a standard exponential draw: larger ones are this."""


class World(Strict):
    """A simulated world: its size, its shocks, and the effects planted in it."""

    states: int = Field(ge=8, le=200)
    years: tuple[Year, Year]
    base_risk: float = Field(gt=0, lt=0.5, description="Onset risk of a relevant dyad at peace, untreated.")
    dyad_spread: float = Field(ge=0, description="Standard deviation of dyads' base risk, share of base risk.")
    state_shock: float = Field(ge=0, description="Standard deviation of a state-year shock to risk.")
    threat_on_onset: float = Field(description="Added risk under threat (rivalry), in probability.")
    threat_on_treatment: float = Field(description="How strongly threat brings about treatment, in log-odds.")
    effects: dict[Identifier, float] = Field(description="Planted change in onset risk by claim, in probability.")

    @field_validator("years")
    @classmethod
    def _ordered(cls, years: tuple[int, int]) -> tuple[int, int]:
        if years[1] - years[0] < 9:
            raise ValueError(f"{years[1] - years[0] + 1} years are too few for a world: use at least 10")
        return years

    @field_validator("effects")
    @classmethod
    def _possible(cls, effects: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        """Refuse effects that no dyad's risk could bear."""
        if not {"base_risk", "dyad_spread"} <= set(info.data):
            return effects
        most = info.data["base_risk"] * (1 + info.data["dyad_spread"] * (LONGEST_TAIL - 1))
        for name, effect in effects.items():
            if not FLOOR < most + effect < CEILING:
                raise ValueError(
                    f"{name}: {effect:g} would bring the risk of the most dangerous dyad, {most:.3f}, to "
                    f"{most + effect:.3f}; it must stay between {FLOOR:g} and {CEILING:g}"
                )
        return effects


def stream(seed: int, component: str) -> np.random.Generator:
    """Return the generator of one named component of the world drawn from `seed`."""
    return np.random.default_rng([seed, crc32(component.encode("ascii"))])


def logistic(log_odds: Array) -> Array:
    """Probability of given log-odds."""
    return 1.0 / (1.0 + np.exp(-log_odds))
