"""What panels offer a project: variables of the record, and those that its studies make of them."""

from collections.abc import Mapping

from detente.base.errors import ConfigError
from detente.base.units import UNITS, Unit
from detente.data.panel import Entry, catalogue, with_parts
from detente.data.sources import REGISTRY, Source
from detente.study.config.project import Project, Study

Offered = Mapping[Unit, Mapping[str, Entry]]
"""Variables of a panel, by its unit."""


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
        given = {unit: catalogue(sources, unit) for unit in UNITS}
    except ConfigError as error:
        at = ", ".join(project.at("data", slug) for slug in project.data)
        raise ConfigError(f"{at}: {error}" if at else str(error)) from error
    if taken := next((name for name in project.variables if name in either(given)), None):
        where = project.at("variables", taken)
        raise ConfigError(f"{where}: {taken!r} is a variable of the panel; choose another name")
    expressed = list(project.variables.values())
    return {unit: with_parts(entries, expressed) for unit, entries in given.items()}


def either(of: Offered) -> dict[str, Entry]:
    """Variables of any kind of panel; those that several have as they are in the one that stands first in `UNITS`."""
    return {name: entry for unit in reversed(UNITS) for name, entry in of[unit].items()}
