"""What an estimate rests on: the refits that move it most, kind by kind."""

import math

import pandas as pd

from detente.base.numerics import LEVEL, interval
from detente.base.wording import lower_first
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw
from detente.report.formats import PER, count, decimal, percent
from detente.report.tables.influence import KINDS
from detente.study.config import Claim

# In the order of panels.
_KINDS = ("state", "series", "region", "era")
_SHOWN = 8
# Inches a refit, and above and below a panel.
_LINE, _GAP = 0.165, 0.42


@exhibit(
    kind="figure", name="influence", page="robustness", place="influence", order=2, needs=("ledger", "influence"),
    per="claim", title="Estimates without one part of the data",
    caption="{{ claim.label }}: estimates without one {{ claim.parts }}, those that move it most.",
    alt="Points with intervals, one for each part that is left out, around the interval of all observations.",
)  # fmt: skip
@draw.styled
def influence(evidence: Evidence, claim: Claim) -> draw.Figure | None:
    """Estimates of one claim without one part each, the eight of each kind that move it most."""
    frame, ledger = evidence.of_claim("influence", claim.id), evidence.of_claim("ledger", claim.id)
    if frame.empty:
        return None
    kinds = [k for k in _KINDS if (frame["kind"] == k).any()]
    parts = {k: _foremost(frame[frame["kind"] == k]) for k in kinds}
    heights = [_LINE * max(len(p), 2) + _GAP for p in parts.values()]
    figure = draw.canvas(sum(heights) + 0.45, simulated=evidence.simulated)
    axes = figure.subplots(len(kinds), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axis, (kind, rows) in zip(axes, parts.items(), strict=True):
        _panel(axis, rows, ledger.iloc[0])
        one = lower_first(KINDS[kind])
        many = one if kind == "series" else f"{one}s"
        total, shown = int((frame["kind"] == kind).sum()), len(rows)
        said = f"the {count(shown)} of {count(total)} {many} that move it most" if total > shown else f"all {many}"
        axis.set_title(f"Without one {one}: {said}")
    axes[-1].set_xlabel(f"Change in onsets per {PER:,} dyad-years under the treatment, {percent(LEVEL)} interval")
    draw.ticks(axes[-1].xaxis, nbins=7, steps=[1, 2, 5, 10])
    return figure


def _foremost(rows: pd.DataFrame) -> pd.DataFrame:
    """The refits that move the estimate most, from the lowest estimate to the highest; those without one last."""
    size = rows["change_se"].abs().fillna(float("inf"))
    return rows.loc[size.sort_values(ascending=False, kind="stable").index[:_SHOWN]].sort_values("estimate")


def _panel(axis: draw.Axes, rows: pd.DataFrame, whole: pd.Series) -> None:
    """Refits of one kind around the interval of all observations (`whole`, the claim's row of the ledger)."""
    low, middle, high = (PER * float(whole[name]) for name in ("conf_low", "estimate", "conf_high"))
    axis.axvspan(low, high, color=draw.BAND, linewidth=0, zorder=0)
    axis.axvline(middle, color=draw.GREY, linewidth=0.8, zorder=1)
    axis.axvline(0, color="black", linewidth=0.7, zorder=1)
    drawn = []
    for y, row in enumerate(rows.to_dict("records")):
        if not math.isfinite(row["std_error"]):
            axis.text(middle, y, " not estimable", va="center", size=7.5, color=draw.GREY, style="italic")
            continue
        colour = draw.VERMILION if row["flips"] else draw.BLUE if row["influential"] else draw.GREY
        at = PER * row["estimate"]
        ends = interval(at, PER * row["std_error"], row["df"])
        drawn.append(draw.Interval(ends[0], at, ends[1], y, colour))
        said = f"{decimal(row['change_se'], 2)} SE" + (", other verdict" if row["flips"] else "")
        draw.label_beside(axis, said, 1.0, y, 4, color=colour)
    draw.intervals(axis, drawn, width=1.2)
    draw.rows(axis, dict(enumerate(rows["left_out"])), len(rows) - 0.4, -0.6)
