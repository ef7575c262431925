"""Exercises that a calendar brings: which series its own past says is due, whoever wants it this year (Z of a design).

A series with two past occurrences or more has an interval: the median of the gaps between its past years, the lower
one of two. It is due in t if t − last is that interval or twice it; it is off in the other years up to then; after
that it has lapsed and is neither. Only years before t count. Twice, for a year without a record is no new interval:
RIMPAC, held in every even year, has no record of 2000, but is due in 2000, off in 2001, due in 2002, and, as a median
forgets the gap of four years, due in 2004.

The record begins in 1980, so that nothing can be due before 1982, and 1980 and 1981 are missing. Series founded earlier
look young until the mid 1980s: a 0 of those years may be a series whose past is not in the file.
"""

from bisect import insort
from itertools import groupby
from operator import itemgetter

import pandas as pd

from detente.data.panel.derived import Expansion
from detente.data.panel.participants import coexisting, pairs
from detente.data.sources import BY_NETWORK, Frames, event
from detente.data.sources.cooperation.exercises import SLUG, SOURCE
from detente.data.sources.power.states import SLUG as STATES
from detente.data.sources.steps import DYAD_YEAR

REACH = 2
OCCURRENCE = ["series", "last"]


def forecasts(held: pd.DataFrame, until: int) -> pd.DataFrame:
    """What each series' past says of the years after its second occurrence, up to `until`.

    `held`: `series` and `year`, in any order, repeated or not. Returns `series`, `year`, `last` (the latest occurrence
    before that year), `due` (whether the year is a due one or off). Years in which the series has lapsed have no row.
    """
    rows: list[tuple[int, int, int, bool]] = []
    once = sorted({*zip(held["series"].tolist(), held["year"].tolist(), strict=True)})
    for series, part in groupby(once, key=itemgetter(0)):
        occurrences = [year for _, year in part]
        following = [*occurrences[1:], until]
        gaps: list[int] = []
        for before, last, then in zip(occurrences, occurrences[1:], following[1:], strict=False):
            insort(gaps, last - before)
            interval = gaps[(len(gaps) - 1) // 2]
            span = range(last + 1, min(last + REACH * interval, then, until) + 1)
            rows += [(series, year, last, (year - last) % interval == 0) for year in span]
    columns = {"series": "int64", "year": "int64", "last": "int64", "due": "bool"}
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def cadence(participants: pd.DataFrame, until: int) -> pd.DataFrame:
    """One row per dyad-year in which a series is alive of whose last occurrence both states were.

    Returns `ccode1`, `ccode2`, `year`; `exercise_due` (such a series is due), `exercise_scheduled` (a due one was held,
    both came), `exercise_off_year` (such a series is alive, none is due).
    """
    named = participants[participants["series"] >= 0]
    # An exercise that runs over New Year is held once.
    held = named[named["year"] == named.groupby("exercise")["year"].transform("min")]
    both = pairs(held)
    attended = both[["series", *DYAD_YEAR]].drop_duplicates()
    alive = forecasts(held, until)
    invited = alive.merge(attended.rename(columns={"year": "last"}), on=OCCURRENCE)
    came = invited[["series", *DYAD_YEAR]].merge(attended, how="left", indicator=True)["_merge"] == "both"
    rows = invited[DYAD_YEAR].assign(exercise_due=invited["due"], exercise_scheduled=invited["due"] & came)
    frame = rows.groupby(DYAD_YEAR, as_index=False).max()
    return frame.assign(exercise_off_year=~frame["exercise_due"]).astype("int64")


def _of_members(tidy: Frames) -> pd.DataFrame:
    frame = cadence(tidy[SLUG], SOURCE.years[1])
    return frame[coexisting(frame, tidy[STATES])].reset_index(drop=True)


_VARIABLES = tuple(
    event(name, f"{label}from 1982)", assigned=BY_NETWORK)
    for name, label in (
        ("exercise_due", "Series in which both took part last is due by its own past interval ("),
        ("exercise_scheduled", "Joint exercise of a series that was due ("),
        ("exercise_off_year", "Series in which both took part last is alive, and none is due (placebo, "),
    )
)
CADENCE = Expansion(SLUG, (SLUG, STATES), "dyad-year", _VARIABLES, _of_members, blind=2)
