"""Members of alliance treaties, as every version of ATOP codes them: one row per member and phase, to the day.

Leeds, Ritter, Mitchell and Long. The trap that costs most: an exit year of 0 means in force at the end of coverage, not
never. Entry is the day of signature, not of entry into force. Phases 2 and 3 of a treaty may run side by side where a
partner split into two states: members pair inside a phase, never across. The table of alliances calls SEATO (3260, of
eight members) bilateral, the table of members does not.
"""

import pandas as pd

from detente.data.sources.base import Log
from detente.data.sources.rawtable import DAY, FLAG, MONTH, YEAR, RawColumn, state, whole
from detente.data.sources.statecodes import FIRST_TERRITORY
from detente.data.sources.steps import whole_date

PHASE = ["atopid", "phase"]
ENTRY, EXIT = ("yrent", "moent", "dayent"), ("yrexit", "moexit", "dayexit")
# Column of the file → what a member owes, in prose.
OBLIGATIONS = {
    "defense": "defence",
    "offense": "offence",
    "neutral": "neutrality",
    "nonagg": "non-aggression",
    "consul": "consultation",
}
_EXITS = {"moexit": whole(1, 12, 0), "dayexit": whole(1, 31, 0).optional()}
KEY = (*PHASE, "member", *ENTRY)


def columns(years: tuple[int, int]) -> dict[str, RawColumn]:
    """What the table of members may hold in a version that covers these years."""
    return {
        "atopid": whole(1000, 9999),
        "member": state(territories=(FIRST_TERRITORY, 9999)),
        **dict(zip(ENTRY, (YEAR, MONTH, DAY.optional()), strict=True)),
        "yrexit": whole(*years, 0),
        **_EXITS,
        "phase": whole(0, 20),
        **dict.fromkeys(("cowsys", "bilat", *OBLIGATIONS), FLAG),
    }


def spells(table: pd.DataFrame, last: int) -> pd.DataFrame:
    """States among members, with `start` and `end` as yyyymmdd; `last`: the year at whose end a treaty is in force.

    An unknown day is the month's first, or last.
    """
    states = table[table["member"] < FIRST_TERRITORY]
    start = whole_date(states, ENTRY, 1)
    end = whole_date(states.assign(moexit=states["moexit"].replace(0, 12)), EXIT, 31)
    end = end.where(states["yrexit"] > 0, last * 10000 + 1231)
    return states.assign(start=start.astype("int64"), end=end.astype("int64"))


def accounted(table: pd.DataFrame, alliances: pd.DataFrame, slug: str, last: int) -> Log:
    """The attrition log of members."""
    log, territory = Log(slug, "all members"), table["member"] >= FIRST_TERRITORY
    named = (table["atopid"].astype("str") + ": " + table["member"].astype("str"))[territory]
    log.singly("dropped", "member is no state of the state system's list", named)
    log.add("recoded", f"exit year 0: in force at the end of {last}", table["yrexit"] == 0)
    log.add("recoded", "day of entry unknown: the month's first", table["dayent"].isna())
    log.add("recoded", "day of exit unknown: the month's last", table["dayexit"].isna())
    outside = "not in the state system by ATOP's own flag: whether the dyad exists is the panel's to say"
    log.add("kept", outside, (table["cowsys"] == 0) & ~territory)
    bilateral = table["atopid"].map(alliances.set_index("atopid")["bilat"])
    differ = "member's row and alliance's differ on bilateral: the member's counts"
    log.add("kept", differ, table["bilat"] != bilateral)
    return log
