"""Onsets and joint exercises by year."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures.canvas import BLUE, GREEN, GREY, VERMILION, canvas, most_ticks, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
