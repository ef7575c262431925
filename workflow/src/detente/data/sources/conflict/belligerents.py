"""COW Inter-State War 4.0 (Sarkees and Wayman 2010): which states are at war in a year, whoever the enemy.

One row per participant of a war, with up to two spells. The traps: −8 is "not applicable"; a state may fight one war on
both sides, in different rows; the initiator is the side's that began the war, in whatever year a member joined.
"""

import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, event
from detente.data.sources.steps import STATE_YEAR, highest, yearly

SLUG, FILE = "cow-war-states", "Inter-StateWarData_v4.0.csv"
SPELLS = (("StartYear1", "EndYear1"), ("StartYear2", "EndYear2"))
NOT_APPLICABLE = -8
INITIATED = 1


def clean(raw: Frames) -> Tidy:
    """One row per state-year with a day of interstate war; a war is entered in the first year of the state's in it."""
    table = raw[FILE]
    entered = table.groupby(["WarNum", "ccode"])["StartYear1"].transform("min")
    states = table[["ccode"]].assign(entered=entered, began=table["Initiator"] == INITIATED)
    spells = pd.concat([states.assign(start=table[start], end=table[end]) for start, end in SPELLS], ignore_index=True)
    fought = spells[spells["start"] != NOT_APPLICABLE]
    rows = yearly(fought, fought["start"], fought["end"])
    first = rows["year"] == rows["entered"]
    flags = rows[STATE_YEAR].assign(at_war=1, war_entered=first, war_initiated=first & rows["began"])
    frame = highest(flags, STATE_YEAR)
    reason = "wars and spells of one state-year are one row"
    return Tidy(frame, attrition(SLUG, [("merged", reason, "all state-years", len(flags) - len(frame))]))


_CODES = {"Initiator": frozenset({1, 2})}
RAW = (RawTable(FILE, ("WarNum", "ccode", *(name for spell in SPELLS for name in spell), "Initiator"), _CODES),)
VARIABLES = (
    event("at_war", "At war with any state (COW wars)", role="control"),
    event("war_entered", "Enters a war with any state (COW wars)"),
    event("war_initiated", "Enters a war on the side that began it, in person (COW wars)"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1816, 2007))
