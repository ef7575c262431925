"""Dyadic-robust over printed standard errors, one dot per coefficient, one line per published model of dyads."""

import textwrap

import numpy as np
import pandas as pd

from detente.report.figures import canvas as draw

KINDS = (
    ("stays insignificant", "#b8b8b8", "o", 9),
    ("stays significant", draw.BLUE, "o", 13),
    ("gains significance", draw.GREEN, "^", 20),
    ("loses significance", draw.VERMILION, "v", 20),
)
TICKS = (0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6)
# Inches a line and around all lines; width of a name in letters.
LINE, REST, LETTERS = 0.3, 1.0, 40


@draw.styled
def ratio_chart(dyadic: pd.DataFrame) -> draw.Figure:
    """Draw `dyadic` (id, model, term, ratio, conclusion); rows without a ratio are left out, medians are bars."""
    rows = dyadic[dyadic["ratio"].notna()].assign(ratio=lambda d: d["ratio"].astype(float))
    models = list(dict.fromkeys(zip(rows["id"], rows["model"], strict=True)))
    figure = draw.canvas(LINE * len(models) + REST, simulated=False)
    axes = figure.subplots()
    axes.axvline(1, color="black", linewidth=0.7, zorder=1)
    places = {pair: place for place, pair in enumerate(models)}
    for kind, colour, marker, size in KINDS:
        part = rows[rows["conclusion"] == kind]
        lines = zip(part["id"], part["model"], part["term"], strict=True)
        heights = [places[name, model] + _spread(str(term)) for name, model, term in lines]
        axes.scatter(part["ratio"], heights, s=size, c=colour, marker=marker, linewidths=0, label=kind, zorder=3)
    for (name, model), place in places.items():
        middle = float(rows.loc[(rows["id"] == name) & (rows["model"] == model), "ratio"].median())
        axes.plot([middle, middle], [place - 0.38, place + 0.38], color="black", linewidth=1.4, zorder=4)
    _frame(axes, models, rows["ratio"])
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=7, frameon=False)
    return figure


def _spread(term: str) -> float:
    """Where in its line a dot stands: a fixed number for a name, so that dots do not cover each other."""
    return (sum(ord(c) * (i + 7) for i, c in enumerate(str(term))) % 13 - 6) / 22


def _frame(axes: draw.Axes, models: list[tuple[str, str]], ratios: pd.Series) -> None:
    low, high = min(0.7, float(ratios.min()) * 0.95), max(1.6, float(ratios.max()) * 1.05)
    ticks = [t for t in TICKS if low <= t <= high]
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    draw.ticks_at(axes.xaxis, ticks)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.minorticks_off()
    axes.set_ylim(len(models) - 0.4, -0.6)
    names = [f"{textwrap.shorten(model, LETTERS, placeholder='…')}\n{name}" for name, model in models]
    axes.set_yticks(np.arange(len(models)), names, size=6)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=7)
    for place in np.arange(len(models) - 1) + 0.5:
        axes.axhline(place, color="#e6e6e6", linewidth=0.5, zorder=0)
    axes.set_xlabel("dyadic-robust over printed standard error (log scale; bar: median of the model)", size=7.5)
    axes.spines[["left"]].set_visible(False)
    axes.axvspan(low, 1, color=draw.GREY, alpha=0.05, linewidth=0, zorder=0)
