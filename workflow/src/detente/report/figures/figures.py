"""Figures of estimates and of the record over time, from tidy frames."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Cell, Evidence, cells
from detente.report.exhibit import exhibit
from detente.report.figures.canvas import BLUE, GREEN, GREY, VERMILION, band, canvas, most_ticks, styled
from detente.report.formats import PER, per_thousand, percent
from detente.report.labels import estimator_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKERS = ("s", "o", "D", "^", "v", "P")
_COLOURS = (VERMILION, BLUE, GREEN, GREY)
_WIDEST = 2.5
"""An interval is cut, with an arrow, where it reaches beyond this many times the typical one."""


def coefficients(models: list[Cell], claims: Mapping[str, str], *, simulated: bool) -> Figure:
    """Average marginal effects with their intervals: a panel a sample, a row a claim × estimator.

    Parameters
    ----------
    models
        Headline quantities, in order of print.
    claims
        Claim id → label.
    """
    samples = list(dict.fromkeys(m.sample for m in models))
    return _coefficients(models, claims, samples, simulated)


@styled
def _coefficients(models: list[Cell], claims: Mapping[str, str], samples: list[str], simulated: bool) -> Figure:
    estimators = list(dict.fromkeys(m.estimator for m in models))
    rows = {
        (claim, estimator): i * (len(estimators) + 0.9) + j
        for i, claim in enumerate(claims)
        for j, estimator in enumerate(estimators)
    }
    figure = canvas(0.9 + 0.27 * (max(rows.values()) + 1), simulated=simulated)
    axes = figure.subplots(1, len(samples), sharey=True, squeeze=False)[0]
    for axis, sample in zip(axes, samples, strict=True):
        mine = [m for m in models if m.sample == sample]
        _limits(axis, mine)
        for model in mine:
            _interval(axis, model, rows[model.claim, model.estimator], estimators.index(model.estimator))
        axis.axvline(0, color="black", linewidth=0.7, zorder=1)
        axis.set_title(mine[0].sample_label)
        axis.tick_params(axis="y", length=0, pad=7)
        most_ticks(axis.xaxis, 5, steps=[1, 2, 5, 10])
        axis.spines["left"].set_visible(False)
    _row_labels(axes[0], rows, claims)
    figure.supxlabel(f"Change in onsets per {PER:,} dyad-years under the treatment, {percent(LEVEL)} interval", size=9)
    return figure


def _limits(axis: Any, models: list[Cell]) -> None:
    """Set limits that show typical intervals whole; only extraordinary ones are cut."""
    reach = [PER * max(abs(m.low), abs(m.high)) for m in models if m.estimated]
    band = [PER * m.smallest_effect for m in models if m.estimated]
    limit = min(max(reach, default=1.0), max(_WIDEST * float(np.median(reach or [1.0])), *(band or [0.0])))
    axis.set_xlim(-1.08 * limit, 1.08 * limit)


def _interval(axis: Any, model: Cell, y: float, order: int) -> None:
    left, right = axis.get_xlim()
    if not model.estimated:
        axis.text(0, y, " not estimable", va="center", size=7.5, color=GREY, style="italic")
        return
    half = PER * model.smallest_effect
    band(axis, half, y)
    colour = _COLOURS[order % len(_COLOURS)]
    low, high = max(PER * model.low, left), min(PER * model.high, right)
    axis.plot([low, high], [y, y], color=colour, linewidth=1.4, solid_capstyle="butt", zorder=2)
    for end, edge, marker in ((PER * model.low, left, "<"), (PER * model.high, right, ">")):
        if (end < edge) if marker == "<" else (end > edge):
            axis.plot([edge], [y], marker=marker, color=colour, markersize=4, clip_on=False, zorder=3)
    if left <= PER * model.effect <= right:
        marker = _MARKERS[order % len(_MARKERS)]
        axis.plot([PER * model.effect], [y], marker=marker, color=colour, markeredgecolor="white", zorder=4)
    else:
        _beyond(axis, model.effect, y, colour)


def _beyond(axis: Any, effect: float, y: float, colour: str) -> None:
    """Write an estimate that lies beyond the panel at the edge on its side."""
    axis.annotate(
        per_thousand(effect),
        (0.955 if effect > 0 else 0.045, y),
        xycoords=("axes fraction", "data"),
        ha="right" if effect > 0 else "left",
        va="center",
        size=7.5,
        color=colour,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        zorder=5,
    )


def _row_labels(axis: Any, rows: Mapping[tuple[str, str], float], claims: Mapping[str, str]) -> None:
    """Name the claim above its rows and the estimator beside each."""
    axis.set_yticks(list(rows.values()), [estimator_label(e).short for _, e in rows])
    axis.set_ylim(max(rows.values()) + 0.6, -1.2)
    for claim, label in claims.items():
        top = min(y for (name, _), y in rows.items() if name == claim)
        axis.annotate(
            label,
            (0, top - 0.85),
            xycoords=("axes fraction", "data"),
            xytext=(-8, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            weight="bold",
            annotation_clip=False,
        )


@styled
def timeline(frame: pd.DataFrame, labels: Mapping[str, str], *, simulated: bool) -> Figure:
    """Onsets and joint exercises a year: two panels over the same years, each with its own unit."""
    samples = [s for s in labels if s in set(frame["sample"])]
    trained = "exercises" in frame
    figure = canvas(3.7 if trained else 2.1, simulated=simulated)
    panels = figure.subplots(2 if trained else 1, 1, sharex=True, squeeze=False)[:, 0]
    above, below = panels[0], panels[-1]
    lines = [frame[frame["sample"] == sample].sort_values("year") for sample in samples]
    ends = _apart([float(line["onsets"].tail(3).mean()) for line in lines], 0.11 * float(frame["onsets"].max()))
    for colour, sample, line, end in zip((GREY, BLUE, VERMILION), samples, lines, ends, strict=False):
        above.plot(line["year"], line["onsets"], color=colour, clip_on=False)
        name = labels[sample].removesuffix(" dyads") + ("" if len(samples) > 1 and sample != "all" else " dyads")
        _line_label(above, float(line["year"].iloc[-1]), end, name, colour)
    above.set_title("Dispute onsets")
    above.set_ylabel("onsets per year")
    if trained:
        exercises = frame.drop_duplicates("year").sort_values("year")
        below.bar(exercises["year"], exercises["exercises"], color=GREEN, width=0.75)
        below.set_title("Joint military exercises")
        below.set_ylabel("exercises per year")
    most_ticks(below.xaxis, 8, integer=True)
    for axis in panels:
        axis.set_ylim(bottom=0)
        most_ticks(axis.yaxis, 5, integer=True)
        axis.grid(axis="y")
        axis.set_axisbelow(True)
    return figure


def _apart(heights: list[float], gap: float) -> list[float]:
    """Push labels up until neighbours are `gap` apart, the lowest staying where it is."""
    moved: dict[int, float] = {}
    for i in sorted(range(len(heights)), key=lambda i: heights[i]):
        moved[i] = max(heights[i], max(moved.values(), default=-math.inf) + gap)
    return [moved[i] for i in range(len(heights))]


def _line_label(axis: Any, year: float, height: float, name: str, colour: str) -> None:
    """Write a sample's name where its line ends."""
    axis.annotate(
        name,
        (year, height),
        xytext=(6, 0),
        textcoords="offset points",
        color=colour,
        va="center",
        size=8,
        annotation_clip=False,
    )


@exhibit(
    kind="figure",
    name="coefficients",
    title="Average marginal effects by claim, sample and estimator",
    caption="Average marginal effect of each treatment on the risk of onset, by sample and estimator, with "
    "{{ covariances.headline.long }} {{ method.interval }} intervals. The grey band is the smallest effect of "
    "interest, {{ method.smallest_effect }} of base risk.{% if samples | length > 1 %} Samples have scales of their "
    "own.{% endif %} An arrow marks an interval that runs beyond the panel, and a number at the edge an estimate that "
    "lies there.",
    alt="Estimates with intervals around a line at zero{% if samples | length > 1 %}, one panel per sample{% endif %}. "
    "Among {{ headline.name }}:{% for c in claims %} {{ c.label }}, "
    "{{ c.preferred.effect if c.preferred.estimated else 'not estimable' }}{{ ';' if not loop.last else '.' }}"
    "{% endfor %} Units are onsets per {{ method.per }} dyad-years.",
    needs=("estimates", "failures"),
    place="results",
    order=2,
)
def coefficients_of(evidence: Evidence) -> Figure:
    """Average marginal effects of the study's models."""
    return coefficients(cells(evidence), {c.id: c.label for c in evidence.claims}, simulated=evidence.simulated)


@exhibit(
    kind="figure",
    name="timeline",
    title="Dispute onsets by year",
    caption="Dispute onsets {{ 'in each sample' if samples | length > 1 else 'among ' ~ headline.name }}"
    "{% if study.exercises %} and joint military exercises{% endif %}, by year."
    "{% if study.exercises %} An exercise counts once per year, whatever the number of its participants, if at least "
    "two of them are known states; one that runs over New Year counts in both years.{% endif %}",
    alt="{% if study.exercises %}Two panels over the same years. Above, lines{% else %}Lines{% endif %} with the "
    "yearly number of dispute onsets {{ 'in each sample' if samples | length > 1 else 'among ' ~ headline.name }}."
    "{% if study.exercises %} Below, bars with the yearly number of joint military exercises, "
    "{{ timeline.exercises_first }} in {{ timeline.first_year }} and {{ timeline.exercises_last }} in "
    "{{ timeline.last_year }}.{% endif %}",
    needs=("timeline",),
    place="outcome",
)
def timeline_of(evidence: Evidence) -> Figure:
    """Onsets and joint exercises of the study by year."""
    return timeline(evidence.frame("timeline"), evidence.samples, simulated=evidence.simulated)
