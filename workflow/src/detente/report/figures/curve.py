"""Specification curves: sorted estimates with their intervals, and below them the options that made each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures.canvas import BAND, BLUE, GREY, VERMILION, canvas, styled
from detente.report.formats import count, percent
from detente.study.config import Claim, load_multiverse
from detente.study.design import HEADLINE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_INTERVALS = 250
"""Intervals drawn; of more specifications, every second, third … one has its interval."""
ABOVE, ROW = 2.3, 0.15
"""Height of the estimates, and of one option below them, in inches."""
CUT = 0.98
"""Share of interval ends that lie within the axis."""


@styled
def specification_curve(
    frame: pd.DataFrame,
    nodes: Mapping[str, Sequence[str]],
    *,
    title: str,
    headline: str | None,
    smallest_effect: float,
    simulated: bool,
) -> Figure:
    """Estimates of one estimand as shares of base risk, from the lowest to the highest, with dyadic intervals.

    Parameters
    ----------
    frame
        One row per specification that has an estimate: spec_id, one column per node, estimate_share, conf_low,
        conf_high, base_risk, p.
    nodes
        Options by node, in order of print; nodes of which the frame has one option are left out.
    headline
        Id of the headline's specification, which is marked if the frame has it.
    smallest_effect
        Share of base risk below which an effect is of no interest.
    """
    frame = frame.sort_values(["estimate_share", "spec_id"], kind="stable", ignore_index=True)
    shown = {n: [o for o in options if o in set(frame[n])] for n, options in nodes.items()}
    shown = {n: options for n, options in shown.items() if len(options) > 1}
    lines = sum(len(options) + 1 for options in shown.values())
    below = ROW * lines + 0.1
    figure = canvas(ABOVE + below + 0.7, simulated=simulated)
    if shown:
        above, panel = figure.subplots(2, 1, sharex=True, height_ratios=[ABOVE, below])
        _decisions(panel, frame, shown)
    else:
        above = figure.subplots()
    _estimates(above, frame, headline, smallest_effect)
    above.set_title(f"{title}: {count(len(frame))} specifications", loc="left")
    figure.supxlabel("Specifications from the lowest estimate to the highest", size=9)
    return figure


def _estimates(axis: Any, frame: pd.DataFrame, headline: str | None, smallest_effect: float) -> None:
    """Estimates, coloured by what a test at 5 % says, and intervals."""
    place = np.arange(len(frame))
    low, high = frame["conf_low"] / frame["base_risk"], frame["conf_high"] / frame["base_risk"]
    colours = colours_of(frame)
    axis.axhspan(-smallest_effect, smallest_effect, color=BAND, zorder=0, linewidth=0)
    axis.axhline(0, color="black", linewidth=0.7, zorder=1)
    drawn = place[:: max(1, -(-len(frame) // MOST_INTERVALS))]
    axis.vlines(drawn, low[drawn], high[drawn], colors=colours[drawn], linewidth=0.6, alpha=0.35, zorder=2)
    size = float(np.clip(700 / len(frame), 1.5, 14))
    axis.scatter(place, frame["estimate_share"], s=size, c=colours, linewidths=0, zorder=3)
    shares = frame["estimate_share"]
    bottom = min(float(np.quantile(low, 1 - CUT)), 1.1 * float(shares.min()), -1.2 * smallest_effect)
    top = max(float(np.quantile(high, CUT)), 1.1 * float(shares.max()), 1.2 * smallest_effect)
    axis.set_ylim(bottom, top)
    axis.yaxis.set_major_formatter(lambda value, _: percent(value))
    axis.set_ylabel(f"Effect, share of base risk,\nwith {percent(LEVEL)} interval")
    axis.spines["bottom"].set_visible(False)
    axis.tick_params(axis="x", length=0, labelbottom=False)
    axis.margins(x=0.01)
    for at in np.flatnonzero(frame["spec_id"] == headline):
        value = float(frame["estimate_share"].iloc[at])
        axis.plot([at, at], [low[at], high[at]], color="black", linewidth=1.1, zorder=4)
        axis.plot([at], [value], marker="D", color="black", markersize=4.5, zorder=5)
        side = 1 if at < len(frame) / 2 else -1
        axis.annotate(
            "headline",
            (at, value),
            xytext=(8 * side, -14 if value > 0 else 14),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            size=8,
        )


def colours_of(frame: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Blue where the 95 % interval lies below zero, vermilion above, grey where it holds zero, (S,)."""
    return np.where(frame["conf_high"] < 0, BLUE, np.where(frame["conf_low"] > 0, VERMILION, GREY))


def _decisions(axis: Any, frame: pd.DataFrame, nodes: Mapping[str, Sequence[str]]) -> None:
    """One line an option, under the name of its node; a tick where a specification takes it."""
    line, ticks, names = 0.0, [], []
    place, colours = np.arange(len(frame)), colours_of(frame)
    width = float(np.clip(260 / len(frame), 0.25, 1.6))
    for node, options in nodes.items():
        axis.annotate(
            node.capitalize(),
            (0, line),
            xycoords=("axes fraction", "data"),
            xytext=(-6, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            weight="bold",
            size=7.5,
            annotation_clip=False,
        )
        line += 1
        for option in options:
            taken = (frame[node] == option).to_numpy()
            axis.vlines(place[taken], line - 0.34, line + 0.34, colors=colours[taken], linewidth=width)
            ticks.append(line)
            names.append(option.replace("_", " "))
            line += 1
    axis.set_yticks(ticks, names, size=7)
    axis.tick_params(axis="both", length=0)
    axis.set_ylim(line - 0.4, -0.6)
    axis.set_xticks([])
    for side in ("left", "bottom"):
        axis.spines[side].set_visible(False)


FEWEST = 2
"""An estimand needs so many specifications for a curve."""


def estimands(frame: pd.DataFrame, covariance: str) -> dict[str, pd.DataFrame]:
    """Specifications with an estimate by title of their curve: equivalent, with uncertain options, then others."""
    there = frame[(frame["error"] == "") & (frame["vcov"] == covariance)]
    plain = there[there["estimand"] == HEADLINE]
    found = {"Equivalent to the headline": plain[plain["equivalent"]], "With uncertain options": plain}
    others = there[there["estimand"] != HEADLINE]
    found |= {str(name).replace("=", ": "): part for name, part in others.groupby("estimand", sort=False)}
    return {title: part for title, part in found.items() if len(part) >= FEWEST}


def curves_of(evidence: Evidence, claim: Claim) -> Iterator[Figure]:
    """Yield the curve of each estimand of one claim, the headline's first."""
    nodes = load_multiverse(evidence.project.root, evidence.project).nodes
    headline = {name: node.headline for name, node in nodes.items()}
    frame = evidence.of_claim("multiverse", claim.id)
    own = frame[(frame[list(headline)] == pd.Series(headline)).all(axis=1)]["spec_id"]
    for title, part in (estimands(frame, headline["vcov"]) or {"Nothing to draw": frame.head(0)}).items():
        yield specification_curve(
            part,
            {name: list(node.options) for name, node in nodes.items()},
            title=f"{claim.label}. {title}",
            headline=None if own.empty else str(own.iloc[0]),
            smallest_effect=evidence.project.claims.smallest_effect,
            simulated=evidence.simulated,
        )


@exhibit(
    kind="figure",
    name="curve",
    title="Specification curve",
    caption="{{ claim.label }}: equivalent specifications from the lowest estimate to the highest, with dyadic-robust "
    "intervals; below, the options of each, where “claimed” is that of the claim itself.",
    alt="Sorted estimates with intervals above a panel of dots that show which option each specification takes.",
    needs=("multiverse",),
    page="robustness",
    place="specifications",
    order=1,
    per_claim=True,
)
def curve_of(evidence: Evidence, claim: Claim) -> Figure:
    """The curve of specifications that are equivalent to the headline of one claim."""
    return next(curves_of(evidence, claim))
