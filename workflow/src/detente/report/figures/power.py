"""Power curves: how often each claim's headline design would find an effect, by its size."""

from itertools import cycle

import numpy as np
import pandas as pd

from detente.base.numerics import LEVEL, POWER
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw
from detente.report.formats import percent

_COLOURS = (draw.BLUE, draw.VERMILION, draw.GREEN, "#B0578D", "#946C00", "#2C86B8", "#222222")
# Curves are neighbours if one effect is less than this many times the other.
_NEAR = 4.0
_TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)


@exhibit(
    kind="figure", name="power", page="robustness", place="power", order=2, needs=("power", "power_curve"),
    title="Power by planted effect",
    alt="Curves that rise from the size of the test to one, and a vertical line at the smallest effect of interest.",
)  # fmt: skip
@draw.styled
def power(evidence: Evidence) -> draw.Figure:
    """Power of the headline model by planted effect, one line per claim; marked where four in five are found."""
    frame, detectable = evidence.frame("power_curve"), evidence.frame("power").set_index("claim")["mde_simulated_share"]
    # Curves of all claims would be a thicket: those of the study's own, or of the one that frames are of.
    claims = set(frame["claim"])
    mine = claims if len(claims) == 1 else {c.id for c in evidence.claims}
    labels = {c: label for c, label in evidence.examined.items() if c in mine & claims}
    if not labels:
        return draw.canvas(1.0, simulated=evidence.simulated)
    planted = frame[frame["effect_share"] != 0].assign(size=lambda f: f["effect_share"].abs()).sort_values("size")
    # From small to large; power is made to rise for the search of heights alone.
    curves = {c: planted[planted["claim"] == c].assign(power=lambda f: f["power"].cummax()) for c in labels}
    figure = draw.canvas(3.6, simulated=evidence.simulated)
    axes = figure.subplots()
    _frame(axes, [curve["size"] for curve in curves.values()], evidence.project.claims.smallest_effect)
    order = sorted(curves, key=lambda c: _size_at(curves[c], 0.5))
    for i, (claim, colour) in enumerate(zip(order, cycle(_COLOURS), strict=False)):
        curve, found, said = curves[claim], float(detectable[claim]), labels[claim]
        draw.line(axes, curve["size"], 100 * curve["power"], color=colour, zorder=3)
        if np.isfinite(found):
            axes.plot([found], [100 * POWER], "o", color=colour, markeredgecolor="white", zorder=4)
            said += f", {percent(found)}"
        # Neighbouring curves are named at different heights, and the first one on its free side.
        height = (0.64, 0.47, 0.30)[i % 3]
        at, after = _size_at(curve, height), _size_at(curves[order[i + 1]], height) if i + 1 < len(order) else np.inf
        offset, align = ((-6, -1), "right") if i == 0 and after < _NEAR * at else ((6, -1), "left")
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
        draw.label(axes, said, (at, 100 * height), offset, size=8, color=colour, ha=align, zorder=5, bbox=box)
    return figure


def _size_at(curve: pd.DataFrame, power: float) -> float:
    return float(np.interp(power, curve["power"], curve["size"]))


def _frame(axes: draw.Axes, sizes: list[pd.Series], smallest: float) -> None:
    low = min([smallest / 4, *(float(s.min()) for s in sizes)]) * 0.9
    high = max([1.0, *(float(s.max()) for s in sizes)]) * 2.2
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(0, 102)
    draw.ticks(axes.xaxis, percent, [t for t in _TICKS if low <= t <= high])
    axes.minorticks_off()
    draw.ticks(axes.yaxis, lambda v: f"{v:.0f}%", [0, 20, 40, 60, 80, 100])
    axes.axvspan(max(1.0, low), high, color=draw.BAND, linewidth=0, zorder=0)
    axes.axhline(100 * POWER, color=draw.GREY, linewidth=0.7, linestyle=(0, (4, 3)), zorder=1)
    axes.axhline(100 * (1 - LEVEL), color=draw.GREY, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    axes.axvline(smallest, color=draw.GREY, linewidth=0.7, zorder=1)
    notes = (
        ("smallest of interest", (smallest, 100), (-3, 0), {"ha": "right", "va": "top"}),
        ("more than all of the risk", (high, 0.2), (-3, 0), {"ha": "right", "va": "bottom"}),
        ("power sought", (low, 100 * POWER), (3, 2), {"va": "bottom"}),
        ("size of the test", (low, 100 * (1 - LEVEL)), (3, 1), {"va": "bottom"}),
    )
    for text, at, offset, align in notes:
        draw.label(axes, text, at, offset, color=draw.GREY, zorder=2, **align)
    axes.set_xlabel("Planted effect, as a share of base risk (log scale)")
    axes.set_ylabel("Draws in which the effect is found")
