"""COW State System Membership: who is a state, who is a major power, and when, to the day."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition

SLUG = "cow-state-system"
# First code of each region in COW's numbering of states.
REGIONS: Mapping[int, str] = {
    0: "Americas",
    200: "Europe",
    400: "Sub-Saharan Africa",
    600: "Middle East and North Africa",
    700: "Asia and Oceania",
}
_SPELL = ("styear", "stmonth", "stday", "endyear", "endmonth", "endday")


def region(states: npt.NDArray[np.int64]) -> npt.NDArray[np.str_]:
    """Name of the region (N,) of each state's code."""
    names = np.array(list(REGIONS.values()))
    return names[np.searchsorted(list(REGIONS), states, side="right") - 1]


def clean(raw: Frames) -> Tidy:
    """One row per spell: `ccode`, `name`, `status` (member or major), `start` and `end` as yyyymmdd."""
    members, majors = raw["states2016.csv"], raw["majors2016.csv"]
    names = members.drop_duplicates("ccode", keep="last").set_index("ccode")["statenme"]
    frame = pd.concat(
        [
            _spells(members, "member").assign(name=members["statenme"]),
            _spells(majors, "major").assign(name=majors["ccode"].map(names)),
        ],
        ignore_index=True,
    )
    ordered = frame.sort_values(["status", "ccode", "start"], ignore_index=True)
    return Tidy(ordered[["ccode", "name", "status", "start", "end"]], attrition(SLUG))


def _spells(raw: pd.DataFrame, status: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ccode": raw["ccode"].astype("int64"),
            "status": status,
            "start": _day(raw["styear"], raw["stmonth"], raw["stday"]),
            "end": _day(raw["endyear"], raw["endmonth"], raw["endday"]),
        }
    )


def _day(year: pd.Series, month: pd.Series, day: pd.Series) -> pd.Series:
    return (year * 10000 + month * 100 + day).astype("int64")


SOURCE = Source(
    slug=SLUG,
    alias="states",
    key="spell",
    raw=(
        RawTable("states2016.csv", ("stateabb", "ccode", "statenme", *_SPELL)),
        RawTable("majors2016.csv", ("stateabb", "ccode", *_SPELL)),
    ),
    variables=(),
    clean=clean,
    years=(1816, 2016),
)
