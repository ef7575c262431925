"""ATOP 4.01 by member: who owes whom what under which alliance treaty, 1815–2016.

What members' rows are, and their traps, is said in `members.py`. What a member owes is not said by partner, so that
dyads have no direction.
"""

import numpy as np
import pandas as pd

from detente.data.sources.base import Frames, Source, Tidy, event
from detente.data.sources.cooperation import members
from detente.data.sources.cooperation.members import PHASE
from detente.data.sources.rawtable import FLAG, YEAR, RawTable
from detente.data.sources.steps import DYAD_YEAR, yearly

SLUG = "atop-4.01"
MEMBERS = "atop-member-level.csv"
ALLIANCES = "atop-alliance-level.csv"
OBLIGATIONS = {name: f"treaty_{word.replace('-', '')}" for name, word in members.OBLIGATIONS.items()}
YEARS = (1815, 2016)
END = YEARS[1] * 10000 + 1231


def clean(raw: Frames) -> Tidy:
    """One row per pair of members and year in which a treaty phase binds both on at least one day."""
    table, alliances = raw[MEMBERS], raw[ALLIANCES]
    years = _years(_pairs(members.spells(table, YEARS[1]), alliances))
    flags = [v.name for v in VARIABLES if v.unit == "0/1"]
    pairs_of_year = years.groupby(DYAD_YEAR)
    frame = pairs_of_year[flags].max().assign(treaties=pairs_of_year["atopid"].nunique()).astype("int64")
    log = members.accounted(table, alliances, SLUG, YEARS[1])
    most = "several treaties or phases in one dyad-year are one row, with the most of each obligation"
    log.merge(years, frame, most, "all dyad-years")
    return log.tidy(frame.reset_index())


def _pairs(spells: pd.DataFrame, alliances: pd.DataFrame) -> pd.DataFrame:
    """Pairs of members of one phase, with the days on which both are bound and the most that either owes."""
    kept = spells[[*PHASE, "member", "start", "end", "bilat", *OBLIGATIONS]]
    both = kept.merge(kept, on=PHASE, suffixes=("", "_b"))
    both = both[both["member"] < both["member_b"]]
    start, end = both[["start", "start_b"]].max(axis=1), both[["end", "end_b"]].min(axis=1)
    both = both.assign(start=start, end=end)[start <= end]
    owed = {name: both[[raw, f"{raw}_b"]].max(axis=1) for raw, name in OBLIGATIONS.items()}
    unequal = np.column_stack([both[raw] != both[f"{raw}_b"] for raw in OBLIGATIONS]).any(axis=1)
    return both[["atopid", "start", "end"]].assign(
        ccode1=both["member"],
        ccode2=both["member_b"],
        treaty=1,
        treaty_asymmetric=unequal.astype("int64"),
        treaty_bilateral=both["bilat"],
        treaty_multilateral=1 - both["bilat"],
        began=both["atopid"].map(alliances.set_index("atopid")["begyr"]),
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


_COLUMNS = members.columns(YEARS)
RAW = (
    RawTable(MEMBERS, _COLUMNS, members.KEY),
    RawTable(ALLIANCES, {"atopid": _COLUMNS["atopid"], "begyr": YEAR, "bilat": FLAG}, ("atopid",)),
)
VARIABLES = (
    event("treaty", "Alliance treaty in force (ATOP 4.01)"),
    *(
        event(name, f"Treaty with an obligation of {members.OBLIGATIONS[raw]}, of either state (ATOP 4.01)")
        for raw, name in OBLIGATIONS.items()
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
