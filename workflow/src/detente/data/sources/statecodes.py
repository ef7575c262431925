"""COW codes of states: from names as datasets print them, by date or year, and from the codes of other lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import pandas as pd

from detente.base.errors import UnresolvedNames, choices
from detente.data.sources.base import Frames, Log
from detente.data.sources.codelists import (
    COW,
    FORMER,
    FROM_GLEDITSCH_WARD,
    NEVER_MEMBERS,
    NORTH_YEMEN,
    OLD,
    SERBIA_WITH_KOSOVO,
    WEST_GERMANY,
    Then,
    changed,
    letters_of,
)
from detente.data.sources.rawtable import DAY, MONTH, STATE, RawTable, text, whole
from detente.data.sources.steps import STATE_YEAR, yearly

FIRST_LISTED, LAST_LISTED = 1816, 2016
_DAY = (whole(FIRST_LISTED, LAST_LISTED), MONTH, DAY)
STATES = RawTable(
    "states2016.csv",
    {
        "ccode": STATE,
        "statenme": text(),
        **dict(zip(("styear", "stmonth", "stday"), _DAY, strict=True)),
        **dict(zip(("endyear", "endmonth", "endday"), _DAY, strict=True)),
    },
    slug="cow-state-system",
)
_SPAN = ("ccode", "styear", "endyear")
MEMBERSHIP = RawTable(STATES.file, {name: STATES.columns[name] for name in _SPAN}, slug=STATES.slug)
# Codes of a thousand and more are territories, in lists that number these, too.
FIRST_TERRITORY = 1000
OUTSIDE = "not a member of the state system in the year"
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
    "Micronesia": (987,),
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

    def nearest(name: str) -> str:
        listed = choices(name, known)
        return listed.split("; ")[-1] if "; nearest: " in listed else "no name is near"

    if unknown := sorted(set(strangers)):
        listed = "; ".join(f"{name!r} ({nearest(name)})" for name in unknown)
        raise UnresolvedNames(f"{what} {listed}; {way_out}", unknown)


def refuse_unknown(names: Iterable[str], places: Gazetteer, stateless: Collection[str], where: str) -> None:
    """Raise UnresolvedNames for names that are neither a state's of any time nor in `stateless`."""
    strangers = {n for n in names if n not in places.by_name and n not in stateless}
    refuse(strangers, places.by_name, f"{where}: no state is called", "add the name to data/sources/statecodes.py")


def codes(names: pd.Series, years: pd.Series, raw: Frames, *, where: str, stateless: Mapping[str, str]) -> pd.Series:
    """COW code of each name in its year; missing for parties that are no state and for states not yet or no longer one.

    The raw list of states ends in 2016; a state of its last day counts as one ever after.

    Raises UnresolvedNames listing every name that is neither a state of any time nor in `stateless`.
    """
    places = gazetteer(raw[STATES.file], ALIASES_BY_YEAR)
    asked = pd.DataFrame({"name": names.astype("str"), "year": years.astype("int64")})
    refuse_unknown(asked["name"].unique(), places, stateless, where)

    @cache
    def code(name: str, year: int) -> int | None:
        listed = min(year, LAST_LISTED) * 10000
        return None if name in stateless else places.code(name, listed + 101, listed + 1231)

    return pd.Series([*map(code, asked["name"], asked["year"])], index=names.index, dtype="Int64")


def members(rows: pd.DataFrame, raw: Frames) -> pd.Series:
    """Whether the state of each row, `ccode`, is a member of the state system on a day of its `year`."""
    asked = rows[STATE_YEAR].astype("int64").assign(year=rows["year"].clip(upper=LAST_LISTED).astype("int64"))
    spells = asked.drop_duplicates().merge(raw[STATES.file][list(_SPAN)], on="ccode")
    inside = spells[(spells["styear"] <= spells["year"]) & (spells["year"] <= spells["endyear"])]
    flags = pd.MultiIndex.from_frame(asked).isin(pd.MultiIndex.from_frame(inside[STATE_YEAR]))
    return pd.Series(flags, index=rows.index)


def member_years(raw: Frames, years: tuple[int, int]) -> pd.DataFrame:
    """One row per state, `ccode`, and `year` of these in which it is a member; those of the last listed day stay."""
    spells = raw[STATES.file]
    last = spells["endyear"].mask(spells["endyear"] == LAST_LISTED, max(LAST_LISTED, years[1]))
    rows = yearly(spells[["ccode"]], spells["styear"].clip(lower=years[0]), last.clip(upper=years[1]))
    return rows.drop_duplicates().sort_values(STATE_YEAR, ignore_index=True)


def recoded(codes: pd.Series, years: pd.Series, changes: Iterable[Then], log: Log, words: str) -> pd.Series:
    """Codes of the states of the time; the log has an entry of every change, in `words` after code and years.

    `codes`, `years`: aligned. `words`: such as "the host was {}", for the code of the state of the time.
    """
    made = tuple(changes)
    for change in made:
        these = change.concerns(codes, years)
        log.correct("recoded", f"{change.code} in {change.first}–{change.last}: {words.format(change.then)}", these)
    return changed(codes, years, made)


def with_west_germany(codes: pd.Series, years: pd.Series, log: Log) -> pd.Series:
    """Codes (N,) of states in `years` (N,), the Federal Republic's own where a list has Germany's for it."""
    divided = WEST_GERMANY.within(1946, 1989).concerns(codes, years)
    log.correct("recoded", f"{WEST_GERMANY.code} while Germany was divided is {WEST_GERMANY.then}", divided)
    return codes.mask(divided, WEST_GERMANY.then)


def of_the_time(rows: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Rows whose `ccode` is that of the state that held a later state's ground in the year."""
    codes = rows["ccode"].astype("int64")
    held = changed(codes, rows["year"], (NORTH_YEMEN, SERBIA_WITH_KOSOVO))
    log.correct("recoded", "later state's code: the state of the time", held != codes)
    return rows.assign(ccode=held)


def resolve(
    codes: Iterable[str], where: str, others: Iterable[str], more: Mapping[str, int] = MappingProxyType({})
) -> dict[str, int]:
    """COW code of each ISO code that stands for a state of today or of the past; `others` stand for none.

    `more`: what one list has in the place of letters. Raises UnresolvedNames listing every code that is none of these,
    each with the nearest known one.
    """
    wanted, apart = sorted(set(codes)), set(others)
    known = {**{iso: letters_of(iso)[0] for iso in (*COW, *OLD, *FORMER)}, **more}
    strangers = [code for code in wanted if code not in known and code not in apart]
    refuse(strangers, known, f"{where}: no state has the ISO code", "add it to data/sources/codelists.py")
    return {code: known[code] for code in wanted if code not in apart}


def translated(
    codes: pd.Series,
    years: pd.Series,
    raw: Frames,
    log: Log,
    where: str,
    table: tuple[Then, ...] = FROM_GLEDITSCH_WARD,
    strangers: Mapping[int, str] = NEVER_MEMBERS,
) -> pd.DataFrame:
    """COW's `code` of each row, and whether it is a `member` that year; a year after the list's last counts as that.

    `codes`, `years`: aligned, whole numbers. `where`: what the codes are from, for the message. `table`, `strangers`:
    codes that differ, and when, and codes of no member of the system. Raises
    UnresolvedNames if a code is neither COW's nor in one of the two tables.
    """
    code = changed(codes.astype("int64"), years, table)
    listed = {int(c) for c in raw[STATES.file]["ccode"]}
    unknown = sorted({int(c) for c in code} - listed - set(strangers))
    if unknown:
        named = "; ".join(f"{c} ({choices(str(c), map(str, strangers))})" for c in unknown)
        raise UnresolvedNames(
            f"{where}: no state has the code {named}; add the code to data/sources/codelists.py", map(str, unknown)
        )
    recoded = pd.DataFrame({"old": codes.astype("int64"), "new": code})[code != codes].value_counts(sort=False)
    for old, new, rows in recoded.reset_index().itertuples(index=False, name=None):
        log.add("recoded", "code of another list", rows, f"{old} is COW {new}")
    return pd.DataFrame({"code": code, "member": members(pd.DataFrame({"ccode": code, "year": years}), raw)})
