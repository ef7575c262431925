"""Which decision moves the estimate: shares of variance by node, and the shift of each option."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures.canvas import BLUE, GREY, canvas, most_ticks, styled
from detente.report.formats import PER, percent
from detente.study.config import Claim

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LINE = 0.19


@styled
def decisions_chart(
    shares: pd.DataFrame, options: pd.DataFrame, labels: Mapping[str, str], *, simulated: bool
) -> Figure:
    """Share of the variance of estimates by decision on the left, shifts by its options on the right.

    Parameters
    ----------
    shares
        `node`, `share`, `share_low`, `share_high` (0 to 1; intervals may be missing).
    options
        `node`, `option`, `shift` in onsets a dyad-year.
    labels
        Node or option → label; those without keep their name.
    """
    order = list(shares.sort_values("share", ascending=False)["node"])
    lines = {n: max(1, int((options["node"] == n).sum())) for n in order}
    figure = canvas(0.85 + _LINE * (sum(lines.values()) + 0.6 * len(order)), simulated=simulated)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1.3))
    top, middles = 0.0, []
    for node in order:
        middle = top + (lines[node] - 1) / 2
        middles.append(middle)
        _share(left, shares[shares["node"] == node].iloc[0], middle)
        _options(right, options[options["node"] == node], top, labels)
        top += lines[node] + 0.6
        for axis in (left, right):
            axis.axhline(top - 0.8, color="#e3e3e3", linewidth=0.5, zorder=0)
    left.set_yticks(middles, [labels.get(n, n.replace("_", " ").capitalize()) for n in order])
    left.set_ylim(top - 0.5, -0.8)
    left.tick_params(axis="y", length=0)
    left.set_xlim(left=0)
    most_ticks(left.xaxis, 4)
    left.xaxis.set_major_formatter(lambda v, _: percent(v))
    left.set_title("Share of the variance")
    left.set_xlabel("of estimates, 95% interval")
    right.axvline(0, color="black", linewidth=0.7)
    right.margins(x=0.28)
    most_ticks(right.xaxis, 5)
    right.set_title("Shift of the estimate by option")
    right.set_xlabel(f"onsets per {PER:,} dyad-years, from the mean of its decision")
    right.tick_params(axis="y", length=0)
    right.spines["left"].set_visible(False)
    return figure


def _share(axis: Any, row: pd.Series, y: float) -> None:
    axis.barh(y, row["share"], height=0.55, color=BLUE, linewidth=0, zorder=2)
    end = float(row["share"])
    if pd.notna(row["share_low"]):
        axis.plot([row["share_low"], row["share_high"]], [y, y], color="black", linewidth=1, zorder=3)
        end = max(end, float(row["share_high"]))
    axis.annotate(percent(row["share"]), (end, y), xytext=(4, 0), textcoords="offset points", va="center", size=7.5)


def _options(axis: Any, rows: pd.DataFrame, top: float, labels: Mapping[str, str]) -> None:
    for i, row in enumerate(rows.sort_values("shift").to_dict("records")):
        shift = PER * float(row["shift"])
        axis.plot([0, shift], [top + i] * 2, color=GREY, linewidth=0.8, zorder=1)
        axis.plot([shift], [top + i], "o", color=BLUE, markersize=3.5, zorder=2)
        side = 1 if shift >= 0 else -1
        name = str(row["option"])
        axis.annotate(labels.get(name, name), (shift, top + i), xytext=(5 * side, 0),
                      textcoords="offset points", ha="left" if shift >= 0 else "right", va="center",
                      size=7.5)  # fmt: skip


@exhibit(
    kind="figure",
    name="decisions",
    title="Which decision moves the estimate",
    caption="{{ claim.label }}: which decision moves the estimate. Left: share of the variance of all estimates "
    "(Shapley); right: mean shift by option.",
    alt="Bars of variance shares by decision, and points for the shift of each option.",
    needs=("decisions", "options"),
    page="robustness",
    place="specifications",
    order=2,
    per_claim=True,
)
def decisions_of(evidence: Evidence, claim: Claim) -> Figure | None:
    """Decisions that move the estimate of one claim."""
    shares, options = evidence.of_claim("decisions", claim.id), evidence.of_claim("options", claim.id)
    return decisions_chart(shares, options, {}, simulated=evidence.simulated) if len(shares) else None
