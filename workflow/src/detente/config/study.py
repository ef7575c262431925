"""A study: which world, which window, which samples, what is built; and the world that one may simulate."""

from __future__ import annotations

import zlib
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from detente.config.names import Identifier, Sample, Slug, Year, unrepeated
from detente.errors import choices
from detente.strict import Strict


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


class Study(Strict):
    """One paper: which world, which window, which samples, what is built."""

    name: Identifier
    extends: str | None = Field(default=None, exclude=True, description="The shipped study it starts from.")
    title: str
    abstract: str = ""
    world: Literal["observed", "simulated"]
    simulation: World | None = Field(default=None, validate_default=True)
    mirror: str | None = None
    seed: int = Field(ge=0)
    window: tuple[Year, Year]
    sources: tuple[Slug, ...] = Field(min_length=1, description="Sources that the panel joins.")
    samples: tuple[Sample, ...] = Field(min_length=1)
    headline: Sample
    claims: tuple[Identifier, ...] = Field(min_length=1)
    examined: tuple[Identifier, ...] | None = Field(
        default=None, min_length=1, description="Claims that `make robustness` examines; all of them if None."
    )
    estimators: tuple[Identifier, ...] = Field(min_length=1)
    covariances: tuple[str, ...] = Field(min_length=1, description="Recipes; the first two stand in tables.")

    def seed_of(self, use: str) -> int:
        """A seed of its own for each use, a claim say: draws for one do not move when another is added."""
        return self.seed ^ zlib.crc32(use.encode("utf-8"))

    @field_validator("simulation")
    @classmethod
    def _simulated(cls, simulation: World | None, info: ValidationInfo) -> World | None:
        world = info.data.get("world")
        if world == "simulated" and simulation is None:
            raise ValueError("a simulated world needs this block")
        if world == "observed" and simulation is not None:
            raise ValueError("an observed world must not have this block")
        return simulation

    @field_validator("window")
    @classmethod
    def _forward(cls, window: tuple[int, int]) -> tuple[int, int]:
        if window[0] > window[1]:
            raise ValueError(f"starts in {window[0]}, after it ends in {window[1]}")
        return window

    @field_validator("headline")
    @classmethod
    def _built(cls, headline: Sample, info: ValidationInfo) -> Sample:
        samples = info.data.get("samples", (headline,))
        if headline not in samples:
            raise ValueError(f"{headline!r} is not among the study's samples; {choices(headline, samples)}")
        return headline

    @field_validator("sources", "samples", "claims", "examined", "estimators", "covariances")
    @classmethod
    def _once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if names is None else unrepeated(names)
