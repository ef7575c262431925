"""Claims and evidence in one figure: each claim's estimate with its interval, its checks, and its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence, entries
from detente.report.exhibit import exhibit
from detente.report.figures.canvas import BLUE, GREEN, GREY, VERMILION, band, canvas, styled
from detente.report.formats import percent
from detente.study.verdicts import CHECKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"lowers": BLUE, "raises": VERMILION, "negligible": GREEN, "inconclusive": GREY}
# Shares of base risk beyond which intervals are cut, with an arrow.
REACH = 2.0
LINE, REST = 0.19, 1.35
_WIDTHS = (0.62, 0.25, 0.13)


@styled
def ledger_chart(ledger: pd.DataFrame, checks: pd.DataFrame, *, simulated: bool) -> Figure:
    """One row per claim with an estimate, families apart.

    Parameters
    ----------
    ledger
        One row per claim: code, label, family, estimate, conf_low, conf_high, base_risk, smallest_effect, verdict,
        strength.
    checks
        One row per claim and check that bears on its verdict: claim, check, outcome (pass, fail, not made).
    """
    rows = ledger[ledger["estimate"].notna()]
    families = list(dict.fromkeys(rows["family"]))
    places = _places(rows, families)
    figure = canvas(LINE * (max(places.values(), default=0) + 1) + REST, simulated=simulated)
    estimates, marks, words = figure.subplots(1, 3, sharey=True, width_ratios=_WIDTHS)
    for row in entries(rows):
        y = places[row.claim]
        _interval(estimates, row, y)
        _marks(marks, checks[checks["claim"] == row.claim], y)
        strength = "" if row.verdict == "inconclusive" else f" · {row.strength}"
        words.text(0, y, f"{row.verdict}{strength}", color=COLOURS[row.verdict], size=7.5, va="center")
    _estimates_frame(estimates, rows, places, families)
    _marks_frame(marks)
    words.set_title("Verdict", size=8)
    words.set_xlim(0, 1)
    words.axis("off")
    return figure


def _places(rows: pd.DataFrame, families: list[str]) -> dict[str, float]:
    """Height of each claim, a gap above every family."""
    places, y = {}, 0.0
    for family in families:
        y += 1.0
        for claim in rows.loc[rows["family"] == family, "claim"]:
            places[claim] = y
            y += 1.0
        y += 0.2
    return places


def _interval(axis: Axes, row: Any, y: float) -> None:
    """The interval as a share of base risk, on the band of effects too small to matter."""
    low, middle, high = (value / row.base_risk for value in (row.conf_low, row.estimate, row.conf_high))
    smallest = row.smallest_effect / row.base_risk
    band(axis, smallest, y)
    colour = COLOURS[row.verdict]
    axis.plot(np.clip([low, high], -REACH, REACH), [y, y], color=colour, linewidth=1.3, solid_capstyle="butt", zorder=2)
    for end, marker in ((low, "<"), (high, ">")):
        if abs(end) > REACH:
            edge = np.sign(end) * REACH
            axis.plot([edge], [y], marker=marker, color=colour, markersize=3.5, clip_on=False, zorder=3)
    if abs(middle) <= REACH:
        axis.plot([middle], [y], marker="o", color=colour, markeredgecolor="white", markersize=4.5, zorder=4)


def _estimates_frame(axis: Axes, rows: pd.DataFrame, places: Mapping[str, float], families: list[str]) -> None:
    axis.axvline(0, color="black", linewidth=0.7, zorder=1)
    names = {r.claim: f"{r.label}  {r.code}" for r in entries(rows)}
    axis.set_yticks(list(places.values()), [names[c] for c in places], size=7.5)
    axis.set_ylim(max(places.values(), default=0) + 0.6, -0.2)
    for family in families:
        top = min(places[c] for c in rows.loc[rows["family"] == family, "claim"]) - 0.85
        axis.annotate(
            family.capitalize(), (0, top), xycoords=("axes fraction", "data"), xytext=(-4, 0),
            textcoords="offset points", ha="right", va="center", size=7.5, weight="bold",
        )  # fmt: skip
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.set_xlim(-REACH, REACH)
    ticks = [-2, -1, 0, 1, 2]
    axis.set_xticks(ticks, [f"{'+' if t > 0 else ''}{percent(t)}" for t in ticks])
    axis.set_xlabel(f"Change in onset risk, share of base risk, {percent(LEVEL)} interval", size=8)


def _marks(axis: Axes, made: pd.DataFrame, y: float) -> None:
    """A filled dot where a check is passed, a cross where it is failed, a dash where it was not made."""
    for check in entries(made):
        x = list(CHECKS).index(check.check)
        if check.outcome == "pass":
            axis.plot([x], [y], marker="o", color=BLUE, markersize=4)
        elif check.outcome == "fail":
            axis.plot([x], [y], marker="x", color=VERMILION, markersize=4.5, markeredgewidth=1.2)
        else:
            axis.plot([x], [y], marker="_", color=GREY, markersize=5)


def _marks_frame(axis: Axes) -> None:
    axis.set_xlim(-0.6, len(CHECKS) - 0.4)
    axis.xaxis.set_ticks_position("top")
    axis.set_xticks(range(len(CHECKS)), [check.label for check in CHECKS.values()], rotation=90, size=7)
    axis.tick_params(axis="both", length=0)
    axis.spines[["left", "bottom"]].set_visible(False)
    axis.text(
        0.5, -0.01, "● passed   × failed   – not made", transform=axis.transAxes, ha="center", va="top", size=6.5,
        color=GREY,
    )  # fmt: skip


@exhibit(
    kind="figure",
    name="claims",
    title="Claims and evidence",
    caption="Claims and evidence: estimates as shares of base risk with dyadic-robust intervals, on the band of "
    "effects too small to matter; the checks that bear on each verdict; the verdict. Arrows: beyond the axis.",
    alt="For each claim a line with its interval, a mark for each of its checks, and its verdict in words.",
    needs=("ledger", "checks"),
    page="robustness",
    place="ledger",
    order=1,
)
def claims_of(evidence: Evidence) -> Figure:
    """Claims of the study with their evidence."""
    return ledger_chart(evidence.frame("ledger"), evidence.frame("checks"), simulated=evidence.simulated)
