"""Militarized Interstate Events 1.0: who did what to whom, 1816–2014, as dyad-years and as first moves.

`ccode1` acts on `ccode2`, whichever side it is on. The two of a confrontation's first event are its originators. An
event over New Year counts in each of its years: 3,868 dyad-years, 3,738 by the year of its start. A confrontation
(`micnum`) is new for a dyad in the year of its first event between the two. Only days are ever unknown (−9), no months.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log, undirected
from detente.data.sources.outcomes import DAY_OR_UNKNOWN, HOSTILITY, Coding
from detente.data.sources.rawtable import MONTH, STATE, YEAR, RawTable, count, whole
from detente.data.sources.steps import yearly

FILE = "events.zip"
DYAD = ["dispute", "ccode1", "ccode2"]
NAMES = {
    "micnum": "dispute",
    "eventnum": "event",
    "ccode1": "actor",
    "ccode2": "target",
    "styear": "first",
    "endyear": "last",
    "hostlev": "hostility",
}


def records(raw: Frames, log: Log) -> pd.DataFrame:
    """One row per confrontation, dyad and year with an event; `side_a` acted first between the two."""
    table = raw[FILE].sort_values(["micnum", "eventnum"])
    days = {"start": _day(table, "st", 1), "end": _day(table, "end", 31)}
    fatality = table[["fatalmin1", "fatalmin2"]].sum(axis=1)
    events = table[list(NAMES)].rename(columns=NAMES).assign(**days, fatality=fatality)
    events = events.join(undirected(events[["actor", "target"]], "actor", "target"))
    opening = events.sort_values(["dispute", "start", "event"]).drop_duplicates(DYAD).set_index(DYAD)
    grouped = events.groupby(DYAD)
    dyads = opening[["actor", "target", "start"]].assign(
        hostility=grouped["hostility"].max(),
        fatality=grouped["fatality"].sum(),
        shortest_duration=grouped["end"].max() - opening["start"],
        since=grouped["first"].min(),
    )
    number = grouped["event"].min()
    dyads["originators"] = (number == number.groupby("dispute").transform("min")).astype("int64")
    # Every year that an event of the two touches.
    years = yearly(events[DYAD], events["first"], events["last"]).drop_duplicates(ignore_index=True)
    frame = years.join(dyads, on=DYAD).rename(columns={"actor": "side_a", "target": "side_b"})
    log.merge(events, frame, "events of a confrontation, dyad and year are one row")
    new = (frame["year"] == frame["since"]).astype("int64")
    return frame.assign(onset=new, longest_duration=frame["shortest_duration"]).drop(
        columns=["ccode1", "ccode2", "since"]
    )


def _day(table: pd.DataFrame, side: str, unknown: int) -> pd.Series:
    """Days since year 0 in months of 31 days, to rank by; an unknown day (−9) is `unknown`."""
    day = table[f"{side}day"].where(table[f"{side}day"] > 0, unknown)
    return table[f"{side}year"] * 372 + table[f"{side}mon"] * 31 + day


_COLUMNS = {
    **dict.fromkeys(("micnum", "eventnum"), whole(1, 99_999)),
    **dict.fromkeys(("ccode1", "ccode2"), STATE),
    **dict.fromkeys(("styear", "endyear"), YEAR),
    "hostlev": HOSTILITY,
    **dict.fromkeys(("stday", "endday"), DAY_OR_UNKNOWN),
    **dict.fromkeys(("stmon", "endmon"), MONTH),
    **dict.fromkeys(("fatalmin1", "fatalmin2"), count(10_000_000)),
}
RAW = RawTable(FILE, _COLUMNS, ("micnum", "eventnum"), member="mie-1.0.csv")
CODING = Coding("mie", "MIE 1.0", (RAW,), records, (1816, 2014), pair=False)
SOURCE, INITIATIONS = CODING.dyad_years("mie-1.0", "mie"), CODING.initiations("mie-1.0-initiation")
