"""Names of states as exercises and as lists of troops, missions and weapons print them → COW codes, by date or year."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd

from detente.base.errors import UnresolvedNames, choices
from detente.data.sources.base import Frames, RawTable

STATES = RawTable(
    "states2016.csv",
    ("ccode", "statenme", "styear", "stmonth", "stday", "endyear", "endmonth", "endday"),
    slug="cow-state-system",
)
LAST_LISTED = 2016
# Codes of a thousand and more are territories, in lists that number these, too.
FIRST_TERRITORY = 1000
OUTSIDE = "not a member of the state system in the year"
# (code that lists of today write, code of the state of the time, last year that it holds)
LATER = ((679, 678, 1989), (347, 345, 2007))
# Codes in the order in which they are tried: the first that is a member on a day of the exercise counts.
ALIASES: Mapping[str, tuple[int, ...]] = {
    "Germany": (255, 260),
    "Federal Republic of Germany": (260, 255),
    "German Democratic Republic": (265,),
    "Russia": (365,),
    "Serbia": (345,),
    "Yugoslavia": (345,),
    "Yemen": (679, 678),
    "Vietnam": (816,),
    "Czechia": (316,),
    "North Macedonia": (343,),
    "Bosnia & Herzegovina": (346,),
    "Antigua & Barbuda": (58,),
    "St. Kitts & Nevis": (60,),
    "st. christopher": (60,),
    "St. Vincent & Grenadines": (57,),
    "Trinidad & Tobago": (52,),
    "São Tomé & Príncipe": (403,),
    "Cape Verde": (402,),
    "Côte d’Ivoire": (437,),
    "Congo - Kinshasa": (490,),
    "Congo - Brazzaville": (484,),
    "Eswatini": (572,),
    "Timor-Leste": (860,),
    "Myanmar (Burma)": (775,),
    "United States": (2,),
}
# As lists of troops, missions and weapons print them.
ALIASES_BY_YEAR: Mapping[str, tuple[int, ...]] = {
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
UNKNOWN = "-9"
NOT_STATES: Mapping[str, str] = {
    UNKNOWN: "participant unknown",
    "NATO": "an alliance; its members are not named",
    "Baltic States": "a group; its members are not named",
    "Hong Kong SAR China": "not a state: a territory of China",
    "Bermuda": "not a state: a territory of the United Kingdom",
    "New Caledonia": "not a state: a territory of France",
    "Netherlands Antilles": "not a state: a territory of the Netherlands",
}


@dataclass(frozen=True)
class Gazetteer:
    """Spells of membership by name and by code; `start` and `end` as whole numbers yyyymmdd."""

    by_name: Mapping[str, tuple[int, ...]]
    spells: Mapping[int, Sequence[tuple[int, int]]]

    def code(self, name: str, first_day: int, last_day: int) -> int | None:
        """COW code of the state called `name` that is a member on a day between the two, if one is."""
        return next((c for c in self.by_name.get(name, ()) if self.member(c, first_day, last_day)), None)

    def member(self, code: int, first_day: int, last_day: int) -> bool:
        """Whether the state is a member on a day between the two."""
        return any(start <= last_day and end >= first_day for start, end in self.spells.get(code, ()))


def gazetteer(states: pd.DataFrame, aliases: Mapping[str, tuple[int, ...]] | None = None) -> Gazetteer:
    """Build the gazetteer from the raw list of states; of `aliases`, one may hide a name of the list itself."""
    days = states.assign(
        start=states["styear"] * 10000 + states["stmonth"] * 100 + states["stday"],
        end=states["endyear"] * 10000 + states["endmonth"] * 100 + states["endday"],
    )
    spells: dict[int, list[tuple[int, int]]] = {}
    for code, start, end in days[["ccode", "start", "end"]].to_numpy().tolist():
        spells.setdefault(code, []).append((start, end))
    listed = states.groupby("statenme")["ccode"].unique()
    names = {str(name): tuple(int(c) for c in codes) for name, codes in listed.items()}
    return Gazetteer({**names, **ALIASES, **(aliases or {})}, spells)


def refuse(strangers: Iterable[str], known: Collection[str], what: str, way_out: str) -> None:
    """Raise UnresolvedNames for `strangers`, if there are any, each with the nearest known one."""
    if listed := "; ".join(f"{name!r} ({_nearest(name, known)})" for name in sorted(set(strangers))):
        raise UnresolvedNames(f"{what} {listed}; {way_out}")


def _nearest(name: str, known: Collection[str]) -> str:
    listed = choices(name, known)
    return listed.split("; ")[-1] if "; nearest: " in listed else "no name is near"


def refuse_unknown(names: Iterable[str], places: Gazetteer, nobody: Collection[str], where: str) -> None:
    """Raise UnresolvedNames for names that are neither a state's of any time nor in `nobody`."""
    strangers = {n for n in names if n not in places.by_name and n not in nobody}
    refuse(strangers, places.by_name, f"{where}: no state is called", "add the name to data/sources/names.py")


def codes(names: pd.Series, years: pd.Series, raw: Frames, *, where: str, nobody: Mapping[str, str]) -> pd.Series:
    """COW code of each name in its year; missing for parties that are no state and for states not yet or no longer one.

    The raw list of states ends in 2016; a state of its last day counts as one ever after.

    Raises UnresolvedNames listing every name that is neither a state of any time nor in `nobody`.
    """
    places = gazetteer(raw[STATES.file], ALIASES_BY_YEAR)
    asked = pd.DataFrame({"name": names.astype("str"), "year": years.astype("int64")})
    refuse_unknown(asked["name"].unique(), places, nobody, where)

    @cache
    def code(name: str, year: int) -> int | None:
        return None if name in nobody else places.code(name, *_days(year))

    return pd.Series([*map(code, asked["name"], asked["year"])], index=names.index, dtype="Int64")


def members(rows: pd.DataFrame, raw: Frames) -> pd.Series:
    """Whether the state of each row, `ccode`, is a member of the state system on a day of its `year`."""
    places = gazetteer(raw[STATES.file])
    member = cache(lambda state, year: places.member(state, *_days(year)))
    flags = map(member, rows["ccode"].astype("int64"), rows["year"].astype("int64"))
    return pd.Series([*flags], index=rows.index, dtype="bool")


def of_the_time(rows: pd.DataFrame) -> pd.Series:
    """Codes with a later state's replaced by the state's that held the ground in the year."""
    held = rows["ccode"].astype("int64")
    for later, earlier, last in LATER:
        held = held.mask((held == later) & (rows["year"] <= last), earlier)
    return held


def _days(year: int) -> tuple[int, int]:
    listed = min(year, LAST_LISTED)
    return listed * 10000 + 101, listed * 10000 + 1231
