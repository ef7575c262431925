"""Visits abroad of US service secretaries and commanders, 1992–2012 (D'Orazio's list).

An undocumented companion of JME: 377 visits of the secretaries of the Army, Navy and Air Force, the Commandant of the
Marine Corps and two commanders. The traps: one sender; 1993 and 2003 hold no visit at all, which we take for years not
coded; offices join the list one by one, so counts rise (16 in 1992, 87 in 2011) without more travel.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, event
from detente.data.sources.codelists import COW, FORMER
from detente.data.sources.rawtable import DAY, MONTH, YEAR, RawTable, text
from detente.data.sources.statecodes import OUTSIDE, STATES, member_years, members, of_the_time, resolve
from detente.data.sources.steps import STATE_YEAR, keyed

SLUG, FILE = "us-visits", "visits.xls"
# Places that have a name in the column of letters.
NAMED = {"Nassau": COW["BHS"], "Kosovo": FORMER["KSV"]}
NO_VISIT: Mapping[str, str] = {
    "CUB": "to the US base at Guantánamo, not to the Cuban state",
    "GUM": "a territory of the United States",
    "VIR": "a territory of the United States",
    "Saint Thomas": "a territory of the United States",
    "Wake Island": "a territory of the United States",
    "GUF": "a territory of France",
    "GNL": "a territory of Denmark",
    "HKG": "a territory of China",
    "Antarctica": "no state",
}
UNCODED = (1993, 2003)
_WORDS = text()
COLUMNS = {
    "Title": _WORDS,
    "Name": _WORDS,
    "Start Day": DAY,
    "Start Month": MONTH,
    "Start Year": YEAR,
    "State Visit": _WORDS,
}


def clean(raw: Frames) -> Tidy:
    """One row per state and year with a visit, and every state in the years that are not coded, missing there."""
    table, log = raw[FILE], Log(SLUG, "all visits")
    codes = resolve(table["State Visit"], f"mme/{FILE}", NO_VISIT, NAMED)
    visits = table[list(COLUMNS)].drop_duplicates()
    log.merge(table, visits, "the same visit twice")
    nowhere = visits["State Visit"].isin(list(NO_VISIT))
    for name in sorted(NO_VISIT):
        log.correct("dropped", NO_VISIT[name], visits["State Visit"] == name, name)
    abroad = visits[~nowhere]
    rows = pd.DataFrame({"ccode": abroad["State Visit"].map(codes), "year": abroad["Start Year"].astype("int64")})
    log.seek("name without a code", NAMED, table["State Visit"])
    rows = of_the_time(rows, log)
    inside = log.drop(rows, ~members(rows, raw), OUTSIDE)
    counts = inside.groupby(STATE_YEAR).size().rename("us_visits").reset_index()
    log.merge(inside, counts, "visits of one state-year are one row")
    log.seek("year without a visit on the list", set(UNCODED) & set(counts["year"]), ())
    system = member_years(raw, SOURCE.years)
    uncoded = system[system["year"].isin(UNCODED)].assign(us_visit=np.nan, us_visits=np.nan)
    frame = pd.concat([counts.assign(us_visit=1), uncoded], ignore_index=True)
    log.add("added", "no visit of any office on the list: not coded, missing", len(uncoded), "1993 and 2003")
    return log.tidy(keyed(frame, STATE_YEAR, {v.name: v.name for v in SOURCE.variables}))


RAW = (RawTable(FILE, COLUMNS, tuple(COLUMNS), repeats=2, member="Sheet1", text=True), STATES)
VARIABLES = (
    event("us_visit", "Visit of a US service secretary or commander", unknown=True),
    event("us_visits", "Visits of US service secretaries and commanders", "visits", unknown=True),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1992, 2012))
