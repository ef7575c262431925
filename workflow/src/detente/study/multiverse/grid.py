"""From decisions to specifications: which there are for a claim, and what removed the others, before any is fitted."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from math import prod

from detente.base.errors import ConfigError, RoleError
from detente.stats import HEADLINE
from detente.study.config.claims import Claim
from detente.study.config.multiverse import Multiverse
from detente.study.config.project import Project
from detente.study.config.study import Study
from detente.study.design.specification import Specification
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
class Grid:
    """The multiverse of one claim.

    `nodes` options by node, the headline's first; `lacking` (node, option, why) of options that the claim cannot have
    in this study; `combinations` of options before anything is removed; `removed` how many of them each reason took, in
    the order in which reasons were applied.
    """

    claim: str
    nodes: Mapping[str, tuple[str, ...]]
    lacking: tuple[tuple[str, str, str], ...]
    combinations: int
    removed: Mapping[str, int]
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
    total = prod(len(options) for options in nodes.values())
    kept = _within(multiverse, nodes)
    removed = {TOO_FAR: total - len(kept)}
    for constraint in multiverse.constraints:
        at = {i: frozenset(constraint.forbid[n]) for i, n in enumerate(nodes) if n in constraint.forbid}
        if len(at) == len(constraint.forbid):
            allowed = [c for c in kept if not all(c[i] in names for i, names in at.items())]
            removed[constraint.why] = removed.get(constraint.why, 0) + len(kept) - len(allowed)
            kept = allowed
    variants: dict[tuple[object, ...], Variant] = {}
    removed |= {IMPOSSIBLE: 0, TWICE: 0}
    for options in kept:
        try:
            variant = _variant(multiverse, resolver, nodes, options)
        except Impossible:
            removed[IMPOSSIBLE] += 1
            continue
        if variants.setdefault(_fixed(variant.specification), variant) is not variant:
            removed[TWICE] += 1
    counted = {why: count for why, count in removed.items() if count}
    return Grid(claim.id, nodes, tuple(lacking), total, counted, tuple(variants.values()))


def _available(
    multiverse: Multiverse, resolver: Resolver, claim: Claim, locate: Locate
) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, str, str]]]:
    """Options that a claim can have, alone beside the headline's, and why not the others."""
    headline = {name: node.options[node.headline] for name, node in multiverse.nodes.items()}
    try:
        base = resolver.specification(headline.values())
    except Impossible as why:
        raise ConfigError(f"the headline of {claim.id!r} cannot be had in this study: {why}") from None
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
            except Impossible as why:
                lacking.append((name, option, str(why)))
                continue
            if _fixed(found) == _fixed(base) and option != node.headline:
                lacking.append((name, option, "the same as the headline's for this claim"))
            else:
                mine.append(option)
        nodes[name] = tuple(mine)
    return nodes, lacking


def _within(multiverse: Multiverse, nodes: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Combinations that depart from the headline in no more decisions than is allowed."""
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
    return [done for done, _, _ in partial]


def _variant(
    multiverse: Multiverse, resolver: Resolver, nodes: Mapping[str, tuple[str, ...]], options: tuple[str, ...]
) -> Variant:
    """The specification of a combination of options; raises Impossible where there is none."""
    decided = {f"{node}={o}": multiverse.nodes[node].options[o] for node, o in zip(nodes, options, strict=True)}
    name = ", ".join(text for text, option in decided.items() if not option.default)
    spec = resolver.specification(decided.values(), name or HEADLINE)
    other = ", ".join(text for text, option in decided.items() if option.tag == "different")
    return Variant(spec, options, other or HEADLINE, all(option.tag == "equivalent" for option in decided.values()))


def needed(specs: Iterable[Specification]) -> dict[bool, list[str]]:
    """Variables that specifications use, sorted, by whether the panel is directed."""
    found: dict[bool, set[str]] = {}
    for spec in specs:
        found.setdefault(spec.claim.directed, set()).update(spec.variables)
    return {directed: sorted(names) for directed, names in sorted(found.items())}


def shards(grid: Grid, most: int = 1000) -> list[list[Variant]]:
    """The variants in shards of at most about `most`, those that share rows side by side and in one shard."""
    runs: dict[object, list[Variant]] = {}
    for variant in sorted(grid.variants, key=_order):
        runs.setdefault(together(variant.specification), []).append(variant)
    found: list[list[Variant]] = [[]]
    for run in runs.values():
        if found[-1] and len(found[-1]) + len(run) > most:
            found.append([])
        found[-1] += run
    return found


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
