"""Who took part with whom: every two states of one exercise, and who took part and who did not, year by year."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.errors import PanelError
from detente.base.types import Flags
from detente.data.panel.spine import Spine, build_spine


def pairs(participants: pd.DataFrame) -> pd.DataFrame:
    """Every two states `ccode1` < `ccode2` of an exercise in a year, with all else that is known of the exercise.

    `participants`: one row per exercise, year and state, in any order; the rows returned are in the order of exercise,
    year, a, b.
    """
    rows = participants.sort_values(["exercise", "year", "ccode"], ignore_index=True)
    event = rows[["exercise", "year"]].to_numpy()
    starts = np.flatnonzero(np.r_[True, (event[1:] != event[:-1]).any(axis=1)]) if len(rows) else np.empty(0, int)
    sizes = np.diff(np.r_[starts, len(rows)])
    later = np.repeat(starts + sizes, sizes) - np.arange(len(rows)) - 1
    one = np.repeat(np.arange(len(rows)), later)
    other = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(later) - later, later)
    both = rows.iloc[one].rename(columns={"ccode": "ccode1"}).reset_index(drop=True)
    return both.assign(ccode2=rows["ccode"].to_numpy()[other])


def coexisting(rows: pd.DataFrame, spells: pd.DataFrame) -> Flags:
    """Whether `ccode1` < `ccode2` are members of the system on a common day of `year`, row by row."""
    if rows.empty:
        return np.zeros(0, dtype=bool)
    spine = system(spells, rows["year"])
    one, two = (spine.places(rows[side]) for side in ("ccode1", "ccode2"))
    year = rows["year"].to_numpy(dtype=np.int64) - spine.first
    return np.asarray((one >= 0) & (two >= 0) & spine.together[one, two, year])


def system(spells: pd.DataFrame, years: pd.Series) -> Spine:
    """Who exists with whom in the years from the first to the last of `years`."""
    members = spells[spells["status"] == "member"]
    return build_spine(members, int(years.min()), int(years.max()))


@dataclass(frozen=True)
class Year:
    """Exercises of one `year`: who `took_part` (E × n), in `exercises` (E rows), and who exists with whom (n × n).

    The second axis is that of `states`, codes of the members of that year, sorted.
    """

    year: int
    states: npt.NDArray[np.int64]
    exercises: pd.DataFrame
    took_part: Flags
    together: Flags

    @property
    def jointly(self) -> npt.NDArray[np.int64]:
        """In how many exercises both took part, (n × n); on the diagonal, in how many one did."""
        # Whole numbers of this size are exact in single precision, whose product is far quicker than theirs.
        counted = self.took_part.astype(np.float32)
        return np.asarray(np.rint(counted.T @ counted), dtype=np.int64)


def years(participants: pd.DataFrame, spells: pd.DataFrame) -> Iterator[Year]:
    """One `Year` for each year with exercises; a participant that is no member that year does not count.

    Raises PanelError if a participant is no state of the system at all.
    """
    if participants.empty:
        return
    spine = system(spells, participants["year"])
    rows = participants.assign(place=spine.places(participants["ccode"]))
    if len(strange := rows.loc[rows["place"] < 0, "ccode"].unique()):
        raise PanelError(f"exercises: no state of the system has the code {strange[0]}")
    for year in np.unique(rows["year"]):
        t = int(year) - spine.first
        alive = np.flatnonzero(spine.present[:, t])
        part = rows[(rows["year"] == year) & rows["place"].isin(alive)]
        exercises = part.drop_duplicates("exercise").sort_values("exercise", ignore_index=True)
        took_part = np.zeros((len(exercises), len(alive)), dtype=bool)
        took_part[np.searchsorted(exercises["exercise"], part["exercise"]), np.searchsorted(alive, part["place"])] = (
            True
        )
        exists = spine.together[:, :, t][np.ix_(alive, alive)]
        yield Year(int(year), spine.states[alive], exercises, took_part, exists | exists.T)
