"""US military personnel by host state and year, 1950–2024 (troopdata, the rebuilt series).

Allen, Flynn and Martinez Machain compile the Pentagon's reports. The trap that costs most: a state without a
report is missing, not 0. The file writes today's name, so the 537,377 in South Vietnam stand under Vietnam (816)
and those in the Federal Republic under Germany (255).
"""

from detente.data.sources.base import BY_STATE, Frames, RawTable, Source, Tidy, attrition, measure
from detente.data.sources.names import FIRST_TERRITORY, OUTSIDE, STATES, members
from detente.data.sources.steps import STATE_YEAR, Entries, keyed

SLUG, FILE = "troopdata", "troopdata-rebuild-country-year.csv"
SENDER = 2
REPORTS = "all country-years"
# (code in the file, code that the troops were in, first and last year)
RECODED = ((816, 817, 1954, 1975), (255, 260, 1955, 1989), (679, 678, 1950, 1989))


def clean(raw: Frames) -> Tidy:
    """One row per host state and year with a report."""
    table = keyed(raw[FILE], STATE_YEAR, {"troops_ad": "us_troops"})
    territory, home = table["ccode"] >= FIRST_TERRITORY, table["ccode"] == SENDER
    hosts = table[~territory & ~home].copy()
    entries: Entries = [
        ("dropped", "a territory, not a state (code of 1000 or more)", REPORTS, territory),
        ("dropped", "the United States itself is no host", REPORTS, home),
    ]
    for wrong, right, first, last in RECODED:
        these = (hosts["ccode"] == wrong) & hosts["year"].between(first, last)
        hosts.loc[these, "ccode"] = right
        entries.append(("recoded", f"{wrong} in {first}–{last}: the troops were in {right}", REPORTS, these))
    inside = members(hosts, raw)
    kept = hosts[inside]
    frame = kept.groupby(STATE_YEAR).sum().reset_index()
    twice = "several names of one state in one year are one row: their sum"
    entries += [("dropped", f"host is {OUTSIDE}", REPORTS, ~inside), ("merged", twice, REPORTS, len(kept) - len(frame))]
    return Tidy(frame.astype("int64"), attrition(SLUG, entries))


RAW = (RawTable(FILE, ("countryname", "ccode", "year", "troops_ad")), STATES)
VARIABLES = (measure("us_troops", "US active-duty troops reported in the state", "persons", assigned=BY_STATE),)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1950, 2024), alias="troops")
