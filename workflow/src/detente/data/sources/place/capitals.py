"""Where a state's capital is, by year, 1816–2016 (Miller's list of capitals for COW states).

The trap: the list runs to 2024 for states long gone; and three capitals were geocoded as the middle of their country.
Great-circle distances between capitals are the panel's to take.
"""

import pandas as pd

from detente.data.sources.base import Entries, Frames, RawTable, Source, Tidy, attrition, measure, yearly

SLUG = "distance-capitals"
FILE, STATES = "cow_capitals.rda", "states2016.csv"
# Brasília, Tunis and Riyadh: the file gives points 839, 336 and 206 km away from them.
CORRECTED = {"Brasilia": (140, -15.80, -47.90), "Tunis": (616, 36.80, 10.18), "Riyadh": (670, 24.64, 46.77)}


def clean(raw: Frames) -> Tidy:
    """One row per state-year of membership: the capital on 1 January, else the first of the year."""
    table = raw[FILE]
    places, recoded = _corrected(table)
    spells = _years(places).sort_values(["ccode", "year", "begins"])
    first = spells.drop_duplicates(["ccode", "year"])
    members = pd.MultiIndex.from_frame(_members(raw[STATES]))
    inside = pd.MultiIndex.from_frame(first[["ccode", "year"]]).isin(members)
    frame = first.loc[inside, ["ccode", "year", "capital_latitude", "capital_longitude"]]
    entries = [
        *recoded,
        (
            "dropped",
            "moves during the year: the capital of its beginning counts",
            "all states",
            len(spells) - len(first),
        ),
        ("dropped", "no member of the state system in this year", "all states", int((~inside).sum())),
    ]
    return Tidy(frame.reset_index(drop=True), attrition(SLUG, entries))


def _corrected(table: pd.DataFrame) -> tuple[pd.DataFrame, Entries]:
    """Spells as numbers, with the corrected coordinates and the attrition entries of these."""
    places = pd.DataFrame(
        {
            "ccode": table["ccode"].astype("int64"),
            "capital": table["capital"],
            "begins": pd.to_datetime(table["stdate"].astype("str")),
            "ends": pd.to_datetime(table["enddate"].astype("str")),
            "capital_latitude": table["lat"],
            "capital_longitude": table["lng"],
        }
    )
    entries = []
    for capital, (state, latitude, longitude) in CORRECTED.items():
        rows = (places["ccode"] == state) & (places["capital"] == capital)
        places.loc[rows, ["capital_latitude", "capital_longitude"]] = latitude, longitude
        entries.append(("recoded", "coordinates of the country's middle, not of the city", capital, int(rows.sum())))
    return places, entries


def _years(places: pd.DataFrame) -> pd.DataFrame:
    """One row per spell and year that it touches, within the years covered."""
    first, last = SOURCE.years
    return yearly(places, places["begins"].dt.year.clip(lower=first), places["ends"].dt.year.clip(upper=last))


def _members(states: pd.DataFrame) -> pd.DataFrame:
    """State-years with a day of membership."""
    spells = states[["ccode"]].astype("int64")
    return yearly(spells, states["styear"], states["endyear"]).drop_duplicates(ignore_index=True)


SOURCE = Source(
    slug=SLUG,
    alias="capitals",
    key="state-year",
    raw=(
        RawTable(FILE, ("ccode", "capital", "stdate", "enddate", "lat", "lng")),
        RawTable(STATES, ("ccode", "styear", "endyear"), slug="cow-state-system"),
    ),
    variables=(
        measure("capital_latitude", "Latitude of the capital", "degrees north"),
        measure("capital_longitude", "Longitude of the capital", "degrees east"),
    ),
    clean=clean,
    years=(1816, 2016),
)
