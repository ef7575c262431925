"""Which years each source codes: one bar per source, theme by theme."""

from itertools import cycle

import pandas as pd

from detente.report.figures import canvas as draw

CORE = (1980, 2010)
"""Years in which exercises and defence agreements are coded."""
FIRST, LAST = 1816, 2024
# The style's colours, the light ones darker, so that they can be read as letters.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B58900", "#3A9BD0", "#555555")
# Inches a line, and above and below all lines.
LINE, REST = 0.132, 0.75


@draw.styled
def coverage_chart(frame: pd.DataFrame) -> draw.Figure:
    """Bars of `frame` (theme, source, first, last; themes together, one row per source), years cut at 1816 and 2024."""
    themes = list(dict.fromkeys(frame["theme"]))
    colours = dict(zip(themes, cycle(COLOURS), strict=False))
    lines = len(frame) + 1.5 * len(themes)
    figure = draw.canvas(LINE * lines + REST, simulated=False)
    axes = figure.subplots()
    axes.axvspan(CORE[0] - 0.5, CORE[1] + 0.5, color=draw.BAND, zorder=0, linewidth=0)
    line, places, names = 0.0, [], []
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
            places.append(line)
            names.append(str(row.source))
            line += 1
        line += 0.5
    _frame(axes, line, places, names)
    return figure


def _frame(axes: draw.Axes, lines: float, places: list[float], names: list[str]) -> None:
    """Years below and above, names of sources on the left, and what the band is, beside the first theme."""
    axes.set_xlim(FIRST - 0.5, LAST + 0.5)
    axes.set_ylim(lines - 0.5, -0.8)
    axes.set_yticks(places, names, size=6.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xticks([1816, 1850, 1900, 1950, 1980, 2010])
    axes.tick_params(axis="x", labelsize=7, top=True, labeltop=True)
    axes.spines[["left", "bottom"]].set_visible(False)
    for year in (1850, 1900, 1950):
        axes.axvline(year, color="#e3e3e3", linewidth=0.5, zorder=0)
    middle = (CORE[0] + CORE[1]) / 2
    axes.text(middle, 0, "core window", size=6, color=draw.GREY, ha="center", va="center")
