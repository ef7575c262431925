"""One file a dataset: raw → tidy, with its key, its variables and the years it covers."""

from __future__ import annotations

from collections.abc import Mapping

from detente.errors import ConfigError, choices
from detente.sources import (
    agreements,
    alliances,
    capabilities,
    contiguity,
    democracy,
    disputes,
    distance,
    exercises,
    missions,
    rivalry,
    states,
)
from detente.sources.base import KEYS, RawTable, Source, Tidy, Variable, check_raw, ledger
from detente.sources.schema import tidy_schema

REGISTRY: Mapping[str, Source] = {
    source.slug: source
    for source in (
        states.SOURCE,
        contiguity.SOURCE,
        distance.SOURCE,
        disputes.GML,
        disputes.COW,
        exercises.SOURCE,
        alliances.SOURCE,
        missions.SOURCE,
        agreements.SOURCE,
        capabilities.SOURCE,
        democracy.SOURCE,
        rivalry.SOURCE,
    )
}


def source(slug: str) -> Source:
    """Return the source called `slug`; raises ConfigError naming the nearest one if there is none."""
    if slug not in REGISTRY:
        raise ConfigError(f"no module cleans {slug!r}; {choices(slug, REGISTRY)}")
    return REGISTRY[slug]


__all__ = [
    "KEYS",
    "REGISTRY",
    "RawTable",
    "Source",
    "Tidy",
    "Variable",
    "check_raw",
    "ledger",
    "source",
    "tidy_schema",
]
