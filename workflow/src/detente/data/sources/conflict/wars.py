"""COW wars between states, 1816–2007: dyads at war (Maoz and others, 4.01), and states at war, whoever the enemy.

Each dyad stands in both orders, and five dyad-years have two wars; the first is of 1823. Some years of a war's end are
misprints (19180), and some months (24): only the year of the row and the year of the start are used, which agree.

States are the participants of Inter-State War 4.0 (Sarkees and Wayman 2010), with up to two spells. The traps: −8 is
"not applicable"; a state may fight one war on both sides, in different rows; the initiator is the side's that began the
war, in whatever year a member joined.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, event
from detente.data.sources.rawtable import STATE, YEAR, RawTable, one_of, whole
from detente.data.sources.steps import DYAD_YEAR, STATE_YEAR, highest, yearly

SLUG, FILE = "cow-war", "directed_dyadic_war.csv"
STATES_SLUG, STATES_FILE = "cow-war-states", "Inter-StateWarData_v4.0.csv"
SPELLS = (("StartYear1", "EndYear1"), ("StartYear2", "EndYear2"))
NOT_APPLICABLE = -8
INITIATED = 1


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year at war; a war is new for a dyad in the year in which the two entered it."""
    table, log = raw[FILE], Log(SLUG)
    halved = table[table["statea"] < table["stateb"]].rename(columns={"statea": "ccode1", "stateb": "ccode2"})
    log.merge(table, halved, "the two directions of a dyad-year are one row")
    frame = highest(halved[DYAD_YEAR].assign(ongoing_war=1, new_war=halved["year"] == halved["warstrtyr"]), DYAD_YEAR)
    twice = halved.loc[halved.duplicated(DYAD_YEAR), ["warnum", *DYAD_YEAR]].itertuples(index=False, name=None)
    second = (f"war {war}, {a}–{b}, {year}" for war, a, b, year in twice)
    log.singly("merged", "two wars in one dyad-year are one row", second)
    return log.tidy(frame)


def clean_states(raw: Frames) -> Tidy:
    """One row per state-year with a day of interstate war; a war is entered in the first year of the state's in it."""
    table, log = raw[STATES_FILE], Log(STATES_SLUG, "all state-years")
    entered = table.groupby(["WarNum", "ccode"])["StartYear1"].transform("min")
    states = table[["ccode"]].assign(entered=entered, began=table["Initiator"] == INITIATED)
    spells = pd.concat([states.assign(start=table[start], end=table[end]) for start, end in SPELLS], ignore_index=True)
    fought = spells[spells["start"] != NOT_APPLICABLE]
    rows = yearly(fought, fought["start"], fought["end"])
    first = rows["year"] == rows["entered"]
    flags = rows[STATE_YEAR].assign(at_war=1, war_entered=first, war_initiated=first & rows["began"])
    return log.tidy(log.highest(flags, STATE_YEAR, "wars and spells of one state-year are one row"))


_WAR = whole(1, 999)
_SIDES = {"warnum": _WAR, "statea": STATE, "stateb": STATE, "year": YEAR}
RAW = (RawTable(FILE, {**_SIDES, "warstrtyr": YEAR}, tuple(_SIDES)),)
VARIABLES = (
    event("ongoing_war", "At war with each other (COW wars)"),
    event("new_war", "New war with each other this year (COW wars)"),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1816, 2007), alias="war")
_COLUMNS = {
    "WarNum": _WAR,
    "ccode": STATE,
    **dict.fromkeys(SPELLS[0], YEAR),
    **dict.fromkeys(SPELLS[1], whole(1816, 2007, NOT_APPLICABLE)),
    "Initiator": one_of(INITIATED, 2),
}
STATES_RAW = (RawTable(STATES_FILE, _COLUMNS, ("WarNum", "ccode", "StartYear1")),)
STATES_VARIABLES = (
    event("at_war", "At war with any state (COW wars)", role="control"),
    event("war_entered", "Enters a war with any state (COW wars)"),
    event("war_initiated", "Enters a war on the side that began it, in person (COW wars)"),
)
STATES = Source(STATES_SLUG, "state-year", STATES_RAW, STATES_VARIABLES, clean_states, (1816, 2007))
