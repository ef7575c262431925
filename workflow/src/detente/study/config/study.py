"""A study: which world, which window, which samples, what is built."""

import zlib
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from detente.base.errors import choices
from detente.base.strict import Identifier, Slug, Strict, Year, unrepeated
from detente.simulate import World


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
    samples: tuple[Identifier, ...] = Field(min_length=1)
    headline: Identifier
    claims: tuple[Identifier, ...] = Field(min_length=1)
    examined: tuple[Identifier, ...] | None = Field(
        default=None, min_length=1, description="Claims that `make robustness` examines; all of them if None."
    )
    estimators: tuple[Identifier, ...] = Field(min_length=1)
    vcov: tuple[str, ...] = Field(min_length=1, description="Covariance estimators; tables show two of them.")

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
    def _built(cls, headline: str, info: ValidationInfo) -> str:
        samples = info.data.get("samples", (headline,))
        if headline not in samples:
            raise ValueError(f"{headline!r} is not among the study's samples; {choices(headline, samples)}")
        return headline

    @field_validator("sources", "samples", "claims", "examined", "estimators", "vcov")
    @classmethod
    def _once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if names is None else unrepeated(names)
