"""Peacekeepers authorised and deployed by host state, 1990–2015 (Passmore, Shannon and Hart).

One row per UN mission and month with one host. The trap that costs most: UNTSO, UNPROFOR and UNPF have no host
code, so a state without a row is not a state without peacekeepers: absent is missing.
"""

import pandas as pd

from detente.data.sources.base import BY_STATE, Frames, RawTable, Source, Tidy, attrition, measure
from detente.data.sources.places import STATES, members, of_the_time, places_of

SLUG = "pko-shortfall"
FILE = "Personnel_shortfall_data.dta"
HOST = {"MINUSMA": 432}
COUNTS = {
    "total": "un_personnel_deployed",
    "totalauth": "un_personnel_authorised",
    "shortfalltotal": "un_personnel_shortfall",
}
KEY = ["ccode", "year"]


def clean(raw: Frames) -> Tidy:
    """One row per host state and year: means over its months with a mission of which the figure is known."""
    table, places = raw[FILE], places_of(raw[STATES.file])
    coded = table["missionccode"].fillna(table["mission"].map(HOST))
    rows = table.assign(ccode=coded)[coded.notna()].astype({"ccode": "int64", "year": "int64"})
    state = of_the_time(rows["ccode"], rows["year"])
    recoded = int((state != rows["ccode"]).sum())
    rows = rows.assign(ccode=state)
    inside = members(rows["ccode"], rows["year"], places)
    kept = rows[inside]
    frame = _means(kept)
    entries = [
        ("dropped", "no code of a host", str(name), len(group))
        for name, group in table[coded.isna()].groupby("mission")
    ]
    for name, host in HOST.items():
        if rows_added := int(((table["mission"] == name) & table["missionccode"].isna()).sum()):
            entries.append(("recoded", f"no code of a host: {host}", name, rows_added))
    lost = "host is not a member of the state system in the year"
    counts = (
        ("recoded", "later state's code: the state of the time", recoded),
        ("dropped", lost, len(rows) - len(kept)),
        ("merged", "missions and months of one state-year are one row: the mean month", len(kept) - len(frame)),
    )
    entries += [(action, reason, "all mission-months", n) for action, reason, n in counts if n]
    unknown = int(kept[list(COUNTS)].isna().any(axis=1).sum())
    if unknown:
        entries.append(
            ("kept", "a figure is unknown: its month is left out of that mean", "all mission-months", unknown)
        )
    return Tidy(frame, attrition(SLUG, entries))


def _means(kept: pd.DataFrame) -> pd.DataFrame:
    """Mean month of each state-year; a month in which one mission's figure is unknown counts as unknown."""
    groups = kept.groupby([*KEY, "month"])[list(COUNTS)]
    months = groups.sum().where(groups.count().eq(groups.size(), axis=0))
    both = months["totalauth"].notna() & months["shortfalltotal"].notna()
    sums = months[both].groupby(KEY)[["totalauth", "shortfalltotal"]].sum()
    share = (sums["shortfalltotal"] / sums["totalauth"]).where(sums["totalauth"] > 0)
    means = months.groupby(KEY).mean().rename(columns=COUNTS)
    return means.assign(un_personnel_shortfall_share=share).reset_index()


SOURCE = Source(
    slug=SLUG,
    key="state-year",
    raw=(RawTable(FILE, ("mission", "missionccode", "year", "month", *COUNTS)), STATES),
    variables=(
        measure("un_personnel_deployed", "UN personnel deployed in the state", "persons", assigned=BY_STATE),
        measure("un_personnel_authorised", "UN personnel authorised for the state", "persons"),
        measure("un_personnel_shortfall", "UN personnel short of those authorised", "persons", assigned=BY_STATE),
        measure("un_personnel_shortfall_share", "Shortfall as share of authorised", "share", assigned=BY_STATE),
    ),
    clean=clean,
    years=(1990, 2015),
)
