"""Forest plot of families: each claim's own estimate, the same drawn towards the mean of its family, and that mean."""

from typing import Any

import numpy as np

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw
from detente.report.formats import percent
from detente.report.tables.pooled import members

# Shares of base risk beyond which intervals are cut, with an arrow; height of a row, and of what is no row, in inches.
REACH = 1.5
LINE, REST = 0.27, 0.75
# How far the two intervals of a claim lie from the middle of its row.
APART = 0.16


@exhibit(
    kind="figure", name="pooled", page="robustness", place="pooled", order=2,
    needs=("ledger", "pooled", "pooled_claims"), applies=lambda t: bool(t.families),
    title="Claims of a family, pooled",
    caption="Claims of a family, pooled: headlines as shares of base risk (grey), the same drawn towards the mean of "
    "the family (blue), and the mean (orange), each with its interval. An arrow marks an interval that runs beyond the "
    "axis.",
    alt="For each claim two intervals, its own and one nearer to the mean of its family; below each family, the "
    "interval of its mean.",
)  # fmt: skip
@draw.styled
def pooled(evidence: Evidence) -> draw.Figure:
    """One row per claim that is pooled, and one per family."""
    families = list(members(evidence))
    if not families:
        return draw.canvas(1.0, simulated=evidence.simulated)
    names, drawn, y = dict[float, str](), list[draw.Interval](), 0.0
    heads = dict[float, str]()
    for family, claims in families:
        heads[y] = str(family.family).capitalize()
        for claim in claims:
            y += 1
            names[y] = str(claim.label)
            drawn += _two(claim, y)
        y += 1
        names[y] = "Mean"
        drawn.append(draw.Interval(family.conf_low, family.mean, family.conf_high, y, draw.VERMILION))
        y += 1.4
    figure = draw.canvas(LINE * y + REST, simulated=evidence.simulated)
    axis = figure.subplots()
    reach = min(REACH, 1.1 * max(np.abs([(d.low, d.high) for d in drawn]).max(), 0.2))
    axis.set_xlim(-reach, reach)
    axis.axvline(0, color="black", linewidth=0.7, zorder=1)
    draw.intervals(axis, drawn, width=1.3, arrow=3.5)
    draw.rows(axis, names, y - 0.6, -0.6, size=7.5)
    for height, name in heads.items():
        draw.label_beside(axis, name, 0, height, -4, ha="right", weight="bold")
    draw.ticks(axis.xaxis, percent, nbins=7)
    axis.set_xlabel(f"Change in onset risk, share of base risk, {percent(LEVEL)} interval", size=8)
    return figure


def _two(claim: Any, y: float) -> list[draw.Interval]:
    """A claim's own interval, and below it the drawn one."""
    own = draw.Interval(claim.conf_low, claim.estimate, claim.conf_high, y - APART, draw.GREY)
    return [own, draw.Interval(claim.drawn_low, claim.drawn, claim.drawn_high, y + APART, draw.BLUE)]
