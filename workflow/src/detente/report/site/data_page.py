"""The page of all sources, in Markdown, and its chart: what each is, gives and covers, what was dropped on the way."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import pandas as pd

from detente.data import THEMES, SourceRecord, Unused
from detente.report.figures import canvas as draw
from detente.report.formats import checksum, count, megabytes
from detente.report.tables.table import environment, read_templates

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
    from the page; `short` its short name, where it has one; `missing` its holes, a line for each cause; `carried` from
    and to which year its last coded one is carried on, and why, where it is; `breaks` first years of another
    way of coding.
    """

    slug: str
    record: SourceRecord
    key: str
    variables: pd.DataFrame
    attrition: pd.DataFrame
    module: str
    short: str | None = None
    missing: tuple[str, ...] = ()
    carried: str = ""
    breaks: tuple[int, ...] = ()


def data_page(profiles: Sequence[Profile], chart: str, unused: Sequence[Unused] = ()) -> str:
    """Return the page; `chart` is the path of the chart of coverage, from the page; `unused` are files of no source."""
    made = environment(read_templates(), "html")
    made.filters |= {"anchor": anchor, "years": _years, "plain": _plain, "attrition": _attrition, "cell": _cell}
    made.filters |= {"count": count, "megabytes": megabytes, "checksum": checksum}
    page = made.get_template("data_page.md.j2").render(
        profiles=profiles,
        themes={label: [p for p in profiles if p.record.theme == theme] for theme, label in THEMES.items()},
        files={(p.record.folder or p.slug, f.file): f.bytes for p in profiles for f in p.record.files},
        variables=sum(len(p.variables) for p in profiles),
        most_files=FILES,
        absent=ABSENT,
        chart=chart,
        unused=unused,
    )
    return page.removesuffix("\n")


def pipe_table(head: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str] = ()) -> str:
    """Return a table in Markdown with a header; columns named in `right` are set to the right."""
    rule = ["---:" if name in right else "---" for name in head]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in [head, rule, *rows]) + "\n"


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def anchor(heading: str) -> str:
    """What a link to a heading is called where Markdown is shown."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _years(record: SourceRecord) -> str:
    first, last = record.years
    return f"{first}–{last}" if first < last else str(first)


def _plain(text: str) -> str:
    """Text that Markdown shows as it stands: brackets and asterisks mean nothing, addresses are links."""
    escaped = re.sub(r"([\[\]*_])", r"\\\1", text)
    return re.sub(r"https?://[^\s,;\"]+[^\s,;\".]", lambda found: f"<{found[0].replace(chr(92), '')}>", escaped)


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
