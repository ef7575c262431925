"""The public record, one module a dataset: raw columns, how they are cleaned, key, variables and years covered.

A module below one of the themes declares its sources at its top level, and is found there: `REGISTRY` has them by
slug, in the order of the slugs. What is shared by sources is in the modules beside the themes.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import walk_packages

from detente.base.errors import BrokenContract, ConfigError, choices
from detente.data.sources.base import (
    ATTRITION,
    BY_DYAD,
    BY_NETWORK,
    BY_STATE,
    KEY_NAMES,
    KEYS,
    NOT_REDRAWN,
    PLACE_MONTH,
    Assignment,
    Frames,
    Key,
    Role,
    Source,
    Tidy,
    Variable,
    attrition,
    check_raw,
    event,
    measure,
    tidy_schema,
)
from detente.data.sources.rawtable import ANY, RawColumn, RawTable


def _declared() -> Iterator[Source]:
    """Sources that the modules of the themes declare."""
    for module in walk_packages(__path__, f"{__name__}."):
        if module.name.count(".") > __name__.count(".") + 1:
            yield from (item for item in vars(import_module(module.name)).values() if isinstance(item, Source))


def registered(sources: Iterator[Source]) -> dict[str, Source]:
    """Sources by slug, in the order of slugs.

    Raises BrokenContract if two have one slug or short name.
    """
    found: dict[str, Source] = {}
    names: dict[str, Source] = {}
    for item in sources:
        for name in filter(None, (item.slug, item.alias)):
            if names.setdefault(name, item) is not item:
                raise BrokenContract(f"two sources are called {name!r}: rename one of them")
        found[item.slug] = item
    return dict(sorted(found.items()))


REGISTRY: Mapping[str, Source] = registered(_declared())
ALIASES: Mapping[str, str] = {s.alias: s.slug for s in REGISTRY.values() if s.alias}
"""Short names, as people call these sources."""


def source(slug: str) -> Source:
    """Return the source called `slug`; raises ConfigError naming the nearest one if there is none."""
    if slug not in REGISTRY:
        raise ConfigError(f"no module cleans {slug!r}; {choices(slug, REGISTRY)}")
    return REGISTRY[slug]


__all__ = [
    "ALIASES",
    "ANY",
    "ATTRITION",
    "BY_DYAD",
    "BY_NETWORK",
    "BY_STATE",
    "KEYS",
    "KEY_NAMES",
    "NOT_REDRAWN",
    "PLACE_MONTH",
    "REGISTRY",
    "Assignment",
    "Frames",
    "Key",
    "RawColumn",
    "RawTable",
    "Role",
    "Source",
    "Tidy",
    "Variable",
    "attrition",
    "check_raw",
    "event",
    "measure",
    "registered",
    "source",
    "tidy_schema",
]
