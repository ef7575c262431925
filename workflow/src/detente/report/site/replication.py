"""The comparison of published numbers with ours: a page, its chart, a summary, and lines for a terminal."""

import textwrap
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pandas as pd
from jinja2 import Environment, StrictUndefined

from detente.replicate import FAILING, STATUSES
from detente.report.figures import canvas as draw
from detente.report.formats import MINUS, plural

CHANGES = ("stays significant", "loses significance", "gains significance", "stays insignificant", "none")
TOTAL = "all"
KINDS = (
    ("stays insignificant", "#b8b8b8", "o", 9),
    ("stays significant", draw.BLUE, "o", 13),
    ("gains significance", draw.GREEN, "^", 20),
    ("loses significance", draw.VERMILION, "v", 20),
)
TICKS = (0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6)
# Inches a line and around all lines; width of a name in letters.
LINE, REST, LETTERS = 0.3, 1.0, 40


def counted(numbers: pd.DataFrame) -> pd.DataFrame:
    """How many numbers of each table have each status; one row per table (`id`), the last for all."""
    table = pd.crosstab(numbers["id"], numbers["status"])
    table = table.reindex(columns=list(STATUSES), fill_value=0).loc[list(dict.fromkeys(numbers["id"]))]
    table.loc[TOTAL] = table.sum()
    table.insert(0, "numbers", table.sum(axis=1))
    return table.rename_axis("id").reset_index()


def printed(numbers: pd.DataFrame) -> str:
    """Number by number, table by table, then the summary: for a terminal."""
    lines = []
    for pair, rows in numbers.groupby(["id", "model"], sort=False):
        lines.append(" › ".join(map(str, cast("tuple[str, str]", pair))))
        for row in rows.itertuples():
            what = " ".join(filter(None, map(str, (row.term, row.quantity))))
            theirs, ours, away = str(row.printed), said(row.ours), said(row.difference)
            note = f"  ({row.reason!s})" if row.reason else ""
            lines.append(f"  {what:<44} {theirs:>18} {ours:>18} {away:>12}  {row.status!s}{note}")
    return "\n".join([*lines, "", counted(numbers).to_string(index=False)])


def said(value: Any) -> str:
    """A number to nine digits, or nothing where there is none."""
    return "" if value is None or pd.isna(value) else f"{float(value):.9g}".replace("-", MINUS)


def page(
    numbers: pd.DataFrame,
    dyadic: pd.DataFrame,
    described: Mapping[str, tuple[str, str]],
    figure: str | None,
    template: str,
) -> str:
    """The page, with nothing loaded from elsewhere.

    `numbers` and `dyadic` are the comparisons by number and by coefficient, `described` has title and citation of each
    table by its id, `figure` is SVG, None if no model is of dyads.
    """
    made = Environment(undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"said": said, "plural": plural}
    svg = None if figure is None else figure[figure.index("<svg") :]
    return made.from_string(template).render(
        summary=counted(numbers).to_dict("records"),
        statuses=STATUSES,
        failing=FAILING,
        tables=[_table(str(name), rows, described) for name, rows in numbers.groupby("id", sort=False)],
        dyadic=conclusions(dyadic).to_dict("records"),
        changes=CHANGES,
        changed=dyadic[dyadic["conclusion"].isin(["loses significance", "gains significance"])].to_dict("records"),
        medians=_medians(dyadic),
        figure=svg,
    )


def conclusions(dyadic: pd.DataFrame) -> pd.DataFrame:
    """Of each model: how many coefficients keep, lose or gain significance at 5 %, and the median ratio."""
    estimated = dyadic[dyadic["term"].notna() & (dyadic["term"] != "")]
    if estimated.empty:
        return pd.DataFrame(columns=["id", "model", "coefficients", "ratio", *CHANGES])
    grouped = estimated.groupby(["id", "model"], sort=False)
    table = pd.crosstab([estimated["id"], estimated["model"]], estimated["conclusion"])
    table = table.reindex(columns=list(CHANGES), fill_value=0)
    table.insert(0, "coefficients", grouped.size())
    table.insert(1, "ratio", grouped["ratio"].median())
    order = list(dict.fromkeys(zip(estimated["id"], estimated["model"], strict=True)))
    return table.loc[order].reset_index()


def _medians(dyadic: pd.DataFrame) -> dict[str, Any]:
    ratio = dyadic["ratio"].dropna().astype(float)
    if ratio.empty:
        return {}
    counts = dyadic["conclusion"].value_counts()
    lost, gained = (int(counts.get(f"{word} significance", 0)) for word in ("loses", "gains"))
    quartiles = zip(("lower", "middle", "upper"), ratio.quantile([0.25, 0.5, 0.75]), strict=True)
    return {
        **{name: f"{value:.2f}" for name, value in quartiles},
        "coefficients": len(ratio),
        "models": len(conclusions(dyadic)),
        "larger": int((ratio > 1).sum()),
        "significant": int(counts.get("stays significant", 0)) + lost,
        "lost": lost,
        "gained": gained,
    }


def _table(name: str, rows: pd.DataFrame, described: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    title, citation = described.get(name, (name, ""))
    models = [{"name": m, "rows": each.to_dict("records")} for m, each in rows.groupby("model", sort=False)]
    counts = {status: int((rows["status"] == status).sum()) for status in STATUSES}
    return {"id": name, "title": title, "citation": citation, "models": models, "counts": counts, "numbers": len(rows)}


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
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    draw.ticks(axes.xaxis, "{:g}".format, [t for t in TICKS if low <= t <= high])
    axes.minorticks_off()
    names = [f"{textwrap.shorten(model, LETTERS, placeholder='…')}\n{name}" for name, model in models]
    draw.rows(axes, dict(enumerate(names)), len(models) - 0.4, -0.6, size=6)
    axes.tick_params(axis="x", labelsize=7)
    for place in np.arange(len(models) - 1) + 0.5:
        axes.axhline(place, color="#e6e6e6", linewidth=0.5, zorder=0)
    axes.set_xlabel("dyadic-robust over printed standard error (log scale; bar: median of the model)", size=7.5)
    axes.axvspan(low, 1, color=draw.GREY, alpha=0.05, linewidth=0, zorder=0)
