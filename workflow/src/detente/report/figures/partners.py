"""Who exercises with whom: a heatmap of the most active states, partners beside partners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures.canvas import canvas, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 25
"""How many states the heatmap shows."""


@styled
def partners(frame: pd.DataFrame, *, simulated: bool) -> Figure:
    """Years with a joint exercise, for the 25 states with most dyad-years of exercising.

    Parameters
    ----------
    frame
        One row per dyad that ever exercised: `ccode1`, `ccode2`, `name_1`, `name_2`, `exercise_years`.
    """
    # Loaded here: it costs a second that no other figure needs.
    import seaborn as sns

    counts = ordered(matrix(frame, MOST))
    hidden = counts.to_numpy() == 0
    figure = canvas(5.7, simulated=simulated)
    axis = figure.subplots()
    sns.heatmap(
        counts,
        ax=axis,
        mask=hidden,
        cmap="mako_r",
        vmin=1,
        vmax=max(2, int(counts.to_numpy().max())),
        square=True,
        linewidths=0.4,
        linecolor="white",
        cbar_kws={"label": "years with a joint exercise", "shrink": 0.6, "pad": 0.02},
    )
    axis.set_facecolor("#f2f2f2")
    axis.set(xlabel="", ylabel="")
    axis.tick_params(axis="both", length=0, labelsize=7.5)
    axis.set_xticks(np.arange(len(counts)) + 0.5, list(counts.columns), rotation=90)
    axis.set_yticks(np.arange(len(counts)) + 0.5, list(counts.index), rotation=0)
    return figure


def matrix(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the symmetric state × state matrix of exercise years for the `most` active states."""
    names = {
        **dict(zip(frame["ccode1"], frame["name_1"], strict=True)),
        **dict(zip(frame["ccode2"], frame["name_2"], strict=True)),
    }
    long = pd.concat(
        [
            frame[["ccode1", "ccode2", "exercise_years"]],
            frame.rename(columns={"ccode1": "ccode2", "ccode2": "ccode1"})[["ccode1", "ccode2", "exercise_years"]],
        ]
    )
    totals = long.groupby("ccode1")["exercise_years"].sum().sort_values(ascending=False, kind="stable")
    chosen = sorted(int(state) for state in totals.index[:most])
    wide = long.pivot_table(index="ccode1", columns="ccode2", values="exercise_years", aggfunc="sum")
    square = wide.reindex(index=chosen, columns=chosen).fillna(0).astype("int64")
    shown = [str(names[state]) for state in chosen]
    return pd.DataFrame(square.to_numpy(), index=shown, columns=shown)


def ordered(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the matrix with states beside those that share their partners (average linkage)."""
    if len(counts) < 3:
        return counts
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    leaves = leaves_list(linkage(squareform(_distance(counts)), "average", optimal_ordering=True))
    shown: pd.DataFrame = counts.iloc[leaves, leaves]
    return shown


def _distance(counts: pd.DataFrame) -> npt.NDArray[np.float64]:
    """One minus the correlation of two states' partners; each state is its own closest partner."""
    values: npt.NDArray[np.float64] = counts.to_numpy(dtype="float64").copy()
    np.fill_diagonal(values, np.maximum(values.max(axis=1), 1.0))
    correlation: Any = np.corrcoef(np.sqrt(values))
    distance: npt.NDArray[np.float64] = np.round(1 - np.nan_to_num(correlation), 10)
    np.fill_diagonal(distance, 0.0)
    return np.clip((distance + distance.T) / 2, 0.0, None)


@exhibit(
    kind="figure",
    name="partners",
    caption="Years with a joint exercise between the most active states, partners beside partners. Grey: never. States "
    "are ordered by clustering on the partners that they share.",
    alt="A symmetric heatmap of states by states. Dark cells, many years with a joint exercise, form blocks of states "
    "that train together.{% if partners.pair %} No pair has more than {{ partners.years }} years, which "
    "{{ partners.pair }} have.{% endif %}",
    needs=("partners",),
    applies=lambda study: study.exercises,
    place="exercises",
)
def partners_of(evidence: Evidence) -> Figure:
    """Who exercises with whom."""
    return partners(evidence.frame("partners"), simulated=evidence.simulated)
