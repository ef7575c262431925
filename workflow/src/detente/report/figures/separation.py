"""Separation plots: whether onsets stand where predicted risk is high (Greenhill, Ward and Sacks 2011)."""

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw
from detente.report.formats import count, decimal, percent
from detente.report.tables.prediction import models_of
from detente.study.robustness import ROLLING


@exhibit(
    kind="figure", name="separation", page="robustness", place="prediction", order=2, needs=("separation",),
    title="Each year predicted from all before it",
    alt="Strips with lines for onsets that crowd to the right where a model predicts well.",
)  # fmt: skip
@draw.styled
def separation(evidence: Evidence) -> draw.Figure:
    """Each year predicted from all before it: dyad-years by predicted risk, a line where there was an onset."""
    frame, models = evidence.frame("separation"), models_of(evidence)
    mine = frame[frame["scheme"] == ROLLING]
    shown = [m for m in models if (mine["model"] == m).any()]
    if not shown:
        return draw.canvas(1.0, simulated=evidence.simulated)
    figure = draw.canvas(0.75 + 0.84 * len(shown), simulated=evidence.simulated)
    axes = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    top = float(mine["risk"].max())
    for axis, model in zip(axes, shown, strict=True):
        _strip(axis, mine[mine["model"] == model].sort_values("rank"), models[model], top)
    axes[-1].set_xlabel("Dyad-years from the lowest predicted risk to the highest")
    draw.ticks(axes[-1].xaxis, percent, [0, 0.25, 0.5, 0.75, 1])
    return figure


def _strip(axis: draw.Axes, rows: pd.DataFrame, label: str, top: float) -> None:
    import seaborn as sns

    onsets = rows[rows["outcome"] == 1]
    axis.axvspan(0, 1, color=draw.BAND, linewidth=0, zorder=0)
    sns.rugplot(
        x=onsets["rank"].to_numpy(), height=1, ax=axis, color=draw.VERMILION, linewidth=0.35, alpha=0.6, zorder=1
    )
    draw.line(axis, rows["rank"], rows["risk"] / top, color="black", linewidth=1.0, zorder=2)
    highest = float((onsets["rank"] >= 0.9).mean())
    said = f"{percent(highest)} of {count(len(onsets))} onsets in the tenth of highest risk"
    axis.set_title(label)
    axis.set_title(said, loc="right", size=7.5, weight="normal")
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    axis.set_yticks([0, 1], ["0", decimal(top, 2)], size=7)
    axis.spines[["left", "bottom"]].set_visible(False)
    axis.tick_params(length=0)
    axis.set_ylabel("risk", size=7.5)
