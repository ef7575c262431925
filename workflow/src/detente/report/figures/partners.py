"""Who exercises with whom: a heatmap of the most active states, partners beside partners."""

import numpy as np
import pandas as pd
import scipy

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw

MOST = 25
"""How many states the heatmap shows."""


@exhibit(
    kind="figure", name="partners", place="exercises", needs=("partners",), applies=lambda study: study.exercises,
    caption="Years with a joint exercise between the most active states, partners beside partners. Grey: never. States "
    "are ordered by clustering on the partners that they share.",
    alt="A symmetric heatmap of states by states. Dark cells, many years with a joint exercise, form blocks of states "
    "that train together.{% if partners.pair %} No pair has more than {{ partners.years }} years, which "
    "{{ partners.pair }} have.{% endif %}",
)  # fmt: skip
@draw.styled
def partners(evidence: Evidence) -> draw.Figure:
    """Years with a joint exercise, for the 25 states with most dyad-years of exercising."""
    # Loaded here: it costs a second that no other figure needs.
    import seaborn as sns

    counts = ordered(matrix(evidence.frame("partners"), MOST))
    figure = draw.canvas(5.7, simulated=evidence.simulated)
    axis = figure.subplots()
    sns.heatmap(
        counts, ax=axis, mask=counts.to_numpy() == 0, cmap="mako_r", vmin=1, vmax=max(2, int(counts.to_numpy().max())),
        square=True, linewidths=0.4, linecolor="white",
        cbar_kws={"label": "years with a joint exercise", "shrink": 0.6, "pad": 0.02},
    )  # fmt: skip
    axis.set_facecolor("#f2f2f2")
    axis.set(xlabel="", ylabel="")
    axis.tick_params(axis="both", length=0, labelsize=7.5)
    axis.set_xticks(np.arange(len(counts)) + 0.5, list(counts.columns), rotation=90)
    axis.set_yticks(np.arange(len(counts)) + 0.5, list(counts.index), rotation=0)
    return figure


def matrix(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the symmetric state × state matrix of exercise years for the `most` active states."""
    one, other = {"ccode1": "state", "ccode2": "partner"}, {"ccode2": "state", "ccode1": "partner"}
    both = pd.concat([frame.rename(columns=one | {"name_1": "name"}), frame.rename(columns=other | {"name_2": "name"})])
    totals = both.groupby("state")["exercise_years"].sum().sort_values(ascending=False, kind="stable")
    chosen = sorted(int(state) for state in totals.index[:most])
    wide = both.pivot_table(index="state", columns="partner", values="exercise_years", aggfunc="sum")
    square = wide.reindex(index=chosen, columns=chosen).fillna(0).astype("int64")
    names = both.drop_duplicates("state", keep="last").set_index("state")["name"]
    shown = [str(names[state]) for state in chosen]
    return pd.DataFrame(square.to_numpy(), index=shown, columns=shown)


def ordered(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the matrix with states beside those that share their partners (average linkage)."""
    if len(counts) < 3:
        return counts
    # One minus the correlation of two states' partners; each state is its own closest partner.
    values = counts.to_numpy(dtype="float64").copy()
    np.fill_diagonal(values, np.maximum(values.max(axis=1), 1.0))
    distance = np.round(1 - np.nan_to_num(np.corrcoef(np.sqrt(values))), 10)
    np.fill_diagonal(distance, 0.0)
    near = scipy.spatial.distance.squareform(np.clip((distance + distance.T) / 2, 0.0, None))
    leaves = scipy.cluster.hierarchy.leaves_list(
        scipy.cluster.hierarchy.linkage(near, "average", optimal_ordering=True)
    )
    shown: pd.DataFrame = counts.iloc[leaves, leaves]
    return shown
