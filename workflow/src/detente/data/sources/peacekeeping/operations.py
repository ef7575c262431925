"""UN peacekeeping operations hosted, 1948–2023: the UN's own list with a crosswalk to hosts.

The list (DPPADPOSS-PKO) names a headquarters' city, no host; the crosswalk gives hosts as ISO 3166 letters. The
trap that costs most: umbrella entries (UNEF, UNAVEM, UNOSOM, UNCPSG) repeat operations that are listed one by one.
The list leaves out UNTAG, with which Namibia became a state in 1990, and UNTMIH; both are added.
"""

import pandas as pd

from detente.base.errors import UnresolvedNames
from detente.data.sources.base import BY_STATE, Frames, RawTable, Source, Tidy, attrition, event, yearly
from detente.data.sources.isocodes import COW
from detente.data.sources.places import STATES, members, places_of

SLUG = "un-pko-list"
FILE = "DPPADPOSS-PKO.csv"
CROSSWALK = "unpko_country_crosswalk.xlsx"
UMBRELLAS = {
    "UNEF": "UNEF I and UNEF II",
    "UNAVEM": "UNAVEM I and UNAVEM II",
    "UNOSOM": "UNOSOM I and UNOSOM II",
    "UNCPSG": "UNPSG",
}
# Operations that the list leaves out (United Nations, "Past peacekeeping operations"), with their host.
OMITTED = (("UNTAG", 565, "1989-04-01", "1990-03-31"), ("UNTMIH", 41, "1997-08-01", "1997-11-30"))
CODES = {**COW, "KSV": 347, "YAR": 678}


def clean(raw: Frames) -> Tidy:
    """One row per host state and year with an operation on at least one day."""
    table, places = raw[FILE], places_of(raw[STATES.file])
    listed = table[~table["mission_acronym"].isin(list(UMBRELLAS))]
    dated = listed.dropna(subset="start_date")
    hosts = raw[CROSSWALK].dropna(subset="iso3c")
    if strangers := sorted(set(hosts["iso3c"]) - set(CODES)):
        raise UnresolvedNames(
            f"{SLUG}/{CROSSWALK}: no code for {', '.join(strangers)}; add it to sources/operations.py"
        )
    hosts = hosts.assign(ccode=hosts["iso3c"].map(CODES))[["mission_acronym", "ccode"]].drop_duplicates()
    placed = dated.merge(hosts, on="mission_acronym", how="left")
    omitted = _omitted(table)
    rows = _years(pd.concat([placed.dropna(subset="ccode"), omitted], ignore_index=True))
    inside = members(rows["ccode"], rows["year"], places)
    kept = rows[inside]
    frame = kept.groupby(["ccode", "year"], as_index=False).agg(un_operations=("mission_acronym", "nunique"))
    frame.insert(2, "un_operation", 1)
    merged = len(kept) - len(frame)
    undated = _undated(listed[listed["start_date"].isna()], hosts, frame)
    frame = pd.concat([frame, undated], ignore_index=True).sort_values(["ccode", "year"], ignore_index=True)
    entries = [
        ("dropped", f"umbrella of {UMBRELLAS[name]}", name, 1) for name in table["mission_acronym"] if name in UMBRELLAS
    ]
    no_start = listed[listed["start_date"].isna()]
    entries += [("dropped", "no date of start", str(name), 1) for name in no_start["mission_acronym"]]
    nowhere = placed.loc[placed["ccode"].isna(), "mission_acronym"]
    entries += [("dropped", "the crosswalk gives no host", str(name), 1) for name in nowhere]
    entries += [("added", "the list leaves it out", name, 1) for name in omitted["mission_acronym"]]
    if len(undated):
        reason = "an operation ended, but its start is unknown: missing from the first year of coverage"
        entries.append(("recoded", reason, "all host-years", len(undated)))
    lost = "host is not a member of the state system in the year"
    entries += [("dropped", lost, str(name), len(g)) for name, g in rows[~inside].groupby("mission_acronym")]
    entries.append(("merged", "operations of one state-year are one row", "all host-years", merged))
    return Tidy(frame, attrition(SLUG, entries))


def _omitted(table: pd.DataFrame) -> pd.DataFrame:
    columns = ["mission_acronym", "ccode", "start_date", "end_date"]
    rows = [row for row in OMITTED if row[0] not in set(table["mission_acronym"])]
    return pd.DataFrame(rows, columns=columns)


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


SOURCE = Source(
    slug=SLUG,
    key="state-year",
    raw=(
        RawTable(FILE, ("mission_acronym", "start_date", "end_date")),
        RawTable(CROSSWALK, ("mission_acronym", "iso3c")),
        STATES,
    ),
    variables=(
        event("un_operation", "Host of a UN peacekeeping operation (UN list)", assigned=BY_STATE, unknown=True),
        event("un_operations", "UN peacekeeping operations hosted (UN list)", "operations", unknown=True),
    ),
    clean=clean,
    years=(1948, 2023),
)
