"""Panels of dyad-years or state-years, what they offer, and how to cite what they are made from."""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd

from detente.base.errors import ConfigError, RawFilesUnavailable
from detente.base.files import read_frame, read_note, write_csv, write_text
from detente.base.frames import validated
from detente.base.units import Unit
from detente.cli.command import CSV, PARQUET, Home, Mirror, Option, Output, command
from detente.cli.formats import TIMES, WRITTEN, Words, write_panel
from detente.cli.shape import Cut, Shape
from detente.cli.stata import LABEL_LENGTH, NAME_LENGTH, stata_names
from detente.cli.years import years_said
from detente.data import SourceRecord, load_sources, project_root
from detente.data.panel import (
    STATES,
    WAY,
    Built,
    Entry,
    Panel,
    build,
    catalogue,
    check_identifiers,
    chosen,
    described,
    key_labels,
    panel_schema,
    panel_size,
    state_list,
    wanted,
    with_identifiers,
)
from detente.data.record import OwnData, Tidied, cited, load_references, own_declared, own_reference
from detente.data.sources import ATTRITION

SOURCES = "sources, with spaces or commas between (`detente sources` lists them), or YAML files of your own data"
Add = Annotated[Sequence[str], Option(f"{SOURCES} (default: all)", "SOURCE")]
Kept = Annotated[Sequence[str], Option("variables to keep (default: all)", "NAME")]
Works = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class UnitOptions:
    """What a row of a panel is."""

    unit: Annotated[Literal["dyad-year", "state-year"], "what a row is"] = "dyad-year"
    directed: Annotated[bool, "a row for each direction of a dyad: sender, target"] = False

    def read(self) -> Unit:
        """The unit; raises ConfigError for a directed state-year."""
        if self.unit == "state-year":
            if self.directed:
                raise ConfigError("--directed: a state-year has no direction; leave it out, or use --unit dyad-year")
            return "state-year"
        return "directed-dyad-year" if self.directed else "dyad-year"


def span(text: str) -> tuple[int, int]:
    """Read "1946-2010", or "1990" for a single year."""
    found = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", text)
    if not found or (found[2] and found[2] < found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no span of years; write it as 1946-2010")
    return int(found[1]), int(found[2] or found[1])


@dataclass(frozen=True, kw_only=True)
class Joined(UnitOptions):
    """What a panel holds."""

    years: Annotated[tuple[int, int], Option("e.g. 1946-2010", "FIRST-LAST", span)]
    add: Add = ("all",)
    own: Annotated[Sequence[str], Option("tables of your own that are cleaned already, each as JSON", "JSON")] = ()
    variables: Kept = ()
    lead_in: Annotated[int, Option("years before the first to hold, for lags", "N")] = 0


@dataclass(frozen=True)
class Beside:
    """Files that are written beside a panel."""

    attrition: Annotated[
        Path | None, Output("table to write: rows dropped, merged or recoded, and why", endings=PARQUET)
    ] = None
    codebook: Annotated[
        Path | None, Output("table to write: what each variable is and how it is spread", endings=CSV)
    ] = None
    cite: Annotated[Path | None, Output("BibTeX file to write: what the panel is made from")] = None


@dataclass(frozen=True)
class Places:
    """Where raw files or tidy tables are."""

    root: Home = None
    mirror: Mirror = None
    tidy: Annotated[Path | None, "folder of tidy sources, cleaned before: nothing is fetched"] = None
    attrition_logs: Annotated[Path | None, "folder of their attrition logs"] = None


@command("data", "--years 1980-2010 --add gml mme nmc --out panel.parquet")
def panel(
    of: Joined, cut: Cut, out: Annotated[Path, Output("file to write", endings=WRITTEN)], beside: Beside, places: Places
) -> None:
    """Build a panel of dyad-years or state-years."""
    check_identifiers(cut.identifiers, of.read())
    shape = cut.read(places.root)
    built = _from_tidy(of, shape, places, places.tidy) if places.tidy else _from_record(of, shape, places, out.suffix)
    for said in built.notes:
        print(said, file=sys.stderr)
    made, log = _shaped(built, of, shape)
    frame = validated(made.frame, panel_schema(made.entries, made.unit), "panel")
    # Tidy sources may be of a simulated world: only a panel made of the record says what it is made from.
    note = {
        "unit": made.unit,
        "years": list(of.years),
        "variables": {name: list(entry.sources) for name, entry in made.entries.items()},
        "sources": works_of(made.entries, built.records),
    }
    states = _states(places) if cut.names else None
    shown = with_identifiers(replace(made, frame=frame), cut.identifiers, states)
    write_panel(shown, words_of(made), out, note if built.records else None)
    _beside(made, log, built, beside, places, out)
    for said in years_said(made, of.years):
        print(f"{out}: {said}", file=sys.stderr)
    print(f"{out}: {int(frame['in_window'].sum()):,} {made.unit}s, {len(made.entries)} variables")


def _beside(made: Panel, log: pd.DataFrame, built: Built, beside: Beside, places: Places, out: Path) -> None:
    """What is written beside a panel, and said of it."""
    if beside.attrition:
        ATTRITION.write(log, beside.attrition)
    if beside.codebook:
        write_csv(_codebook(made, out.suffix), beside.codebook)
    if beside.cite:
        home = places.root or project_root()
        records = built.records or load_sources(home)
        write_text(bibliography(works_of(made.entries, records), home), beside.cite)
    if out.suffix == ".dta":
        _say_shortened(made, out)


def _asked(of: Joined, shape: Shape) -> tuple[str, ...]:
    """Variables that the panel must have: none if all."""
    return shape.of_sources(of.variables) if of.variables else ()


def _from_record(of: Joined, shape: Shape, places: Places, ending: str) -> Built:
    """Whatever has to be fetched and cleaned; refused before that if the panel or its file needs too much memory."""
    if of.own:
        raise ConfigError("--own: needs --tidy, the folder of cleaned tables; --add names files of your own data")
    names, unit, asked = sources_named(of.add), of.read(), _asked(of, shape)
    needed = shape.of_sources(())
    entries = offered(names, unit, needed, places.root or project_root()).entries if needed else {}
    around, root, mirror = shape.around(of.lead_in, of.years[0], entries), places.root, places.mirror
    with suppress(RawFilesUnavailable):  # Which `build` says of all files.
        size = panel_size(of.years, names, unit=unit, variables=asked or None, lead_in=around, root=root, mirror=mirror)
        way = WAY if TIMES[ending] == TIMES[".parquet"] else f"{WAY}, or write .parquet, which needs less"
        replace(size, columns=size.columns + len(shape.shifts)).check(TIMES[ending] + shape.copies, way)
    return build(of.years, names, unit=unit, variables=asked or None, lead_in=around, root=root, mirror=mirror)


def _from_tidy(of: Joined, shape: Shape, places: Places, tidy: Path) -> Built:
    """Sources that an earlier step cleaned."""
    from detente.data.panel import build_panel, whole_attrition

    if not places.attrition_logs:
        raise ConfigError("--tidy needs --attrition-logs: the folder of the sources' attrition logs")
    tables = [OwnData.model_validate_json(said).source for said in of.own]
    modules, asked = [*chosen(sources_named(of.add)), *tables], _asked(of, shape)
    frames = {m.slug: read_frame(tidy / f"{m.slug}.parquet") for m in modules}
    attrition = {m.slug: read_frame(places.attrition_logs / f"{m.slug}.parquet") for m in modules}
    around = shape.around(of.lead_in, of.years[0], catalogue(modules, of.read()) if shape.spells else {})
    made = build_panel(frames, modules, of.years, unit=of.read(), lead_in=around, variables=asked or None)
    return Built(made, whole_attrition(Tidied(frames, attrition), made), {})


def _shaped(built: Built, of: Joined, shape: Shape) -> tuple[Panel, pd.DataFrame]:
    """The panel with lags, and with the rows and variables that were asked for; and the attrition log up to it."""
    whole = built.panel
    if not shape.copies:
        return whole, built.attrition
    made = shape.of(whole, (of.years[0] - of.lead_in, of.years[1]), of.variables)
    dropped = made.attrition.iloc[len(whole.attrition) :]
    for rows, reason in dropped[["rows", "reason"]].itertuples(index=False):
        print(f"{rows:,} {made.unit}s left out: {reason}", file=sys.stderr)
    return made, pd.concat([built.attrition, dropped], ignore_index=True)


def _states(places: Places) -> pd.DataFrame:
    if places.tidy:
        return read_frame(places.tidy / f"{STATES}.parquet")
    return state_list(places.root, places.mirror)


def words_of(made: Panel) -> dict[str, Words]:
    """What every column of a panel is, those of the key among them."""
    flags = {0: "no", 1: "yes"}
    return {
        **{name: Words(label, flags if name == "in_window" else {}) for name, label in key_labels(made.unit).items()},
        **{
            name: Words(e.variable.label, flags if e.variable.unit == "0/1" else dict(e.variable.codes))
            for name, e in made.entries.items()
        },
    }


def _codebook(made: Panel, ending: str) -> pd.DataFrame:
    """The codebook, for a Stata file with the names that variables have in it."""
    table = described(made)
    if ending == ".dta":
        table["name_in_stata"] = table["variable"].map(stata_names([str(name) for name in made.frame.columns]))
    return table


def _say_shortened(made: Panel, out: Path) -> None:
    """Say on the terminal what a Stata file cannot hold in full."""
    short = {name: cut for name, cut in stata_names([str(name) for name in made.frame.columns]).items() if cut != name}
    cut_labels = sum(len(entry.variable.label) > LABEL_LENGTH for entry in made.entries.values())
    if short:
        listed = ", ".join(f"{name} is {cut}" for name, cut in short.items())
        print(f"{out}: names have at most {NAME_LENGTH} characters in Stata: {listed}", file=sys.stderr)
    if cut_labels:
        said = f"{cut_labels} labels are cut at {LABEL_LENGTH} characters"
        print(f"{out}: {said}; --codebook writes them whole", file=sys.stderr)


def sources_named(words: Sequence[str]) -> list[str]:
    """Names given with spaces or commas between them."""
    return [name for word in words for name in word.split(",") if name]


@dataclass(frozen=True)
class Offer:
    """Variables of a panel by name, and the `records` of the sources at hand by slug, user data among them."""

    entries: Mapping[str, Entry]
    records: Mapping[str, SourceRecord]


def offered(add: Sequence[str], unit: Unit, variables: Sequence[str], root: Path) -> Offer:
    """What a panel of these sources and variables would hold; reads no raw file of the record.

    Raises ConfigError for a name that is no source, UnknownVariable for a variable that these do not offer.
    """
    names = sources_named(add)
    files = [name for name in names if name.endswith((".yaml", ".yml"))]
    modules = chosen([name for name in names if name not in files])
    own = [own_declared(Path(name)) for name in files]
    entries = catalogue([*modules, *(source for source, _ in own)], unit)
    listed = load_sources(root)
    records = {m.slug: listed[m.slug] for m in modules} | {source.slug: record for source, record in own}
    return Offer(wanted(entries, variables or None, unit), records)


@command("data", "--panel panel.parquet")
def cite(
    add: Annotated[Sequence[str], Option(SOURCES, "SOURCE", exclusive=True)],
    panel: Annotated[Path, Option("a panel that `detente panel` wrote as parquet", exclusive=True)],
    unit: UnitOptions,
    variables: Kept = (),
    out: Annotated[Path | None, Output("file to write (default: print)")] = None,
    root: Home = None,
) -> None:
    """Print BibTeX of what a panel is made from.

    That is just this, and the list of states, which every panel needs.
    """
    home = root or project_root()
    if panel:
        if variables or unit.directed:
            raise ConfigError("--panel: the file says itself what it holds; leave out --variables and --directed")
        works = _of_panel(panel)
    else:
        offer = offered(add, unit.read(), variables, home)
        works = works_of(offer.entries, offer.records)
    text = bibliography(works, home)
    if out:
        write_text(text, out)
    else:
        print(text, end="")


def works_of(entries: Mapping[str, Entry], records: Mapping[str, SourceRecord], *further: str) -> Works:
    """By source, what is to be cited of what variables are made from, of the list of states and of `further` sources.

    Of each its title, version, `references` in `config/references.bib`, and the `citation` as it stands if none.
    """
    used = {STATES, *further, *(slug for entry in entries.values() for slug in entry.sources)}
    told = {"title", "version", "references", "citation"}
    return {slug: record.model_dump(mode="json", include=told) for slug, record in records.items() if slug in used}


def bibliography(works: Works, root: Path) -> str:
    """BibTeX of all works, each entry once, after a comment that says which entry is of which source.

    Raises ConfigError if `config/references.bib` cannot be read, or lacks an entry.
    """
    references = load_references(root)
    count = "1 source" if len(works) == 1 else f"{len(works)} sources"
    lines, entries = [f"% What this panel is made from: {count}."], []
    for slug, work in works.items():
        key = f"{slug}-data" if slug in references else slug
        found = cited(work["references"], references) or [own_reference(key, work["title"], work["citation"])]
        # BibTeX begins an entry at every @, even after a per cent sign.
        said = f"% {slug}: {work['title']}, version {work['version']}".replace("@", "(at)")
        lines.append(f"{said} -> {', '.join(r.key for r in found)}")
        entries += found
    once = {entry.key: entry.bibtex() for entry in entries}
    return "\n".join(lines) + "\n\n" + "\n\n".join(once.values()) + "\n"


def _of_panel(path: Path) -> Works:
    """What a written panel says that it is made from."""
    otherwise = "name its sources: detente cite --add …"
    if path.suffix != ".parquet":
        raise ConfigError(f"--panel: {path.name!r} cannot say what it is made from, only parquet can; {otherwise}")
    if not path.is_file():
        raise ConfigError(f"--panel: there is no {path}")
    note = read_note(path)
    if note is None:
        raise ConfigError(
            f"--panel: {path.name!r} does not say what it is made from, as only panels do that `detente panel` made"
            f" of the record; {otherwise}"
        )
    works: Works = note["sources"]
    return works
