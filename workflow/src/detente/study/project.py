"""Loading `config/` with every check that needs more than its types."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from detente.base.errors import (
    ConfigError,
    RoleError,
    UnknownEstimator,
    UnknownVariable,
    UnsupportedCovariance,
    UnsupportedInstruments,
    choices,
)
from detente.base.strict import located
from detente.data import SOURCES, SourceRecord, rules
from detente.data.panel import DURATIONS, Entry, catalogue
from detente.data.sources import REGISTRY, Source, source
from detente.simulate import WRITTEN
from detente.stats import ModelFrame, get, read, with_fixed_effects
from detente.study.config import CLAIMS, SAMPLES, Claim, Project, load_project
from detente.study.design import misplaced, specification

Keys = tuple[str | int, ...]
# Variables of a panel of dyad-years under False, of directed ones under True.
Offered = Mapping[bool, Mapping[str, Entry]]


def load(root: Path, override: Path | None = None) -> Project:
    """Load the project and check it against the registries of sources, variables and estimators.

    Raises ConfigError, UnknownVariable, RoleError, UnknownEstimator, UnsupportedInstruments, UnsupportedCovariance
    before any work starts, naming file, line, key, legal values and the nearest match.
    """
    project = load_project(root, override)
    _check_sources(project)
    sources = list(REGISTRY.values())
    offered = {False: catalogue(sources), True: catalogue(sources, "directed-dyad-year")}
    for error, faults in ((UnknownVariable, _unknown(project, offered)), (RoleError, _unfit(project, offered))):
        if lines := list(faults):
            raise error("\n".join(lines))
    _check_estimators(project)
    _check_joined(project, offered)
    return project


def _check_sources(project: Project) -> None:
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


def _unknown(project: Project, offered: Offered) -> Iterator[str]:
    """Names of samples, controls and claims that are no variable of the panel."""
    either = {**offered[False], **offered[True]}

    def unless(legal: Mapping[str, Entry], name: str, file: Path, *keys: str | int) -> Iterator[str]:
        if name not in legal:
            yield f"{_at(project, file, *keys)}: {name!r} is not a variable of the panel; {choices(name, legal)}"

    for name, sample in project.samples.items():
        for variable in sample.variables:
            yield from unless(either, variable, SAMPLES, "samples", name, "expression")
    for name, control in project.claims.controls.items():
        yield from unless(either, control.variable, CLAIMS, "controls", name, "variable")
    for claim in project.claims.claims.values():
        for keys, variable in _named(claim):
            yield from unless(offered[claim.directed], variable, CLAIMS, "claims", claim.id, *keys)
        for i, name in enumerate(claim.controls):
            if (variable := project.claims.controls[name].variable) in either:
                yield from unless(offered[claim.directed], variable, CLAIMS, "claims", claim.id, "controls", i)


def _named(claim: Claim) -> Iterator[tuple[Keys, str]]:
    yield ("treatment",), claim.treatment
    yield ("outcome",), claim.outcome
    if claim.moderator is not None:
        yield ("moderator", "variable"), claim.moderator.variable
    for i, placebo in enumerate(claim.placebos):
        yield ("placebos", i, "variable"), placebo.variable


def _unfit(project: Project, offered: Offered) -> Iterator[str]:
    """Outcomes that are no onset among dyads at risk; controls with a role not theirs, or with no place in a model.

    Geography and duration exempt a control from coming before the treatment, so that only some variables have them.
    """
    controls, either = project.claims.controls, {**offered[True], **offered[False]}
    geography = sorted(name for name, entry in either.items() if entry.variable.geography)
    entitled = {"geography": geography, "duration": list(dict.fromkeys(DURATIONS.values()))}
    for name, control in controls.items():
        legal = entitled.get(control.role, [control.variable])
        if control.variable not in legal:
            where = _at(project, CLAIMS, "controls", name, "role")
            yield f"{where}: {control.variable!r} cannot be {control.role}; {choices(control.variable, legal)}"
    for claim in project.claims.claims.values():
        legal = [name for name, entry in offered[claim.directed].items() if entry.variable.role == "outcome"]
        if claim.outcome not in legal:
            where = _at(project, CLAIMS, "claims", claim.id, "outcome")
            yield f"{where}: {claim.outcome!r} is not an onset among dyads at risk; {choices(claim.outcome, legal)}"
            continue
        treatment = offered[claim.directed][claim.treatment].variable
        if claim.contrast is None and treatment.unit != "0/1" and not treatment.contrast:
            where = _at(project, CLAIMS, "claims", claim.id, "treatment")
            yield f"{where}: {claim.treatment!r} is not 0 or 1: add a `contrast` of two values, percentiles or a case"
        for i, name in enumerate(claim.controls):
            if fault := misplaced(claim, controls[name], DURATIONS):
                where = located(project.root / CLAIMS, ["claims", claim.id, "controls", i])
                yield f"{where} › claims › {claim.id} › controls › {name}: {fault}"


def _at(project: Project, file: Path, *keys: str | int) -> str:
    return " › ".join([located(project.root / file, list(keys)), *map(str, keys)])


def _check_joined(project: Project, offered: Offered) -> None:
    """Every study joins the sources that its claims need, and a simulated world writes all that its study joins."""
    for study in project.studies.values():
        for i, slug in enumerate(study.sources if study.world == "simulated" else ()):
            if any((t.slug or project.sources[slug].folder or slug, t.file) not in WRITTEN for t in REGISTRY[slug].raw):
                where = project.located(study, "sources", i)
                raise ConfigError(f"{where}: the simulated world writes no {slug!r}; take it out")
        entries = offered[project.is_directed(study)]
        specs = (
            specification(project, study, claim, estimator, sample)
            for claim in project.claims_of(study)
            for estimator in study.estimators
            for sample in study.samples
        )
        for name in dict.fromkeys(name for spec in specs for name in spec.variables):
            if name not in entries:
                unit = "directed dyad-years" if project.is_directed(study) else "dyad-years"
                where = project.located(study, "samples")
                raise UnknownVariable(f"{where}: a panel of {unit} has no {name!r}; {choices(name, entries)}")
            if lacking := [slug for slug in entries[name].sources if slug not in study.sources]:
                where = project.located(study, "sources")
                raise ConfigError(f"{where}: {name!r} is made from {', '.join(lacking)}, which the study does not join")


def _check_estimators(project: Project) -> None:
    """What a job would refuse is refused here, by the same function, on a design of a study's factors."""
    # Three dyads in two years.
    a, b = np.repeat([[1, 1, 2], [2, 3, 3]], 2, axis=1)
    specimen = ModelFrame(np.zeros(6), np.zeros((6, 1)), ("treatment",), a, b, np.tile([1990, 1991], 3))
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
            for j, vcov in enumerate(study.vcov):
                try:
                    read(vcov, with_fixed_effects(specimen, estimator), estimator)
                except UnsupportedCovariance as error:
                    raise UnsupportedCovariance(f"{project.located(study, 'vcov', j)}: {error}") from error
