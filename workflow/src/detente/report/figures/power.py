"""Power curves: how often each claim's headline design would find an effect, by its size."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from detente.base.numerics import LEVEL, POWER
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures.canvas import BAND, BLUE, GREEN, GREY, VERMILION, canvas, styled, ticks_at
from detente.report.formats import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = (BLUE, VERMILION, GREEN, "#B0578D", "#946C00", "#2C86B8", "#222222")
# Curves are neighbours if one effect is less than this many times the other.
_NEAR = 4.0
_TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)


@styled
def power_chart(frame: pd.DataFrame, claims: Mapping[str, str], smallest: float, *, simulated: bool) -> Figure:
    """Power of a two-sided test at 5 % by planted effect, a line a claim, its detectable effect marked.

    Parameters
    ----------
    frame
        `claim`, `effect_share` (of base risk, signed), `power`, `mde_simulated_share` (the same in a claim's rows).
    claims
        Claim id → label; those without rows are passed over.
    smallest
        Smallest effect of interest, a share of base risk.
    """
    drawn = {c: _curve(frame[frame["claim"] == c]) for c in claims if (frame["claim"] == c).any()}
    figure = canvas(3.6, simulated=simulated)
    axes = figure.subplots()
    _frame(axes, [curve["size"] for curve in drawn.values()], smallest)
    order = sorted(drawn, key=lambda c: _size_at(drawn[c], 0.5))
    for i, (claim, colour) in enumerate(zip(order, cycle(_COLOURS), strict=False)):
        curve = drawn[claim]
        axes.plot(curve["size"], 100 * curve["power"], color=colour, zorder=3)
        detectable = float(frame.loc[frame["claim"] == claim, "mde_simulated_share"].iloc[0])
        said = claims[claim]
        if np.isfinite(detectable):
            axes.plot([detectable], [100 * POWER], "o", color=colour, markeredgecolor="white", zorder=4)
            said += f", {percent(detectable)}"
        # Neighbouring curves are named at different heights, and the first one on its free side.
        height = (0.64, 0.47, 0.30)[i % 3]
        after = _size_at(drawn[order[i + 1]], height) if i + 1 < len(order) else np.inf
        left = i == 0 and after < _NEAR * _size_at(curve, height)
        axes.annotate(
            said, (_size_at(curve, height), 100 * height), xytext=(-6 if left else 6, -1), size=8, color=colour,
            textcoords="offset points", ha="right" if left else "left", va="center", zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
        )  # fmt: skip
    return figure


def _size_at(curve: pd.DataFrame, power: float) -> float:
    return float(np.interp(power, curve["power"], curve["size"]))


def _curve(rows: pd.DataFrame) -> pd.DataFrame:
    """Planted sizes with their power, from small to large; power made to rise for the search of heights alone."""
    sorted_rows = rows[rows["effect_share"] != 0].assign(size=lambda r: r["effect_share"].abs()).sort_values("size")
    return sorted_rows.assign(power=np.maximum.accumulate(sorted_rows["power"]))


def _frame(axes: Any, sizes: list[pd.Series], smallest: float) -> None:
    low = min([smallest / 4, *(float(s.min()) for s in sizes)]) * 0.9
    high = max([1.0, *(float(s.max()) for s in sizes)]) * 2.2
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(0, 102)
    ticks_at(axes.xaxis, [t for t in _TICKS if low <= t <= high])
    axes.minorticks_off()
    axes.xaxis.set_major_formatter(lambda v, _: percent(v))
    ticks_at(axes.yaxis, [0, 20, 40, 60, 80, 100])
    axes.yaxis.set_major_formatter(lambda v, _: f"{v:.0f}%")
    axes.axvspan(max(1.0, low), high, color=BAND, linewidth=0, zorder=0)
    axes.axhline(100 * POWER, color=GREY, linewidth=0.7, linestyle=(0, (4, 3)), zorder=1)
    axes.axhline(100 * (1 - LEVEL), color=GREY, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    axes.axvline(smallest, color=GREY, linewidth=0.7, zorder=1)
    note = {"size": 7.5, "color": GREY, "zorder": 2}
    axes.annotate("smallest of interest", (smallest, 100), xytext=(-3, 0), textcoords="offset points", ha="right",
                  va="top", **note)  # fmt: skip
    axes.annotate("more than all of the risk", (high, 0.2), xytext=(-3, 0), textcoords="offset points", ha="right",
                  va="bottom", **note)  # fmt: skip
    axes.annotate("power sought", (low, 100 * POWER), xytext=(3, 2), textcoords="offset points", va="bottom", **note)
    axes.annotate("size of the test", (low, 100 * (1 - LEVEL)), xytext=(3, 1), textcoords="offset points",
                  va="bottom", **note)  # fmt: skip
    axes.set_xlabel("Planted effect, as a share of base risk (log scale)")
    axes.set_ylabel("Draws in which the effect is found")


@exhibit(
    kind="figure",
    name="power",
    title="Power by planted effect",
    caption="Power of the headline model by planted effect, one line per claim; marked where four in five are found.",
    alt="Curves that rise from the size of the test to one, and a vertical line at the smallest effect of interest.",
    needs=("power", "power_curve"),
    page="robustness",
    place="power",
    order=2,
)
def power_of(evidence: Evidence) -> Figure:
    """Power curves of the study's own claims."""
    detectable = evidence.frame("power").set_index("claim")["mde_simulated_share"]
    curve = evidence.frame("power_curve")
    frame = curve.assign(mde_simulated_share=curve["claim"].map(detectable))
    labels = {claim.id: claim.label for claim in evidence.claims if claim.id in evidence.examined}
    return power_chart(frame, labels, evidence.project.claims.smallest_effect, simulated=evidence.simulated)
