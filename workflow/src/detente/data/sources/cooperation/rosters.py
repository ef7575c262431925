"""Who belongs to a security forum since when, and which two states have a hotline: a table of the project's own.

It is coded by hand from public sources and comes with the package (`data/handcoded`); every date has its source and
address beside it, and its note says what could not be verified. `since` and `until` are days, months or years, as well
as they are known; `until` is the first day on which it is over. A state-year or dyad-year counts if it is so on a day.

The traps: membership of NATO is from entry into force (ATOP has signature), that of the Partnership for Peace from the
signature of the framework document to accession to NATO (COW's `eapc` has those who joined NATO later only from then
on). The Holy See and the European Union belong to forums and are no states of the list. Hotlines are those that a
source was found for, between states that are no allies: that none is listed does not show that there is none, so that
`hotline_listed` is missing for all other pairs. Where sources differ on when one opened, the years between are missing.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from detente.data.sources.base import BY_DYAD, Assignment, Frames, Log, Source, Tidy, event, measure
from detente.data.sources.rawtable import STATE, RawTable, one_of, text, whole
from detente.data.sources.steps import DYAD, DYAD_YEAR, STATE_YEAR, yearly

SLUG, FILE = "rosters", "institutions.csv"
HOTLINES = "rosters-hotlines"
YEARS = (1949, 2024)
# Body in the table → in prose.
BODIES: Mapping[str, str] = {
    "nato": "NATO, from entry into force",
    "partnership_for_peace": "the Partnership for Peace",
    "osce": "the OSCE (to 1994 the CSCE)",
    "arf": "the ASEAN Regional Forum",
    "admm_plus": "the ASEAN Defence Ministers' Meeting-Plus",
}
# Which no state has left, unless another took its place.
NEVER_LEFT = ("nato", "arf", "admm_plus")
# Level of a hotline in the table → between whom.
LEVELS: Mapping[str, str] = {
    "hotline_leaders": "heads of state or government",
    "hotline_military": "defence ministries or armed forces",
    "hotline_foreign": "foreign ministries",
    "hotline_liaison": "liaison offices",
}
UNVERIFIED = "a date, or a part of one, not verified in another source: as the source has it"
_NEW_YEAR = "-01-01"


def clean(raw: Frames) -> Tidy:
    """One row per state-year in any of the forums: whether it is in each of them."""
    table = _spans(raw[FILE])
    rows = table[table["body"].isin(BODIES)]
    years = yearly(rows, rows["first"], rows["last"])
    flags = {f"in_{body}": (years["body"] == body).astype("int64") for body in BODIES}
    frame = years[STATE_YEAR].assign(**flags).groupby(STATE_YEAR, as_index=False).max()
    log = Log(SLUG, "all memberships")
    log.add("kept", UNVERIFIED, rows["note"].str.contains("not verified"))
    return log.tidy(frame.astype("int64"))


def clean_hotlines(raw: Frames) -> Tidy:
    """One row per pair with a hotline in the table, and year of all covered: 1 in force, missing where not known."""
    table = _spans(raw[FILE])
    rows = table[table["body"].isin(LEVELS)].rename(columns={"ccode": "ccode1"}).astype({"ccode2": "int64"})
    log = Log(HOTLINES, "all hotlines")
    log.add("kept", UNVERIFIED, rows["note"].str.contains("not verified"))
    log.add("recoded", "sources differ on when it opened: missing until all say so", rows["unsure_from"] > 0)
    pairs = rows[DYAD].drop_duplicates()
    grid = yearly(pairs, pairs["ccode1"] * 0 + YEARS[0], pairs["ccode1"] * 0 + YEARS[1])
    frame = grid.sort_values(DYAD_YEAR, ignore_index=True)[DYAD_YEAR]
    levels = {level: _in_force(frame, rows[rows["body"] == level]) for level in LEVELS}
    most = pd.DataFrame(levels).max(axis=1)
    unknown = pd.DataFrame(levels).isna().any(axis=1) & (most != 1)
    any_level = most.mask(unknown)
    said = {name: levels[name] for name in ("hotline_leaders", "hotline_military")}
    return log.tidy(frame.assign(hotline=any_level, hotline_listed=any_level, **said))


def since(table: pd.DataFrame, body: str) -> Mapping[int, int]:
    """First day of each state in a body, as yyyymmdd, by code; of dates that are known to the day."""
    rows = table[(table["body"] == body) & (table["since"].str.len() == len("yyyy-mm-dd"))]
    days = rows["since"].str.replace("-", "").astype("int64")
    first = days.groupby(rows["ccode"].astype("int64")).min()
    return dict(zip(first.index.tolist(), first.tolist(), strict=True))


def _spans(table: pd.DataFrame) -> pd.DataFrame:
    """The table with `first` and `last` year of each row, and codes as numbers."""
    until = table["until"].where(table["until"] != "", f"{YEARS[1]}-12-31")
    over = until.str[:4].astype("int64") - until.str.endswith(_NEW_YEAR).astype("int64")
    numbers = {name: pd.to_numeric(table[name]) for name in ("ccode", "ccode2", "unsure_from")}
    return table.assign(**numbers, first=table["since"].str[:4].astype("int64"), last=over)


def _in_force(frame: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Of each dyad-year, 1 if one of the rows is in force in it, missing if one may be, else 0."""
    unsure = rows[rows["unsure_from"] > 0]
    there = _among(frame, yearly(rows, rows["first"], rows["last"]))
    perhaps = _among(frame, yearly(unsure, unsure["unsure_from"], unsure["first"] - 1))
    return pd.Series(np.where(there, 1.0, np.where(perhaps, np.nan, 0.0)), frame.index)


def _among(frame: pd.DataFrame, years: pd.DataFrame) -> "pd.Series[bool]":
    found = pd.MultiIndex.from_frame(frame).isin(pd.MultiIndex.from_frame(years[DYAD_YEAR]))
    return pd.Series(found, frame.index)


_DATE = text(r"\d{4}(-\d\d(-\d\d)?)?")
_COLUMNS = {
    "body": one_of(*BODIES, *LEVELS),
    "ccode": STATE,
    "ccode2": STATE.optional(),
    "state": text(),
    "since": _DATE,
    "until": _DATE.optional(),
    "unsure_from": whole(*YEARS).optional(),
    "event": text(),
    "source": text(),
    "address": text(r"https?://\S+"),
    "note": text().optional(),
}
RAW = (RawTable(FILE, _COLUMNS, ("body", "ccode", "ccode2", "since"), text=True),)
TABLE = replace(RAW[0], slug=SLUG)
"""The table, for a source that is made from it, too."""


def _by_state(body: str) -> Assignment:
    return Assignment("state", stays=body in NEVER_LEFT)


VARIABLES = tuple(
    event(f"in_{body}", f"In {label}, coded by hand", role="description", assigned=_by_state(body))
    for body, label in BODIES.items()
)
_LISTED = "0 also where none was looked for; coded by hand"
HOTLINE_VARIABLES = (
    event("hotline", f"Hotline in force between the two states ({_LISTED})", unknown=True, assigned=BY_DYAD),
    *(
        event(name, f"Hotline in force between {LEVELS[name]} ({_LISTED})", unknown=True, role="description")
        for name in ("hotline_leaders", "hotline_military")
    ),
    measure("hotline_listed", "Hotline in force, among pairs that have one in the years covered, coded by hand"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, YEARS)
HOTLINE_SOURCE = Source(HOTLINES, "dyad-year", RAW, HOTLINE_VARIABLES, clean_hotlines, YEARS, alias="hotlines")
