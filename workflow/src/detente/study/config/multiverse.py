"""What `config/multiverse.yaml` says: decisions that a test hangs on, their defensible options, what goes together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from detente.base import strict
from detente.base.errors import ConfigError, DetenteError, choices
from detente.base.strict import Identifier, Once, Strict, Window
from detente.study.config.claims import Control, DesignName, Duration, Role
from detente.study.config.own import NO_REASON
from detente.study.config.project import Project

MULTIVERSE = Path("config/multiverse.yaml")
# Del Giudice and Gangestad (2021): options are equivalent in principle, answer another question, or it is not known
# which of the two.
Tag = Literal["equivalent", "different", "uncertain"]
Effect = Literal["dyad", "year", "region_year"]
Keys = list[str | int]
VARIABLE, ESTIMATOR = "a variable of the panel", "an estimator that a multiverse is fitted by"
CODING, SEVERITY = "a coding of conflict", "a severity"
# What the fields of `Settings` name that is declared elsewhere, but for controls.
NAMED = {"coding": CODING, "severity": SEVERITY, "treatment": VARIABLE, "sample": "a sample", "estimator": ESTIMATOR}


class ControlSet(Strict):
    """Controls made from those of a claim: kept are those of `roles`, and those named in `keep`; then `add` joins."""

    roles: Once[Role] | None = Field(default=None, description="None keeps them all.")
    keep: Once[Identifier] = Field(default=(), description="Kept where the claim has them.")
    add: Once[Identifier] = ()


class Settings(Strict):
    """Fields of a specification that an option sets; None leaves the claim's own.

    `coding` and `severity` name an outcome together, and with `directed` its initiation by the first state of a row;
    years at peace then count by that coding. With a longer `lag`, confounders and the moderator are measured as much
    earlier. Of `effects`, "region_year" is the year in the pair of regions of the two states. `design`: a design for
    treatments that switch, on the linear scale, in the place of a regression.
    """

    coding: Identifier | None = None
    severity: Identifier | None = None
    directed: bool | None = None
    treatment: Identifier | None = None
    lag: int | None = Field(default=None, ge=1, le=10)
    sample: Identifier | None = None
    controls: ControlSet | None = None
    duration: Duration | None = None
    effects: tuple[Effect, ...] | None = None
    estimator: Identifier | None = None
    vcov: Literal["dyadic", "dyad", "dyadic_cr2"] | None = None
    window: Window | None = None
    design: DesignName | None = None

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
    not_for: dict[Identifier, str] = Field(default={}, description="Claims that cannot have it, and why.")
    default: bool = False

    @model_validator(mode="after")
    def _headline(self) -> Option:
        if self.default and self.tag != "equivalent":
            raise ValueError("the headline's option is equivalent to itself: its tag must be 'equivalent'")
        if self.default and self.not_for:
            raise ValueError("the headline's option is every claim's: it cannot be `not_for` some")
        return self


class Node(Strict):
    """A decision."""

    question: str
    claims: tuple[Identifier, ...] | None = Field(default=None, description="Claims that it bears on; None for all.")
    crossed: Once[Identifier] | None = Field(
        default=None,
        description="Decisions that its other options are combined with, one at a time; None for all, in full.",
    )
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


class AddedOption(Option):
    """An option that a study adds; it is tagged uncertain unless it says."""

    label: str = ""
    tag: Tag = "uncertain"
    why: str = Field(default=NO_REASON, min_length=20)

    @model_validator(mode="after")
    def _headline(self) -> AddedOption:
        """A default is the headline's, and equivalent to itself."""
        return self


class AddedNode(Strict):
    """A decision that a study adds, or adds options to."""

    question: str = ""
    claims: tuple[Identifier, ...] | None = None
    crossed: Once[Identifier] | None = None
    options: dict[Identifier, AddedOption] = Field(min_length=1)


class Added(Strict):
    """`multiverse:` of a study's file."""

    nodes: dict[Identifier, AddedNode] = Field(min_length=1)


def load_multiverse(root: Path, project: Project) -> Multiverse:
    """Read `config/multiverse.yaml` and check every name that it uses against the project's.

    Raises ConfigError naming file, line, key, legal values and the nearest match; all problems together.
    """
    multiverse = _extended(strict.read(root / MULTIVERSE, Multiverse), project)
    shared, nodes = project.claims.controls, multiverse.nodes
    legal: dict[str, Collection[str]] = {
        "a claim": project.claims.claims,
        "a sample": project.samples,
        "a control": {*shared, *multiverse.controls},
        "a node": nodes,
        **{f"an option of {node!r}": decision.options for node, decision in nodes.items()},
    }
    taken: list[tuple[Keys, str]] = [
        (["controls", name], f"{name!r} is a control of config/claims.yaml; choose another name")
        for name in multiverse.controls
        if name in shared
    ]
    refuse_unknown(multiverse, project, legal, ConfigError, taken)
    return multiverse


def refuse_unknown(
    multiverse: Multiverse,
    project: Project,
    legal: Mapping[str, Collection[str]],
    error: type[DetenteError],
    others: Sequence[tuple[Keys, str]] = (),
) -> None:
    """Raise `error` with all names that are not among the `legal` ones of their kind, and with `others` before them."""
    unknown = [
        (keys, f"{name!r} is not {kind}; {choices(name, legal[kind])}")
        for keys, kind, name in _names(multiverse)
        if kind in legal and name not in legal[kind]
    ]
    if found := [*others, *unknown]:
        raise error("\n".join(f"{place_of(project, keys)}: {fault}" for keys, fault in found))


def place_of(project: Project, keys: Keys) -> str:
    """`file:line › keys` of what stands under these keys, in the shipped multiverse or in the file of a study."""
    within = (project.root / MULTIVERSE, keys)
    for path, said in (item for own in project.own.values() for item in own.multiverse.items()):
        node = said["nodes"].get(keys[1]) if keys[0] == "nodes" else None
        if node is not None and (len(keys) < 4 or keys[3] in node.get("options", {})):
            within = (path, ["multiverse", *keys])
    return place(*within)


def _extended(multiverse: Multiverse, project: Project) -> Multiverse:
    """The shipped multiverse with decisions and options that studies add; raises ConfigError with their line."""
    nodes = dict(multiverse.nodes)
    for name, own in project.own.items():
        for path, said in own.multiverse.items():
            added = strict.validated(path, Added, said, ["multiverse"])
            for node, decision in added.nodes.items():
                at: Keys = ["multiverse", "nodes", node]
                nodes[node] = _node(nodes.get(node), decision, project.studies[name].claims, (path, at))
    return multiverse.model_copy(update={"nodes": nodes})


def _node(known: Node | None, added: AddedNode, mine: tuple[str, ...], at: tuple[Path, Keys]) -> Node:
    """A decision of a study's own, or a shipped one with its options, which are for its claims unless it says."""
    path, keys = at
    options = {
        name: {"label": _words(name), "claims": mine, **option.model_dump(by_alias=True, exclude_unset=True)}
        for name, option in added.options.items()
    }
    if known is None:
        said = added.model_dump(exclude_unset=True, exclude={"options"})
        whole = {"question": f"{_words(str(keys[-1]))}?", "claims": mine, **said, "options": options}
        for name, option in whole["options"].items():
            tag = "equivalent" if option.get("default") else "uncertain"
            whole["options"][name] = {"tag": tag, "why": NO_REASON, **option}
        return strict.validated(path, Node, whole, keys)
    where = place(path, keys)
    if given := added.model_fields_set - {"options"}:
        raise ConfigError(f"{where}: is a shipped decision, to which `options` alone can be added, not {min(given)!r}")
    for name, option in added.options.items():
        if name in known.options or option.default:
            fault = "is a shipped option" if name in known.options else "cannot be the default of a shipped decision"
            raise ConfigError(f"{place(path, [*keys, 'options', name])}: {fault}; choose another name or leave it out")
    more = {
        name: strict.validated(path, Option, {"tag": "uncertain", "why": NO_REASON, **said}, [*keys, "options", name])
        for name, said in options.items()
    }
    # A decision that bears on some claims now bears on these, too, whose only options are the headline's and these.
    bound = {"claims": known.claims}
    old = {n: o if o.default or o.claims else o.model_copy(update=bound) for n, o in known.options.items()}
    both = known.claims and tuple(dict.fromkeys([*known.claims, *(c for o in more.values() for c in o.claims or ())]))
    return known.model_copy(update={"claims": both, "options": {**old, **more}})


def place(path: Path, keys: Keys) -> str:
    """`file:line › keys`."""
    return " › ".join([strict.located(path, keys), *map(str, keys)])


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _names(multiverse: Multiverse) -> Iterator[tuple[Keys, str, str]]:
    """All names of what is declared elsewhere: where they are used, what they are to be, and the name."""
    for name, control in multiverse.controls.items():
        yield ["controls", name, "variable"], VARIABLE, control.variable
    for node, decision in multiverse.nodes.items():
        yield from _listed(["nodes", node, "claims"], "a claim", decision.claims)
        yield from _listed(["nodes", node, "crossed"], "a node", decision.crossed)
        for option, chosen in decision.options.items():
            at: Keys = ["nodes", node, "options", option]
            yield from _listed([*at, "claims"], "a claim", chosen.claims)
            yield from (([*at, "not_for", claim], "a claim", claim) for claim in chosen.not_for)
            for key in (k for k in NAMED if k in chosen.sets.given):
                yield [*at, "set", key], NAMED[key], chosen.sets.given[key]
            if (controls := chosen.sets.controls) is not None:
                yield from _listed([*at, "set", "controls", "keep"], "a control", controls.keep)
                yield from _listed([*at, "set", "controls", "add"], "a control", controls.add)
            for old, new in chosen.replace.items():
                yield from (([*at, "replace", old], VARIABLE, variable) for variable in (old, new))
    for i, constraint in enumerate(multiverse.constraints):
        for node, options in constraint.forbid.items():
            yield ["constraints", i, "forbid", node], "a node", node
            yield from _listed(["constraints", i, "forbid", node], f"an option of {node!r}", options)


def _listed(keys: Keys, kind: str, names: Sequence[str] | None) -> Iterator[tuple[Keys, str, str]]:
    yield from (([*keys, i], kind, name) for i, name in enumerate(names or ()))
