"""The panel: from the names of sources to rows, with an attrition log of what found no place among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from detente.base import strict
from detente.base.errors import ConfigError, PanelError, UnknownVariable, choices
from detente.data import pins
from detente.data.panel.catalogue import (
    DIRECTIONAL,
    PAIRWISE,
    SPELLS,
    STATES,
    UNITS,
    Panel,
    Unit,
    catalogue,
    expansions,
    years_of,
)
from detente.data.panel.columns import Directions, Lazy, Members, Pairs, States
from detente.data.panel.spine import Given, Records, Spine, build_spine, inside
from detente.data.pins import SourceRecord, load_sources, project_root
from detente.data.record import KEPT, Tidied, own_declared, own_source, tidied
from detente.data.sources import ALIASES, KEYS, REGISTRY, Source, attrition
from detente.data.sources.base import Entries

# Years before the window that a panel holds for lags, unless others are asked for.
LEAD_IN = 2
EVERYTHING = "all"


@dataclass(frozen=True)
class Built:
    """A panel, the `attrition` log from raw files to it, the `records` of its sources, and `notes` on user data."""

    panel: Panel
    attrition: pd.DataFrame
    records: Mapping[str, SourceRecord]
    notes: tuple[str, ...] = ()


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
    catalogue([*modules, *_declared(own)], unit)
    found = tidied(modules, records, home / "data" / "raw", pins.mirror(mirror), home / KEPT)
    mine = [own_source(path, found.frames[STATES]) for path in dict.fromkeys(own)]
    frames = {**found.frames, **{o.source.slug: o.tidy.frame for o in mine}}
    attrition = {**found.attrition, **{o.source.slug: o.tidy.attrition for o in mine}}
    sources = [*modules, *(o.source for o in mine)]
    panel = build_panel(frames, sources, years, unit=unit, lead_in=lead_in, variables=variables)
    cited = {m.slug: records[m.slug] for m in modules} | {o.source.slug: o.record for o in mine}
    notes = tuple(note for o in mine for note in o.notes)
    return Built(panel, whole_attrition(Tidied(frames, attrition), panel), cited, notes)


def whole_attrition(found: Tidied, panel: Panel) -> pd.DataFrame:
    """Everything dropped, merged or recoded: source by source, then what found no place in the panel."""
    return pd.concat([*found.attrition.values(), panel.attrition], ignore_index=True)


def chosen(names: Sequence[str]) -> list[Source]:
    """Sources by name or short name, in capitals or not, in the registry's order, with the state list.

    Raises ConfigError for other names.
    """
    if EVERYTHING in names:
        return list(REGISTRY.values())
    slugs = {STATES}
    for name in names:
        slug = ALIASES.get(name.casefold(), name.casefold())
        if slug not in REGISTRY:
            raise ConfigError(f"{name!r} is no source; {choices(name, [*REGISTRY, *ALIASES])}")
        slugs.add(slug)
    return [source for slug, source in REGISTRY.items() if slug in slugs]


def _declared(files: Sequence[Path]) -> list[Source]:
    """Data of the user's own, each under a name that no other source has; no table is read yet."""
    taken = dict.fromkeys(REGISTRY, "a source of the record")
    mine = []
    for path in dict.fromkeys(files):
        source, _ = own_declared(path)
        if (name := source.slug) in taken:
            where = strict.located(path, ["name"])
            raise ConfigError(f"{where} › name: {name!r} is {taken[name]}; choose another name")
        taken[name] = f"the name of {strict.shown(path)}, too"
        mine.append(source)
    return mine


def build_panel(
    tidy: Mapping[str, pd.DataFrame],
    sources: Sequence[Source],
    window: tuple[int, int],
    *,
    unit: Unit = "dyad-year",
    lead_in: int = LEAD_IN,
    variables: Sequence[str] | None = None,
) -> Panel:
    """Build the panel of `window` (first and last year) and the `lead_in` years before.

    `tidy`: tidy frames by slug, one for each of `sources`, the list of states among them. `variables`: those to keep,
    in the order of the catalogue; all that the sources offer if None.

    Raises ConfigError if a source is not at hand, the window lies outside the years of the state list, or ends before
    it starts; UnknownVariable if a variable is not offered by the sources; PanelError if a source has a key twice or
    lacks a variable, or no two states coexist.
    """
    if missing := [s.slug for s in sources if s.slug not in tidy]:
        raise ConfigError(f"the panel needs {', '.join(missing)}; at hand: {', '.join(sorted(tidy)) or 'nothing'}")
    if window[0] > window[1]:
        raise ConfigError(f"the window starts in {window[0]}, after it ends in {window[1]}")
    if lead_in < 0:
        raise ConfigError(f"the years before the window must be 0 or more; found {lead_in}")
    entries = catalogue(sources, unit)
    for name in variables or ():
        if name not in entries:
            raise UnknownVariable(f"the panel has no variable {name!r}; {choices(name, entries)}")
    entries = {name: entry for name, entry in entries.items() if variables is None or name in variables}
    whole = _spine(tidy, sources, window)
    spine = whole.from_year(window[0] - lead_in)
    givens = _givens(tidy, sources)
    records = [Records(given, spine) for given in givens]
    columns = _columns(whole, spine, records, tidy[STATES], unit)
    frame = pd.DataFrame(
        {
            **{part: columns[part] for part in KEYS[unit]},
            "in_window": columns["year"] >= window[0],
            **{name: columns[name] for name in entries},
        },
        copy=False,
    )
    return Panel(frame, _attrition(whole, records, window), entries, unit)


def _spine(tidy: Mapping[str, pd.DataFrame], sources: Sequence[Source], window: tuple[int, int]) -> Spine:
    """The spine from the first year of the state list on: peace is counted from there."""
    listed = next((s for s in sources if s.slug == STATES), None)
    if listed is None:
        raise ConfigError(f"the panel needs {STATES}: it says which states exist when")
    members = tidy[STATES][tidy[STATES]["status"] == "member"]
    first = max(listed.years[0], int(members["start"].min()) // 10000)
    if window[0] < first or window[1] > listed.years[1]:
        years = f"{first}–{listed.years[1]}"
        raise ConfigError(f"window {window[0]}–{window[1]} lies outside the state system's years, {years}")
    return build_spine(members, first, window[1])


def _givens(tidy: Mapping[str, pd.DataFrame], sources: Sequence[Source]) -> list[Given]:
    """Tidy rows with a key of the panel: of sources, and of expansions of event sources."""
    given = [
        Given(s.slug, s.key, s.variables, s.years, partial(tidy.__getitem__, s.slug)) for s in sources if s.key in KEYS
    ]
    for each in given:
        wanted = (*KEYS[each.key], *(v.name for v in each.variables))
        if missing := [name for name in wanted if name not in each.frame]:
            raise PanelError(f"{each.slug}: declared columns are missing from the tidy frame: {', '.join(missing)}")
    grown = [
        Given(e.source, e.key, e.variables, years_of(e, sources), partial(e.make, {s: tidy[s] for s in e.needs}))
        for e in expansions(sources)
    ]
    return [*given, *grown]


def _columns(whole: Spine, spine: Spine, records: list[Records], states: pd.DataFrame, unit: Unit) -> Lazy:
    majors = states[states["status"] == "major"]
    tables = States(spine, records, majors)
    pairs = Pairs(spine, records, tables)
    again = [Records(each.given, whole) for each in records] if spine.first > whole.first else []
    pairs.remember(SPELLS, Pairs(whole, again, States(whole, again, majors)) if again else None)
    pairs.derive(PAIRWISE)
    if unit == "dyad-year":
        return pairs
    if unit == "state-year":
        return Members(spine, tables, pairs)
    directions = Directions(spine, records, tables, pairs)
    directions.derive(DIRECTIONAL)
    return directions


def _attrition(whole: Spine, records: list[Records], window: tuple[int, int]) -> pd.DataFrame:
    # Columns that were not asked for were not made.
    made = (each for each in records if "frame" in vars(each.given))
    lost = ((each.given.slug, _unplaced(whole, each, window)) for each in made)
    found = [attrition(slug, entries) for slug, entries in lost if entries]
    return pd.concat([attrition("panel"), *found], ignore_index=True)


def _unplaced(whole: Spine, records: Records, window: tuple[int, int]) -> Entries:
    """Records that have no row: of states that are no members that year, or do not coexist in it, or ever."""
    given, parts = records.given, records.parts
    if "year" not in KEYS[given.key]:
        return _never_placed(whole, given, parts)
    asked, covered = inside(given.year, window), inside(given.year, given.years)
    apart = "the two states do not coexist in the system" if len(parts) == 2 else "not a member of the system that year"
    reasons = {apart: asked & covered & (records.row < 0), "not in the years that the source covers": asked & ~covered}
    rows = {reason: given.frame.loc[lost, list(KEYS[given.key])] for reason, lost in reasons.items()}
    return [entry for reason, lost in rows.items() for entry in _lost(lost, parts, reason)]


def _lost(rows: pd.DataFrame, parts: list[str], reason: str) -> Entries:
    spans = rows.groupby(parts)["year"].agg(["min", "max", "size"]).reset_index()
    return [
        ("dropped", reason, f"{'-'.join(map(str, states))} {first}–{last}", size)
        for *states, first, last, size in spans.itertuples(index=False)
    ]


def _never_placed(whole: Spine, given: Given, parts: list[str]) -> Entries:
    """Lasting records of states that were never members, or never together."""
    places = [given.places(whole, p) for p in parts]
    known = np.stack(places).min(axis=0) >= 0
    if len(parts) == 2:
        known &= np.asarray(whole.together.any(axis=2))[places[0], places[1]]
    apart = "the two states never coexist in the system" if len(parts) == 2 else "never a member of the system"
    reason = f"{apart} up to {whole.last}"
    rows = given.frame.loc[~known, parts].itertuples(index=False)
    return [("dropped", reason, "-".join(map(str, row)), 1) for row in rows]
