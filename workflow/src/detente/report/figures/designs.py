"""A claim by every design for treatments that switch, by years since the start or the end, on one scale."""

import math

import numpy as np
import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw
from detente.report.formats import PER
from detente.study.config import Claim
from detente.study.robustness import DESIGNS

# The scale shows intervals of up to this many times the typical one whole.
_WIDEST = 3.0
# The year before the switch, which differences are from.
_BASE = -1
_SINCE = {"start": "with", "end": "without"}
_ENDS = ("conf_low", "conf_high")


@exhibit(
    kind="figure", name="designs", page="robustness", place="designs", needs=("ledger", "designs", "design_effects"),
    per="claim", title="Effects by years since the start or the end",
    caption="{{ claim.label }}: change in the risk of onset by years since the first year of the treatment, or the "
    "first without it, by each design that the claim can have. Points have {{ interval }} intervals, on grey bands "
    "that hold all years of a panel at once. Grey are years before the treatment counts: placebos, and the year of the "
    "switch; an empty point is the year that all differences are from, the last before the switch. The dashed line is "
    "the headline's estimate, of ends its opposite. An arrow marks an "
    "interval that runs beyond the panel, a cross an estimate without a standard error.",
    alt="One panel a design, with points by year around a line at zero and one at the headline's estimate.",
)  # fmt: skip
@draw.styled
def designs(evidence: Evidence, claim: Claim) -> draw.Figure | None:
    """Effects by year, a panel for each design that has them."""
    effects, rows = evidence.of_claim("design_effects", claim.id), evidence.of_claim("designs", claim.id)
    ledger = evidence.of_claim("ledger", claim.id)
    shown = {name: DESIGNS[name] for name in DESIGNS if DESIGNS[name].path and (effects["design"] == name).any()}
    if not shown or rows.empty:
        return None
    headline = PER * float(ledger["estimate"].iloc[0])
    figure = draw.canvas(2.6, simulated=evidence.simulated)
    axes = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    axes[0].set_ylim(*_limits(effects[effects["design"].isin(list(shown))], headline))
    for axis, (name, design) in zip(axes, shown.items(), strict=True):
        _panel(axis, effects[effects["design"] == name], headline * design.sign, claim.lag)
        axis.set_title(design.short, size=8.5)
        axis.set_xlabel(f"Years since the first\n{_SINCE[design.since]} the treatment", size=8)
    axes[0].set_ylabel(f"Change in onsets per {PER:,} dyad-years", size=8)
    draw.ticks(axes[0].yaxis, nbins=7, steps=[1, 2, 5, 10])
    return figure


def _limits(effects: pd.DataFrame, headline: float) -> tuple[float, float]:
    """Ends of the scale: intervals are shown whole unless they reach far beyond the typical one."""
    ends = PER * effects[list(_ENDS)].fillna(effects[["estimate"] * 2].set_axis(list(_ENDS), axis=1)).to_numpy()
    far = max(_WIDEST * float(np.median(np.abs(ends).max(axis=1))), abs(headline))
    low, high = max(float(ends.min()), -far), min(float(ends.max()), far)
    low, high = min(low, -abs(headline)), max(high, abs(headline))
    room = 0.05 * max(high - low, 1.0)
    return low - room, high + room


def _panel(axis: draw.Axes, rows: pd.DataFrame, headline: float, first: int) -> None:
    years = rows["horizon"].to_numpy()
    axis.set_xlim(min(years.min(), 0) - 0.7, years.max() + 0.7)
    draw.ticks(
        axis.xaxis, lambda v: f"{v:.0f}".replace("-", "\u2212"), [y for y in range(-4, 5, 2) if y >= years.min()]
    )
    axis.axhline(0, color="black", linewidth=0.7, zorder=1)
    if headline:
        axis.axhline(headline, color=draw.GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    drawn = []
    for row in rows.to_dict("records"):
        at, colour = float(row["horizon"]), draw.BLUE if row["horizon"] >= first else draw.GREY
        middle = PER * row["estimate"]
        if not math.isfinite(row["std_error"]):
            axis.plot([at], [middle], "x", color=colour, markersize=4, zorder=4)
            continue
        axis.vlines(at, PER * row["band_low"], PER * row["band_high"], color=draw.BAND, linewidth=5.5, zorder=0)
        drawn.append(draw.Interval(PER * row["conf_low"], middle, PER * row["conf_high"], at, colour))
    if (years < 0).any() and _BASE not in years:
        axis.plot([_BASE], [0], "o", markerfacecolor="white", markeredgecolor=draw.GREY, markersize=4, zorder=4)
    draw.intervals(axis, drawn, orient="x")
