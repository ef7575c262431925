"""Who can fight whom, and when: one row a pair of states and year in which both exist on a common day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.errors import PanelError


def dyad_years(spells: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Undirected dyad-years `a` < `b`, `first` to `last` inclusive, sorted by key.

    Parameters
    ----------
    spells
        One row a spell of membership: `state`, `start`, `end` (whole numbers yyyymmdd).

    Raises
    ------
    PanelError
        If no two states coexist in the years asked for.
    """
    pairs = np.hstack([_pairs(spells, year) for year in range(first, last + 1)] or [np.empty((3, 0), dtype=np.int64)])
    if not pairs.size:
        raise PanelError(f"no two states of the system coexist between {first} and {last}")
    ordered = pairs[:, np.lexsort(pairs[::-1])]
    return pd.DataFrame(dict(zip(("a", "b", "year"), ordered, strict=True))).drop_duplicates(ignore_index=True)


def _pairs(spells: pd.DataFrame, year: int) -> npt.NDArray[np.int64]:
    """States a < b of the pairs that share a day of `year`, and the year, (3, pairs)."""
    start = np.maximum(spells["start"].to_numpy(), year * 10000 + 101)
    end = np.minimum(spells["end"].to_numpy(), year * 10000 + 1231)
    alive = np.flatnonzero(start <= end)
    state, start, end = spells["state"].to_numpy()[alive], start[alive], end[alive]
    overlap = np.maximum.outer(start, start) <= np.minimum.outer(end, end)
    i, j = np.nonzero(overlap & np.less.outer(state, state))
    return np.stack([state[i], state[j], np.full(len(i), year)])


def state_years(spells: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """State-years with a day of membership in a spell."""
    spans = (spells[["state", "start", "end"]] // [1, 10000, 10000]).to_numpy().tolist()
    rows = [(state, year) for state, start, end in spans for year in range(max(first, start), min(last, end) + 1)]
    frame = pd.DataFrame(rows, columns=["state", "year"], dtype="int64")
    return frame.drop_duplicates().sort_values(["state", "year"], ignore_index=True)
