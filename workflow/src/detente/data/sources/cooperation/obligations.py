"""ATOP 5.1 by member: what one state owes another under the alliance treaties of both, 1815–2018.

What members' rows are, and their traps, is said in `members.py`. The file does not say to whom a member owes what it
owes: here, to every other member of the phase. ATOP's own dyad-years (`atop`) go by the text of thirteen treaties in
which some members owe only some others (Locarno: Britain and Italy guarantee what France, Belgium and Germany owe).
Members of NATO are bound from entry into force, by the project's own table (`rosters.py`), not from the signature of
their protocol (Poland from 1999, not 1997).
"""

import pandas as pd

from detente.data.sources.base import BY_NETWORK, Frames, Log, Source, Tidy, event
from detente.data.sources.cooperation import members, rosters
from detente.data.sources.cooperation.members import PHASE
from detente.data.sources.rawtable import FLAG, YEAR, RawTable
from detente.data.sources.steps import DYAD_YEAR, yearly

SLUG, MEMBERS, ALLIANCES = "atop-5.1", "atop5_1m.csv", "atop5_1a.csv"
YEARS = (1815, 2018)
NATO = 3180
OBLIGATIONS = {name: f"owes_{word.replace('-', '')}" for name, word in members.OBLIGATIONS.items()}


def clean(raw: Frames) -> Tidy:
    """One row per directed pair of members and year in which a treaty phase binds both on at least one day."""
    table, alliances = raw[MEMBERS], raw[ALLIANCES]
    log = members.accounted(table, alliances, SLUG, YEARS[1])
    pairs = directed_pairs(spells(raw, log), [*OBLIGATIONS, "bilat"])
    rows = yearly(pairs, pairs["start"] // 10000, pairs["end"] // 10000).rename(columns=OBLIGATIONS)
    signed = rows["atopid"].map(alliances.set_index("atopid")["begyr"]) == rows["year"]
    rows = rows.assign(pact_signed=signed.astype("int64"), pact_bilateral=rows["bilat"])
    dyads = rows.groupby(DYAD_YEAR)
    most = dyads[[*OBLIGATIONS.values(), "pact_signed", "pact_bilateral"]].max()
    frame = most.assign(pacts=dyads["atopid"].nunique()).astype("int64").reset_index()
    reason = "several treaties or phases in one directed dyad-year are one row, with the most of each obligation"
    log.merge(rows, frame, reason, "all directed dyad-years")
    return log.tidy(frame)


def spells(raw: Frames, log: Log) -> pd.DataFrame:
    """States among members with the days on which they are bound; those of NATO from entry into force."""
    signed = members.spells(raw[MEMBERS], YEARS[1])
    forces = signed["member"].map(rosters.since(raw[rosters.FILE], "nato")).fillna(0).astype("int64")
    start = signed["start"].mask((signed["atopid"] == NATO) & (signed["start"] < forces), forces)
    log.correct("recoded", "member of NATO: from entry into force, not from signature", start != signed["start"])
    return signed.assign(start=start)


def directed_pairs(spells: pd.DataFrame, owed: list[str]) -> pd.DataFrame:
    """Ordered pairs of members of one phase, with the days on which both are bound and what the first one `owed`."""
    others = spells[[*PHASE, "member", "start", "end"]]
    both = spells[[*PHASE, "member", "start", "end", *owed]].merge(others, on=PHASE, suffixes=("", "_b"))
    both = both[both["member"] != both["member_b"]]
    days = {"start": both[["start", "start_b"]].max(axis=1), "end": both[["end", "end_b"]].min(axis=1)}
    bound = both.assign(**days).rename(columns={"member": "ccode1", "member_b": "ccode2"})
    return bound.loc[bound["start"] <= bound["end"], ["ccode1", "ccode2", *PHASE, "start", "end", *owed]]


COLUMNS = members.columns(YEARS)
RAW = (
    RawTable(MEMBERS, COLUMNS, members.KEY),
    RawTable(ALLIANCES, {"atopid": COLUMNS["atopid"], "begyr": YEAR, "bilat": FLAG}, ("atopid",)),
    rosters.TABLE,
)
VARIABLES = (
    *(
        event(
            name,
            f"Sender owes the target {members.OBLIGATIONS[raw]} (ATOP 5.1, members)",
            assigned=BY_NETWORK,
            role="treatment" if raw == "defense" else "description",
            folded=f"Either state owes the other {members.OBLIGATIONS[raw]} (ATOP 5.1, members)",
        )
        for raw, name in OBLIGATIONS.items()
    ),
    event("pact_signed", "Alliance treaty of both signed this year", folded="Alliance treaty of both signed this year"),
    event("pact_bilateral", "Bilateral alliance treaty in force", folded="Bilateral alliance treaty in force"),
    event("pacts", "Alliance treaties in force", "treaties", folded="Alliance treaties in force"),
)
SOURCE = Source(SLUG, "directed-dyad-year", RAW, VARIABLES, clean, YEARS)
