"""Polity5: how democratic and how autocratic a polity is, by year, 1816–2018 (Marshall and Gurr).

The trap: Polity numbers states in its own way, and twice so with numbers that are other states in COW: its 626 is Sudan
after 2011 (COW: South Sudan) and its 341 is Kosovo (COW: Montenegro), its 347 Serbia and Montenegro (COW: Kosovo).
Special codes −66, −77 and −88 are no scores; states under half a million people are not coded at all.
"""

from collections.abc import Mapping

import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, measure
from detente.data.sources.steps import STATE_YEAR, Entries, covered, each, keyed, singly

SLUG, FILE = "polity5", "p5v2018.csv"
EVER = (1776, 2020)
# Polity's code → COW's, with the years in which it holds.
CODES: Mapping[int, tuple[tuple[int, tuple[int, int]], ...]] = {
    305: ((300, (1800, 1918)), (305, (1919, 2020))),  # Austria-Hungary, Austria
    324: ((325, EVER),),  # Sardinia, Italy
    341: ((347, EVER),),  # Kosovo
    342: ((345, EVER),),  # Serbia
    347: ((345, EVER),),  # Yugoslavia, Serbia and Montenegro
    348: ((341, EVER),),  # Montenegro
    364: ((365, EVER),),  # Soviet Union
    525: ((626, EVER),),  # South Sudan
    529: ((530, EVER),),  # Ethiopia without Eritrea
    626: ((625, EVER),),  # Sudan without the South
    769: ((770, EVER),),  # Pakistan with Bangladesh
    818: ((816, EVER),),  # united Vietnam
}
NO_STATES = (89, 99, 564)
SPECIAL = {-66: "interruption by a foreign power", -77: "interregnum", -88: "transition"}
STATUS = {-66: 1, -77: 2, -88: 3}
SCORES = {"democ": "polity5_democracy", "autoc": "polity5_autocracy", "xconst": "polity5_executive_constraints"}


def clean(raw: Frames) -> Tidy:
    """One row per COW state-year; where two polities share a year, the one that goes on (coded on 31 December)."""
    table = raw[FILE]
    within, outside = covered(table, SOURCE.years, "all polities")
    foreign = within["ccode"].isin(NO_STATES)
    states = within[~foreign]
    # Of two polities in a year the last is the one that is coded in the year after, too.
    coming = pd.MultiIndex.from_arrays([states["ccode"], states["year"] + 1])
    follows = coming.isin(pd.MultiIndex.from_frame(table[STATE_YEAR]))
    coded = states.assign(ccode=_cow(states), polity_code=states["ccode"], follows=follows)
    coded = coded.sort_values(["ccode", "year", "follows"])
    lost = coded.duplicated(["ccode", "year"], keep="last")
    kept, ended = coded[~lost].reset_index(drop=True), coded["country"][lost] + " " + coded["year"][lost].astype("str")
    frame = keyed(
        kept.assign(**kept[list(SCORES)].mask(kept.isin(list(SPECIAL)))), STATE_YEAR, {"polity2": "polity5", **SCORES}
    )
    frame["polity5_status"] = kept["polity"].map(STATUS).fillna(0)
    entries: Entries = [
        outside,
        *each("dropped", "never a member of the state system", within.loc[foreign, "country"]),
        *_renamed(coded),
        *singly("dropped", "ends in this year, which its successor takes", ended),
        *(
            ("recoded", f"−{-code} ({meaning}) is no score", "all polities", kept["polity"] == code)
            for code, meaning in SPECIAL.items()
        ),
    ]
    return Tidy(frame, attrition(SLUG, entries))


def _cow(states: pd.DataFrame) -> pd.Series:
    """COW code of each row, by Polity's code and year."""
    codes = states["ccode"].copy()
    for polity, spells in CODES.items():
        for state, (first, last) in spells:
            codes[(states["ccode"] == polity) & states["year"].between(first, last)] = state
    return codes


def _renamed(coded: pd.DataFrame) -> Entries:
    """Attrition entries of polities whose code is not COW's."""
    other = coded[coded["polity_code"] != coded["ccode"]]
    counted = other.groupby(["polity_code", "ccode", "country"], as_index=False).size()
    return [
        ("recoded", f"Polity's code {theirs} is COW's {ours}", country, int(rows))
        for theirs, ours, country, rows in counted.itertuples(index=False, name=None)
    ]


RAW = (RawTable(FILE, ("ccode", "country", "year", "polity", "polity2", *SCORES)),)
VARIABLES = (
    measure("polity5", "Polity score (polity2), −10 … 10", "points", "control"),
    measure("polity5_democracy", "Institutionalised democracy, 0 … 10", "points"),
    measure("polity5_autocracy", "Institutionalised autocracy, 0 … 10", "points"),
    measure("polity5_executive_constraints", "Executive constraints, 1 … 7", "points", "control"),
    measure("polity5_status", "0 scored, 1 interruption, 2 interregnum, 3 transition", "category"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1816, 2018), alias="polity")
