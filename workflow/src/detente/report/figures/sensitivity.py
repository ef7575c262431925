"""Contours of an estimate and its t beside confounders of any strength, with observed controls as benchmarks."""

import numpy as np
import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw
from detente.report.formats import PER, decimal, percent
from detente.report.labels import term_label
from detente.study.config import Claim

_LEVELS = 7
# Contours nearer than this share of all values to the threshold, or to the estimate as it is, are left out.
_APART = 0.06
# Benchmarks named beside their points: the strongest.
_NAMED = 4
# Points nearer than this share of both axes to none are not named.
_SMALL = 0.06
# Width of a letter of a label, height of its line, and how far up it moves to be free, as shares of the axes.
_LETTER, _LINE, _STEP = 0.018, 0.06, 0.065


@exhibit(
    kind="figure", name="sensitivity", page="robustness", place="confounders", order=2,
    needs=("contours", "bounds", "sensitivity"), per="claim", title="Sensitivity to confounders",
    caption="{{ claim.label }}: adjusted estimate (left) and adjusted t (right), by the share of the residual "
    "variation of treatment and outcome that a confounder explains. Points: confounders once, twice and three times "
    "as strong as a control.",
    alt="Contour lines of the adjusted estimate and t statistic with points for benchmarks.",
)  # fmt: skip
@draw.styled
def sensitivity(evidence: Evidence, claim: Claim) -> draw.Figure | None:
    """Adjusted estimate of one claim on the left, adjusted t on the right, by strength of a confounder."""
    contours, bounds = evidence.of_claim("contours", claim.id), evidence.of_claim("bounds", claim.id)
    if contours.empty:
        return None
    now = evidence.of_claim("sensitivity", claim.id).iloc[0]
    figure = draw.canvas(3.4, simulated=evidence.simulated)
    left, right = figure.subplots(1, 2, sharey=True)
    _panel(left, contours, PER * contours["estimate"], 0.0)
    _panel(right, contours, contours["t"], float(np.copysign(now["critical"], now["estimate"])))
    left.set_title(f"Onsets per {PER:,} dyad-years (now {decimal(PER * now['estimate'], 1)})")
    right.set_title(f"t statistic (now {decimal(now['t'], 1)})")
    bounds = bounds[bounds["failure"] == ""]
    labels = {name: term_label(str(name), evidence.project.claims) for name in bounds["benchmark"]}
    for axis in (left, right):
        _benchmarks(axis, bounds.assign(label=bounds["benchmark"].map(labels)))
    figure.supxlabel("Share of the residual treatment that the confounder explains (partial R²)", size=9)
    left.set_ylabel("Share of the residual outcome (partial R²)")
    return figure


def _panel(axis: draw.Axes, frame: pd.DataFrame, values: pd.Series, threshold: float) -> None:
    from matplotlib.ticker import MaxNLocator

    grid = frame.assign(z=values).pivot_table(index="r2yz_dx", columns="r2dz_x", values="z")
    x, y, z = grid.columns.to_numpy(), grid.index.to_numpy(), grid.to_numpy()
    near = _APART * (z.max() - z.min())
    ticks = MaxNLocator(_LEVELS).tick_values(z.min(), z.max())
    levels = [v for v in ticks if abs(v - threshold) > near and abs(v - z[0, 0]) > near]
    lines = axis.contour(x, y, z, levels=levels, colors=draw.GREY, linewidths=0.7, linestyles="solid")
    axis.clabel(lines, fmt=lambda v: decimal(v, 1), fontsize=7, colors=draw.GREY)
    if z.min() < threshold < z.max():
        line = axis.contour(x, y, z, levels=[threshold], colors=draw.VERMILION, linewidths=1.4, linestyles="dashed")
        axis.clabel(line, fmt=lambda v: decimal(v, 0 if v == 0 else 2), fontsize=8, colors=draw.VERMILION)
    axis.set_xlim(0, x.max())
    axis.set_ylim(0, y.max())
    digits = 0 if x.max() > 0.06 else 1 if x.max() > 0.006 else 2
    for side in (axis.xaxis, axis.yaxis):
        draw.ticks(side, lambda v: percent(v, digits), nbins=5, steps=[1, 2, 5, 10])


def _benchmarks(axis: draw.Axes, bounds: pd.DataFrame) -> None:
    """Points of confounders once, twice … as strong as a control; the strongest are named at their last point."""
    axis.plot([0], [0], "s", color="black", markersize=4, clip_on=False, zorder=5)
    strength = (bounds["r2dz_x"] * bounds["r2yz_dx"]).groupby(bounds["benchmark"]).max().sort_values(ascending=False)
    used: list[tuple[float, float, float]] = []
    top, right = axis.get_ylim()[1], axis.get_xlim()[1]
    for name in strength.index[:_NAMED]:
        rows = bounds[bounds["benchmark"] == name].sort_values("times")
        inside = rows[(rows["r2dz_x"] <= right) & (rows["r2yz_dx"] <= top)]
        if inside.empty:
            continue
        draw.line(axis, inside["r2dz_x"], inside["r2yz_dx"], marker="o", color=draw.BLUE, linewidth=0.6, markersize=4,
                  markeredgewidth=0, zorder=4)  # fmt: skip
        last = inside.iloc[-1]
        x, y = float(last["r2dz_x"]), float(last["r2yz_dx"])
        if x < _SMALL * right and y < _SMALL * top:
            continue
        said = f"{last['label']} ×{last['times']:g}"
        near = x > 0.55 * right
        start, end = sorted((x, x + (-1 if near else 1) * _LETTER * right * len(said)))
        heights = (y + k * _STEP * top for k in range(9))
        free = next(
            (h for h in heights if all(abs(h - v) > _LINE * top or end < a or b < start for a, b, v in used)), y
        )
        used.append((start, end, free))
        axis.annotate(
            said, (x, y), xytext=(x, free + 0.015 * top), ha="right" if near else "left", va="bottom", size=7.5,
            color=draw.BLUE, zorder=6,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.8},
            arrowprops={"arrowstyle": "-", "color": draw.BLUE, "linewidth": 0.4} if free > y else None,
        )  # fmt: skip
