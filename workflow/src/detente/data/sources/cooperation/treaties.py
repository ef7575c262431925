"""ATOP 4.01 by member: who owes whom what under which alliance treaty, 1815–2016.

Leeds, Ritter, Mitchell and Long code one row per member and phase of a treaty, to the day. The trap that costs
most: an exit year of 0 means in force at the end of 2016, not never. Phases 2 and 3 of a treaty may run side by
side where a partner split into two states: members pair inside a phase, never across. What a member owes is not said by
partner, so that dyads have no direction.
"""

import numpy as np
import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, event
from detente.data.sources.rawtable import DAY, FLAG, MONTH, YEAR, RawTable, whole
from detente.data.sources.statecodes import FIRST_TERRITORY
from detente.data.sources.steps import DYAD_YEAR, whole_date, yearly

SLUG = "atop-4.01"
MEMBERS = "atop-member-level.csv"
ALLIANCES = "atop-alliance-level.csv"
OBLIGATIONS = {
    "defense": ("treaty_defence", "defence"),
    "offense": ("treaty_offence", "offence"),
    "neutral": ("treaty_neutrality", "neutrality"),
    "nonagg": ("treaty_nonaggression", "non-aggression"),
    "consul": ("treaty_consultation", "consultation"),
}
PHASE = ["atopid", "phase"]
YEARS = (1815, 2016)
END = YEARS[1] * 10000 + 1231


def clean(raw: Frames) -> Tidy:
    """One row per pair of members and year in which a treaty phase binds both on at least one day."""
    table, alliances = raw[MEMBERS], raw[ALLIANCES]
    states = table.loc[table["member"] < FIRST_TERRITORY, ["member", *_DATES, *PHASE, *OBLIGATIONS]]
    # An unknown day is the month's first, or last; an exit year of 0 is the end of coverage.
    start = whole_date(states, _DATES[:3], 1)
    end = whole_date(states.assign(moexit=states["moexit"].replace(0, 12)), _DATES[3:], 31)
    end = end.where(states["yrexit"] > 0, END)
    members = states.assign(start=start.astype("int64"), end=end.astype("int64"))
    years = _years(_pairs(members, alliances))
    flags = [v.name for v in VARIABLES if v.unit == "0/1"]
    pairs_of_year = years.groupby(DYAD_YEAR)
    frame = pairs_of_year[flags].max().assign(treaties=pairs_of_year["atopid"].nunique()).astype("int64")
    log = _log(table, alliances)
    most = "several treaties or phases in one dyad-year are one row, with the most of each obligation"
    log.merge(years, frame, most, "all dyad-years")
    return log.tidy(frame.reset_index())


def _pairs(members: pd.DataFrame, alliances: pd.DataFrame) -> pd.DataFrame:
    """Pairs of members of one phase, with the days on which both are bound and the most that either owes."""
    kept = members[[*PHASE, "member", "start", "end", *OBLIGATIONS]]
    both = kept.merge(kept, on=PHASE, suffixes=("", "_b"))
    both = both[both["member"] < both["member_b"]]
    start, end = both[["start", "start_b"]].max(axis=1), both[["end", "end_b"]].min(axis=1)
    both = both.assign(start=start, end=end)[start <= end]
    owed = {name: both[[raw, f"{raw}_b"]].max(axis=1) for raw, (name, _) in OBLIGATIONS.items()}
    unequal = np.column_stack([both[raw] != both[f"{raw}_b"] for raw in OBLIGATIONS]).any(axis=1)
    facts = alliances.set_index("atopid")
    bilateral = both["atopid"].map(facts["bilat"])
    return both[["atopid", "start", "end"]].assign(
        ccode1=both["member"],
        ccode2=both["member_b"],
        treaty=1,
        treaty_asymmetric=unequal.astype("int64"),
        treaty_bilateral=bilateral,
        treaty_multilateral=1 - bilateral,
        began=both["atopid"].map(facts["begyr"]),
        **owed,
    )


def _years(pairs: pd.DataFrame) -> pd.DataFrame:
    """Repeat each pair in its years; flag the years in which a treaty is formed, starts and ends to bind the pair."""
    spell = pairs.groupby(["atopid", "ccode1", "ccode2"])
    leave = spell["end"].transform("max")
    dated = pairs.assign(entry=spell["start"].transform("min") // 10000, left=(leave // 10000).mask(leave == END, 0))
    rows = yearly(dated, pairs["start"] // 10000, pairs["end"] // 10000).reset_index(drop=True)
    return rows.assign(
        treaty_formed=(rows["began"] == rows["year"]).astype("int64"),
        treaty_entered=(rows["entry"] == rows["year"]).astype("int64"),
        treaty_exited=(rows["left"] == rows["year"]).astype("int64"),
    )


def _log(table: pd.DataFrame, alliances: pd.DataFrame) -> Log:
    """The attrition log of members."""
    log, territory = Log(SLUG, "all members"), table["member"] >= FIRST_TERRITORY
    named = (table["atopid"].astype("str") + ": " + table["member"].astype("str"))[territory]
    log.singly("dropped", "member is no state of the state system's list", named)
    log.add("recoded", f"exit year 0: in force at the end of {YEARS[1]}", table["yrexit"] == 0)
    log.add("recoded", "day of entry unknown: the month's first", table["dayent"].isna())
    log.add("recoded", "day of exit unknown: the month's last", table["dayexit"].isna())
    outside = "not in the state system by ATOP's own flag: whether the dyad exists is the panel's to say"
    log.add("kept", outside, (table["cowsys"] == 0) & ~territory)
    bilateral = table["atopid"].map(alliances.set_index("atopid")["bilat"])
    differ = "member's row and alliance's differ on bilateral: the alliance's counts"
    log.add("recoded", differ, table["bilat"] != bilateral)
    return log


_DATES = ("yrent", "moent", "dayent", "yrexit", "moexit", "dayexit")
_ENTRY = (YEAR, MONTH, DAY.optional())
_EXIT = (whole(*YEARS, 0), whole(1, 12, 0), whole(1, 31, 0).optional())
_COLUMNS = {
    "atopid": whole(1),
    "member": whole(2, 9999),
    **dict(zip(_DATES, (*_ENTRY, *_EXIT), strict=True)),
    "phase": whole(0, 99),
    **dict.fromkeys(("cowsys", "bilat", *OBLIGATIONS), FLAG),
}
RAW = (
    RawTable(MEMBERS, _COLUMNS, (*PHASE, "member", *_DATES[:3])),
    RawTable(ALLIANCES, {"atopid": _COLUMNS["atopid"], "begyr": YEAR, "bilat": FLAG}, ("atopid",)),
)
VARIABLES = (
    event("treaty", "Alliance treaty in force (ATOP 4.01)"),
    *(
        event(name, f"Treaty with an obligation of {word}, of either state (ATOP 4.01)")
        for name, word in OBLIGATIONS.values()
    ),
    event("treaty_asymmetric", "Treaty under which the two owe different things"),
    event("treaty_bilateral", "Bilateral alliance treaty"),
    event("treaty_multilateral", "Multilateral alliance treaty"),
    event("treaty_formed", "Treaty signed this year"),
    event("treaty_entered", "A treaty starts to bind both this year"),
    event("treaty_exited", "A treaty ceases to bind both this year"),
    event("treaties", "Alliance treaties in force", "treaties"),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, YEARS)
