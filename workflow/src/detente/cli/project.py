"""Loading `config/` with every check that needs more than its types."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from detente.cli import VERBS
from detente.config import CLAIMS, SOURCES, Project, load_project
from detente.errors import ConfigError, UnknownEstimator, UnsupportedCovariance, choices
from detente.strict import located


def load(root: Path, override: Path | None = None) -> Project:
    """Load the project and check it against the registries of sources, variables and estimators.

    Raises
    ------
    ConfigError, UnknownVariable, RoleError, UnknownEstimator, UnsupportedCovariance
        Before any work starts, naming file, line, key, legal values and the nearest match.
    """
    from detente.design import check_claims
    from detente.panel import catalogue

    project = load_project(root, override)
    _check_names(project)
    _check_sources(project)
    variables = catalogue()
    outcomes = [v.name for v in variables.values() if v.role == "outcome"]
    check_claims(project.claims, variables, outcomes, partial(located, root / CLAIMS))
    _check_estimators(project)
    return project


def _check_names(project: Project) -> None:
    """A study is a target of its own, so it cannot be called as a step of the workflow is."""
    for name, study in project.studies.items():
        if name in VERBS:
            where = project.located(study, "name")
            raise ConfigError(f"{where}: {name!r} is a step of the workflow; choose another name")


def _check_sources(project: Project) -> None:
    from detente.sources import REGISTRY, source

    path = project.root / SOURCES
    for slug, record in project.sources.items():
        try:
            module = source(slug)
        except ConfigError as error:
            raise ConfigError(f"{located(path, ['sources', slug])} › sources: {error}") from error
        if module.years != record.years:
            raise ConfigError(
                f"{located(path, ['sources', slug, 'years'])} › sources › {slug} › years: {list(record.years)} "
                f"differs from {list(module.years)}, which its module cleans"
            )
        listed = {f.file for f in record.files}
        for table in module.raw:
            if table.slug is None and table.file not in listed:
                where = located(path, ["sources", slug, "files"])
                legal = choices(table.file, listed)
                raise ConfigError(f"{where} › sources › {slug} › files: {table.file!r} is missing; {legal}")
    if missing := sorted(set(REGISTRY) - set(project.sources)):
        raise ConfigError(f"{located(path, ['sources'])} › sources: no block for {', '.join(missing)}")


def _check_estimators(project: Project) -> None:
    from detente.estimators import get

    for study in project.studies.values():
        for i, name in enumerate(study.estimators):
            try:
                estimator = get(name)
            except UnknownEstimator as error:
                raise UnknownEstimator(f"{project.located(study, 'estimators', i)}: {error}") from error
            for j, kind in enumerate(study.covariances):
                if kind not in estimator.covariances:
                    where = project.located(study, "covariances", j)
                    legal = choices(kind, estimator.covariances)
                    raise UnsupportedCovariance(f"{where}: {name!r} does not support {kind!r}; {legal}")
