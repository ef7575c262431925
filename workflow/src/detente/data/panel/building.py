"""The panel: from the names of sources to rows, with an attrition log of what found no place among them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from detente.base import strict
from detente.base.errors import ConfigError, PanelError, RawFilesUnavailable, UnknownVariable, choices
from detente.base.types import Codes
from detente.base.units import Unit
from detente.data import pins
from detente.data.panel.columns import Directions, Lazy, Members, Pairs, States
from detente.data.panel.offering import (
    DIRECTIONAL,
    PAIRWISE,
    SPELLS,
    STATES,
    Entry,
    Panel,
    catalogue,
    expansions,
    years_of,
)
from detente.data.panel.size import Size, size_of
from detente.data.panel.span import check_carried, check_window
from detente.data.panel.spine import Given, Records, Spine, build_spine, inside
from detente.data.panel.stateyears import STATE_PEACE, STRICT
from detente.data.pins import SourceRecord, load_sources, project_root, workplace
from detente.data.record import Tidied, own_declared, own_source, tidied, tidy_table
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
    lead_in: int | tuple[int, int] = 0,
    root: Path | None = None,
    mirror: Path | None = None,
) -> Built:
    """Build a panel from the public record.

    `years`: first and last, within those of the list of states and those to which it is carried on. `add`: sources by
    name (`python -m detente sources` lists them), by a short name such as "gml", or YAML files that describe data of
    your own; "all" for every source of the record. The list of states is always there. `unit`: "dyad-year" (ccode1 <
    ccode2), "directed-dyad-year" (ccode1 the sender, ccode2 the target) or "state-year". `variables`: those to keep;
    all by default. `lead_in`: years before the first to hold, for lags, or two numbers, of years before the first and
    after the last, for leads, too; `in_window` then tells them from the rest. `root`: folder of the project (default:
    the current one, or the package's own). `mirror`: folder with raw files, or several joined as in PATH (default: the
    environment's DETENTE_MIRROR). A raw file is taken from the project's data/raw (from that of the current folder if
    the package is installed), else from the first folder that has it, else from its pinned address.

    Raises ConfigError if a name is no source, data of your own have the name of one, or the years lie outside the state
    system's; RawFilesUnavailable if a raw file cannot be had, before any work; UnknownVariable if a variable is not
    offered by these sources; TooLarge if the panel needs more memory than is free, before any other source is read.
    """
    home = root or project_root()
    records = load_sources(home)
    own, modules = _named(add)
    with suppress(RawFilesUnavailable):  # Which says below what else cannot be had.
        panel_size(years, add, unit=unit, variables=variables, lead_in=lead_in, root=root, mirror=mirror).check()
    found = tidied(modules, records, workplace(home), pins.mirror(mirror))
    mine = [own_source(path, found.frames[STATES]) for path in dict.fromkeys(own)]
    frames = {**found.frames, **{o.source.slug: o.tidy.frame for o in mine}}
    attrition = {**found.attrition, **{o.source.slug: o.tidy.attrition for o in mine}}
    sources = [*modules, *(o.source for o in mine)]
    panel = build_panel(frames, sources, years, unit=unit, lead_in=lead_in, variables=variables)
    cited = {m.slug: records[m.slug] for m in modules} | {o.source.slug: o.record for o in mine}
    notes = tuple(note for o in mine for note in o.notes)
    return Built(panel, whole_attrition(Tidied(frames, attrition), panel), cited, notes)


def panel_size(
    years: tuple[int, int],
    add: Sequence[str | Path] = (EVERYTHING,),
    *,
    unit: Unit = "dyad-year",
    variables: Sequence[str] | None = None,
    lead_in: int | tuple[int, int] = 0,
    root: Path | None = None,
    mirror: Path | None = None,
) -> Size:
    """Size of the panel that `build` would make of the same arguments; of raw files, the list of states alone is read.

    Raises as `build` does.
    """
    own, modules = _named(add)
    entries = wanted(catalogue([*modules, *_declared(own)], unit), variables, unit)
    states = {STATES: state_list(root, mirror)}
    spine = _spine(states, chosen([]), years, lead_in).from_year(years[0] - _around(lead_in)[0])
    return size_of(spine, unit, _columns_of(unit, entries))


def state_list(root: Path | None = None, mirror: Path | None = None) -> pd.DataFrame:
    """The tidy list of states, one row per spell; raises RawFilesUnavailable if its raw files cannot be had."""
    return tidy_table(STATES, root, mirror)


def _around(lead_in: int | tuple[int, int]) -> tuple[int, int]:
    """Years to hold before the window and after it."""
    return lead_in if isinstance(lead_in, tuple) else (lead_in, 0)


def _columns_of(unit: Unit, entries: Mapping[str, Entry]) -> int:
    """Number of columns: the key, `in_window` and the variables."""
    return len(KEYS[unit]) + 1 + len(entries)


def _named(add: Sequence[str | Path]) -> tuple[list[Path], list[Source]]:
    """YAML files of user data, and sources of the record."""
    own = [Path(name) for name in add if str(name).endswith((".yaml", ".yml"))]
    return own, chosen([str(name) for name in add if Path(name) not in own])


def wanted(entries: Mapping[str, Entry], variables: Sequence[str] | None, unit: Unit) -> dict[str, Entry]:
    """Those of the entries that are asked for, in their order; all if `variables` is None.

    Raises UnknownVariable for one that is not among them, with the sources that it needs if there are any.
    """
    for name in variables or ():
        if name not in entries:
            more = catalogue(list(REGISTRY.values()), unit).get(name)
            way = f"it needs the sources {', '.join(more.sources)}" if more else choices(name, entries)
            raise UnknownVariable(f"the panel has no variable {name!r}; {way}")
    return {name: entry for name, entry in entries.items() if variables is None or name in variables}


def whole_attrition(found: Tidied, panel: Panel) -> pd.DataFrame:
    """Everything dropped, merged or recoded: source by source, then what found no place in the panel."""
    return pd.concat([*found.attrition.values(), panel.attrition], ignore_index=True)


def source_named(name: str) -> Source:
    """The source of a name or short name, in capitals or not; raises ConfigError with the nearest if there is none."""
    slug = ALIASES.get(name.casefold(), name.casefold())
    if slug not in REGISTRY:
        raise ConfigError(f"{name!r} is no source; {choices(name, [*REGISTRY, *ALIASES])}")
    return REGISTRY[slug]


def chosen(names: Sequence[str]) -> list[Source]:
    """Sources by name or short name, in capitals or not, in the registry's order, with the state list.

    Raises ConfigError for other names, and for a source that joins no panel, which "all" leaves out.
    """
    if EVERYTHING in names:
        return [source for source in REGISTRY.values() if source.joins]
    slugs = {STATES}
    for name in names:
        found = source_named(name)
        if not found.joins:
            way = f"its own table is read by `detente.data.record.tidy_table({found.slug!r})`"
            raise ConfigError(f"{name!r} has rows by {found.key}, and joins no panel; {way}")
        slugs.add(found.slug)
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
    lead_in: int | tuple[int, int] = LEAD_IN,
    variables: Sequence[str] | None = None,
) -> Panel:
    """Build the panel of `window` (first and last year) and the `lead_in` years before, or before and after.

    `tidy`: tidy frames by slug, one for each of `sources`, the list of states among them. `variables`: those to keep,
    in the order of the catalogue; all that the sources offer if None.

    Raises ConfigError if a source is not at hand, the window lies outside the years of the state list, or ends before
    it starts; UnknownVariable if a variable is not offered by the sources; PanelError if a source has a key twice or
    lacks a variable, or no two states coexist; TooLarge if it needs more memory than is free.
    """
    if missing := [s.slug for s in sources if s.slug not in tidy]:
        raise ConfigError(f"the panel needs {', '.join(missing)}; at hand: {', '.join(sorted(tidy)) or 'nothing'}")
    entries = wanted(catalogue(sources, unit), variables, unit)
    whole = _spine(tidy, sources, window, lead_in)
    spine = whole.from_year(window[0] - _around(lead_in)[0])
    size_of(spine, unit, _columns_of(unit, entries)).check()
    check_carried(tidy, sources, spine.last)
    givens = _givens(tidy, sources)
    records = [Records(given, spine) for given in givens]
    columns = _columns(whole, spine, records, tidy[STATES], unit)
    frame = pd.DataFrame(
        {
            **{part: columns[part] for part in KEYS[unit]},
            "in_window": inside(columns["year"], window),
            **{name: columns[name] for name in entries},
        },
        copy=False,
    )
    labelled = {name: entry.up_to(spine.last) for name, entry in entries.items()}
    return Panel(frame, _attrition(whole, records, window), labelled, unit)


def _spine(
    tidy: Mapping[str, pd.DataFrame], sources: Sequence[Source], window: tuple[int, int], lead_in: int | tuple[int, int]
) -> Spine:
    """The spine from the first year of the state list on, peace is counted from there, to the last that is to be held.

    That is no later than the last to which the state list is carried on.
    """
    if min(_around(lead_in)) < 0:
        raise ConfigError(f"the years before the window must be 0 or more; found {min(_around(lead_in))}")
    listed = next((s for s in sources if s.slug == STATES), None)
    if listed is None:
        raise ConfigError(f"the panel needs {STATES}: it says which states exist when")
    members = tidy[STATES][tidy[STATES]["status"] == "member"]
    first = max(listed.years[0], int(members["start"].min()) // 10000)
    last = listed.covered[1]
    check_window(window, (first, last))
    return build_spine(members, first, min(window[1] + _around(lead_in)[1], last))


def _givens(tidy: Mapping[str, pd.DataFrame], sources: Sequence[Source]) -> list[Given]:
    """Tidy rows with a key of the panel: of sources, and of expansions of event sources."""
    given = [
        Given(s.slug, s.key, s.variables, s.covered, partial(tidy.__getitem__, s.slug))
        for s in sources
        if s.key in KEYS
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
    before = States(whole, again, majors)
    past = Pairs(whole, again, before) if again else None
    pairs.remember(SPELLS, past)
    pairs.derive(PAIRWISE)
    if unit == "dyad-year":
        return pairs
    if unit == "state-year":
        members = Members(spine, tables, pairs)
        members.remember(STATE_PEACE, Members(whole, before, past) if past else None)
        members.derive(STRICT)
        return members
    directions = Directions(spine, records, tables, pairs)
    directions.derive(DIRECTIONAL)
    return directions


def _attrition(whole: Spine, records: list[Records], window: tuple[int, int]) -> pd.DataFrame:
    # Columns that were not asked for were not made.
    made = (each for each in records if "frame" in vars(each.given))
    said = ((each.given.slug, [*_unplaced(whole, each, window), *_folded(each, window)]) for each in made)
    found = [attrition(slug, entries) for slug, entries in said if entries]
    return pd.concat([attrition("panel"), *found], ignore_index=True)


def _folded(records: Records, window: tuple[int, int]) -> Entries:
    """Dyad-years of the window whose two directions differ in a variable that has one value without direction."""
    reason = "{} differs by direction: without direction the maximum counts"
    years = {v.name: records.differing(v) for v in records.given.variables if v.folded}
    return [
        ("merged", reason.format(name), "all dyads", int(inside(year, window).sum())) for name, year in years.items()
    ]


def _unplaced(whole: Spine, records: Records, window: tuple[int, int]) -> Entries:
    """Records that have no row: of states that are no members that year, or do not coexist in it, or ever."""
    given, parts = records.given, records.parts
    if "year" not in KEYS[given.key]:
        return _never_placed(whole, given, parts)
    nowhere = np.flatnonzero(records.row < 0)
    year = given.year[nowhere]
    asked, covered = inside(year, window), inside(year, given.years)
    apart = "the two states do not coexist in the system" if len(parts) == 2 else "not a member of the system that year"
    reasons = {apart: asked & covered, "not in the years that the source covers": asked & ~covered}
    return [entry for reason, lost in reasons.items() for entry in _lost(given, nowhere[lost], reason)]


def _lost(given: Given, lost: Codes, reason: str) -> Entries:
    """An entry for every state, or every two, with records that are lost, given by their rows."""
    *states, year = (given.frame[part].to_numpy()[lost] for part in KEYS[given.key])
    rows = np.stack([*states, year], axis=1)[np.lexsort((year, *reversed(states)))]
    begins = np.flatnonzero(np.diff(rows[:, :-1], axis=0, prepend=-1).any(axis=1))
    ends = np.append(begins, len(rows))[1:]
    spans = zip(rows[begins].tolist(), rows[ends - 1, -1].tolist(), (ends - begins).tolist(), strict=True)
    return [
        ("dropped", reason, f"{'-'.join(map(str, states))} {first}–{last}", size)
        for (*states, first), last, size in spans
    ]


def _never_placed(whole: Spine, given: Given, parts: list[str]) -> Entries:
    """Lasting records of states that were never members, or never together."""
    places = [given.places(whole, p) for p in parts]
    known = np.stack(places).min(axis=0) >= 0
    if len(parts) == 2:
        known &= whole.together[places[0], places[1]].any(axis=1)
    apart = "the two states never coexist in the system" if len(parts) == 2 else "never a member of the system"
    reason = f"{apart} up to {whole.last}"
    rows = given.frame.loc[~known, parts].itertuples(index=False)
    return [("dropped", reason, "-".join(map(str, row)), 1) for row in rows]
