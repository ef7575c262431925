"""COW Inter-State War 4.0 (Sarkees and Wayman 2010): which states are at war in a year, whoever the enemy.

One row per participant of a war, with up to two spells. The traps: −8 is "not applicable"; a state may fight one war on
both sides, in different rows; the initiator is the side's that began the war, in whatever year a member joined.
"""

import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, event
from detente.data.sources.steps import yearly

SLUG = "cow-war-states"
FILE = "Inter-StateWarData_v4.0.csv"
SPELLS = (("StartYear1", "EndYear1"), ("StartYear2", "EndYear2"))
NOT_APPLICABLE = -8
INITIATED = 1


def clean(raw: Frames) -> Tidy:
    """One row per state-year with a day of interstate war; a war is entered in the first year of the state's in it."""
    table = raw[FILE]
    entered = table.groupby(["WarNum", "ccode"])["StartYear1"].transform("min")
    spells = pd.concat(
        [
            table[["ccode", "WarNum"]].assign(
                start=table[start], end=table[end], entered=entered, began=table["Initiator"] == INITIATED
            )
            for start, end in SPELLS
        ],
        ignore_index=True,
    )
    fought = spells[spells["start"] != NOT_APPLICABLE]
    rows = yearly(fought, fought["start"], fought["end"])
    first = rows["year"] == rows["entered"]
    flags = pd.DataFrame(
        {
            "ccode": rows["ccode"].astype("int64"),
            "year": rows["year"].astype("int64"),
            "at_war": 1,
            "war_entered": first.astype("int64"),
            "war_initiated": (first & rows["began"]).astype("int64"),
        }
    )
    frame = flags.groupby(["ccode", "year"]).max().reset_index()
    merged = ("merged", "wars and spells of one state-year are one row", "all state-years", len(flags) - len(frame))
    return Tidy(frame, attrition(SLUG, [merged] if merged[3] else []))


SOURCE = Source(
    slug=SLUG,
    key="state-year",
    raw=(
        RawTable(
            FILE,
            ("WarNum", "ccode", *(name for spell in SPELLS for name in spell), "Initiator"),
            codes={"Initiator": frozenset({1, 2})},
        ),
    ),
    variables=(
        event("at_war", "At war with any state (COW wars)", role="control"),
        event("war_entered", "Enters a war with any state (COW wars)"),
        event("war_initiated", "Enters a war on the side that began it, in person (COW wars)"),
    ),
    clean=clean,
    years=(1816, 2007),
)
