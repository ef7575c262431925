"""What `config/claims.yaml` says, claims in testable form and the controls they share, and what `config/samples.yaml`.

Samples say which dyad-years a model is fitted to, as expressions over panel variables.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AfterValidator, Field, field_validator, model_validator

from detente.base.errors import FormulaError, choices
from detente.base.expressions import Table, names, parse, parse_condition, selected, uses_other_rows
from detente.base.strict import Identifier, Once, Strict, Window, read, unrepeated
from detente.base.units import UNIT_KEYS, Unit
from detente.data import AssignedBy

CLAIMS, SAMPLES = Path("config/claims.yaml"), Path("config/samples.yaml")
CODE, CODE_OR_NONE = r"^[A-Z][0-9]{1,2}$", r"^([A-Z][0-9]{1,2})?$"
# powered: the record can tell; weak: it can tell large effects alone; case-only: one case, or a handful; untestable: no
# record of treatment or outcome; descriptive: no effect is claimed; unstated: a study's own claim, of which its file
# does not say.
Evidence = Literal["powered", "weak", "case-only", "untestable", "descriptive", "unstated"]
Role = Literal["confounder", "duration", "geography", "mediator", "moderator"]
Family = Literal["instruments", "deterrence", "moderators", "contrasts"]
Duration = Literal["cubic", "capped", "spline", "log", "decay", "none"]
"""Forms in which years at peace enter a model."""
DesignName = Literal[
    "twfe", "event_study", "matching", "imputation", "first_switches", "staggered", "matching_ends", "carry_over"
]
"""Designs for treatments that switch, in order of print; `study/robustness/designs.py` says what each compares."""

KadKind = Literal["exercise", "alliance", "mission"]
"""Kinds of events of several states, each one observation; `data/kads/groups.py` says where they are from."""


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
    """A negative control: what has no effect on the outcome, beside the treatment, unless something else is at work.

    A lead finds confounding that changes in time; but also states that act on what they expect, and a treatment that
    follows from the outcome.
    """

    variable: Identifier
    lag: int = Field(ge=-5, le=10, description="Years before the outcome; negative for a lead.")
    label: str


class Contrast(Strict):
    """Between which two values of a treatment a verdict is: numbers, percentiles, or none and the value of one case.

    Percentiles are of the treatment among the observations of the model. A case is named by the keys of the panel, all
    its rows having one value of the treatment. Percentiles and cases do not depend on the unit of the treatment.
    """

    between: tuple[float, float] | None = Field(default=None, description="In the unit of the treatment.")
    percentiles: tuple[float, float] | None = None
    case: dict[Literal["ccode1", "ccode2", "ccode", "year"], int] | None = Field(default=None, min_length=1)
    said: str = Field(min_length=1, description="The contrast in words.")

    @model_validator(mode="after")
    def _one(self) -> Contrast:
        given = [name for name in ("between", "percentiles", "case") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of between, percentiles and case, not {' and '.join(given) or 'none'}")
        ends = self.between or self.percentiles or (0.0, 1.0)
        if not ends[0] < ends[1]:
            raise ValueError(f"{given[0]} must rise: [{ends[1]:g}, {ends[0]:g}]")
        if self.percentiles and not (self.percentiles[0] >= 0 and self.percentiles[1] <= 100):
            raise ValueError("percentiles lie between 0 and 100")
        return self


class Claim(Strict):
    """One claim of military diplomacy in testable form.

    With a `moderator`, the claim is about the product of treatment and moderator: how the effect changes as a 0/1
    moderator is 1, or any other is a standard deviation higher.
    """

    id: str = ""
    code: str = Field(
        default="", pattern=CODE_OR_NONE, description="Its place in the list of all claims, such as A2; else none."
    )
    label: str
    statement: str
    instrument: str = Field(description="What the treatment is called inside a sentence.")
    treatment: Identifier
    lag: int = Field(default=1, ge=1, le=10)
    contrast: Contrast | None = Field(
        default=None, description="What the verdict is about; one unit of the treatment, from none, if left out."
    )
    outcome: Identifier
    expected: Literal["lowers", "raises", "either"]
    design: str
    evidence: Evidence
    why: str = Field(description="Why the public record is so strong a test of it, and no stronger.")
    family: Family = Field(default="instruments", description="Claims that are judged together.")
    directed: bool = Field(default=False, description="Whether rows are a potential initiator and its target.")
    states: bool = Field(default=False, description="Whether rows are states, and not dyads.")
    sample: Identifier | None = Field(default=None, description="Its headline sample, where it is not the study's.")
    window: Window | None = Field(
        default=None, description="Years in which its treatment and outcome are coded, for studies with `windows: own`."
    )
    moderator: Moderator | None = None
    designs: Once[DesignName] | None = Field(
        default=None, description="What the headline is set beside; all designs if left out."
    )
    assigned: AssignedBy | None = Field(
        default=None, description="How its treatment is assigned, where this is not declared with the variable."
    )
    kads: KadKind | None = Field(
        default=None, description="Events of several states that the headline is set beside, each as one observation."
    )
    controls: Once[Identifier]
    placebos: tuple[Placebo, ...] = ()

    @property
    def unit(self) -> Unit:
        """What its rows are."""
        return "state-year" if self.states else "directed-dyad-year" if self.directed else "dyad-year"

    @model_validator(mode="after")
    def _of_one_unit(self) -> Claim:
        if self.states and self.directed:
            raise ValueError("a state has no direction: leave out `directed` or `states`")
        case = self.contrast.case if self.contrast else None
        if strange := {*(case or ())} - {*UNIT_KEYS[self.unit]}:
            keys = ", ".join(UNIT_KEYS[self.unit])
            raise ValueError(f"a case of a {self.unit} is named by {keys}, not by {', '.join(sorted(strange))}")
        return self

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


class Described(Strict):
    """A claim that no onset among dyads at risk can answer: it has a method of its own, or is shown year by year.

    `method` is one of `detente.study.described`, and checks its `options`. Without `expected` the claim is about a
    case, which is shown and not judged.
    """

    id: str = ""
    code: str = Field(pattern=CODE)
    label: str
    statement: str
    evidence: Evidence
    beside: Identifier | None = Field(
        default=None, description="The tested claim of the same code that it stands beside."
    )
    method: Identifier
    options: dict[str, Any] = Field(default={})
    expected: Literal["positive", "negative", "either"] | None = Field(
        default=None, description="On which side of its null value the claim has the quantity that it is judged by."
    )
    window: Window = Field(description="First and last year that are used.")
    design: str
    why: str = Field(description="What it can show, and what it cannot.")


def _listed(claim: Claim) -> Claim:
    """A claim of the list, which has a place there; raises ValueError if it does not say what all of them say."""
    if not claim.code:
        raise ValueError("a claim of the list needs its `code`, such as A2")
    if claim.evidence == "unstated":
        raise ValueError("a claim of the list says of what class its `evidence` is, and `unstated` says nothing")
    return claim


class ClaimsFile(Strict):
    """`config/claims.yaml`: the claims, the controls they share, and the smallest effect size of interest."""

    smallest_effect: float = Field(gt=0, lt=1, description="Share of base risk.")
    controls: dict[Identifier, Control]
    claims: dict[Identifier, Annotated[Claim, AfterValidator(_listed)]]
    described: dict[Identifier, Described] = Field(default={})
    untested: dict[Identifier, Untested] = Field(default={})

    @model_validator(mode="before")
    @classmethod
    def _ids(cls, data: Any) -> Any:
        return _keyed(data, "id", "claims", "described", "untested")

    @model_validator(mode="after")
    def _told_apart(self) -> ClaimsFile:
        """A claim is tested, described or neither, and has a code of its own."""
        for one, other in combinations(("claims", "described", "untested"), 2):
            if both := sorted(set(getattr(self, one)) & set(getattr(self, other))):
                raise ValueError(f"{', '.join(map(repr, both))} must be either under `{one}` or under `{other}`")
        for claim in self.described.values():
            if claim.beside is not None and claim.beside not in self.claims:
                legal = choices(claim.beside, self.claims)
                raise ValueError(f"described › {claim.id} › beside: {claim.beside!r} is not under `claims`; {legal}")
            if claim.beside is not None and claim.code != (code := self.claims[claim.beside].code):
                raise ValueError(
                    f"described › {claim.id} › code: {claim.code} must be that of {claim.beside!r}, {code}"
                )
        alone = (claim for claim in self.every if not (isinstance(claim, Described) and claim.beside))
        unrepeated(tuple(claim.code for claim in alone))
        return self

    @property
    def every(self) -> tuple[Claim | Described | Untested, ...]:
        """All claims: those that are tested, those that are described, the others."""
        return (*self.claims.values(), *self.described.values(), *self.untested.values())


class Sample(Strict):
    """Rows of a panel for which an expression is true; all of them without one."""

    name: str = ""
    label: str
    expression: str | None = Field(default=None, description="Of each row by itself; rows where it is missing are out.")
    why: str = Field(min_length=20)

    @field_validator("expression")
    @classmethod
    def _of_one_row(cls, text: str | None) -> str | None:
        if text is None:
            return None
        try:
            tree = parse_condition(text)
        except FormulaError as error:
            raise ValueError(str(error)) from error
        if function := uses_other_rows(tree):
            raise ValueError(f"{function!r} looks at other rows; whether a row is in a sample depends on it alone")
        return text

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns of the panel that it is cut by."""
        return _variables_of(self.expression) if self.expression else ()

    def rows(self, panel: pd.DataFrame) -> pd.Series:
        """Whether rows (N,) are in the sample; raises UnknownVariable, with the nearest, if a variable is missing."""
        if self.expression is None:
            return pd.Series(data=True, index=panel.index)
        return pd.Series(selected(self.expression, Table(panel, missing="drop")), index=panel.index)


@cache
def _variables_of(expression: str) -> tuple[str, ...]:
    return names(parse(expression))


class SamplesFile(Strict):
    """`config/samples.yaml`."""

    samples: dict[Identifier, Sample] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        return _keyed(data, "name", "samples")


def load_samples(root: Path) -> dict[str, Sample]:
    """Read `config/samples.yaml`; raises ConfigError naming file, line, key and what is wrong."""
    return read(root / SAMPLES, SamplesFile).samples


def _keyed(data: Any, field: str, *lists: str) -> Any:
    """The content of a file, in which every entry of its `lists` holds its own key as `field`."""
    if not isinstance(data, dict):
        return data
    found = {name: data[name] for name in lists if isinstance(data.get(name), dict)}
    return data | {
        name: {key: {**entry, field: key} if isinstance(entry, dict) else entry for key, entry in entries.items()}
        for name, entries in found.items()
    }
