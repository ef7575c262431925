"""Printed numbers: what was printed of a term or a model, how near ours must be, and why it may be another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from detente.base.strict import Strict
from detente.replicate.notation import Printed, digits, printed

QUANTITY = re.compile(r"(?P<name>[a-z][a-z0-9_]*)(\((?P<arguments>[^()]*)\))?")
STARS = "stars"


class Tolerance(Strict):
    """How far ours may be from what is printed, and why that is no difference."""

    absolute: float = Field(default=0.0, ge=0, description="How far ours may be from the printed number.")
    relative: float = Field(default=0.0, ge=0, lt=1, description="The same, as a share of the printed number.")
    because: str = Field(min_length=1, description="Why that is no difference.")

    @model_validator(mode="after")
    def _some(self) -> Tolerance:
        if not self.absolute and not self.relative:
            raise ValueError("give 'absolute', 'relative' or both")
        return self


class Target(Strict):
    """One printed number; `differs` says why ours is another, `infeasible` why there is none of ours."""

    printed: Annotated[str, BeforeValidator(digits), WithJsonSchema({"type": ["string", "number"]})] = Field(
        description="The number as printed, in quotes; alone, it needs no mapping."
    )
    within: Tolerance | None = Field(default=None, description="How far ours may be from it.")
    differs: str = Field(default="", description="Why ours is another number.")
    stars_differ: str = Field(default="", description="Why ours has other stars than those behind the number.")
    infeasible: str = Field(default="", description="Why there is none of ours.")

    @property
    def told(self) -> Printed:
        """What the printed text says."""
        return printed(self.printed)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """A number alone is one as it is printed."""
        return {"anyOf": [{"type": ["string", "number"]}, handler(core)]}

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return value if isinstance(value, Mapping) else {"printed": value}

    @model_validator(mode="after")
    def _whole(self) -> Target:
        if self.within and self.told.whole:
            raise ValueError(f"{self.printed} is a whole number, which is met or not: say why it `differs`")
        return self


@dataclass(frozen=True)
class Place:
    """Where a printed number stands: term "" for a number of the whole model."""

    term: str
    quantity: str
    target: Target

    def keys(self, model: str) -> list[str]:
        """Where it stands in the file."""
        part = ["printed", self.term] if self.term else ["statistics"]
        return ["models", model, *part, self.quantity]


class Derived(Strict):
    """A number made of one coefficient, such as alpha = exp(value) of ln(alpha)."""

    term: str = Field(description="Term whose coefficient it is made of.")
    expression: str = Field(description="How, of the coefficient `value`, such as exp(value).")
