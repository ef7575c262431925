"""COW State System Membership: who is a state, who is a major power, and when, to the day.

Which of them are microstates is coded by hand from the list of Gleditsch and Ward (1999, "A Revised List of Independent
States since the Congress of Vienna", International Interactions 25(4): 393–413, and its later releases): those of fewer
than 250,000 inhabitants, Abkhazia and South Ossetia apart, which are no members here. The trap: it is a list and no
threshold. States on it stay on it (Vanuatu has grown beyond), others (Iceland, Barbados, Belize) are not on it.

All other data of the Correlates of War Project are keyed to the list of 2016. That of 2024 has the same members to the
day, up to its last, and splits the spell of 345 without a gap where Serbia is left of Yugoslavia.
"""

from collections.abc import Mapping

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy
from detente.data.sources.carrying import Carried
from detente.data.sources.rawtable import DAY, MONTH, STATE, RawTable, text, whole
from detente.data.sources.statecodes import FIRST_LISTED, LAST_LISTED

SLUG = "cow-state-system"
# By COW's codes, of which Kiribati, Tuvalu, Tonga and Nauru have others than in Gleditsch and Ward's list.
MICROSTATES: Mapping[int, str] = {
    54: "Dominica",
    55: "Grenada",
    56: "St. Lucia",
    57: "St. Vincent and the Grenadines",
    58: "Antigua & Barbuda",
    60: "St. Kitts and Nevis",
    221: "Monaco",
    223: "Liechtenstein",
    232: "Andorra",
    331: "San Marino",
    403: "Sao Tome and Principe",
    591: "Seychelles",
    935: "Vanuatu",
    946: "Kiribati",
    947: "Tuvalu",
    955: "Tonga",
    970: "Nauru",
    983: "Marshall Islands",
    986: "Palau",
    987: "Federated States of Micronesia",
    990: "Samoa",
}
_SPELL = ("styear", "stmonth", "stday", "endyear", "endmonth", "endday")


def clean(raw: Frames) -> Tidy:
    """One row per spell: `ccode`, `name`, `status` (member or major), `start` and `end` as yyyymmdd."""
    members, majors = raw["states2016.csv"], raw["majors2016.csv"]
    names = members.drop_duplicates("ccode", keep="last").set_index("ccode")["statenme"]
    both = [members.assign(status="member"), majors.assign(status="major", statenme=majors["ccode"].map(names))]
    spells = pd.concat(both, ignore_index=True).sort_values(["status", "ccode", *_SPELL[:3]], ignore_index=True)
    days = {
        end: (spells[year] * 10000 + spells[month] * 100 + spells[day]).astype("int64")
        for end, (year, month, day) in (("start", _SPELL[:3]), ("end", _SPELL[3:]))
    }
    frame = spells[["ccode", "statenme", "status"]].rename(columns={"statenme": "name"}).assign(**days)
    log = Log(SLUG)
    log.seek(
        "a microstate under this code and name",
        MICROSTATES.items(),
        members[["ccode", "statenme"]].itertuples(index=False, name=None),
    )
    return log.tidy(frame.astype({"ccode": "int64"}))


YEARS = (FIRST_LISTED, LAST_LISTED)
CARRIED = Carried(
    2024,
    "the list of 2024 has the same members, for no state has entered or left the system since South Sudan in 2011;"
    " major powers are taken to be those of 2016",
)
_MAJORS = {"stateabb": text(), "ccode": STATE, **dict(zip(_SPELL, (whole(*YEARS), MONTH, DAY) * 2, strict=True))}
RAW = (
    RawTable("states2016.csv", {**_MAJORS, "statenme": text()}, ("ccode", *_SPELL[:2])),
    RawTable("majors2016.csv", _MAJORS, ("ccode", "styear")),
)
SOURCE = Source(SLUG, "spell", RAW, (), clean, YEARS, alias="states", carried=CARRIED)
