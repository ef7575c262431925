"""The peace scale 3.1 (Diehl, Goertz and Gallegos 2021): how hostile or peaceful two states are, 1900–2020.

0 serious rivalry, 0.25 lesser rivalry, 0.5 negative peace, 0.75 warm peace, 1 security community. The value of a year
is the mean of its months, so that a year of change lies between. The traps: months of a transition, coded 9, are
averaged in. That takes 496 dyad-years above 1, and in 20 more the mean is no more than 1, as in 0.75 for Egypt and the
United States in 1973: eleven months of 0 and one of 9. Here all years that a transition touches by the file of spells
are missing. That file has no header, so that its first record is read as one; it is used for nothing else. The column
`yearmonth` is the year; West Germany has Germany's code, and 936 and 937 are no state's; 2,688 dyads are coded, and one
that is not is missing, not at negative peace.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, measure, undirected
from detente.data.sources.rawtable import YEAR, RawTable, number, text, whole
from detente.data.sources.statecodes import MEMBERSHIP, translated, with_west_germany
from detente.data.sources.steps import DYAD_YEAR, yearly

SLUG = "peace-scale-3.1"
FILE, SPELLS_FILE = "peacedatav31dyyearmean.csv", "peacedata3.1.csv"
PART = 1000
HIGHEST_LEVEL, TRANSITION = 1, "-9"
# Serious and lesser rivalries.
LESSER_RIVALRY = 0.25
STRANGERS = {936: "no state has the code", 937: "no state has the code"}
# The first record of the file of spells: dyad, then span and level in turn, then empty cells.
FIRST_RECORD = ("2020", "19200110-19871002", "0.75", "19871003-20209999", "1")
EMPTY = tuple(f"Unnamed: {place}" for place in range(5, 21))


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year that is coded; rivalry begins in a year whose year before was coded, and none."""
    log = Log(SLUG)
    levels = _levels(raw, log)
    pairs = _pairs(levels, raw, log).sort_values(DYAD_YEAR, ignore_index=True)
    level = pairs["peacelevel"]
    rivals = (level <= LESSER_RIVALRY).astype("float64").mask(level.isna())
    following = pairs[DYAD_YEAR[:2]].eq(pairs[DYAD_YEAR[:2]].shift()).all(axis=1) & (pairs["year"].diff() == 1)
    before = rivals.shift().where(following)
    began = (rivals * (1 - before)).mask(rivals == 0, 0.0)
    columns = {"peace_level": level, "ongoing_peacescale": rivals, "new_peacescale": began}
    return log.tidy(pairs[DYAD_YEAR].assign(**columns))


def _levels(raw: Frames, log: Log) -> pd.DataFrame:
    """The file of years with means into which a transition went missing."""
    table = raw[FILE].rename(columns={"yearmonth": "year"})
    above = table["peacelevel"] > HIGHEST_LEVEL
    log.correct("recoded", "a transition (9) is averaged in, the mean is above 1: missing", above)
    keys = pd.MultiIndex.from_frame(table[["dyad", "year"]])
    among = keys.isin(pd.MultiIndex.from_frame(transitions(raw[SPELLS_FILE])))
    touched = pd.Series(among, index=table.index)
    log.correct("recoded", "a transition in the year, though the mean is not above 1: missing", touched & ~above)
    return table.assign(peacelevel=table["peacelevel"].mask(above | touched))


def transitions(table: pd.DataFrame) -> pd.DataFrame:
    """One row per `dyad` and `year` that a transition touches, of the file of spells with its record for a header."""
    first = dict(zip(table.columns, FIRST_RECORD, strict=False))
    whole_table = pd.concat([pd.DataFrame([first]), table], ignore_index=True).fillna("")
    cells = [whole_table.iloc[:, [0, at, at + 1]].set_axis(["dyad", "span", "level"], axis=1) for at in range(1, 20, 2)]
    spells = pd.concat(cells, ignore_index=True)
    found = spells[spells["level"] == TRANSITION].reset_index(drop=True)
    first_year, last_year = found["span"].str[:4].astype("int64"), found["span"].str[9:13].astype("int64")
    years = yearly(found[["dyad"]].astype("int64"), first_year, last_year)
    return years[["dyad", "year"]].drop_duplicates(ignore_index=True)


def _pairs(levels: pd.DataFrame, raw: Frames, log: Log) -> pd.DataFrame:
    """Rows of two members of the state system, by COW's codes."""
    log.seek("code that no state has", STRANGERS, {*(levels["dyad"] // PART), *(levels["dyad"] % PART)})
    sides = []
    for code in (levels["dyad"] // PART, levels["dyad"] % PART):
        west = with_west_germany(code, levels["year"], log)
        sides.append(translated(west, levels["year"], raw, log, f"{SLUG}/{FILE}", (), STRANGERS))
    both = sides[0]["member"] & sides[1]["member"]
    kept = log.drop(levels, ~both, "not both members of the state system in that year")
    named = kept.assign(one=sides[0]["code"], other=sides[1]["code"]).drop(columns="dyad")
    return undirected(named, "one", "other")


_SPAN, _LEVEL = text(r"\d{8}-\d{8}|\.").optional(), text(r"-9|0|0?\.\d+|1").optional()
_SPELLS = {name: _SPAN if at % 2 else _LEVEL for at, name in enumerate((*FIRST_RECORD, *EMPTY)) if at}
RAW = (
    RawTable(FILE, {"dyad": whole(2020, 990990), "yearmonth": YEAR, "peacelevel": number(0, 9)}, ("dyad", "yearmonth")),
    RawTable(SPELLS_FILE, {FIRST_RECORD[0]: text(r"\d{4,6}"), **_SPELLS}, (FIRST_RECORD[0],), text=True),
    MEMBERSHIP,
)
VARIABLES = (
    measure("peace_level", "Peace scale: 0 serious rivalry … 1 security community (3.1)", "level"),
    measure("ongoing_peacescale", "Serious or lesser rivalry, at most 0.25 on the peace scale (3.1)"),
    measure("new_peacescale", "Serious or lesser rivalry, and none the year before (peace scale 3.1)"),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1900, 2020), alias="peace-scale")
