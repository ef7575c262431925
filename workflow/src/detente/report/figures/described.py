"""A described claim: its series by year, a panel for each, with dated events."""

import math

import numpy as np
import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw
from detente.study.config import Described

# No axis but one of years reaches so far.
FIRST_YEAR = 1816
_COLOURS = (draw.BLUE, draw.VERMILION, draw.GREEN, draw.GREY)
_STYLES = ("-", (0, (4, 2)), (0, (1, 1.5)), (0, (5, 1, 1, 1)))


@exhibit(
    kind="figure", name="described", page="robustness", place="described", needs=("series",), per="described",
    applies=lambda traits: traits.described, title="A claim described",
    caption="{{ claim.label }}: what the record shows. {{ claim.design }}{% if claim.events %} Dashed verticals are "
    "events: {{ claim.events }}.{% endif %}",
    alt="Panels over one horizontal axis, each with the series that its title names.",
)  # fmt: skip
@draw.styled
def described(evidence: Evidence, claim: Described) -> draw.Figure | None:
    """Series of a claim, a panel for each title, over one axis."""
    frame = evidence.of_claim("series", claim.id)
    if frame.empty:
        return None
    titles = list(dict.fromkeys(frame.loc[frame["form"] != "event", "panel"]))
    figure = draw.canvas(0.7 + 1.45 * len(titles), simulated=evidence.simulated)
    axes = figure.subplots(len(titles), 1, sharex=True, squeeze=False)[:, 0]
    events = frame[frame["form"] == "event"]
    for axis, title in zip(axes, titles, strict=True):
        _panel(axis, frame[(frame["panel"] == title) & (frame["form"] != "event")])
        axis.set_title(title, pad=10 if len(events) and axis is axes[0] else None)
        for x in events["x"]:
            axis.axvline(x, color=draw.GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    for number, x in enumerate(events["x"], start=1):
        axes[0].annotate(
            str(number), (x, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 1.5), textcoords="offset points",
            size=6.5, color=draw.GREY, ha="center", annotation_clip=False,
        )  # fmt: skip
    # Months lie within years, which alone are ticks.
    whole = bool((frame["x"] % 1 == 0).all()) or frame["x"].min() >= FIRST_YEAR
    draw.ticks(axes[-1].xaxis, nbins=9, integer=whole)
    return figure


def _panel(axis: draw.Axes, rows: pd.DataFrame) -> None:
    names = list(dict.fromkeys(rows["name"]))
    bars = [name for name in names if (rows.loc[rows["name"] == name, "form"] == "bars").all()]
    for i, name in enumerate(names):
        mine = rows[rows["name"] == name].sort_values("x")
        x, value = mine["x"].to_numpy(), mine["value"].to_numpy()
        colour = _COLOURS[i % len(_COLOURS)]
        if name in bars:
            width = 0.8 / len(bars)
            axis.bar(x + (bars.index(name) - (len(bars) - 1) / 2) * width, value, width, color=colour, label=name)
        elif (mine["form"] == "points").all():
            axis.plot(x, value, "o", markersize=3.5, color=colour, label=name)
        else:
            axis.plot(x, value, color=colour, linewidth=1.3, linestyle=_STYLES[i % len(_STYLES)], label=name)
        low, high = mine["low"].to_numpy(), mine["high"].to_numpy()
        if np.isfinite(low).any():
            axis.vlines(x, low, high, color=colour, linewidth=1.0)
    if not rows["value"].lt(0).any() and not rows["low"].lt(0).any():
        top = float(np.nanmax([rows["value"].max(), rows["high"].max()])) if rows["value"].notna().any() else 1.0
        room = 1.08 if len(names) == 1 else 1.3
        axis.set_ylim(0, room * top if math.isfinite(top) and top > 0 else 1.0)
    elif len(names) > 1:
        bottom, top = axis.get_ylim()
        axis.set_ylim(bottom, top + 0.25 * (top - bottom))
    if len(names) > 1:
        axis.legend(frameon=False, fontsize=7, ncols=min(len(names), 4), loc="upper left")
    else:
        axis.set_ylabel(names[0], size=7)
    draw.ticks(axis.yaxis, nbins=4, integer=bool(bars))
    axis.grid(axis="y")
    axis.set_axisbelow(True)
