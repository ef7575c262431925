"""A panel of k-ad-years from the public record: which sources it needs follows from what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from detente.base.errors import ConfigError, choices
from detente.base.units import Unit
from detente.data import pins
from detente.data.kads.groups import kind
from detente.data.kads.making import Asked, KadPanel, kad_panel
from detente.data.panel import STATES, Entry, build_panel, catalogue, chosen, wanted
from detente.data.pins import SourceRecord, load_sources, project_root, workplace
from detente.data.record import tidied
from detente.data.sources import REGISTRY

UNIT: Unit = "dyad-year"


@dataclass(frozen=True)
class Built:
    """A panel of k-ad-years, `entries` of the variables of pairs that it is made of, and `records` of its sources."""

    panel: KadPanel
    entries: Mapping[str, Entry]
    records: Mapping[str, SourceRecord]


def build(asked: Asked, of: str = "exercise", *, root: Path | None = None, mirror: Path | None = None) -> Built:
    """Build a panel of k-ad-years from the public record.

    `asked`: the years of the outcome, the outcome, the controls, how k-ads to compare with are drawn. `of`: the kind of
    event that makes a k-ad, "exercise" for one. `root`, `mirror`: as `detente.panel.build`.

    Raises ConfigError if there is no such kind, or it or an onset is not coded in these years; UnknownVariable for what
    is no variable of pairs; RawFilesUnavailable if a raw file cannot be had; TooLarge if memory does not suffice.
    """
    event = kind(of)
    first, last = event.years
    if asked.event_years[0] < first or asked.event_years[-1] > last:
        raise ConfigError(
            f"{event.noun}s are coded for {first}–{last}: with a lag of {asked.lag}, ask for years of the outcome from "
            f"{first + asked.lag} to {last + asked.lag}"
        )
    every = wanted(catalogue(list(REGISTRY.values()), UNIT), asked.variables, UNIT)
    if every[asked.outcome].variable.role != "outcome":
        onsets = [name for name, entry in catalogue(list(REGISTRY.values()), UNIT).items() if _is_onset(entry)]
        raise ConfigError(f"{asked.outcome!r} is no onset among pairs at risk; {choices(asked.outcome, onsets)}")
    modules = chosen([slug for entry in every.values() for slug in entry.sources])
    home = root or project_root()
    records = load_sources(home)
    # A table of members joins no panel, and is cleaned beside those that do.
    own = REGISTRY[event.source]
    cleaned = modules if own in modules else [*modules, own]
    found = tidied(cleaned, records, workplace(home), pins.mirror(mirror))
    pairs = build_panel(found.frames, modules, asked.years, lead_in=asked.before, variables=list(every))
    rows = event.rows(found.frames[event.source])
    made = kad_panel(pairs.frame, pairs.entries, rows, found.frames[STATES], asked)
    return Built(made, pairs.entries, {m.slug: records[m.slug] for m in cleaned})


def _is_onset(entry: Entry) -> bool:
    return entry.variable.role == "outcome"
