"""Loading `config/` with every check that needs more than its types."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from detente.base.errors import (
    ConfigError,
    DetenteError,
    NoDyads,
    RoleError,
    UnknownEstimator,
    UnknownVariable,
    UnsupportedCovariance,
    UnsupportedInstruments,
    choices,
)
from detente.base.strict import located
from detente.base.units import DYADS, Unit
from detente.data import SOURCES, SourceRecord, rules
from detente.data.panel import DURATIONS, Entry, catalogue, check_window
from detente.data.sources import REGISTRY, Source, source
from detente.simulate import WRITTEN
from detente.stats import ModelFrame, get, read, with_fixed_effects
from detente.study.completing import completed
from detente.study.config import CLAIMS, Claim, Project, load_project
from detente.study.config.offer import Offered, either, offered
from detente.study.described import method_of, sources_of
from detente.study.design import OWN_EFFECT, effects_of, misplaced, specification

Keys = tuple[str | int, ...]


def load(root: Path, override: Path | None = None) -> Project:
    """Load the project and check it against the registries of sources, variables and estimators.

    Raises ConfigError, UnknownVariable, RoleError, UnknownEstimator, UnsupportedInstruments, UnsupportedCovariance
    before any work starts, naming file, line, key, legal values and the nearest match.
    """
    project = load_project(root, override)
    _check_sources(project)
    _check_windows(project)
    known = offered(project)
    _refuse(UnknownVariable, _unknown(project, known))
    project = completed(project)
    _refuse(RoleError, _unfit(project, known))
    _refuse(ConfigError, _apart_from_kads(project))
    _check_estimators(project)
    _check_joined(project, known)
    _check_described(project)
    return project


def _refuse(error: type[DetenteError], faults: Iterator[str]) -> None:
    if lines := list(faults):
        raise error("\n".join(lines))


def _check_sources(project: Project) -> None:
    path = project.root / SOURCES
    for slug, record in ((slug, record) for slug, record in project.sources.items() if slug not in project.data):
        try:
            module = source(slug)
        except ConfigError as error:
            raise ConfigError(f"{located(path, ['sources', slug])} › sources: {error}") from error
        for key, fault in _faults(record, module):
            raise ConfigError(f"{located(path, ['sources', slug, key])} › sources › {slug} › {key}: {fault}")
    if missing := sorted(set(REGISTRY) - set(project.sources)):
        raise ConfigError(f"{located(path, ['sources'])} › sources: no block for {', '.join(missing)}")


def _check_windows(project: Project) -> None:
    for study in project.studies.values():
        try:
            check_window(study.window)
        except ConfigError as error:
            raise ConfigError(f"{project.located(study, 'window')}: {error}") from error


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
    """Names of variables, samples, controls and claims that are no variable of the panel."""
    both = either(offered)

    def unless(legal: Mapping[str, Entry], name: str, kind: str, of: str, *keys: str | int) -> Iterator[str]:
        if name not in legal:
            yield f"{project.at(kind, of, *keys)}: {name!r} is not a variable of the panel; {choices(name, legal)}"

    for name, made in project.variables.items():
        yield from (fault for need in made.needs for fault in unless(both, need, "variables", name, "expression"))
        yield from _apart(project, name, made.needs, both)
    for name, sample in project.samples.items():
        for variable in sample.variables:
            yield from unless(both, variable, "samples", name, "expression")
    for name, control in project.claims.controls.items():
        yield from unless(both, control.variable, "controls", name, "variable")
    for claim in project.claims.claims.values():
        mine = offered[claim.unit]
        for keys, variable in _named(claim):
            yield from unless(mine, variable, "claims", claim.id, *keys)
        held = enumerate(project.claims.controls[name].variable for name in claim.controls)
        for i, variable in ((i, variable) for i, variable in held if variable in both):
            yield from unless(mine, variable, "claims", claim.id, "controls", i)


def _apart(project: Project, name: str, needs: Sequence[str], both: Mapping[str, Entry]) -> Iterator[str]:
    """What a study's variable is made of, if no panel has it all together."""
    if name not in both and all(need in both for need in needs):
        where = project.at("variables", name, "expression")
        yield f"{where}: no panel has {' and '.join(map(repr, needs))} together"


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
    controls, both = project.claims.controls, either(offered)
    geography = sorted(name for name, entry in both.items() if entry.variable.geography)
    entitled = {"geography": geography, "duration": list(dict.fromkeys(DURATIONS.values()))}
    for name, control in controls.items():
        legal = entitled.get(control.role, [control.variable])
        if control.variable not in legal:
            where = project.at("controls", name, "role")
            yield f"{where}: {control.variable!r} cannot be {control.role}; {choices(control.variable, legal)}"
    for claim in project.claims.claims.values():
        legal = [name for name, entry in offered[claim.unit].items() if entry.variable.role == "outcome"]
        if claim.outcome not in legal:
            where = project.at("claims", claim.id, "outcome")
            yield f"{where}: {claim.outcome!r} is not an onset among dyads at risk; {choices(claim.outcome, legal)}"
            continue
        treatment = offered[claim.unit][claim.treatment].variable
        if claim.contrast is None and treatment.unit != "0/1" and not treatment.contrast:
            where = project.at("claims", claim.id, "treatment")
            yield f"{where}: {claim.treatment!r} is not 0 or 1: add a `contrast` of two values, percentiles or a case"
        for name in (claim.treatment, claim.outcome):
            first, last = offered[claim.unit][name].years
            if claim.window and not first <= claim.window[0] <= claim.window[1] <= last:
                where = project.at("claims", claim.id, "window")
                yield f"{where}: {list(claim.window)} must lie within {first}\u2013{last}, in which {name!r} is coded"
        for i, name in enumerate(claim.controls):
            if fault := misplaced(claim, controls[name], DURATIONS):
                where = project.at("claims", claim.id, "controls", i).removesuffix(f" › {i}")
                yield f"{where} › {name}: {fault}"


def _apart_from_kads(project: Project) -> Iterator[str]:
    """What a claim that is set beside its k-ads has and a k-ad cannot have."""
    record = catalogue(list(REGISTRY.values()), DYADS)
    for claim in (c for c in project.claims.claims.values() if c.kads is not None):
        if claim.unit != DYADS or claim.moderator is not None:
            where = project.at("claims", claim.id, "kads")
            yield f"{where}: what happens among members of a k-ad has no direction and no moderator; leave `kads` out"
        for name in claim.controls:
            if (variable := project.claims.controls[name].variable) not in record:
                where = project.at("claims", claim.id, "kads")
                yield (
                    f"{where}: k-ads have the variables of the record, and the control {name!r} is of {variable!r}, "
                    "which the study defines; leave out `kads` or the control"
                )


def _at(project: Project, file: Path, *keys: str | int) -> str:
    return " › ".join([located(project.root / file, list(keys)), *map(str, keys)])


def _check_joined(project: Project, offered: Offered) -> None:
    """Every study joins the sources that its claims need, and a simulated world writes all that its study joins."""
    for study in project.studies.values():
        for i, slug in enumerate(study.sources if study.world == "simulated" else ()):
            folder = project.sources[slug].folder or slug
            raw = () if slug in project.data else REGISTRY[slug].raw
            if any((table.slug or folder, table.file) not in WRITTEN for table in raw):
                where = project.located(study, "sources", i)
                raise ConfigError(f"{where}: the simulated world writes no {slug!r}; take it out")
        unit = project.unit_of(study)
        entries = offered[unit]
        specs = (
            specification(project, study, claim, estimator, sample)
            for claim in project.claims_of(study)
            for estimator in study.estimators
            for sample in study.samples
        )
        for name in dict.fromkeys(name for spec in specs for name in spec.variables):
            if name not in entries:
                where = project.located(study, "samples")
                raise UnknownVariable(f"{where}: a panel of {unit}s has no {name!r}; {choices(name, entries)}")
            if lacking := [slug for slug in entries[name].sources if slug not in study.sources]:
                where = project.located(study, "sources")
                raise ConfigError(f"{where}: {name!r} is made from {', '.join(lacking)}, which the study does not join")


def _check_described(project: Project) -> None:
    """Methods of described claims exist and have legal options; a simulated world has the sources that they need."""
    for claim in project.claims.described.values():
        method, options = method_of(claim, project.root / CLAIMS)
        if unknown := sorted(set(method.sources(options)) - set(REGISTRY)):
            where = _at(project, CLAIMS, "described", claim.id, "options")
            raise ConfigError(f"{where}: {unknown[0]!r} is no source; {choices(unknown[0], REGISTRY)}")
    for study in project.studies.values():
        for claim in project.described_by(study) if study.world == "simulated" else ():
            if lacking := [slug for slug in sources_of(claim) if slug not in study.sources]:
                where = project.located(study, "described")
                raise ConfigError(f"{where}: {claim.id!r} needs {', '.join(lacking)}, which the study does not join")


def _specimen(unit: Unit) -> ModelFrame:
    """A model frame of three units in two years, with the factors of its unit."""
    a, b = np.repeat([[1, 1, 2], [2, 3, 3]], 2, axis=1)
    sides = (None, None) if unit == "state-year" else (a, b)
    own = {OWN_EFFECT[unit]: a} if unit in OWN_EFFECT else {}
    years = np.tile([1990, 1991], 3)
    x = np.zeros((6, 1))
    return ModelFrame(x[:, 0], x, ("treatment",), side1=sides[0], side2=sides[1], time=years, clusters=own)


def _check_estimators(project: Project) -> None:
    """What a job would refuse is refused here, by the same function, on a design of a study's factors."""
    for study in project.studies.values():
        unit = project.unit_of(study)
        specimen = _specimen(unit)
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
                    read(vcov, with_fixed_effects(specimen, estimator, effects_of(unit, name)), estimator)
                except (UnsupportedCovariance, NoDyads) as error:
                    raise UnsupportedCovariance(f"{project.located(study, 'vcov', j)}: {error}") from error
