"""What an estimate rests on: the refits that move it most, kind by kind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from detente.base.numerics import LEVEL, critical
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures.canvas import BAND, BLUE, GREY, VERMILION, canvas, most_ticks, styled
from detente.report.formats import PER, count, decimal, percent
from detente.study.config import Claim

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS: Mapping[str, tuple[str, str]] = {
    "state": ("state", "states"),
    "series": ("series of exercises", "series of exercises"),
    "region": ("region", "regions"),
    "era": ("era", "eras"),
}
_SHOWN = 8
# Inches a refit, and above and below a panel.
_LINE, _GAP = 0.165, 0.42


@styled
def influence_chart(frame: pd.DataFrame, whole: Mapping[str, float], *, simulated: bool) -> Figure:
    """Estimates without one part each with 95 % intervals, the eight of each kind that move it most.

    Parameters
    ----------
    frame
        `kind`, `left_out`, `estimate`, `std_error`, `df`, `change_se`, `flips`, `influential`.
    whole
        `estimate`, `conf_low`, `conf_high` of all rows, in onsets a dyad-year.
    """
    kinds = [k for k in dict.fromkeys([*KINDS, *frame["kind"]]) if (frame["kind"] == k).any()]
    parts = {k: _foremost(frame[frame["kind"] == k]) for k in kinds}
    heights = [_LINE * max(len(p), 2) + _GAP for p in parts.values()]
    figure = canvas(sum(heights) + 0.45, simulated=simulated)
    axes = figure.subplots(len(kinds), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axis, (kind, rows) in zip(axes, parts.items(), strict=True):
        _panel(axis, rows, whole)
        one, many = KINDS.get(kind, (kind, f"{kind}s"))
        total = int((frame["kind"] == kind).sum())
        shown = (
            f"the {count(len(rows))} of {count(total)} {many} that move it most" if total > len(rows) else f"all {many}"
        )
        axis.set_title(f"Without one {one}: {shown}")
    axes[-1].set_xlabel(f"Change in onsets per {PER:,} dyad-years under the treatment, {percent(LEVEL)} interval")
    most_ticks(axes[-1].xaxis, 7, steps=[1, 2, 5, 10])
    return figure


def _foremost(rows: pd.DataFrame) -> pd.DataFrame:
    """The refits that move the estimate most, from the lowest estimate to the highest; those without one last."""
    size = rows["change_se"].abs().fillna(float("inf"))
    return rows.loc[size.sort_values(ascending=False, kind="stable").index[:_SHOWN]].sort_values("estimate")


def _panel(axis: Any, rows: pd.DataFrame, whole: Mapping[str, float]) -> None:
    low, high = PER * whole["conf_low"], PER * whole["conf_high"]
    axis.axvspan(low, high, color=BAND, linewidth=0, zorder=0)
    axis.axvline(PER * whole["estimate"], color=GREY, linewidth=0.8, zorder=1)
    axis.axvline(0, color="black", linewidth=0.7, zorder=1)
    for y, row in enumerate(rows.to_dict("records")):
        if not math.isfinite(row["std_error"]):
            axis.text(PER * whole["estimate"], y, " not estimable", va="center", size=7.5, color=GREY, style="italic")
            continue
        colour = VERMILION if row["flips"] else BLUE if row["influential"] else GREY
        margin = PER * critical(row["df"]) * row["std_error"]
        at = PER * row["estimate"]
        axis.plot([at - margin, at + margin], [y, y], color=colour, linewidth=1.2, solid_capstyle="butt", zorder=2)
        axis.plot([at], [y], "o", color=colour, markeredgecolor="white", zorder=3)
        said = f"{decimal(row['change_se'], 2)} SE" + (", other verdict" if row["flips"] else "")
        axis.annotate(said, (1.0, y), xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points",
                      va="center", size=7.5, color=colour, annotation_clip=False)  # fmt: skip
    axis.set_yticks(range(len(rows)), list(rows["left_out"]))
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)


@exhibit(
    kind="figure",
    name="influence",
    title="Estimates without one part of the data",
    caption="{{ claim.label }}: estimates without one state, region, era or series of exercises, those that move it "
    "most.",
    alt="Points with intervals, one for each part that is left out, around the interval of all observations.",
    needs=("ledger", "influence"),
    page="robustness",
    place="influence",
    order=2,
    per_claim=True,
)
def influence_of(evidence: Evidence, claim: Claim) -> Figure | None:
    """Leave-one-out influence on one claim."""
    frame, whole = evidence.of_claim("influence", claim.id), evidence.of_claim("ledger", claim.id)
    if frame.empty:
        return None
    ends = {name: float(whole[name].iloc[0]) for name in ("estimate", "conf_low", "conf_high")}
    return influence_chart(frame, ends, simulated=evidence.simulated)
