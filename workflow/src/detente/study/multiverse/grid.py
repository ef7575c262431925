"""From decisions to specifications: which there are for a claim, and what removed the others, before any is fitted."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod

from detente.base.errors import ConfigError, RoleError, UnknownEstimator, UnknownVariable, choices
from detente.base.units import Unit
from detente.data.panel import CODINGS, GRID
from detente.stats import HEADLINE, WITH_ENGINE
from detente.study.config import Claim, Multiverse, Project, Study, load_multiverse
from detente.study.config.multiverse import CODING, ESTIMATOR, SEVERITY, VARIABLE, place_of, refuse_unknown
from detente.study.config.offer import Offered, either, offered
from detente.study.design import REGRESSION, Specification
from detente.study.multiverse.cost import PAIRS, SHARD, cost_of, divided, pairs_of
from detente.study.multiverse.needs import needed
from detente.study.multiverse.resolve import INITIATION, KINDS, Impossible, Resolver

TOO_FAR = "leave the headline in more decisions at a time than `departures` allows, or than one is `crossed` with"
IMPOSSIBLE = "the record has no such outcome, or no such variable"
TWICE = "the same specification as another"


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
    the order in which reasons were applied. `pairs` of states that its world is taken to have in a year.
    """

    claim: str
    nodes: Mapping[str, tuple[str, ...]]
    lacking: tuple[tuple[str, str, str], ...]
    combinations: int
    removed: Mapping[str, int]
    variants: tuple[Variant, ...]
    pairs: int = PAIRS

    @property
    def fits(self) -> int:
        """Models to fit: a second covariance is no second fit."""
        return len({v.specification.fit for v in self.variants})

    @cached_property
    def variables(self) -> dict[Unit, list[str]]:
        """Variables that they use, sorted, by the unit of the panel."""
        return needed(v.specification for v in self.variants)

    @cached_property
    def years(self) -> tuple[int, int]:
        """First and last year of any outcome."""
        windows = {v.specification.window for v in self.variants}
        return min(w[0] for w in windows), max(w[1] for w in windows)

    @cached_property
    def reach(self) -> int:
        """Years before an outcome that any reaches back."""
        return max(v.specification.reach for v in self.variants)

    def shards(self, most: int = SHARD) -> list[list[Variant]]:
        """The variants in shards of about the same declared cost, at most about `most` microseconds.

        Those that may share rows are side by side and in one shard; where they alone cost more than half a shard, those
        of one coding and lag are. Designs for treatments that switch are fitted one by one, and divided anywhere.
        """
        runs = [run for wide in _runs(sorted(self.variants, key=_order), _wide) for run in self._narrow(wide, most)]
        parts = divided(runs, [self.cost(run) for run in runs], most)
        return [[variant for run in part for variant in run] for part in parts]

    def _narrow(self, wide: list[Variant], most: int) -> list[list[Variant]]:
        """A run that may share rows, or the parts of it that must not be divided."""
        if wide[0].specification.design != REGRESSION:
            return [[variant] for variant in wide]
        return [wide] if 2 * self.cost(wide) <= most else _runs(wide, together)

    def cost(self, run: Iterable[Variant]) -> int:
        """What is declared of variants fitted together, in microseconds."""
        return cost_of((v.specification for v in run), self.pairs)


def _runs(variants: Iterable[Variant], key: Callable[[Specification], object]) -> list[list[Variant]]:
    """Variants alike in a key, in the order in which the first of each comes."""
    runs: dict[object, list[Variant]] = {}
    for variant in variants:
        runs.setdefault(key(variant.specification), []).append(variant)
    return list(runs.values())


def multiverse_of(project: Project) -> Multiverse:
    """`config/multiverse.yaml`, with every variable, outcome and estimator that it names.

    Raises ConfigError, UnknownVariable, UnknownEstimator, naming file, line, key, legal values and the nearest match;
    all problems of a kind together.
    """
    multiverse = load_multiverse(project.root, project)
    variables = either(offered(project))
    kinds = sorted({kind for _, kind in GRID if not kind.startswith(INITIATION)})
    codings = [coding.name for coding in CODINGS]
    refuse_unknown(multiverse, project, {VARIABLE: variables}, UnknownVariable)
    refuse_unknown(multiverse, project, {ESTIMATOR: WITH_ENGINE}, UnknownEstimator)
    refuse_unknown(multiverse, project, {CODING: codings, SEVERITY: kinds}, ConfigError)
    return multiverse


def grids_of(
    project: Project, study: Study, only: Collection[str] | None = None, multiverse: Multiverse | None = None
) -> list[Grid]:
    """Grids of the claims that a study examines, or of some of them; `multiverse` if it is read already.

    Raises ConfigError if one of `only` is not examined, or the headline of a claim cannot be had in this study.
    """
    return list(each_grid(project, study, only, multiverse))


def each_grid(
    project: Project, study: Study, only: Collection[str] | None = None, multiverse: Multiverse | None = None
) -> Iterator[Grid]:
    """The same one after another, so that one at a time need be in memory."""
    multiverse = multiverse or multiverse_of(project)
    variables = offered(project, study)
    claims = {claim.id: claim for claim in project.examined(study)}
    for name in only or ():
        if name not in claims:
            raise ConfigError(f"{study.name} does not examine {name!r}; {choices(name, claims)}")
    for name, claim in claims.items():
        if only is None or name in only:
            yield expand(multiverse, project, study, claim, variables)


def expand(multiverse: Multiverse, project: Project, study: Study, claim: Claim, offered: Offered) -> Grid:
    """All specifications of one claim.

    Raises ConfigError if the headline itself cannot be had in this study; RoleError if an option puts a control where
    it has no place, naming file, line and option.
    """
    resolver = Resolver(multiverse, project, study, claim, offered)
    nodes, lacking = _available(multiverse, resolver)
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
    return Grid(claim.id, nodes, tuple(lacking), total, counted, tuple(variants.values()), pairs_of(study))


def _available(
    multiverse: Multiverse, resolver: Resolver
) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, str, str]]]:
    """Options that a claim can have, alone beside the headline's, and why not the others."""
    claim = resolver.claim
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
            if reason := node.options[option].not_for.get(claim.id):
                lacking.append((name, option, reason))
                continue
            try:
                found = resolver.specification({**headline, name: node.options[option]}.values())
            except RoleError as error:
                keys: list[str | int] = ["nodes", name, "options", option]
                raise RoleError(f"{place_of(resolver.project, keys)}, for {claim.id!r}: {error}") from error
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
    """Combinations that depart from the headline in no more decisions than is allowed.

    The options of a node that says what it is `crossed` with are combined with options of these, one at a time.
    """
    apart = {name: node.crossed for name, node in multiverse.nodes.items() if node.crossed is not None}
    found = _departing(multiverse, {name: own[:1] if name in apart else own for name, own in nodes.items()})
    first = {name: own[0] for name, own in nodes.items()}
    for name, crossed in apart.items():
        for option in nodes[name][1:]:
            alone = {**first, name: option}
            others = ({**alone, other: o} for other in crossed for o in nodes[other][1:])
            found += [tuple(chosen.values()) for chosen in (alone, *others)]
    return found


def _departing(multiverse: Multiverse, nodes: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The same of nodes that are crossed with all others."""
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


def together(spec: Specification) -> tuple[object, ...]:
    """What specifications share that are fitted from the same rows, as far as one can tell before looking.

    Designs for treatments that switch share panels of their units, and stand together.
    """
    claim = spec.claim
    if spec.design != REGRESSION:
        return (claim.unit, "designs")
    coding = KINDS[claim.outcome][0] if claim.outcome in KINDS else claim.outcome
    return claim.unit, spec.sample.name, spec.effects, spec.window, coding, claim.lag


def _wide(spec: Specification) -> tuple[object, ...]:
    """The same but for coding and lag, in which some still share rows where these are few."""
    return together(spec)[:4]


def _order(variant: Variant) -> tuple[str, ...]:
    """Where a variant stands among others, so that neighbours share rows."""
    spec = variant.specification
    controls = str(tuple((c.variable, c.lag, c.role) for c in spec.controls))
    own = (spec.claim.outcome, spec.claim.treatment, spec.estimator, spec.duration)
    return (str(together(spec)), controls, *own)


def _fixed(spec: Specification) -> tuple[object, ...]:
    """What tells a specification of a multiverse from the others."""
    return (*spec.fit, spec.vcov)
