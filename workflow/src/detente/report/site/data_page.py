"""The page of all sources, in Markdown, and its chart: what each is, gives and covers, what was dropped on the way."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import pandas as pd

from detente.data import THEMES, SourceRecord
from detente.report.figures import canvas as draw
from detente.report.formats import checksum, count, megabytes

# More files than this are summed up, and more reasons of one action.
FILES, REASONS = 6, 8
# Reasons that differ by codes or by what goes before a colon alone are one, from this many on.
ALIKE = 3
ACTIONS = ("dropped", "merged", "recoded", "kept", "added", "expanded")
ABSENT = {"event": "0", "measure": "missing"}
CORE = (1980, 2010)
"""Years in which exercises and defence agreements are coded."""
FIRST, LAST = 1816, 2024
# The style's colours, the light ones darker, so that they can be read as letters.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B58900", "#3A9BD0", "#555555")
# Inches a line, and above and below all lines.
LINE, REST = 0.132, 0.75
_CODES = re.compile(r"−?\b\d{2,3}\b(?:, −?\d{2,3}\b)*")


@dataclass(frozen=True)
class Profile:
    """What the page says of one source.

    `variables` has name, label, unit, kind; `attrition` action, reason, rows; `module` is the path of what cleans it,
    from the page; `short` its short name, where it has one.
    """

    slug: str
    record: SourceRecord
    key: str
    variables: pd.DataFrame
    attrition: pd.DataFrame
    module: str
    short: str | None = None


def data_page(profiles: Sequence[Profile], chart: str) -> str:
    """Return the page; `chart` is the path of the chart of coverage, from the page."""
    themes = {label: [p for p in profiles if p.record.theme == theme] for theme, label in THEMES.items()}
    parts = [_opening(profiles, chart), *(_contents(label, group) for label, group in themes.items())]
    for label, group in themes.items():
        parts += [f"## {label}\n", *(_section(p) for p in group)]
    return "\n".join(parts)


def pipe_table(head: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str] = ()) -> str:
    """Return a table in Markdown with a header; columns named in `right` are set to the right."""
    rule = ["---:" if name in right else "---" for name in head]
    cells = ([str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in [head, rule, *rows])
    return "\n".join(f"| {' | '.join(row)} |" for row in cells) + "\n"


def anchor(heading: str) -> str:
    """What a link to a heading is called where Markdown is shown."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _opening(profiles: Sequence[Profile], chart: str) -> str:
    files = {(p.record.folder or p.slug, f.file): f.bytes for p in profiles for f in p.record.files}
    variables = sum(len(p.variables) for p in profiles)
    links = " · ".join(f"[{label}](#{anchor(label)})" for label in THEMES.values())
    return f"""# The data

<!-- Made by `python -m detente datapage`. Do not edit: change config/sources.yaml or what cleans a source. -->

{len(profiles)} sources, {count(len(files))} raw files ({megabytes(sum(files.values()))}), {count(variables)} variables.
None of the data are part of this repository: a raw file is found or downloaded, verified by its checksum, cleaned
by the module that its source names, and used under the terms of those who made it. Cite what you use:
`python -m detente cite --add …` prints the BibTeX of just that.

[Contents](#contents) · {links}

- **Rows** are those of the tidy table that the pinned bytes clean to; a panel has room for those whose states coexist.
- **Absent** is what a panel has, in the years covered, where the table has no row: 0, because the source records every
  such event, or missing, because it is a measurement. Outside the years covered, everything is missing.
- **On the way** sums up the attrition log: every row dropped, merged, recoded, added, or kept as it is, has a reason.
  `python -m detente panel … --attrition attrition.parquet` writes it record by record.
- In a panel of dyad-years, a variable of a state ends in `_1` and `_2`, in a directed one in `_sender` and `_target`.
  `python -m detente codebook --add …` lists what a panel offers, with all that is made from several sources.

![Years that each source codes, 1816–2024]({chart})

## Contents
"""


def _contents(label: str, profiles: Sequence[Profile]) -> str:
    rows = []
    for p in profiles:
        link, record = f"[{p.slug}](#{anchor(p.slug)})", p.record
        sizes = (count(record.rows or 0), len(p.variables))
        rows.append([link, record.title, record.version, _years(record), p.key, *sizes])
    head = ["source", "what", "version", "years", "a row is a", "rows", "variables"]
    return f"**[{label}](#{anchor(label)})**\n\n{pipe_table(head, rows, right=('rows', 'variables'))}"


def _section(profile: Profile) -> str:
    record = profile.record
    names = f" Short name: `{profile.short}`." if profile.short else ""
    keys = ", ".join(f"`{key}`" for key in record.references)
    version = f", version {record.version}" if record.version[:1].isdigit() else f": {record.version}"
    lines = [
        f"### {profile.slug}\n",
        f"**{record.title}**{version}. {_years(record)}; {count(record.rows or 0)} rows by {profile.key};"
        f" cleaned by [{profile.module.rpartition('/')[2]}]({profile.module}).{names}\n",
        f"- Cite: {_plain(record.citation.removesuffix('.'))}. BibTeX: {keys}.",
        f"- Terms: {_plain(record.terms)}.",
        f"- {_files(record)}",
    ]
    if record.whittle:
        lines.append(f"- One dispute per dyad-year remains by these rules, in turn: {', '.join(record.whittle)}.")
    tables = [_variables(profile.variables), _attrition(profile.attrition)]
    return "\n".join([*lines, "", *(table for table in tables if table)])


def _years(record: SourceRecord) -> str:
    first, last = record.years
    return f"{first}–{last}" if first < last else str(first)


def _plain(text: str) -> str:
    """Text that Markdown shows as it stands: brackets and asterisks mean nothing, addresses are links."""
    escaped = re.sub(r"([\[\]*_])", r"\\\1", text)
    return re.sub(r"https?://[^\s,;\"]+[^\s,;\".]", lambda found: f"<{found[0].replace(chr(92), '')}>", escaped)


def _files(record: SourceRecord) -> str:
    files = record.files
    if len(files) > FILES:
        total = megabytes(sum(f.bytes for f in files))
        return f"Raw: {len(files)} files, {total} in all; each has its address and checksum in config/sources.yaml."
    names = (f"[{f.file}]({f.address})" if f.address else f"`{f.file}` (no public address)" for f in files)
    sizes = (f"({megabytes(f.bytes)}, sha256 {checksum(f.sha256)}…)" for f in files)
    return f"Raw: {', '.join(map(' '.join, zip(names, sizes, strict=True)))}."


def _variables(variables: pd.DataFrame) -> str:
    rows = [
        [f"`{name}`", label, unit, ABSENT[kind]]
        for name, label, unit, kind in zip(*(variables[c] for c in ("name", "label", "unit", "kind")), strict=True)
    ]
    return pipe_table(["variable", "what", "unit", "absent"], rows) if rows else ""


def _attrition(attrition: pd.DataFrame) -> str:
    """The attrition log by action and reason, the most rows first."""
    rows = []
    for action in ACTIONS:
        mine = attrition[attrition["action"] == action]
        reasons = sorted(_reasons(mine), key=lambda pair: (-pair[1], pair[0]))
        shown = len(reasons) if len(reasons) <= REASONS + 1 else REASONS
        rows += [[action, reason, count(number)] for reason, number in reasons[:shown]]
        if rest := reasons[shown:]:
            rows.append([action, f"{len(rest)} further reasons", count(sum(number for _, number in rest))])
    return pipe_table(["on the way", "reason", "rows"], rows, right=("rows",)) if rows else ""


def _reasons(attrition: pd.DataFrame) -> Iterator[tuple[str, int]]:
    """Reasons and rows; such as say the same of many codes or many names are one."""
    sums = {str(reason): int(rows) for reason, rows in attrition.groupby("reason")["rows"].sum().items()}
    for shape in (_without_codes, _without_names):
        shapes = Counter(map(shape, sums))
        merged: dict[str, int] = {}
        for reason, rows in sums.items():
            name = shape(reason) if shapes[shape(reason)] >= ALIKE else reason
            merged[name] = merged.get(name, 0) + rows
        sums = merged
    yield from sums.items()


def _without_codes(reason: str) -> str:
    return _CODES.sub("…", reason)


def _without_names(reason: str) -> str:
    _, colon, what = reason.partition(": ")
    return f"…: {_without_codes(what)}" if colon else reason


@draw.styled
def coverage_chart(frame: pd.DataFrame) -> draw.Figure:
    """Bars of `frame` (theme, source, first, last; themes together, one row per source), years cut at 1816 and 2024."""
    themes = list(dict.fromkeys(frame["theme"]))
    colours = dict(zip(themes, cycle(COLOURS), strict=False))
    lines = len(frame) + 1.5 * len(themes)
    figure = draw.canvas(LINE * lines + REST, simulated=False)
    axes = figure.subplots()
    axes.axvspan(CORE[0] - 0.5, CORE[1] + 0.5, color=draw.BAND, zorder=0, linewidth=0)
    line, names = 0.0, {}
    for theme, colour in colours.items():
        rows = frame[frame["theme"] == theme]
        axes.text(FIRST - 0.5, line, theme, color=colour, weight="bold", size=7.5, va="center")
        line += 1
        for row in rows.itertuples():
            first, last = int(row.first), int(row.last)
            left, right = max(first, FIRST) - 0.5, min(last, LAST) + 0.5
            axes.barh(line, right - left, left=left, height=0.62, color=colour, linewidth=0, zorder=2)
            years = f"{first}–{last}" if last > first else str(first)
            axes.text(LAST + 2.5, line, years, size=6, color=draw.GREY, va="center")
            names[line] = str(row.source)
            line += 1
        line += 0.5
    _frame(axes, line, names)
    return figure


def _frame(axes: draw.Axes, lines: float, names: Mapping[float, str]) -> None:
    """Years below and above, names of sources on the left, and what the band is, beside the first theme."""
    axes.set_xlim(FIRST - 0.5, LAST + 0.5)
    draw.rows(axes, names, lines - 0.5, -0.8, size=6.5)
    axes.set_xticks([1816, 1850, 1900, 1950, 1980, 2010])
    axes.tick_params(axis="x", labelsize=7, top=True, labeltop=True)
    axes.spines["bottom"].set_visible(False)
    for year in (1850, 1900, 1950):
        axes.axvline(year, color="#e3e3e3", linewidth=0.5, zorder=0)
    middle = (CORE[0] + CORE[1]) / 2
    axes.text(middle, 0, "core window", size=6, color=draw.GREY, ha="center", va="center")
