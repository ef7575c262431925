"""Names of states as lists of troops, missions and weapons print them → COW codes, by year."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from detente.base.errors import UnresolvedNames, choices
from detente.data.sources.base import RawTable
from detente.data.sources.names import Gazetteer, gazetteer

STATES = RawTable(
    "states2016.csv",
    ("ccode", "statenme", "styear", "stmonth", "stday", "endyear", "endmonth", "endday"),
    slug="cow-state-system",
)
LAST_LISTED = 2016
# (code that lists of today write, code of the state of the time, last year that it holds)
LATER = ((679, 678, 1989), (347, 345, 2007))
# As in names.py: the first that is a member on a day of the year counts.
ALIASES: Mapping[str, tuple[int, ...]] = {
    "Antigua and Barbuda": (58,),
    "Cote d Ivoire": (437,),
    "Cote d'Ivoire": (437,),
    "DR Congo": (490,),
    "DRC": (490,),
    "Democratic Republic of Congo": (490,),
    "Kosovo": (347, 345),
    "Moldova, Republic of": (359,),
    "Montenegro": (341, 345),
    "Republic of Korea": (732,),
    "Republic of Vietnam": (817,),
    "Russian Federation": (365,),
    "Saint Kitts and Nevis": (60,),
    "Saint Lucia": (56,),
    "Saint Vincent and the Grenadines": (57,),
    "South Yemen": (680,),
    "Swaziland": (572,),
    "Tanzania, United Republic of": (510,),
    "The Gambia": (420,),
    "The former Yugoslav Republic o": (343,),
    "The former Yugoslav Republic of Macedonia": (343,),
    "Timor": (860,),
    "Western Sahara": (600,),
}


def places_of(states: pd.DataFrame) -> Gazetteer:
    """Gazetteer of the raw list of states with this module's aliases."""
    places = gazetteer(states)
    return replace(places, by_name={**places.by_name, **ALIASES})


def codes(names: pd.Series, years: pd.Series, places: Gazetteer, *, where: str, nobody: Mapping[str, str]) -> pd.Series:
    """COW code of each name in its year; missing for parties that are no state and for states not yet or no longer one.

    The list ends in 2016; a state of its last day counts as one ever after.

    Raises
    ------
    UnresolvedNames
        Listing every name that is neither a state of any time nor in `nobody`.
    """
    asked = pd.DataFrame({"name": names.astype("str"), "year": years.astype("int64")})
    strangers = sorted({n for n in asked["name"].unique() if n not in places.by_name and n not in nobody})
    if strangers:
        listed = "; ".join(f"{n!r} ({choices(n, places.by_name).split('; ')[-1]})" for n in strangers)
        raise UnresolvedNames(f"{where}: no state is called {listed}; add the name to sources/places.py")
    pairs = asked.drop_duplicates()
    found = {(n, y): None if n in nobody else places.code(n, *_days(y)) for n, y in pairs.itertuples(index=False)}
    matched = [found[pair] for pair in zip(asked["name"], asked["year"], strict=True)]
    return pd.Series(matched, index=names.index, dtype="Int64")


def members(states: pd.Series, years: pd.Series, places: Gazetteer) -> pd.Series:
    """Whether each code is a member of the state system on a day of its year."""
    asked = pd.DataFrame({"ccode": states.astype("int64"), "year": years.astype("int64")})
    found = {(s, y): _member(s, y, places) for s, y in asked.drop_duplicates().itertuples(index=False)}
    flags = [found[pair] for pair in zip(asked["ccode"], asked["year"], strict=True)]
    return pd.Series(flags, index=states.index, dtype="bool")


def _days(year: int) -> tuple[int, int]:
    listed = min(year, LAST_LISTED)
    return listed * 10000 + 101, listed * 10000 + 1231


def _member(state: int, year: int, places: Gazetteer) -> bool:
    first, last = _days(year)
    return any(start <= last and end >= first for start, end in places.spells.get(state, ()))


def of_the_time(states: pd.Series, years: pd.Series) -> pd.Series:
    """Codes with a later state's replaced by the state's that held the ground in the year."""
    held = states.astype("int64")
    for later, earlier, last in LATER:
        held = held.mask((held == later) & (years <= last), earlier)
    return held
