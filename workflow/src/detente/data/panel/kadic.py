"""From exercises with many participants to dyad-years, keeping how many took part (Poast 2010)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from detente.data.panel.cadence import CADENCE
from detente.data.panel.derived import Expansion
from detente.data.panel.participants import pairs
from detente.data.panel.partners import ATTENDANCE, COMMON, EXERCISE_MAJORS, WITHOUT
from detente.data.panel.sites import SITES, SITES_DIRECTED, SITES_FACED
from detente.data.sources import BY_NETWORK, Frames, by_event, event
from detente.data.sources.cooperation.exercises import SLUG, SMALL, SOURCE
from detente.data.sources.steps import DYAD_YEAR, highest

LARGE = 10
PURPOSES = {"warfighting": "warfighting", "peacekeeping": "peacekeeping", "humanitarian": "humanitarian tasks"}


def expand(participants: pd.DataFrame) -> pd.DataFrame:
    """One row per dyad-year with a joint exercise.

    `participants`: one row per exercise, year and state, with `parties`: how many took part, states or not. Returns
    `ccode1`, `ccode2`, `year`, `exercise_any`, `exercise_bilateral` (two parties), `exercise_small` (at most five),
    `exercise_weight` (sum of 1/(parties − 1): an exercise weighs one for each participant, large or small),
    `exercise_count`.
    """
    return _by_size(pairs(participants[["exercise", "year", "ccode", "parties"]]))


def _by_size(both: pd.DataFrame) -> pd.DataFrame:
    """Dyad-years from pairs of participants, by the number of parties."""
    parties = both["parties"]
    flags = both[DYAD_YEAR].assign(exercise_any=1, exercise_bilateral=parties == 2, exercise_small=parties <= SMALL)
    sums = both[DYAD_YEAR].assign(exercise_weight=1.0 / (parties - 1), exercise_count=1).groupby(DYAD_YEAR).sum()
    return highest(flags, DYAD_YEAR).join(sums, on=DYAD_YEAR)


def _together(tidy: Frames) -> pd.DataFrame:
    """Every variable of what two states do together, one row per dyad-year with a joint exercise."""
    both = pairs(tidy[SLUG])
    rows = both[DYAD_YEAR].assign(
        exercise_large=(both["parties"] >= LARGE).astype("int64"),
        exercise_parties=both["parties"],
        **{f"exercise_{purpose}": both[purpose] for purpose in PURPOSES},
        exercise_series_years=series_years(both),
    )
    further = rows.groupby(DYAD_YEAR).max().reset_index(drop=True)
    return pd.concat([_by_size(both), further], axis=1)


def series_years(both: pd.DataFrame) -> pd.Series:
    """In how many years, up to this one, the pair of participants trained in this very series; 1 outside a series."""
    key = ["series", *DYAD_YEAR]
    once = both.loc[both["series"] >= 0, key].drop_duplicates().sort_values(key)
    once["nth"] = once.groupby(["series", "ccode1", "ccode2"]).cumcount() + 1
    counted = both[key].merge(once, on=key, how="left", validate="many_to_one")["nth"]
    return pd.Series(np.where(counted.isna(), 1, counted), index=both.index, dtype="int64")


def _with(purpose: str) -> Callable[[pd.DataFrame], pd.Series[bool]]:
    return lambda events: events[purpose] == 1


_LARGE = by_event(lambda e: e["parties"] >= LARGE)
_SERIES = "Years, this one included, of joint training in the series of this year's exercises, at most"
_VARIABLES = (
    *SOURCE.variables,
    event("exercise_large", "Joint exercise of ten parties or more", assigned=_LARGE),
    *(
        event(f"exercise_{purpose}", f"Joint exercise of {label}", assigned=by_event(_with(purpose)))
        for purpose, label in PURPOSES.items()
    ),
    event("exercise_parties", "Parties to the largest joint exercise, 0 without one", "parties"),
    event("exercise_series_years", _SERIES, "years", assigned=BY_NETWORK),
)
TOGETHER = Expansion(SLUG, (SLUG,), "dyad-year", _VARIABLES, _together)
EXPANSIONS = (TOGETHER, CADENCE, COMMON, WITHOUT, SITES, SITES_DIRECTED, SITES_FACED, ATTENDANCE, EXERCISE_MAJORS)
