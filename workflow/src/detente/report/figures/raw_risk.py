"""Raw risk with and without each treatment, sample by sample: the naive answer depends on who is compared."""

from collections.abc import Mapping
from typing import Any

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw
from detente.report.formats import PER, multiple
from detente.report.models import keyed

_OFFSET = 0.16
Arms = Mapping[int, Mapping[str, Any]]
"""The untreated (0) and the treated (1) row of one claim in one sample."""


@exhibit(
    kind="figure", name="raw_risk", place="results", order=1, needs=("raw_risk",),
    title="Raw risk of onset with and without each treatment",
    caption="Raw risk of onset with and without each treatment in the year before, with {{ method.interval }} Wilson "
    "intervals. The treatment of the year before counts whether or not the dyad was in the sample then. The intervals "
    "take dyad-years for independent; a few dyads have many of the onsets, so that they are too short. The number is "
    "the ratio of the two risks; orange marks a higher risk with the treatment, blue a lower one. A risk of zero is "
    "drawn at the foot of the scale.",
    alt="A panel for each claim. {{ 'In each sample, the' if samples | length > 1 else 'The' }} risk of onset without "
    "the treatment and with it, on a log scale.{% for c in claims %} {{ c.label }}, ratio of risks:{% for r in c.raw "
    "%} {{ r.ratio }} among {{ r.sample_name }}{{ ',' if not loop.last else '.' }}{% endfor %}{% endfor %}",
)  # fmt: skip
@draw.styled
def raw_risk(evidence: Evidence) -> draw.Figure:
    """Risk of onset by treatment and sample with Wilson intervals, a panel a claim, on a log scale."""
    frame, claims = evidence.frame("raw_risk"), evidence.claims
    samples = [s for s in evidence.samples if s in set(frame["sample"])]
    lines = (len(claims) + 1) // 2
    figure = draw.canvas(0.55 + 1.85 * lines, simulated=evidence.simulated)
    axes = figure.subplots(lines, 2, sharex=True, sharey=True, squeeze=False).ravel()
    # The lowest risk that the log scale shows; a risk of zero is drawn there.
    positive = frame.loc[frame["conf_low"] > 0, "conf_low"]
    floor = PER * float(positive.min()) / 2 if len(positive) else 0.1
    for axis, claim in zip(axes, claims, strict=False):
        axis.set_title(claim.label)
        _scale(axis, floor, PER * float(frame["conf_high"].max()), [evidence.short(s) for s in samples])
        mine = frame[frame["claim"] == claim.id]
        pairs: list[Arms] = [keyed(mine[mine["sample"] == sample], "treated") for sample in samples]
        for x, pair in enumerate(pairs):
            if set(pair) == {0, 1}:
                _pair(axis, pair, x, floor)
        if axis is axes[0] and set(pairs[0]) == {0, 1}:
            for treated, side, word, align in ((0, -1, "without", "right"), (1, 1, "with", "left")):
                at = (side * _OFFSET, max(PER * pairs[0][treated]["risk"], floor))
                draw.label(axis, word, at, (5 * side, 0), ha=align, color=draw.GREY)
    for axis in axes[len(claims) :]:
        axis.set_visible(False)
    figure.supylabel(evidence.said(f"Onsets per {PER:,} dyad-years at risk (log scale)"), size=9)
    return figure


def _scale(axis: draw.Axes, floor: float, top: float, labels: list[str]) -> None:
    axis.set_yscale("log")
    axis.set_ylim(floor, 2.2 * top)
    ticks = [m * 10.0**k for k in range(-4, 4) for m in (1, 3)]
    draw.ticks(axis.yaxis, "{:g}".format, [t for t in ticks if floor <= t <= 2.2 * top])
    axis.yaxis.set_minor_formatter("")
    axis.tick_params(axis="y", which="minor", length=0)
    axis.grid(axis="y")
    axis.set_axisbelow(True)
    axis.set_xlim(-0.75, len(labels) - 0.45)
    axis.set_xticks(range(len(labels)), [label.replace(" ", "\n") for label in labels])


def _pair(axis: draw.Axes, rows: Arms, x: float, floor: float) -> None:
    """Untreated on the left, treated on the right, the line coloured by which of them is riskier."""
    share = float(rows[1]["ratio"])
    colour = draw.VERMILION if share > 1 else draw.BLUE
    drawn = []
    for treated, side, face in ((0, -_OFFSET, "white"), (1, _OFFSET, colour)):
        low, risk, high = (max(PER * rows[treated][name], floor) for name in ("conf_low", "risk", "conf_high"))
        drawn.append(draw.Interval(low, risk, high, x + side, colour, face=face))
    draw.line(axis, [one.at for one in drawn], [one.middle for one in drawn], color=colour, linewidth=1, zorder=3)
    draw.intervals(axis, drawn, orient="x", width=1)
    top = PER * max(rows[0]["conf_high"], rows[1]["conf_high"])
    draw.label(axis, multiple(share), (x, top), (0, 4), ha="center", va="baseline", size=8, color=colour)
