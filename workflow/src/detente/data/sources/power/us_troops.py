"""US military personnel by host state and year, 1950–2024 (troopdata, the rebuilt series).

Allen, Flynn and Martinez Machain compile the Pentagon's reports. The trap that costs most: a state without a
report is missing, not 0. The file writes today's name, so the 537,377 in South Vietnam stand under Vietnam (816)
and those in the Federal Republic under Germany (255).
"""

import pandas as pd

from detente.data.sources.base import BY_STATE, Entries, Frames, RawTable, Source, Tidy, attrition, measure
from detente.data.sources.places import STATES, members, places_of

SLUG = "troopdata"
FILE = "troopdata-rebuild-country-year.csv"
FIRST_TERRITORY = 1000
SENDER = 2
# (code in the file, code that the troops were in, first and last year)
RECODED = ((816, 817, 1954, 1975), (255, 260, 1955, 1989), (679, 678, 1950, 1989))


def clean(raw: Frames) -> Tidy:
    """One row per host state and year with a report."""
    table, places = raw[FILE], places_of(raw[STATES.file])
    long = pd.DataFrame(
        {
            "ccode": table["ccode"].astype("int64"),
            "year": table["year"].astype("int64"),
            "us_troops": table["troops_ad"],
        }
    )
    entries: Entries = []
    territory = long["ccode"] >= FIRST_TERRITORY
    home = long["ccode"] == SENDER
    entries += _counted("dropped", "a territory, not a state (code of 1000 or more)", int(territory.sum()))
    entries += _counted("dropped", "the United States itself is no host", int(home.sum()))
    hosts = long[~territory & ~home].copy()
    for wrong, right, first, last in RECODED:
        these = (hosts["ccode"] == wrong) & hosts["year"].between(first, last)
        hosts.loc[these, "ccode"] = right
        entries += _counted("recoded", f"{wrong} in {first}–{last}: the troops were in {right}", int(these.sum()))
    inside = members(hosts["ccode"], hosts["year"], places)
    entries += _counted("dropped", "host is not a member of the state system in the year", int((~inside).sum()))
    kept = hosts[inside]
    frame = kept.groupby(["ccode", "year"])[["us_troops"]].sum().reset_index()
    reason = "several names of one state in one year are one row: their sum"
    entries += _counted("merged", reason, len(kept) - len(frame))
    return Tidy(frame.astype("int64"), attrition(SLUG, entries))


def _counted(action: str, reason: str, rows: int) -> Entries:
    return [(action, reason, "all country-years", rows)] if rows else []


SOURCE = Source(
    slug=SLUG,
    alias="troops",
    key="state-year",
    raw=(RawTable(FILE, ("countryname", "ccode", "year", "troops_ad")), STATES),
    variables=(measure("us_troops", "US active-duty troops reported in the state", "persons", assigned=BY_STATE),),
    clean=clean,
    years=(1950, 2024),
)
