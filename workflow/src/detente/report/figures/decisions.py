"""Which decision moves the estimate: shares of variance by node, and the shift of each option."""

import numpy as np
import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw
from detente.report.formats import PER, percent
from detente.study.config import Claim


@exhibit(
    kind="figure", name="decisions", page="robustness", place="specifications", order=2,
    needs=("decisions", "options"), per="claim", title="Which decision moves the estimate",
    caption="{{ claim.label }}: which decision moves the estimate. Left: share of the variance of all estimates "
    "(Shapley); right: mean shift by option.",
    alt="Bars of variance shares by decision, and points for the shift of each option.",
)  # fmt: skip
@draw.styled
def decisions(evidence: Evidence, claim: Claim) -> draw.Figure | None:
    """Shares of the variance of one claim's estimates on the left, shifts by option on the right."""
    shares, options = evidence.of_claim("decisions", claim.id), evidence.of_claim("options", claim.id)
    if shares.empty:
        return None
    order = list(shares.sort_values("share", ascending=False)["node"])
    lines = {n: max(1, int((options["node"] == n).sum())) for n in order}
    figure = draw.canvas(0.85 + 0.165 * (sum(lines.values()) + 0.6 * len(order)), simulated=evidence.simulated)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1.3))
    top, middles = 0.0, []
    for node in order:
        middles.append(top + (lines[node] - 1) / 2)
        _share(left, shares[shares["node"] == node].iloc[0], middles[-1])
        _options(right, options[options["node"] == node], top)
        top += lines[node] + 0.6
        for axis in (left, right):
            axis.axhline(top - 0.8, color="#e3e3e3", linewidth=0.5, zorder=0)
    left.set_yticks(middles, [n.replace("_", " ").capitalize() for n in order])
    left.set_ylim(top - 0.5, -0.8)
    left.tick_params(axis="y", length=0)
    left.set_xlim(left=0)
    draw.ticks(left.xaxis, percent, nbins=4)
    left.set_title("Share of the variance")
    left.set_xlabel(f"of estimates, {percent(LEVEL)} interval")
    right.axvline(0, color="black", linewidth=0.7)
    right.margins(x=0.28)
    draw.ticks(right.xaxis, nbins=5)
    right.set_title("Shift of the estimate by option")
    right.set_xlabel(f"onsets per {PER:,} dyad-years, from the mean of its decision")
    right.tick_params(axis="y", length=0)
    right.spines["left"].set_visible(False)
    return figure


def _share(axis: draw.Axes, row: pd.Series, y: float) -> None:
    draw.bars(axis, [row["share"]], [y], orient="y", width=0.55, colour=draw.BLUE, zorder=2)
    end = float(row["share"])
    if pd.notna(row["share_low"]):
        axis.plot([row["share_low"], row["share_high"]], [y, y], color="black", linewidth=1, zorder=3)
        end = max(end, float(row["share_high"]))
    draw.label(axis, percent(row["share"]), (end, y), (4, 0))


def _options(axis: draw.Axes, rows: pd.DataFrame, top: float) -> None:
    rows = rows.sort_values("shift")
    draw.strip(axis, PER * rows["shift"], top + np.arange(len(rows)), [draw.BLUE] * len(rows), size=4.5, zorder=2)
    for i, row in enumerate(rows.to_dict("records")):
        shift = PER * float(row["shift"])
        axis.plot([0, shift], [top + i] * 2, color=draw.GREY, linewidth=0.8, zorder=1)
        side, align = (1, "left") if shift >= 0 else (-1, "right")
        draw.label(axis, str(row["option"]), (shift, top + i), (5 * side, 0), ha=align)
