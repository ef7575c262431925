"""Onsets and joint exercises by year."""

import math

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw


@exhibit(
    kind="figure", name="timeline", place="outcome", needs=("timeline",), title="Dispute onsets by year",
    caption="Dispute onsets {{ 'in each sample' if samples | length > 1 else 'among ' ~ headline.name }}"
    "{% if study.exercises %} and joint military exercises{% endif %}, by year."
    "{% if study.exercises %} An exercise counts once per year, whatever the number of its participants, if at least "
    "two of them are known states; one that runs over New Year counts in both years.{% endif %}",
    alt="{% if study.exercises %}Two panels over the same years. Above, lines{% else %}Lines{% endif %} with the "
    "yearly number of dispute onsets {{ 'in each sample' if samples | length > 1 else 'among ' ~ headline.name }}."
    "{% if study.exercises %} Below, bars with the yearly number of joint military exercises, "
    "{{ timeline.exercises_first }} in {{ timeline.first_year }} and {{ timeline.exercises_last }} in "
    "{{ timeline.last_year }}.{% endif %}",
)  # fmt: skip
@draw.styled
def timeline(evidence: Evidence) -> draw.Figure:
    """Onsets and joint exercises a year: two panels over the same years, each with its own unit."""
    frame = evidence.frame("timeline")
    samples = [s for s in evidence.samples if s in set(frame["sample"])]
    trained = evidence.traits.exercises
    figure = draw.canvas(3.7 if trained else 2.1, simulated=evidence.simulated)
    panels = figure.subplots(2 if trained else 1, 1, sharex=True, squeeze=False)[:, 0]
    above, below = panels[0], panels[-1]
    lines = [frame[frame["sample"] == sample].sort_values("year") for sample in samples]
    ends = _apart([float(line["onsets"].tail(3).mean()) for line in lines], 0.11 * float(frame["onsets"].max()))
    for colour, sample, line, end in zip((draw.GREY, draw.BLUE, draw.VERMILION), samples, lines, ends, strict=False):
        draw.line(above, line["year"], line["onsets"], color=colour, clip_on=False)
        name = evidence.samples[sample] if len(samples) == 1 or sample == "all" else evidence.short(sample)
        at = (float(line["year"].iloc[-1]), end)
        draw.label(above, name, at, (6, 0), color=colour, size=8, annotation_clip=False)
    above.set_title("Dispute onsets")
    above.set_ylabel("onsets per year")
    if trained:
        exercises = frame.drop_duplicates("year").sort_values("year")
        draw.bars(below, exercises["year"], exercises["exercises"], orient="x", width=0.75, colour=draw.GREEN)
        below.set_title("Joint military exercises")
        below.set_ylabel("exercises per year")
    draw.ticks(below.xaxis, nbins=8, integer=True)
    for axis in panels:
        axis.set_ylim(bottom=0)
        draw.ticks(axis.yaxis, nbins=5, integer=True)
        axis.grid(axis="y")
        axis.set_axisbelow(True)
    return figure


def _apart(heights: list[float], gap: float) -> list[float]:
    """Push labels up until neighbours are `gap` apart, the lowest staying where it is."""
    moved: dict[int, float] = {}
    for i in sorted(range(len(heights)), key=lambda i: heights[i]):
        moved[i] = max(heights[i], max(moved.values(), default=-math.inf) + gap)
    return [moved[i] for i in range(len(heights))]
