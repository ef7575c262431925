"""What specifications need of the data: variables, sources, years and columns of panels."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from detente.base.units import UNIT_KEYS, UNITS, Unit
from detente.data.panel import STATES
from detente.study.config import Project, Study
from detente.study.config.offer import modules_of, offered
from detente.study.design import Specification


def needed(specs: Iterable[Specification]) -> dict[Unit, list[str]]:
    """Variables that specifications use, sorted, by the unit of the panel."""
    found: dict[Unit, set[str]] = {}
    for spec in specs:
        found.setdefault(spec.claim.unit, set()).update(spec.variables)
    return {unit: sorted(found[unit]) for unit in UNITS if unit in found}


class Expanded(Protocol):
    """A multiverse whose needs are known, its variants in memory or not."""

    @property
    def claim(self) -> str:
        """Id of the claim."""

    @property
    def variables(self) -> Mapping[Unit, Sequence[str]]:
        """Variables that its specifications use, by the unit of the panel."""

    @property
    def years(self) -> tuple[int, int]:
        """First and last year of any outcome."""

    @property
    def reach(self) -> int:
        """Years before an outcome that any reaches back."""


def variables_of(project: Project, study: Study, grids: Sequence[Expanded]) -> dict[Unit, list[str]]:
    """Variables that the panels of robustness hold: of all specifications, and what there is of negative controls."""
    variables = offered(project, study)
    found: dict[Unit, set[str]] = {}
    for unit, names in ((unit, names) for grid in grids for unit, names in grid.variables.items()):
        found.setdefault(unit, set()).update(names)
    for claim in (project.claims.claims[g.claim] for g in grids):
        there = {p.variable for p in claim.placebos} & set(variables[claim.unit])
        found.setdefault(claim.unit, set()).update(there)
    return {unit: sorted(found[unit]) for unit in UNITS if unit in found}


def sources_of(project: Project, study: Study, variables: Mapping[Unit, Collection[str]]) -> dict[Unit, list[str]]:
    """Sources that variables are made from, in the order of the registry, the list of states among them."""
    entries = offered(project, study)
    return {
        unit: [
            slug
            for slug in modules_of(project)
            if slug == STATES or any(slug in entries[unit][name].sources for name in names)
        ]
        for unit, names in variables.items()
    }


def years_of(study: Study, grids: Sequence[Expanded]) -> tuple[int, int, int]:
    """First and last year of the panels, and how many years before the first they reach back."""
    windows = [study.window, *(grid.years for grid in grids)]
    return min(w[0] for w in windows), max(w[1] for w in windows), max(grid.reach for grid in grids)


def columns_of(specs: Iterable[Specification]) -> dict[Unit, list[str]]:
    """Columns that specifications need of the panel of each unit; those of its key come first."""
    return {unit: list(dict.fromkeys([*UNIT_KEYS[unit], "in_window", *names])) for unit, names in needed(specs).items()}
