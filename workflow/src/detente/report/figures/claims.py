"""Claims and evidence in one figure: each claim's estimate with its interval, its checks, and its verdict."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw
from detente.report.formats import percent
from detente.report.models import entries
from detente.study.verdicts import CHECKS

COLOURS = {"lowers": draw.BLUE, "raises": draw.VERMILION, "negligible": draw.GREEN, "inconclusive": draw.GREY}
# Shares of base risk beyond which intervals are cut, with an arrow.
REACH = 2.0
LINE, REST = 0.19, 1.35
# Marker, colour and size of an outcome of a check.
_MARKS: Mapping[str, tuple[str, str, float]] = {
    "pass": ("o", draw.BLUE, 4), "fail": ("x", draw.VERMILION, 4.5), "not made": ("_", draw.GREY, 5),
}  # fmt: skip


@exhibit(
    kind="figure", name="claims", page="robustness", place="ledger", order=1, needs=("ledger", "checks"),
    title="Claims and evidence",
    caption="Claims and evidence: estimates as shares of base risk with {{ errors }} intervals, on the band of "
    "effects too small to matter; the checks that bear on each verdict; the verdict. An arrow marks an "
    "interval that runs beyond the axis, and a number at the edge an estimate that lies there.",
    alt="For each claim a line with its interval, a mark for each of its checks, and its verdict in words.",
)  # fmt: skip
@draw.styled
def claims(evidence: Evidence) -> draw.Figure:
    """One row per claim with an estimate, families apart."""
    rows, checks = evidence.estimated, evidence.frame("checks")
    if rows.empty:
        return draw.canvas(1.0, simulated=evidence.simulated)
    places = _places(rows)
    figure = draw.canvas(LINE * (max(places.values()) + 1) + REST, simulated=evidence.simulated)
    estimates, marks, words = figure.subplots(1, 3, sharey=True, width_ratios=(0.62, 0.25, 0.13))
    estimates.set_xlim(-REACH, REACH)
    drawn = []
    for row in entries(rows):
        y, colour = places[row.claim], COLOURS[row.verdict]
        drawn += _drawn(estimates, row, y, colour)
        strength = "" if row.verdict == "inconclusive" else f" · {row.strength}"
        words.text(0, y, f"{row.verdict}{strength}", color=colour, size=7.5, va="center")
    draw.intervals(estimates, drawn, width=1.3, arrow=3.5)
    _estimates_frame(estimates, rows, places)
    _checks(marks, checks, places)
    _marks_frame(marks)
    words.set_title("Verdict", size=8)
    words.set_xlim(0, 1)
    words.axis("off")
    return figure


def _drawn(axis: draw.Axes, row: Any, y: float, colour: str) -> list[draw.Interval]:
    """The band and the interval of a claim, with the number of what lies off the scale; or why there are none."""
    if pd.isna(row.base_risk):
        axis.text(0.05, y, "no base risk", va="center", size=6.5, color=draw.GREY, style="italic")
        return []
    draw.band(axis, row.smallest_effect / row.base_risk, y)
    low, middle, high = (value / row.base_risk for value in (row.conf_low, row.estimate, row.conf_high))
    if abs(middle) > REACH:
        side, align = (0.96, "right") if middle > 0 else (0.04, "left")
        draw.label_beside(axis, percent(middle), side, y, 0, ha=align, size=6.5, color=colour, bbox=draw.BOX)
    return [draw.Interval(low, middle, high, y, colour)]


def _places(rows: pd.DataFrame) -> dict[Any, float]:
    """Height of each claim, a gap above every family."""
    places, y = {}, 0.0
    for _, mine in rows.groupby("family", sort=False):
        y += 1.0
        for claim in mine["claim"]:
            places[claim] = y
            y += 1.0
        y += 0.2
    return places


def _estimates_frame(axis: draw.Axes, rows: pd.DataFrame, places: Mapping[Any, float]) -> None:
    axis.axvline(0, color="black", linewidth=0.7, zorder=1)
    names = {places[r.claim]: str(r.label) for r in entries(rows)}
    draw.rows(axis, dict(sorted(names.items())), max(names) + 0.6, -0.2, size=7.5)
    for family, mine in rows.groupby("family", sort=False):
        top = min(places[c] for c in mine["claim"]) - 0.85
        draw.label_beside(axis, str(family).capitalize(), 0, top, -4, ha="right", weight="bold")
    ticks = [-2, -1, 0, 1, 2]
    axis.set_xticks(ticks, [f"{'+' if t > 0 else ''}{percent(t)}" for t in ticks])
    axis.set_xlabel(f"Change in onset risk, share of base risk, {percent(LEVEL)} interval", size=8)


def _checks(axis: draw.Axes, checks: pd.DataFrame, places: Mapping[Any, float]) -> None:
    """A mark for each check of a claim that has a row, by its outcome."""
    shown = checks[checks["claim"].isin(list(places))]
    for outcome, mine in shown.groupby("outcome", sort=True):
        marker, shade, size = _MARKS[str(outcome)]
        x, y = mine["check"].map(list(CHECKS).index), mine["claim"].map(places)
        draw.strip(axis, x, y, [shade] * len(mine), marker=marker, size=size, linewidth=0 if marker == "o" else 1.2)


def _marks_frame(axis: draw.Axes) -> None:
    axis.set_xlim(-0.6, len(CHECKS) - 0.4)
    axis.xaxis.set_ticks_position("top")
    heads = [check.label + ("*" if check.added else "") for check in CHECKS.values()]
    axis.set_xticks(range(len(CHECKS)), heads, rotation=90, size=7)
    axis.tick_params(axis="both", length=0)
    axis.spines[["left", "bottom"]].set_visible(False)
    legend = "● passed   × failed   – not made\n* added after claims were frozen"
    axis.text(0.5, -0.01, legend, transform=axis.transAxes, ha="center", va="top", size=6.5, color=draw.GREY)
