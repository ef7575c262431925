"""What is known of the sources of the record: a list, their variables, and the page of all of them."""

import os
import shutil
import textwrap
from collections.abc import Hashable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd

from detente.base.errors import ConfigError, choices
from detente.base.files import write_bytes, write_text
from detente.cli.command import PAGE, Home, Mirror, Option, Output, command
from detente.cli.listing import has, table, years
from detente.cli.panel import Add, UnitOptions, offered, sources_named
from detente.data import THEMES, SourceRecord, load_sources, load_unused, mirror, project_root, workplace
from detente.data.panel import OF_STATES, STATES, expansions
from detente.data.panel import codebook as listed
from detente.data.record import find_holes, hole_lines, tidied
from detente.data.sources import ALIASES, REGISTRY, Source, Variable
from detente.report.site import Profile, coverage_chart, data_page, pipe_table

HEAD = ("variable", "label", "unit", "role", "years", "absent")
ABSENCE = "Absent: what a row without a record has in the years that are covered; outside them, everything is missing."
# With less room for labels a table cannot be read: each variable then has lines of its own.
ROOM = 36
UNIT = 18
DERIVED = "derived"


@command("data", "--only mme gml-mid")
def sources(
    word: Annotated[str, "of the name, the title or a variable (default: all sources)"] = "",
    /,
    only: Annotated[Sequence[str], Option("sources of which all is listed", "SOURCE")] = (),
    long: Annotated[bool, "all that is known of each: rows, variables, terms, citation"] = False,
    format_: Annotated[Literal["text", "csv"], "for reading, or for machines"] = "text",
    root: Home = None,
) -> None:
    """List the sources: name, years, key and title of those that have a word; with --long or --only all of each."""
    records = load_sources(root or project_root())
    wanted = [ALIASES.get(name, name) for name in map(str.casefold, sources_named(only))] or records
    for name in wanted:
        if name not in records:
            raise ConfigError(f"--only: {name!r} is no source; {choices(name, [*records, *ALIASES])}")
    found = [name for name in wanted if has(word, name, records[name].title, *_names(name))]
    if not found:
        words = {text for name in wanted for text in (name, *_names(name))}
        raise ConfigError(f"{word!r}: no source has it; {choices(word, sorted(words))}")
    if format_ == "csv":
        print(pd.DataFrame([_source_row(name, records[name]) for name in found]).to_csv(index=False), end="")
    elif long or only:
        print("\n\n".join(_source_entry(name, records[name]) for name in found))
    else:
        rows = [(name, years(records[name].years), REGISTRY[name].key, records[name].title) for name in found]
        print("\n".join(table(("source", "years", "key", "title"), rows)))
        print(
            f"{len(found)} of {len(records)} sources; --long says all of each, and so does `detente show source NAME`"
        )


def _names(name: str) -> list[str]:
    """A short name of a source and its variables."""
    return [*(alias for alias, slug in ALIASES.items() if slug == name), *(v.name for v in REGISTRY[name].variables)]


def _source_row(name: str, record: SourceRecord) -> dict[str, object]:
    module = REGISTRY[name]
    return {
        "source": name,
        **{key: getattr(record, key) for key in ("title", "kind", "theme", "version")},
        "first_year": record.years[0],
        "last_year": record.years[1],
        "carried": _carried(module),
        "key": module.key,
        "rows": record.rows,
        "variables": " ".join(v.name for v in module.variables),
        "files": " ".join(f.file for f in record.files),
        "bytes": sum(f.bytes for f in record.files),
        "terms": record.terms,
        "citation": record.citation,
        "references": " ".join(record.references),
    }


def _source_entry(name: str, record: SourceRecord) -> str:
    """One source as a paragraph."""
    module, (first, last), files = REGISTRY[name], record.years, len(record.files)
    lines = [
        f"{first}–{last}; {record.rows or 0:,} rows by {module.key}; {files} file{'s' if files > 1 else ''}",
        *filter(None, [_carried(module)]),
        ", ".join(v.name for v in module.variables) or "spells",
        f"{record.terms}.",
        record.citation.replace("{", "").replace("}", ""),
    ]
    filled = (textwrap.fill(line, 100, initial_indent="  ", subsequent_indent="  ") for line in lines)
    by_hand = ", coded by hand" if record.kind == "hand-coded" else ""
    return "\n".join([f"{name}: {record.title}{by_hand}, version {record.version}", *filled])


@command("data", "--add gml mme --directed")
def codebook(
    unit: UnitOptions,
    add: Add = ("all",),
    variables: Annotated[Sequence[str], Option("variables to list (default: all)", "NAME")] = (),
    format_: Annotated[Literal["text", "csv", "markdown"], "text for reading"] = "text",
    root: Home = None,
) -> None:
    """List the variables that a panel offers."""
    offer = offered(add, unit.read(), variables, root or project_root())
    first, last = zip(*(entry.years for entry in offer.entries.values()), strict=True)
    table = listed(offer.entries).assign(first_year=first, last_year=last)
    if format_ == "csv":
        print(table.to_csv(index=False, lineterminator="\n"), end="")
    elif format_ == "markdown":
        print(pipe_table(list(table.columns), table.to_numpy().tolist()), end="")
    else:
        print(_text(table, offer.records, shutil.get_terminal_size(PAGE).columns))


def _text(table: pd.DataFrame, records: Mapping[str, SourceRecord], width: int) -> str:
    """The list for a terminal, source by source; what is made from several comes last."""
    rows = [_cells(row) for row in table.to_dict("records")]
    widths = _widths(rows, width)
    shown = [f"  {_row(row, widths)}" if widths else _stacked(row, width) for row in rows]
    blocks = [f"  {_row(HEAD, widths)}"] if widths else []
    for slug in (*(s for s in dict.fromkeys(table["source"]) if s != DERIVED), DERIVED):
        lines = [line for line, source in zip(shown, table["source"], strict=True) if source == slug]
        record = records.get(slug)
        head = f"{slug}: {record.title} ({record.version})" if record else "made from other variables, in brackets"
        blocks += ["\n".join([_wrapped(head, width, "", "    "), *lines])] if lines else []
    return "\n\n".join([*blocks, _wrapped(f"{len(rows)} variables. {ABSENCE}", width, "", "")])


def _cells(row: Mapping[Hashable, object]) -> list[str]:
    """What the list says of a variable, in the order of `HEAD`."""
    made = str(row["made_from"])
    label = f"{row['label']} [{made.replace(' ', ', ')}]" if made != row["source"] else row["label"]
    breaks = str(row["breaks"]).replace(" ", ", ")
    label = f"{label}; coded in another way from {breaks} on" if breaks else label
    label = f"{label}; {row['carried']}" if row["carried"] else label
    absent = "missing" if row["absent_means"] == "missing" else "0"
    years = f"{row['first_year']}–{row['last_year']}"
    return [str(cell) for cell in (row["variable"], label, row["unit"], row["role"], years, absent)]


def _widths(rows: list[list[str]], width: int) -> list[int]:
    """Width of each cell, labels having what is left; none if that is too little for a table."""
    name, unit, role = (max(len(row[i]) for row in rows) for i in (0, 2, 3))
    others = [name, min(unit, UNIT), role, len("1816–2016"), len("missing")]
    label = width - sum(others) - 2 * len(HEAD)
    return [name, label, *others[1:]] if label >= ROOM else []


def _stacked(cells: list[str], width: int) -> str:
    """A variable as a paragraph."""
    name, label, unit, role, years, absent = cells
    first = _wrapped(f"{name}: {label}", width, "  ", "      ")
    return f"{first}\n{_wrapped(f'{unit}; {role}; {years}; absent: {absent}', width, '      ', '      ')}"


def _row(cells: Sequence[str], widths: list[int]) -> str:
    """One row of the table, over several lines where a cell needs them."""
    wrapped = [textwrap.wrap(cell, n, break_on_hyphens=False) for cell, n in zip(cells, widths, strict=True)]
    lines = (map(str.ljust, parts, widths) for parts in zip_longest(*wrapped, fillvalue=""))
    return "\n  ".join("  ".join(line).rstrip() for line in lines)


def _wrapped(text: str, width: int, first: str, rest: str) -> str:
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


@command("data", "--out docs/data.md --chart docs/images/coverage.svg")
def datapage(
    out: Annotated[Path, Output("page to write", endings=(".md",))],
    chart: Annotated[Path, Output("picture to write", endings=(".svg", ".png", ".pdf"))],
    root: Home = None,
    mirror_: Mirror = None,
) -> None:
    """Write the page of all sources and the chart of their years."""
    from detente.report.figures import image

    home = root or project_root()
    records = load_sources(home)
    cleaned = tidied(list(REGISTRY.values()), records, workplace(home), mirror(mirror_))
    shown = Path(os.path.relpath(chart, out.parent)).as_posix()
    missing = hole_lines(find_holes(cleaned.frames, REGISTRY, STATES), cleaned.frames[STATES])
    write_text(data_page(profiles(records, cleaned.attrition, missing), shown, load_unused(home)), out)
    write_bytes(image(coverage_chart(spans(records)), chart.suffix.removeprefix(".")), chart)


def profiles(
    records: Mapping[str, SourceRecord], attrition: Mapping[str, pd.DataFrame], missing: Mapping[str, Sequence[str]]
) -> list[Profile]:
    """What the page says of each source, in the order of the alphabet; `missing`: its holes, a line for each cause."""
    short = {slug: name for name, slug in ALIASES.items()}

    def profile(slug: str, module: Source) -> Profile:
        said = tuple(missing.get(slug, ()))
        path, name = _page(module), short.get(slug)
        log, variables, carried = attrition[slug], _variables(module), _carried(module)
        about = (records[slug], module.key, variables, log, path, name, said)
        return Profile(slug, *about, carried=carried, breaks=module.breaks)

    return [profile(slug, REGISTRY[slug]) for slug in sorted(records)]


def _carried(module: Source) -> str:
    """From and to which year it is carried on, and why; "" if it is not."""
    return f"{module.carried.said(module.years[1])}: {module.carried.why}" if module.carried else ""


def _page(module: Source) -> str:
    """Its file, as the page in docs/ links to it."""
    return f"../workflow/src/{module.clean.__module__.replace('.', '/')}.py"


def spans(records: Mapping[str, SourceRecord]) -> pd.DataFrame:
    """One row per source, theme by theme: theme, source (and whether it is coded by hand), first and last year."""
    rows = [
        (label, slug + (" (by hand)" if records[slug].kind == "hand-coded" else ""), *records[slug].years)
        for theme, label in THEMES.items()
        for slug in sorted(records)
        if records[slug].theme == theme
    ]
    return pd.DataFrame(rows, columns=["theme", "source", "first", "last"])


def _variables(module: Source) -> pd.DataFrame:
    """Variables of a source, and those that a panel makes of its spells or events: name, label, unit, kind."""
    grown = [v for e in expansions(list(REGISTRY.values())) if e.source == module.slug for v in e.variables]
    listed = OF_STATES if module.slug == STATES else ()
    once = {v.name: v for v in (*listed, *module.variables, *grown)}
    rows = [(v.name, _label(v), v.unit, v.kind) for v in once.values()]
    return pd.DataFrame(rows, columns=["name", "label", "unit", "kind"])


def _label(variable: Variable) -> str:
    """What a variable is, with and without direction where it has one."""
    return f"{variable.label}; without direction: {variable.folded}" if variable.folded else variable.label
