"""A panel for anybody: from the names of sources to rows, whatever has to be fetched, cleaned or joined for it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from detente.base import strict
from detente.base.errors import ConfigError, choices
from detente.data.panel.build import build_panel
from detente.data.panel.catalogue import STATES, UNITS, Panel, Unit
from detente.data.pins import SourceRecord, load_sources, project_root
from detente.data.record import Own, Tidied, own_source, tidied
from detente.data.record.tidied import KEPT
from detente.data.sources import ALIASES, REGISTRY, Source

MIRROR = "DETENTE_MIRROR"
EVERYTHING = "all"


@dataclass(frozen=True)
class Built:
    """A panel, the `attrition` log from raw files to it, and the `records` of its sources."""

    panel: Panel
    attrition: pd.DataFrame
    records: Mapping[str, SourceRecord]


def build(
    years: tuple[int, int],
    add: Sequence[str | Path] = (EVERYTHING,),
    *,
    unit: Unit = "dyad-year",
    variables: Sequence[str] | None = None,
    lead_in: int = 0,
    root: Path | None = None,
    mirror: Path | None = None,
) -> Built:
    """Build a panel from the public record.

    `years`: first and last, within 1816–2016. `add`: sources by name (`python -m detente sources` lists them), by a
    short name such as "gml", or YAML files that describe data of your own; "all" for every source of the record. The
    list of states is always there. `unit`: "dyad-year" (ccode1 < ccode2), "directed-dyad-year" (ccode1 the sender,
    ccode2 the target) or "state-year". `variables`: those to keep; all by default. `lead_in`: years before the first to
    hold, for lags; `in_window` then tells them from the rest. `root`: folder of the project (default: the current one,
    or the checkout). `mirror`: folder of a mirror of raw files (default: the environment's DETENTE_MIRROR). A raw file
    is taken from the project's data/raw, else from the mirror, else from its pinned address.

    Raises ConfigError if a name is no source, data of your own have the name of one, or the years lie outside the state
    system's; RawFilesUnavailable if a raw file cannot be had, before any work; UnknownVariable if a variable is not
    offered by these sources.
    """
    if unit not in UNITS:
        raise ConfigError(f"no panel has the unit {unit!r}; {choices(unit, UNITS)}")
    home = root or project_root()
    records = load_sources(home)
    own = [Path(name) for name in add if str(name).endswith((".yaml", ".yml"))]
    modules = chosen([str(name) for name in add if Path(name) not in own])
    mine = _mine(own)
    named = os.environ.get(MIRROR)
    mirror = mirror or (Path(named).expanduser() if named else None)
    found = tidied(modules, records, home / "data" / "raw", mirror, home / KEPT)
    frames = {**found.frames, **{o.source.slug: o.tidy.frame for o in mine}}
    attrition = {**found.attrition, **{o.source.slug: o.tidy.attrition for o in mine}}
    sources = [*modules, *(o.source for o in mine)]
    panel = build_panel(frames, sources, years, unit=unit, lead_in=lead_in, variables=variables)
    cited = {m.slug: records[m.slug] for m in modules} | {o.source.slug: o.record for o in mine}
    return Built(panel, whole_attrition(Tidied(frames, attrition), panel), cited)


def whole_attrition(found: Tidied, panel: Panel) -> pd.DataFrame:
    """Everything dropped, merged or recoded: source by source, then what found no place in the panel."""
    return pd.concat([*found.attrition.values(), panel.attrition], ignore_index=True)


def chosen(names: Sequence[str]) -> list[Source]:
    """Sources by name or short name, in the registry's order, with the state list; raises ConfigError for others."""
    if EVERYTHING in names:
        return list(REGISTRY.values())
    slugs = {STATES}
    for name in names:
        slug = ALIASES.get(name, name)
        if slug not in REGISTRY:
            raise ConfigError(f"{name!r} is no source; {choices(name, [*REGISTRY, *ALIASES])}")
        slugs.add(slug)
    return [source for slug, source in REGISTRY.items() if slug in slugs]


def _mine(files: Sequence[Path]) -> list[Own]:
    """Data of the user's own, each under a name that no other source has."""
    taken = dict.fromkeys(REGISTRY, "a source of the record")
    mine = []
    for path in dict.fromkeys(files):
        own = own_source(path)
        if (name := own.source.slug) in taken:
            where = strict.located(path, ["name"])
            raise ConfigError(f"{where} › name: {name!r} is {taken[name]}; choose another name")
        taken[name] = f"the name of {strict.shown(path)}, too"
        mine.append(own)
    return mine
