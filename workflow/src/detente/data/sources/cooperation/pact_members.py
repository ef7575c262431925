"""Alliance treaties as groups: who was bound by which of them in which year, by ATOP 5.1's table of members, 1815–2018.

What members' rows are, and their traps, is said in `members.py`. A phase of a treaty is a group, as members pair inside
a phase, never across; a state is of it in a year if it was bound on a day of it.
"""

import pandas as pd

from detente.data.sources.base import Frames, Source, Tidy
from detente.data.sources.cooperation import members, obligations
from detente.data.sources.cooperation.members import OBLIGATIONS, PHASE
from detente.data.sources.steps import yearly

SLUG = "atop-5.1-members"
# Phases of a treaty are numbered to 99.
PHASES = 100
KEY = ["event", "year", "ccode"]


def clean(raw: Frames) -> Tidy:
    """One row per phase of a treaty, year and member: what the member owes the others, by obligation, 0 or 1."""
    table, alliances = raw[obligations.MEMBERS], raw[obligations.ALLIANCES]
    spells = members.spells(table, obligations.YEARS[1])
    rows = yearly(spells, spells["start"] // 10000, spells["end"] // 10000).rename(columns={"member": "ccode"})
    named = {theirs: ours.replace("-", "") for theirs, ours in OBLIGATIONS.items()}
    rows = rows.assign(event=rows[PHASE[0]] * PHASES + rows[PHASE[1]]).rename(columns=named)
    frame: pd.DataFrame = rows.groupby(KEY)[list(named.values())].max().reset_index().astype("int64")
    log = members.accounted(table, alliances, SLUG, obligations.YEARS[1])
    log.merge(rows, frame, "a member bound twice in a year by one phase is one row", "all members' years")
    return log.tidy(frame)


SOURCE = Source(SLUG, "group", obligations.RAW, (), clean, obligations.YEARS)
