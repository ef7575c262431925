"""COW State System Membership: who is a state, who is a major power, and when, to the day."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.data.sources.base import Frames, Log, RawTable, Source, Tidy

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
    both = [members.assign(status="member"), majors.assign(status="major", statenme=majors["ccode"].map(names))]
    spells = pd.concat(both, ignore_index=True).sort_values(["status", "ccode", *_SPELL[:3]], ignore_index=True)
    days = {
        end: (spells[year] * 10000 + spells[month] * 100 + spells[day]).astype("int64")
        for end, (year, month, day) in (("start", _SPELL[:3]), ("end", _SPELL[3:]))
    }
    frame = spells[["ccode", "statenme", "status"]].rename(columns={"statenme": "name"}).assign(**days)
    return Log(SLUG).tidy(frame.astype({"ccode": "int64"}))


RAW = (
    RawTable("states2016.csv", ("stateabb", "ccode", "statenme", *_SPELL)),
    RawTable("majors2016.csv", ("stateabb", "ccode", *_SPELL)),
)
SOURCE = Source(SLUG, "spell", RAW, (), clean, (1816, 2016), alias="states")
