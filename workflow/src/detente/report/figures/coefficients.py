"""Average marginal effects with their intervals, by claim, estimator and sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

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
