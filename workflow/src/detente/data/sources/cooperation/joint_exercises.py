"""Joint Military Exercises 3 (D'Orazio): the coders' sheet, 1974–2010, as dyad-years.

The older coding of exercises, superseded by MME but for its first years. The traps: participants are ISO 3166 letters
in 30 slots, in any case; the last column, AUS, is a flag and no slot; a sixth of the rows have their dates only as
typed text, with misprints; the years before 1977 hold four exercises in all.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from detente.data.sources.base import BY_NETWORK, Frames, Log, Source, Tidy, event
from detente.data.sources.codelists import letters_of
from detente.data.sources.cooperation.exercises import participants
from detente.data.sources.rawtable import ANY, RawTable, text, whole
from detente.data.sources.statecodes import STATES, UNKNOWN, gazetteer, resolve
from detente.data.sources.steps import DYAD_YEAR, over_new_year, paired

SLUG, FILE = "jme", "jme_v3.xls"
SMALL = 5
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SLOTS = tuple(f"State {s}" for s in [*_LETTERS, *(f"A{letter}" for letter in _LETTERS[:4])])
GONE = ("CSK", "DDR")
NOT_STATES: Mapping[str, str] = {
    UNKNOWN: "participant unknown",
    "NATO": "an alliance; its members are not named",
    "8 NATO MEMBERS": "members of an alliance who are not named",
    "BMU": "not a state: a territory of the United Kingdom",
}
FIELD, COMMAND = "FTX", "CPX"


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year with a joint exercise on the sheet."""
    table, log = raw[FILE], Log(SLUG, "all exercises")
    labels = "row " + (table.index.to_series() + 2).astype("str") + " " + table["Exercise Name"].str.strip()
    days = _days(table, labels, log)
    named = table.loc[days.index, list(SLOTS)].stack().str.strip().str.upper()
    log.seek("code of a state that is gone", GONE, named)
    log.seek("name of no state", NOT_STATES, named)
    codes = resolve(set(named) - {""}, f"mme/{FILE}", NOT_STATES)
    places = replace(gazetteer(raw[STATES.file]), by_name={iso: letters_of(iso) for iso in codes})
    known = participants(named, days, places, NOT_STATES, labels, log)
    kind = table["JME Type"].str.upper()
    log.seek("type of exercises", (w for w in (FIELD, COMMAND) if not kind.str.contains(w).any()), ())
    field, command = (known["exercise"].map(kind.str.contains(word)) for word in (FIELD, COMMAND))
    years = over_new_year(known.assign(field=field, command=command))
    columns = ["exercise", "year", "parties", "field", "command"]
    both = paired(years.loc[years["year"] <= SOURCE.years[1], [*columns, "ccode"]], columns)
    flags = both[DYAD_YEAR].assign(
        jme_any=True,
        jme_bilateral=both["parties"] == 2,
        jme_small=both["parties"] <= SMALL,
        jme_field=both["field"],
        jme_command=both["command"],
    )
    sums = both[DYAD_YEAR].assign(jme_weight=1.0 / (both["parties"] - 1), jme_count=1).groupby(DYAD_YEAR).sum()
    frame = log.highest(flags, DYAD_YEAR, "several exercises of one dyad-year are one row", "all dyad-years")
    return log.tidy(frame.join(sums, on=DYAD_YEAR))


def _days(table: pd.DataFrame, labels: pd.Series, log: Log) -> pd.DataFrame:
    """First and last possible day of each exercise with a year, yyyymmdd."""
    low, high = SOURCE.years
    typed = table["Start Date"].str.extract(r"^(?P<month>\d{1,2})/.*?(?P<year>\d{4})$")
    typed_end = table["enddate"].str.extract(r"(\d{4})$")[0]
    coded = _number(table["s.year"])
    text, end = _number(typed["year"]), _number(table["e.year"]).where(lambda y: y > 0).fillna(_number(typed_end))
    begun = coded.fillna(text.where(text.between(low, high)))
    start = begun.fillna(end).where(lambda y: y.between(low, high))
    last = end.where((end >= start) & (end <= start + 1), start)
    month = _number(table["s.month"]).fillna(_number(typed["month"])).where(lambda m: m.between(1, 12))
    days = pd.DataFrame(
        {
            "first_day": start * 10000 + month.fillna(1) * 100 + 1,
            "last_day": last * 10000 + month.where(last == start).fillna(12) * 100 + 31,
        }
    )
    slots = table[list(SLOTS)].apply(lambda column: column.str.strip())
    twice = table[["Exercise Name", "Start Date", "enddate"]].join(slots).duplicated()
    undated = start.isna()
    log.singly("dropped", "no year can be read", labels[undated])
    log.singly("dropped", "the same row twice", labels[twice & ~undated])
    kept = ~undated & ~twice
    typed_alone = coded.isna() & begun.notna() & kept
    log.add("recoded", "no columns of dates: year from the typed start", typed_alone)
    log.singly("recoded", "year of start misprinted: year of end", labels[begun.isna() & kept])
    return days[kept].astype("int64")


def _number(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce")


_NAMES = text("", "-9").optional()
_COLUMNS = {
    **dict.fromkeys(("Exercise Name", "Start Date", "enddate"), ANY),
    "JME Type": _NAMES,
    "s.year": whole(1974, 2010).optional(),
    "s.month": whole(1, 12, "-9", "xx").optional(),
    "e.year": whole(1974, 2011, "-9", "xxxx").optional(),
    **dict.fromkeys(SLOTS, _NAMES),
}
RAW = (RawTable(FILE, _COLUMNS, tuple(_COLUMNS), repeats=6, member="Sheet1_2", text=True), STATES)
VARIABLES = (
    event("jme_any", "Joint exercise (JME)", assigned=BY_NETWORK),
    event("jme_bilateral", "Joint exercise of these two alone (JME)", assigned=BY_NETWORK),
    event("jme_small", "Joint exercise of at most five parties (JME)", assigned=BY_NETWORK),
    event("jme_field", "Joint field exercise (JME)", assigned=BY_NETWORK),
    event("jme_command", "Joint command-post exercise (JME)", assigned=BY_NETWORK),
    event("jme_weight", "Joint exercises, each weighted 1/(parties − 1) (JME)", "exercises", assigned=BY_NETWORK),
    event("jme_count", "Joint exercises (JME)", "exercises"),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1974, 2010))
