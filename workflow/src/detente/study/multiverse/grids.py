"""Grids of a study's claims, made from its configuration and checked against every registry that they name."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial

from detente.base.errors import ConfigError, DetenteError, UnknownEstimator, UnknownVariable, choices
from detente.base.strict import located
from detente.data.panel import STATES, Entry, catalogue
from detente.data.sources import REGISTRY
from detente.stats import WITH_ENGINE
from detente.study.config.multiverse import MULTIVERSE, Multiverse, Option, load_multiverse
from detente.study.config.project import Project
from detente.study.config.study import Study
from detente.study.design.specification import Specification
from detente.study.multiverse.grid import Grid, expand, needed
from detente.study.multiverse.resolve import check_coding

# Key of a panel, directed or not.
KEY = ("ccode1", "ccode2", "year")
Offered = Mapping[bool, Mapping[str, Entry]]


def multiverse_of(project: Project) -> Multiverse:
    """`config/multiverse.yaml`, with every variable, outcome and estimator that it names.

    Raises ConfigError, UnknownVariable, UnknownEstimator, naming file, line, key, legal values and the nearest match;
    all problems of a kind together.
    """
    multiverse = load_multiverse(project.root, project)
    path = project.root / MULTIVERSE
    everywhere = _everywhere()
    found: dict[type[DetenteError], list[str]] = {}
    for keys, kind, fault in _named(multiverse, everywhere):
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


Fault = tuple[list[str | int], type[DetenteError], str]


def _everywhere() -> set[str]:
    sources = list(REGISTRY.values())
    return {*catalogue(sources), *catalogue(sources, "directed-dyad-year")}


def _named(multiverse: Multiverse, variables: Collection[str]) -> Iterator[Fault]:
    """Names that nothing has."""
    for name, control in multiverse.controls.items():
        if control.variable not in variables:
            yield ["controls", name, "variable"], UnknownVariable, _no_variable(control.variable, variables)
    for node, decision in multiverse.nodes.items():
        for name, option in decision.options.items():
            keys: list[str | int] = ["nodes", node, "options", name]
            yield from ((keys + more, kind, fault) for more, kind, fault in _of_option(option, variables))


def _of_option(option: Option, variables: Collection[str]) -> Iterator[Fault]:
    treatment, estimator = option.sets.treatment, option.sets.estimator
    if treatment is not None and treatment not in variables:
        yield ["set", "treatment"], UnknownVariable, _no_variable(treatment, variables)
    if estimator is not None and estimator not in WITH_ENGINE:
        fault = f"a multiverse is not fitted by {estimator!r}; {choices(estimator, WITH_ENGINE)}"
        yield ["set", "estimator"], UnknownEstimator, fault
    faults = {"coding": check_coding(option.sets.coding, None), "severity": check_coding(None, option.sets.severity)}
    for key, said in faults.items():
        if said:
            yield ["set", key], ConfigError, said
    for old, new in option.replace.items():
        for variable in (old, new):
            if variable not in variables:
                yield ["replace", old], UnknownVariable, _no_variable(variable, variables)


def _no_variable(name: str, variables: Collection[str]) -> str:
    return f"{name!r} is not a variable of the panel; {choices(name, variables)}"


def variables_of(project: Project, study: Study, grids: Sequence[Grid]) -> dict[bool, list[str]]:
    """Variables that the panels of robustness hold: of all specifications, and what there is of negative controls."""
    variables, found = offered(study), {directed: set(names) for directed, names in needed(grids).items()}
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
    found: dict[bool, set[str]] = {}
    for spec in specs:
        found.setdefault(spec.claim.directed, set()).update(spec.variables)
    return {directed: [*KEY, "in_window", *sorted(names)] for directed, names in found.items()}
