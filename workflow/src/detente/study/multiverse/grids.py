"""Grids of a study's claims, made from its configuration and checked against every registry that they name."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial

from detente.base.errors import ConfigError, DetenteError, UnknownEstimator, UnknownVariable, choices
from detente.base.strict import located
from detente.data.panel import CODINGS, GRID, STATES, Entry, catalogue
from detente.data.sources import REGISTRY
from detente.stats import WITH_ENGINE
from detente.study.config.multiverse import MULTIVERSE, Multiverse, load_multiverse
from detente.study.config.project import Project
from detente.study.config.study import Study
from detente.study.design.specification import Specification
from detente.study.multiverse.grid import Grid, expand, needed
from detente.study.multiverse.resolve import INITIATION

# Key of a panel, directed or not.
KEY = ("ccode1", "ccode2", "year")
VARIABLE = "{} is not a variable of the panel"
ESTIMATOR = "a multiverse is not fitted by {}"
CODING = "{} is not a coding of conflict"
SEVERITY = "{} is not a severity"
Fault = tuple[list[str | int], type[DetenteError], str]
Offered = Mapping[bool, Mapping[str, Entry]]


def multiverse_of(project: Project) -> Multiverse:
    """`config/multiverse.yaml`, with every variable, outcome and estimator that it names.

    Raises ConfigError, UnknownVariable, UnknownEstimator, naming file, line, key, legal values and the nearest match;
    all problems of a kind together.
    """
    multiverse = load_multiverse(project.root, project)
    path = project.root / MULTIVERSE
    found: dict[type[DetenteError], list[str]] = {}
    for keys, kind, fault in _faults(multiverse):
        found.setdefault(kind, []).append(f"{located(path, keys)} › {' › '.join(map(str, keys))}: {fault}")
    for kind, faults in found.items():
        raise kind("\n".join(faults))
    return multiverse


def offered(study: Study) -> Offered:
    """Variables that a study's world has: of a simulated one, those of the sources that the study joins."""
    sources = [s for slug, s in REGISTRY.items() if study.world == "observed" or slug in study.sources]
    return {False: catalogue(sources), True: catalogue(sources, "directed-dyad-year")}


def grids_of(
    project: Project, study: Study, only: Collection[str] | None = None, multiverse: Multiverse | None = None
) -> list[Grid]:
    """Grids of the claims that a study examines, or of some of them; `multiverse` if it is read already.

    Raises ConfigError if one of `only` is not examined, or the headline of a claim cannot be had in this study.
    """
    multiverse = multiverse or multiverse_of(project)
    variables = offered(study)
    claims = {claim.id: claim for claim in project.examined(study)}
    for name in only or ():
        if name not in claims:
            raise ConfigError(f"{study.name} does not examine {name!r}; {choices(name, claims)}")
    locate = partial(located, project.root / MULTIVERSE)
    return [
        expand(multiverse, project, study, claim, variables, locate)
        for name, claim in claims.items()
        if only is None or name in only
    ]


def _faults(multiverse: Multiverse) -> Iterator[Fault]:
    """Names that nothing has."""
    sources = list(REGISTRY.values())
    variables = {*catalogue(sources), *catalogue(sources, "directed-dyad-year")}
    kinds = sorted({kind for _, kind in GRID if not kind.startswith(INITIATION)})

    def unless(legal: Collection[str], name: str | None, keys: list[str | int], what: str) -> Iterator[Fault]:
        if name is not None and name not in legal:
            error = {VARIABLE: UnknownVariable, ESTIMATOR: UnknownEstimator}.get(what, ConfigError)
            yield keys, error, f"{what.format(repr(name))}; {choices(name, legal)}"

    for name, control in multiverse.controls.items():
        yield from unless(variables, control.variable, ["controls", name, "variable"], VARIABLE)
    for node, decision in multiverse.nodes.items():
        for name, option in decision.options.items():
            at: list[str | int] = ["nodes", node, "options", name]
            sets = option.sets
            yield from unless(variables, sets.treatment, [*at, "set", "treatment"], VARIABLE)
            yield from unless(WITH_ENGINE, sets.estimator, [*at, "set", "estimator"], ESTIMATOR)
            yield from unless([c.name for c in CODINGS], sets.coding, [*at, "set", "coding"], CODING)
            yield from unless(kinds, sets.severity, [*at, "set", "severity"], SEVERITY)
            for old, new in option.replace.items():
                for variable in (old, new):
                    yield from unless(variables, variable, [*at, "replace", old], VARIABLE)


def variables_of(project: Project, study: Study, grids: Sequence[Grid]) -> dict[bool, list[str]]:
    """Variables that the panels of robustness hold: of all specifications, and what there is of negative controls."""
    variables = offered(study)
    specs = (v.specification for grid in grids for v in grid.variants)
    found = {directed: set(names) for directed, names in needed(specs).items()}
    for claim in (project.claims.claims[g.claim] for g in grids):
        there = {p.variable for p in claim.placebos} & set(variables[claim.directed])
        found.setdefault(claim.directed, set()).update(there)
    return {directed: sorted(names) for directed, names in sorted(found.items())}


def sources_of(study: Study, variables: Mapping[bool, Collection[str]]) -> dict[bool, list[str]]:
    """Sources that variables are made from, in the order of the registry, the list of states among them."""
    entries = offered(study)
    return {
        directed: [
            slug
            for slug in REGISTRY
            if slug == STATES or any(slug in entries[directed][name].sources for name in names)
        ]
        for directed, names in variables.items()
    }


def years_of(study: Study, grids: Sequence[Grid]) -> tuple[int, int, int]:
    """First and last year of the panels, and how many years before the first they reach back."""
    specs = [v.specification for grid in grids for v in grid.variants]
    windows = [study.window, *(s.window for s in specs)]
    return min(w[0] for w in windows), max(w[1] for w in windows), max(s.reach for s in specs)


def columns_of(specs: Iterable[Specification]) -> dict[bool, list[str]]:
    """Columns that specifications need of the panel of dyad-years (False), and of that of directed ones (True)."""
    return {directed: [*KEY, "in_window", *names] for directed, names in needed(specs).items()}
