"""US diplomatic missions by state and year, 1816–2024 (Kenkel, version 0.1).

The status of the mission that the United States have in the state: the one of most days of the year, and the lowest and
highest in it. The traps: "None" is a word of the file, no mission, and no empty cell; an ambassador, envoy or consul to
the state who lives in another one is no mission in it; an interests section is often run by a third state (in Iran from
1981 by Switzerland, without Americans), so that it is told apart. Statuses were read from the pages of the Department
of State by a language model and then reconciled. Six states that ended before 1868 have no such page: missing.
"""

from collections.abc import Mapping

from detente.data.sources.base import BY_STATE, Frames, Log, Source, Tidy, measure
from detente.data.sources.rawtable import STATE, YEAR, RawTable, one_of, text
from detente.data.sources.statecodes import OUTSIDE, STATES, members
from detente.data.sources.steps import STATE_YEAR

SLUG, FILE = "us-missions", "mission_status_yearly_cow_v0.1.csv"
# Status in the file → its number and words, in the order in which the file ranks its lowest and highest of a year.
STATUSES: Mapping[str, tuple[int, str]] = {
    "None": (0, "none"),
    "Consul Nonresident": (1, "consul who resides elsewhere"),
    "Consulate": (2, "consulate"),
    "Interests": (3, "interests section"),
    "Liaison": (4, "liaison office"),
    "Envoy Nonresident": (5, "envoy who resides elsewhere"),
    "Legation": (6, "legation"),
    "Ambassador Nonresident": (7, "ambassador who resides elsewhere"),
    "Embassy": (8, "embassy"),
}
RESIDENT = ("Consulate", "Liaison", "Legation", "Embassy")
# States of the past that no page of the Department of State was matched with.
UNMATCHED = (240, 269, 273, 332, 335, 337)
USUAL, LOWEST, HIGHEST = "us_mission_mode", "us_mission_min", "us_mission_max"


def clean(raw: Frames) -> Tidy:
    """One row per state and year of membership."""
    table, log = raw[FILE], Log(SLUG, "all state-years")
    named = table.rename(columns={"country_code_cow": "ccode"}).astype({"ccode": "int64", "year": "int64"})
    rows = log.drop(named, ~members(named, raw), OUTSIDE)
    log.seek("state without a page of the Department of State", UNMATCHED, rows["ccode"])
    unknown = rows["ccode"].isin(UNMATCHED) & rows["country_name_usdos"].eq("")
    log.correct("recoded", "no page of the Department of State is matched: missing", unknown)
    numbers = {status: number for status, (number, _) in STATUSES.items()}
    frame = rows[STATE_YEAR].assign(
        us_mission=rows[USUAL].isin(RESIDENT),
        us_embassy=rows[USUAL] == "Embassy",
        us_interests_section=rows[USUAL] == "Interests",
        us_mission_status=rows[USUAL].map(numbers),
        us_mission_lowest=rows[LOWEST].map(numbers),
        us_mission_highest=rows[HIGHEST].map(numbers),
    )
    values = [v.name for v in VARIABLES]
    frame[values] = frame[values].astype("float64").mask(unknown)
    log.add("kept", "the status changed in the year: the one of most days", rows[LOWEST] != rows[HIGHEST])
    return log.tidy(frame.sort_values(STATE_YEAR, ignore_index=True))


CODES = tuple(STATUSES.values())
_STATUS = one_of(*STATUSES)
RAW = (
    RawTable(
        FILE,
        {
            "country_code_cow": STATE,
            "country_name_usdos": text().optional(),
            "year": YEAR,
            **dict.fromkeys((USUAL, LOWEST, HIGHEST), _STATUS),
        },
        ("country_code_cow", "year"),
        text=True,
    ),
    STATES,
)
VARIABLES = (
    measure("us_mission", "Resident US mission: embassy, legation, liaison office or consulate", assigned=BY_STATE),
    measure("us_embassy", "US embassy", assigned=BY_STATE),
    measure("us_interests_section", "US interests section"),
    measure("us_mission_status", "Status of the US mission, most days of the year", "code", codes=CODES),
    measure("us_mission_lowest", "Status of the US mission, lowest of the year", "code", codes=CODES),
    measure("us_mission_highest", "Status of the US mission, highest of the year", "code", codes=CODES),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1816, 2024))
