"""Average marginal effects with their intervals, by claim, estimator and sample."""

import math

import numpy as np

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw
from detente.report.formats import PER, per_thousand, percent
from detente.report.labels import estimator_label
from detente.report.models import Cell, cells

_MARKERS = ("s", "o", "D", "^", "v", "P")
_COLOURS = (draw.VERMILION, draw.BLUE, draw.GREEN, draw.GREY)
# An interval is cut, with an arrow, where it reaches beyond this many times the typical one.
_WIDEST = 2.5


@exhibit(
    kind="figure", name="coefficients", place="results", order=2, needs=("estimates", "failures"),
    title="Average marginal effects by claim, sample and estimator",
    caption="Average marginal effect of each treatment on the risk of onset, by sample and estimator, with "
    "{{ covariances.headline.long }} {{ method.interval }} intervals. The grey band is the smallest effect of "
    "interest, {{ method.smallest_effect }} of base risk.{% if samples | length > 1 %} Samples have scales of their "
    "own.{% endif %} An arrow marks an interval that runs beyond the panel; its estimate "
    "and ends are written below it.",
    alt="Estimates with intervals around a line at zero{% if samples | length > 1 %}, one panel per sample{% endif %}. "
    "Among {{ headline.name }}:{% for c in claims %} {{ c.label }}, "
    "{{ c.preferred.effect if c.preferred.estimated else 'not estimable' }}{{ ';' if not loop.last else '.' }}"
    "{% endfor %} Units are onsets per {{ method.per }} dyad-years.",
)  # fmt: skip
@draw.styled
def coefficients(evidence: Evidence) -> draw.Figure:
    """A panel for each sample, a row for each claim × estimator."""
    models, estimators, samples = cells(evidence), list(evidence.study.estimators), evidence.study.samples
    rows = {
        (claim, estimator): i * (len(estimators) + 0.9) + j
        for i, claim in enumerate(evidence.study.claims)
        for j, estimator in enumerate(estimators)
    }
    figure = draw.canvas(0.9 + 0.27 * (max(rows.values()) + 1), simulated=evidence.simulated)
    axes = figure.subplots(1, len(samples), sharey=True, squeeze=False)[0]
    for axis, sample in zip(axes, samples, strict=True):
        mine = [m for m in models if m.sample == sample]
        limit = _limit([m for m in mine if m.estimated])
        axis.set_xlim(-1.08 * limit, 1.08 * limit)
        drawn = [
            _row(axis, model, rows[model.claim, model.estimator], estimators.index(model.estimator)) for model in mine
        ]
        draw.intervals(axis, filter(None, drawn))
        axis.axvline(0, color="black", linewidth=0.7, zorder=1)
        axis.set_title(mine[0].sample_label)
        axis.tick_params(axis="y", length=0, pad=7)
        draw.ticks(axis.xaxis, nbins=5, steps=[1, 2, 5, 10])
        axis.spines["left"].set_visible(False)
    axes[0].set_yticks(list(rows.values()), [estimator_label(e).short for _, e in rows])
    axes[0].set_ylim(max(rows.values()) + 0.8, -1.2)
    for claim in evidence.claims:
        top = min(y for (name, _), y in rows.items() if name == claim.id)
        draw.label_beside(axes[0], claim.label, 0, top - 0.85, -8, ha="right", weight="bold", size=9)
    axis = f"Change in onsets per {PER:,} dyad-years under the treatment, {percent(LEVEL)} interval"
    figure.supxlabel(evidence.said(axis), size=9)
    return figure


def _limit(models: list[Cell]) -> float:
    """The limit that shows typical intervals whole; only extraordinary ones are cut."""
    reach = [PER * max(abs(m.low), abs(m.high)) for m in models] or [1.0]
    smallest = [PER * m.smallest_effect for m in models if math.isfinite(m.smallest_effect)]
    return min(max(reach), max([_WIDEST * float(np.median(reach)), *smallest]))


def _row(axis: draw.Axes, model: Cell, y: float, order: int) -> draw.Interval | None:
    """The interval of a model; around it the smallest effect of interest, and the number of what lies off the scale."""
    if not model.estimated:
        axis.text(0, y, " not estimable", va="center", size=7.5, color=draw.GREY, style="italic")
        return None
    if math.isfinite(model.smallest_effect):
        draw.band(axis, PER * model.smallest_effect, y)
    colour, marker = _COLOURS[order % len(_COLOURS)], _MARKERS[order % len(_MARKERS)]
    right = axis.get_xlim()[1]
    if max(abs(PER * model.low), abs(PER * model.high)) > right:
        shown = f"{per_thousand(model.effect)} [{per_thousand(model.low)}, {per_thousand(model.high)}]"
        draw.label_beside(axis, shown, 0.5, y + 0.42, 0, ha="center", size=6.5, color=colour, bbox=draw.BOX, zorder=5)
    return draw.Interval(PER * model.low, PER * model.effect, PER * model.high, y, colour, marker)
