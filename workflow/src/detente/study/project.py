"""Loading `config/` with every check that needs more than its types."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from detente.base.errors import (
    ConfigError,
    UnknownEstimator,
    UnknownVariable,
    UnsupportedCovariance,
    UnsupportedInstruments,
    choices,
)
from detente.base.strict import located
from detente.data import SOURCES
from detente.study.config.claims import CLAIMS
from detente.study.config.project import Project, load_project
from detente.study.config.samples import SAMPLES
from detente.study.config.study import Study
from detente.study.design.specification import specification

if TYPE_CHECKING:
    from detente.data import SourceRecord
    from detente.data.panel import Entry
    from detente.data.sources import Source
    from detente.stats import Estimator, ModelFrame


def load(root: Path, override: Path | None = None) -> Project:
    """Load the project and check it against the registries of sources, variables and estimators.

    Raises ConfigError, UnknownVariable, RoleError, UnknownEstimator, UnsupportedInstruments, UnsupportedCovariance
    before any work starts, naming file, line, key, legal values and the nearest match.
    """
    from detente.data.panel import DURATIONS, catalogue
    from detente.data.sources import REGISTRY
    from detente.study.design.roles import check_claims

    project = load_project(root, override)
    _check_sources(project)
    offered = {
        directed: catalogue(list(REGISTRY.values()), "directed-dyad-year" if directed else "dyad-year")
        for directed in (False, True)
    }
    outcomes = {d: [n for n, e in entries.items() if e.variable.role == "outcome"] for d, entries in offered.items()}
    _check_samples(project, {*offered[False], *offered[True]})
    check_claims(project.claims, offered, outcomes, DURATIONS, partial(located, root / CLAIMS))
    _check_estimators(project)
    _check_joined(project, offered)
    return project


def _check_sources(project: Project) -> None:
    from detente.data.sources import REGISTRY, source

    path = project.root / SOURCES
    for slug, record in project.sources.items():
        try:
            module = source(slug)
        except ConfigError as error:
            raise ConfigError(f"{located(path, ['sources', slug])} › sources: {error}") from error
        for key, fault in _faults(record, module):
            raise ConfigError(f"{located(path, ['sources', slug, key])} › sources › {slug} › {key}: {fault}")
    if missing := sorted(set(REGISTRY) - set(project.sources)):
        raise ConfigError(f"{located(path, ['sources'])} › sources: no block for {', '.join(missing)}")


def _faults(record: SourceRecord, module: Source) -> Iterator[tuple[str, str]]:
    """What `config/sources.yaml` says of a source and its module does not, by key."""
    from detente.data import rules

    if module.years != record.years:
        yield "years", f"{list(record.years)} differs from {list(module.years)}, which its module cleans"
    try:
        if record.whittle and not module.whittles:
            raise ConfigError("this source has no dyad-year with several disputes; take it out")
        if record.whittle:
            rules(record.whittle)
    except ConfigError as error:
        yield "whittle", str(error).removeprefix("whittle: ")
    listed = {f.file for f in record.files}
    for table in module.raw:
        if table.slug is None and table.file not in listed:
            yield "files", f"{table.file!r} is missing; {choices(table.file, listed)}"


def _check_samples(project: Project, variables: Collection[str]) -> None:
    unknown = [
        f"{located(project.root / SAMPLES, ['samples', name, 'expression'])} › samples › {name} › expression: "
        f"{variable!r} is not a variable of the panel; {choices(variable, variables)}"
        for name, sample in project.samples.items()
        for variable in sample.variables
        if variable not in variables
    ]
    if unknown:
        raise UnknownVariable("\n".join(unknown))


def _check_joined(project: Project, offered: Mapping[bool, Mapping[str, Entry]]) -> None:
    """Every study joins the sources that its claims need, and a simulated world writes all that its study joins."""
    from detente.data.sources import REGISTRY
    from detente.simulate import WRITTEN

    for study in project.studies.values():
        for i, slug in enumerate(study.sources if study.world == "simulated" else ()):
            if any((t.slug or project.sources[slug].folder or slug, t.file) not in WRITTEN for t in REGISTRY[slug].raw):
                where = project.located(study, "sources", i)
                raise ConfigError(f"{where}: the simulated world writes no {slug!r}; take it out")
        entries = offered[project.is_directed(study)]
        for name in needed(project, study):
            if name not in entries:
                unit = "directed dyad-years" if project.is_directed(study) else "dyad-years"
                where = project.located(study, "samples")
                raise UnknownVariable(f"{where}: a panel of {unit} has no {name!r}; {choices(name, entries)}")
            if lacking := [slug for slug in entries[name].sources if slug not in study.sources]:
                where = project.located(study, "sources")
                raise ConfigError(f"{where}: {name!r} is made from {', '.join(lacking)}, which the study does not join")


def needed(project: Project, study: Study) -> list[str]:
    """Variables that a study's panel must have: of its claims and of its samples."""
    specs = (
        specification(project, study, claim, estimator, sample)
        for claim in project.claims_of(study)
        for estimator in study.estimators
        for sample in study.samples
    )
    return list(dict.fromkeys(name for spec in specs for name in spec.variables))


def _check_estimators(project: Project) -> None:
    from detente.stats import get

    specimen = _specimen()
    for study in project.studies.values():
        for i, name in enumerate(study.estimators):
            where = project.located(study, "estimators", i)
            try:
                estimator = get(name)
            except UnknownEstimator as error:
                raise UnknownEstimator(f"{where}: {error}") from error
            if estimator.needs_instruments:
                raise UnsupportedInstruments(
                    f"{where}: {name!r} needs instruments, which no claim has; use `python -m detente fit`"
                )
            _check_covariances(project, study, estimator, specimen)


def _check_covariances(project: Project, study: Study, estimator: Estimator, specimen: ModelFrame) -> None:
    """What the job would refuse is refused here, by the same function, on a design of a study's factors."""
    from detente.stats import read, with_fixed_effects

    for i, name in enumerate(study.vcov):
        try:
            read(name, with_fixed_effects(specimen, estimator), estimator)
        except UnsupportedCovariance as error:
            raise UnsupportedCovariance(f"{project.located(study, 'vcov', i)}: {error}") from error


def _specimen() -> ModelFrame:
    """A design with the factors that a study's designs have: three dyads in two years."""
    import numpy as np

    from detente.stats import ModelFrame

    a, b = np.repeat([[1, 1, 2], [2, 3, 3]], 2, axis=1)
    return ModelFrame(np.zeros(6), np.zeros((6, 1)), ("treatment",), a, b, np.tile([1990, 1991], 3))
