"""UN peacekeeping operations hosted, 1948–2023: the UN's own list with a crosswalk to hosts.

The list (DPPADPOSS-PKO) names a headquarters' city, no host; the crosswalk gives hosts as ISO 3166 letters. The
trap that costs most: umbrella entries (UNEF, UNAVEM, UNOSOM, UNCPSG) repeat operations that are listed one by one.
The list leaves out UNTAG, with which Namibia became a state in 1990, and UNTMIH; both are added.
"""

import pandas as pd

from detente.data.sources.base import BY_STATE, Frames, Log, Source, Tidy, event
from detente.data.sources.rawtable import RawTable, date, text
from detente.data.sources.statecodes import OUTSIDE, STATES, members, resolve
from detente.data.sources.steps import STATE_YEAR, yearly

SLUG, FILE = "un-pko-list", "DPPADPOSS-PKO.csv"
CROSSWALK = "unpko_country_crosswalk.xlsx"
UMBRELLAS = {
    "UNEF": "UNEF I and UNEF II",
    "UNAVEM": "UNAVEM I and UNAVEM II",
    "UNOSOM": "UNOSOM I and UNOSOM II",
    "UNCPSG": "UNPSG",
}
# Operations that the list leaves out (United Nations, "Past peacekeeping operations"), with their host.
OMITTED = (("UNTAG", 565, "1989-04-01", "1990-03-31"), ("UNTMIH", 41, "1997-08-01", "1997-11-30"))
# Letters of the crosswalk that are not ISO 3166.
OWN_LETTERS = ("KSV", "YAR")


def clean(raw: Frames) -> Tidy:
    """One row per host state and year with an operation on at least one day."""
    table, log = raw[FILE], Log(SLUG, "all host-years")
    acronym = table["mission_acronym"]
    for name, parts in UMBRELLAS.items():
        log.correct("dropped", f"umbrella of {parts}", acronym == name, name)
    listed = table[~acronym.isin(list(UMBRELLAS))]
    starting = listed["start_date"].notna()
    log.singly("dropped", "no date of start", listed.loc[~starting, "mission_acronym"])
    hosts = raw[CROSSWALK].dropna(subset="iso3c")
    codes = resolve(hosts["iso3c"], f"{SLUG}/{CROSSWALK}", ())
    log.seek("code of no ISO 3166", OWN_LETTERS, hosts["iso3c"])
    log.seek("mission of the crosswalk that is on the list", raw[CROSSWALK]["mission_acronym"].unique(), acronym)
    hosts = hosts.assign(ccode=hosts["iso3c"].map(codes))[["mission_acronym", "ccode"]].drop_duplicates()
    placed = listed[starting].merge(hosts, on="mission_acronym", how="left")
    nowhere = placed["ccode"].isna()
    log.singly("dropped", "the crosswalk gives no host", placed.loc[nowhere, "mission_acronym"])
    omitted = pd.DataFrame(OMITTED, columns=["mission_acronym", "ccode", "start_date", "end_date"])
    omitted = omitted[~omitted["mission_acronym"].isin(acronym)]
    for name, *_ in OMITTED:
        log.correct("added", "the list leaves it out", omitted["mission_acronym"] == name, name)
    rows = _years(pd.concat([placed[~nowhere], omitted], ignore_index=True))
    inside = members(rows, raw)
    counts = rows[inside].groupby(STATE_YEAR)["mission_acronym"].nunique()
    known = pd.DataFrame({"un_operation": 1, "un_operations": counts}).reset_index()
    undated = _undated(listed[~starting], hosts, known)
    frame = pd.concat([known, undated], ignore_index=True).sort_values(STATE_YEAR, ignore_index=True)
    unknown = "an operation ended, but its start is unknown: missing from the first year of coverage"
    log.add("recoded", unknown, len(undated))
    log.each("dropped", f"host is {OUTSIDE}", rows.loc[~inside, "mission_acronym"])
    log.merge(rows[inside], known, "operations of one state-year are one row")
    return log.tidy(frame)


def _undated(listed: pd.DataFrame, hosts: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Host-years up to the end of an operation without a start, but for those that host another: values missing."""
    ended = listed.dropna(subset="end_date").merge(hosts, on="mission_acronym")
    rows = _years(ended.assign(start_date=str(SOURCE.years[0])))[["ccode", "year"]].drop_duplicates()
    new = rows[~pd.MultiIndex.from_frame(rows).isin(pd.MultiIndex.from_frame(known[["ccode", "year"]]))]
    return new.assign(un_operation=float("nan"), un_operations=float("nan"))


def _years(placed: pd.DataFrame) -> pd.DataFrame:
    """Repeat each operation and host in its years; without an end it goes on to the end of coverage."""
    first = placed["start_date"].str.slice(0, 4).astype("int64")
    end = placed["end_date"].str.slice(0, 4).astype("float64").fillna(SOURCE.years[1])
    rows = yearly(placed[["mission_acronym", "ccode"]], first, end.clip(upper=SOURCE.years[1]))
    return rows.astype({"ccode": "int64"}).reset_index(drop=True)


_NAME, _DAY, _ISO = text(), date(1948, 2023).optional(), text("[A-Z]{3}").optional()
RAW = (
    RawTable(FILE, {"mission_acronym": _NAME, "start_date": _DAY, "end_date": _DAY}, ("mission_acronym",)),
    RawTable(CROSSWALK, {"mission_acronym": _NAME, "iso3c": _ISO}, ("mission_acronym", "iso3c")),
    STATES,
)
VARIABLES = (
    event("un_operation", "Host of a UN peacekeeping operation (UN list)", assigned=BY_STATE, unknown=True),
    event("un_operations", "UN peacekeeping operations hosted (UN list)", "operations", unknown=True),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1948, 2023))
