"""Loading `config/` with every check that needs more than its types."""

from __future__ import annotations

from pathlib import Path

from detente.cli import VERBS
from detente.config import Project, load_project
from detente.errors import ConfigError, UnknownEstimator, UnsupportedCovariance, choices


def load(root: Path, override: Path | None = None) -> Project:
    """Load the project and check it against the registries of sources, variables and estimators.

    Raises
    ------
    ConfigError, UnknownVariable, RoleError, UnknownEstimator, UnsupportedCovariance
        Before any work starts, naming file, key, legal values and the nearest match.
    """
    from detente.design import check_claims
    from detente.panel import catalogue

    project = load_project(root, override)
    _check_names(project)
    _check_sources(project)
    check_claims(project.claims, catalogue())
    _check_estimators(project)
    return project


def _check_names(project: Project) -> None:
    """A study is a target of its own, so it cannot be called as a step of the workflow is."""
    for name in project.studies:
        if name in VERBS:
            raise ConfigError(f"config/study › {name} › name: {name!r} is a step of the workflow; choose another name")


def _check_sources(project: Project) -> None:
    from detente.sources import REGISTRY, source

    for slug, record in project.sources.items():
        module = source(slug)
        if module.years != record.years:
            raise ConfigError(
                f"config/sources.yaml › {slug} › years: {list(record.years)} differs from {list(module.years)}, "
                "which its module cleans"
            )
        listed = {f.file for f in record.files}
        for table in module.raw:
            if table.slug is None and table.file not in listed:
                raise ConfigError(
                    f"config/sources.yaml › {slug} › files: {table.file!r} is missing; {choices(table.file, listed)}"
                )
    if missing := sorted(set(REGISTRY) - set(project.sources)):
        raise ConfigError(f"config/sources.yaml › sources: no block for {', '.join(missing)}")


def _check_estimators(project: Project) -> None:
    from detente.estimators import get

    for study in project.studies.values():
        for name in study.estimators:
            try:
                estimator = get(name)
            except UnknownEstimator as error:
                raise UnknownEstimator(f"study {study.name} › estimators: {error}") from error
            for kind in study.covariances:
                if kind not in estimator.covariances:
                    legal = choices(kind, estimator.covariances)
                    raise UnsupportedCovariance(f"study {study.name}: {name!r} does not support {kind!r}; {legal}")
