"""From decisions to specifications: which there are for a claim, and what removed the others, before any is fitted."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from detente.base.errors import ConfigError, RoleError
from detente.study.config.claims import Claim
from detente.study.config.multiverse import Multiverse, Option
from detente.study.config.project import Project
from detente.study.config.study import Study
from detente.study.design.specification import HEADLINE, Specification
from detente.study.multiverse.resolve import KINDS, Impossible, Resolver

TOO_FAR = "leave the headline in more decisions at a time than `departures` allows"
IMPOSSIBLE = "the record has no such outcome, or no such variable"
TWICE = "the same specification as another"


Locate = Callable[[list[str | int]], str]


@dataclass(frozen=True)
class Variant:
    """One specification of a multiverse.

    `options` one per node, in the order of the nodes; `estimand` the options tagged different, joined, or `HEADLINE`;
    `equivalent` whether all options are tagged so.
    """

    specification: Specification
    options: tuple[str, ...]
    estimand: str
    equivalent: bool

    @property
    def spec_id(self) -> str:
        """Stable id: of what is estimated, whatever options are called."""
        return self.specification.spec_id


@dataclass(frozen=True)
class Removed:
    """How many combinations went, in the order in which reasons were applied."""

    why: str
    count: int


@dataclass(frozen=True)
class Grid:
    """The multiverse of one claim.

    `nodes` options by node, the headline's first; `lacking` (node, option, why) of options that the claim cannot have
    in this study; `combinations` of options before anything is removed; `removed` with what each reason took.
    """

    claim: str
    nodes: Mapping[str, tuple[str, ...]]
    lacking: tuple[tuple[str, str, str], ...]
    combinations: int
    removed: tuple[Removed, ...]
    variants: tuple[Variant, ...]

    @property
    def fits(self) -> int:
        """Models to fit: a second covariance is no second fit."""
        return len({v.specification.fit for v in self.variants})


def expand(
    multiverse: Multiverse,
    project: Project,
    study: Study,
    claim: Claim,
    offered: Mapping[bool, Collection[str]],
    locate: Locate = lambda _: "config/multiverse.yaml",
) -> Grid:
    """All specifications of one claim.

    `offered`: variables that the study's world has, of dyad-years under False, of directed ones under True. `locate`:
    from keys of the file to `file:line`.
    Raises ConfigError if the headline itself cannot be had in this study; RoleError if an option puts a control where
    it has no place, naming file, line and option.
    """
    resolver = Resolver(multiverse, project, study, claim, offered)
    nodes, lacking = _available(multiverse, resolver, claim, locate)
    kept, far = _within(multiverse, nodes)
    removed = [Removed(TOO_FAR, far)] if far else []
    for constraint in multiverse.constraints:
        at = {i: frozenset(constraint.forbid[n]) for i, n in enumerate(nodes) if n in constraint.forbid}
        if len(at) < len(constraint.forbid):
            continue
        allowed = [c for c in kept if not all(c[i] in names for i, names in at.items())]
        if len(allowed) < len(kept):
            removed.append(Removed(constraint.why, len(kept) - len(allowed)))
        kept = allowed
    variants, more = _resolved(multiverse, resolver, nodes, kept)
    sizes = prod(len(options) for options in nodes.values())
    return Grid(claim.id, nodes, tuple(lacking), sizes, (*removed, *more), tuple(variants))


def chosen(multiverse: Multiverse, nodes: Mapping[str, Sequence[str]], options: Sequence[str]) -> Iterator[Option]:
    """The options of a combination."""
    return (multiverse.nodes[node].options[option] for node, option in zip(nodes, options, strict=True))


def _available(
    multiverse: Multiverse, resolver: Resolver, claim: Claim, locate: Locate
) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, str, str]]]:
    """Options that a claim can have, alone beside the headline's, and why not the others."""
    headline = {name: node.options[node.headline] for name, node in multiverse.nodes.items()}
    base = resolver.specification(headline.values())
    if isinstance(base, Impossible):
        raise ConfigError(f"the headline of {claim.id!r} cannot be had in this study: {base.why}")
    nodes: dict[str, tuple[str, ...]] = {}
    lacking = []
    for name, node in multiverse.nodes.items():
        mine = []
        for option in node.offered(claim.id):
            try:
                found = resolver.specification({**headline, name: node.options[option]}.values())
            except RoleError as error:
                keys: list[str | int] = ["nodes", name, "options", option]
                where = " › ".join([locate(keys), *map(str, keys)])
                raise RoleError(f"{where}, for {claim.id!r}: {error}") from error
            if isinstance(found, Impossible):
                lacking.append((name, option, found.why))
            elif _fixed(found) == _fixed(base) and option != node.headline:
                lacking.append((name, option, "the same as the headline's for this claim"))
            else:
                mine.append(option)
        nodes[name] = tuple(mine)
    return nodes, lacking


def _within(multiverse: Multiverse, nodes: Mapping[str, tuple[str, ...]]) -> tuple[list[tuple[str, ...]], int]:
    """Combinations that depart from the headline in no more decisions than is allowed, and how many depart in more."""
    limit = multiverse.departures
    partial: list[tuple[tuple[str, ...], int, int]] = [((), 0, 0)]
    for name, options in nodes.items():
        tags = {option: multiverse.nodes[name].options[option].tag for option in options}
        partial = [
            ((*done, option), different + (tag == "different"), together + (tag != "equivalent"))
            for done, different, together in partial
            for option, tag in tags.items()
            if different + (tag == "different") <= limit.different
            and together + (tag != "equivalent") <= limit.together
        ]
    total = prod(len(options) for options in nodes.values())
    return [done for done, _, _ in partial], total - len(partial)


def _resolved(
    multiverse: Multiverse, resolver: Resolver, nodes: Mapping[str, tuple[str, ...]], kept: Sequence[tuple[str, ...]]
) -> tuple[list[Variant], list[Removed]]:
    """Distinct specifications, the one nearest to the headline of those that are the same."""
    seen: set[tuple[object, ...]] = set()
    variants: list[Variant] = []
    impossible = twice = 0
    for options in kept:
        decided = list(chosen(multiverse, nodes, options))
        named = [(f"{node}={option}", d) for node, option, d in zip(nodes, options, decided, strict=True)]
        spec = resolver.specification(decided, ", ".join(text for text, d in named if not d.default) or HEADLINE)
        if isinstance(spec, Impossible):
            impossible += 1
            continue
        if _fixed(spec) in seen:
            twice += 1
            continue
        seen.add(_fixed(spec))
        other = ", ".join(text for text, d in named if d.tag == "different")
        variants.append(Variant(spec, options, other or HEADLINE, all(d.tag == "equivalent" for d in decided)))
    counts = {IMPOSSIBLE: impossible, TWICE: twice}
    return variants, [Removed(why, count) for why, count in counts.items() if count]


def needed(grids: Sequence[Grid]) -> dict[bool, list[str]]:
    """Variables that the specifications use, sorted, by whether the panel is directed."""
    found: dict[bool, set[str]] = {}
    for spec in (v.specification for grid in grids for v in grid.variants):
        found.setdefault(spec.claim.directed, set()).update(spec.variables)
    return {directed: sorted(names) for directed, names in sorted(found.items())}


def shards(grid: Grid, most: int = 1000) -> list[list[Variant]]:
    """The variants in shards of at most about `most`, those that share rows side by side and in one shard."""
    runs: dict[object, list[Variant]] = {}
    for variant in sorted(grid.variants, key=_order):
        runs.setdefault(together(variant.specification), []).append(variant)
    shards: list[list[Variant]] = [[]]
    for run in runs.values():
        if shards[-1] and len(shards[-1]) + len(run) > most:
            shards.append([])
        shards[-1] += run
    return shards


def together(spec: Specification) -> tuple[object, ...]:
    """What specifications share that are fitted from the same rows, as far as one can tell before looking."""
    claim = spec.claim
    coding = KINDS[claim.outcome][0] if claim.outcome in KINDS else claim.outcome
    return claim.directed, spec.sample.name, spec.effects, spec.window, coding, claim.lag


def _order(variant: Variant) -> tuple[str, ...]:
    """Where a variant stands among others, so that neighbours share rows."""
    spec = variant.specification
    controls = str(tuple((c.variable, c.lag, c.role) for c in spec.controls))
    own = (spec.claim.outcome, spec.claim.treatment, spec.estimator, spec.duration)
    return (str(together(spec)), controls, *own)


def _fixed(spec: Specification) -> tuple[object, ...]:
    """What tells a specification of a multiverse from the others."""
    return (*spec.fit, spec.vcov)
