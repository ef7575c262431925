"""What panels offer a project: variables of the record, and those that its studies make of them."""

from collections.abc import Mapping

from detente.base.errors import ConfigError
from detente.data.panel import Entry, catalogue, with_parts
from detente.data.sources import REGISTRY, Source
from detente.study.config.project import Project, Study

Offered = Mapping[bool, Mapping[str, Entry]]
"""Variables of a panel of dyad-years under False, of directed ones under True."""


def modules_of(project: Project) -> Mapping[str, Source]:
    """Sources by slug: those of the record, and data of the studies' own."""
    return {**REGISTRY, **{slug: table.definition.source for slug, table in project.data.items()}}


def offered(project: Project, study: Study | None = None) -> Offered:
    """Variables that panels of all sources have; of a simulated study, of the sources that it joins.

    Raises ConfigError for a study's variable that has the name of another, with its line.
    """
    modules = modules_of(project)
    joined = study.sources if study is not None and study.world == "simulated" else modules
    sources = [source for slug, source in modules.items() if slug in joined]
    try:
        given = {False: catalogue(sources), True: catalogue(sources, "directed-dyad-year")}
    except ConfigError as error:
        at = ", ".join(project.at("data", slug) for slug in project.data)
        raise ConfigError(f"{at}: {error}" if at else str(error)) from error
    if taken := next((name for name in project.variables if name in either(given)), None):
        where = project.at("variables", taken)
        raise ConfigError(f"{where}: {taken!r} is a variable of the panel; choose another name")
    expressed = list(project.variables.values())
    return {directed: with_parts(entries, expressed) for directed, entries in given.items()}


def either(of: Offered) -> dict[str, Entry]:
    """Variables of either kind of panel, with or without direction as they are in the former."""
    return {**of[True], **of[False]}
