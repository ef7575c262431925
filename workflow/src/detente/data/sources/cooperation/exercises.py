"""Multinational Military Exercises 7: who trained with whom, when and where; one row per exercise and participant.

The coordinates come from a geocoder that was given the location as text: a country's name puts the site in its middle,
an ocean's in the middle of the ocean, and some names were found elsewhere. The last two are taken for no site.

The series of an exercise is the one its coders name, else that of its own name without number and year. Exercises
without a coded series are of one series if their names agree and two states took part in both: Friendship is an
exercise of China with Pakistan and, elsewhere, one of the Soviet Union.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.data.sources.base import Assignment, Frames, Log, Source, Tidy, event
from detente.data.sources.rawtable import FLAG, MONTH, YEAR, RawTable, degrees, text, whole
from detente.data.sources.statecodes import NOT_STATES, UNKNOWN, Gazetteer, gazetteer, refuse_unknown
from detente.data.sources.statecodes import STATES as STATE_LIST
from detente.data.sources.steps import over_new_year, whole_date

SMALL = 5
SLUG, FILE = "mme", "mme_v7.csv"
STATES = STATE_LIST.file
KINDS = {
    "Warfighting": "warfighting",
    "Peacekeeping": "peacekeeping",
    "Humanitarian": "humanitarian",
    "CPX": "command_post",
    "Air": "air",
    "Land": "land",
    "Sea": "sea",
}
"""What an exercise is for, whether it is one of command posts, and where forces move, by the column of the file."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
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
UNNAMED = frozenset({"", "-9"})
# Forms of exercises (in the air, at a command post, in the field, in passing, search and rescue), which name no series.
FORMS = frozenset({"airex", "cpx", "ftx", "passex", "pass ex", "sarex"})
IN_COMMON = 2
# Coded series that are one series under two spellings.
SPELLINGS = {
    "malindo darsasa": "malindo darsara",
    "nasim i bahr": "naseem al bahr",
    "nikoforos": "nikiforos",
    "peninsual shield": "peninsula shield",
    "vzaimodeistviye": "vzaimodeystviye",
}
_BRACKETS = re.compile(r"\(.*?\)|\[.*?\]")
# From the first digit of a word on, and the whole word where but one letter goes before it.
_NUMBERED = re.compile(r"(?<!\S)\w?\d\S*|\d\S*")
_ROMAN = re.compile(r"(?=[ivxl])(xl|l?x{0,3})(ix|iv|v?i{0,3})")


def clean(raw: Frames) -> Tidy:
    """One row per exercise, year and participating state; `parties` counts all who took part, states or not.

    Exercises are told apart by their row: three ids are used twice for different exercises. `series` is the number
    of the exercise's series (−1 none), `title` what that series is called ("" none), `month` that of its first day,
    `latitude` and `longitude` its site, if known.
    """
    table, places, log = raw[FILE], gazetteer(raw[STATES]), Log(SLUG)
    named = table[list(SLOTS)].stack().str.strip()
    refuse_unknown(set(named) - {""}, places, NOT_STATES, f"{SLUG}/{FILE}")
    labels = (table["MMEID"] + " " + table["Ex_Name"]).str.strip()
    known = participants(named, _days(table), places, NOT_STATES, labels, log)
    sites, series = _sites(table), _series(table, known)
    log.seek("coded with the site of another place", MISPLACED, table["MMEID"])
    log.seek("name of no state", NOT_STATES, named)
    log.seek("the middle of an ocean", OCEANS, zip(*(pd.to_numeric(table[c]) for c in ("lat", "lon")), strict=True))
    log.seek("series under two spellings", SPELLINGS, table["Series_Name"].map(plain))
    kinds = table[list(KINDS)].rename(columns=KINDS).astype("int64")
    traits = pd.concat([kinds, series, table["s.month"].astype("int64").rename("month"), sites], axis=1)
    states = known.groupby("exercise").size().reindex(table.index, fill_value=0)
    log.singly("dropped", "fewer than two states known: makes no dyad", labels[states < 2])
    log.singly("kept", "identifier used twice: told apart by row", labels[table["MMEID"].duplicated(keep=False)])
    geocoded = table["MMEID"].map({k: f"the geocoder found {v}" for k, v in MISPLACED.items()})
    geocoded = geocoded.fillna("located in an ocean at large").mask(table["lat"] == "", "no coordinates")
    for row in table.index[sites["latitude"].isna()]:
        log.add("kept", f"{geocoded[row]}: no distance from the site", 1, labels[row])
    log.add("kept", "no name of its own: of no series", series["series"] < 0, "all exercises")
    members = known.merge(traits, left_on="exercise", right_index=True, validate="many_to_one")
    key = ["exercise", "year", "ccode"]
    columns = [*key, "parties", *KINDS.values(), "series", "title", "month", "latitude", "longitude"]
    return log.tidy(over_new_year(members).sort_values(key, ignore_index=True)[columns])


def participants(
    named: pd.Series, days: pd.DataFrame, places: Gazetteer, nobody: Mapping[str, str], labels: pd.Series, log: Log
) -> pd.DataFrame:
    """One row per exercise and state that took part, with days and how many `parties` there were, states or not.

    `named`: who is named, by row of the file and slot. `days`: first and last of each row. `nobody`: names of no
    state, and why. `labels`: what the log calls each row.
    """
    named = named[named != ""]
    long = pd.DataFrame({"exercise": named.index.get_level_values(0), "name": named.to_numpy()})
    long = long.merge(days, left_on="exercise", right_index=True, validate="many_to_one")
    asked = zip(long["name"], long["first_day"], long["last_day"], strict=True)
    long["ccode"] = pd.array([places.code(*one) for one in asked], dtype="Int64")
    records, lost = long["exercise"].map(labels) + ": " + long["name"], long["ccode"].isna()
    reasons = long["name"].map(nobody).fillna("not a member of the state system at the time")
    for reason, record in zip(reasons[lost], records[lost], strict=True):
        log.add("dropped", reason, 1, record)
    log.singly("merged", "named twice in one exercise", records[~lost & long.duplicated(["exercise", "ccode"])])
    party = long["ccode"].astype("object").fillna(long["name"])
    party = party.mask(long["name"] == UNKNOWN, "unknown " + long.index.astype("str"))
    parties = party.groupby(long["exercise"]).nunique()
    known = long[~lost].drop_duplicates(["exercise", "ccode"]).astype({"ccode": "int64"})
    return known.assign(parties=known["exercise"].map(parties))


def _days(table: pd.DataFrame) -> pd.DataFrame:
    """First and last possible day of each exercise, yyyymmdd; an unknown day ('xx') may be any of it."""
    number = table[list(_DAYS)].apply(pd.to_numeric, errors="coerce")
    days = {"first_day": whole_date(number, _DAYS[:3], 1), "last_day": whole_date(number, _DAYS[3:], 31)}
    return pd.DataFrame(days).astype("int64")


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
    sites: pd.DataFrame = table[["lat", "lon"]].replace("", np.nan).apply(pd.to_numeric).astype("float64")
    sites = sites.set_axis(["latitude", "longitude"], axis=1)
    at_sea = pd.MultiIndex.from_frame(sites).isin(list(OCEANS))
    return sites.mask(table["MMEID"].isin(MISPLACED) | at_sea)


@dataclass(frozen=True)
class Held:
    """One exercise: its coded `series` and `title` as they stand in the file, `year`, `month` and states."""

    series: str
    title: str
    year: int
    month: int
    states: frozenset[int]


def plain(text: str) -> str:
    """Lower-case words, without accents and punctuation."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", bare.lower()))


def series_name(coded: str) -> str:
    """A coded series in one spelling."""
    name = plain(coded)
    return SPELLINGS.get(name, name)


def stem(title: str) -> str:
    """What an exercise shares with the next of its series: its name but for remarks in brackets, numbers and years.

    >>> [stem(t) for t in ("Readex 1-80", "PHIBLEX-97", "Annualex 18-G", "Amitié (Friendship) XXVII", "-9")]
    ['readex', 'phiblex', 'annualex', 'amitie', '']
    """
    if title in UNNAMED:
        return ""
    words = plain(_NUMBERED.sub(" ", _BRACKETS.sub(" ", title))).split()
    while len(words) > 1 and _ROMAN.fullmatch(words[-1]):
        words.pop()
    name = " ".join(words)
    return "" if name in FORMS else name


def number_series(exercises: Sequence[Held]) -> list[int]:
    """Number of each exercise's series, −1 where it has neither series nor name; the order of rows plays no part."""
    families: dict[str, list[int]] = {}
    for k, family in enumerate(_families(exercises)):
        if family:
            families.setdefault(family, []).append(k)
    found = [
        (family, *min((exercises[k].year, exercises[k].month, sorted(exercises[k].states)) for k in group), group)
        for family, members in families.items()
        for group in _related(exercises, members)
    ]
    numbers = [-1] * len(exercises)
    for at, (*_, group) in enumerate(sorted(found)):
        for k in group:
            numbers[k] = at
    return numbers


def _families(exercises: Sequence[Held]) -> list[str]:
    """Series as coded; else the series that all exercises of this name have that are coded; else the name."""
    coded = [series_name(e.series) for e in exercises]
    stems = [stem(e.title) for e in exercises]
    known: dict[str, set[str]] = {name: {name} for name in coded if name}
    for name, title in zip(coded, stems, strict=True):
        if name and title:
            known.setdefault(title, set()).add(name)
    sure = {title: next(iter(names)) for title, names in known.items() if len(names) == 1}
    return [name or sure.get(title, title) for name, title in zip(coded, stems, strict=True)]


def _related(exercises: Sequence[Held], members: Sequence[int]) -> list[list[int]]:
    """Parts of a family that are linked by a coded series or by states in common."""

    def related(one: Held, other: Held) -> bool:
        return bool(one.series and other.series) or len(one.states & other.states) >= IN_COMMON

    parts: list[list[int]] = []
    for k in members:
        linked = [part for part in parts if any(related(exercises[k], exercises[i]) for i in part)]
        parts = [part for part in parts if part not in linked]
        parts.append([*(i for part in linked for i in part), k])
    return parts


_DAYS = ("s.year", "s.month", "s.day", "e.year", "e.month", "e.day")
_WORDS = text("", UNKNOWN)
_DAY = dict(zip(_DAYS, (YEAR, MONTH, whole(1, 31, "xx")) * 2, strict=True))
_COLUMNS = {
    "MMEID": text(),
    "Ex_Name": _WORDS.optional(),
    "Series_Name": _WORDS.optional(),
    "lat": degrees(90).optional(),
    "lon": degrees(180).optional(),
    **_DAY,
    **dict.fromkeys(KINDS, FLAG),
    **dict.fromkeys(SLOTS, _WORDS.optional()),
}
RAW = (RawTable(FILE, _COLUMNS, ("MMEID", "Ex_Name", *_DAYS, *SLOTS[:2]), text=True), STATE_LIST)


def _of_any_size(events: pd.DataFrame) -> pd.Series[bool]:
    return events["parties"] >= 0


_ALL, _TWO = Assignment("event", _of_any_size), Assignment("event", lambda e: e["parties"] == 2)
_WEIGHED, _COUNTED = Assignment("event", _of_any_size, "weight"), Assignment("event", _of_any_size, "count")
_FEW = Assignment("event", lambda e: e["parties"] <= SMALL)
VARIABLES = (
    event("exercise_any", "Joint exercise", assigned=_ALL),
    event("exercise_bilateral", "Joint exercise of these two alone", assigned=_TWO),
    event("exercise_small", "Joint exercise of at most five parties", assigned=_FEW),
    event("exercise_weight", "Joint exercises, each weighted 1/(parties − 1)", "exercises", assigned=_WEIGHED),
    event("exercise_count", "Joint exercises", "exercises", "description", assigned=_COUNTED),
)
SOURCE = Source(SLUG, "event", RAW, VARIABLES, clean, (1980, 2010))
