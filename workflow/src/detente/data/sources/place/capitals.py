"""Where a state's capital is, by year, 1816–2024 (Miller's list of capitals for COW states).

The trap: the list runs to 2024 for states long gone; and three capitals were geocoded as the middle of their country.
Great-circle distances between capitals are the panel's to take.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, measure
from detente.data.sources.rawtable import STATE, RawTable, date, degrees, text
from detente.data.sources.statecodes import MEMBERSHIP, members
from detente.data.sources.steps import STATE_YEAR, yearly

SLUG, FILE = "distance-capitals", "cow_capitals.rda"
# Brasília, Tunis and Riyadh: the file gives points 839, 336 and 206 km away from them.
CORRECTED = {"Brasilia": (140, -15.80, -47.90), "Tunis": (616, 36.80, 10.18), "Riyadh": (670, 24.64, 46.77)}


def clean(raw: Frames) -> Tidy:
    """One row per state-year of membership: the capital on 1 January, else the first of the year."""
    first, last = SOURCE.years
    log = Log(SLUG, "all states")
    places = _corrected(raw[FILE], log)
    spells = yearly(places, places["begins"].dt.year.clip(lower=first), places["ends"].dt.year.clip(upper=last))
    once = spells.sort_values([*STATE_YEAR, "begins"]).drop_duplicates(STATE_YEAR)
    log.add("dropped", "moves during the year: the capital of its beginning counts", len(spells) - len(once))
    frame = log.drop(once, ~members(once, raw), "no member of the state system in this year")
    return log.tidy(frame[[*STATE_YEAR, "capital_latitude", "capital_longitude"]].reset_index(drop=True))


def _corrected(table: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Spells as numbers, with the corrected coordinates."""
    places = table.rename(columns={"lat": "capital_latitude", "lng": "capital_longitude"}).assign(
        ccode=table["ccode"].astype("int64"),
        begins=pd.to_datetime(table["stdate"].astype("str")),
        ends=pd.to_datetime(table["enddate"].astype("str")),
    )
    for capital, (state, latitude, longitude) in CORRECTED.items():
        rows = (places["ccode"] == state) & (table["capital"] == capital)
        places.loc[rows, ["capital_latitude", "capital_longitude"]] = latitude, longitude
        log.correct("recoded", "coordinates of the country's middle, not of the city", rows, capital)
    return places


_COLUMNS = {
    "ccode": STATE,
    "capital": text(),
    **dict.fromkeys(("stdate", "enddate"), date(1816, 2024)),
    "lat": degrees(90),
    "lng": degrees(180),
}
RAW = (RawTable(FILE, _COLUMNS, ("ccode", "stdate")), MEMBERSHIP)
VARIABLES = (
    measure("capital_latitude", "Latitude of the capital", "degrees north"),
    measure("capital_longitude", "Longitude of the capital", "degrees east"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1816, 2024), alias="capitals")
