"""The study's claims by every design for treatments that switch, by years since start and end, on one scale."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw
from detente.report.formats import MINUS, PER
from detente.report.models import cell, keyed
from detente.report.switching import few_switches, placebos_differ
from detente.study.config import DesignName
from detente.study.robustness import DESIGNS

# The scale shows whole the intervals of up to this many times the typical one.
_WIDEST = 1.75
_SINCE, _OF = {"start": "with", "end": "without"}, {"start": "", "end": ", ends"}
# The last year before the switch, which differences are from, and the years whose ticks are labelled.
_BASE, _TICKS = -1, (-4, -1, 2, 5)
_BANDS = "#dcdcdc"


@exhibit(
    kind="figure", name="starts_and_ends", place="switches", order=1,
    needs=("estimates", "failures", "own_designs", "own_design_effects"),
    title="Effects by years since the start and the end of each treatment",
    caption="Change in the risk of onset by years since the first year with each treatment, and since the first year "
    "without it: a row for each instrument, a column for each design, all on one scale. Filled points are years in "
    "which the treatment counts; empty ones are placebos and the year of the switch. Lines are {{ method.interval }} "
    "intervals, with {{ covariances.headline.long }} errors; grey bars behind them hold all years of a panel at once. "
    "The dotted line marks the base year, which differences are from; where there is none, each year is compared with "
    "what others predict. The dashed line is the headline’s estimate, of ends its opposite. An arrow marks an interval "
    "that runs beyond the scale, a cross an estimate without a standard error."
    "{% for c in claims if c.designs.rejected_by %} Of {{ c.effect_of }}, placebo years differ from zero at "
    "{{ method.level }} by {{ c.designs.rejected_by }}, so that these effects are not to be read as such.{% endfor %}"
    "{% for c in claims if c.designs.few %} Of {{ c.effect_of }}, {{ c.designs.few }} {{ 'rest' if ' and ' in "
    "c.designs.few else 'rests' }} on fewer than {{ method.few_switchers }} switches in some year.{% endfor %}",
    alt="Small multiples with points by year around a line at zero, a row for each instrument and a column for each "
    "design. Average effects in onsets per {{ method.per }} dyad-years:{% for c in claims %} {{ c.label }}, "
    "{{ c.designs.averages or 'none' }}{{ '.' if loop.last else ';' }}{% endfor %}",
)  # fmt: skip
@draw.styled
def starts_and_ends(evidence: Evidence) -> draw.Figure:
    """A row for each claim that has effects by year, a column for each design, those of starts before those of ends."""
    effects, flagged = evidence.frame("own_design_effects"), keyed(_flagged(evidence), "claim", "design")
    claims = [claim for claim in evidence.claims if (effects["claim"] == claim.id).any()]
    names = [name for name, design in DESIGNS.items() if design.path and (effects["design"] == name).any()]
    figure = draw.canvas(0.8 + 1.2 * max(len(claims), 1), simulated=evidence.simulated)
    if not claims:
        figure.text(0.5, 0.5, "no claim has effects by year", ha="center", style="italic", color=draw.GREY)
        return figure
    axes = _grid(figure, len(claims), names)
    limits = _limits(effects)
    for claim, line in zip(claims, axes, strict=True):
        headline = PER * cell(evidence, claim.id, evidence.study.headline, evidence.preferred).effect
        line[0].set_ylabel(claim.label, size=8.5, weight="bold")
        for axis, name in zip(line, names, strict=True):
            axis.set_ylim(*limits)
            mine = effects[(effects["claim"] == claim.id) & (effects["design"] == name)]
            _panel(axis, mine, DESIGNS[name].sign * headline, claim.lag)
            _flag(axis, flagged.get((claim.id, name), {}), empty=mine.empty)
    for axis, name in zip(axes[0], names, strict=True):
        axis.set_title(DESIGNS[name].short + _OF[DESIGNS[name].since], size=8.5, pad=12)
    for axis, name in zip(axes[-1], names, strict=True):
        axis.set_xlabel(f"Years since first year\n{_SINCE[DESIGNS[name].since]} treatment", size=7.5)
    figure.supylabel(evidence.said(f"Change in onsets per {PER:,} dyad-years"), size=8)
    return figure


def _grid(figure: draw.Figure, rows: int, names: list[DesignName]) -> np.ndarray:
    """Panels (rows, designs) that share their axes, those of ends apart from those of starts."""
    starts = sum(DESIGNS[name].since == "start" for name in names)
    apart = bool(0 < starts < len(names))
    ratios = [1.0] * starts + [0.06] * apart + [1.0] * (len(names) - starts)
    grid = figure.add_gridspec(rows, len(ratios), width_ratios=ratios)
    axes = np.empty((rows, len(names)), dtype=object)
    for row, column in np.ndindex(*axes.shape):
        shared = axes[0, 0] if row or column else None
        place = column + (apart and column >= starts)
        axis = figure.add_subplot(grid[row, place], sharex=shared, sharey=shared)
        axis.tick_params(labelsize=7.5, labelbottom=row == rows - 1, labelleft=column == 0)
        axes[row, column] = axis
    axes[0, 0].set_xlim(_TICKS[0] - 0.7, _TICKS[-1] + 0.7)
    draw.ticks(axes[0, 0].xaxis, lambda v: f"{v:.0f}".replace("-", MINUS), _TICKS)
    draw.ticks(axes[0, 0].yaxis, lambda v: f"{v:.0f}".replace("-", MINUS), nbins=5, steps=[1, 2, 5, 10])
    return axes


def _flagged(evidence: Evidence) -> pd.DataFrame:
    """Rows of designs, with what of each fails."""
    frame = evidence.frame("own_designs")
    return frame.assign(differ=placebos_differ(frame), few=few_switches(frame))


def _limits(effects: pd.DataFrame) -> tuple[float, float]:
    """Ends of the scale, alike above and below zero; an interval much longer than the typical one is cut."""
    ends = PER * effects[["estimate", "conf_low", "conf_high"]].abs().max(axis=1).to_numpy()
    far = min(float(ends.max()), _WIDEST * float(np.median(ends)))
    return -1.08 * far, 1.08 * far


def _panel(axis: draw.Axes, rows: pd.DataFrame, headline: float, first: int) -> None:
    axis.axhline(0, color="black", linewidth=0.6, zorder=1)
    if rows.empty:
        return
    years = rows["horizon"].to_numpy()
    if headline:
        axis.axhline(headline, color=draw.GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    if (years < 0).any() and _BASE not in years:
        axis.axvline(_BASE, color="black", linewidth=0.8, linestyle=(0, (1, 1.6)), zorder=1)
    drawn = []
    for row in rows.to_dict("records"):
        at, counts, middle = float(row["horizon"]), row["horizon"] >= first, PER * row["estimate"]
        if not math.isfinite(row["std_error"]):
            axis.plot([at], [middle], "x", color="black", markersize=3, zorder=4)
            continue
        axis.vlines(at, PER * row["band_low"], PER * row["band_high"], color=_BANDS, linewidth=3.6, zorder=0)
        colour = draw.BLUE if counts else draw.GREY
        ends = PER * row["conf_low"], middle, PER * row["conf_high"]
        drawn.append(draw.Interval(*ends, at, colour, face=colour if counts else "white"))
    draw.intervals(axis, drawn, orient="x", width=0.9, arrow=2.5)


def _flag(axis: draw.Axes, row: Mapping[str, object], *, empty: bool) -> None:
    """Say above a panel what fails there."""
    said = ["no estimate"] if empty else []
    said += ["placebos differ"] if row.get("differ") else []
    said += ["few switches"] if row.get("few") else []
    axis.text(0.0, 1.02, ", ".join(said), transform=axis.transAxes, ha="left", va="bottom", size=7, style="italic")
