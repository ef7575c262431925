"""Multinational Military Exercises 7: who trained with whom, when and where; one row per exercise and participant.

The coordinates come from a geocoder that was given the location as text: a country's name puts the site in its middle,
an ocean's in the middle of the ocean, and some names were found elsewhere. The last two are taken for no site.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, by_event, event
from detente.data.sources.cooperation.exercise_series import Held, number_series, series_name, stem
from detente.data.sources.names import NOT_STATES, UNKNOWN, gazetteer, refuse_unknown
from detente.data.sources.names import STATES as STATE_LIST
from detente.data.sources.steps import Entries, over_new_year, singly

SMALL = 5
SLUG, FILE = "mme", "mme_v7.csv"
STATES = STATE_LIST.file
KINDS = {"Warfighting": "warfighting", "Peacekeeping": "peacekeeping", "Humanitarian": "humanitarian"}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MONTHS = frozenset(map(str, range(1, 13)))
DAYS = frozenset({*map(str, range(1, 32)), "xx"})
# Middle of the Atlantic, the Pacific and the Indian Ocean.
OCEANS = ((-14.5994134, -28.6731465), (-8.783195, -124.508523), (-33.137551, 81.826172))
# What the geocoder found in place of the location that is named.
MISPLACED = {
    "mme995": "an embassy in Washington for Kuwait",
    "mme998": "Zimbabwe for Nyanga in Gabon",
    "mme1809": "Rhode Island for Berga in Sweden",
    "mme1810": "Maine for Jordan",
    "mme2219": "Oklahoma for Jordan",
    "mme2246": "Oklahoma for Jordan",
    "mme2818": "Colombia for Cartagena in Spain",
    "mme2967": "the Jordanian desert for Ras Draa in Morocco",
    "mme3268": "Vancouver for Five Hills in Mongolia",
    "mme3524": "Texas for the Gulf",
}
SLOTS = tuple(f"State{s}" for s in [*_LETTERS, *(f"A{letter}" for letter in _LETTERS[:13])])


def clean(raw: Frames) -> Tidy:
    """One row per exercise, year and participating state; `parties` counts all who took part, states or not.

    Exercises are told apart by their row: three ids are used twice for different exercises. `series` is the number
    of the exercise's series (−1 none), `title` what that series is called ("" none), `month` that of its first day,
    `latitude` and `longitude` its site, if known.
    """
    table, places = raw[FILE], gazetteer(raw[STATES])
    slots = table[list(SLOTS)].stack()
    named = slots[slots.str.strip() != ""].str.strip()
    refuse_unknown(named.unique(), places, NOT_STATES, f"{SLUG}/{FILE}")
    long = pd.DataFrame({"exercise": named.index.get_level_values(0), "name": named.to_numpy()}).merge(
        _days(table), left_on="exercise", right_index=True, validate="many_to_one"
    )
    asked = zip(long["name"], long["first_day"], long["last_day"], strict=True)
    long["ccode"] = [places.code(name, int(first), int(last)) for name, first, last in asked]
    sites = _sites(table)
    party = long["ccode"].astype("object").fillna(long["name"])
    party = party.mask(long["name"] == UNKNOWN, "unknown " + long.index.astype("str"))
    parties = party.groupby(long["exercise"]).nunique()
    known = long.dropna(subset="ccode").drop_duplicates(["exercise", "ccode"]).astype({"ccode": "int64"})
    series = _series(table, known)
    kinds = table[list(KINDS)].rename(columns=KINDS).astype("int64")
    traits = pd.concat([kinds, series, table["s.month"].astype("int64").rename("month"), sites], axis=1)
    members = known.assign(parties=known["exercise"].map(parties)).merge(
        traits, left_on="exercise", right_index=True, validate="many_to_one"
    )
    key = ["exercise", "year", "ccode"]
    columns = [*key, "parties", *KINDS.values(), "series", "title", "month", "latitude", "longitude"]
    frame = over_new_year(members).sort_values(key, ignore_index=True)[columns]
    return Tidy(frame, attrition(SLUG, _entries(long, table, sites["latitude"].isna(), series["series"])))


def _days(table: pd.DataFrame) -> pd.DataFrame:
    """First and last possible day of each exercise, yyyymmdd; an unknown day ('xx') may be any of it."""
    start_day = pd.to_numeric(table["s.day"], errors="coerce").fillna(1)
    end_day = pd.to_numeric(table["e.day"], errors="coerce").fillna(31)
    number = table[["s.year", "s.month", "e.year", "e.month"]].apply(pd.to_numeric)
    return pd.DataFrame(
        {
            "first_day": (number["s.year"] * 10000 + number["s.month"] * 100 + start_day).astype("int64"),
            "last_day": (number["e.year"] * 10000 + number["e.month"] * 100 + end_day).astype("int64"),
        }
    )


def _series(table: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Number of each exercise's series, −1 if none, and its `title`: as coders wrote it first, else its own name's."""
    states = known.groupby("exercise")["ccode"].agg(frozenset).to_dict()
    named = zip(table.index, table["Series_Name"], table["Ex_Name"], table["s.year"], table["s.month"], strict=True)
    held = [
        Held(str(series).strip(), str(title).strip(), int(year), int(month), states.get(row, frozenset()))
        for row, series, title, year, month in named
    ]
    frame = pd.DataFrame({"series": number_series(held)}, index=table.index, dtype="int64")
    titles = pd.Series([h.series if series_name(h.series) else stem(h.title).title() for h in held], index=table.index)
    frame["title"] = titles.groupby(frame["series"]).transform("first").where(frame["series"] >= 0, "").astype("str")
    return frame


def _sites(table: pd.DataFrame) -> pd.DataFrame:
    """Latitude and longitude of each exercise; missing where the geocoder found none, an ocean or another place."""
    sites = pd.DataFrame(
        {
            "latitude": pd.to_numeric(table["lat"].replace("", np.nan)).astype("float64"),
            "longitude": pd.to_numeric(table["lon"].replace("", np.nan)).astype("float64"),
        }
    )
    at_sea = pd.MultiIndex.from_frame(sites).isin(list(OCEANS))
    return sites.mask(table["MMEID"].isin(MISPLACED) | at_sea)


def _entries(long: pd.DataFrame, table: pd.DataFrame, unplaced: pd.Series, series: pd.Series) -> Entries:
    """Everything that was named but makes no participant, exercises without a site, and those of no series."""
    labels = (table["MMEID"] + " " + table["Ex_Name"]).str.strip()
    records = labels.reindex(long["exercise"]).to_numpy() + ": " + long["name"].to_numpy()
    lost = long["ccode"].isna().to_numpy()
    reasons = long["name"].map(NOT_STATES).fillna("not a member of the state system at the time")
    repeated = ~lost & long.duplicated(["exercise", "ccode"]).to_numpy()
    states = long.dropna(subset="ccode").groupby("exercise")["ccode"].nunique().reindex(table.index, fill_value=0)
    geocoded = table["MMEID"].map({k: f"the geocoder found {v}" for k, v in MISPLACED.items()})
    geocoded = geocoded.fillna("located in an ocean at large").mask(table["lat"] == "", "no coordinates")
    placeless = zip(geocoded[unplaced], labels[unplaced], strict=True)
    return [
        *(("dropped", reason, record, 1) for reason, record in zip(reasons[lost], records[lost], strict=True)),
        *singly("merged", "named twice in one exercise", records[repeated]),
        *singly("dropped", "fewer than two states known: makes no dyad", labels[states < 2]),
        *singly("kept", "identifier used twice: told apart by row", labels[table["MMEID"].duplicated(keep=False)]),
        *(("kept", f"{reason}: no distance from the site", label, 1) for reason, label in placeless),
        ("kept", "no name of its own: of no series", "all exercises", series < 0),
    ]


def of_any_size(events: pd.DataFrame) -> pd.Series[bool]:
    """Whether an exercise counts: all do."""
    return events["parties"] >= 0


_DAYS = ("s.year", "s.month", "s.day", "e.year", "e.month", "e.day")
_CODES = {
    **{name: frozenset({"0", "1"}) for name in KINDS},
    **dict.fromkeys(("s.month", "e.month"), MONTHS),
    **dict.fromkeys(("s.day", "e.day"), DAYS),
}
_COLUMNS = ("MMEID", "Ex_Name", "Series_Name", "lat", "lon", *_DAYS, *KINDS, *SLOTS)
RAW = (RawTable(FILE, _COLUMNS, _CODES, text=True), STATE_LIST)
_ALL, _TWO = by_event(of_any_size), by_event(lambda e: e["parties"] == 2)
_WEIGHED, _COUNTED = by_event(of_any_size, "weight"), by_event(of_any_size, "count")
_FEW = by_event(lambda e: e["parties"] <= SMALL)
VARIABLES = (
    event("exercise_any", "Joint exercise", assigned=_ALL),
    event("exercise_bilateral", "Joint exercise of these two alone", assigned=_TWO),
    event("exercise_small", "Joint exercise of at most five parties", assigned=_FEW),
    event("exercise_weight", "Joint exercises, each weighted 1/(parties − 1)", "exercises", assigned=_WEIGHED),
    event("exercise_count", "Joint exercises", "exercises", "description", assigned=_COUNTED),
)
SOURCE = Source(SLUG, "event", RAW, VARIABLES, clean, (1980, 2010))
