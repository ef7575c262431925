"""Specification curves: sorted estimates with their intervals, and below them the options that made each."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw
from detente.report.formats import count, percent
from detente.study.config import Claim, Multiverse
from detente.study.design import HEADLINE

MOST_INTERVALS = 250
"""Intervals drawn; of more specifications, every second, third … one has its interval."""
# Height of the estimates, and of one option below them, in inches.
ABOVE, ROW = 2.3, 0.15
# Share of interval ends that lie within the axis.
CUT = 0.98
# An estimand needs so many specifications for a curve.
FEWEST = 2


@exhibit(
    kind="figure", name="curve", page="robustness", place="specifications", order=1, needs=("multiverse",),
    per="claim", title="Specification curve",
    caption="{{ claim.label }}: equivalent specifications from the lowest estimate to the highest, with dyadic-robust "
    "intervals, in colour where they exclude zero, on the band of effects too small to matter; below, the options of "
    "each, where “claimed” is that of the claim itself. Other designs stand beside them, and outside their joint test.",
    alt="Sorted estimates with intervals above a panel of dots that show which option each specification takes.",
)  # fmt: skip
def curve(evidence: Evidence, claim: Claim) -> draw.Figure:
    """The curve of specifications that are equivalent to the headline of one claim."""
    return next(curves_of(evidence, claim))


def curves_of(evidence: Evidence, claim: Claim) -> Iterator[draw.Figure]:
    """Yield the curve of each estimand of one claim, the headline's first."""
    frame, headline = evidence.of_claim("multiverse", claim.id), evidence.headline_options
    own = frame[(frame[list(headline)] == pd.Series(headline)).all(axis=1)]["spec_id"]
    marked = None if own.empty else str(own.iloc[0])
    found = estimands(frame, headline["vcov"], rivals(frame, evidence.decisions))
    for title, part in (found or {"Nothing to draw": frame.head(0)}).items():
        yield specification_curve(evidence, part, f"{claim.label}. {title}", marked)


def rivals(frame: pd.DataFrame, decisions: Multiverse) -> pd.Series:
    """Whether specifications differ from equivalent ones in what they are compared with alone."""
    other, alike = pd.Series(False, frame.index), pd.Series(True, frame.index)
    for name, node in decisions.nodes.items():
        if node.crossed is not None:
            other |= frame[name] != node.headline
            continue
        alike &= frame[name].isin([option for option, said in node.options.items() if said.tag == "equivalent"])
    return other & alike


def estimands(frame: pd.DataFrame, covariance: str, rival: pd.Series) -> dict[str, pd.DataFrame]:
    """Specifications with an estimate by title of their curve: equivalent, with uncertain options, then others.

    Those that are a `rival` of equivalent ones stand beside them.
    """
    there = frame[(frame["error"] == "") & (frame["vcov"] == covariance)]
    plain = there[there["estimand"] == HEADLINE]
    beside = plain["equivalent"] | rival[plain.index]
    title = "Equivalent to the headline" + (", and other designs" if rival[plain.index].any() else "")
    found = {title: plain[beside], "With uncertain options": plain}
    others = there[there["estimand"] != HEADLINE]
    found |= {str(name).replace("=", ": "): part for name, part in others.groupby("estimand", sort=False)}
    return {title: part for title, part in found.items() if len(part) >= FEWEST}


@draw.styled
def specification_curve(evidence: Evidence, frame: pd.DataFrame, title: str, headline: str | None) -> draw.Figure:
    """Estimates of one estimand as shares of mean risk, from the lowest to the highest, with dyadic intervals.

    `frame` holds specifications that have an estimate, rows of the multiverse; decisions of which they have one option
    are not shown. `headline` is the id of the headline's specification, which is marked if the frame has it.
    """
    frame = frame.sort_values(["estimate_of_mean", "spec_id"], kind="stable", ignore_index=True)
    taken = {n: [o for o in node.options if o in set(frame[n])] for n, node in evidence.decisions.nodes.items()}
    shown = {n: options for n, options in taken.items() if len(options) > 1}
    below = ROW * sum(len(options) + 1 for options in shown.values()) + 0.1
    figure = draw.canvas(ABOVE + below + 0.7, simulated=evidence.simulated)
    if shown:
        above, panel = figure.subplots(2, 1, sharex=True, height_ratios=[ABOVE, below])
        _decisions(panel, frame, shown)
    else:
        above = figure.subplots()
    _estimates(above, frame)
    for at in np.flatnonzero(frame["spec_id"] == headline):
        _headline(above, frame.iloc[at], int(at), len(frame))
    above.set_title(f"{title}: {count(len(frame))} specifications", loc="left")
    figure.supxlabel("Specifications from the lowest estimate to the highest", size=9)
    return figure


def _estimates(axis: draw.Axes, frame: pd.DataFrame) -> None:
    place, shares = np.arange(len(frame)), frame["estimate_of_mean"]
    names = ("conf_low", "conf_high", "smallest_effect")
    low, high, smallest = (frame[name] / frame["mean_risk"] for name in names)
    colours = colours_of(frame)
    axis.fill_between(place, -smallest, smallest, step="mid", color=draw.BAND, zorder=0, linewidth=0)
    axis.axhline(0, color="black", linewidth=0.7, zorder=1)
    drawn = place[:: max(1, -(-len(frame) // MOST_INTERVALS))]
    axis.vlines(drawn, low[drawn], high[drawn], colors=colours[drawn], linewidth=0.6, alpha=0.35, zorder=2)
    size = float(np.clip(700 / len(frame), 1.5, 14))
    draw.points(axis, place, shares, colours, s=size, linewidth=0, zorder=3)
    bottom = min(float(np.quantile(low, 1 - CUT)), 1.1 * float(shares.min()), -1.2 * float(smallest.median()))
    top = max(float(np.quantile(high, CUT)), 1.1 * float(shares.max()), 1.2 * float(smallest.median()))
    axis.set_ylim(bottom, top)
    axis.yaxis.set_major_formatter(lambda value, _: percent(value))
    axis.set_ylabel(f"Effect, share of mean risk,\nwith {percent(LEVEL)} interval")
    axis.spines["bottom"].set_visible(False)
    axis.tick_params(axis="x", length=0, labelbottom=False)
    axis.margins(x=0.01)


def _headline(axis: draw.Axes, row: pd.Series, at: int, total: int) -> None:
    value, ends = float(row["estimate_of_mean"]), [row[end] / row["mean_risk"] for end in ("conf_low", "conf_high")]
    axis.plot([at, at], ends, color="black", linewidth=1.1, zorder=4)
    axis.plot([at], [value], marker="D", color="black", markersize=4.5, zorder=5)
    side, align = (1, "left") if at < total / 2 else (-1, "right")
    draw.label(axis, "headline", (at, value), (8 * side, -14 if value > 0 else 14), ha=align, size=8)


def colours_of(frame: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Blue where the 95 % interval lies below zero, vermilion above, grey where it holds zero, (S,)."""
    return np.where(frame["conf_high"] < 0, draw.BLUE, np.where(frame["conf_low"] > 0, draw.VERMILION, draw.GREY))


def _decisions(axis: draw.Axes, frame: pd.DataFrame, nodes: Mapping[str, Sequence[str]]) -> None:
    """One line an option, under the name of its node; a tick where a specification takes it."""
    line, ticks, strips = 0.0, {}, []
    place, colours = np.arange(len(frame)), colours_of(frame)
    width = float(np.clip(260 / len(frame), 0.25, 1.6))
    for node, options in nodes.items():
        draw.label_beside(axis, node.capitalize(), 0, line, -6, ha="right", weight="bold")
        line += 1
        for option in options:
            taken = (frame[node] == option).to_numpy()
            strips.append((place[taken], np.full(taken.sum(), line), colours[taken]))
            ticks[line] = option.replace("_", " ")
            line += 1
    x, y, shades = (np.concatenate(parts) for parts in zip(*strips, strict=True))
    draw.strip(axis, x, y, shades, marker="|", size=0.68 * 72 * ROW, linewidth=width)
    draw.rows(axis, ticks, line - 0.4, -0.6, size=7)
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)
