"""COW State System Membership: who is a state, who is a major power, and when, to the day."""

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy
from detente.data.sources.rawtable import DAY, MONTH, STATE, RawTable, text, whole

SLUG = "cow-state-system"
_SPELL = ("styear", "stmonth", "stday", "endyear", "endmonth", "endday")


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


_MAJORS = {"stateabb": text(), "ccode": STATE, **dict(zip(_SPELL, (whole(1816, 2016), MONTH, DAY) * 2, strict=True))}
RAW = (
    RawTable("states2016.csv", {**_MAJORS, "statenme": text()}, ("ccode", *_SPELL[:2])),
    RawTable("majors2016.csv", _MAJORS, ("ccode", "styear")),
)
SOURCE = Source(SLUG, "spell", RAW, (), clean, (1816, 2016), alias="states")
