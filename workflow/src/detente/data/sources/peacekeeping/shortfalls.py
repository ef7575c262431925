"""Peacekeepers authorised and deployed by host state, 1990–2015 (Passmore, Shannon and Hart).

One row per UN mission and month with one host. The trap that costs most: UNTSO, UNPROFOR and UNPF have no host
code, so a state without a row is not a state without peacekeepers: absent is missing.
"""

import pandas as pd

from detente.data.sources.base import BY_STATE, Frames, Log, Source, Tidy, measure
from detente.data.sources.rawtable import MONTH, STATE, YEAR, RawTable, count, number, text
from detente.data.sources.statecodes import OUTSIDE, STATES, members, of_the_time
from detente.data.sources.steps import STATE_YEAR

SLUG, FILE = "pko-shortfall", "Personnel_shortfall_data.dta"
HOST = {"MINUSMA": 432}
COUNTS = {
    "total": "un_personnel_deployed",
    "totalauth": "un_personnel_authorised",
    "shortfalltotal": "un_personnel_shortfall",
}


def clean(raw: Frames) -> Tidy:
    """One row per host state and year: means over its months with a mission of which the figure is known."""
    table, log = raw[FILE], Log(SLUG, "all mission-months")
    uncoded = table["missionccode"].isna()
    coded = table["missionccode"].fillna(table["mission"].map(HOST))
    log.each("dropped", "no code of a host", table.loc[coded.isna(), "mission"])
    for name, host in HOST.items():
        log.correct("recoded", f"no code of a host: {host}", (table["mission"] == name) & uncoded, name)
    rows = table.assign(ccode=coded)[coded.notna()].astype({"ccode": "int64", "year": "int64"})
    rows = of_the_time(rows, log)
    kept = log.drop(rows, ~members(rows, raw), f"host is {OUTSIDE}")
    frame = _means(kept)
    log.merge(kept, frame, "missions and months of one state-year are one row: the mean month")
    unknown = kept[list(COUNTS)].isna().any(axis=1)
    log.add("kept", "a figure is unknown: its month is left out of that mean", unknown)
    return log.tidy(frame)


def _means(kept: pd.DataFrame) -> pd.DataFrame:
    """Mean month of each state-year; a month in which one mission's figure is unknown counts as unknown."""
    groups = kept.groupby([*STATE_YEAR, "month"])[list(COUNTS)]
    months = groups.sum().where(groups.count().eq(groups.size(), axis=0))
    both = months["totalauth"].notna() & months["shortfalltotal"].notna()
    sums = months[both].groupby(STATE_YEAR)[["totalauth", "shortfalltotal"]].sum()
    share = (sums["shortfalltotal"] / sums["totalauth"]).where(sums["totalauth"] > 0)
    means = months.groupby(STATE_YEAR).mean().rename(columns=COUNTS)
    return means.assign(un_personnel_shortfall_share=share).reset_index()


_COLUMNS = {
    "mission": text(),
    "missionccode": STATE.optional(),
    "year": YEAR,
    "month": MONTH,
    "total": count(100_000).optional(),
    **dict.fromkeys(("totalauth", "shortfalltotal"), number(0, 100_000).optional()),
}
RAW = (RawTable(FILE, _COLUMNS, ("mission", "year", "month")), STATES)
VARIABLES = (
    measure("un_personnel_deployed", "UN personnel deployed in the state", "persons", assigned=BY_STATE),
    measure("un_personnel_authorised", "UN personnel authorised for the state", "persons"),
    measure("un_personnel_shortfall", "UN personnel short of those authorised", "persons", assigned=BY_STATE),
    measure("un_personnel_shortfall_share", "Shortfall as share of authorised", "share", assigned=BY_STATE),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1990, 2015))
