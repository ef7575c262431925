"""Polity5: how democratic and how autocratic a polity is, by year, 1816–2018 (Marshall and Gurr).

The trap: Polity numbers states in its own way, and twice so with numbers that are other states in COW: its 626 is Sudan
after 2011 (COW: South Sudan) and its 341 is Kosovo (COW: Montenegro), its 347 Serbia and Montenegro (COW: Kosovo).
Special codes −66, −77 and −88 are no scores; states under half a million people are not coded at all.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, measure
from detente.data.sources.codelists import FROM_POLITY, changed, numbered
from detente.data.sources.rawtable import RawTable, state, text, whole
from detente.data.sources.steps import STATE_YEAR, keyed

SLUG, FILE = "polity5", "p5v2018.csv"
NO_STATES = (89, 99, 564)
SPECIAL = {-66: "interruption by a foreign power", -77: "interregnum", -88: "transition"}
STATUS = {-66: 1, -77: 2, -88: 3}
SCORES = {"democ": "polity5_democracy", "autoc": "polity5_autocracy", "xconst": "polity5_executive_constraints"}


def clean(raw: Frames) -> Tidy:
    """One row per COW state-year; where two polities share a year, the one that goes on (coded on 31 December)."""
    table, log = raw[FILE], Log(SLUG, "all polities")
    within = log.within(table, SOURCE.years)
    foreign = within["ccode"].isin(NO_STATES)
    log.seek("Polity's code of a state that is no member", NO_STATES, table["ccode"])
    log.seek("Polity's code of a state that has another in COW", (c.code for c in FROM_POLITY), table["ccode"])
    log.each("dropped", "never a member of the state system", within.loc[foreign, "country"])
    states = within[~foreign]
    # Of two polities in a year the last is the one that is coded in the year after, too.
    coming = pd.MultiIndex.from_arrays([states["ccode"], states["year"] + 1])
    follows = coming.isin(pd.MultiIndex.from_frame(table[STATE_YEAR]))
    code = changed(states["ccode"], states["year"], FROM_POLITY)
    coded = states.assign(ccode=code, theirs=states["ccode"], follows=follows)
    coded = coded.sort_values(["ccode", "year", "follows"])
    other = coded[coded["theirs"] != coded["ccode"]].groupby(["theirs", "ccode", "country"], as_index=False).size()
    for theirs, ours, country, rows in other.itertuples(index=False, name=None):
        log.add("recoded", f"Polity's code {theirs} is COW's {ours}", rows, country)
    lost = coded.duplicated(["ccode", "year"], keep="last")
    ended = coded["country"][lost] + " " + coded["year"][lost].astype("str")
    log.singly("dropped", "ends in this year, which its successor takes", ended)
    kept = coded[~lost].reset_index(drop=True)
    for special, meaning in SPECIAL.items():
        log.correct("recoded", f"−{-special} ({meaning}) is no score", kept["polity"] == special)
    scores = kept.assign(**kept[list(SCORES)].mask(kept.isin(list(SPECIAL))))
    frame = keyed(scores, STATE_YEAR, {"polity2": "polity5", **SCORES})
    frame["polity5_status"] = kept["polity"].map(STATUS).fillna(0)
    return log.tidy(frame)


_COLUMNS = {
    "ccode": state(*numbered(FROM_POLITY)),
    "country": text(),
    "year": whole(1776, 2020),
    "polity": whole(-10, 10, *SPECIAL),
    "polity2": whole(-10, 10).optional(),
    "democ": whole(0, 10, *SPECIAL),
    "autoc": whole(0, 10, *SPECIAL),
    "xconst": whole(1, 7, *SPECIAL),
}
RAW = (RawTable(FILE, _COLUMNS, ("ccode", "year")),)
CODES = ((0, "scored"), *((STATUS[special], meaning) for special, meaning in SPECIAL.items()))
VARIABLES = (
    measure("polity5", "Polity score (polity2), −10 … 10", "points", "control"),
    measure("polity5_democracy", "Institutionalised democracy, 0 … 10", "points"),
    measure("polity5_autocracy", "Institutionalised autocracy, 0 … 10", "points"),
    measure("polity5_executive_constraints", "Executive constraints, 1 … 7", "points", "control"),
    measure("polity5_status", "0 scored, 1 interruption, 2 interregnum, 3 transition", "category", codes=CODES),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1816, 2018), alias="polity")
