"""Where a state's capital is, by year, 1816–2016 (Miller's list of capitals for COW states).

The trap: the list runs to 2024 for states long gone; and three capitals were geocoded as the middle of their country.
Great-circle distances between capitals are the panel's to take.
"""

import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, measure
from detente.data.sources.steps import STATE_YEAR, Entries, yearly

SLUG = "distance-capitals"
FILE, STATES = "cow_capitals.rda", "states2016.csv"
# Brasília, Tunis and Riyadh: the file gives points 839, 336 and 206 km away from them.
CORRECTED = {"Brasilia": (140, -15.80, -47.90), "Tunis": (616, 36.80, 10.18), "Riyadh": (670, 24.64, 46.77)}


def clean(raw: Frames) -> Tidy:
    """One row per state-year of membership: the capital on 1 January, else the first of the year."""
    first, last = SOURCE.years
    places, recoded = _corrected(raw[FILE])
    spells = yearly(places, places["begins"].dt.year.clip(lower=first), places["ends"].dt.year.clip(upper=last))
    once = spells.sort_values([*STATE_YEAR, "begins"]).drop_duplicates(STATE_YEAR)
    states = raw[STATES]
    system = yearly(states[["ccode"]].astype("int64"), states["styear"], states["endyear"])
    inside = pd.MultiIndex.from_frame(once[STATE_YEAR]).isin(pd.MultiIndex.from_frame(system))
    frame = once.loc[inside, [*STATE_YEAR, "capital_latitude", "capital_longitude"]].reset_index(drop=True)
    moves = "moves during the year: the capital of its beginning counts"
    entries: Entries = [
        *recoded,
        ("dropped", moves, "all states", len(spells) - len(once)),
        ("dropped", "no member of the state system in this year", "all states", len(once) - len(frame)),
    ]
    return Tidy(frame, attrition(SLUG, entries))


def _corrected(table: pd.DataFrame) -> tuple[pd.DataFrame, Entries]:
    """Spells as numbers, with the corrected coordinates and the attrition entries of these."""
    places = (
        table[["ccode"]]
        .astype("int64")
        .assign(
            begins=pd.to_datetime(table["stdate"].astype("str")),
            ends=pd.to_datetime(table["enddate"].astype("str")),
            capital_latitude=table["lat"],
            capital_longitude=table["lng"],
        )
    )
    entries: Entries = []
    for capital, (state, latitude, longitude) in CORRECTED.items():
        rows = (places["ccode"] == state) & (table["capital"] == capital)
        places.loc[rows, ["capital_latitude", "capital_longitude"]] = latitude, longitude
        entries.append(("recoded", "coordinates of the country's middle, not of the city", capital, rows))
    return places, entries


RAW = (
    RawTable(FILE, ("ccode", "capital", "stdate", "enddate", "lat", "lng")),
    RawTable(STATES, ("ccode", "styear", "endyear"), slug="cow-state-system"),
)
VARIABLES = (
    measure("capital_latitude", "Latitude of the capital", "degrees north"),
    measure("capital_longitude", "Longitude of the capital", "degrees east"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1816, 2016), alias="capitals")
