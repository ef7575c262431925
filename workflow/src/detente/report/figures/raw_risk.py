"""Raw risk with and without each treatment, sample by sample: the naive answer depends on who is compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from detente.report.evidence import Evidence, keyed
from detente.report.exhibit import exhibit
from detente.report.figures.canvas import BLUE, GREY, VERMILION, canvas, styled, ticks_at
from detente.report.formats import PER, multiple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_OFFSET = 0.16
Arms = Mapping[int, Mapping[str, Any]]


@styled
def raw_risk(frame: pd.DataFrame, claims: Mapping[str, str], labels: Mapping[str, str], *, simulated: bool) -> Figure:
    """Risk of onset by treatment and sample with Wilson intervals, a panel a claim, on a log scale.

    Parameters
    ----------
    frame
        `claim`, `sample`, `treated`, `risk`, `conf_low`, `conf_high` (probabilities), `ratio`.
    claims
        Claim id → label, in order of print.
    labels
        Sample → label.
    """
    samples = [s for s in labels if s in set(frame["sample"])]
    lines = (len(claims) + 1) // 2
    figure = canvas(0.55 + 1.85 * lines, simulated=simulated)
    axes = figure.subplots(lines, 2, sharex=True, sharey=True, squeeze=False).ravel()
    floor = _floor(frame)
    for axis, (claim, label) in zip(axes, claims.items(), strict=False):
        axis.set_title(label)
        _scale(axis, floor, PER * float(frame["conf_high"].max()), [labels[s] for s in samples])
        for x, sample in enumerate(samples):
            mine = _arms(frame, claim, sample)
            _pair(axis, mine, x, floor)
    for axis in axes[len(claims) :]:
        axis.set_visible(False)
    _key(axes[0], frame, next(iter(claims)), samples, floor)
    figure.supylabel(f"Onsets per {PER:,} dyad-years at risk (log scale)", size=9)
    return figure


def _arms(frame: pd.DataFrame, claim: str, sample: str) -> Arms:
    """Return the untreated (0) and the treated (1) row of one claim in one sample."""
    return keyed(frame[(frame["claim"] == claim) & (frame["sample"] == sample)], "treated")


def _floor(frame: pd.DataFrame) -> float:
    """Return the lowest risk the log scale shows; a risk of zero is drawn there."""
    positive = frame.loc[frame["conf_low"] > 0, "conf_low"]
    return PER * float(positive.min()) / 2 if len(positive) else 0.1


def _scale(axis: Any, floor: float, top: float, labels: list[str]) -> None:
    axis.set_yscale("log")
    axis.set_ylim(floor, 2.2 * top)
    ticks = [m * 10.0**k for k in range(-4, 4) for m in (1, 3)]
    ticks_at(axis.yaxis, [t for t in ticks if floor <= t <= 2.2 * top])
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.yaxis.set_minor_formatter("")
    axis.tick_params(axis="y", which="minor", length=0)
    axis.grid(axis="y")
    axis.set_axisbelow(True)
    axis.set_xlim(-0.75, len(labels) - 0.45)
    axis.set_xticks(range(len(labels)), [label.replace(" dyads", "").replace(" ", "\n") for label in labels])


def _pair(axis: Any, rows: Arms, x: float, floor: float) -> None:
    """Untreated on the left, treated on the right, the line coloured by which of them is riskier."""
    if set(rows) != {0, 1}:
        return
    share = float(rows[1]["ratio"])
    colour = VERMILION if share > 1 else BLUE
    points = []
    for treated, side in ((0, -_OFFSET), (1, _OFFSET)):
        risk, low, high = (PER * rows[treated][name] for name in ("risk", "conf_low", "conf_high"))
        points.append(max(risk, floor))
        axis.plot([x + side] * 2, [max(low, floor), max(high, floor)], color=GREY, linewidth=1, zorder=2)
        face = colour if treated else "white"
        axis.plot([x + side], [points[-1]], "o", color=colour, markerfacecolor=face, zorder=4, clip_on=False)
    axis.plot([x - _OFFSET, x + _OFFSET], points, color=colour, linewidth=1, zorder=3)
    top = PER * max(rows[0]["conf_high"], rows[1]["conf_high"])
    axis.annotate(
        multiple(share), (x, top), xytext=(0, 4), textcoords="offset points", ha="center", size=8, color=colour
    )


def _key(axis: Any, frame: pd.DataFrame, claim: str, samples: list[str], floor: float) -> None:
    """Say beside the first pair which point is which."""
    rows = _arms(frame, claim, samples[0])
    if set(rows) != {0, 1}:
        return
    for treated, side, word, align in ((0, -_OFFSET, "without", "right"), (1, _OFFSET, "with", "left")):
        height = max(PER * rows[treated]["risk"], floor)
        axis.annotate(
            word,
            (side, height),
            xytext=(5 if treated else -5, 0),
            textcoords="offset points",
            ha=align,
            va="center",
            size=7.5,
            color=GREY,
        )


@exhibit(
    kind="figure",
    name="raw_risk",
    title="Raw risk of onset with and without each treatment",
    caption="Raw risk of onset with and without each treatment in the year before, with {{ method.interval }} Wilson "
    "intervals. The treatment of the year before counts whether or not the dyad was in the sample then. The intervals "
    "take dyad-years for independent; a few dyads have many of the onsets, so that they are too short. The number is "
    "the ratio of the two risks; orange marks a higher risk with the treatment, blue a lower one. A risk of zero is "
    "drawn at the foot of the scale.",
    alt="A panel for each claim. {{ 'In each sample, the' if samples | length > 1 else 'The' }} risk of onset without "
    "the treatment and with it, on a log scale.{% for c in claims %} {{ c.label }}, ratio of risks:{% for r in c.raw "
    "%} {{ r.ratio }} among {{ r.sample_name }}{{ ',' if not loop.last else '.' }}{% endfor %}{% endfor %}",
    needs=("raw_risk",),
    place="results",
    order=1,
)
def raw_risk_of(evidence: Evidence) -> Figure:
    """Raw risks of the study's claims."""
    labels = {c.id: c.label for c in evidence.claims}
    return raw_risk(evidence.frame("raw_risk"), labels, evidence.samples, simulated=evidence.simulated)
