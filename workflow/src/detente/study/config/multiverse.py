"""What `config/multiverse.yaml` says: decisions that a test hangs on, their defensible options, what goes together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from detente.base import strict
from detente.base.errors import ConfigError, choices
from detente.base.strict import Identifier, Strict, Year, unrepeated
from detente.study.config.claims import Control, Role
from detente.study.config.project import Project

MULTIVERSE = Path("config/multiverse.yaml")
# Del Giudice and Gangestad (2021): options are equivalent in principle, answer another question, or it is not known
# which of the two.
Tag = Literal["equivalent", "different", "uncertain"]
Form = Literal["cubic", "spline", "log", "decay", "none"]
Effect = Literal["dyad", "year"]


class ControlSet(Strict):
    """Controls made from those of a claim: kept are those of `roles`, and those named in `keep`; then `add` joins."""

    roles: tuple[Role, ...] | None = Field(default=None, description="None keeps them all.")
    keep: tuple[Identifier, ...] = Field(default=(), description="Kept where the claim has them.")
    add: tuple[Identifier, ...] = ()

    @field_validator("roles", "keep", "add")
    @classmethod
    def _once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if names is None else unrepeated(names)


class Settings(Strict):
    """Fields of a specification that an option sets; None leaves the claim's own.

    `coding` and `severity` name an outcome together, and with `directed` its initiation by the first state of a row;
    years at peace then count by that coding. With a longer `lag`, confounders and the moderator are measured as much
    earlier.
    """

    coding: Identifier | None = None
    severity: Identifier | None = None
    directed: bool | None = None
    treatment: Identifier | None = None
    lag: int | None = Field(default=None, ge=1, le=10)
    sample: Identifier | None = None
    controls: ControlSet | None = None
    duration: Form | None = None
    effects: tuple[Effect, ...] | None = None
    estimator: Identifier | None = None
    vcov: Literal["dyadic", "dyad"] | None = None
    window: tuple[Year, Year] | None = None

    @field_validator("window")
    @classmethod
    def _forward(cls, window: tuple[int, int] | None) -> tuple[int, int] | None:
        if window and window[0] > window[1]:
            raise ValueError(f"starts in {window[0]}, after it ends in {window[1]}")
        return window

    @cached_property
    def given(self) -> dict[str, Any]:
        """What is set, by field."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}


class Option(Strict):
    """One way to decide: what it sets, variables that it replaces wherever they stand, and why it can be defended."""

    label: str
    sets: Settings = Field(default=Settings(), alias="set")
    replace: dict[Identifier, Identifier] = Field(default={}, description="Variable by variable.")
    tag: Tag
    why: str = Field(min_length=20)
    claims: tuple[Identifier, ...] | None = Field(default=None, description="Claims that it is for; None for all.")
    default: bool = False

    @model_validator(mode="after")
    def _headline(self) -> Option:
        if self.default and self.tag != "equivalent":
            raise ValueError("the headline's option is equivalent to itself: its tag must be 'equivalent'")
        return self


class Node(Strict):
    """A decision."""

    question: str
    claims: tuple[Identifier, ...] | None = Field(default=None, description="Claims that it bears on; None for all.")
    options: dict[Identifier, Option] = Field(min_length=2)

    @model_validator(mode="after")
    def _one_headline(self) -> Node:
        if (count := sum(o.default for o in self.options.values())) != 1:
            raise ValueError(f"exactly one option must be `default: true`, the headline's; {count} are")
        return self

    @property
    def headline(self) -> str:
        """The headline's option."""
        return next(name for name, option in self.options.items() if option.default)

    def offered(self, claim: str) -> list[str]:
        """Options that a claim has, the headline's first."""
        mine = [n for n, o in self.options.items() if claim in (o.claims or (claim,)) and not o.default]
        return [self.headline, *(mine if claim in (self.claims or (claim,)) else ())]


class Constraint(Strict):
    """Options that make no sense together, and why."""

    forbid: dict[Identifier, tuple[Identifier, ...]] = Field(min_length=2)
    why: str = Field(min_length=20)


class Departures(Strict):
    """How many decisions may leave the headline at a time for options that are not equivalent to its own."""

    different: int = Field(ge=0, le=3, description="For options that answer another question.")
    together: int = Field(ge=0, le=4, description="For options that are not tagged equivalent, of either kind.")
    why: str = Field(min_length=20)


class Multiverse(Strict):
    """`config/multiverse.yaml`."""

    departures: Departures
    controls: dict[Identifier, Control] = Field(default={})
    nodes: dict[Identifier, Node] = Field(min_length=1)
    constraints: tuple[Constraint, ...] = ()


def load_multiverse(root: Path, project: Project) -> Multiverse:
    """Read `config/multiverse.yaml` and check every name that it uses against the project's.

    Raises ConfigError naming file, line, key, legal values and the nearest match; all problems together.
    """
    path = root / MULTIVERSE
    multiverse = strict.read(path, Multiverse)
    if found := [*_named(multiverse, project), *_forbidden(multiverse)]:
        lines = [f"{strict.located(path, keys)} › {' › '.join(map(str, keys))}: {fault}" for keys, fault in found]
        raise ConfigError("\n".join(lines))
    return multiverse


Fault = tuple[list[str | int], str]


def _named(multiverse: Multiverse, project: Project) -> Iterator[Fault]:
    """Claims, samples and controls that decisions name and the project does not have."""
    claims, samples, shared = project.claims.claims, project.samples, project.claims.controls
    controls = {*shared, *multiverse.controls}
    for name in multiverse.controls:
        if name in shared:
            yield ["controls", name], f"{name!r} is a control of config/claims.yaml; choose another name"
    for node, decision in multiverse.nodes.items():
        yield from _unknown(["nodes", node, "claims"], decision.claims, "claim", claims)
        for option, chosen in decision.options.items():
            keys, sets = ["nodes", node, "options", option], chosen.sets
            yield from _unknown([*keys, "claims"], chosen.claims, "claim", claims)
            if sets.sample is not None and sets.sample not in samples:
                yield [*keys, "set", "sample"], f"{sets.sample!r} is not a sample; {choices(sets.sample, samples)}"
            if sets.controls is not None:
                for key in ("keep", "add"):
                    names = getattr(sets.controls, key)
                    yield from _unknown([*keys, "set", "controls", key], names, "control", controls)


def _forbidden(multiverse: Multiverse) -> Iterator[Fault]:
    for i, constraint in enumerate(multiverse.constraints):
        for node, options in constraint.forbid.items():
            keys: list[str | int] = ["constraints", i, "forbid", node]
            if node not in multiverse.nodes:
                yield keys, f"{node!r} is not a node; {choices(node, multiverse.nodes)}"
                continue
            for j, name in enumerate(options):
                if name not in (legal := multiverse.nodes[node].options):
                    yield [*keys, j], f"{name!r} is not an option of {node!r}; {choices(name, legal)}"


def _unknown(
    keys: Sequence[str | int], names: Sequence[str] | None, kind: str, known: Collection[str]
) -> Iterator[Fault]:
    """Names of a list that are not known."""
    for i, name in enumerate(names or ()):
        if name not in known:
            yield [*keys, i], f"{name!r} is not a {kind}; {choices(name, known)}"
