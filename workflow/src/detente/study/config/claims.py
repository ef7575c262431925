"""What `config/claims.yaml` says: claims in testable form, those that no data can test, and the controls they share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from detente.base.strict import Identifier, Strict, unrepeated

CLAIMS = Path("config/claims.yaml")
CODE = r"^[A-Z][0-9]{1,2}$"
# powered: the record can tell; weak: it can tell large effects alone; case-only: one case, or a handful; untestable: no
# record of treatment or outcome; descriptive: no effect is claimed.
Evidence = Literal["powered", "weak", "case-only", "untestable", "descriptive"]
Role = Literal["confounder", "duration", "geography", "mediator", "moderator"]
Family = Literal["instruments", "deterrence", "moderators", "contrasts"]


class Control(Strict):
    """A control variable, what it is to the effect and how long before the outcome it is measured."""

    variable: Identifier
    role: Role
    lag: int = Field(ge=0, le=10, description="Years before the outcome.")
    label: str
    why: str


class Moderator(Strict):
    """What the effect of a treatment is said to hang on, and how long before the outcome it is measured."""

    variable: Identifier
    lag: int = Field(default=2, ge=1, le=10, description="Years before the outcome; not after the treatment.")
    label: str


class Placebo(Strict):
    """A negative control: a treatment that cannot work, so that what is found of it is bias."""

    variable: Identifier
    lag: int = Field(ge=-5, le=10, description="Years before the outcome; negative for a lead.")
    label: str


class Claim(Strict):
    """One claim of military diplomacy in testable form.

    With a `moderator`, the claim is about the product of treatment and moderator: how the effect changes as a 0/1
    moderator is 1, or any other is a standard deviation higher.
    """

    id: str = ""
    code: str = Field(pattern=CODE, description="Its place in the list of all claims, such as A2.")
    label: str
    statement: str
    instrument: str = Field(description="What the treatment is called inside a sentence.")
    treatment: Identifier
    lag: int = Field(default=1, ge=1, le=10)
    outcome: Identifier
    expected: Literal["lowers", "raises", "either"]
    design: str
    evidence: Evidence
    why: str = Field(description="Why the public record is so strong a test of it, and no stronger.")
    family: Family = Field(default="instruments", description="Claims that are judged together.")
    directed: bool = Field(default=False, description="Whether rows are a potential initiator and its target.")
    sample: Identifier | None = Field(default=None, description="Its headline sample, where it is not the study's.")
    moderator: Moderator | None = None
    controls: tuple[Identifier, ...]
    placebos: tuple[Placebo, ...] = ()

    @field_validator("controls")
    @classmethod
    def _once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return unrepeated(names)

    @model_validator(mode="after")
    def _moderated_before(self) -> Claim:
        """A moderator that comes after the treatment may be its consequence."""
        if self.moderator is not None and self.moderator.lag < self.lag:
            raise ValueError(
                f"the moderator is measured {self.moderator.lag} and the treatment {self.lag} years before"
            )
        return self


class Untested(Strict):
    """A claim that the public record cannot test here, why, and what data would be needed."""

    id: str = ""
    code: str = Field(pattern=CODE)
    label: str
    statement: str
    evidence: Evidence
    why: str
    needs: str = Field(description="Data that a test would need.")


class ClaimsFile(Strict):
    """`config/claims.yaml`: the claims, the controls they share, and the smallest effect size of interest."""

    smallest_effect: float = Field(gt=0, lt=1, description="Share of base risk.")
    controls: dict[Identifier, Control]
    claims: dict[Identifier, Claim]
    untested: dict[Identifier, Untested] = Field(default={})

    @model_validator(mode="before")
    @classmethod
    def _ids(cls, data: Any) -> Any:
        """Each claim carries its own key as its id."""
        if not isinstance(data, dict):
            return data
        lists = {name: data[name] for name in ("claims", "untested") if isinstance(data.get(name), dict)}
        named = {
            name: {k: {**v, "id": k} if isinstance(v, dict) else v for k, v in claims.items()}
            for name, claims in lists.items()
        }
        return {**data, **named}

    @model_validator(mode="after")
    def _told_apart(self) -> ClaimsFile:
        """A claim is tested or not, and has a code of its own."""
        if both := sorted(set(self.claims) & set(self.untested)):
            raise ValueError(f"{', '.join(map(repr, both))} must be either under `claims` or under `untested`")
        tested, others = self.claims.values(), self.untested.values()
        unrepeated((*(c.code for c in tested), *(c.code for c in others)))
        return self
