"""US military personnel by host state and year, 1950–2024, and US bases, as of 2018 (troopdata).

Allen, Flynn and Martinez Machain compile the Pentagon's reports (the rebuilt series). The trap that costs most: a state
without a report is missing, not 0. The file writes today's name, so the 537,377 in South Vietnam stand under Vietnam
(816) and those in the Federal Republic under Germany (255). Bases are Vine's list, a snapshot without years: a fact
about the state in 2018, which says nothing of earlier years. That file is Latin-1.
"""

from detente.data.sources.base import BY_STATE, Frames, Log, Source, Tidy, event, measure
from detente.data.sources.codelists import NORTH_YEMEN, SOUTH_VIETNAM, WEST_GERMANY
from detente.data.sources.rawtable import FLAG, YEAR, RawTable, count, state, text
from detente.data.sources.statecodes import FIRST_TERRITORY, OUTSIDE, STATES, members, recoded
from detente.data.sources.steps import STATE_YEAR, keyed

SLUG, FILE = "troopdata", "troopdata-rebuild-country-year.csv"
BASES_SLUG, BASES_FILE = "troopdata-bases", "basedata.csv"
SENDER, PUERTO_RICO = 2, 6
RECODED = (SOUTH_VIETNAM, WEST_GERMANY.within(1955, 1989), NORTH_YEMEN.within(1950, 1989))


KINDS = {"base": "us_bases", "lilypad": "us_lilypads", "fundedsite": "us_funded_sites"}


def clean(raw: Frames) -> Tidy:
    """One row per host state and year with a report."""
    table, log = keyed(raw[FILE], STATE_YEAR, {"troops_ad": "us_troops"}), Log(SLUG, "all country-years")
    hosts = log.drop(table, table["ccode"] >= FIRST_TERRITORY, "a territory, not a state (code of 1000 or more)")
    hosts = log.drop(hosts, hosts["ccode"] == SENDER, "the United States itself is no host")
    hosts = hosts.assign(ccode=recoded(hosts["ccode"], hosts["year"], RECODED, log, "the troops were in {}"))
    kept = log.drop(hosts, ~members(hosts, raw), f"host is {OUTSIDE}")
    frame = kept.groupby(STATE_YEAR).sum().reset_index()
    log.merge(kept, frame, "several names of one state in one year are one row: their sum")
    return log.tidy(frame.astype("int64"))


def clean_bases(raw: Frames) -> Tidy:
    """One row per host state with a site on the list."""
    table, log = raw[BASES_FILE], Log(BASES_SLUG, "all sites")
    abroad = log.drop(table, table["ccode"] == SENDER, "in the United States itself")
    foreign = abroad["ccode"] >= FIRST_TERRITORY
    hosted = log.drop(abroad, foreign, "in a territory, not a state (code of 1000 or more)")
    frame = hosted[["ccode", *KINDS]].rename(columns=KINDS).groupby("ccode").sum().reset_index().astype("int64")
    log.merge(hosted, frame, "sites of one host are one row")
    return log.tidy(frame)


_PLACE = state(PUERTO_RICO, territories=(FIRST_TERRITORY, 99_999))
_COLUMNS = {"countryname": text(), "ccode": _PLACE, "year": YEAR, "troops_ad": count(5_000_000)}
RAW = (RawTable(FILE, _COLUMNS, ("countryname", "year")), STATES)
VARIABLES = (measure("us_troops", "US active-duty troops reported in the state", "persons", assigned=BY_STATE),)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1950, 2024), alias="troops")
_SITES = {"countryname": text(), "basename": text().optional(), "ccode": _PLACE, **dict.fromkeys(KINDS, FLAG)}
_SITE = ("countryname", "basename", *KINDS)
BASES_RAW = (RawTable(BASES_FILE, _SITES, _SITE, repeats=1, encoding="latin-1"),)
BASES_VARIABLES = (
    event("us_bases", "US bases (2018)", "sites"),
    event("us_lilypads", "US lily pads, small or shared sites (2018)", "sites"),
    event("us_funded_sites", "Host sites built with US funds (2018)", "sites"),
)
BASES = Source(BASES_SLUG, "state", BASES_RAW, BASES_VARIABLES, clean_bases, (2018, 2018))
