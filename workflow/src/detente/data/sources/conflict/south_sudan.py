"""Deaths in South Sudan by place and month, 2011–2021, and where UNMISS was stationed (UCDP GED, Geo-PKO 2.3).

One row per cell of PRIO-GRID (0.5° × 0.5°, some 55 km) and month, from August 2011, the first whole month of the state,
on: of every cell with an event or a UNMISS site in these years, and of no other. The traps: the line below the header
holds HXL tags; of many events it is known no more than the county (precision 3), the state of the country (4), a
stretch (5) or the country (6). Deaths in a cell are those of events known to the place or within 25 km of it (1 and 2);
those known to the county, counted at its midpoint, are apart; others, and events that run into another month, are in
none, and in the attrition log. Best estimates of deaths lie outside their bounds in 14 events, so that bounds are not
used. Geo-PKO's map has years and no months: every month of a year has its mean of troops. It has no police and no
observers at any of these sites, which is not so, and of other missions one site, which is not counted.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from detente.data.sources.base import PLACE_MONTH, Frames, Log, Source, Tidy, measure
from detente.data.sources.peacekeeping import deployments
from detente.data.sources.rawtable import YEAR, RawTable, count, date, degrees, one_of, text, whole

SLUG, FILE = "south-sudan-ged", "conflict_data_ssd.csv"
COUNTRY, MISSION = "South Sudan", "UNMISS"
FIRST = (2011, 8)
# PRIO-GRID: rows from the south, columns from the west, cells numbered from 1 (Tollefsen, Strand and Buhaug 2012).
CELL, COLUMNS = 0.5, 720
SITED, COUNTY = 2, 3
UNPLACED = {
    4: "known to a state of the country alone (precision 4)",
    5: "known to a stretch alone (precision 5)",
    6: "known to the country alone (precision 6)",
    7: "in waters of no state (precision 7)",
}
KINDS = {1: "state_based", 2: "non_state", 3: "one_sided"}


def cell(latitude: pd.Series, longitude: pd.Series) -> pd.Series:
    """Numbers of the cells of PRIO-GRID that points lie in."""
    row, column = np.floor((latitude + 90) / CELL), np.floor((longitude + 180) / CELL)
    return pd.Series(row * COLUMNS + column + 1, dtype="int64")


def clean(raw: Frames) -> Tidy:
    """One row per cell and month."""
    log = Log(SLUG, "all events")
    events, sites = _events(raw[FILE], log), _sites(raw[deployments.FILE], log)
    keys = _months(sorted({*events["place"], *sites["place"]}))
    deaths = keys.merge(_deaths(events), how="left", on=list(PLACE_MONTH), validate="one_to_one").fillna(0.0)
    stationed = keys.merge(sites, how="left", on=["place", "year"], validate="many_to_one")
    # Troops of a site may be unknown; without a site there are none.
    none = stationed["unmiss_sites"].isna()
    stationed = stationed.mask(none, stationed.fillna(0.0))
    frame = deaths.merge(stationed, on=list(PLACE_MONTH), validate="one_to_one")
    return log.tidy(frame[[*PLACE_MONTH, *(v.name for v in VARIABLES)]].astype(dict.fromkeys(PLACE_MONTH, "int64")))


def _events(table: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Events of one month that are known to a county or better: place, year, month, whether `sited`, deaths."""
    start, end = (pd.to_datetime(table[name]) for name in ("date_start", "date_end"))
    numbers = {name: pd.to_numeric(table[name]) for name in ("where_prec", "priogrid_gid", "type_of_violence", "best")}
    rows = table[["year"]].assign(**numbers, civilian=pd.to_numeric(table["deaths_civilians"]))
    rows = rows.assign(year=start.dt.year, month=start.dt.month, place=rows["priogrid_gid"].astype("int64"))
    over = (start.dt.year != end.dt.year) | (start.dt.month != end.dt.month)
    rows = log.drop(rows, over, "runs into another month")
    for precision, reason in UNPLACED.items():
        rows = log.drop(rows, rows["where_prec"] == precision, reason)
    sited = rows["where_prec"] <= SITED
    log.add("kept", "known to the county alone (precision 3): counted apart", ~sited)
    early = rows["year"] * 100 + rows["month"] < FIRST[0] * 100 + FIRST[1]
    return log.drop(rows.assign(sited=sited), early, "before the first whole month of the state")


def _deaths(events: pd.DataFrame) -> pd.DataFrame:
    """Events and deaths by cell and month, of those known to the site and of those known to the county or better."""
    sited = events["sited"]
    columns: dict[str, pd.Series | int] = {
        "ged_events": sited.astype("int64"),
        "ged_deaths": events["best"].where(sited, 0),
        "ged_deaths_civilian": events["civilian"].where(sited, 0),
        **{
            f"ged_deaths_{kind}": events["best"].where(sited & (events["type_of_violence"] == code), 0)
            for code, kind in KINDS.items()
        },
        "ged_events_county": 1,
        "ged_deaths_county": events["best"],
    }
    return events[list(PLACE_MONTH)].assign(**columns).groupby(list(PLACE_MONTH)).sum().reset_index()


def _sites(table: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Sites of the mission by cell and year: how many, and troops."""
    log.seek("country of the mission", (COUNTRY,), table["country"])
    log.seek("mission in the country", (MISSION,), table["mission"])
    here = table[(table["country"] == COUNTRY) & table["year"].between(*SOURCE.years)]
    own = log.drop(here, here["mission"] != MISSION, "of another mission", "rows of Geo-PKO's map in the country")
    sites = deployments.of_sites(own)
    log.merge(own, sites, deployments.REPEATED, "rows of Geo-PKO's map in the country")
    placed = sites.assign(place=cell(sites["latitude"], sites["longitude"]), year=sites["year"].astype("int64"))
    groups = placed.groupby(["place", "year"])
    log.merge(placed, groups.size().reset_index(), "sites of one cell and year are one", "sites")
    columns = {"unmiss_sites": groups.size(), "unmiss_troops": groups["troops"].sum(min_count=1)}
    return pd.DataFrame(columns).reset_index()


def _months(places: list[int]) -> pd.DataFrame:
    """Every month from the first whole one of the state on, of each place; sorted."""
    first, last = FIRST[0] * 12 + FIRST[1] - 1, SOURCE.years[1] * 12 + 11
    months = np.arange(first, last + 1)
    count = np.tile(months, len(places))
    frame = {"place": np.repeat(np.array(places, dtype="int64"), len(months)), "year": count // 12}
    return pd.DataFrame({**frame, "month": count % 12 + 1})


_MAP = replace(
    deployments.RAW[0],
    slug=deployments.SLUG,
    columns={**deployments.RAW[0].columns, "year": whole(*deployments.SOURCE.years)},
)
RAW = (
    RawTable(
        FILE,
        {
            "id": whole(1, 99_999_999),
            "year": YEAR,
            "where_prec": one_of(1, 2, 3, *UNPLACED),
            "priogrid_gid": whole(1, 360 * COLUMNS),
            "latitude": degrees(90),
            "longitude": degrees(180),
            "country": text(COUNTRY),
            "type_of_violence": one_of(*KINDS),
            **dict.fromkeys(("date_start", "date_end"), date(2011, 2021)),
            **dict.fromkeys(("best", "deaths_civilians"), count(100_000)),
        },
        ("id",),
        text=True,
        tags=True,
    ),
    _MAP,
)
_SITED = "events known to the place or within 25 km"
VARIABLES = (
    measure("ged_events", f"Events of organised violence, {_SITED} (GED)", "events"),
    measure("ged_deaths", f"Deaths, {_SITED} (GED)", "persons"),
    measure("ged_deaths_civilian", f"Deaths of civilians, {_SITED} (GED)", "persons"),
    *(
        measure(f"ged_deaths_{kind}", f"Deaths in {kind.replace('_', '-')} violence, {_SITED} (GED)", "persons")
        for kind in KINDS.values()
    ),
    measure("ged_events_county", "Events, also those known to the county, at its midpoint (GED)", "events"),
    measure("ged_deaths_county", "Deaths, also those of events known to the county, at its midpoint (GED)", "persons"),
    measure("unmiss_sites", "Sites of UNMISS in the year (Geo-PKO)", "sites"),
    measure("unmiss_troops", "UNMISS troops in the year, mean of its maps (Geo-PKO)", "persons"),
)
SOURCE = Source(SLUG, "place-month", RAW, VARIABLES, clean, (2011, 2021))
