"""Joint Military Exercises 3 (D'Orazio): the coders' sheet, 1974–2010, as dyad-years.

The older coding of exercises, superseded by MME but for its first years. The traps: participants are ISO 3166 letters
in 30 slots, in any case; the last column, AUS, is a flag and no slot; a sixth of the rows have their dates only as
typed text, with misprints; the years before 1977 hold four exercises in all.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from detente.data.sources.base import BY_NETWORK, Frames, RawTable, Source, Tidy, attrition, event
from detente.data.sources.isocodes import resolve
from detente.data.sources.names import STATES, UNKNOWN, gazetteer
from detente.data.sources.steps import DYAD_YEAR, Entries, highest, over_new_year, paired, singly

SLUG, FILE = "jme", "jme_v3.xls"
SMALL = 5
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SLOTS = tuple(f"State {s}" for s in [*_LETTERS, *(f"A{letter}" for letter in _LETTERS[:4])])
GONE = {"CSK": 315, "DDR": 265}
# As in names.py: the first that is a member on a day of the exercise counts.
BY_DATE: Mapping[str, tuple[int, ...]] = {"DEU": (255, 260), "YEM": (679, 678)}
NOT_STATES: Mapping[str, str] = {
    UNKNOWN: "participant unknown",
    "NATO": "an alliance; its members are not named",
    "8 NATO MEMBERS": "members of an alliance who are not named",
    "BMU": "not a state: a territory of the United Kingdom",
}
FIELD, COMMAND = "FTX", "CPX"


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year with a joint exercise on the sheet."""
    table = raw[FILE]
    days, entries = _days(table)
    named = table.loc[days.index, list(SLOTS)].stack().str.strip().str.upper()
    named = named[named != ""]
    long = pd.DataFrame({"exercise": named.index.get_level_values(0), "name": named.to_numpy()})
    codes = resolve(long["name"], f"mme/{FILE}", NOT_STATES, GONE)
    long = long.merge(days, left_on="exercise", right_index=True, validate="many_to_one")
    places = replace(gazetteer(raw[STATES.file]), by_name={**{iso: (code,) for iso, code in codes.items()}, **BY_DATE})
    asked = zip(long["name"], long["first_day"], long["last_day"], strict=True)
    long["ccode"] = pd.array([places.code(*one) for one in asked], dtype="Int64")
    unnamed = long["name"].mask(long["name"] == UNKNOWN, "unknown " + long.index.astype("str"))
    long["party"] = long["ccode"].astype("str").where(long["ccode"].notna(), unnamed)
    entries += _lost(long, table)
    parties = long.groupby("exercise")["party"].nunique()
    known = long.dropna(subset="ccode").drop_duplicates(["exercise", "ccode"])
    kind = table["JME Type"].str.upper()
    members = known.assign(
        parties=known["exercise"].map(parties),
        field=known["exercise"].map(kind.str.contains(FIELD)),
        command=known["exercise"].map(kind.str.contains(COMMAND)),
    )
    years = over_new_year(members)
    frame, merged = _dyads(years[years["year"] <= SOURCE.years[1]])
    entries.append(("merged", "several exercises of one dyad-year are one row", "all dyad-years", merged))
    return Tidy(frame, attrition(SLUG, entries))


def _days(table: pd.DataFrame) -> tuple[pd.DataFrame, Entries]:
    """First and last possible day of each exercise with a year, yyyymmdd, and what becomes of the others."""
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
    labels = _labels(table)
    kept = ~undated & ~twice
    entries: Entries = [
        *singly("dropped", "no year can be read", labels[undated]),
        *singly("dropped", "the same row twice", labels[twice & ~undated]),
        (
            "recoded",
            "no columns of dates: year from the typed start",
            "all exercises",
            coded.isna() & begun.notna() & kept,
        ),
        *singly("recoded", "year of start misprinted: year of end", labels[begun.isna() & kept]),
    ]
    return days[kept].astype("int64"), entries


def _number(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce")


def _labels(table: pd.DataFrame) -> pd.Series:
    return "row " + (table.index.to_series() + 2).astype("str") + " " + table["Exercise Name"].str.strip()


def _lost(long: pd.DataFrame, table: pd.DataFrame) -> Entries:
    """Everything that was named but makes no participant."""
    labels = _labels(table).reindex(long["exercise"]).to_numpy()
    lost = long["ccode"].isna().to_numpy()
    reasons = long["name"].map(NOT_STATES).fillna("not a member of the state system at the time")
    records = pd.Series(labels, index=long.index) + ": " + long["name"]
    entries: Entries = [
        ("dropped", reason, record, 1) for reason, record in zip(reasons[lost], records[lost], strict=True)
    ]
    repeated = ~lost & long.duplicated(["exercise", "ccode"]).to_numpy()
    return entries + singly("merged", "named twice in one exercise", records[repeated])


def _dyads(members: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Dyad-years from exercises' participants, and how many exercises of a dyad they merge."""
    columns = ["exercise", "year", "parties", "field", "command"]
    both = paired(members[[*columns, "ccode"]].astype({"ccode": "int64"}), columns)
    flags: dict[str, bool | pd.Series] = {
        "jme_any": True,
        "jme_bilateral": both["parties"] == 2,
        "jme_small": both["parties"] <= SMALL,
        "jme_field": both["field"],
        "jme_command": both["command"],
    }
    sums = both[DYAD_YEAR].assign(jme_weight=1.0 / (both["parties"] - 1), jme_count=1).groupby(DYAD_YEAR).sum()
    frame = highest(both[DYAD_YEAR].assign(**flags), DYAD_YEAR).join(sums, on=DYAD_YEAR)
    return frame, len(both) - len(frame)


_COLUMNS = ("Exercise Name", "Start Date", "s.year", "s.month", "enddate", "e.year", "JME Type", *SLOTS)
RAW = (RawTable(FILE, _COLUMNS, member="Sheet1_2", text=True), STATES)
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
